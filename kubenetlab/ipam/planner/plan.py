"""A request in, a plan out: every range with its head-room, what binds and when, and a certificate that it holds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import netaddr

from kubenetlab.ipam.planner import plan_words
from kubenetlab.ipam.planner.certificate import certificate
from kubenetlab.ipam.planner.demands import Wanted, wanted_ranges
from kubenetlab.ipam.planner.kept_ranges import moves, without_kept
from kubenetlab.ipam.planner.packing import pack
from kubenetlab.ipam.planner.plan_frames import ClusterBinding, PlannedRange, cluster_frame, range_frame
from kubenetlab.ipam.planner.request import Request, checked_request
from kubenetlab.ipam.planner.run_out import binding
from kubenetlab.ipam.planner.running_clusters import planned_anew, running
from kubenetlab.ipam.planner.sizes import limits_of, needs, own_limits, set_up
from kubenetlab.readers.plan_file import read_plan_file
from kubenetlab.readers.plan_request import read_plan_request
from kubenetlab.result import Basis, Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan(Result):
    """Where every range of a request lies. ``frame`` has one row a range (``plan_frames.RANGE_COLUMNS``).

    Attributes
    ----------
    request
        What was asked for.
    ranges
        Every range, in the order of the request.
    certificate
        Facts that ``kubenetlab.ipam.planner.checker.check`` verifies without the planner.
    notes
        What the reader of the plan should know: fixed ranges that are too small, limits that no range lifts.
    """

    request: Request
    ranges: tuple[PlannedRange, ...]
    certificate: dict[str, Any] = field(repr=False)
    _clusters: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def clusters(self) -> pd.DataFrame:
        """One row a cluster (``plan_frames.CLUSTER_COLUMNS``): what it needs, and which of all limits is reached first."""
        return self._clusters.copy()

    @property
    def networks(self) -> dict[str, netaddr.IPNetwork]:
        """Every range by its name."""
        return {planned.name: planned.network for planned in self.ranges}

    @property
    def ranges_by_cluster(self) -> dict[str, dict[str, tuple[netaddr.IPNetwork, ...]]]:
        """By cluster and role, the ranges in the order of the cluster's families."""
        found: dict[str, dict[str, tuple[netaddr.IPNetwork, ...]]] = {
            c.name: {} for c in self.request.clusters
        }
        for planned in self.ranges:
            roles = found[planned.cluster.name]
            roles[planned.role] = (*roles.get(planned.role, ()), planned.network)
        return found


def plan_addresses(
    request: str | os.PathLike[str], keep: Plan | str | os.PathLike[str] | None = None
) -> Plan:
    """Return a plan for the request in a YAML file.

    Parameters
    ----------
    request
        The file; ``kubenetlab plan --help`` shows what it may say.
    keep
        An earlier plan, or the file that ``kubenetlab plan -o plan.json`` wrote: its ranges stay where they are.

    Raises
    ------
    UnreadableError, ManifestError
        If a file cannot be read, the request is no request, or something in it cannot be.
    ImpossiblePlanError
        If the ranges do not fit; it says which requirements are in the way, and the smallest relaxation.
    """
    return make_plan(checked_request(read_plan_request(request)), _kept(keep))


def _kept(keep: Plan | str | os.PathLike[str] | None) -> Mapping[str, netaddr.IPNetwork]:
    if keep is None:
        return {}
    return (keep if isinstance(keep, Plan) else read_plan_file(keep)).networks


def make_plan(request: Request, kept: Mapping[str, netaddr.IPNetwork] | None = None) -> Plan:
    """Return a plan for a request.

    Parameters
    ----------
    request
        What is asked for (``read_plan_request``, then ``checked_request``).
    kept
        Ranges of an earlier plan by name: none of them moves unless it is too small or in the way.

    Raises
    ------
    ManifestError
        If a range has no parents, or no size is enough.
    ImpossiblePlanError
        If the ranges do not fit; it says which requirements are in the way, and the smallest relaxation.
    """
    kept = kept or {}
    wanted = list(wanted_ranges(request, kept))
    demands = [w.demand for w in wanted]
    request = replace(request, obstacles=without_kept(request.obstacles, demands))
    placed = pack(demands, request.obstacles)
    ranges = _planned(wanted, placed)
    clusters = _cluster_bindings(request, ranges)
    return Plan(
        title=plan_words.title(request, ranges),
        _frame=range_frame(ranges, request.as_of),
        assumptions=(*plan_words.assumptions(request), *running(request)),
        because=tuple(plan_words.reasons(request)),
        basis=Basis.DOCS,
        request=request,
        ranges=ranges,
        certificate=certificate(demands, request.obstacles, placed, _inequalities(ranges)),
        _clusters=cluster_frame(clusters, request.as_of),
        notes=(
            *moves(demands, kept, placed, request.obstacles),
            *planned_anew(request, ranges),
            *plan_words.notes(ranges, clusters),
        ),
    )


def _planned(wanted: Sequence[Wanted], placed: Mapping[str, netaddr.IPNetwork]) -> tuple[PlannedRange, ...]:
    together: dict[tuple[str, str, int], list[netaddr.IPNetwork]] = {}
    for w in wanted:
        together.setdefault(_key(w), []).append(placed[w.demand.name])
    return tuple(_planned_range(w, placed[w.demand.name], together[_key(w)]) for w in wanted)


def _key(wanted: Wanted) -> tuple[str, str, int]:
    return wanted.cluster.name, wanted.role, wanted.demand.version


def _planned_range(w: Wanted, network: netaddr.IPNetwork, networks: list[netaddr.IPNetwork]) -> PlannedRange:
    """Return a range with what binds in it; several of one role and family are one pool."""
    demand = w.demand
    origin = "fixed" if demand.at is not None else "kept" if demand.stays == network else "placed"
    parent = next((str(p) for p in demand.parents if network in p), "") if demand.at is None else ""
    limits = tuple(own_limits(w.cluster, w.role, networks))
    return PlannedRange(
        w.cluster, w.role, demand.name, network, parent, origin, limits, binding(w.cluster, limits)
    )


def _cluster_bindings(request: Request, ranges: Sequence[PlannedRange]) -> list[ClusterBinding]:
    by_cluster: dict[str, dict[str, list[netaddr.IPNetwork]]] = {c.name: {} for c in request.clusters}
    for planned in ranges:
        by_cluster[planned.cluster.name].setdefault(planned.role, []).append(planned.network)
    return [ClusterBinding(c, binding(c, limits_of(set_up(c, by_cluster[c.name])))) for c in request.clusters]


def _inequalities(ranges: Sequence[PlannedRange]) -> list[dict[str, Any]]:
    """Return what every range is enough for, as numbers; a fixed range that is too small has none."""
    return [
        {
            "name": planned.name,
            "quantity": str(limit.quantity),
            "needed": wanted,
            "holds": limit.n,
            "words": limit.words,
        }
        for planned in ranges
        for limit in planned.limits
        if (wanted := needs(planned.cluster, planned.role)[limit.quantity]) <= limit.n
    ]
