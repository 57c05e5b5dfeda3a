"""Ranges that lie in the networks that OVN-Kubernetes keeps for itself."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.addresses import overlap_hits, ranges_by_role
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.ipam.node_pod_ranges import ipam_of
from kubenetlab.ipam.ovn_own_networks import own_networks


@rule(
    "KNL214",
    Severity.HIGH,
    title="Range overlaps a network of OVN-Kubernetes' own",
    advice="Use another range, or give OVN-Kubernetes another join, transit or masquerade network (on OpenShift "
    "internalJoinSubnet, internalTransitSwitchSubnet and internalMasqueradeSubnet of Network.operator): its routers have "
    "these addresses on every node, so packets for the shared ones never leave it.",
    documentation="https://kubernetes.io/docs/concepts/cluster-administration/networking/#kubernetes-ip-address-ranges",
)
def ranges_in_ovn_networks(cluster: Cluster) -> Iterator[Hit]:
    """Find ranges that share an address with the join, transit or masquerade network: the defaults, or what the dump states."""
    if ipam_of(cluster) == "ovn-kubernetes":
        own = own_networks(cluster)
        for role, found in ranges_by_role(cluster):
            yield from overlap_hits(role, found, "OVN-Kubernetes", own)
