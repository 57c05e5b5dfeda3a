"""How many iptables rules and chains a service port needs: a closed formula, without writing them."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from kubenetlab.kube_proxy.iptables_frame import RESTORED
from kubenetlab.kube_proxy.iptables_node import IptablesNode, iptables_node
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import ProxiedPort, ProxiedPorts
from kubenetlab.result import Basis, Result


class RuleCounts(NamedTuple):
    """Rules by table, and chains; jumps from built-in chains are not among them."""

    nat_rules: int
    filter_rules: int
    chains: int


def rule_counts(ports: ProxiedPorts, settings: ProxySettings, version: int = 4) -> Result:
    """Return how many iptables rules and chains every service port needs on a node.

    Returns
    -------
    A Result; its frame has one row a service port, in the given order, after one for what every node has:
    service_port (empty in that first row), nat_rules, filter_rules, chains (of both tables).

    Notes
    -----
    A Service of type ClusterIP with n endpoints needs 2 + 3n rules where a node can tell its pods' traffic, and n
    more with session affinity. The totals are what kube-proxy reports as
    ``kubeproxy_sync_proxy_rules_iptables_total``.
    """
    node = iptables_node(settings, version)
    rows = [("", *fixed_counts(node))]
    rows += [(port.service_port.full_name, *port_counts(port, node)) for port in ports]
    frame = pd.DataFrame(rows, columns=["service_port", *RuleCounts._fields])
    nat, filters = int(frame["nat_rules"].sum()), int(frame["filter_rules"].sum())
    title = f"Rules of {len(ports):,} service ports: {nat:,} in nat, {filters:,} in filter"
    return Result(title=title, _frame=frame, basis=Basis.RAN)


def fixed_counts(node: IptablesNode) -> RuleCounts:
    """Return what a node has without any Service."""
    n_tails = 1 if node.node_port_ips is None else len(node.node_port_ips)
    drops_invalid = not node.settings.conntrack_tcp_be_liberal
    n_chains = sum(map(len, RESTORED.values())) + node.has_localhost_node_ports
    return RuleCounts(4 + n_tails, node.has_localhost_node_ports + drops_invalid + 2, n_chains)


def port_counts(port: ProxiedPort, node: IptablesNode) -> RuleCounts:
    """Return what one service port needs."""
    service, selection = port
    n_ips, n_vips = len(service.external_ips), len(service.load_balancer_vips)
    n_choices = (len(selection.cluster) + len(selection.local)) * (1 + (service.affinity_s is not None))
    has_port, has_any = service.node_port > 0, selection.has_any
    internal, external, outside = port.has_internal, port.has_external, port.is_reached_from_outside
    firewall = has_any and port.is_firewalled
    has_detector = bool(node.is_from_pod)
    n_node_port = has_port * (1 + (node.has_localhost_node_ports and node.settings.is_nfacct))
    n_external = (has_detector + 2 if service.external_policy_local else 1) + external
    nat = internal * (1 + (node.settings.masquerade_all or has_detector)) + has_any * (
        n_ips + n_vips + n_node_port
    )
    nat += outside * n_external + firewall * (len(port.sources(node.node_ip)) + 1) + n_choices
    filters = (not internal) + (not external) * (n_ips + n_vips + has_port) + firewall * n_vips
    chains = outside + firewall + bool(selection.cluster) + bool(selection.local) + len(selection.reachable)
    health = service.health_check_node_port > 0
    return RuleCounts(nat + 2 * len(selection.reachable), filters + health, chains)
