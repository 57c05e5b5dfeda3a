"""What platforms refuse of a cluster: names, counts, masks and ranges, each as one rule of a table that code walks.

The numbers stand in ``platforms``, with their sources. Also kubeadm, validation.go (ranges of Services, masks), Amazon
VPC, IPv4 CIDR block association restrictions (no VPC has blocks of two of the private ranges). Basis: *docs*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import netaddr

from kubenetlab.ipam.planner.given_ranges import Place
from kubenetlab.ipam.planner.platforms import (
    FIXED_FIELDS,
    NAMES_OF_CNI,
    NODES,
    PODS,
    PRIVATE,
    SERVICES,
    Lengths,
)
from kubenetlab.ipam.planner.sizes import (
    MASK_MAX_DIFFERENCE,
    has_near_masks,
    longest_mask,
    node_mask,
    node_mask_ipv6,
    roles,
    zonal_roles,
)

if TYPE_CHECKING:
    from kubenetlab.ipam.planner.cluster_needs import ClusterNeeds

#: DNS has the tenth address of a Service range (kubeadm, MinimumAddressesInServiceSubnet), and EKS and GKE bound it more.
_LONGEST_SERVICES = {4: 28, 6: 124}
_SHORTEST_SERVICES_IPV6 = 108
_BLOCKS = tuple(netaddr.IPNetwork(text) for text in PRIVATE)


class Fault(NamedTuple):
    """What a platform refuses: the field of the cluster, what stands there, and what could stand there."""

    field: str
    found: object
    expected: str


def refuse_values(cluster: ClusterNeeds, place: Place) -> None:
    """Refuse a cluster that its platform would refuse.

    Raises
    ------
    ManifestError
        For the first value, in the order of the rules.
    """
    for rule in RULES:
        for fault in rule(cluster):
            raise place.refused(*fault)


def refuse_name(cluster: ClusterNeeds, place: Place) -> None:
    """Refuse a name that the cluster's platform or CNI plugin does not take.

    Raises
    ------
    ManifestError
        If there is one that does not.
    """
    rules = ((cluster.platform, cluster.rules.names), (cluster.cni, NAMES_OF_CNI.get(cluster.cni)))
    for who, rule in rules:
        if rule and not re.fullmatch(rule.pattern, cluster.name):
            raise place.refused("name", cluster.name, f"{rule.words}, as {who} names clusters")


def _families(cluster: ClusterNeeds) -> Iterator[Fault]:
    words = ", ".join(f"ipv{version}" for version in cluster.families)
    if cluster.rules.needs_ipv4 and 4 not in cluster.families:
        yield Fault("families", words, f"ipv4, or both: {cluster.platform} has no clusters of IPv6 alone")
    elif cluster.ipam_rules.is_ipv4_only and 6 in cluster.families:
        expected = (
            f"ipv4 alone with {cluster.ipam}; dual stack on {cluster.platform} belongs to azure-overlay"
        )
        yield Fault("families", words, expected)


def _no_pod_range(cluster: ClusterNeeds) -> Iterator[Fault]:
    if PODS not in roles(cluster):
        for network in cluster.fixed.get(PODS, ()):
            expected = (
                f"nothing with {cluster.ipam}, whose pods have addresses of the nodes' subnets: node_cidr"
            )
            yield Fault(FIXED_FIELDS[PODS], network, expected)


def _counts(cluster: ClusterNeeds) -> Iterator[Fault]:
    rules, n_pods = cluster.rules, cluster.nodes * cluster.max_pods
    allowed = rules.max_pods_allowed
    if allowed and not allowed.shortest <= cluster.max_pods <= allowed.longest:
        expected = f"{allowed.shortest} to {allowed.longest}, as {cluster.platform} allows"
        yield Fault("max_pods", cluster.max_pods, expected)
    if rules.most_nodes and cluster.nodes > rules.most_nodes:
        yield Fault("nodes", cluster.nodes, f"at most {rules.most_nodes:,}, as {cluster.platform} allows")
    if n_pods < rules.fewest_pods:
        expected = f"room for {rules.fewest_pods} pods in all, as {cluster.platform} requires"
        yield Fault("max_pods", f"{cluster.max_pods} on {cluster.nodes} nodes", expected)


def _zones(cluster: ClusterNeeds) -> Iterator[Fault]:
    fewest = cluster.rules.fewest_zones
    if cluster.zones < fewest:
        yield Fault(
            "zones",
            cluster.zones,
            f"at least {fewest}: {cluster.platform} takes subnets of {fewest} zones or more",
        )
    for role in zonal_roles(cluster):
        n_ranges = len(cluster.fixed.get(role, ()))
        if 1 < n_ranges < cluster.zones:
            expected = f"one to divide, or one or more for each of {cluster.zones} zones"
            yield Fault(FIXED_FIELDS[role], f"{n_ranges} ranges", expected)


def _mask(cluster: ClusterNeeds) -> Iterator[Fault]:
    said, ipam = cluster.node_cidr_mask_size, cluster.ipam_rules
    if said is None or ipam.node_mask is None or not ipam.mask_follows_max_pods:
        return
    given = longest_mask(cluster.ipam, cluster.max_pods, ipam.node_mask)
    if said != given:
        expected = f"{given}, which {cluster.platform} gives a node of {cluster.max_pods} pods"
        yield Fault("node_cidr_mask_size", said, expected)


def _near_masks(cluster: ClusterNeeds) -> Iterator[Fault]:
    masks = {4: node_mask(cluster), 6: node_mask_ipv6(cluster)}
    for network in cluster.fixed.get(PODS, ()) if has_near_masks(cluster) else ():
        mask = masks[network.version] or 0
        if mask - network.prefixlen > MASK_MAX_DIFFERENCE:
            expected = (
                f"a range of /{mask - MASK_MAX_DIFFERENCE} or longer for nodes of /{mask}: kubeadm refuses more than "
                f"{MASK_MAX_DIFFERENCE} bits between them"
            )
            yield Fault(FIXED_FIELDS[PODS], network, expected)


def _several(cluster: ClusterNeeds) -> Iterator[Fault]:
    has_many = {
        PODS: cluster.ipam_rules.has_many,
        SERVICES: False,
        NODES: not cluster.rules.has_one_node_range,
    }
    who = {PODS: cluster.ipam, SERVICES: "Kubernetes", NODES: cluster.platform}
    for role, networks in cluster.fixed.items():
        for version, same in groupby(sorted(n.version for n in networks)):
            n_ranges = len(list(same))
            if n_ranges > 1 and not has_many[role]:
                yield Fault(
                    FIXED_FIELDS[role], f"{n_ranges} ranges of IPv{version}", f"one, as {who[role]} takes"
                )


def _lengths(cluster: ClusterNeeds) -> Iterator[Fault]:
    for role, networks in cluster.fixed.items():
        for network in networks:
            allowed = _allowed(cluster, role, network.version)
            if allowed and not allowed.shortest <= network.prefixlen <= allowed.longest:
                expected = (
                    f"a range of /{allowed.shortest} to /{allowed.longest}, as {cluster.platform} allows"
                )
                yield Fault(FIXED_FIELDS[role], network, expected)


def _allowed(cluster: ClusterNeeds, role: str, version: int) -> Lengths | None:
    """Return what a platform bounds of a range that is there already; None where nothing."""
    rules = cluster.rules
    if role == SERVICES:
        own = (rules.services.shortest, rules.services.longest)
        longest = own[1] if rules.service_space or rules.has_service_subnets else _LONGEST_SERVICES[version]
        return Lengths(own[0], longest) if version == 4 else Lengths(_SHORTEST_SERVICES_IPV6, longest)
    is_vpc = rules.is_node_range_a_network and (role == NODES or cluster.custom_networking)
    return rules.nodes if is_vpc else None


def _service_space(cluster: ClusterNeeds) -> Iterator[Fault]:
    space = cluster.rules.service_space
    for network in cluster.fixed.get(SERVICES, ()) if space else ():
        if not any(network in netaddr.IPNetwork(text) for text in space):
            expected = f"a range inside {', '.join(space)}, as {cluster.platform} requires"
            yield Fault(FIXED_FIELDS[SERVICES], network, expected)


def service_parents(
    cluster: ClusterNeeds, parents: Sequence[netaddr.IPNetwork]
) -> tuple[netaddr.IPNetwork, ...]:
    """Return the parts of the parents of IPv4 Service ranges that the platform takes such ranges from."""
    space = [netaddr.IPNetwork(text) for text in cluster.rules.service_space]
    if not space:
        return tuple(parents)
    parts = (netaddr.IPSet([parent]) & netaddr.IPSet(space) for parent in parents)
    return tuple(network for part in parts for network in part.iter_cidrs())


def no_parent_words(cluster: ClusterNeeds, role: str) -> str:
    """Return what a parent of a role must be besides, in words; "" where any will do."""
    if role == SERVICES and cluster.rules.service_space:
        return f" inside {', '.join(cluster.rules.service_space)}, as {cluster.platform} requires"
    if role == PODS and cluster.custom_networking:
        return f" in the private range of the nodes or in none of {', '.join(PRIVATE)}, as one VPC requires"
    return ""


def _one_private_range(cluster: ClusterNeeds) -> Iterator[Fault]:
    if not cluster.custom_networking:
        return
    for network in cluster.fixed.get(PODS, ()):
        for other in cluster.fixed.get(NODES, ()):
            if not may_share_vpc(network, other):
                expected = f"a range that one VPC may have beside {other}: not both of {_block(network)} and {_block(other)}"
                yield Fault(FIXED_FIELDS[PODS], network, expected)


def may_share_vpc(one: netaddr.IPNetwork, other: netaddr.IPNetwork) -> bool:
    """Return whether a VPC may have both as CIDR blocks: not if they lie in two of the private ranges.

    >>> may_share_vpc(netaddr.IPNetwork("10.0.0.0/16"), netaddr.IPNetwork("172.16.0.0/22"))
    False
    >>> may_share_vpc(netaddr.IPNetwork("10.0.0.0/16"), netaddr.IPNetwork("100.64.0.0/16"))
    True
    """
    blocks = {_block(one), _block(other)} - {None}
    return len(blocks) < 2


def _block(network: netaddr.IPNetwork) -> netaddr.IPNetwork | None:
    return next((block for block in _BLOCKS if network in block), None)


#: What is looked at, in this order.
RULES: tuple[Callable[[ClusterNeeds], Iterator[Fault]], ...] = (
    _families, _no_pod_range, _counts, _zones, _mask, _several, _lengths, _near_masks, _service_space, _one_private_range,
)  # fmt: skip
