"""Finds a place for every range of a plan: largest first, aligned, stable; an impossible request is explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import netaddr

from kubenetlab.ipam.planner.blocks import WIDTH, is_shared
from kubenetlab.ipam.planner.impossible import ImpossiblePlanError
from kubenetlab.ipam.planner.problem import NOT, Demand, Obstacle
from kubenetlab.ipam.planner.stability import settle

__all__ = ["ImpossiblePlanError", "pack"]


def pack(demands: Sequence[Demand], obstacles: Sequence[Obstacle]) -> dict[str, netaddr.IPNetwork]:
    """Place every demand in one of its parents, apart from what it must be apart from.

    Parameters
    ----------
    demands
        Names are unique. A fixed place ``at`` must lie in a parent too; a range that lies elsewhere has itself as parent.
    obstacles
        Ranges that demands of their domains must keep clear of.

    Returns
    -------
    The networks by name, in the order of the demands. They do not depend on that order.

    Raises
    ------
    ImpossiblePlanError
        If there is no plan; or if none was found before the complete search was given up, which the error says.
    ValueError
        If a name is used twice, a prefix length or version does not exist, or a network has host bits, another family, or
        (``at``) another size than the demand.

    Notes
    -----
    The largest range is placed first, in its best liked parent that has space, in the smallest free block that holds it,
    at its lowest address. Where that fails, all possibilities are searched, so that a plan is found if there is one.
    Whoever ``stays`` somewhere stays there if that is possible for all; otherwise the fewest move (see ``settle``).

    Examples
    --------
    >>> private = (netaddr.IPNetwork("10.0.0.0/8"),)
    >>> pods = Demand("shop/pods", 4, 16, private, frozenset({"shop"}))
    >>> nodes = Demand("shop/nodes", 4, 24, private, frozenset({"shop"}))
    >>> office = Obstacle("office", netaddr.IPNetwork("10.0.0.0/12"))
    >>> {name: str(network) for name, network in pack([nodes, pods], [office]).items()}
    {'shop/nodes': '10.17.0.0/24', 'shop/pods': '10.16.0.0/16'}
    """
    _refuse_nonsense(demands, obstacles)
    placement = settle(demands, obstacles)
    if placement.blocks is None:
        raise ImpossiblePlanError(demands, obstacles, is_proved=placement.is_proved)
    return {demand.name: placement.blocks[demand.name].network(demand.version) for demand in demands}


def _refuse_nonsense(demands: Sequence[Demand], obstacles: Sequence[Obstacle]) -> None:
    twice = [name for name, n in Counter(demand.name for demand in demands).items() if n > 1]
    if twice:
        raise ValueError(f"several ranges are called {twice[0]}")
    for obstacle in obstacles:
        _refuse_host_bits(obstacle.name, obstacle.network)
        if any(map(is_shared, obstacle.domains)):
            raise ValueError(f"{obstacle.name}: expected the domains that must keep clear of it")
    for demand in demands:
        _refuse_nonsense_of(demand)


def _refuse_nonsense_of(demand: Demand) -> None:
    both = {domain for domain in demand.domains if NOT + domain in demand.domains}
    if both:
        raise ValueError(f"{demand.name}: {NOT}{min(both)} and {min(both)} contradict each other")
    if not 0 <= demand.prefix_length <= WIDTH.get(demand.version, -1):
        raise ValueError(f"{demand.name}: IPv{demand.version} has no /{demand.prefix_length}")
    for network in (*demand.parents, demand.at, demand.stays):
        if network is not None:
            _refuse_host_bits(demand.name, network)
            if network.version != demand.version:
                raise ValueError(f"{demand.name} is an IPv{demand.version} range, {network} is none")
    if demand.at is not None and demand.at.prefixlen != demand.prefix_length:
        raise ValueError(f"{demand.name}: {demand.at} is no /{demand.prefix_length}")


def _refuse_host_bits(name: str, network: netaddr.IPNetwork) -> None:
    if network.value != network.first:
        raise ValueError(f"{name}: {network} has host bits; the range is {network.cidr}")
