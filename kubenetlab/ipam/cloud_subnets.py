"""How full the subnets of the cloud are, from the cloud's own listings: no Kubernetes object tells.

Source: Amazon VPC User Guide, subnet sizing (the first four addresses and the last are reserved); azure-aks-docs
fb060ab (the same five); Google Cloud, VPC subnets (network, gateway, second-to-last and broadcast of a primary range; none
of a secondary one). Basis: *docs*.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.largest_free import count_blocks, free_intervals, largest_block
from kubenetlab.ipam.node_pod_ranges import FLAT_IPAMS, ipam_of
from kubenetlab.ipam.ranges import Interval, Range, outermost, range_of
from kubenetlab.ipam.vpc_subnets import ADDRESSES_PER_PREFIX
from kubenetlab.objects.listings import CloudSubnet
from kubenetlab.readers.settings.cloud_listings import subnets_in_use
from kubenetlab.result import Basis, Result

_COLUMNS = [
    "cloud", "subnet", "range", "zone", "role", "n_reserved", "n_usable", "n_used", "n_free", "used_share", "used_by",
    "n_nodes", "n_pods", "largest_free", "n_prefixes_free",
]  # fmt: skip
_POOL_COLUMNS = ["cloud", "node_pool", "n_nodes", "max_nodes", "max_pods", "subnet", "pod_subnet"]
_COUNTS = ("n_reserved", "n_usable", "n_used", "n_free")
#: Addresses that a cloud keeps at the start and the end of a subnet.
RESERVED = {"aws": (4, 1), "azure": (4, 1), "gcp": (2, 2)}
_SECONDARY = ("pod range", "Service range", "secondary range")
_SIZE_LISTED = "AvailableIpAddressCount"
_COUNTED = {"aws": _SIZE_LISTED, "azure": "ipConfigurations"}
_INTERFACES = "network interfaces"
#: How the words start that say how many nodes are in no listed subnet.
LACKS = "the listing lacks the subnets of"


def subnet_use(cluster: Cluster) -> Result:
    """Return how full each listed subnet of the cloud is.

    Returns
    -------
    A Result; its frame has one row a subnet and range: cloud, subnet, range, zone, role (``subnet``, ``pod range``,
    ``Service range`` or ``secondary range``), n_reserved (addresses that the cloud keeps), n_usable, n_used, n_free,
    used_share (0 to 1), used_by (where the number comes from: ``AvailableIpAddressCount``, ``ipConfigurations``,
    ``network interfaces``; empty where nothing listed says it, and the counts are missing), n_nodes and n_pods (of the
    dump, with an address in it), largest_free (the largest aligned free block) and n_prefixes_free (aligned free
    blocks of 16 addresses, what AWS's prefix delegation and AKS's static blocks take). Both need the list of all
    interfaces of the subnet (they are missing where it shows fewer addresses than are in use), and count nothing that is reserved (``aws ec2 get-subnet-cidr-reservations``).

    Without listings the frame is empty, and how full the subnets are is unknown.
    """
    holders = _Holders(cluster)
    others = _other_networks(cluster)
    rows = [_row(subnet, holders, subnet.network not in others) for subnet in cluster.listings.subnets]
    frame = pd.DataFrame(rows, columns=_COLUMNS, dtype="object").astype(
        dict.fromkeys(("cloud", "subnet", "range", "zone", "role", "used_by"), "str")
        | dict.fromkeys(("n_nodes", "n_pods"), "Int64")
        | {"used_share": "Float64"}
    )
    because = tuple(_because(cluster, frame))
    return Result(title="Subnets of the cloud", _frame=frame, because=because, basis=Basis.DOCS)


def node_pools(cluster: Cluster) -> Result:
    """Return the node pools that the clouds' listings name.

    The frame has one row a pool: cloud, node_pool, n_nodes, max_nodes (of the autoscaler), max_pods (of a node), subnet,
    pod_subnet; missing and empty where the listing does not say.
    """
    rows = [pool[: len(_POOL_COLUMNS)] for pool in cluster.listings.node_pools]
    frame = pd.DataFrame(rows, columns=_POOL_COLUMNS)
    texts = dict.fromkeys(("cloud", "node_pool", "subnet", "pod_subnet"), "str")
    frame = frame.astype(texts | dict.fromkeys(("n_nodes", "max_nodes", "max_pods"), "Int64"))
    return Result(title="Node pools", _frame=frame, basis=Basis.DOCS)


class _Holders:
    """Who has addresses: interfaces by subnet, nodes and pods of the dump."""

    def __init__(self, cluster: Cluster) -> None:
        self.has_interfaces = bool(cluster.listings.interfaces)
        self.by_subnet: dict[str, set[Range]] = {}
        for interface in cluster.listings.interfaces:
            held = self.by_subnet.setdefault(interface.subnet, set())
            held.update(range_of(text) for text in interface.addresses)
        self.nodes = _sorted(ip for node in cluster.nodes for ip in node.internal_ips)
        running = (p for p in cluster.pods if not p.has_finished and not p.spec.host_network)
        self.pods = _sorted(ip for pod in running for ip in pod.ips)

    def of_interfaces(self, subnet: CloudSubnet, whole: Range) -> list[Range] | None:
        """Return what interfaces hold of a range of a subnet; None where interfaces were not listed."""
        if not self.has_interfaces or subnet.cloud != "aws":
            return None
        return [held for held in self.by_subnet.get(subnet.name, ()) if whole.holds(held)]


def _sorted(texts: Iterable[str]) -> list[tuple[int, int]]:
    return sorted((r.version, r.first) for r in map(range_of, set(texts)))


def _n_inside(whole: Range, addresses: list[tuple[int, int]]) -> int:
    first, last = (whole.version, whole.first), (whole.version, whole.last)
    return bisect_right(addresses, last) - bisect_left(addresses, first)


def _other_networks(cluster: Cluster) -> set[str]:
    """Return the networks whose subnets have the ranges of the cluster's own, but not its addresses."""
    used = subnets_in_use(cluster) if cluster.nodes or cluster.pods else []
    networks = {subnet.network for subnet in used}
    ranges = [range_of(subnet.cidr) for subnet in used]
    listed = (s for s in cluster.listings.subnets if s.cidr and s.network not in networks)
    return {s.network for s in listed if any(range_of(s.cidr).overlaps(r) for r in ranges)}


def _row(subnet: CloudSubnet, holders: _Holders, is_ours: bool) -> tuple[Any, ...]:
    about = (subnet.cloud, subnet.name, subnet.cidr, subnet.zone, subnet.role)
    if not subnet.cidr:
        return (*about, *[pd.NA] * len(_COUNTS), pd.NA, "", pd.NA, pd.NA, pd.NA, pd.NA)
    whole = range_of(subnet.cidr)
    reserved = _reserved(subnet, whole)
    n_reserved = sum(last - first + 1 for first, last in reserved)
    held = holders.of_interfaces(subnet, whole)
    n_used, used_by = _used(subnet, held)
    n_usable = whole.size - n_reserved
    n_free = pd.NA if n_used is None else max(0, n_usable - n_used)
    share = pd.NA if n_used is None or not n_usable else min(1.0, n_used / n_usable)
    n_inside = (_n_inside(whole, addresses) if is_ours else 0 for addresses in (holders.nodes, holders.pods))
    is_whole = held is not None and sum(r.size for r in outermost(held)) >= (n_used or 0)
    counts = (n_reserved, n_usable, pd.NA if n_used is None else n_used, n_free, share, used_by)
    return (*about, *counts, *n_inside, *_blocks(whole, reserved, held if is_whole else None))


def _reserved(subnet: CloudSubnet, whole: Range) -> list[Interval]:
    """Return what the cloud keeps: nothing of a secondary range, else some addresses at both ends.

    Of a Service range Kubernetes uses neither the first address nor, of IPv4, the last.
    """
    if subnet.role == "Service range":
        ends = [whole.first, *([whole.last] if whole.version == 4 else [])]
        return [(end, end) for end in dict.fromkeys(ends)]
    if subnet.role in _SECONDARY:
        return []
    n_first, n_last = RESERVED[subnet.cloud]
    if whole.size <= n_first + n_last:
        return [(whole.first, whole.last)]
    return [(whole.first, whole.first + n_first - 1), (whole.last - n_last + 1, whole.last)]


def _used(subnet: CloudSubnet, held: list[Range] | None) -> tuple[int | None, str]:
    if subnet.n_used is not None:
        return subnet.n_used, _COUNTED.get(subnet.cloud, "")
    return (None, "") if held is None else (sum(r.size for r in outermost(held)), _INTERFACES)


def _blocks(whole: Range, reserved: list[Interval], held: list[Range] | None) -> tuple[Any, Any]:
    if held is None:
        return pd.NA, pd.NA
    free = free_intervals(whole, [*reserved, *((r.first, r.last) for r in held)])
    n_prefixes = count_blocks(free, ADDRESSES_PER_PREFIX) if whole.version == 4 else pd.NA
    return largest_block(free, whole.version) or "none", n_prefixes


def _because(cluster: Cluster, frame: pd.DataFrame) -> Iterator[str]:
    if frame.empty and ipam_of(cluster) in FLAT_IPAMS:
        yield (
            f"IPAM {ipam_of(cluster)} takes addresses of the cloud's subnets, and no listing of them was given: how "
            "full they are is unknown"
        )
    yield from _doubts(cluster, frame)
    short = frame[
        (frame["n_prefixes_free"].fillna(1) == 0) & (frame["n_free"].fillna(0) >= ADDRESSES_PER_PREFIX)
    ]
    for name, n_free in zip(short["subnet"], short["n_free"], strict=True):
        yield f"{name} has {n_free:,} free addresses and no free /28: prefix delegation fails there"


def _doubts(cluster: Cluster, frame: pd.DataFrame) -> Iterator[str]:
    """Yield what the listings leave open: which network the cluster is in, and what was not listed."""
    networks = list(dict.fromkeys(subnet.network for subnet in subnets_in_use(cluster) if subnet.network))
    if len(networks) > 1 and (cluster.nodes or cluster.pods):
        yield (
            f"{', '.join(networks[:3])} have subnets of the same ranges: which network the cluster is in, the listing of "
            "its network interfaces tells"
        )
    by_name = (
        frame[frame["range"].ne("") & ~frame["range"].str.contains(":")]
        .groupby(["cloud", "subnet"])["range"]
        .nunique()
    )
    several = by_name[by_name > 1].reset_index()
    for name, n_ranges in zip(several["subnet"], several["range"], strict=True):
        yield f"{name} is listed with {n_ranges} ranges"
    names = {subnet.name for subnet in cluster.listings.subnets}
    unlisted = {i.subnet for i in cluster.listings.interfaces if i.subnet not in names}
    if unlisted:
        yield f"network interfaces of {len(unlisted):,} subnets are listed, and these subnets are not (aws ec2 describe-subnets)"
    n_outside = _n_nodes_outside(cluster, frame)
    if n_outside:
        yield f"{LACKS} {n_outside:,} of {len(cluster.nodes):,} nodes"


def _n_nodes_outside(cluster: Cluster, frame: pd.DataFrame) -> int:
    """Return how many nodes have no address in a listed subnet; 0 where no subnet is listed with its range."""
    texts = frame.loc[(frame["role"] == "subnet") & (frame["range"] != ""), "range"]
    subnets = [range_of(text) for text in dict.fromkeys(texts)]
    nodes = ([range_of(ip) for ip in node.internal_ips] for node in cluster.nodes) if subnets else ()
    return sum(bool(ips) and not any(s.holds(ip) for s in subnets for ip in ips) for ips in nodes)
