"""Named sets and maps of nftables: their declaration and elements, read and written."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from kubenetlab.objects.packet_rules import Action, NamedSet, Opaque
from kubenetlab.readers.rules import nft_values as values
from kubenetlab.readers.rules.iptables_words import WrongWord

_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0}
_DURATION = re.compile(r"([0-9]{1,10})(ms|[dhms])")
_BRACES = re.compile(values.LIST)
#: Key, what stands beside it (``comment "web"``, ``expires 2h``), and a map's value.
_ELEMENT = re.compile(rf"({values.WORD}(?: \. {values.WORD})*)((?: (?!: |\. ){values.WORD})*)(?: : (.+))?")


def named_set(name: str, is_map: bool, lines: tuple[str, ...], line: int) -> NamedSet:
    """Return an empty set or map from the lines that declare it."""
    fields = {word: text for word, _space, text in (" ".join(each.split()).partition(" ") for each in lines)}
    flags = tuple(re.findall(r"[^\s,]+", fields.get("flags", "")))
    timeout = _seconds(fields["timeout"]) if fields.get("timeout") else None
    kind = fields.get("type") or fields.get("typeof", "")
    return NamedSet(name, kind, {}, is_map, flags, timeout, properties=lines, line=line)


def _seconds(text: str) -> int:
    """Return the whole seconds of a duration: ``3h``, ``1h5m3s``, ``10800s``."""
    if not re.fullmatch(rf"(?:{_DURATION.pattern})+", text):
        raise WrongWord("timeout", text, "a duration such as 3h or 10800s")
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))


def part_types(declared: NamedSet) -> tuple[list[str], str]:
    """Return the types of a key's parts, and that of a map's values."""
    key, _colon, data = declared.type.partition(" : ")
    return [
        values.SELECTORS[part].type if part in values.SELECTORS else part for part in key.split(" . ")
    ], data


def _entries(text: str) -> list[str]:
    braces = _BRACES.fullmatch(text)
    if not braces:
        raise WrongWord("elements", text, "{ KEY, … } or { KEY : VALUE, … }")
    return values.entries(braces[1])


def add_elements(declared: NamedSet, text: str) -> None:
    """Add ``{ KEY comment "…" : VALUE, … }``; a key that is not understood stands there as its text alone."""
    types, data = part_types(declared)
    held = _reader(data)
    for entry in _entries(text):
        found = _ELEMENT.fullmatch(entry)
        if not found or bool(found[3]) != bool(data):
            raise WrongWord("elements", entry, "KEY : VALUE" if data else "KEY")
        try:
            key = values.key_of(found[1], types)
        except values.NotUnderstoodError:
            key = (found[1], *[""] * (len(types) == 1))
        action = held(found[3]) if data else None
        if declared.elements.setdefault(key, action) != action:  # as the kernel refuses it
            raise WrongWord("element", entry, "no key twice with two values")
        if found[2]:
            declared.notes[key] = found[2].strip()


def _reader(data: str) -> Callable[[str], Action]:
    if data == "verdict":
        return values.verdict
    return partial(values.target, version=6 if "ipv6" in data else 4) if data.startswith("ipv") else Opaque


def remove_elements(declared: NamedSet, text: str) -> bool:
    """Take elements out of a set; return whether it lacks one of them."""
    types, _data = part_types(declared)
    keys = [values.key_of(entry.partition(" : ")[0], types) for entry in _entries(text)]
    lacks = not declared.elements.keys() >= set(keys)
    for key in keys:
        declared.elements.pop(key, None)
        declared.notes.pop(key, None)
    return lacks


def element_texts(declared: NamedSet) -> list[str]:
    """Return the elements as nft writes them, in their order."""
    types, data = part_types(declared)
    return [
        (" . ".join(map(values.value_text, types, key)) if len(key) == len(types) else key[0])
        + (f" {declared.notes[key]}" if key in declared.notes else "")
        + (f" : {values.action_text(action, data)}" if data else "")
        for key, action in declared.elements.items()
    ]
