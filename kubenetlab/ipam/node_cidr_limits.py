"""How many nodes and pods fit where every node gets one CIDR of a fixed size: the arithmetic, whoever hands them out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import netaddr

from kubenetlab.ipam.cidr_arguments import ADDRESS_BITS, counted, named, networks_by_version
from kubenetlab.ipam.node_cidrs import IPV6_MASK_MAX_DIFFERENCE, check_mask_size
from kubenetlab.ipam.pod_cidr_capacity import POD_CIDR_RULES, pods_per_node_cidr
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

_AT_ZERO = {4: "0.0.0.0/{}", 6: "::/{}"}
Count = Callable[[netaddr.IPNetwork, int], int]


def n_node_cidrs(cluster_cidr: netaddr.IPNetwork, mask_size: int) -> int:
    """Return how many node CIDRs a range has; 0 where the CIDR set refuses it.

    It refuses a range smaller than one node CIDR, and IPv6 masks more than 16 bits apart.

    Examples
    --------
    >>> n_node_cidrs(netaddr.IPNetwork("10.244.0.0/16"), 24), n_node_cidrs(netaddr.IPNetwork("fd00::/47"), 64)
    (256, 0)
    """
    difference = mask_size - cluster_cidr.prefixlen
    is_refused = difference < 0 or (cluster_cidr.version == 6 and difference > IPV6_MASK_MAX_DIFFERENCE)
    return 0 if is_refused else 1 << difference


def n_accepted_node_cidrs(cluster_cidr: netaddr.IPNetwork, mask_size: int) -> int:
    """Return how many node CIDRs a range has.

    Raises
    ------
    ValueError
        With kube-controller-manager's text where its CIDR set refuses the range.

    Examples
    --------
    >>> n_accepted_node_cidrs(netaddr.IPNetwork("fd00::/47"), 64)
    Traceback (most recent call last):
    ValueError: New CIDR set failed; the node CIDR size is too big
    """
    check_mask_size(cluster_cidr, mask_size)
    return 1 << (mask_size - cluster_cidr.prefixlen)


def n_touched(cluster_cidr: netaddr.IPNetwork, mask_size: int, services: Iterable[netaddr.IPNetwork]) -> int:
    """Return how many node CIDRs of a range share an address with Service ranges (filterOutServiceRange).

    Examples
    --------
    >>> n_touched(netaddr.IPNetwork("10.244.0.0/16"), 24, [netaddr.IPNetwork("10.244.2.16/28")])
    1
    """
    host_bits = ADDRESS_BITS[cluster_cidr.version] - mask_size
    first, last = cluster_cidr.first >> host_bits, cluster_cidr.last >> host_bits
    touched, end = 0, first
    for service in sorted(s for s in services if s.version == cluster_cidr.version):
        begin = max(end, service.first >> host_bits)
        end = max(end, min(last, service.last >> host_bits) + 1)
        touched += max(0, end - begin)
    return touched


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCidrRule:
    """How one component cuts the pod ranges into CIDRs of nodes.

    Attributes
    ----------
    ipam
        Whose rule says what a pod may have of a node's CIDR: a key of `POD_CIDR_RULES`.
    basis, source
        Of the count of nodes.
    avoids_services
        Whether a CIDR that a Service range touches is left out.
    mask_sizes
        Default prefix length of a node's CIDR by IP version; a version without one is left out.
    count
        Node CIDRs of a range, from the range and the prefix length; it refuses what the component does.
    """

    ipam: str
    basis: Basis
    source: str
    avoids_services: bool = False
    mask_sizes: dict[int, int]
    count: Count = n_accepted_node_cidrs


def node_cidr_limits(set_up: SetUp, rule: NodeCidrRule) -> Iterator[Limit]:
    """Yield, for each family, the nodes that get a CIDR, and the pods that one CIDR holds.

    Nodes are those that stay when an upgrade added its surge.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, a mask size is no prefix length of its family, or the component refuses
        the range.
    """
    services = networks_by_version(set_up.service_cidrs) if rule.avoids_services else {}
    for version, networks in networks_by_version(set_up.pod_cidrs).items():
        if version in rule.mask_sizes:
            mask_size = mask_size_of(set_up, version, rule.mask_sizes[version])
            yield _nodes(set_up, rule, networks, mask_size, services.get(version, []))
            yield from pods_per_cidr(set_up, version, mask_size, rule.ipam)


def mask_size_of(set_up: SetUp, version: int, default: int) -> int:
    """Return the prefix length of a node's CIDR.

    Raises
    ------
    ValueError
        If it is none of the family.
    """
    given = set_up.node_cidr_mask_size if version == 4 else set_up.node_cidr_mask_size_ipv6
    mask_size = default if given is None else given
    if not 0 <= mask_size <= ADDRESS_BITS[version]:
        name = "node_cidr_mask_size" if version == 4 else "node_cidr_mask_size_ipv6"
        raise ValueError(f"{name} {mask_size} is not a prefix length of IPv{version}")
    return mask_size


def pods_per_cidr(set_up: SetUp, version: int, mask_size: int, ipam: str) -> Iterator[Limit]:
    """Yield how many pods one node's CIDR holds, where that is known."""
    cidr = netaddr.IPNetwork(_AT_ZERO[version].format(mask_size))
    n_pods = pods_per_node_cidr(cidr, ipam)
    if n_pods is None:
        return
    rule = POD_CIDR_RULES[ipam]
    size = rule.considered(cidr)
    reserved = (rule.reserved if version == 4 else rule.reserved_ipv6) or 0
    is_of_cloud = n_pods == rule.max_pods
    is_reserve = n_pods < set_up.max_pods <= size and rule.addresses_per_pod == 1
    name = rule.max_pods_of if is_of_cloud else "IPAM reserve" if is_reserve else "node mask"
    verb = "has" if size == cidr.size else "is used for"
    words = [f"A node's /{mask_size} {verb} {counted(size)} addresses"]
    words += [f"no pod gets {reserved} of them"] if reserved else []
    words += [f"each pod counts {rule.addresses_per_pod}"] if rule.addresses_per_pod > 1 else []
    words += [f"a node has at most {rule.max_pods} pods"] if is_of_cloud else []
    yield Limit(
        Quantity.PODS_PER_NODE,
        n_pods,
        name,
        f"{', '.join(words)}: room for {counted(n_pods)} pods.",
        rule.basis,
        rule.source,
    )


def after_surge(n_nodes: int, set_up: SetUp) -> tuple[int, str]:
    """Return the nodes that stay when an upgrade has added its surge, and the words for that."""
    words = f"; an upgrade needs room for {set_up.max_surge:,} more" if set_up.max_surge else ""
    return max(0, n_nodes - set_up.max_surge), words


def _nodes(
    set_up: SetUp,
    rule: NodeCidrRule,
    networks: list[netaddr.IPNetwork],
    mask_size: int,
    services: list[netaddr.IPNetwork],
) -> Limit:
    counts = {network: rule.count(network, mask_size) for network in networks}
    touched = sum(n_touched(network, mask_size, services) for network in networks if counts[network])
    n_nodes, surge = after_surge(sum(counts.values()) - touched, set_up)
    words = f"{named(networks, 'holds', 'hold')} {counted(sum(counts.values()))} node CIDRs of /{mask_size}"
    words += f", {touched:,} of which Service ranges touch" if touched else ""
    return Limit(Quantity.NODES, n_nodes, "cluster CIDR", f"{words}{surge}.", rule.basis, rule.source)
