"""A packet, and what a set of rules does with it: a tree with exact probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from ipaddress import ip_address
from typing import Any, Final, NamedTuple, Self

from kubenetlab.objects.packet_rules import Rule


class _Fields(NamedTuple):
    source: str
    destination: str
    protocol: str = "tcp"
    destination_port: int = 0
    source_port: int = 40000
    mark: int = 0
    in_interface: str = ""
    out_interface: str = ""
    local_addresses: tuple[str, ...] = ()


class Packet(_Fields):
    """The first packet of a connection.

    ``local_addresses`` are the addresses of the node whose rules are walked; a packet from one of them starts at
    the output hook, every other at prerouting. Addresses are text.

    Raises
    ------
    ValueError
        If a field is not what it should be.
    """

    __slots__ = ()

    def __new__(cls, *args: Any, **fields: Any) -> Self:
        """Return a packet whose fields are checked; capitals in the protocol are made small."""
        packet = _Fields(*args, **fields)
        if isinstance(packet.protocol, str):
            packet = packet._replace(protocol=packet.protocol.lower())
        for name, is_right, expected in CHECKS:
            if not is_right(value := getattr(packet, name)):
                raise ValueError(f"{name} is {value!r}, expected {expected}")
        return cls._make(packet)


def _is_address(text: object) -> bool:
    try:
        return isinstance(text, str) and bool(ip_address(text))
    except ValueError:
        return False


def _is_below(bits: int) -> Callable[[object], bool]:
    return lambda number: type(number) is int and 0 <= number < 1 << bits


PROTOCOLS: Final = (
    "tcp",
    "udp",
    "sctp",
    "dccp",
    "udplite",
    "icmp",
    "icmpv6",
    "ipv6-icmp",
    "gre",
    "esp",
    "ah",
)
_ADDRESS: Final = (_is_address, "an IPv4 or IPv6 address")
_PORT: Final = (_is_below(16), "a port from 0 to 65535")
_NAME: Final = (lambda name: isinstance(name, str), "a name")
CHECKS: Final[tuple[tuple[str, Callable[[Any], bool], str], ...]] = (
    ("source", *_ADDRESS),
    ("destination", *_ADDRESS),
    ("protocol", PROTOCOLS.__contains__, "a protocol such as tcp, udp or sctp"),
    ("destination_port", *_PORT),
    ("source_port", *_PORT),
    ("mark", _is_below(32), "a number from 0 to 2**32 - 1"),
    ("in_interface", *_NAME),
    ("out_interface", *_NAME),
    (
        "local_addresses",
        lambda given: isinstance(given, tuple) and all(map(_is_address, given)),
        "a tuple of addresses",
    ),
)


class Fate(StrEnum):
    """What becomes of a packet."""

    DELIVERED = "delivered"  # no rule stopped it; `destination` says whereto
    DROPPED = "dropped"
    REJECTED = "rejected"
    UNKNOWN = "unknown"  # a rule that is not understood decides


class Step(NamedTuple):
    """A rule that matched on the way: where it stands, and the probability that the packet gets past it."""

    table: str
    chain: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Way:
    """One way through the rules.

    Attributes
    ----------
    probability
        Exact; the ways of a walk add to 1. A chance in a rule is a fraction of 2**31.
    fate
        What becomes of the packet.
    destination
        ``IP:port`` after DNAT, IPv6 in brackets; the packet's own where nothing changed it.
    is_translated
        Whether a rule changed the destination.
    is_masqueraded
        Whether its source address is replaced.
    mark
        The mark that the packet ends with.
    steps
        The rules that matched, in order.
    notes
        What the walk could not know: an affinity list taken as empty, a condition that is not understood.
    """

    probability: Fraction
    fate: Fate
    destination: str
    is_translated: bool = False
    is_masqueraded: bool = False
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Walk:
    """Everything that rules may do with one packet."""

    packet: Packet
    ways: tuple[Way, ...]

    def __iter__(self) -> Iterator[Way]:
        return iter(self.ways)
