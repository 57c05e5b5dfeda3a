"""Ranges of an earlier plan: which entries in use are theirs, and why one of them moves all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import netaddr

from kubenetlab.ipam.planner.blocks import are_apart
from kubenetlab.ipam.planner.problem import Demand, Obstacle

#: How the name of an obstacle begins that the request has ``in_use``.
_IN_USE = "in use"


def without_kept(obstacles: Sequence[Obstacle], demands: Sequence[Demand]) -> tuple[Obstacle, ...]:
    """Return the obstacles without those in use that are exactly a range which is to stay: it is what uses them."""
    own = {demand.stays for demand in demands if demand.stays is not None}
    return tuple(o for o in obstacles if not (o.name.startswith(_IN_USE) and o.network in own))


def moves(
    demands: Sequence[Demand],
    kept: Mapping[str, netaddr.IPNetwork],
    placed: Mapping[str, netaddr.IPNetwork],
    obstacles: Sequence[Obstacle],
) -> Iterator[str]:
    """Yield a sentence for every range that does not stay where the earlier plan had it, with the reason."""
    for demand in demands:
        before, after = kept.get(demand.name), placed[demand.name]
        if before is not None and before != after:
            why = _why(demand, before, obstacles) or _neighbour(demand, before, demands, placed)
            yield f"{demand.name} was {before} and is {after} now: {why}."


def _why(demand: Demand, before: netaddr.IPNetwork, obstacles: Sequence[Obstacle]) -> str:
    """Return what is wrong with the old range whatever the other ranges are; "" if nothing is."""
    if demand.at is not None:
        return "the request fixes it there"
    if demand.stays is None:
        return f"it needs a /{demand.prefix_length}"
    if not any(before in parent for parent in demand.parents):
        return "the old range lies in none of its parents"
    met = (o for o in obstacles if _overlap(o.network, before) and are_apart(o.domains, demand.domains))
    return next((obstacle.requirement or obstacle.name for obstacle in met), "")


def _neighbour(
    demand: Demand,
    before: netaddr.IPNetwork,
    demands: Sequence[Demand],
    placed: Mapping[str, netaddr.IPNetwork],
) -> str:
    for other in demands:
        network = placed[other.name]
        if other is not demand and _overlap(network, before) and are_apart(other.domains, demand.domains):
            return f"{other.name} has {network}"
    return "no plan keeps every range"


def _overlap(one: netaddr.IPNetwork, other: netaddr.IPNetwork) -> bool:
    return one.version == other.version and one.first <= other.last and other.first <= one.last
