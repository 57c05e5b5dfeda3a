"""Answers one placement question: a place for every demand, or the knowledge that there is none."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import netaddr

from kubenetlab.ipam.planner.blocks import Block, is_shared
from kubenetlab.ipam.planner.domains import parts, simplified
from kubenetlab.ipam.planner.exact_search import Budget, OutOfBudgetError, Search
from kubenetlab.ipam.planner.largest_first import Ground, Occupied, by_size, largest_first, misplaced
from kubenetlab.ipam.planner.problem import Demand, Obstacle

#: Steps of the complete search of one question before it is given up.
SEARCH_STEPS = 300_000


class Placement(NamedTuple):
    """The answer.

    ``blocks`` holds a place for every demand, or is None; then ``is_proved`` tells whether no plan exists, or the
    search was given up. ``n_steps`` is how long the complete search was; ``among`` are demands that have no plan even by
    themselves, beside everything that is fixed.
    """

    blocks: dict[str, Block] | None
    is_proved: bool = True
    n_steps: int = 0
    among: frozenset[str] = frozenset()


def place(
    demands: Sequence[Demand], obstacles: Sequence[Obstacle], kept: Mapping[str, Block] | None = None
) -> Placement:
    """Place every demand: where ``at`` says, where ``kept`` says, or anywhere in its parents.

    Largest first succeeds at once in most cases; where it does not, every set of demands that must all be apart is
    counted, and at last all possibilities are searched. The answer does not depend on the order of the demands.
    """
    demands, obstacles = simplified(demands, obstacles)
    budget = Budget(SEARCH_STEPS)
    blocks: dict[str, Block] = {}
    try:
        for version in sorted({demand.version for demand in demands}):
            mine = sorted((demand for demand in demands if demand.version == version), key=by_size)
            taken = [(Block.of(o.network), o.domains) for o in obstacles if o.network.version == version]
            blocks |= _placed_in_family(mine, taken, kept or {}, budget)
    except OutOfBudgetError:
        return Placement(None, is_proved=False, n_steps=SEARCH_STEPS)
    except _NoPlaceError as error:
        return Placement(None, n_steps=SEARCH_STEPS - budget.n_steps, among=error.among)
    return Placement(blocks, n_steps=SEARCH_STEPS - budget.n_steps)


class _NoPlaceError(Exception):
    """There is proof that some demands have no plan beside what is taken."""

    def __init__(self, among: Iterable[Demand] = ()) -> None:
        super().__init__()
        self.among = frozenset(demand.name for demand in among)


def _placed_in_family(
    demands: Sequence[Demand], taken: Sequence[Occupied], kept: Mapping[str, Block], budget: Budget
) -> dict[str, Block]:
    """Place the demands of one IP version, which come in order of size."""
    named = {demand.name: demand for demand in demands}
    fixed = {name: block for name, block in kept.items() if name in named}
    fixed |= {demand.name: Block.of(demand.at) for demand in demands if demand.at is not None}
    ground = Ground(demands[0].version, demands, taken)
    if misplaced(fixed, named, ground):
        raise _NoPlaceError
    taken = [*taken, *((block, named[name].domains) for name, block in fixed.items())]
    free = [demand for demand in demands if demand.name not in fixed]
    blocks = fixed | largest_first(free, ground)
    if len(blocks) < len(demands):
        empty = Ground(demands[0].version, free, taken)
        for part in parts(free):
            if any(demand.name not in blocks for demand in part):
                _refuse_crowds(part, empty)
                blocks |= _searched(part, taken, budget)
    return blocks


def _refuse_crowds(demands: Sequence[Demand], ground: Ground) -> None:
    """Raise if a count is enough to prove that some demands have no plan on this ground."""
    for demand in demands:
        if ground.find(demand) is None:
            raise _NoPlaceError([demand])
    for crowd in _crowds(demands, ground):
        raise _NoPlaceError(crowd)


def _searched(demands: Sequence[Demand], taken: Sequence[Occupied], budget: Budget) -> dict[str, Block]:
    """Place demands that the quick way does not place."""
    found = Search(demands, taken, budget).run()
    if found is None:
        raise _NoPlaceError(demands)
    return found


def _crowds(demands: Sequence[Demand], ground: Ground) -> Iterator[list[Demand]]:
    """Yield sets of demands that must all be apart and do not fit in their parents, whatever else is placed.

    Among demands that share a domain, those are taken whose parents lie in the parents of one of them, as if they might
    lie anywhere in these: largest first is exact then. A set ends with the first demand that finds no place.
    """
    by_domain: dict[str, list[Demand]] = defaultdict(list)
    for demand in demands:
        for domain in sorted(itertools.filterfalse(is_shared, demand.domains)):
            by_domain[domain].append(demand)
    for domain, members in sorted(by_domain.items()):
        for parents in dict.fromkeys(demand.parents for demand in members):
            together = [demand for demand in members if _are_inside(demand.parents, parents)]
            n_placed = ground.n_placed(domain, map(Block.of, parents), [d.prefix_length for d in together])
            if n_placed < len(together):
                yield together[: n_placed + 1]


def _are_inside(parents: Sequence[netaddr.IPNetwork], others: Sequence[netaddr.IPNetwork]) -> bool:
    return parents == others or all(any(parent in other for other in others) for parent in parents)
