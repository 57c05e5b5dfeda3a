"""What nftables mode writes for one service port: its elements in the sets, its chains, and their rules.

Source: Kubernetes v1.36.2, pkg/proxy/nftables/proxier.go, syncProxyRules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kubenetlab.kube_proxy.chain_names import nftables_base
from kubenetlab.kube_proxy.nftables_balancing import want_endpoints, write_balancing
from kubenetlab.kube_proxy.nftables_node import NftablesNode
from kubenetlab.kube_proxy.nftables_table import NftablesTable
from kubenetlab.kube_proxy.service_port import ProxiedPort


@dataclass(frozen=True, slots=True)
class _Writer:
    """One service port, and where to write it. Each step is a method; the table leaves out what did not change."""

    table: NftablesTable
    node: NftablesNode
    proxied: ProxiedPort
    base: str
    protocol: str

    def _key(self, address: str) -> str:
        return f"{address} . {self.protocol} . {self.proxied.service_port.port}"

    def _refuse(self, container: str, key: str) -> None:
        verdict = "drop" if self.proxied.selection.has_any else "goto reject-chain"
        self.table.add_element(container, key, verdict, self.proxied.service_port.full_name)

    def _offer(self, container: str, key: str) -> None:
        if self.proxied.selection.has_any:
            self.table.add_element(container, key, f"goto external-{self.base}")

    def chains(self) -> None:
        chosen = self.proxied.selection
        used = (
            ("service", chosen.cluster),
            ("local", chosen.local),
            ("external", self.proxied.is_reached_from_outside),
        )
        for prefix, is_used in used:
            if is_used:
                self.table.rewrite_chain(f"{prefix}-{self.base}")

    def cluster_ip(self) -> None:
        port = self.proxied.service_port
        self.table.add_element("cluster-ips", port.cluster_ip)
        key = self._key(port.cluster_ip)
        if self.proxied.has_internal:
            prefix = "local" if port.internal_policy_local else "service"
            self.table.add_element("service-ips", key, f"goto {prefix}-{self.base}")
        else:
            self._refuse("no-endpoint-services", key)

    def external_ips(self) -> None:
        for key in map(self._key, self.proxied.service_port.external_ips):
            self._offer("service-ips", key)
            if not self.proxied.has_external:
                self._refuse("no-endpoint-services", key)

    def load_balancer(self) -> None:
        keys = [self._key(address) for address in self.proxied.service_port.load_balancer_vips]
        firewall = f"firewall-{self.base}"
        if self.proxied.is_firewalled:
            self.table.rewrite_chain(firewall)
        for key in keys:
            self._offer("service-ips", key)
            if self.proxied.is_firewalled:
                self.table.add_element("firewall-ips", key, f"goto {firewall}")
        for key in () if self.proxied.has_external else keys:
            self._refuse("no-endpoint-services", key)

    def node_port(self) -> None:
        key = f"{self.protocol} . {self.proxied.service_port.node_port}"
        if self.proxied.service_port.node_port:
            self._offer("service-nodeports", key)
            if not self.proxied.has_external:
                self._refuse("no-endpoint-nodeports", key)

    def external_rules(self) -> None:
        if not self.proxied.is_reached_from_outside:
            return
        node, is_local = self.node, self.proxied.service_port.external_policy_local
        chain, service = f"external-{self.base}", f"goto service-{self.base}"
        rules = [f'{node.masquerade} comment "masquerade"']
        if is_local:
            rules = [
                f'fib saddr type local {node.masquerade} comment "masquerade local traffic"',
                f'fib saddr type local {service} comment "short-circuit local traffic"',
            ]
            if node.is_from_pod:
                rules.insert(0, f'{node.is_from_pod} {service} comment "short-circuit pod traffic"')
        if self.proxied.has_external:
            rules.append(f"goto local-{self.base}" if is_local else service)
        for rule in rules:
            self.table.add_rule(chain, rule)

    def firewall_rule(self) -> None:
        if self.proxied.is_firewalled:
            sources = " , ".join(self.proxied.sources(self.node.node_ip))
            self.table.add_rule(f"firewall-{self.base}", f"{self.node.ip} saddr != {{ {sources} }} drop")


_STEPS: Final = (
    _Writer.chains, _Writer.cluster_ip, _Writer.external_ips, _Writer.load_balancer, _Writer.node_port,
    _Writer.external_rules, _Writer.firewall_rule,
)  # fmt: skip


def write_port(table: NftablesTable, node: NftablesNode, proxied: ProxiedPort) -> None:
    """Write a service port and its endpoints."""
    port = proxied.service_port
    base = nftables_base(port.namespace, port.name, port.protocol, port.port_name)
    writer = _Writer(table, node, proxied, base, port.protocol.lower())
    want_endpoints(table, proxied)
    for step in _STEPS:
        step(writer)
    write_balancing(table, node.ip, proxied, base)
