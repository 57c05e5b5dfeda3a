"""Addresses replaced so that containment stays: two ranges of which one holds the other still do afterwards.

Every prefix may swap its two halves, as in Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-preserving IP address
anonymization, 2002); a keyed hash decides which do. Some never do:

- prefixes above a *fixed* range (private ranges, link-local, docker0's …), so that it stays where it is;
- prefixes inside a *rigid* range (those that the sources write), so that an address keeps its place in its range:
  a gateway stays the first address, nodes keep the order of their pod ranges.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import product

from kubenetlab.anonymize.written_addresses import canonical, found, mask_length, spans
from kubenetlab.objects.address_text import is_address, is_cidr

#: Ranges that stay themselves (RFC 6890 and docker0), because findings and models ask for them.
FIXED = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "172.17.0.0/16",
    "192.168.0.0/16",
    "240.0.0.0/4",
    "fc00::/7",
    "fd00::/8",
    "fe80::/10",
    "fe80::/64",
    "2000::/3",
]

#: Ranges whose every address stays itself: this host, loopback, multicast, broadcast and netmasks, and addresses that everyone has
#: (cloud metadata, NodeLocal DNSCache, Calico's gateway).
KEPT = [
    "0.0.0.0/8",
    "127.0.0.0/8",
    "224.0.0.0/4",
    "255.0.0.0/8",
    "169.254.169.254/32",
    "169.254.20.10/32",
    "169.254.1.1/32",
    "::/127",
    "ff00::/8",
]

_GRAIN = {4: 24, 6: 120}  # below this length nothing swaps: the last byte of an address stays
_LEVELS = (
    9,
    12,
    16,
    24,
    33,
)  # shortest IPv4 range that is rigid (IPv6: twice that), tried one after the other
_TRIES = 32

Network = IPv4Network | IPv6Network
_FIXED: tuple[Network, ...] = tuple(map(ip_network, FIXED))
_KEPT: tuple[Network, ...] = tuple(map(ip_network, KEPT))
_FIRST = frozenset(network.network_address for network in _FIXED)


class _Family:
    """Swaps of one address family."""

    def __init__(self, version: int, key: bytes, rigid: Iterable[Network], grain: int) -> None:
        self.bits = 32 if version == 4 else 128
        self._key = key
        self._grain = grain
        kept = {_node(ip_network(text)) for text in KEPT if ip_network(text).version == version}
        fixed = {_node(ip_network(text)) for text in FIXED if ip_network(text).version == version}
        self._above = {(value >> (length - i), i) for value, length in kept | fixed for i in range(length)}
        self._rigid = kept | {_node(range_) for range_ in rigid if range_.version == version}
        self.image = cache(self._image)
        self._is_rigid = cache(self._is_in_rigid)

    def _is_in_rigid(self, value: int, length: int) -> bool:
        if length >= self._grain or (value, length) in self._rigid:
            return True
        return length > 0 and self._is_rigid(value >> 1, length - 1)

    def _swaps(self, value: int, length: int) -> int:
        if (value, length) in self._above or self._is_rigid(value, length):
            return 0
        return blake2b(f"{self.bits} {length} {value}".encode(), key=self._key, digest_size=1).digest()[0] & 1

    def _image(self, value: int, length: int) -> int:
        if length == 0:
            return 0
        parent = value >> 1
        return self.image(parent, length - 1) << 1 | (value & 1) ^ self._swaps(parent, length - 1)


class Addresses:
    """The replacement of every address and range, as one keyed bijection.

    Parameters
    ----------
    key
        At most 64 bytes.
    rigid
        Ranges inside which every address keeps its place.
    grain
        Whether the last byte of every address stays.
    """

    def __init__(self, key: bytes, rigid: Iterable[Network] = (), *, grain: bool = True) -> None:
        rigid = tuple(rigid)
        self._families = {
            version: _Family(version, key, rigid, _GRAIN[version] if grain else 128) for version in (4, 6)
        }

    def prefix(self, version: int, value: int, length: int) -> int:
        """Return the image of the first ``length`` bits of an address."""
        return self._families[version].image(value, length)

    def address(self, text: str) -> str:
        """Return the replacement of an address."""
        address = ip_address(text)
        value = self.prefix(address.version, int(address), address.max_prefixlen)
        return str(IPv4Address(value) if address.version == 4 else IPv6Address(value))

    def cidr(self, text: str) -> str:
        """Return the replacement of a range; one with host bits has host bits afterwards too.

        >>> Addresses(b"k").cidr("10.0.0.0/8"), Addresses(b"k").cidr("0.0.0.0/0")
        ('10.0.0.0/8', '0.0.0.0/0')
        """
        address, _, length = text.partition("/")
        image = ip_address(self.address(address))
        host = (1 << (image.max_prefixlen - int(length))) - 1
        value = int(image) & ~host
        if int(ip_address(address)) & host:
            value |= int(image) & host or 1
        return f"{type(image)(value)}/{length}"

    def replace(self, text: str) -> str:
        """Return the replacement of what looks like an address or a range, or the text where it is none.

        >>> Addresses(b"k").replace("300.1.2.3"), Addresses(b"k").replace("12:34:56")
        ('300.1.2.3', '12:34:56')
        """
        if is_cidr(text):
            return self.cidr(text)
        address, slash, length = text.partition("/")
        if "." in length:
            return self._masked(address, length)
        address = canonical(address)
        return f"{self.address(address)}{slash}{length}" if is_address(address) else text

    def _masked(self, address: str, mask: str) -> str:
        """An address with a netmask, which stays; one that leaves gaps, or another address, is replaced alone."""
        n_bits = mask_length(mask)
        if n_bits is None or not is_address(address):
            return f"{self.replace(address)}/{self.replace(mask)}"
        return f"{self.cidr(f'{address}/{n_bits}').partition('/')[0]}/{mask}"

    def reverse_zone(self, text: str) -> str:
        """Return the replacement of a name below in-addr.arpa or ip6.arpa, whole or the zone of a prefix.

        >>> Addresses(b"k").reverse_zone("10.in-addr.arpa"), Addresses(b"k").reverse_zone("1.0.0.127.in-addr.arpa")
        ('10.in-addr.arpa', '1.0.0.127.in-addr.arpa')
        """
        version, base, width = (6, 16, 4) if text.lower().endswith("ip6.arpa") else (4, 10, 8)
        *labels, zone, arpa = text.split(".")
        digits = [int(label, base) for label in reversed(labels)]
        if max(digits) >> width:
            return text
        value = sum(digit << width * i for i, digit in enumerate(reversed(digits)))
        image = self.prefix(version, value, width * len(digits))
        parts = [image >> width * i & ((1 << width) - 1) for i in range(len(digits))]
        return ".".join([*(f"{part:x}" if version == 6 else str(part) for part in parts), zone, arpa])

    @classmethod
    def hiding(cls, key: bytes, texts: Collection[str], ranges: Iterable[str] = ()) -> Addresses:
        """Return a replacement under which no address of ``texts`` is the image of another one.

        It keeps as many of the ranges that ``texts`` (and ``ranges``) write rigid as that allows. Where nothing
        helps (a private block that is nearly full), the last try is returned: ``reused`` tells.
        """
        addresses, written = found(texts)
        between = tuple(spans(texts))
        networks = [
            n for n in (ip_network(item, strict=False) for item in {*written, *ranges}) if not _is_fixed(n)
        ]
        originals = _hideable(addresses)
        for level, attempt in product(_LEVELS, range(_TRIES)):
            rigid = [n for n in networks if n.prefixlen >= level * (1 if n.version == 4 else 2)]
            tried = cls(_subkey(key, attempt), [*rigid, *between], grain=level < _LEVELS[-1])
            if not any(tried._in_images(originals)):
                break
        return tried

    def reused(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """Return the addresses that stand in the text of some image, other than those that stay themselves."""
        return tuple(sorted(set(self._in_images(_hideable(addresses)))))

    def _in_images(self, originals: frozenset[str]) -> Iterator[str]:
        for text in originals:
            yield from (variant for variant in _variants(self.address(text)) if variant in originals)


def _node(network: Network) -> tuple[int, int]:
    return int(network.network_address) >> (network.max_prefixlen - network.prefixlen), network.prefixlen


def _subkey(key: bytes, attempt: int) -> bytes:
    return blake2b(b"addresses %d" % attempt, key=key, digest_size=32).digest()


def _is_fixed(network: Network) -> bool:
    """Whether a range is, or holds, one that stays itself: rigid, all of its addresses would stay."""
    return any(_holds(network, fixed) for fixed in _FIXED)


def _hideable(addresses: Iterable[str]) -> frozenset[str]:
    """The addresses that do not stay themselves."""
    return frozenset(text for text in addresses if not _stays(ip_address(text)))


def _stays(address: IPv4Address | IPv6Address) -> bool:
    return address in _FIRST or any(address.version == kept.version and address in kept for kept in _KEPT)


def _holds(network: Network, other: Network) -> bool:
    return network.version == other.version and network.supernet_of(other)  # type: ignore[arg-type]


def _variants(text: str) -> Iterator[str]:
    """An address and the shorter ones inside its text: 110.0.1.12 holds 10.0.1.12 and 10.0.1.1."""
    if ":" in text:
        yield text
        return
    first, *middle, last = text.split(".")
    for start, end in product(range(len(first)), range(1, len(last) + 1)):
        yield ".".join((first[start:], *middle, last[:end]))
