"""What is left of a range as blocks: the largest free one, and the parts (node pod CIDRs, Calico blocks) it is given in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

import netaddr

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.calico_blocks import DEFAULT_BLOCK_SIZE
from kubenetlab.ipam.largest_free import count_blocks, free_intervals, largest_block
from kubenetlab.ipam.node_cidr_limits import n_node_cidrs
from kubenetlab.ipam.node_pod_ranges import NODE_POD_CIDR_IPAMS, ipam_of
from kubenetlab.ipam.ovn_subnet_range import SubnetRange
from kubenetlab.ipam.pod_cidr_capacity import POD_CIDR_RULES
from kubenetlab.ipam.range_contents import RangeContents, allocated_in
from kubenetlab.ipam.ranges import Interval, Range, range_of
from kubenetlab.ipam.service_ranges import controller_service_ranges

_BITS = {4: 32, 6: 128}
_MASK_SETTING = {4: "node_cidr_mask_size", 6: "node_cidr_mask_size_ipv6"}
_POD_ROLES = ("pod range", "Calico pool")
_NONE_LEFT = "none"
#: Whose nodes get pod CIDRs of kube-controller-manager (GKE's cloud controller has the same code), which keeps clear of Services.
_AVOID_SERVICES = (*NODE_POD_CIDR_IPAMS, "unknown")


def _n_ovn(network: netaddr.IPNetwork, prefix_length: int) -> int:
    is_refused = prefix_length >= _BITS[network.version]  # "host capacity cannot be zero"
    return 0 if is_refused else SubnetRange(str(network), prefix_length).capacity


# How many parts of a range its IPAM knows, where that is not all that lie in it.
_COUNTS: dict[str, Callable[[netaddr.IPNetwork, int], int]] = {
    **dict.fromkeys(("host-local", "cilium-kubernetes", "cilium-cluster-pool"), n_node_cidrs),
    "ovn-kubernetes": _n_ovn,
}


class Parts(NamedTuple):
    """Blocks of one range.

    ``largest_free`` is a CIDR, ``none``, or None where it is unknown; ``part`` the size (``/24``) in which the range is
    given to nodes, ``n_parts`` how many of these it has and ``n_parts_free`` how many are whole and free; None where
    the range is not given in parts of one size, or the dump does not hold what nodes were given.
    """

    largest_free: str | None = None
    part: str | None = None
    n_parts: int | None = None
    n_parts_free: int | None = None


def parts_of(cluster: Cluster, contents: RangeContents) -> Parts:
    """Return what a range has left as blocks; of an inferred range nothing is known."""
    whole = contents.range
    if contents.is_inferred or (contents.held is None and not contents.given) or _is_kept(cluster, contents):
        return Parts()
    lost = lost_to_services(cluster, contents)
    free = free_intervals(whole, (*_taken(contents), *lost))
    largest = largest_block(free, whole.version) or _NONE_LEFT
    prefix_length = _sound_part_length(cluster, contents)
    if prefix_length is None:
        return Parts(largest)
    size = 1 << (_BITS[whole.version] - prefix_length)
    n_unknown = _n_unknown(cluster, whole, prefix_length)
    n_parts = max(0, count_blocks(free_intervals(whole, lost), size) - n_unknown)
    n_parts_free = max(0, count_blocks(free, size) - n_unknown) if contents.given else None
    return Parts(largest, f"/{prefix_length}", n_parts, n_parts_free)


def lost_to_services(cluster: Cluster, contents: RangeContents) -> list[Interval]:
    """Return the parts of a pod range that a Service range touches, ascending and disjoint: no node gets them.

    Only kube-controller-manager leaves them out, and knows the ranges of its flag only (kubernetes,
    pkg/controller/nodeipam/ipam/range_allocator.go, filterOutServiceRange); Calico, Cilium's operator and OVN-Kubernetes
    give them to nodes.
    """
    whole = contents.range
    if contents.role != "pod range" or ipam_of(cluster) not in _AVOID_SERVICES:
        return []
    bits = _part_bits(cluster, contents)
    found: list[Interval] = []
    for service in sorted(map(range_of, controller_service_ranges(cluster))):
        if service.overlaps(whole):
            first = max(whole.first, service.first >> bits << bits, found[-1][1] + 1 if found else 0)
            last = min(whole.last, (((service.last >> bits) + 1) << bits) - 1)
            found += [(first, last)] if first <= last else []
    return found


def _part_bits(cluster: Cluster, contents: RangeContents) -> int:
    """Return the host bits of what a node gets: of the mask size, else of the smallest part given; 0 where nothing is known."""
    prefix_length = _sound_part_length(cluster, contents)
    if prefix_length is not None:
        return _BITS[contents.range.version] - prefix_length
    return min((part.size for part in contents.given), default=1).bit_length() - 1


def _sound_part_length(cluster: Cluster, contents: RangeContents) -> int | None:
    """Return the prefix length of what nodes get; None where there is none, or it does not fit the range."""
    whole, prefix_length = contents.range, _part_length(cluster, contents)
    if prefix_length is None:
        return None
    bits = _BITS[whole.version] - prefix_length
    return prefix_length if 0 <= bits <= whole.size.bit_length() - 1 else None


def _n_unknown(cluster: Cluster, whole: Range, prefix_length: int) -> int:
    """Return how many parts of a range the IPAM never gives, Services aside."""
    network = netaddr.IPNetwork(whole.text).cidr
    count = _COUNTS.get(ipam_of(cluster))
    n_inside = 1 << (prefix_length - network.prefixlen)
    return n_inside - count(network, prefix_length) if count else 0


def _is_kept(cluster: Cluster, contents: RangeContents) -> bool:
    """Whether nodes keep addresses of the range for pods to come: which ones, no dump says."""
    return contents.role == "pod range" and ipam_of(cluster) == "azure-node-subnet"


def _part_length(cluster: Cluster, contents: RangeContents) -> int | None:
    """Return the prefix length of what nodes get of a pod range, or None where nodes get addresses one by one."""
    version = contents.range.version
    if contents.role not in _POD_ROLES:
        return None
    ipam = ipam_of(cluster)
    if contents.is_by_blocks or ipam == "calico":
        pools = (p.spec for p in cluster.ip_pools if range_of(p.spec.cidr)[:3] == contents.range[:3])
        return next((p.block_size for p in pools if p.block_size), DEFAULT_BLOCK_SIZE[version])
    setting = cluster.settings.get(_MASK_SETTING[version])
    is_given = ipam in POD_CIDR_RULES and setting is not None and isinstance(setting.value, int)
    return setting.value if is_given and setting is not None else None


def _taken(contents: RangeContents) -> list[Interval]:
    """Return what cannot be given again: parts of nodes, or single addresses, and the ends that a Service range loses."""
    if contents.given:
        return [(part.first, part.last) for part in contents.given]
    whole = contents.range
    ends = [whole.first, *([whole.last] if whole.version == 4 else [])]
    reserved = ends if contents.role == "Service range" else []
    return [(address, address) for address in (*reserved, *(contents.held or ()))]


def largest_free_of_nodes(cluster: Cluster, ranges: Mapping[str, Sequence[Range]]) -> dict[str, str]:
    """Return the largest aligned free block of each node's ranges, or ``none``; of IPv4 where a node has both families.

    Free is what no pod of the dump has and no Calico block says is in use; without pods nothing is known.
    """
    allocated: dict[str, list[Range]] = {}
    for block in cluster.ipam_blocks:
        if block.node_name and block.spec.cidr:
            allocated.setdefault(block.node_name, []).extend(allocated_in(block))
    found = {}
    for node, its_ranges in ranges.items() if cluster.pods else ():
        version = min(r.version for r in its_ranges)
        held = [r.first for r in allocated.get(node, ()) if r.version == version]
        held += _pod_addresses(cluster, node, version)
        taken = [(address, address) for address in held]
        free = [gap for r in its_ranges if r.version == version for gap in free_intervals(r, taken)]
        found[node] = largest_block(free, version) or _NONE_LEFT
    return found


def _pod_addresses(cluster: Cluster, node: str, version: int) -> list[int]:
    number = IPv4Address if version == 4 else IPv6Address
    pods = cluster.pods_by_node.get(node, ())
    return [int(number(ip)) for pod in pods for ip in pod.ips if (":" in ip) is (version == 6)]
