"""How full the ranges and nodes of a cluster are: usable, used and free addresses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.frames import is_schedulable
from kubenetlab.ipam.aks_node_subnet import subnet_addresses
from kubenetlab.ipam.cloud_subnets import RESERVED
from kubenetlab.ipam.largest_free import free_intervals
from kubenetlab.ipam.node_pod_ranges import calico_blocks, ipam_of, node_pod_ranges
from kubenetlab.ipam.pod_cidr_capacity import pods_per_node
from kubenetlab.ipam.range_contents import RangeContents, contents_of_ranges, contents_of_subnets
from kubenetlab.ipam.range_parts import largest_free_of_nodes, lost_to_services, parts_of
from kubenetlab.ipam.ranges import Interval, Range, range_of
from kubenetlab.objects import Node
from kubenetlab.result import Basis, Result

_RANGE_COLUMNS = [
    "range", "role", "object", "unit", "n_usable", "n_used", "n_free", "used_share", "n_held", "n_owned",
    "largest_free", "part", "n_parts", "n_parts_free",
]  # fmt: skip
_NODE_COLUMNS = [
    "node", "zone", "pod_cidr", "is_schedulable", "n_pods", "n_host_network", "max_pods", "n_addresses", "limit", "n_free", "used_share",
    "largest_free",
]  # fmt: skip
_AZURE_NODE_SUBNET = "azure-node-subnet"
#: Pods of an AKS node with Azure CNI's node subnet where nothing else is said (azure-aks-docs fb060ab).
DEFAULT_MAX_PODS = 30
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
    that are gone. ``largest_free`` is the largest aligned block that nothing takes (a CIDR, or ``none``): where a
    range is given in parts, whole parts count as taken. ``part`` (``/24``) is the size of what a node gets of it (a pod
    CIDR, a Calico block), ``n_parts`` how many of these the range has under its IPAM and ``n_parts_free`` how many are
    still whole and free: a pool may have many free addresses and no free block.
    Counts are Python integers (IPv6 ranges exceed 64 bits); missing where the dump does not say.

    Notes
    -----
    An inferred range is the smallest one that holds what the dump shows, so its usable and free addresses are
    unknown. Where more is in use than may be (nodes that hold what a Service range takes away), nothing is free, the
    share is 1, and ``because`` says so. A node of Azure's node subnet keeps addresses for all the pods that it may have:
    they are used, and which ones they are is unknown.

    References
    ----------
    .. [1] kubernetes, pkg/registry/core/service/ipallocator: IPv4 Service ranges lose two addresses, IPv6 one.
    .. [2] kubernetes, pkg/controller/nodeipam/ipam/range_allocator.go, filterOutServiceRange: no node gets a part
       that a Service range touches; Calico, Cilium's operator and OVN-Kubernetes do not look at Services.
    """
    contents = contents_of_ranges(cluster)
    rows = [(*_range_row(cluster, c), *map(_or_missing, parts_of(cluster, c))) for c in contents]
    frame = pd.DataFrame(rows, columns=_RANGE_COLUMNS, dtype="object")
    frame = frame.astype(dict.fromkeys(_RANGE_COLUMNS[:4], "str") | {"used_share": "Float64"})
    settings = tuple(cluster.settings[name] for name in _RANGE_SETTINGS if name in cluster.settings)
    because = (*(f"{c.range.text} is {c.role}: {c.range.owner}" for c in contents), *_overfull(frame))
    return Result(title="Ranges", _frame=frame, assumptions=settings, because=because, basis=Basis.SOURCE)


_RANGE_SETTINGS = ("cluster_cidr", "service_cidr", "node_cidr", "ipam")


def _or_missing(value: Any) -> Any:
    return pd.NA if value is None else value


def _overfull(frame: pd.DataFrame) -> Iterator[str]:
    known = frame.dropna(subset=["n_used", "n_usable"])
    for text, n_used, n_usable in zip(known["range"], known["n_used"], known["n_usable"], strict=True):
        if n_used > n_usable:
            yield f"{text} has {n_used:,} addresses in use and {n_usable:,} that may be: nothing is free"


def _range_row(cluster: Cluster, contents: RangeContents) -> tuple[Any, ...]:
    is_given = bool(contents.given) and not contents.is_by_blocks
    lost = lost_to_services(cluster, contents)
    n_lost = sum(last - first + 1 for first, last in lost) + _n_reserved(cluster, contents)
    n_usable: Any = pd.NA if contents.is_inferred else max(0, contents.range.size - n_lost)
    n_held = pd.NA if contents.held is None else len(contents.held)
    n_owned = pd.NA if contents.n_owned is None else contents.n_owned
    n_used = contents.n_given if is_given else _n_kept(cluster, contents, n_held)
    unit = "given to nodes" if is_given else "addresses"
    place = (contents.range.text, contents.role, contents.range.owner, unit)
    if n_usable is pd.NA or n_used is pd.NA:
        return (*place, n_usable, n_used, pd.NA, pd.NA, n_held, n_owned)
    n_free = _n_free(contents, lost) if is_given else max(0, n_usable - n_used)
    used_share = min(1.0, n_used / n_usable) if n_usable else 1.0
    return (*place, n_usable, n_used, n_free, used_share, n_held, n_owned)


def _n_free(contents: RangeContents, lost: list[Interval]) -> int:
    taken = [*((part.first, part.last) for part in contents.given), *lost]
    return sum(last - first + 1 for first, last in free_intervals(contents.range, taken))


def _n_reserved(cluster: Cluster, contents: RangeContents) -> int:
    """Addresses that the role never uses: network and broadcast, as far as the range has them; Azure keeps five."""
    if contents.role == "pod range" and ipam_of(cluster) == _AZURE_NODE_SUBNET:
        return min(sum(RESERVED["azure"]), contents.range.size)
    if contents.role not in ("Service range", "node range"):
        return 0
    return min(2 if contents.range.version == 4 else 1, contents.range.size)


def _n_kept(cluster: Cluster, contents: RangeContents, n_held: Any) -> Any:
    """Addresses in use; a node of Azure's node subnet keeps one for itself and one for every pod that it may have."""
    if contents.role != "pod range" or ipam_of(cluster) != _AZURE_NODE_SUBNET or not cluster.nodes:
        return n_held
    setting = cluster.settings.get("max_pods")
    usual = int(setting.value) if setting and setting.value else DEFAULT_MAX_PODS
    inside = (n for n in cluster.nodes if any(contents.range.holds(range_of(ip)) for ip in n.internal_ips))
    kept = (subnet_addresses(1, node.status.capacity.n_pods or usual, 0) for node in inside)
    return max(sum(kept), 0 if n_held is pd.NA else n_held)


def node_use(cluster: Cluster) -> Result:
    """Return how full each node is.

    Returns
    -------
    A Result; its frame has one row a node: node, zone, pod_cidr (of the cluster's IPAM; Calico's blocks where it is
    Calico's), is_schedulable (not cordoned, and without a taint NoSchedule or NoExecute), n_pods (not finished),
    n_host_network (of them on the host network), max_pods (status.capacity.pods), n_addresses (pods that the pod
    CIDR can hold under the IPAM, at most 2**63 - 1; missing where it does not limit them), limit (``max_pods`` or ``pod CIDR``: what
    is reached first), n_free (pods that still fit), used_share (0 to 1, of the limit), largest_free (the largest
    aligned block of the node's ranges that no pod of the dump has an address of, of IPv4 where a node has both
    families; ``none``, or missing where that is unknown).
    """
    ipam = ipam_of(cluster)
    ranges = calico_blocks(cluster) if ipam == "calico" else node_pod_ranges(cluster)
    largest = largest_free_of_nodes(cluster, ranges)
    rows = [
        (*_node_row(cluster, node, ranges.get(node.metadata.name, []), ipam), largest.get(node.metadata.name))
        for node in cluster.nodes
    ]
    frame = pd.DataFrame(rows, columns=_NODE_COLUMNS, dtype="object").astype(
        dict.fromkeys(("node", "zone", "pod_cidr", "limit", "largest_free"), "str")
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
    as pod CIDRs or blocks), n_held (by pods, Services or nodes). Counts are Python integers. Where pods have addresses of
    the cloud's subnets, the listed subnets that hold nodes or pods are among the ranges, as node ranges.
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
        for c in (*contents_of_ranges(cluster), *contents_of_subnets(cluster))
        for part, cut in enumerate(_parts(c.range, n_parts))
    ]
    frame = pd.DataFrame(rows, columns=_PART_COLUMNS, dtype="object")
    frame = frame.astype({"range": "str", "role": "str", "object": "str", "part": "int64"})
    return Result(title="Where in the ranges addresses are used", _frame=frame, basis=Basis.SOURCE)


def _parts(whole: Range, n_parts: int) -> list[Interval]:
    n_parts = min(n_parts, whole.size)
    edges = [whole.first + whole.size * part // n_parts for part in range(n_parts + 1)]
    return [(start, end - 1) for start, end in pairwise(edges)]
