"""How many pods the pod CIDR of one node can hold. It is a property of the IPAM, never 2^h - 2 for all."""

from collections.abc import Iterable
from dataclasses import dataclass

import netaddr

from kubenetlab.ipam.ranges import Range
from kubenetlab.result import Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class PodCidrRule:
    """What one IPAM does with the addresses of a node's pod CIDR.

    Attributes
    ----------
    addresses_per_pod
        Addresses set aside for each pod.
    reserved, reserved_ipv6
        Addresses of the CIDR that no pod gets; None where the rule is not known for that family.
    prefix_lengths
        The only IPv4 prefix lengths this IPAM writes; empty means any.
    max_pods
        Most pods of a node whatever its CIDR; None means no such limit.
    max_pods_of
        Who sets that limit.
    largest_ipv6
        Addresses of an IPv6 CIDR that are looked at, the lowest; None means all.
    basis, source
        How far the numbers were checked, and the component and the file or page they come from.
    """

    reserved: int
    reserved_ipv6: int | None
    basis: Basis
    source: str
    addresses_per_pod: int = 1
    prefix_lengths: tuple[int, ...] = ()
    max_pods: int | None = None
    max_pods_of: str = ""
    largest_ipv6: int | None = None

    def considered(self, network: netaddr.IPNetwork) -> int:
        """Return how many addresses of a CIDR are looked at."""
        is_cut = network.version == 6 and self.largest_ipv6 is not None
        return min(network.size, self.largest_ipv6 or 0) if is_cut else int(network.size)


_CILIUM = PodCidrRule(
    reserved=4,
    reserved_ipv6=4,
    largest_ipv6=1 << 16,
    basis=Basis.DOCS,
    source="cilium, pkg/ipam/service/ipallocator (first and last address) and issue 46598 (router, health endpoint)",
)

#: The IPAMs that hand out addresses of a node's pod CIDR. All others (Calico's blocks, addresses of the cloud's
#: subnets, Cilium's multi-pool and ENI modes) give a node more addresses on demand, so its pod CIDR is no limit.
POD_CIDR_RULES: dict[str, PodCidrRule] = {
    "host-local": PodCidrRule(
        reserved=3,
        reserved_ipv6=2,
        basis=Basis.RAN,
        source="containernetworking/plugins 1.1.1, plugins/ipam/host-local: network, gateway, IPv4 broadcast",
    ),
    "cilium-kubernetes": _CILIUM,
    "cilium-cluster-pool": _CILIUM,
    "gke": PodCidrRule(
        reserved=0,
        reserved_ipv6=None,
        addresses_per_pod=2,
        basis=Basis.DOCS,
        source="GKE, flexible pod CIDR: the smallest power of two that is at least twice the maximum of pods",
    ),
    "azure-overlay": PodCidrRule(
        reserved=0,
        reserved_ipv6=None,
        prefix_lengths=(24,),
        max_pods=250,
        max_pods_of="AKS",
        basis=Basis.DOCS,
        source="azure-aks-docs, azure-cni-overlay: a /24 per node, at most 250 pods",
    ),
    "ovn-kubernetes": PodCidrRule(
        reserved=5,
        reserved_ipv6=4,
        basis=Basis.SOURCE,
        source="ovn-kubernetes, go-controller/pkg/clustermanager/node/subnet_allocator.go, comment: "
        "network, gateway .1, management .2, hybrid overlay .3, IPv4 broadcast",
    ),
}


def pods_per_node_cidr(cidr: str | netaddr.IPNetwork, ipam: str) -> int | None:
    """Pods that fit into the pod CIDR of one node.

    Parameters
    ----------
    cidr
        The node's pod CIDR (``spec.podCIDR``, or a CiliumNode's ``spec.ipam.podCIDRs``); one family.
    ipam
        A value of the setting ``ipam``, such as ``host-local``.

    Returns
    -------
    The number of pods, or None where this IPAM does not take pod addresses from a node's pod CIDR, or where
    nothing is known about a CIDR of this family or size.

    Raises
    ------
    netaddr.AddrFormatError
        If ``cidr`` is not a CIDR.

    Notes
    -----
    Calico's IPAM is one of those that give None: it ignores ``spec.podCIDR`` and hands out blocks of its IP pools,
    in which every address counts. Calico with ``host-local`` IPAM is ``host-local``.

    Examples
    --------
    >>> {ipam: pods_per_node_cidr("10.244.3.0/24", ipam) for ipam in ("host-local", "cilium-kubernetes", "gke")}
    {'host-local': 253, 'cilium-kubernetes': 252, 'gke': 128}
    >>> pods_per_node_cidr("10.128.2.0/23", "ovn-kubernetes")
    507
    >>> pods_per_node_cidr("10.244.3.0/24", "aws-vpc-cni") is None
    True
    """
    network = netaddr.IPNetwork(cidr)
    rule = POD_CIDR_RULES.get(ipam)
    if rule is None or (rule.prefix_lengths and network.prefixlen not in rule.prefix_lengths):
        return None
    reserved = rule.reserved if network.version == 4 else rule.reserved_ipv6
    if reserved is None:
        return None
    pods: int = max(0, rule.considered(network) - reserved) // rule.addresses_per_pod
    return pods if rule.max_pods is None else min(pods, rule.max_pods)


def pods_per_node(ranges: Iterable[Range], ipam: str) -> int | None:
    """Pods that the pod ranges of one node hold together: a pod takes one address of each family.

    None where no family has a limit that is known.
    """
    by_version: dict[int, list[int | None]] = {}
    for cidr in ranges:
        by_version.setdefault(cidr.version, []).append(pods_per_node_cidr(cidr.text, ipam))
    known = [[n for n in counts if n is not None] for counts in by_version.values() if None not in counts]
    return min(map(sum, known), default=None)
