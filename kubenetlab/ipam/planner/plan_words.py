"""A plan in sentences: its title, what it assumes, what was in the way, and what its reader should know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

import netaddr

from kubenetlab.ipam.planner.cluster_needs import ClusterNeeds
from kubenetlab.ipam.planner.plan_frames import ClusterBinding, PlannedRange
from kubenetlab.ipam.planner.platforms import GOOGLE_SERVICES
from kubenetlab.ipam.planner.request import Request
from kubenetlab.ipam.planner.run_out import Binding
from kubenetlab.ipam.planner.sizes import node_mask, pods_of_mask
from kubenetlab.result import Origin, Setting

_MAX_NAMED = 5
_MAX_REASONS = 100
_CENTURY = 100

#: What every plan rests on.
_ALWAYS = (
    ("growth", "compound", "nodes and Services grow, pods per node stay; sizes use the upper bound"),
    (
        "surge",
        "added to the nodes",
        "the nodes that an upgrade adds need addresses of their own, their pods have them already",
    ),
    ("zones", "equal", "nodes are spread evenly over the zones of a cluster whose subnets lie in one zone"),
    (
        "reuse",
        "ranges that are not routable",
        "clusters may have the same ones unless they are peers or of one mesh; none overlaps a routable range (nodes have "
        "such) of any cluster, which its pods could not reach then",
    ),
    (
        "in use",
        "apart from everything",
        "pods of every cluster can reach what is in use, reserved or forbidden",
    ),
)
_WHY = {
    "max_pods": "the default of the platform or instance type",
    "services": "the request does not say how many; kubernetes and DNS are among them",
    "growth": "the request names none",
    "horizon_years": "the request names none",
    "max_surge": "one node at a time, and on EKS two of each zone: the usual defaults",
    "head_room": "nothing on top of what the upper bound needs",
    "zones": "the request names none; EKS needs two",
}


def title(request: Request, ranges: Sequence[PlannedRange]) -> str:
    """Return the summary of a plan: how many ranges of how many clusters, and which is full first."""
    n_clusters = len(request.clusters)
    found = f"{len(ranges):,} ranges for {n_clusters:,} cluster{'' if n_clusters == 1 else 's'}"
    timed = [r for r in ranges if r.binding and r.binding.years_high is not None]
    if not timed:
        return f"{found}; none fills up, nothing grows"
    first = min(timed, key=_years)
    return f"{found}; the first to fill up is {first.name} ({first.network}), {when(first.binding)}"


def _years(planned: PlannedRange) -> float:
    years = planned.binding.years_high if planned.binding else None
    return float("inf") if years is None else years


def when(binding: Binding | None) -> str:
    """Return when a limit is reached, in words: the years at the upper growth, then those at the lower.

    What is further away than a century is as good as never.
    """
    if binding is None:
        return "unknown"
    if binding.years_high is None or binding.years_high == 0:
        return "never" if binding.years_high is None else "now"
    high, low = (
        None if y is None or y > _CENTURY else f"{y:.1f}" for y in (binding.years_high, binding.years_low)
    )
    if high is None:
        return f"not in {_CENTURY} years"
    return (
        f"after {high} years" + (" or later" if low is None else "")
        if low in (None, high)
        else f"after {high} to {low} years"
    )


def assumptions(request: Request) -> Iterator[Setting]:
    """Yield what the plan assumes: what holds for every plan, then the defaults, each with the clusters that took it."""
    yield from (Setting(name, value, Origin.DEFAULT, why) for name, value, why in _ALWAYS)
    takers: dict[tuple[str, str], list[str]] = {}
    for cluster in request.clusters:
        for name, value in cluster.defaulted:
            takers.setdefault((name, _text(name, value)), []).append(cluster.name)
    for (name, value), names in takers.items():
        yield Setting(name, value, Origin.DEFAULT, f"{_WHY[name]} ({_listed(names)})")


def _text(name: str, value: object) -> str:
    return (
        "0 % a year"
        if name == "growth"
        else "0 %"
        if name == "head_room"
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def reasons(request: Request) -> list[str]:
    """Return what was in the way: the lines of the request, then the ranges that these clusters cannot have."""
    found = sorted(request.obstacles, key=lambda obstacle: obstacle.is_law)
    return [obstacle.requirement for obstacle in found][:_MAX_REASONS]


def notes(ranges: Sequence[PlannedRange], clusters: Sequence[ClusterBinding]) -> Iterator[str]:
    """Yield what the reader should know."""
    yield from _public(ranges)
    pools = {(r.cluster.name, r.role, r.network.version): r for r in reversed(ranges)}
    for planned in reversed(pools.values()):  # the first of each pool speaks for all of it
        yield from _too_small(planned)
    for cluster, binding in clusters:
        yield from _beyond_ranges(cluster.name, ranges, binding)
        yield from _small_mask(cluster)


def _public(ranges: Sequence[PlannedRange]) -> Iterator[str]:
    """Yield the IPv4 ranges that are somebody's public addresses; Google's own range of Services is meant to be."""
    google = netaddr.IPNetwork(GOOGLE_SERVICES)
    public = [
        r for r in ranges if r.network.version == 4 and _is_public(r.network) and r.network not in google
    ]
    if public:
        names = _listed([f"{planned.name} ({planned.network})" for planned in public])
        yield f"public addresses, unless they are yours the clusters cannot reach who has them: {names}"


def _is_public(network: netaddr.IPNetwork) -> bool:
    return ip_network(str(network)).is_global


def _too_small(planned: PlannedRange) -> Iterator[str]:
    binding = planned.binding
    if binding and binding.limit.n < binding.needed:
        yield (
            f"{planned.name} is {planned.origin} at {planned.network}, which is too small: {binding.needed:,} "
            f"{binding.limit.quantity} needed, room for {binding.limit.n:,}; it is full {when(binding)}. {binding.limit.words}"
        )


def _beyond_ranges(name: str, ranges: Sequence[PlannedRange], binding: Binding | None) -> Iterator[str]:
    """Yield the limit that no range lifts, where it is reached before the horizon."""
    if binding is None or binding.limit.n >= binding.needed:
        return
    own = {(limit.quantity, limit.name) for r in ranges if r.cluster.name == name for limit in r.limits}
    if (binding.limit.quantity, binding.limit.name) not in own:
        yield (
            f"{name}: {binding.needed:,} {binding.limit.quantity} are needed, and no range helps: {binding.limit.words} "
            f"It is reached {when(binding)}."
        )


def _small_mask(cluster: ClusterNeeds) -> Iterator[str]:
    mask = node_mask(cluster)
    holds = pods_of_mask(cluster.ipam, cluster.max_pods, mask) if mask else cluster.max_pods
    if holds < cluster.max_pods:
        yield (
            f"{cluster.name}: maxPods is {cluster.max_pods}, but a node's /{mask} has room for {holds} pods; "
            "those above that stay in ContainerCreating."
        )
