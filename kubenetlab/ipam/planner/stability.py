"""Places demands so that as few as possible leave the place that they had in an earlier plan."""

from __future__ import annotations

from collections.abc import Sequence

from kubenetlab.ipam.planner.blocks import Block
from kubenetlab.ipam.planner.conflicts import Trial, fewest_given_up, kept_greedily
from kubenetlab.ipam.planner.exact_search import Budget
from kubenetlab.ipam.planner.largest_first import Ground
from kubenetlab.ipam.planner.placement import Placement, place
from kubenetlab.ipam.planner.problem import Demand, Obstacle

#: Demands placed and search steps that are spent on keeping moves few.
STEPS = 100_000


def settle(demands: Sequence[Demand], obstacles: Sequence[Obstacle], n_steps: int = STEPS) -> Placement:
    """Place every demand, with the fewest moves from where ``stays`` says.

    If a plan exists in which nobody moves, nobody moves, unless the search for it was given up. Otherwise no plan has
    fewer moves, as long as ``n_steps`` last; beyond them, more may move than must.
    """
    earlier = _possible_stays(demands, obstacles)
    placement = place(demands, obstacles, earlier)
    if placement.blocks is not None or not earlier:
        return placement
    anywhere = place(demands, obstacles)
    if anywhere.blocks is None:
        return anywhere

    def ask(names: frozenset[str]) -> Placement:
        return place(demands, obstacles, {name: earlier[name] for name in names})

    cost = len(demands) + len(obstacles)
    staying = kept_greedily(sorted(earlier), Trial(ask, cost, Budget(n_steps)))
    n_moves = len(earlier) - len(staying)
    trial = Trial(ask, cost, Budget(n_steps))
    fewer = fewest_given_up(sorted(earlier), trial, n_moves - 1).sets if n_moves > 1 else []
    return ask(frozenset(earlier) - fewer[0] if fewer else frozenset(staying))


def _possible_stays(demands: Sequence[Demand], obstacles: Sequence[Obstacle]) -> dict[str, Block]:
    """Return earlier places, without those that are impossible by themselves: beside obstacles and fixed ranges."""
    stays = {}
    for version in sorted({demand.version for demand in demands}):
        mine = [demand for demand in demands if demand.version == version]
        taken = [(Block.of(o.network), o.domains) for o in obstacles if o.network.version == version]
        taken += [(Block.of(demand.at), demand.domains) for demand in mine if demand.at is not None]
        ground = Ground(version, mine, taken)
        for demand in mine:
            place_before = demand.stays if demand.at is None else None
            if place_before is not None and place_before.version == version:
                block = Block.of(place_before)
                if ground.admits(demand, block):
                    stays[demand.name] = block
    return stays
