"""Blocks of address space by what may still be placed in them; those that mirror each other are one shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from kubenetlab.ipam.planner.blocks import Block

Shape = int  #: The number of a shape in its ``Shapes``.
#: The shape in which nothing may be placed.
CLOSED: Shape = 0


class Marked(NamedTuple):
    """A block that matters to some groups of demands, one bit a group: their parent, or in their way."""

    block: Block
    groups: int


class Shapes:
    """Every shape met in a search, each kept once.

    A shape is either uniform, a set of groups (bits of an integer) that may be placed anywhere in it, or two halves.
    Aligned blocks do not care which half is the left one, so ``canonical`` shapes have their halves in order of number:
    blocks with the same canonical shape are interchangeable for everything that may still be placed in them.
    """

    def __init__(self, width: int, smallest: int) -> None:
        self._width, self._smallest = width, smallest
        self._content: list[int | tuple[Shape, Shape]] = [0]
        self._number: dict[int | tuple[Shape, Shape], Shape] = {0: CLOSED}
        self.canonical = cache(self._canonical)
        self.without = cache(self._without)
        self.open_to_all = cache(self._open_to_all)
        self.open_units = cache(self._open_units)

    def halves(self, shape: Shape) -> tuple[Shape, Shape] | None:
        """Return the halves of a shape; None if it is uniform."""
        content = self._content[shape]
        return None if isinstance(content, int) else content

    def ground(self, block: Block, parents: Sequence[Marked], closed: Sequence[Marked]) -> Shape:
        """Return the shape of a block: open in the parents of each group, save for what lies in its way.

        Finer than the smallest demand nothing is told apart: there a parent in part is none, an obstacle in part is whole.
        """
        width = self._width
        parents = [marked for marked in parents if marked.block.meets(block, width)]
        closed = [marked for marked in closed if marked.block.meets(block, width)]
        is_uniform = all(marked.block.holds(block, width) for marked in (*parents, *closed))
        if not parents or is_uniform or block.length == self._smallest:
            is_open = _union([marked for marked in parents if marked.block.holds(block, width)])
            return self._keep(is_open & ~_union(closed))
        half = Block(block.first, block.length + 1)
        other = Block(half.last(width) + 1, half.length)
        return self._pair(self.ground(half, parents, closed), self.ground(other, parents, closed))

    def split(self, counts: Counter[Shape], n_levels: int) -> Counter[Shape]:
        """Return how many blocks of each shape there are once all blocks are halved that many times."""
        for level in range(n_levels):
            divided = {shape: halves for shape in counts if (halves := self.halves(shape))}
            if not divided:
                return Counter({shape: n << (n_levels - level) for shape, n in counts.items()})
            finer: Counter[Shape] = Counter()
            for shape, n in counts.items():
                for half in divided.get(shape, (shape, shape)):
                    finer[half] += n
            counts = finer
        return counts

    def _keep(self, content: int | tuple[Shape, Shape]) -> Shape:
        if content not in self._number:
            self._number[content] = len(self._content)
            self._content.append(content)
        return self._number[content]

    def _pair(self, one: Shape, other: Shape) -> Shape:
        is_uniform = one == other and self.halves(one) is None
        return one if is_uniform else self._keep((one, other))

    def _canonical(self, shape: Shape) -> Shape:
        halves = self.halves(shape)
        if halves is None:
            return shape
        one, other = sorted(map(self.canonical, halves))
        return self._pair(one, other)

    def _without(self, shape: Shape, groups: int) -> Shape:
        """Return the shape once it is closed to these groups."""
        content = self._content[shape]
        if isinstance(content, int):
            return self._keep(content & ~groups)
        one, other = (self.without(half, groups) for half in content)
        return self._pair(one, other)

    def _open_to_all(self, shape: Shape) -> int:
        """Return the groups that may lie anywhere in the shape."""
        content = self._content[shape]
        if isinstance(content, int):
            return content
        return self.open_to_all(content[0]) & self.open_to_all(content[1])

    def _open_units(self, shape: Shape, length: int, groups: int) -> int:
        """Return how many places of the smallest size are open to at least one of the groups."""
        content = self._content[shape]
        if isinstance(content, int):
            return 1 << (self._smallest - length) if content & groups else 0
        return sum(self.open_units(half, length + 1, groups) for half in content)


def _union(marked: Sequence[Marked]) -> int:
    groups = 0
    for each in marked:
        groups |= each.groups
    return groups
