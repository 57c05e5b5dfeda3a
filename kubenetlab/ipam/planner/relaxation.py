"""The smallest relaxation of an impossible request: fewest requirements, then fewest addresses."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import netaddr

from kubenetlab.ipam.planner.blocks import Block
from kubenetlab.ipam.planner.changes import Change, changed, changes_of_demand, changes_of_obstacle
from kubenetlab.ipam.planner.conflicts import Fewest, Group, Trial, fewest_given_up
from kubenetlab.ipam.planner.domains import simplified
from kubenetlab.ipam.planner.exact_search import Budget
from kubenetlab.ipam.planner.placement import Placement, place
from kubenetlab.ipam.planner.problem import Demand, Obstacle
from kubenetlab.ipam.planner.stability import settle

#: Demands placed and search steps that are spent on a small relaxation.
STEPS = 100_000

_Changes = dict[int, Change]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What to give up, and the plan that then exists.

    Attributes
    ----------
    changes
        One for each requirement given up, in the order of the request.
    plan
        Where every range lies that is left, by name.
    is_smallest
        Whether it is certain that no fewer requirements, and with so many no fewer addresses, are enough.
    """

    changes: tuple[Change, ...]
    plan: dict[str, netaddr.IPNetwork]
    is_smallest: bool

    @property
    def addresses(self) -> int:
        """How many addresses are no longer as the request wanted them."""
        return sum(change.addresses for change in self.changes)

    def __str__(self) -> str:
        """Say what to do, in one line."""
        return "; ".join(change.words for change in self.changes)


def smallest_relaxation(
    demands: Sequence[Demand], obstacles: Sequence[Obstacle], n_steps: int = STEPS
) -> Relaxation:
    """Return the relaxation of an impossible request with the fewest requirements, then the fewest addresses.

    A requirement is one demand (its size, or its fixed place) or one obstacle that is no law; parents stay as they are. An
    obstacle is let go of as a whole, a fixed range may lie elsewhere, another one may be smaller by up to 4 bits, and every
    range may be left out. ``stays`` are no requirements. After ``n_steps`` the search for less is given up; then the largest
    requirements are given up until there is a plan.

    Raises
    ------
    ValueError
        If the request needs no relaxation.
    """
    relaxing = _Relaxing(demands, obstacles, Budget(n_steps))
    fewest = relaxing.fewest()
    if fewest.sets == [frozenset()]:
        raise ValueError("the request needs no relaxation: it has a plan")
    for changes, is_cheapest in relaxing.cheapest_first(fewest.sets):
        blocks = relaxing.placed(changes)
        if blocks is not None:
            plan = {name: block.network(relaxing.version(name)) for name, block in sorted(blocks.items())}
            in_order = tuple(changes[number] for number in sorted(changes))
            return Relaxation(in_order, plan, is_smallest=fewest.is_certain and is_cheapest)
    raise AssertionError("without what may be left out there is always a plan")


class _Relaxing:
    """A request whose requirements are numbered: the demands, then the obstacles."""

    def __init__(self, demands: Sequence[Demand], obstacles: Sequence[Obstacle], budget: Budget) -> None:
        self._demands, self._obstacles, self._budget = demands, obstacles, budget
        every = [*map(changes_of_demand, demands), *map(changes_of_obstacle, obstacles)]
        self._options = {str(number): options for number, options in enumerate(every) if options}
        self._kind = {name: kind for kind in self._kinds() for name in kind}

    def version(self, name: str) -> int:
        """Return the IP version of a demand."""
        return next(demand.version for demand in self._demands if demand.name == name)

    def fewest(self) -> Fewest:
        """Return the smallest sets of requirements that must be given up."""
        trial = Trial(self._kept, len(self._demands) + len(self._obstacles), self._budget, self._concerning)
        found = fewest_given_up(list(self._options), trial, len(self._options), list(self._kinds()))
        return found if found.sets else Fewest([self._without_largest()], is_certain=False)

    def cheapest_first(self, sets: Sequence[frozenset[str]]) -> Iterator[tuple[_Changes, bool]]:
        """Yield changes of the requirements in one of the sets, those of the fewest addresses first.

        Once the budget is spent, only leaving out is tried. Also tells whether everything cheaper was tried.
        """
        waiting = [self._choice(sorted(given_up, key=int), (0,) * len(given_up)) for given_up in sets]
        heapq.heapify(waiting)
        while waiting and self._budget.n_steps > 0:
            _, levels, names = heapq.heappop(waiting)
            yield (
                {int(name): self._options[name][level] for name, level in zip(names, levels, strict=True)},
                True,
            )
            for position in range(
                max((n for n, level in enumerate(levels) if level), default=0), len(levels)
            ):
                if self._may_rise(names, levels, position):
                    higher = (*levels[:position], levels[position] + 1, *levels[position + 1 :])
                    heapq.heappush(waiting, self._choice(names, higher))
        for given_up in sets:
            yield {int(name): self._options[name][-1] for name in given_up}, False

    def placed(self, changes: _Changes) -> dict[str, Block] | None:
        """Return where the ranges lie once the changes are made; None if no place is known for one of them."""
        demands, obstacles = changed(self._demands, self._obstacles, changes)
        placement = place(demands, obstacles)
        self._budget.n_steps -= len(demands) + len(obstacles) + placement.n_steps // 10
        return placement.blocks and settle(demands, obstacles).blocks

    def _choice(
        self, names: Sequence[str], levels: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...], Sequence[str]]:
        chosen = zip(names, levels, strict=True)
        return sum(self._options[name][level].addresses for name, level in chosen), levels, names

    def _may_rise(self, names: Sequence[str], levels: tuple[int, ...], position: int) -> bool:
        """Whether there is a further option, and no earlier name of the same kind for which it is tried as well."""
        name = names[position]
        earlier = [
            level for other, level in zip(names[:position], levels, strict=False) if other in self._kind[name]
        ]
        return levels[position] + 1 < min([len(self._options[name]), *(level + 1 for level in earlier)])

    def _kinds(self) -> Iterator[Group]:
        """Yield the requirements that are alike but for names and words."""
        demands, obstacles = simplified(self._demands, self._obstacles)
        kinds: dict[object, list[str]] = defaultdict(list)
        for number, demand in enumerate(demands):
            kinds[demand._replace(name="", stays=None, requirement="")].append(str(number))
        for number, obstacle in enumerate(obstacles, len(demands)):
            if not obstacle.is_law:
                kinds[obstacle.network, obstacle.domains].append(str(number))
        yield from map(tuple, kinds.values())

    def _kept(self, kept: frozenset[str]) -> Placement:
        """Place what is left if only these requirements are kept."""
        given_up = {int(name): options[-1] for name, options in self._options.items() if name not in kept}
        return place(*changed(self._demands, self._obstacles, given_up))

    def _concerning(self, among: frozenset[str]) -> set[str]:
        numbered = enumerate(self._demands)
        irrelevant = {str(n) for n, demand in numbered if demand.name not in among and demand.at is None}
        return set(self._options) - irrelevant

    def _without_largest(self) -> frozenset[str]:
        """Return the fewest of the largest requirements without which largest first succeeds."""
        largest = sorted(self._options, key=lambda name: (-self._options[name][-1].addresses, int(name)))
        low, high = 0, len(largest)
        while low < high:
            middle = (low + high) // 2
            if self._kept(frozenset(largest[middle:])).blocks is None:
                low = middle + 1
            else:
                high = middle
        return frozenset(largest[:high])
