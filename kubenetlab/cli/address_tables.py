"""The tables of ``kubenetlab show SOURCE addresses``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubenetlab.cli.tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from kubenetlab.cluster import Cluster
    from kubenetlab.ipam.days_left import PerDay
    from kubenetlab.ipam.forecast.growth import Growth
    from kubenetlab.result import Result

_RANGE = [
    "range", "role", "n_usable", "n_used", "n_free", "used_share", "largest_free", "part", "n_parts", "n_parts_free",
]  # fmt: skip
_NODE = [
    "node", "pod_cidr", "n_pods", "max_pods", "n_addresses", "limit", "n_free", "used_share", "largest_free",
]  # fmt: skip
_MAX_REASONS = 20


def everything(cluster: Cluster, growth: Growth | PerDay | None) -> list[Table]:
    """Return all that is known of a cluster's addresses; tables without a row are left out, but that of the ranges."""
    from kubenetlab.ipam.range_use import node_use

    nodes = Table(
        "Nodes (room for pods; the tighter of node capacity and pod CIDR)", _shown(node_use(cluster), _NODE)
    )
    return [*in_short(cluster, growth), *_filled([nodes, *_leaks(cluster)])]


def _filled(tables: list[Table]) -> list[Table]:
    return [table for table in tables if len(table.frame)]


def in_short(cluster: Cluster, growth: Growth | PerDay | None) -> list[Table]:
    """Return the ranges (with a growth, also how long they last), the clouds' subnets, the room there is, and the MTU."""
    tables = [*ranges(cluster, growth), *_filled(_clouds(cluster))]
    return [*tables, *_capacity(cluster), *_mtu(cluster)]


def ranges(cluster: Cluster, growth: Growth | PerDay | None) -> list[Table]:
    """Return the table of the ranges, and with a growth that of the days left."""
    from kubenetlab.ipam.range_use import range_use

    title = "Ranges (largest_free: block that nothing takes; part: what a node gets)"
    tables = [Table(title, _shown(range_use(cluster), _RANGE))]
    if growth:
        from kubenetlab.ipam.days_left import days_left

        found = days_left(cluster, growth)
        first = f"; {found.because[0]}" if found.because else ""
        tables.append(Table(f"Days left at {growth.words}, without churn{first}", found.frame))
    return tables


def _shown(result: Result, columns: list[str]) -> pd.DataFrame:
    return _rounded(result)[columns]


def _rounded(result: Result) -> pd.DataFrame:
    """Return a frame with its shares rounded, and its counts as numbers where they fit."""
    frame = result.frame
    names = [str(name) for name in frame]
    shares = {name: frame[name].astype("Float64").round(4) for name in names if name.endswith("_share")}
    counts = [name for name in names if name.startswith("n_") and _fits(frame[name])]
    return frame.assign(**shares).astype(dict.fromkeys(counts, "Int64"))


def _fits(values: pd.Series[Any]) -> bool:
    """Whether all counts of a column fit into 64 bits; those of IPv6 ranges do not, and stay as they are."""
    return all(value < 2**63 for value in values.dropna())


def _capacity(cluster: Cluster) -> list[Table]:
    from kubenetlab.ipam.set_up_of_cluster import cluster_capacity

    found = cluster_capacity(cluster)
    return [Table(f"Capacity: {found.because[0]}", found.frame)]


def _mtu(cluster: Cluster) -> list[Table]:
    from kubenetlab.ipam.cluster_mtu import cluster_mtu

    found = cluster_mtu(cluster)
    return [Table(found.title, found.frame)]


def _clouds(cluster: Cluster) -> list[Table]:
    from kubenetlab.ipam.cloud_subnets import node_pools, subnet_use

    subnets, pools = subnet_use(cluster), node_pools(cluster)
    return [Table(subnets.title, _rounded(subnets)), Table(pools.title, pools.frame), *_reasons(subnets)]


def _leaks(cluster: Cluster) -> list[Table]:
    from kubenetlab.ipam.address_leaks import host_local_use, leaked_addresses
    from kubenetlab.ipam.pinned_blocks import pinned_blocks

    files, leaked, blocks = host_local_use(cluster), leaked_addresses(cluster), pinned_blocks(cluster)
    frame = blocks.frame
    telling = frame[frame["is_node_gone"] | frame["is_pinned"] | (frame["n_leaked"].fillna(0) > 0)]
    title = "Calico blocks that are pinned by one address, hold addresses of pods that are gone, or whose node is gone"
    return [Table(files.title, _rounded(files)), Table(leaked.title, leaked.frame), Table(title, telling)]


def _reasons(result: Result) -> list[Table]:
    import pandas as pd

    reasons = pd.DataFrame({"note": pd.Series(result.because[:_MAX_REASONS], dtype="str")})
    return [Table(f"Notes on {result.title.lower()}", reasons)]
