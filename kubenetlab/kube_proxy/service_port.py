"""One port of a Service as kube-proxy sees it, its endpoints, and those that one node uses."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import NamedTuple

from kubenetlab.kube_proxy.chain_names import service_port_name


class ServicePort(NamedTuple):
    """A port of a Service, in one address family (Kubernetes v1.36.2, pkg/proxy/serviceport.go).

    Attributes
    ----------
    protocol
        TCP, UDP or SCTP, upper case.
    external_ips, load_balancer_vips
        Of this family, in the order of the object; VIPs of ipMode VIP only.
    source_ranges
        loadBalancerSourceRanges of this family, trimmed; empty where one of them is a /0.
    node_port, health_check_node_port
        0 for none.
    internal_policy_local, external_policy_local
        Whether internalTrafficPolicy, externalTrafficPolicy is Local (the latter only where it applies).
    affinity_s
        Seconds of ClientIP affinity, None without.
    has_topology_annotation
        Whether service.kubernetes.io/topology-mode (or topology-aware-hints) is set and not Disabled; asked before
        Kubernetes 1.31.
    """

    namespace: str
    name: str
    port_name: str
    protocol: str
    cluster_ip: str
    port: int
    node_port: int = 0
    external_ips: tuple[str, ...] = ()
    load_balancer_vips: tuple[str, ...] = ()
    source_ranges: tuple[str, ...] = ()
    internal_policy_local: bool = False
    external_policy_local: bool = False
    affinity_s: int | None = None
    health_check_node_port: int = 0
    has_topology_annotation: bool = False

    @property
    def full_name(self) -> str:
        """``namespace/name:port``, as in comments and hashes."""
        return service_port_name(self.namespace, self.name, self.port_name)

    @property
    def is_externally_accessible(self) -> bool:
        """Whether it has a node port, a load balancer's VIP or an external IP."""
        return bool(self.node_port or self.load_balancer_vips or self.external_ips)


class NodeEndpoint(NamedTuple):
    """An endpoint as one node sees it; ``zone_hints`` and ``node_hints`` are the names it is meant for.

    ``where`` is ``IP:port``, IPv6 in brackets: kube-proxy's name of it, and its sort key.
    """

    where: str
    address: str
    port: int
    is_ready: bool = True
    is_serving: bool = True
    is_terminating: bool = False
    is_local: bool = False
    node_name: str = ""
    zone_hints: tuple[str, ...] = ()
    node_hints: tuple[str, ...] = ()


class Selection(NamedTuple):
    """The endpoints that one node uses for one service port (pkg/proxy/topology.go, CategorizeEndpoints).

    Attributes
    ----------
    everything
        All endpoints of the service port, sorted by ``where`` as text.
    cluster, local
        Those used under the policies Cluster and Local; empty where the policy is not in use.
    reachable
        Those that some packet can reach, sorted by ``where``.
    has_any
        Whether any endpoint could be used somewhere: no rule rejects then.
    uses_cluster, uses_local
        Whether any of the two policies is in use.
    topology_mode
        ``PreferSameNode``, ``PreferSameZone`` or empty.
    """

    everything: tuple[NodeEndpoint, ...]
    cluster: tuple[NodeEndpoint, ...]
    local: tuple[NodeEndpoint, ...]
    reachable: tuple[NodeEndpoint, ...]
    has_any: bool
    uses_cluster: bool
    uses_local: bool
    topology_mode: str = ""


class ProxiedPort(NamedTuple):
    """A service port and what one node selected for it: the input of every writer of rules."""

    service_port: ServicePort
    selection: Selection

    @property
    def has_internal(self) -> bool:
        """Whether any endpoint takes traffic to the ClusterIP."""
        return self.selection.has_any and bool(
            self.selection.local or not self.service_port.internal_policy_local
        )

    @property
    def has_external(self) -> bool:
        """Whether any endpoint takes traffic from outside."""
        return self.selection.has_any and bool(
            self.selection.local or not self.service_port.external_policy_local
        )

    @property
    def is_reached_from_outside(self) -> bool:
        """Whether it has an address for traffic from outside, and an endpoint somewhere."""
        return self.selection.has_any and self.service_port.is_externally_accessible

    @property
    def is_firewalled(self) -> bool:
        """Whether a load balancer's address takes traffic from some sources only."""
        return bool(self.service_port.load_balancer_vips and self.service_port.source_ranges)

    def sources(self, node_ip: str) -> tuple[str, ...]:
        """Return the source ranges, and the load balancer's addresses where a range holds the node itself."""
        ranges = [ip_network(cidr, strict=False) for cidr in self.service_port.source_ranges]
        has_node = bool(node_ip) and any(ip_address(node_ip) in cidr for cidr in ranges)
        return (*map(str, ranges), *(self.service_port.load_balancer_vips if has_node else ()))


#: What a writer is given: sorted by namespace, name, port name, protocol (the real order is random at every sync).
ProxiedPorts = tuple[ProxiedPort, ...]
