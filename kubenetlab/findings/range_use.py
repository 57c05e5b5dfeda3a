"""Ranges that are nearly used up."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.ipam.node_pod_ranges import ipam_of
from kubenetlab.ipam.pod_cidr_capacity import POD_CIDR_RULES
from kubenetlab.ipam.range_use import node_use, range_use

#: Share of a range from which on it is nearly full.
FULL_SHARE = 0.8
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
    for role, text, n_used, n_usable in full_ranges(cluster):
        yield _hit("Cluster", f"The {role} {text}", n_used, n_usable)
    yield from _full_nodes(cluster)


def full_ranges(cluster: Cluster) -> Iterator[tuple[str, str, int, int]]:
    """Yield role, range, used and usable addresses of stated ranges that are nearly full."""
    frame = range_use(cluster).frame
    is_stated = ~frame["object"].str.endswith(("(inferred)", "(default)"))
    wanted = frame.loc[is_stated & frame["role"].isin(_ROLES) & frame["n_used"].notna()]
    rows = wanted[["role", "range", "n_used", "n_usable"]].itertuples(index=False, name=None)
    yield from (row for row in rows if _is_full(*row[2:]))


def _full_nodes(cluster: Cluster) -> Iterator[Hit]:
    """Count addresses, not pods: GKE gives a node twice as many as it can have pods, so they never run out."""
    ipam, frame = ipam_of(cluster), node_use(cluster).frame.dropna(subset=["n_pods", "n_addresses"])
    columns = ["node", "pod_cidr", "n_pods", "n_host_network", "n_addresses"]
    for node, cidr, n_pods, n_host_network, n_held in frame[columns].itertuples(index=False, name=None):
        n_usable = n_held * POD_CIDR_RULES[ipam].addresses_per_pod
        if _is_full(n_pods - n_host_network, n_usable):
            yield _hit(f"Node {node}", f"The pod CIDR {cidr}", n_pods - n_host_network, n_usable)


def _is_full(n_used: int, n_usable: int) -> bool:
    return n_used > FULL_SHARE * n_usable


def _hit(name: str, subject: str, n_used: int, n_usable: int) -> Hit:
    share = f"{100 * n_used / n_usable:.3g} % used" if n_usable else "overfull"
    message = f"{subject} is {share}: {n_used:,} of {n_usable:,} addresses."
    return Hit(name, message, (f"used: {n_used:,}", f"usable: {n_usable:,}"))
