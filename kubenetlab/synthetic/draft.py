"""A synthetic cluster while it is made: what its users asked for, before controllers derive the rest."""

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import netaddr

from kubenetlab.synthetic.addressing import PodAddresses, address_text
from kubenetlab.synthetic.identity import Identity
from kubenetlab.synthetic.platforms import Platform, Pool
from kubenetlab.synthetic.shape import Planted, Shape

#: An object as the API shows it.
Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class NodeRecord:
    """A node."""

    index: int
    name: str
    zone: str
    pool: Pool
    ips: tuple[str, ...]
    is_control_plane: bool
    pod_cidrs: tuple[str, ...]
    runtime: str
    max_pods: int
    n_pods: int = 0


@dataclass(slots=True, kw_only=True)
class Workload:
    """A workload and the template of its pods."""

    kind: str
    namespace: str
    name: str
    replicas: int
    image: str
    ports: tuple[tuple[str, int, str], ...] = ()
    command: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    sidecars: tuple[Json, ...] = ()
    host_network: bool = False
    service_name: str = ""
    spec: Json = field(default_factory=dict)  # of its pods, over what it says otherwise
    pods: list["PodRecord"] = field(default_factory=list)

    @property
    def object(self) -> str:
        """Kind, namespace and name."""
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(slots=True)
class PodRecord:
    """A pod: only what differs from the other pods of its workload."""

    name: str
    node: int
    ips: tuple[str, ...]
    is_ready: bool = True
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Draft:
    """Everything that was decided; faults change it before it is written out."""

    shape: Shape
    platform: Platform
    identity: Identity
    rng: random.Random
    ranges: Json
    nodes: list[NodeRecord] = field(default_factory=list)
    ipams: tuple[PodAddresses, ...] = ()
    workloads: list[Workload] = field(default_factory=list)
    objects: list[Json] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    namespaces: set[str] = field(default_factory=set)
    claimed: set[str] = field(default_factory=set)
    cluster_ips: set[str] = field(default_factory=set)
    node_ports: set[int] = field(default_factory=set)
    retired_pools: set[str] = field(default_factory=set)

    def of_kind(self, kind: str) -> Iterator[Json]:
        """Yield the objects of a kind, in the order they were made."""
        return (item for item in self.objects if item["kind"] == kind)

    def get(self, kind: str, name: str, namespace: str = "") -> Json:
        """Return the object of that name, which was made before."""
        wanted = (name, namespace)
        return next(
            i
            for i in self.of_kind(kind)
            if (i["metadata"]["name"], i["metadata"].get("namespace", "")) == wanted
        )

    def workers(self) -> list[NodeRecord]:
        """Nodes that ordinary pods run on."""
        return [node for node in self.nodes if not node.is_control_plane] or self.nodes

    def workloads_by_namespace(self) -> dict[str, list[Workload]]:
        """Return the workloads of every namespace."""
        found: dict[str, list[Workload]] = defaultdict(list)
        for workload in self.workloads:
            found[workload.namespace].append(workload)
        return found

    def new_addresses(self, node: int) -> tuple[str, ...]:
        """Take one address of each family for a pod on a node."""
        return tuple(ipam.allocate(node) for ipam in self.ipams)

    def new_cluster_ips(self) -> tuple[str, ...]:
        """Take a ClusterIP of each family: any free one of the dynamic band (KEP-3070)."""
        return tuple(self._new_cluster_ip(netaddr.IPNetwork(cidr)) for cidr in self.ranges["services"])

    def new_node_port(self) -> int:
        """Take a node port of the dynamic band (KEP-3668)."""
        while True:
            port = self.rng.randint(30086, 32767)
            if port not in self.node_ports:
                self.node_ports.add(port)
                return port

    def _new_cluster_ip(self, network: netaddr.IPNetwork) -> str:
        band = 0 if network.size <= 16 else min(max(16, network.size // 16), 256)
        first, last = network.first + 1, network.last - (network.version == 4)
        for low, high in ((first + band, last), (first, first + band - 1)):
            start = self.rng.randint(low, max(low, high))
            for number in itertools.chain(range(start, high + 1), range(low, start)):
                text = address_text(number, network.version)
                if text not in self.cluster_ips:
                    self.cluster_ips.add(text)
                    return text
        raise ValueError(f"service range {network} is full")
