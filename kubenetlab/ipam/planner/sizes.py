"""How large every range of a cluster must be: the longest prefix whose capacity is enough, by search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.capacity import all_limits
from kubenetlab.ipam.node_subnets import AWS, PLAIN
from kubenetlab.ipam.planner.platforms import BY_CONTROLLER_MANAGER, NODES, PODS, SERVICES, Lengths
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp

if TYPE_CHECKING:
    from kubenetlab.ipam.planner.cluster_needs import ClusterNeeds

Ranges = Mapping[str, Sequence[netaddr.IPNetwork]]

_WIDEST = {4: netaddr.IPNetwork("10.0.0.0/8"), 6: netaddr.IPNetwork("fd00::/16")}
_IPV6_SERVICES = Lengths(108, 112)  # kubeadm: the mask must be >= 108; a /112 has 65,535 addresses
_IPV6_NODES = Lengths(64, 64)  # RFC 4291 section 2.5.4
_IPV6_POOL = Lengths(48, 112)
_AKS_IPV6_PODS = Lengths(64, 64)  # azure-aks-docs, azure-cni-overlay: dual stack
_KEPT_BY_AWS = AWS.n_reserved - PLAIN.n_reserved
_ROOMY_BITS = 8  # an IPv6 pod range has room for at least 256 node CIDRs
MASK_MAX_DIFFERENCE = 16  # kube-controller-manager's for IPv6, kubeadm's for both families


def roles(cluster: ClusterNeeds) -> tuple[str, ...]:
    """Return the roles of the ranges that a cluster has; pods may have none of their own."""
    has_pods = not cluster.ipam_rules.pods_in_nodes or cluster.custom_networking
    return (PODS, SERVICES, NODES) if has_pods else (SERVICES, NODES)


def needs(cluster: ClusterNeeds, role: str) -> dict[Quantity, int]:
    """Return what a range of a role must be enough for at the horizon."""
    if role == SERVICES:
        return {Quantity.SERVICES: cluster.services_needed}
    nodes = {Quantity.NODES: cluster.nodes_needed + _kept_by_platform(cluster, role)}
    return nodes if role == NODES and PODS in roles(cluster) else nodes | {Quantity.PODS: cluster.pods_needed}


def _kept_by_platform(cluster: ClusterNeeds, role: str) -> int:
    """Return for how many nodes there would be room in what a platform takes of the nodes' subnets.

    Of each subnet EKS needs six addresses for the interfaces of its control plane (EKS user guide, network requirements).
    AWS keeps five, of which the IPAMs that come with AWS count all, the others the two that every network keeps. Where a
    node holds the addresses of its pods, one node more stands for the six.
    """
    if role != NODES or not cluster.rules.is_zonal:
        return 0
    n_subnets = max(len(cluster.fixed.get(NODES, ())), cluster.zones)
    if not cluster.ipam_rules.pods_in_nodes:
        return n_subnets * (_KEPT_BY_AWS + cluster.rules.subnet_addresses)
    return n_subnets * (cluster.rules.subnet_addresses if cluster.custom_networking else 1)


def subnets(network: netaddr.IPNetwork, zones: int) -> tuple[netaddr.IPNetwork, ...]:
    """Return one equal part of a range for each zone, as large as can be.

    >>> [str(part) for part in subnets(netaddr.IPNetwork("10.0.0.0/20"), 3)]
    ['10.0.0.0/22', '10.0.4.0/22', '10.0.8.0/22']
    """
    if zones == 1:
        return (network,)
    length = network.prefixlen + (zones - 1).bit_length()
    return tuple(network.subnet(length, count=zones))


def set_up(cluster: ClusterNeeds, ranges: Ranges) -> SetUp:
    """Return what capacity is computed from: a cluster with some of its ranges.

    The surge is part of what is needed, so none is left for the limits to take off.
    """
    divided = {
        role: tuple(part for n in found for part in _subnet_texts(n, n_parts(cluster, role, found)))
        for role, found in ranges.items()
    }
    nodes = divided.get(NODES, ())
    pods = divided.get(PODS, ()) if PODS in roles(cluster) else nodes
    is_cidr = cluster.ipam_rules.node_mask is not None
    return SetUp(
        ipam=cluster.ipam,
        pod_cidrs=pods,
        service_cidrs=tuple(map(str, ranges.get(SERVICES, ()))),
        node_cidrs=nodes,
        node_cidr_mask_size=node_mask(cluster) if is_cidr and 4 in cluster.families else None,
        node_cidr_mask_size_ipv6=node_mask_ipv6(cluster) if is_cidr and 6 in cluster.families else None,
        block_size=cluster.block_size,
        max_pods=cluster.max_pods,
        instance=cluster.instance,
        prefix_delegation=cluster.prefix_delegation,
        custom_networking=cluster.custom_networking,
    )


def zonal_roles(cluster: ClusterNeeds) -> tuple[str, ...]:
    """Return the roles whose ranges are subnets of zones: of a plugin of one's own only the nodes'."""
    if not cluster.rules.is_zonal:
        return ()
    return (NODES, PODS) if cluster.custom_networking else (NODES,)


def n_parts(cluster: ClusterNeeds, role: str, networks: Sequence[netaddr.IPNetwork]) -> int:
    """Return into how many subnets each of these ranges is divided: several are subnets as they are, one has all zones."""
    return cluster.zones if role in zonal_roles(cluster) and len(networks) == 1 else 1


@lru_cache(maxsize=65_536)
def _subnet_texts(network: netaddr.IPNetwork, zones: int) -> tuple[str, ...]:
    return tuple(map(str, subnets(network, zones)))


@lru_cache(maxsize=65_536)
def limits_of(values: SetUp) -> tuple[Limit, ...]:
    """Return every limit of a set-up; fleets ask the same again and again."""
    return tuple(all_limits(values))


def node_mask(cluster: ClusterNeeds) -> int | None:
    """Return the prefix length of a node's IPv4 pod CIDR: what the request says, or the longest that holds ``maxPods``.

    A cluster that has its pod range already has the usual mask where nobody says another.
    """
    lengths = cluster.ipam_rules.node_mask
    if lengths is None:
        return None
    if lengths.shortest == lengths.longest:
        return lengths.shortest
    chosen = longest_mask(cluster.ipam, cluster.max_pods, lengths)
    return cluster.node_cidr_mask_size or min(chosen, _usual_mask(cluster) or chosen)


def _usual_mask(cluster: ClusterNeeds) -> int | None:
    """Return the mask of a cluster that has its pod range already; None if it has none, or one with no room for a node."""
    fixed = [network.prefixlen for network in cluster.fixed.get(PODS, ()) if network.version == 4]
    usual = cluster.rules.node_mask or cluster.ipam_rules.usual_mask
    return usual if fixed and usual and usual >= max(fixed) else None


@cache
def longest_mask(ipam: str, max_pods: int, lengths: Lengths) -> int:
    """Return the longest of these prefix lengths that holds ``maxPods`` pods; the shortest where none does."""
    return (
        longest(lengths, lambda length: pods_of_mask(ipam, max_pods, length) >= max_pods) or lengths.shortest
    )


def pods_of_mask(ipam: str, max_pods: int, mask: int) -> int:
    """Return how many pods a node can have with a pod CIDR of that prefix length; ``max_pods`` is the most."""
    values = SetUp(ipam=ipam, pod_cidrs=(str(_WIDEST[4]),), node_cidr_mask_size=mask, max_pods=max_pods)
    return min(limit.n for limit in limits_of(values) if limit.quantity == Quantity.PODS_PER_NODE)


def node_mask_ipv6(cluster: ClusterNeeds) -> int | None:
    """Return the prefix length of a node's IPv6 pod CIDR: what the request says, or the component's default."""
    default = cluster.ipam_rules.node_mask_ipv6
    return default and (cluster.node_cidr_mask_size_ipv6 or default)


def longest(lengths: Lengths, is_enough: Callable[[int], bool]) -> int | None:
    """Return the longest prefix length that is enough; None if not even the shortest is. What is shorter is enough, too.

    >>> longest(Lengths(8, 28), lambda length: 2 ** (32 - length) >= 1000), longest(Lengths(8, 28), lambda _: False)
    (22, None)
    """
    if not is_enough(lengths.shortest):
        return None
    low, high = lengths
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_enough(middle) else (low, middle - 1)
    return low


def allowed_lengths(cluster: ClusterNeeds, role: str, version: int) -> Lengths:
    """Return the prefix lengths that a range may have."""
    if version == 4:
        rules = cluster.rules
        return {PODS: _ipv4_pods(cluster), SERVICES: rules.services, NODES: rules.nodes}[role]
    return {PODS: _ipv6_pods(cluster), SERVICES: _IPV6_SERVICES, NODES: _IPV6_NODES}[role]


def _ipv4_pods(cluster: ClusterNeeds) -> Lengths:
    """Return what the IPAM allows, with room for a node's CIDR, and not more of them than kubeadm takes."""
    shortest, most = cluster.ipam_rules.pods
    mask = node_mask(cluster)
    if mask is None:
        return Lengths(shortest, most)
    least = mask - MASK_MAX_DIFFERENCE if has_near_masks(cluster) else shortest
    return Lengths(max(shortest, least), min(most, mask))


def has_near_masks(cluster: ClusterNeeds) -> bool:
    """Whether a node's pod CIDR may be at most 16 bits longer than the range: where kubeadm knows both."""
    return cluster.rules.masks_are_near_pods and cluster.ipam in BY_CONTROLLER_MANAGER


def _ipv6_pods(cluster: ClusterNeeds) -> Lengths:
    mask = node_mask_ipv6(cluster)
    if cluster.ipam == "azure-overlay":
        return _AKS_IPV6_PODS
    return _IPV6_POOL if mask is None else Lengths(mask - MASK_MAX_DIFFERENCE, mask)


def prefix_length(cluster: ClusterNeeds, role: str, version: int) -> int | None:
    """Return the longest prefix that is enough for what a cluster needs of a range; None if no allowed one is.

    Limits that no range changes, such as what Kubernetes is tested for, do not count here.
    """
    wanted, others = needs(cluster, role), _limited(set_up(cluster, {}))

    def is_enough(length: int) -> bool:
        try:
            limits = limits_of(set_up(cluster, {role: [candidate(version, length)]}))
        except (KubenetlabError, ValueError):  # the component refuses a range this small
            return False
        return all(limit.n >= wanted[limit.quantity] for limit in _new_limits(limits, wanted, others))

    allowed = allowed_lengths(cluster, role, version)
    return _roomy(cluster, role, version, longest(allowed, is_enough))


def _roomy(cluster: ClusterNeeds, role: str, version: int, length: int | None) -> int | None:
    """Return a prefix length with room for at least 256 node CIDRs where IPv6 addresses cost nothing."""
    mask = (
        node_mask_ipv6(cluster) if (role, version) == (PODS, 6) and cluster.ipam != "azure-overlay" else None
    )
    return length if mask is None or length is None else min(length, mask - _ROOMY_BITS)


def own_limits(cluster: ClusterNeeds, role: str, networks: Sequence[netaddr.IPNetwork]) -> list[Limit]:
    """Return the limits on what a role needs that these ranges set: those that are not there without the ranges."""
    found = limits_of(set_up(cluster, {role: networks}))
    return _new_limits(found, needs(cluster, role), _limited(set_up(cluster, {})))


def _new_limits(
    limits: Sequence[Limit], wanted: Mapping[Quantity, int], others: frozenset[tuple[Quantity, str]]
) -> list[Limit]:
    return [
        limit for limit in limits if limit.quantity in wanted and (limit.quantity, limit.name) not in others
    ]


@lru_cache(maxsize=65_536)
def _limited(values: SetUp) -> frozenset[tuple[Quantity, str]]:
    return frozenset((limit.quantity, limit.name) for limit in limits_of(values))


@cache
def candidate(version: int, length: int) -> netaddr.IPNetwork:
    """Return a range of a family that stands for all of its size."""
    return netaddr.IPNetwork(f"{_WIDEST[version].network}/{length}").cidr
