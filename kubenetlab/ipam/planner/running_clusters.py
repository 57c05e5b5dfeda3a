"""Clusters that run already: how a draft says where their nodes are, and what their reader should know of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubenetlab.ipam.planner.cluster_needs import ClusterNeeds
from kubenetlab.ipam.planner.plan_frames import PlannedRange
from kubenetlab.ipam.planner.platforms import FIXED_FIELDS, NODES
from kubenetlab.ipam.planner.request import Request
from kubenetlab.result import Origin, Setting

_MAX_NAMED = 5


def in_use_name(cluster: str, field: str) -> str:
    """Return the name of an entry in use for a range of a cluster that no field of the cluster can hold.

    >>> in_use_name("shop", "node_cidr")
    'shop: node_cidr'
    """
    return f"{cluster}: {field}"


def planned_anew(request: Request, ranges: Sequence[PlannedRange]) -> Iterator[str]:
    """Yield a note for every range that the plan places although the request has the cluster's own in use."""
    for planned in ranges:
        field = FIXED_FIELDS[planned.role]
        own = request.in_use.get(in_use_name(planned.cluster.name, field), ())
        if own and planned.origin != "fixed":
            yield (
                f"the {planned.role} of {planned.cluster.name} are there already, in {_listed(own)}: {planned.name} "
                f"({planned.network}) is where they could move; {field} says where they stay."
            )


def is_there(request: Request, cluster: ClusterNeeds) -> bool:
    """Return whether the request says where the nodes of a cluster are already."""
    return NODES in cluster.fixed or in_use_name(cluster.name, FIXED_FIELDS[NODES]) in request.in_use


def running(request: Request) -> Iterator[Setting]:
    """Yield what the settings of clusters whose nodes are somewhere already are good for."""
    names = [cluster.name for cluster in request.clusters if is_there(request, cluster)]
    if names:
        why = (
            "those of a cluster that runs are to compare it with, not to run: they create what is there already, and "
            f"ranges that a dump only implies are guesses ({_listed(names)})"
        )
        yield Setting("settings", "create a cluster", Origin.DEFAULT, why)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (f" and {more:,} more" if more > 0 else "")
