"""Ranges that are nearly used up."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.ipam.node_pod_ranges import ipam_of
from kubenetlab.ipam.pod_cidr_capacity import POD_CIDR_RULES
from kubenetlab.ipam.range_use import node_use, range_use

_FULL = 0.8
_ROLES = ("pod range", "Service range", "Calico pool")  # load balancer pools are as small as what they serve


@rule(
    "KNL207",
    Severity.MEDIUM,
    title="Range more than 80 % used",
    advice="Plan the next range before this one is full: a ServiceCIDR for Services, a further pool or a new cluster "
    "CIDR for nodes and pods, a larger pod CIDR for new nodes.",
    documentation="https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/",
)
def nearly_full_ranges(cluster: Cluster) -> Iterator[Hit]:
    """Find Service ranges, cluster CIDRs (given to nodes), Calico pools and pod CIDRs of nodes over 80 % used.

    Inferred and default ranges do not count: how large the range really is, the dump does not say.
    """
    yield from _full_ranges(cluster)
    yield from _full_nodes(cluster)


def _full_ranges(cluster: Cluster) -> Iterator[Hit]:
    frame = range_use(cluster).frame
    is_stated = ~frame["object"].str.endswith(("(inferred)", "(default)"))
    wanted = frame.loc[is_stated & frame["role"].isin(_ROLES) & frame["n_used"].notna()]
    rows = wanted[["role", "range", "n_used", "n_usable"]].itertuples(index=False, name=None)
    for role, text, n_used, n_usable in rows:
        yield from _hit("Cluster", f"The {role} {text}", n_used, n_usable)


def _full_nodes(cluster: Cluster) -> Iterator[Hit]:
    """Count addresses, not pods: GKE gives a node twice as many as it can have pods, so they never run out."""
    ipam, frame = ipam_of(cluster), node_use(cluster).frame.dropna(subset=["n_pods", "n_addresses"])
    columns = ["node", "pod_cidr", "n_pods", "n_host_network", "n_addresses"]
    for node, cidr, n_pods, n_host_network, n_held in frame[columns].itertuples(index=False, name=None):
        n_usable = n_held * POD_CIDR_RULES[ipam].addresses_per_pod
        yield from _hit(f"Node {node}", f"The pod CIDR {cidr}", n_pods - n_host_network, n_usable)


def _hit(name: str, subject: str, n_used: int, n_usable: int) -> Iterator[Hit]:
    if n_used > _FULL * n_usable:
        share = 100 * n_used / max(n_usable, 1)
        message = f"{subject} is {share:.3g} % used: {n_used:,} of {n_usable:,} addresses."
        yield Hit(name, message, (f"used: {n_used:,}", f"usable: {n_usable:,}"))
