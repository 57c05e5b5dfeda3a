"""Why a request has no plan: the requirements that are in each other's way, and what to relax."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.planner.conflicts import Trial, in_conflict
from kubenetlab.ipam.planner.exact_search import Budget
from kubenetlab.ipam.planner.placement import SEARCH_STEPS, Placement, place
from kubenetlab.ipam.planner.problem import Demand, Obstacle
from kubenetlab.ipam.planner.relaxation import Relaxation, smallest_relaxation

#: Demands placed and search steps that are spent on a small explanation.
STEPS = 100_000
#: Requirements that the message of the error names.
NAMED = 5


class ImpossiblePlanError(KubenetlabError):
    """No plan fulfils the request, or none was found before the search was given up.

    Attributes
    ----------
    in_the_way
        Requirements that cannot be met together, although they can without any one of them; empty if ``is_proved`` is False.
        A requirement is the text of a demand or obstacle (its name, if it has none); equal texts are one requirement.
    is_proved
        Whether it is proved that no plan exists.
    """

    def __init__(
        self, demands: Sequence[Demand], obstacles: Sequence[Obstacle], *, is_proved: bool = True
    ) -> None:
        self._request = tuple(demands), tuple(obstacles)
        self.is_proved = is_proved
        self.in_the_way = _in_the_way(demands, obstacles) if is_proved else ()
        super().__init__(self._words())

    @cached_property
    def relaxation(self) -> Relaxation:
        """The smallest relaxation with which there is a plan; computed when it is first asked for."""
        return smallest_relaxation(*self._request)

    def _words(self) -> str:
        if not self.is_proved:
            return f"no plan was found in {SEARCH_STEPS:,} steps of search, and none was proved impossible"
        named = "; ".join(self.in_the_way[:NAMED])
        n_more = len(self.in_the_way) - NAMED
        rest = f"; and {n_more:,} more" if n_more > 0 else ""
        return f"no plan fulfils these requirements together: {named}{rest}"


def _in_the_way(demands: Sequence[Demand], obstacles: Sequence[Obstacle]) -> tuple[str, ...]:
    """Return a set of requirements that has no plan, none of which can be left out, in the order of the request."""

    def ask(texts: frozenset[str]) -> Placement:
        kept = [demand for demand in demands if _text(demand) in texts]
        return place(kept, [obstacle for obstacle in obstacles if _text(obstacle) in texts])

    def concerning(among: frozenset[str]) -> set[str]:
        concerned = [demand for demand in demands if demand.name in among or demand.at is not None]
        parents = {parent for demand in concerned for parent in demand.parents}
        near = [
            obstacle for obstacle in obstacles if any(_meet(obstacle.network, parent) for parent in parents)
        ]
        return {*map(_text, concerned), *map(_text, near)}

    texts = list(dict.fromkeys([*map(_text, demands), *map(_text, obstacles)]))
    trial = Trial(ask, len(demands) + len(obstacles), Budget(STEPS), concerning)
    conflict = set(in_conflict(texts, trial))
    return tuple(text for text in texts if text in conflict)


def _text(item: Demand | Obstacle) -> str:
    return item.requirement or item.name


def _meet(one: netaddr.IPNetwork, other: netaddr.IPNetwork) -> bool:
    return one in other or other in one
