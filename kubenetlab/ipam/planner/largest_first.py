"""Places ranges one after the other, the largest first, each in the free block that fits best."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from kubenetlab.ipam.planner.blocks import (
    WIDTH,
    Block,
    FreeBlocks,
    Taken,
    is_shared,
    marks,
    parents_of,
    watches,
)
from kubenetlab.ipam.planner.problem import EVERYWHERE, Demand

#: A block that is taken, and the domains that must keep clear of it.
Occupied = tuple[Block, frozenset[str]]

#: Domains with fewer ranges share the free blocks of everybody.
FEW = 16


class Ground:
    """What is taken and what is free, for one IP version and every domain.

    The free blocks of a demand are looked up for the busiest of the domains that it must keep clear of; for its other
    domains, mostly those of one cluster with a handful of ranges, a candidate is checked against what is taken there.
    """

    def __init__(self, version: int, demands: Iterable[Demand], taken: Iterable[Occupied]) -> None:
        self._width = WIDTH[version]
        self._n_marked = Counter(mark for demand in demands for mark in marks(demand.domains))
        self._taken: dict[str, Taken] = defaultdict(Taken)
        self._blocks: dict[str, list[Block]] = defaultdict(list)
        self._free: dict[str, dict[Block, FreeBlocks]] = defaultdict(dict)
        for block, domains in taken:
            self.take(block, domains)

    def take(self, block: Block, domains: frozenset[str]) -> None:
        """Mark a block as taken in these domains."""
        for mark in marks(domains):
            self._taken[mark].add(block.first, block.last(self._width))
            self._blocks[mark].append(block)
        touched = self._free if EVERYWHERE in domains else marks(domains)
        for mark in touched:
            for free in self._free.get(mark, {}).values():
                free.remove(block)

    def is_clear(self, block: Block, domains: frozenset[str]) -> bool:
        """Whether nothing that these domains must keep clear of lies in the block."""
        last = block.last(self._width)
        return all(self._taken[mark].until(block.first, last) < 0 for mark in watches(domains))

    def admits(self, demand: Demand, block: Block) -> bool:
        """Whether a block has the right size for a demand, lies in one of its parents, and is clear."""
        is_inside = any(parent.holds(block, self._width) for parent in parents_of(demand))
        return is_inside and block.length == demand.prefix_length and self.is_clear(block, demand.domains)

    def find(self, demand: Demand) -> Block | None:
        """Return the best place for a demand: its best liked parent first, there the smallest free block."""
        busiest, *others = sorted(watches(demand.domains), key=self._by_use)
        checked = [self._taken[mark] for mark in others if mark in self._taken]
        for parent in parents_of(demand):
            for free in self._free_blocks(busiest, parent).best_fit(demand.prefix_length):
                first = self._first_clear(free, demand.prefix_length, checked)
                if first is not None:
                    return Block(first, demand.prefix_length)
        return None

    def n_placed(self, domain: str, parents: Iterable[Block], lengths: Iterable[int]) -> int:
        """Return how many ranges find a place, in this order, in what is free in the parents for one domain.

        Nothing is taken by it.
        """
        spaces = [self._free_blocks(domain, parent).copy() for parent in parents]
        n_placed = 0
        for length in lengths:
            block = next((block for space in spaces for block in space.best_fit(length)), None)
            if block is None:
                break
            for space in spaces:
                space.remove(Block(block.first, length))
            n_placed += 1
        return n_placed

    def _by_use(self, mark: str) -> tuple[int, str]:
        """Order of marks: the busiest first; one that few places have is not worth free blocks of its own."""
        n_marked = 0 if mark == EVERYWHERE or is_shared(mark) else self._n_marked[mark]
        return (0 if mark == EVERYWHERE else 1 if n_marked < FEW else -n_marked), mark

    def _first_clear(self, free: Block, length: int, checked: Sequence[Taken]) -> int | None:
        """Return the first aligned place in a free block where none of the others lies."""
        size, last, first = 1 << (self._width - length), free.last(self._width), free.first
        while first <= last:
            met = max((taken.until(first, first + size - 1) for taken in checked), default=-1)
            if met < 0:
                return first
            first = (met // size + 1) * size
        return None

    def _free_blocks(self, mark: str, parent: Block) -> FreeBlocks:
        """Return what is free in a parent for ranges that watch this mark."""
        known = self._free[mark]
        if parent not in known:
            if mark == EVERYWHERE:
                free = FreeBlocks.inside(parent, self._width)
            else:
                free = self._free_blocks(EVERYWHERE, parent).copy()
            for block in self._blocks[mark]:
                if block.meets(parent, self._width):
                    free.remove(block)
            known[parent] = free
        return known[parent]


def largest_first(demands: Iterable[Demand], ground: Ground) -> dict[str, Block]:
    """Place the demands in their order, which is that of size; those that find no place are left out.

    With demands that must all be apart and have the same parents, all find a place if any plan exists: every size divides
    the larger ones, so no choice of a place can spoil a later one.
    """
    placed: dict[str, Block] = {}
    for demand in demands:
        block = ground.find(demand)
        if block is not None:
            ground.take(block, demand.domains)
            placed[demand.name] = block
    return placed


def room(demand: Demand) -> int:
    """Return how many addresses the parents of a demand hold together, at most."""
    return sum(1 << (WIDTH[demand.version] - parent.length) for parent in parents_of(demand))


def by_size(demand: Demand) -> tuple[int, int, str]:
    """Order of placing: the largest first, among equals the one with the least room."""
    return demand.prefix_length, room(demand), demand.name


def misplaced(fixed: Mapping[str, Block], demands: Mapping[str, Demand], ground: Ground) -> list[str]:
    """Take the fixed blocks one by one; return the names of those that cannot lie there, in order of name."""
    faults = []
    for name in sorted(fixed):
        if ground.admits(demands[name], fixed[name]):
            ground.take(fixed[name], demands[name].domains)
        else:
            faults.append(name)
    return faults
