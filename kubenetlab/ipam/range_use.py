"""How full the ranges and nodes of a cluster are: usable, used and free addresses."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.frames import is_schedulable
from kubenetlab.ipam.node_pod_ranges import calico_blocks, ipam_of, node_pod_ranges
from kubenetlab.ipam.pod_cidr_capacity import pods_per_node
from kubenetlab.ipam.range_contents import RangeContents, contents_of_ranges
from kubenetlab.ipam.ranges import Interval, Range
from kubenetlab.objects import Node
from kubenetlab.result import Basis, Result

_RANGE_COLUMNS = [
    "range", "role", "object", "unit", "n_usable", "n_used", "n_free", "used_share", "n_held", "n_owned",
]  # fmt: skip
_NODE_COLUMNS = [
    "node", "zone", "pod_cidr", "is_schedulable", "n_pods", "n_host_network", "max_pods", "n_addresses", "limit", "n_free", "used_share",
]  # fmt: skip
_PART_COLUMNS = ["range", "role", "object", "part", "n_addresses", "n_given", "n_held"]


def range_use(cluster: Cluster) -> Result:
    """Return how full each range is.

    Returns
    -------
    A Result; its frame has one row a range: range, role (``pod range``, ``Service range`` …), object (who says
    so), unit, n_usable, n_used, n_free, used_share (0 to 1), n_held, n_owned. Used is what cannot be given again: where
    nodes get parts of the range (``unit`` is ``given to nodes``) whole parts count, else single addresses. Calico
    counts addresses: a node that has no room in its blocks takes addresses of others (IPAMBlocks say how many).
    ``n_held`` counts the addresses that pods, Services or nodes have, or that Calico's blocks say are in use, and
    ``n_owned`` those of them that an object of the dump has: Calico also holds addresses for tunnels, and for pods
    that are gone. Counts are Python integers (IPv6 ranges exceed 64 bits); missing where the dump does not say.

    Notes
    -----
    An inferred range is the smallest one that holds what the dump shows, so its usable and free addresses are
    unknown.

    References
    ----------
    .. [1] kubernetes, pkg/registry/core/service/ipallocator: IPv4 Service ranges lose two addresses, IPv6 one.
    .. [2] kubernetes, pkg/controller/nodeipam/ipam/range_allocator.go, filterOutServiceRange: no node gets a part
       that a Service range touches.
    """
    contents = contents_of_ranges(cluster)
    services = [c.range for c in contents if c.role == "Service range" and not c.is_inferred]
    rows = [_range_row(c, services) for c in contents]
    frame = pd.DataFrame(rows, columns=_RANGE_COLUMNS, dtype="object")
    frame = frame.astype(dict.fromkeys(_RANGE_COLUMNS[:4], "str") | {"used_share": "Float64"})
    settings = tuple(cluster.settings[name] for name in _RANGE_SETTINGS if name in cluster.settings)
    because = tuple(f"{c.range.text} is {c.role}: {c.range.owner}" for c in contents)
    return Result(title="Ranges", _frame=frame, assumptions=settings, because=because, basis=Basis.SOURCE)


_RANGE_SETTINGS = ("cluster_cidr", "service_cidr", "node_cidr", "ipam")


def _range_row(contents: RangeContents, services: list[Range]) -> tuple[Any, ...]:
    is_given = bool(contents.given) and not contents.is_by_blocks
    n_lost = _n_lost(contents, services) if is_given else _n_reserved(contents)
    n_usable: Any = pd.NA if contents.is_inferred else max(1, contents.range.size - n_lost)
    n_held = pd.NA if contents.held is None else len(contents.held)
    n_owned = pd.NA if contents.n_owned is None else contents.n_owned
    n_used = contents.n_given if is_given else n_held
    n_free = n_usable - n_used
    used_share = pd.NA if n_free is pd.NA else n_used / n_usable
    unit = "given to nodes" if is_given else "addresses"
    place = (contents.range.text, contents.role, contents.range.owner, unit)
    return (*place, n_usable, n_used, n_free, used_share, n_held, n_owned)


def _n_reserved(contents: RangeContents) -> int:
    """Addresses that the role never uses: network and broadcast, as far as the range has them."""
    if contents.role not in ("Service range", "node range"):
        return 0
    return min(2 if contents.range.version == 4 else 1, contents.range.size - 1)


def _n_lost(contents: RangeContents, services: list[Range]) -> int:
    """Addresses of parts that a Service range touches."""
    size, part = contents.range.size, min(part.size for part in contents.given)
    return sum(max(min(size, s.size), part) for s in services if s.overlaps(contents.range))


def node_use(cluster: Cluster) -> Result:
    """Return how full each node is.

    Returns
    -------
    A Result; its frame has one row a node: node, zone, pod_cidr (of the cluster's IPAM; Calico's blocks where it is
    Calico's), is_schedulable (not cordoned, and without a taint NoSchedule or NoExecute), n_pods (not finished),
    n_host_network (of them on the host network), max_pods (status.capacity.pods), n_addresses (pods that the pod
    CIDR can hold under the IPAM, at most 2**63 - 1; missing where it does not limit them), limit (``max_pods`` or ``pod CIDR``: what
    is reached first), n_free (pods that still fit), used_share (0 to 1, of the limit).
    """
    ipam = ipam_of(cluster)
    ranges = calico_blocks(cluster) if ipam == "calico" else node_pod_ranges(cluster)
    rows = [_node_row(cluster, node, ranges.get(node.metadata.name, []), ipam) for node in cluster.nodes]
    frame = pd.DataFrame(rows, columns=_NODE_COLUMNS, dtype="object").astype(
        dict.fromkeys(("node", "zone", "pod_cidr", "limit"), "str")
        | dict.fromkeys(("n_pods", "n_host_network", "max_pods", "n_addresses", "n_free"), "Int64")
        | {"used_share": "Float64", "is_schedulable": "bool"}
    )
    settings = tuple(cluster.settings[name] for name in ("ipam", "max_pods") if name in cluster.settings)
    return Result(title="Nodes", _frame=frame, assumptions=settings, basis=Basis.SOURCE)


def _node_row(cluster: Cluster, node: Node, ranges: list[Range], ipam: str) -> tuple[Any, ...]:
    pods = cluster.pods_by_node.get(node.metadata.name, [])
    n_host_network = sum(pod.spec.host_network for pod in pods)
    max_pods, n_addresses = map(_within_64_bits, (node.status.capacity.n_pods, pods_per_node(ranges, ipam)))
    limits = []
    if max_pods is not None:
        limits.append((max_pods - len(pods), max_pods, "max_pods"))
    if n_addresses is not None:
        limits.append((n_addresses - len(pods) + n_host_network, n_addresses, "pod CIDR"))
    n_free, size, limit = min(limits, default=(None, None, ""))
    is_known = bool(cluster.pods) and n_free is not None and size
    counts = (len(pods), n_host_network) if cluster.pods else (None, None)
    share = (1 - n_free / size) if is_known and n_free is not None and size else None
    place = (node.metadata.name, node.zone, ", ".join(r.text for r in ranges), is_schedulable(node))
    return (*place, *counts, max_pods, n_addresses, limit, n_free if is_known else None, share)


def _within_64_bits(number: int | None) -> int | None:
    return None if number is None else min(number, 2**63 - 1)


def range_occupancy(cluster: Cluster, n_parts: int = 128) -> Result:
    """Return where in each range the used addresses lie.

    Parameters
    ----------
    cluster
        The cluster.
    n_parts
        Equal parts to cut each range into; a range of fewer addresses is cut into single ones.

    Returns
    -------
    A Result; its frame has one row a part: range, role, object, part (0, 1, …), n_addresses, n_given (to nodes,
    as pod CIDRs or blocks), n_held (by pods, Services or nodes). Counts are Python integers.
    """
    rows = [
        (
            c.range.text,
            c.role,
            c.range.owner,
            part,
            cut[1] - cut[0] + 1,
            c.count_given(cut),
            c.count_held(cut),
        )
        for c in contents_of_ranges(cluster)
        for part, cut in enumerate(_parts(c.range, n_parts))
    ]
    frame = pd.DataFrame(rows, columns=_PART_COLUMNS, dtype="object")
    frame = frame.astype({"range": "str", "role": "str", "object": "str", "part": "int64"})
    return Result(title="Where in the ranges addresses are used", _frame=frame, basis=Basis.SOURCE)


def _parts(whole: Range, n_parts: int) -> list[Interval]:
    n_parts = min(n_parts, whole.size)
    edges = [whole.first + whole.size * part // n_parts for part in range(n_parts + 1)]
    return [(start, end - 1) for start, end in pairwise(edges)]
