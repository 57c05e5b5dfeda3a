"""What a rule asks of a packet on its way, and the answer: yes, no, or not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from kubenetlab.load_balancing.passage import Passage, Sight
from kubenetlab.objects.packet_rules import Asks, Condition, NamedSet, Table

CHANCES: Final = (Asks.CHANCE, Asks.TURN)
NO_NODE: Final = (
    "a rule asks for addresses of the node, and none is given: only loopback addresses are taken as LOCAL"
)
NOTES: Final = {
    Asks.REMEMBERED: "the list {0[0]} of clients is taken as empty",
    Asks.IN_INTERFACE: "the interface that the packet came by is not given: taken as none that a rule names",
    Asks.SOURCE_PORT: "a rule asks the source port, which is taken as {1.source_port}",
    Asks.SOURCE_TYPE: NO_NODE,
    Asks.DESTINATION_TYPE: NO_NODE,
    Asks.OUT_INTERFACE: "the interface that the packet leaves by is not given: taken as none that a rule names",
}


def note_of(condition: Condition, sight: Sight) -> str:
    """Return what the answer to a condition takes for granted, empty for a condition that can be known."""
    asks, packet = condition.asks, sight.packet
    if asks not in NOTES or asks in sight.unknown or asks in sight.given:
        return ""
    return NOTES[asks].format(condition.operand, packet)


def is_part(condition: Condition, passage: Passage) -> bool:
    """Return whether a condition holds for some of the addresses or ports among which the destination is, not for all."""
    whole = dict(passage.spans).get(condition.asks, ())
    inside = [any(low <= first and last <= high for low, high in condition.operand) for first, last in whole]
    touched = [any(low <= last and first <= high for low, high in condition.operand) for first, last in whole]
    return any(touched) and not all(inside)


def answer(condition: Condition, sight: Sight, passage: Passage, table: Table) -> bool | None:
    """Return whether a condition holds, None where that is not known; a chance is not asked here."""
    if passage.spans and is_part(condition, passage):
        sight.cuts += [] if passage.is_translated else [condition]
        return None
    if condition.asks in sight.unknown:
        return None
    if condition.asks is Asks.IN_SET:
        found = _is_in_set(condition.operand, sight, passage, table)
    else:
        found = ANSWERS[condition.asks](condition.operand, sight, passage)
    return None if found is None else found is not condition.is_negated


def _is_in(number: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    for first, last in ranges:  # noqa: SIM110 (three times as fast as any: asked of every rule)
        if first <= number <= last:
            return True
    return False


def _is_named(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _states(sight: Sight, passage: Passage) -> set[str]:
    if passage.is_untracked:
        return {"UNTRACKED"}
    return {"NEW", "DNAT"} if passage.is_translated else {"NEW"}


def _has_mark(operand: tuple[int, int], sight: Sight, passage: Passage) -> bool:
    value, mask = operand
    return passage.mark & mask == value


ANSWERS: Final[dict[Asks, Callable[[Any, Sight, Passage], bool | None]]] = {
    Asks.SOURCE: lambda ranges, sight, _: _is_in(sight.source, ranges),
    Asks.DESTINATION: lambda ranges, _, passage: _is_in(passage.destination, ranges),
    Asks.PROTOCOL: lambda names, sight, _: sight.packet.protocol in names,
    Asks.SOURCE_PORT: lambda ranges, sight, _: _is_in(sight.packet.source_port, ranges),
    Asks.DESTINATION_PORT: lambda ranges, _, passage: _is_in(passage.port, ranges),
    Asks.IN_INTERFACE: lambda pattern, sight, _: _is_named(sight.packet.in_interface, pattern),
    Asks.OUT_INTERFACE: lambda pattern, sight, _: _is_named(sight.packet.out_interface, pattern),
    Asks.MARK: _has_mark,
    Asks.CONNECTION_STATE: lambda states, sight, passage: not _states(sight, passage).isdisjoint(states),
    Asks.SOURCE_TYPE: lambda types, sight, _: sight.type_of(sight.source) in types,
    Asks.DESTINATION_TYPE: lambda types, sight, passage: sight.type_of(passage.destination) in types,
    Asks.REMEMBERED: lambda *_: False,
    Asks.OPAQUE: lambda *_: None,
}

PARTS: Final[dict[Asks, Callable[[Sight, Passage], Any]]] = {
    Asks.SOURCE: lambda sight, _: (sight.source, sight.source),
    Asks.DESTINATION: lambda _, passage: (passage.destination, passage.destination),
    Asks.PROTOCOL: lambda sight, _: sight.packet.protocol,
    Asks.SOURCE_PORT: lambda sight, _: sight.packet.source_port,
    Asks.DESTINATION_PORT: lambda _, passage: passage.port,
    Asks.MARK: lambda _, passage: passage.mark,
    Asks.IN_INTERFACE: lambda sight, _: sight.packet.in_interface,
}


def key_of(parts: tuple[Asks, ...] | None, sight: Sight, passage: Passage) -> tuple[Any, ...] | None:
    """Return a packet's key for a set or map, None where a part of it is not understood; a part that varies is None."""
    if parts is None or not all(part in PARTS and part not in sight.unknown for part in parts):
        return None
    spans = dict(passage.spans)
    return tuple(None if part in spans else PARTS[part](sight, passage) for part in parts)


def is_vague(elements: Iterable[tuple[Any, ...]], key: tuple[Any, ...]) -> bool:
    """Return whether elements may hold a key of which a part, None, is one of several addresses or ports."""
    return None in key and any(covers(element, key) for element in elements)


def covers(element: tuple[Any, ...], key: tuple[Any, ...]) -> bool:
    """Return whether an element of a set, whose addresses may be ranges, holds a packet's key."""
    return len(element) == len(key) and all(map(_covers, element, key))


def _covers(part: Any, wanted: Any) -> bool:
    if wanted is None:
        return True
    number = wanted[0] if isinstance(wanted, tuple) else wanted
    is_range = isinstance(part, tuple) and isinstance(number, int)
    return bool(part[0] <= number <= part[1]) if is_range else bool(part == wanted)


def element_of(named: NamedSet, key: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return the element of a set or map that holds a key."""
    if key in named.elements:
        return key
    if "interval" not in named.flags:
        return None
    return next((element for element in named.elements if covers(element, key)), None)


def _is_in_set(
    operand: tuple[str, tuple[Asks, ...] | None], sight: Sight, passage: Passage, table: Table
) -> bool | None:
    name, parts = operand
    named, key = table.sets.get(name), key_of(parts, sight, passage)
    if named is None or key is None or is_vague(named.elements, key):
        return None
    return False if "dynamic" in named.flags else element_of(named, key) is not None
