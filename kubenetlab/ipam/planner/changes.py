"""The ways in which a request may be relaxed, one requirement at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubenetlab.ipam.planner.blocks import WIDTH
from kubenetlab.ipam.planner.problem import Demand, Obstacle

#: A range is made smaller by at most so many bits; beyond that it can as well be left out.
MOST_BITS = 4


@dataclass(frozen=True, slots=True)
class Change:
    """One requirement that is given up, in whole or in part.

    Attributes
    ----------
    name
        The demand or obstacle.
    requirement
        Its line of the request.
    words
        What to do about it, such as ``make prod/pods a /19 instead of a /18``.
    addresses
        How many addresses are no longer as the request wanted them: left out of a range, lying elsewhere than they were
        fixed, or no longer kept free.
    demand
        What the demand becomes; None if it is left out, and for an obstacle.
    """

    name: str
    requirement: str
    words: str
    addresses: int
    demand: Demand | None = None


def changes_of_obstacle(obstacle: Obstacle) -> list[Change]:
    """Return the change that lets go of an obstacle; none for a law."""
    words = f"allow ranges in {obstacle.network} ({obstacle.name})"
    change = Change(obstacle.name, obstacle.requirement or obstacle.name, words, int(obstacle.network.size))
    return [] if obstacle.is_law else [change]


def changes_of_demand(demand: Demand) -> list[Change]:
    """Return the changes of a demand, the one that concerns the fewest addresses first; leaving it out is the last."""
    size = 1 << (WIDTH[demand.version] - demand.prefix_length)
    leave_out = _change(demand, f"leave out {demand.name} (a /{demand.prefix_length})", size, None)
    if demand.at is not None:
        words = f"let {demand.name} lie elsewhere than at {demand.at}"
        return [_change(demand, words, size, demand._replace(at=None)), leave_out]
    return [*_smaller(demand, size), leave_out]


def _smaller(demand: Demand, size: int) -> Iterator[Change]:
    longest = min(demand.prefix_length + MOST_BITS, WIDTH[demand.version])
    for length in range(demand.prefix_length + 1, longest + 1):
        words = f"make {demand.name} a /{length} instead of a /{demand.prefix_length}"
        given_up = size - (size >> (length - demand.prefix_length))
        yield _change(demand, words, given_up, demand._replace(prefix_length=length))


def _change(demand: Demand, words: str, addresses: int, changed: Demand | None) -> Change:
    return Change(demand.name, demand.requirement or demand.name, words, addresses, changed)


def changed(
    demands: Sequence[Demand], obstacles: Sequence[Obstacle], changes: dict[int, Change]
) -> tuple[list[Demand], list[Obstacle]]:
    """Return the request with changes made; their keys count the demands, then the obstacles."""
    become = [changes[n].demand if n in changes else demand for n, demand in enumerate(demands)]
    left = [obstacle for n, obstacle in enumerate(obstacles, len(demands)) if n not in changes]
    return [demand for demand in become if demand is not None], left
