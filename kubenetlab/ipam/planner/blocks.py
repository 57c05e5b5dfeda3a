"""Aligned blocks of addresses as integers: what is taken, and what is free by size."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import NamedTuple

import netaddr

from kubenetlab.ipam.planner.problem import EVERYWHERE, NOT, Demand

#: Bits of an address, by IP version.
WIDTH = {4: 32, 6: 128}
#: Every range that is taken is also marked so: what must be apart from everything watches this mark.
ANYTHING = "anything"


class Block(NamedTuple):
    """An aligned range: its first address and its prefix length."""

    first: int
    length: int

    @classmethod
    def of(cls, network: netaddr.IPNetwork) -> Block:
        """Return the block of a network."""
        return cls(int(network.first), int(network.prefixlen))

    def last(self, width: int) -> int:
        """Return the last address."""
        return self.first | ((1 << (width - self.length)) - 1)

    def holds(self, other: Block, width: int) -> bool:
        """Whether the other block lies in this one."""
        return self.length <= other.length and (self.first ^ other.first) >> (width - self.length) == 0

    def meets(self, other: Block, width: int) -> bool:
        """Whether the two share an address."""
        return (self.first ^ other.first) >> (width - min(self.length, other.length)) == 0

    def network(self, version: int) -> netaddr.IPNetwork:
        """Return the block as a network."""
        return netaddr.IPNetwork((self.first, self.length), version=4 if version == 4 else 6)


def parents_of(demand: Demand) -> tuple[Block, ...]:
    """Return the parents of a demand as blocks, the best liked first."""
    return tuple(map(Block.of, demand.parents))


def marks(domains: frozenset[str]) -> list[str]:
    """Return the marks that a range of these domains leaves where it lies, in a fixed order."""
    return [*sorted(domains), ANYTHING]


def watches(domains: frozenset[str]) -> list[str]:
    """Return the marks that a range of these domains must keep clear of, in a fixed order."""
    return [ANYTHING] if EVERYWHERE in domains else [*sorted(against(domains)), EVERYWHERE]


def is_shared(domain: str) -> bool:
    """Whether the ranges of a domain may lie on one another: what they are apart from is another domain."""
    return domain.startswith(NOT)


def against(domains: frozenset[str]) -> Iterator[str]:
    """Yield the domains whose ranges those of these domains must not overlap."""
    for domain in domains:
        if is_shared(domain):
            yield domain.removeprefix(NOT)
        else:
            yield from (domain, NOT + domain)


def are_apart(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether ranges of these domains must not overlap."""
    return EVERYWHERE in one or EVERYWHERE in other or not other.isdisjoint(against(one))


class Taken:
    """Ranges that are taken, as merged intervals in order of address."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def add(self, first: int, last: int) -> None:
        """Take every address of the interval."""
        begin, end = bisect_left(self._lasts, first), bisect_right(self._firsts, last)
        if begin < end:
            first, last = min(first, self._firsts[begin]), max(last, self._lasts[end - 1])
        self._firsts[begin:end] = [first]
        self._lasts[begin:end] = [last]

    def until(self, first: int, last: int) -> int:
        """Return the last taken address of the run that the interval meets first; -1 if it meets none."""
        position = bisect_left(self._lasts, first)
        is_met = position < len(self._firsts) and self._firsts[position] <= last
        return self._lasts[position] if is_met else -1


class FreeBlocks:
    """Free space inside one range, as the largest aligned blocks, by prefix length."""

    def __init__(self, width: int, starts: list[list[int]]) -> None:
        self._width = width
        self._starts = starts

    @classmethod
    def inside(cls, parent: Block, width: int) -> FreeBlocks:
        """Return the free space of a range of which nothing is taken."""
        return cls(width, [[parent.first] if length == parent.length else [] for length in range(width + 1)])

    def copy(self) -> FreeBlocks:
        """Return the same free space, to be used on its own."""
        return FreeBlocks(self._width, [starts.copy() for starts in self._starts])

    def best_fit(self, length: int) -> Iterator[Block]:
        """Yield the free blocks that hold a block of this length: the smallest first, then by address."""
        for found in range(length, -1, -1):
            for first in self._starts[found]:
                yield Block(first, found)

    def remove(self, block: Block) -> None:
        """Take a block out, whatever part of it is free."""
        last = block.last(self._width)
        for length, starts in enumerate(self._starts):
            if not starts:
                continue
            begin = bisect_left(starts, self._start(block.first, length))
            end = bisect_right(starts, last)
            if begin == end:
                continue
            del starts[begin:end]
            if length < block.length:
                self._give_back_rest(block, length)
                return

    def _give_back_rest(self, block: Block, length: int) -> None:
        """Free what remains of a larger block of that length once the block is cut out."""
        for shorter in range(length + 1, block.length + 1):
            sibling = self._start(block.first, shorter) ^ (1 << (self._width - shorter))
            insort(self._starts[shorter], sibling)

    def _start(self, address: int, length: int) -> int:
        return address >> (self._width - length) << (self._width - length)
