"""What domains do to a request: the parts it falls into, and which domains say nothing new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import netaddr

from kubenetlab.ipam.planner.blocks import Taken, is_shared, marks, watches
from kubenetlab.ipam.planner.largest_first import by_size
from kubenetlab.ipam.planner.problem import EVERYWHERE, NOT, Demand, Obstacle


def parts(demands: Sequence[Demand]) -> Iterator[list[Demand]]:
    """Yield the demands in parts that cannot be in each other's way, as no domain links them."""
    left = {demand.name: demand for demand in demands}
    by_mark: dict[str, list[str]] = defaultdict(list)
    for name, demand in left.items():
        for mark in marks(demand.domains):
            by_mark[mark].append(name)
    while left:
        part: list[Demand] = []
        linked = [next(iter(left))]
        while linked:
            name = linked.pop()
            if name in left:
                part.append(left.pop(name))
                for mark in watches(part[-1].domains):
                    linked += by_mark.pop(mark, [])
        yield sorted(part, key=by_size)


def simplified(
    demands: Sequence[Demand], obstacles: Sequence[Obstacle]
) -> tuple[list[Demand], list[Obstacle]]:
    """Leave out domains that say nothing new, so that more demands are alike.

    These are ``not X`` for who cannot meet a range of X, and domains whose members all share another one.
    """
    members: dict[str, list[int]] = defaultdict(list)
    domains = [*_meeting(demands, obstacles), *(set(obstacle.domains) for obstacle in obstacles)]
    for number, names in enumerate(domains):
        for name in names:
            members[name].append(number)
    for name in sorted(members):
        if name != EVERYWHERE and not is_shared(name) and NOT + name not in members:
            shared = set.intersection(*(domains[number] for number in members[name]))
            if any(not is_shared(other) for other in shared - {name}):
                for number in members[name]:
                    domains[number].discard(name)
    kept = [frozenset(names) for names in domains]
    return (
        [demand._replace(domains=names) for demand, names in zip(demands, kept, strict=False)],
        [
            obstacle._replace(domains=names)
            for obstacle, names in zip(obstacles, kept[len(demands) :], strict=True)
        ],
    )


def _meeting(demands: Sequence[Demand], obstacles: Sequence[Obstacle]) -> Iterator[set[str]]:
    """Yield the domains of every demand, without ``not X`` where it can meet no range or obstacle of X."""
    others = {
        domain.removeprefix(NOT) for demand in demands for domain in demand.domains if is_shared(domain)
    }
    space: dict[tuple[str, int], Taken] = defaultdict(Taken)
    for demand in demands:
        for domain in others & demand.domains:
            for network in _spaces(demand):
                space[domain, demand.version].add(*_interval(network))
    for obstacle in obstacles:
        for domain in others & obstacle.domains:
            space[domain, obstacle.network.version].add(*_interval(obstacle.network))

    def can_meet(demand: Demand, domain: str) -> bool:
        taken = space[domain, demand.version]
        return any(taken.until(*_interval(network)) >= 0 for network in _spaces(demand))

    for demand in demands:
        yield {d for d in demand.domains if not is_shared(d) or can_meet(demand, d.removeprefix(NOT))}


def _spaces(demand: Demand) -> tuple[netaddr.IPNetwork, ...]:
    """Return where a demand may lie."""
    return demand.parents if demand.at is None else (demand.at,)


def _interval(network: netaddr.IPNetwork) -> tuple[int, int]:
    return int(network.first), int(network.last)
