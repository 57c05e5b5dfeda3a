"""What an nft rule asks of a packet: a part of it, an operator, and values, a list in braces or a named set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kubenetlab.objects.packet_rules import Asks, Condition, Look, NamedSet
from kubenetlab.readers.rules.nft_values import (
    SELECTORS,
    NotUnderstoodError,
    Selector,
    entries,
    keyed,
    value,
    verdict,
    whole,
)

#: No packet: what asks for the other address family.
_NEVER = Condition(Asks.SOURCE, ())
_RANGES = frozenset({Asks.SOURCE, Asks.DESTINATION, Asks.SOURCE_PORT, Asks.DESTINATION_PORT})
_ONE = frozenset({Asks.IN_INTERFACE, Asks.OUT_INTERFACE})
_ALL_BITS = 0xFFFFFFFF


def look(match: re.Match[str], version: int, _sets: Mapping[str, NamedSet]) -> Iterator[Condition | Look]:
    """Yield what ``ip daddr . th dport vmap @name`` or ``ct state vmap { new : accept }`` presumes, and the look-up."""
    key = _key(match[1])
    types = [selector.type for selector in key]
    elements = tuple(keyed(entry, types, verdict) for entry in entries(match[3] or ""))
    yield from _presumed(key, version)
    yield Look(tuple(selector.asks for selector in key), match[2] or "", elements)


def comparison(match: re.Match[str], version: int, sets: Mapping[str, NamedSet]) -> Iterator[Condition]:
    """Yield what ``meta mark & 0x4000 != 0x0`` or ``ip saddr { 10.0.0.1, 10.0.1.0/24 }`` presumes, and the comparison."""
    text, mask, operator, name, listed, written = match.groups()
    key, is_negated = _key(text), operator == " !="
    yield from _presumed(key, version)
    if name:
        yield _membership(key, name, is_negated, sets)
        return
    if len(key) > 1 or (mask and key[0].asks is not Asks.MARK):
        raise NotUnderstoodError
    words = entries(written if listed is None else listed)
    yield Condition(key[0].asks, _operand(key[0], words, mask), is_negated)


def _key(text: str) -> list[Selector]:
    return [SELECTORS[part] for part in text.split(" . ")]


def _presumed(key: list[Selector], version: int) -> list[Condition]:
    """Return what a rule asks silently: ``tcp dport`` for TCP, ``ip saddr`` for IPv4."""
    if any(selector.version not in (0, version) for selector in key):
        return [_NEVER]
    protocols = [selector.protocol for selector in key if selector.protocol]
    return [Condition(Asks.PROTOCOL, frozenset(protocols))] if protocols else []


def _membership(key: list[Selector], name: str, is_negated: bool, sets: Mapping[str, NamedSet]) -> Condition:
    """Return whether a packet is in a set; in one that rules fill, whether its source is remembered."""
    held = sets.get(name)
    asks = tuple(selector.asks for selector in key)
    is_filled = "dynamic" in held.flags if held else name.startswith("affinity-")
    if is_filled and asks == (Asks.SOURCE,):
        return Condition(Asks.REMEMBERED, (name, held.timeout_s if held else None), is_negated)
    return Condition(Asks.IN_SET, (name, asks), is_negated)


def _operand(selector: Selector, words: list[str], mask: str | None) -> object:
    if selector.asks is Asks.MARK:
        return _mark(words, mask)
    found = [value(selector.type, word) for word in words]
    if selector.asks in _RANGES:
        return tuple(part if isinstance(part, tuple) else (part, part) for part in found)
    if selector.asks not in _ONE:
        return frozenset(found)
    if len(found) != 1:
        raise NotUnderstoodError
    return found[0]


def _mark(words: list[str], mask: str | None) -> tuple[int, int]:
    """Return value and mask; a prefix, as in ``0x00000000/1``, is a mask of the highest bits."""
    written, slash, length = words[0].partition("/")
    if len(words) != 1 or (slash and mask):
        raise NotUnderstoodError
    bits = whole("mark", mask, _ALL_BITS, "a mark") if mask else _ALL_BITS
    if slash:
        bits ^= (1 << (32 - whole("mark", length, 32, "a prefix length"))) - 1
    return whole("mark", written, _ALL_BITS, "a mark"), bits
