"""One service port on one node as its iptables rules see it: its chains, its conditions, its addresses.

Source: Kubernetes v1.36.2, pkg/proxy/iptables/proxier.go (syncProxyRules).
"""

from __future__ import annotations

from kubenetlab.kube_proxy.chain_names import chain_hash
from kubenetlab.kube_proxy.iptables_node import IptablesNode
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort, ServicePort


class PortOnNode:
    """A service port with all that the kinds of rules ask of it by name (``iptables_rule_kinds``).

    Attributes
    ----------
    svc, svl, ext, fw
        Its chains: endpoints under the policy Cluster, under Local, external traffic, source ranges of a load balancer.
    internal, external, balanced
        The chain that traffic to the cluster IP takes, external traffic in the end, a load balancer's at first.
    has_internal, has_external
        Whether any endpoint takes traffic to the cluster IP, and from outside.
    lack, refusal
        What to say and to do where none does.
    has_comments
        Whether rules of endpoints have comments: not in large clusters.
    """

    once = ("",)

    def __init__(self, port: ProxiedPort, node: IptablesNode, has_comments: bool) -> None:
        self.service, self.selection = port
        self.has_comments = has_comments
        self.name, protocol = self.service.full_name, self.service.protocol.lower()
        self.key, self.protocol, self.match = self.service[:4], protocol, f"-m {protocol} -p {protocol}"
        digest = chain_hash(self.name, protocol)
        self.svc, self.svl = f"KUBE-SVC-{digest}", f"KUBE-SVL-{digest}"
        self.ext, self.fw = f"KUBE-EXT-{digest}", f"KUBE-FW-{digest}"
        self.is_local = self.service.external_policy_local
        self.internal = self.svl if self.service.internal_policy_local else self.svc
        self.external = self.svl if self.is_local else self.svc
        self.has_any = self.selection.has_any
        self.has_internal, self.has_external = port.has_internal, port.has_external
        self.lack, self.refusal = ("no local", "DROP") if self.has_any else ("no", "REJECT")
        self.uses_external, self.uses_firewall = (
            port.is_reached_from_outside,
            self.has_any and port.is_firewalled,
        )
        self.sources = port.sources(node.node_ip) if self.uses_firewall else ()
        self._see_outside(self.service)
        self._see_node(node)

    def _see_outside(self, service: ServicePort) -> None:
        self.cluster_ips, self.external_ips = (service.cluster_ip,), service.external_ips
        self.vips = service.load_balancer_vips
        self.node_ports = tuple(filter(None, (service.node_port,)))
        self.health_check_ports = tuple(filter(None, (service.health_check_node_port,)))
        self.balanced = self.fw if self.uses_firewall else self.ext

    def _see_node(self, node: IptablesNode) -> None:
        self.is_from_pod, self.is_detected = node.is_from_pod, bool(node.is_from_pod)
        self.is_masqueraded = node.settings.masquerade_all or self.is_detected
        self.if_not_from_pod = "" if node.settings.masquerade_all else f"! {node.is_from_pod} "
        self.is_on_localhost = node.has_localhost_node_ports and node.settings.is_nfacct

    def sep(self, endpoint: NodeEndpoint) -> str:
        """Return the name of an endpoint's chain."""
        return f"KUBE-SEP-{chain_hash(self.name, self.protocol, endpoint.where)}"
