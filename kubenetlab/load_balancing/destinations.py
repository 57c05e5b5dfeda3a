"""A destination that rules ask for, and what it is to kube-proxy."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from kubenetlab.load_balancing.passage import address_text
from kubenetlab.objects.packet_rules import Asks, Condition, Table

Ranges = tuple[tuple[int, int], ...]
SERVICE_PORT: Final = re.compile(r"[a-z0-9-]+/[a-z0-9.-]+(:[a-z0-9.-]+)?")
NFT_CHAIN: Final = re.compile(
    r"(?:service|local|external|firewall)-[A-Z2-7]{8}-([^/]+)/([^/]+)/[a-z]+/([^/]*)"
)
TO: Final = re.compile(r"\[?([0-9A-Fa-f.:*]+?)\]?:(\d{1,5})/([A-Za-z]+)")
KINDS: Final = {"cluster IP": "cluster IP", "external IP": "external IP", "loadbalancer IP": "load balancer"}


class Destination(NamedTuple):
    """A destination that rules ask for: addresses (None: any), ports, a protocol (empty: any).

    ``is_local``: any address of the node. ``comment``, ``chain`` and ``asked`` (a chain or map): of the rule or map
    element that asks for the port, and where it leads.
    """

    hosts: Ranges | None = None
    ports: tuple[int, int] | None = None
    protocol: str = ""
    is_local: bool = False
    comment: str = ""
    chain: str = ""
    asked: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells two destinations apart."""
        return self.hosts, self.ports, self.protocol, self.is_local and self.hosts is None

    @property
    def spans(self) -> tuple[tuple[Asks, Ranges], ...]:
        """What it asks for more than one of; not any address of the node, as nobody knows which there are."""
        ports = self.ports or ((0, 65535) if self.hosts else (0, 0))
        ends = (Asks.DESTINATION, self.hosts or ()), (Asks.DESTINATION_PORT, (ports,))
        return tuple((asks, ranges) for asks, ranges in ends if any(first != last for first, last in ranges))

    def split(self, condition: Condition) -> list[Destination]:
        """Return the two parts of it between which a condition's answer changes."""
        is_host = condition.asks is Asks.DESTINATION
        ranges = dict(self.spans)[condition.asks]
        ends = sorted(end for first, last in condition.operand for end in (first, last + 1))
        low, high = min(ranges)[0], max(last for _, last in ranges)
        cut = next(end for end in ends if low < end <= high)
        below = tuple((first, min(last, cut - 1)) for first, last in ranges if first < cut)
        above = tuple((max(first, cut), last) for first, last in ranges if last >= cut)
        return [
            self._replace(**({"hosts": part} if is_host else {"ports": part[0]})) for part in (below, above)
        ]

    def text(self, version: int) -> str:
        """Return ``IP:port/PROTOCOL``; ``*`` for any address of the node, a range as CIDR."""
        hosts = " or ".join([range_text(version, *bounds) for bounds in self.hosts or ()]) or "*"
        first, last = self.ports or (0, 65535)
        ports = "*" if self.ports is None else str(first) if first == last else f"{first}-{last}"
        return f"{f'[{hosts}]' if ':' in hosts else hosts}:{ports}/{self.protocol.upper() or '*'}"

    def matches(self, to: str) -> bool:
        """Return whether it is, or contains, ``IP:port/PROTOCOL``.

        Raises
        ------
        ValueError
            If ``to`` is not written so.
        """
        read = TO.fullmatch(to)
        if not read:
            raise ValueError(f"to is {to!r}, expected IP:port/PROTOCOL such as 10.96.0.10:53/UDP")
        host, port, protocol = read[1], int(read[2]), read[3].lower()
        is_host = self.is_local or not self.hosts
        if host != "*" and self.hosts:
            address = int(ip_address(host))
            is_host = any(first <= address <= last for first, last in self.hosts)
        low, high = self.ports or (0, 65535)
        return is_host and low <= port <= high and self.protocol in ("", protocol)

    @property
    def service_port(self) -> str:
        """``namespace/name:port`` as kube-proxy wrote it into the comment or the chain's name, else empty."""
        named = NFT_CHAIN.fullmatch(self.chain)
        if named:
            return f"{named[1]}/{named[2]}:{named[3]}" if named[3] else f"{named[1]}/{named[2]}"
        word = self.comment.partition(" ")[0]
        return word if SERVICE_PORT.fullmatch(word) else ""


@lru_cache(maxsize=1 << 16)
def range_text(version: int, first: int, last: int) -> str:
    """Return a range of addresses as an address, a CIDR, or ``first-last``.

    >>> range_text(4, 0x0A000000, 0x0A00FFFF), range_text(4, 1, 3)
    ('10.0.0.0/16', '0.0.0.1-0.0.0.3')
    """
    low, high = address_text(version, first), address_text(version, last)
    size = last - first + 1
    is_block = size & (size - 1) == 0 and first % size == 0
    whole = f"{low}/{(32 if version == 4 else 128) - size.bit_length() + 1}" if is_block else f"{low}-{high}"
    return low if size == 1 else whole


def kind_of(destination: Destination, table: Table) -> str:
    """Return what a destination is to kube-proxy, empty where the rules do not say."""
    words = destination.comment.partition(" ")[2]
    if words in KINDS:
        return KINDS[words]
    if destination.is_local:
        return "node port"
    if destination.asked in ("service-ips", "no-endpoint-services", "firewall-ips"):
        return _kind_in(destination, table)
    is_refused = words.startswith("has no ")
    return ("cluster IP" if destination.asked == "KUBE-SERVICES" else "external IP") if is_refused else ""


def _kind_in(destination: Destination, table: Table) -> str:
    address = destination.hosts[0] if destination.hosts else None
    cluster_ips, firewalled = (
        table.sets[name].elements if name in table.sets else () for name in ("cluster-ips", "firewall-ips")
    )
    if (address,) in cluster_ips:
        return "cluster IP"
    return "load balancer" if any(key[:1] == (address,) for key in firewalled) else "external IP"
