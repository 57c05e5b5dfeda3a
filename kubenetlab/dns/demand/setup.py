"""What a prediction of DNS load rests on beside the dump and the names."""

from dataclasses import dataclass
from typing import NamedTuple

from kubenetlab.objects.corefile import Corefile
from kubenetlab.objects.dns_message import Upstream


class Latencies(NamedTuple):
    """Times from a query to its answer without loss or queue [s].

    From a pod to its node's cache, from either to CoreDNS, from any of these to the upstream server. The defaults are guesses.
    """

    node_local_s: float = 0.0002
    coredns_s: float = 0.0005
    upstream_s: float = 0.02


@dataclass(frozen=True, kw_only=True)
class DnsSetup:
    """How names are answered and cached, and what is not in a dump.

    Attributes
    ----------
    corefile
        CoreDNS' configuration; None for the dump's, else kubeadm's.
    upstream
        What answers names outside the cluster, as ``upstream(name, type)``; None for what the inventory says of them, with a TTL of 300 s.
    node_local
        Whether every node runs NodeLocal DNSCache; None for as in the dump. Its Corefile is that of the dump, else of its manifest.
    n_nodes, n_replicas
        Nodes with clients, and ready replicas of CoreDNS; None for the dump's.
    resolv_conf
        The text of every pod's resolv.conf; None for what the kubelet writes.
    host_resolv_conf
        The text of the nodes' resolv.conf: its search domains reach the pods.
    more_resolv_conf
        Lines added to every pod's resolv.conf.
    round_trips
        How long answers take.
    loss
        Chance that a UDP packet is lost, 0 to below 1, independent of others.
    """

    corefile: Corefile | None = None
    upstream: Upstream | None = None
    node_local: bool | None = None
    n_nodes: int | None = None
    n_replicas: int | None = None
    resolv_conf: str | None = None
    host_resolv_conf: str = ""
    more_resolv_conf: str = ""
    round_trips: Latencies = Latencies()  # noqa: RUF009 - a tuple
    loss: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.loss < 1:
            raise ValueError(f"loss is {self.loss}, expected a chance from 0 to below 1")
        if min(self.n_nodes or 1, self.n_replicas or 1, *self.round_trips) < 0:
            found = f"n_nodes {self.n_nodes}, n_replicas {self.n_replicas}, {self.round_trips}"
            raise ValueError(f"found {found}, expected no number below 0")
