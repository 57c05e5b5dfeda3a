"""Ranges of addresses as integers: CIDRs, single addresses and ``first-last``; which of them overlap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kubenetlab.cluster.spans import span_of

Interval = tuple[int, int]  # first and last address, both inside


class Range(NamedTuple):
    """IP version, first and last address, the text, and what or whose the range is."""

    version: int
    first: int
    last: int
    text: str
    owner: str

    @property
    def size(self) -> int:
        """Addresses, all of them."""
        return self.last - self.first + 1

    def overlaps(self, other: Range) -> bool:
        """Whether the two share an address."""
        return self.version == other.version and self.first <= other.last and other.first <= self.last

    def holds(self, other: Range) -> bool:
        """Whether the other lies inside this one."""
        return self.version == other.version and self.first <= other.first and other.last <= self.last


def interval_of(text: str) -> tuple[int, Interval]:
    """Return IP version, first and last address of a CIDR (host bits ignored), an address or ``first-last``.

    Raises
    ------
    ValueError
        If the text is none of these.

    Examples
    --------
    >>> interval_of("10.0.0.0/30")
    (4, (167772160, 167772163))
    """
    span = span_of(text)
    if span is None:
        raise ValueError(f"{text!r} is neither an address nor a range")
    return span.version, (span.first, span.last)


def range_of(text: str, owner: str = "") -> Range:
    """Return the range of a CIDR (host bits are dropped), an address or ``first-last``.

    >>> range_of("10.244.3.0/24").size, range_of("10.9.0.10-10.9.0.19").size
    (256, 10)
    """
    version, (first, last) = interval_of(text)
    return Range(version, first, last, text, owner)


def ranges_of(texts: Iterable[str], owner: str) -> list[Range]:
    """Return the ranges of an owner; empty texts, which the API writes for "none", are left out."""
    return [range_of(text, owner) for text in texts if text]


def outermost(ranges: Iterable[Range]) -> list[Range]:
    """Return the ranges that lie in no other one, in the order of their addresses; CIDRs never overlap otherwise."""
    found: list[Range] = []
    for candidate in sorted(ranges, key=lambda r: (r.version, r.first, -r.last)):
        if not (found and found[-1].holds(candidate)):
            found.append(candidate)
    return found


def overlapping(some: Iterable[Range], others: Iterable[Range]) -> Iterator[tuple[Range, Range]]:
    """Yield the pairs of outermost ranges, one from each side, that share an address."""
    theirs = outermost(others)
    starts = [(r.version, r.first) for r in theirs]
    for ours in outermost(some):
        position = max(0, bisect_right(starts, (ours.version, ours.first)) - 1)
        while position < len(theirs) and starts[position] <= (ours.version, ours.last):
            if ours.overlaps(theirs[position]):
                yield ours, theirs[position]
            position += 1
