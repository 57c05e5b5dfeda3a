"""Finds places for ranges if there are any, or proves that there are none: a complete search over shapes of blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from kubenetlab.ipam.planner.blocks import WIDTH, Block, parents_of
from kubenetlab.ipam.planner.demand_groups import DemandGroups
from kubenetlab.ipam.planner.largest_first import Occupied, by_size
from kubenetlab.ipam.planner.problem import Demand
from kubenetlab.ipam.planner.shapes import CLOSED, Marked, Shape, Shapes


class OutOfBudgetError(Exception):
    """The search was given up: neither a plan nor a proof that there is none."""


@dataclass(slots=True)
class Budget:
    """Steps left to a search."""

    n_steps: int

    def spend(self, n_steps: int) -> None:
        """Take steps; raise ``OutOfBudgetError`` once none is left."""
        self.n_steps -= n_steps
        if self.n_steps < 0:
            raise OutOfBudgetError


class Search:
    """One complete search: demands largest first, each in one block of every shape that is open to it.

    The demands placed so far are at least as large as the next one, so the space is a bag of blocks of the next one's size,
    and a state is how many of them have which shape. States that failed are remembered. Domains and parents of which no
    demand is left are forgotten, which makes more blocks alike.
    """

    def __init__(self, demands: Sequence[Demand], taken: Sequence[Occupied], budget: Budget) -> None:
        self._demands = sorted(demands, key=by_size)
        self._version = demands[0].version
        self._budget = budget
        self._groups = DemandGroups(self._demands)
        self._shapes = Shapes(WIDTH[self._version], self._demands[-1].prefix_length)
        closed = [Marked(block, self._groups.apart_from(domains)) for block, domains in taken]
        self._ground = self._shapes.ground(Block(0, 0), self._groups.parents(), closed)
        self._needs = list(self._groups.needs())

    def run(self) -> dict[str, Block] | None:
        """Return a place for every demand; None if there is proof that no plan exists."""
        chosen = self._choose()
        return None if chosen is None else self._replay(chosen)

    def _choose(self) -> list[Shape] | None:
        """Return the canonical shape that each demand is placed in."""
        failed: set[tuple[int, frozenset[tuple[Shape, int]]]] = set()
        start = self._seen_at(0, Counter([self._ground]), 0)
        if self._is_short(0, start):
            return None
        states, options, chosen = [start], [self._options(0, start)], [CLOSED]
        while states:
            shape = next(options[-1], None)
            if shape is None:
                failed.add((len(states), frozenset(states.pop().items())))
                options.pop(), chosen.pop()
                continue
            self._budget.spend(1 + len(states[-1]))
            chosen[-1] = shape
            if len(states) == len(self._demands):
                return chosen
            after = self._after(len(states) - 1, states[-1], shape)
            if (len(states) + 1, frozenset(after.items())) not in failed and not self._is_short(
                len(states), after
            ):
                options.append(self._options(len(states), after))
                states.append(after)
                chosen.append(CLOSED)
        return None

    def _options(self, step: int, state: Counter[Shape]) -> Iterator[Shape]:
        """Yield the shapes that are open to a demand: those first that are open to few others."""
        wanted = 1 << self._groups.of[step]
        is_open = self._shapes.open_to_all
        fitting = (shape for shape in state if is_open(shape) & wanted)
        return iter(sorted(fitting, key=lambda shape: (is_open(shape).bit_count(), shape)))

    def _after(self, step: int, state: Counter[Shape], shape: Shape) -> Counter[Shape]:
        """Return the state for the next demand once this one lies in a block of the shape."""
        rest = Counter(state)
        rest[shape] -= 1
        rest[self._shapes.canonical(self._shapes.without(shape, self._groups.apart[step]))] += 1
        return self._seen_at(step + 1, +rest, self._demands[step].prefix_length)

    def _seen_at(self, step: int, state: Counter[Shape], length: int) -> Counter[Shape]:
        """Return the blocks at the size of a demand, with only those groups told apart that are left."""
        seen: Counter[Shape] = Counter()
        for shape, n in self._shapes.split(state, self._demands[step].prefix_length - length).items():
            seen[self._now(step, shape)] += n
        del seen[CLOSED]
        return seen

    def _now(self, step: int, shape: Shape) -> Shape:
        return self._shapes.canonical(self._shapes.without(shape, ~self._groups.left[step]))

    def _is_short(self, step: int, state: Counter[Shape]) -> bool:
        """Whether some ranges that must be apart need more addresses than are open to any of them."""
        length, units = self._demands[step].prefix_length, self._shapes.open_units
        self._budget.spend(len(self._needs) * len(state) // 8)
        return any(
            needed[step] > sum(n * units(shape, length, groups) for shape, n in state.items())
            for groups, needed in self._needs
        )

    def _replay(self, chosen: Sequence[Shape]) -> dict[str, Block]:
        """Return real places for the shapes chosen: in the best liked parent, there in the smallest block, the lowest."""
        pieces = {Block(0, 0): self._ground}
        placed = {}
        for step, (demand, shape) in enumerate(zip(self._demands, chosen, strict=True)):
            pieces = {
                piece: self._shapes.without(seen, ~self._groups.left[step])
                for block, whole in pieces.items()
                for piece, seen in self._cut(block, whole, demand.prefix_length)
            }
            alike = [block for block, seen in pieces.items() if self._shapes.canonical(seen) == shape]
            block = min(alike, key=partial(_liking, demand))
            place = Block(block.first, demand.prefix_length)
            seen = pieces.pop(block)
            for rest in _around(place, block, WIDTH[self._version]):
                pieces[rest] = seen
            pieces[place] = self._shapes.without(seen, self._groups.apart[step])
            placed[demand.name] = place
        return placed

    def _cut(self, block: Block, shape: Shape, length: int) -> Iterator[tuple[Block, Shape]]:
        """Yield the parts of a block down to a length, uniform ones whole, without what is closed."""
        halves = self._shapes.halves(shape) if block.length < length else None
        if halves is not None:
            half = Block(block.first, block.length + 1)
            yield from self._cut(half, halves[0], length)
            yield from self._cut(Block(half.last(WIDTH[self._version]) + 1, half.length), halves[1], length)
        elif shape != CLOSED:
            yield block, shape


def _liking(demand: Demand, block: Block) -> tuple[int, int, int]:
    """Order of places for a demand."""
    width = WIDTH[demand.version]
    rank = next(n for n, parent in enumerate(parents_of(demand)) if parent.meets(block, width))
    return rank, -block.length, block.first


def _around(place: Block, block: Block, width: int) -> Iterator[Block]:
    """Yield what is left of a block when its first addresses are taken."""
    for length in range(place.length, block.length, -1):
        yield Block(place.first ^ (1 << (width - length)), length)
