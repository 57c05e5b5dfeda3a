"""Addresses and ranges as people ask for them, and as the objects of a dump write them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from kubenetlab.errors import AddressError
from kubenetlab.objects.address_text import is_address, is_cidr

_MAPPED_LENGTH = 96  # ::ffff:0:0/96 holds the IPv4 addresses (RFC 4291 section 2.5.5.2)
_MAX_SHOWN = 100


class Span(NamedTuple):
    """IP version, first and last address, both inside."""

    version: int
    first: int
    last: int

    @property
    def is_address(self) -> bool:
        """Whether it is one address."""
        return self.first == self.last

    @property
    def size(self) -> int:
        """Addresses, all of them."""
        return self.last - self.first + 1

    def overlaps(self, other: Span) -> bool:
        """Whether the two share an address."""
        return self.version == other.version and self.first <= other.last and other.first <= self.last

    def holds(self, other: Span) -> bool:
        """Whether the other lies inside this one."""
        return self.version == other.version and self.first <= other.first and other.last <= self.last


def span_of(text: str) -> Span | None:
    """Return the span of an address, a CIDR (host bits ignored) or ``first-last``; None for anything else.

    >>> span_of("10.9.0.10-10.9.0.19").size, span_of("10.9.0.19-10.9.0.10"), span_of("cart")
    (10, None, None)
    """
    first, dash, last = (part.strip() for part in text.partition("-"))
    if not dash:
        return _network_span(ip_network(first, strict=False)) if is_address(first) or is_cidr(first) else None
    if not (is_address(first) and is_address(last)):
        return None
    start, end = ip_address(first), ip_address(last)
    is_forward = start.version == end.version and int(start) <= int(end)
    return Span(start.version, int(start), int(end)) if is_forward else None


def _network_span(network: IPv4Network | IPv6Network) -> Span:
    return Span(network.version, int(network.network_address), int(network.broadcast_address))


class Question(NamedTuple):
    """The address or range that somebody asks for: its one spelling, and its span."""

    text: str
    span: Span


def asked_for(text: str) -> Question:
    """Return the address or range of a text as people copy it.

    Blanks and brackets around it do not count, nor does the zone of an IPv6 address: zones are names of one
    machine's interfaces, which no dump knows. A range of one address is that address, an IPv4 address mapped into
    IPv6 is the IPv4 address, and host bits of a range do not count.

    Raises
    ------
    AddressError
        If it is neither an address nor a range.

    Examples
    --------
    >>> [asked_for(text).text for text in (" [fe80::1%eth0] ", "10.244.0.5/32", "::ffff:10.244.0.5", "10.244.0.5/24")]
    ['fe80::1', '10.244.0.5', '10.244.0.5', '10.244.0.0/24']
    """
    plain = text.strip()
    plain = plain[1:-1].strip() if plain[:1] == "[" and plain[-1:] == "]" else plain
    address, slash, length = plain.partition("/")
    address = address.partition("%")[0] if ":" in address else address
    if not (is_cidr(f"{address}/{length}") if slash else is_address(address)):
        raise AddressError(
            f"{text[:_MAX_SHOWN]!r} is neither an IP address such as 10.244.0.5 nor a range such as 10.244.0.0/24"
        )
    network = _without_mapping(ip_network(f"{address}{slash}{length}", strict=False))
    is_one = network.prefixlen == network.max_prefixlen
    return Question(str(network.network_address if is_one else network), _network_span(network))


def _without_mapping(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    if isinstance(network, IPv6Network) and network.prefixlen >= _MAPPED_LENGTH:
        mapped = network.network_address.ipv4_mapped
        return IPv4Network((mapped, network.prefixlen - _MAPPED_LENGTH)) if mapped else network
    return network
