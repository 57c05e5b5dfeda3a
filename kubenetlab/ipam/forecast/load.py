"""What a cluster has today: where a forecast starts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from kubenetlab.ipam.number_arguments import is_whole, shown
from kubenetlab.ipam.set_up import SetUp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubenetlab.cluster import Cluster

#: More pods or nodes than any cluster has.
MAX_COUNT = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A set-up, and what is in it on the first day.

    Attributes
    ----------
    set_up
        Its ranges and settings.
    pods
        Pods with an address of their own (not those of the host network).
    nodes
        Nodes; ``pods / nodes`` is how full the autoscaler lets them become.
    services
        Services with a ClusterIP; they grow with the pods.
    strict_affinity
        Of Calico's IPAMConfig: no node borrows addresses of another's blocks.
    held_by_others
        Addresses of the cloud's subnets that pods take theirs from, and that others hold; they stay.

    Raises
    ------
    ValueError
        If there is no pod or no node, or a count is negative or above 10,000,000.
    """

    set_up: SetUp
    pods: int
    nodes: int
    services: int = 0
    strict_affinity: bool = False
    held_by_others: int = 0

    def __post_init__(self) -> None:
        for name, least in (("pods", 1), ("nodes", 1), ("services", 0), ("held_by_others", 0)):
            count = getattr(self, name)
            if not is_whole(count, least, MAX_COUNT):
                raise ValueError(
                    f"{name} {shown(count)}: expected a whole number of {least} to {MAX_COUNT:,}"
                )
        if not isinstance(self.set_up, SetUp):
            raise ValueError(f"set_up {shown(self.set_up)}: expected a SetUp")
        if not isinstance(self.strict_affinity, bool):
            raise ValueError(f"strict_affinity {shown(self.strict_affinity)}: expected True or False")


def load_of(cluster: Cluster) -> Load:
    """Return what a cluster has now.

    Raises
    ------
    ValueError
        If the dump holds no pod with an address of its own, or no node.
    """
    from kubenetlab.ipam.set_up_of_cluster import set_up_of

    return Load(
        set_up=set_up_of(cluster),
        pods=n_addressed_pods(cluster),
        nodes=len(cluster.nodes),
        services=sum(bool(service.cluster_ips) for service in cluster.services),
    )


def subnet_cidrs(set_up: SetUp) -> tuple[str, ...]:
    """Return the subnets that pods take addresses from: in a flat network also those of the nodes."""
    if set_up.custom_networking or set_up.ipam == "azure-pod-subnet":
        return tuple(set_up.pod_cidrs)
    return tuple(dict.fromkeys((*set_up.pod_cidrs, *set_up.node_cidrs)))


def n_addressed_pods(cluster: Cluster) -> int:
    """Return how many pods need an address of their own: neither finished nor on the host network."""
    return sum(not (pod.has_finished or pod.spec.host_network) for pod in cluster.pods)


def dated_pods(snapshots: Iterable[tuple[date, Cluster]]) -> list[tuple[date, float]]:
    """Return the history that dated snapshots of a cluster make, for `fit_growth`: no dump tells its own date."""
    return [(when, float(n_addressed_pods(cluster))) for when, cluster in snapshots]
