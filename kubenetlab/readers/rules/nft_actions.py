"""What an nft rule does: address translation, choices among n, marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from kubenetlab.objects.packet_rules import Action, Choose, Continue, NamedSet, SetMark
from kubenetlab.readers.rules.iptables_words import WrongWord
from kubenetlab.readers.rules.nft_values import NotUnderstoodError, entries, keyed, target, verdict, whole

#: Numbers that one entry of a map may stand for on average.
_WIDEST_ENTRY = 64
_ALL_BITS = 0xFFFFFFFF
_NO_ENTRY = Continue("no entry of the map")
#: The value and the mask of what a mark becomes, by operator: (mark & ~mask) ^ value.
_OPERATORS: dict[str | None, Callable[[int], tuple[int, int]]] = {
    None: lambda bits: (bits, _ALL_BITS),
    **dict.fromkeys(("|", "or"), lambda bits: (bits, bits)),
    **dict.fromkeys(("^", "xor"), lambda bits: (bits, 0)),
    **dict.fromkeys(("&", "and"), lambda bits: (0, _ALL_BITS ^ bits)),
}


def numgen(match: re.Match[str], _version: int, _sets: Mapping[str, NamedSet]) -> tuple[Action]:
    """Return the choice of ``numgen random mod 2 vmap { 0 : goto a, 1 : goto b }``."""
    return (_choose(match[1], match[2], match[3], verdict),)


def dnat(match: re.Match[str], version: int, _sets: Mapping[str, NamedSet]) -> tuple[Action]:
    """Return where ``dnat to 10.0.0.1:80`` or ``dnat ip to numgen random mod 2 map { 0 : 10.0.0.1 . 80, … }`` sends."""
    family, kind, how_many, body, single, _flags = match.groups()
    if family == {4: "ip6", 6: "ip"}[version]:
        raise NotUnderstoodError
    outcome = partial(target, version=version)
    return (outcome(single) if single else _choose(kind, how_many, body, outcome),)


def _choose(kind: str, how_many: str, body: str, outcome: Callable[[str], Action]) -> Choose:
    """Return the choice of a map; a number without an entry ends the rule, and the next one is asked (NFT_BREAK)."""
    n, listed = whole("numgen", how_many, _ALL_BITS, "a number"), entries(body)
    if not n:
        raise WrongWord("numgen", "mod 0", "a number of at least 1")
    if n > _WIDEST_ENTRY * len(listed):
        raise NotUnderstoodError
    outcomes: list[Action] = [_NO_ENTRY] * n
    for entry in listed:
        (numbers,), action = keyed(entry, ["integer"], outcome)
        low, high = _span(numbers, n)
        if any(taken is not _NO_ENTRY for taken in outcomes[low : high + 1]):
            raise WrongWord("numgen", entry, f"each number below {n} at most once")
        outcomes[low : high + 1] = [action] * (high + 1 - low)
    return Choose(tuple(outcomes), kind == "random")


def _span(text: str, n: int) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    low, high = (whole("numgen", word, n - 1, "a number") for word in (first, last if dash else first))
    if low > high:
        raise WrongWord("numgen", text, "the lower number first")
    return low, high


def set_mark(match: re.Match[str], _version: int, _sets: Mapping[str, NamedSet]) -> tuple[Action]:
    """Return what ``mark set mark or 0x4000`` makes of the mark."""
    return (SetMark(*_OPERATORS[match[1]](whole("mark", match[2], _ALL_BITS, "a mark"))),)
