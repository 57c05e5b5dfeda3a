"""kubenetlab answers the questions of people who plan and run Kubernetes networks, from files alone."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.errors import KubenetlabError, ManifestError, NotFoundError, UnreadableError
    from kubenetlab.findings import check
    from kubenetlab.ipam.address_leaks import leaked_addresses
    from kubenetlab.ipam.allocator_trace import allocator_differences, trace_allocator
    from kubenetlab.ipam.buddy import AddressPool
    from kubenetlab.ipam.capacity import capacity
    from kubenetlab.ipam.cloud_subnets import node_pools, subnet_use
    from kubenetlab.ipam.cluster_mtu import cluster_mtu
    from kubenetlab.ipam.days_left import PerDay, days_left
    from kubenetlab.ipam.forecast.churn import Churn
    from kubenetlab.ipam.forecast.fitted_growth import fit_growth
    from kubenetlab.ipam.forecast.growth import Growth
    from kubenetlab.ipam.forecast.load import Load
    from kubenetlab.ipam.forecast.run_out import Runs, forecast, forecast_of
    from kubenetlab.ipam.fragmentation import compare_policies
    from kubenetlab.ipam.pareto import pareto_front
    from kubenetlab.ipam.pinned_blocks import pinned_blocks
    from kubenetlab.ipam.planner.comparison import compare_plans
    from kubenetlab.ipam.planner.packing import ImpossiblePlanError
    from kubenetlab.ipam.planner.plan import plan_addresses
    from kubenetlab.ipam.planner.plan_document import settings_text
    from kubenetlab.ipam.planner.why_impossible import why_impossible
    from kubenetlab.ipam.range_use import node_use, range_occupancy, range_use
    from kubenetlab.ipam.set_up import SetUp
    from kubenetlab.ipam.set_up_of_cluster import cluster_capacity, set_up_of
    from kubenetlab.kernel.proof import prove
    from kubenetlab.kube_proxy.chain_owners import endpoint_of
    from kubenetlab.kube_proxy.iptables_proxier import iptables_save
    from kubenetlab.kube_proxy.nftables_proxier import nftables_dump
    from kubenetlab.kube_proxy.node_settings import proxy_settings
    from kubenetlab.kube_proxy.proxied_ports import proxied_ports
    from kubenetlab.kube_proxy.rule_cost import first_packet_cost, sync_cost
    from kubenetlab.kube_proxy.rule_counts import rule_counts
    from kubenetlab.load_balancing.counted_connections import counted_connections
    from kubenetlab.load_balancing.drift import drift
    from kubenetlab.load_balancing.judgement import judge
    from kubenetlab.load_balancing.packet import Packet
    from kubenetlab.load_balancing.shares import rule_shares
    from kubenetlab.load_balancing.walk import walk
    from kubenetlab.load_balancing.walk_tree import walk_text
    from kubenetlab.readers import read_cluster
    from kubenetlab.readers.rules import read_rules, rules_from_text
    from kubenetlab.report import write_report
    from kubenetlab.samples import sample, sample_request, sample_rules

__version__ = "0.1.0"

#: Module by public name, grouped by subject; a name is imported when it is first used.
_HOMES = {
    # the cluster
    "read_cluster": "kubenetlab.readers",
    "sample": "kubenetlab.samples",
    "sample_request": "kubenetlab.samples",
    "sample_rules": "kubenetlab.samples",
    "Cluster": "kubenetlab.cluster",
    # addresses
    "range_use": "kubenetlab.ipam.range_use",
    "range_occupancy": "kubenetlab.ipam.range_use",
    "node_use": "kubenetlab.ipam.range_use",
    "days_left": "kubenetlab.ipam.days_left",
    "PerDay": "kubenetlab.ipam.days_left",
    "subnet_use": "kubenetlab.ipam.cloud_subnets",
    "node_pools": "kubenetlab.ipam.cloud_subnets",
    "leaked_addresses": "kubenetlab.ipam.address_leaks",
    "pinned_blocks": "kubenetlab.ipam.pinned_blocks",
    "SetUp": "kubenetlab.ipam.set_up",
    "set_up_of": "kubenetlab.ipam.set_up_of_cluster",
    "cluster_capacity": "kubenetlab.ipam.set_up_of_cluster",
    "AddressPool": "kubenetlab.ipam.buddy",
    "compare_policies": "kubenetlab.ipam.fragmentation",
    "capacity": "kubenetlab.ipam.capacity",
    "pareto_front": "kubenetlab.ipam.pareto",
    "cluster_mtu": "kubenetlab.ipam.cluster_mtu",
    "allocator_differences": "kubenetlab.ipam.allocator_trace",
    "trace_allocator": "kubenetlab.ipam.allocator_trace",
    "plan_addresses": "kubenetlab.ipam.planner.plan",
    "settings_text": "kubenetlab.ipam.planner.plan_document",
    "why_impossible": "kubenetlab.ipam.planner.why_impossible",
    "compare_plans": "kubenetlab.ipam.planner.comparison",
    "ImpossiblePlanError": "kubenetlab.ipam.planner.packing",
    "Growth": "kubenetlab.ipam.forecast.growth",
    "Churn": "kubenetlab.ipam.forecast.churn",
    "Load": "kubenetlab.ipam.forecast.load",
    "Runs": "kubenetlab.ipam.forecast.run_out",
    "forecast": "kubenetlab.ipam.forecast.run_out",
    "forecast_of": "kubenetlab.ipam.forecast.run_out",
    "fit_growth": "kubenetlab.ipam.forecast.fitted_growth",
    # rules
    "read_rules": "kubenetlab.readers.rules",
    "rules_from_text": "kubenetlab.readers.rules",
    "Packet": "kubenetlab.load_balancing.packet",
    "walk": "kubenetlab.load_balancing.walk",
    "walk_text": "kubenetlab.load_balancing.walk_tree",
    "rule_shares": "kubenetlab.load_balancing.shares",
    "counted_connections": "kubenetlab.load_balancing.counted_connections",
    "judge": "kubenetlab.load_balancing.judgement",
    "drift": "kubenetlab.load_balancing.drift",
    "prove": "kubenetlab.kernel.proof",
    "proxied_ports": "kubenetlab.kube_proxy.proxied_ports",
    "proxy_settings": "kubenetlab.kube_proxy.node_settings",
    "iptables_save": "kubenetlab.kube_proxy.iptables_proxier",
    "nftables_dump": "kubenetlab.kube_proxy.nftables_proxier",
    "endpoint_of": "kubenetlab.kube_proxy.chain_owners",
    "rule_counts": "kubenetlab.kube_proxy.rule_counts",
    "first_packet_cost": "kubenetlab.kube_proxy.rule_cost",
    "sync_cost": "kubenetlab.kube_proxy.rule_cost",
    # what is wrong, and all of it as a page
    "check": "kubenetlab.findings",
    "write_report": "kubenetlab.report",
    # errors
    "KubenetlabError": "kubenetlab.errors",
    "ManifestError": "kubenetlab.errors",
    "NotFoundError": "kubenetlab.errors",
    "UnreadableError": "kubenetlab.errors",
}

__all__ = [
    "AddressPool",
    "Churn",
    "Cluster",
    "Growth",
    "ImpossiblePlanError",
    "KubenetlabError",
    "Load",
    "ManifestError",
    "NotFoundError",
    "Packet",
    "PerDay",
    "Runs",
    "SetUp",
    "UnreadableError",
    "allocator_differences",
    "capacity",
    "check",
    "cluster_capacity",
    "cluster_mtu",
    "compare_plans",
    "compare_policies",
    "counted_connections",
    "days_left",
    "drift",
    "endpoint_of",
    "first_packet_cost",
    "fit_growth",
    "forecast",
    "forecast_of",
    "iptables_save",
    "judge",
    "leaked_addresses",
    "nftables_dump",
    "node_pools",
    "node_use",
    "pareto_front",
    "pinned_blocks",
    "plan_addresses",
    "prove",
    "proxied_ports",
    "proxy_settings",
    "range_occupancy",
    "range_use",
    "read_cluster",
    "read_rules",
    "rule_counts",
    "rule_shares",
    "rules_from_text",
    "sample",
    "sample_request",
    "sample_rules",
    "set_up_of",
    "settings_text",
    "subnet_use",
    "sync_cost",
    "trace_allocator",
    "walk",
    "walk_text",
    "why_impossible",
    "write_report",
]


def __getattr__(name: str) -> object:
    """Resolve a public name on first use (PEP 562), so that importing the package stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'kubenetlab' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
