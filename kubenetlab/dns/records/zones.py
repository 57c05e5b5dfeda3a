"""Names and zones as CoreDNS reads them: normalized, matched, and ranges of addresses as their reverse zones.

Source: CoreDNS 1.13.1, plugin/normalize.go (``NormalizeExact``, ``Zones.Matches``), plugin/pkg/cidr,
plugin/pkg/dnsutil/reverse.go, plugin/etcd/msg/type.go.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from kubenetlab.objects.address_text import is_address, is_cidr

IP4_ARPA, IP6_ARPA = ".in-addr.arpa.", ".ip6.arpa."


def absolute(name: str) -> str:
    """Return a name with its dot at the end."""
    return name if name.endswith(".") else f"{name}."


def below(zone: str, *names: str) -> str:
    """Return a name below a zone, which may be the root."""
    return ".".join((*names, "" if zone == "." else zone))


def is_below(zone: str, name: str) -> bool:
    """Whether a name is a zone's own or below it, whatever the case of the letters."""
    zone, name = zone.lower(), name.lower()
    return zone in (".", name) or name.endswith(f".{zone}")


def is_reverse(name: str) -> bool:
    """Whether a name is below in-addr.arpa or ip6.arpa; these two themselves are not, as in CoreDNS."""
    return name.endswith((IP4_ARPA, IP6_ARPA))


def zone_of(zones: Iterable[str], name: str) -> str:
    """Return the longest zone that holds a name, empty where none does.

    >>> zone_of(("cluster.local.", "."), "web.Cluster.local.")
    'cluster.local.'
    """
    return max((zone for zone in zones if is_below(zone, name)), key=len, default="")


def normalized(zones: Iterable[str]) -> tuple[str, ...]:
    """Return zones in lower case and absolute, without transport and port; a range stands for its reverse zones.

    >>> normalized(["dns://Cluster.local:53", "10.96.0.0/15", "fd00::/8"])
    ('cluster.local.', '96.10.in-addr.arpa.', '97.10.in-addr.arpa.', 'd.f.ip6.arpa.')
    """
    return tuple(zone for text in zones for zone in _normalized(text))


def _normalized(text: str) -> Iterator[str]:
    host = text.split("://", 1)[-1]
    before, colon, port = host.rpartition(":")
    if colon and port.isdecimal():
        host = before
    if not is_cidr(host):
        yield absolute(host).lower()
        return
    network = ip_network(host, strict=False)
    bits = 8 if network.version == 4 else 4
    length = -(-network.prefixlen // bits) * bits
    for part in network.subnets(new_prefix=length):
        pointer = absolute(part.network_address.reverse_pointer)
        yield pointer.split(".", (network.max_prefixlen - length) // bits)[-1]


def host_type(host: str) -> tuple[str, str]:
    """Return A or AAAA and the address as Go prints it, or CNAME and the absolute name; nothing for an empty text.

    >>> host_type("10.0.0.1"), host_type("FD00::0:1"), host_type("::ffff:10.0.0.1"), host_type("db.test")
    (('A', '10.0.0.1'), ('AAAA', 'fd00::1'), ('A', '10.0.0.1'), ('CNAME', 'db.test.'))
    """
    if not host or not is_address(host):
        return ("CNAME", absolute(host)) if host else ("", "")
    if ":" not in host:
        return "A", host
    address = ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return ("A", str(mapped)) if mapped else ("AAAA", str(address))


def reverse_name(address: str) -> str:
    """Return the name of a PTR question for an address."""
    if ":" in address:
        return absolute(ip_address(address).reverse_pointer)
    return ".".join(reversed(address.split("."))) + IP4_ARPA


def address_of(name: str) -> str:
    """Return the address that a reverse name in lower case stands for, empty where it stands for none.

    Beyond a multiple of four, the leftmost labels below ip6.arpa are ignored, as in CoreDNS.

    >>> address_of("20.0.96.10.in-addr.arpa."), address_of("96.10.in-addr.arpa.")
    ('10.96.0.20', '')
    """
    text = ".".join(name.removesuffix(IP4_ARPA).split(".")[::-1])
    if name.endswith(IP6_ARPA):
        parts = name.removesuffix(IP6_ARPA).split(".")[::-1]
        text = ":".join("".join(parts[at : at + 4]) for at in range(0, len(parts) // 4 * 4, 4))
    return host_type(text)[1] if is_reverse(name) and is_address(text) else ""
