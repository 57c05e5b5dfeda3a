"""The tables of a plan: its ranges, and its clusters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import netaddr

from kubenetlab.ipam.planner.cluster_needs import ClusterNeeds
from kubenetlab.ipam.planner.run_out import Binding, day
from kubenetlab.ipam.set_up import Limit

if TYPE_CHECKING:
    import pandas as pd

#: ``origin`` is placed, fixed or kept; ``needed`` and ``holds`` count ``quantity``, ``head_room`` is their difference;
#: ``years_low`` and ``years_high`` are the years until the range is full at the lower and at the upper growth, missing
#: for never; ``runs_out_low`` and ``runs_out_high`` are the days, where the request has ``as_of``.
RANGE_COLUMNS = (
    "name", "cluster", "platform", "role", "family", "range", "addresses", "parent", "origin", "quantity", "needed",
    "holds", "head_room", "binds", "words", "years_low", "years_high", "runs_out_low", "runs_out_high",
)  # fmt: skip
CLUSTER_COLUMNS = (
    "cluster", "platform", "cni", "ipam", "max_pods", "nodes", "nodes_needed", "pods_needed", "services_needed",
    "quantity", "binds", "words", "years_low", "years_high", "runs_out_low", "runs_out_high",
)  # fmt: skip
_COUNTS = (
    "addresses",
    "needed",
    "holds",
    "head_room",
    "nodes",
    "nodes_needed",
    "pods_needed",
    "services_needed",
)


class PlannedRange(NamedTuple):
    """One range of a plan: whose and for what, where, in which parent, why there, and what it is enough for.

    ``parent`` is "" and ``origin`` is ``fixed`` where the request says the range itself; ``kept`` comes from an earlier
    plan, ``placed`` is new. ``limits`` are those that the range sets, ``binding`` is the one that is reached first.
    """

    cluster: ClusterNeeds
    role: str
    name: str
    network: netaddr.IPNetwork
    parent: str
    origin: str
    limits: tuple[Limit, ...]
    binding: Binding | None


class ClusterBinding(NamedTuple):
    """A cluster, and which of all its limits is reached first, those included that no range lifts."""

    cluster: ClusterNeeds
    binding: Binding | None


def range_frame(ranges: Sequence[PlannedRange], as_of: date | None) -> pd.DataFrame:
    """Return one row a range; ``RANGE_COLUMNS``."""
    rows = [_range_row(planned, as_of) for planned in ranges]
    return _frame(rows, RANGE_COLUMNS)


def cluster_frame(clusters: Sequence[ClusterBinding], as_of: date | None) -> pd.DataFrame:
    """Return one row a cluster; ``CLUSTER_COLUMNS``."""
    return _frame([_cluster_row(found, as_of) for found in clusters], CLUSTER_COLUMNS)


def _range_row(planned: PlannedRange, as_of: date | None) -> dict[str, Any]:
    binding = planned.binding
    counts = (
        {"quantity": str(binding.limit.quantity), "needed": binding.needed, "holds": binding.limit.n,
         "head_room": binding.limit.n - binding.needed} if binding else {}
    )  # fmt: skip
    return {
        "name": planned.name,
        "cluster": planned.cluster.name,
        "platform": planned.cluster.platform,
        "role": planned.role,
        "family": f"IPv{planned.network.version}",
        "range": str(planned.network),
        "addresses": planned.network.size,
        "parent": planned.parent,
        "origin": planned.origin,
        **counts,
        **_when(binding, as_of),
    }


def _cluster_row(found: ClusterBinding, as_of: date | None) -> dict[str, Any]:
    cluster = found.cluster
    names = ("platform", "cni", "ipam", "max_pods", "nodes", "nodes_needed", "pods_needed", "services_needed")
    counts = {name: getattr(cluster, name) for name in names}
    quantity = str(found.binding.limit.quantity) if found.binding else ""
    return {"cluster": cluster.name, **counts, "quantity": quantity, **_when(found.binding, as_of)}


def _when(binding: Binding | None, as_of: date | None) -> dict[str, Any]:
    if binding is None:
        return {"binds": "", "words": "", "runs_out_low": "", "runs_out_high": ""}
    return {
        "binds": binding.limit.name,
        "words": binding.limit.words,
        "years_low": binding.years_low,
        "years_high": binding.years_high,
        "runs_out_low": day(as_of, binding.years_low) if as_of else "",
        "runs_out_high": day(as_of, binding.years_high) if as_of else "",
    }


def _frame(rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Return a frame; counts are Python's whole numbers, since IPv6 ranges hold more than 64 bits."""
    import pandas as pd

    data = {name: pd.Series([row.get(name) for row in rows], dtype=_dtype(name)) for name in columns}
    return pd.DataFrame(data)


def _dtype(name: str) -> Any:
    if name in _COUNTS:
        return object
    return "float64" if name.startswith("years") else "int64" if name == "max_pods" else "str"
