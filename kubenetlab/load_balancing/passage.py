"""A packet on its way: what is known of it, and what rules have made of it so far."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from socket import inet_ntoa
from typing import Any, Final, NamedTuple

from kubenetlab.errors import KubenetlabError
from kubenetlab.load_balancing.dyadic import added
from kubenetlab.load_balancing.packet import Packet, Step
from kubenetlab.objects.packet_rules import Asks, Condition

LOOPBACK: Final = {4: (127 << 24, (128 << 24) - 1), 6: (1, 1)}
MULTICAST: Final = {4: (224 << 24, (240 << 24) - 1), 6: (0xFF << 120, (1 << 128) - 1)}
BROADCAST: Final = (1 << 32) - 1
MAX_STEPS: Final = 1_000_000


def address_text(version: int, address: int) -> str:
    """Return an address as text; IPv4 three times as fast as ``ipaddress``."""
    return inet_ntoa(address.to_bytes(4)) if version == 4 else str(IPv6Address(address))


def endpoint_text(version: int, address: int, port: int) -> str:
    """Return ``IP:port``, IPv6 in brackets; the address alone for port 0.

    >>> endpoint_text(4, 0x0A000001, 80), endpoint_text(6, 1, 80)
    ('10.0.0.1:80', '[::1]:80')
    """
    if not port:
        return address_text(version, address)
    return f"{inet_ntoa(address.to_bytes(4))}:{port}" if version == 4 else f"[{IPv6Address(address)}]:{port}"


Ranges = tuple[tuple[int, int], ...]


def is_nowhere(version: int, address: int) -> bool:
    """Return whether the kernel sends nothing from outside to an address: loopback, multicast, 0.0.0.0 and the like."""
    if version == 4:
        return address == 0 or address >> 24 == 127 or address >= MULTICAST[4][0]
    return address < 2 or address >= MULTICAST[6][0]


class Passage(NamedTuple):
    """A packet on one way: what rules have made of it, and how likely the way is (numerator / denominator).

    ``steps`` is a linked list, the last step or list of steps at its end. ``sources`` and ``marks`` are used where the source is not
    given: what the way asks of it, and the marks that rules on the way give to some sources' packets. ``spans``: the
    addresses or ports among which the destination is, where it is not one of each. ``turned``: the rules that take
    packets in turn that it met, None where both those that they took and the others go on.
    """

    destination: int
    port: int
    mark: int = 0
    numerator: int = 1
    denominator: int = 1
    destination_text: str = ""
    is_translated: bool = False
    is_masqueraded: bool = False
    is_in_doubt: bool = False
    is_untracked: bool = False
    spans: tuple[tuple[Asks, Ranges], ...] = ()
    turned: tuple[Any, ...] = ()
    steps: tuple[Any, Any] | None = None
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    marks: tuple[tuple[str, int], ...] = ()
    fan: Any = None

    def all_steps(self) -> tuple[Step, ...]:
        """Return the steps, the first one first."""
        listed: list[Step] = []
        todo: list[Any] = [self.steps]
        while todo:
            node = todo.pop()
            if isinstance(node, Step):
                listed.append(node)
                if len(listed) > MAX_STEPS:
                    raise KubenetlabError(
                        f"chain {node.chain}: a packet meets more than {MAX_STEPS:,} rules that match"
                    )
            else:
                todo += node or ()
        return tuple(reversed(listed))

    @property
    def last_chain(self) -> str:
        """The chain of the last rule that matched."""
        node: Any = self.steps
        while not isinstance(node, Step):
            node = node[1]
        return node.chain

    def bare(self) -> Passage:
        """Return the passage without its probability and its steps."""
        return self._replace(numerator=1, denominator=1, steps=None)

    def plus(self, other: Passage) -> Passage:
        """Return the passage with the probability of another way besides its own."""
        numerator, denominator = added(
            (self.numerator, self.denominator), (other.numerator, other.denominator)
        )
        return self._replace(numerator=numerator, denominator=denominator)

    def behind(self, before: Passage) -> Passage:
        """Return the passage, which began without steps, as the way that goes on after another."""
        steps = (before.steps, self.steps) if self.steps else before.steps
        return self.times(before.numerator, before.denominator)._replace(steps=steps)

    def noted(self, note: str) -> Passage:
        """Return the passage with a note more, once."""
        return self if note in self.notes else self._replace(notes=(*self.notes, note))

    def doubted(self, note: str) -> Passage:
        """Return the passage with a note, and its fate unknown."""
        return self.noted(note)._replace(is_in_doubt=True)

    def times(self, numerator: int, denominator: int) -> Passage:
        """Return the passage with its probability times a fraction."""
        return self._replace(numerator=self.numerator * numerator, denominator=self.denominator * denominator)


class Sight:
    """What is known of a packet, as numbers: the same on all its ways."""

    given: tuple[Asks, ...] = ()
    unknown: tuple[Asks, ...] = ()  # what rules ask and nobody said (a tuple: hashing an enum is slow)

    def __init__(self, packet: Packet, version: int) -> None:
        self.cuts: list[Condition] = []  # what rules ask only a part of the destination for
        self.packet = packet
        self.version = version
        self.source = self._number(packet.source)
        self.start = Passage(self._number(packet.destination), packet.destination_port, packet.mark)
        self._local = {
            self._number(address) for address in packet.local_addresses if (":" in address) == (version == 6)
        }
        said = (
            ((Asks.SOURCE_TYPE, Asks.DESTINATION_TYPE), packet.local_addresses),
            ((Asks.IN_INTERFACE,), packet.in_interface or self.is_from_here),
            ((Asks.OUT_INTERFACE,), packet.out_interface),
        )
        self.given = tuple(asks for several, is_said in said if is_said for asks in several)

    def _number(self, text: str) -> int:
        address = ip_address(text)
        if address.version != self.version:
            raise ValueError(f"{text} is not an IPv{self.version} address, as the rules' are")
        return int(address)

    @property
    def is_from_here(self) -> bool:
        """Whether the packet's source is an address of the node."""
        return self.type_of(self.source) == "LOCAL"

    def type_of(self, address: int) -> str:
        """Return the kernel's type of an address: LOCAL, MULTICAST, BROADCAST or UNICAST."""
        if address in self._local or _is_in(address, LOOPBACK[self.version]):
            return "LOCAL"
        if _is_in(address, MULTICAST[self.version]):
            return "MULTICAST"
        return "BROADCAST" if self.version == 4 and address == BROADCAST else "UNICAST"


def _is_in(number: int, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= number <= bounds[1]
