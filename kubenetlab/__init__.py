"""kubenetlab answers the questions of people who plan and run Kubernetes networks, from files alone."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.dns.caches.cache_settings import CacheSettings, Store
    from kubenetlab.dns.caches.hit_shares import cache_hit_share, cache_hit_shares
    from kubenetlab.dns.caches.lookup_traces import LookupTrace, poisson_trace
    from kubenetlab.dns.caches.simulated_caches import CacheLevels, simulate_dns_caches
    from kubenetlab.dns.corefile.core_dns import CoreDns
    from kubenetlab.dns.corefile.explain import explain_query
    from kubenetlab.dns.corefile.upstream import outside_names
    from kubenetlab.dns.demand.capacity import (
        DnsLoad,
        DnsServers,
        autoscaled_replicas,
        coredns_capacity,
        coredns_memory_mb,
        dns_servers,
    )
    from kubenetlab.dns.demand.changes import dns_changes
    from kubenetlab.dns.demand.demand import dns_demand
    from kubenetlab.dns.headless_clients import headless_spread
    from kubenetlab.dns.pod_lookup import compare_resolvers, name_form_matrix, pod_lookup
    from kubenetlab.dns.records.kubernetes import KubernetesRecords
    from kubenetlab.dns.records.options import KubernetesOptions
    from kubenetlab.dns.records.zone import zone_changes, zone_records
    from kubenetlab.dns.resolv_conf.pod_resolv_conf import pod_resolv_conf
    from kubenetlab.dns.resolv_conf.service_environment import service_environment
    from kubenetlab.dns.resolvers import candidates, lookup, outcome_table, resolver_table
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
    from kubenetlab.kernel.replay import replay
    from kubenetlab.kube_proxy.chain_owners import endpoint_of
    from kubenetlab.kube_proxy.iptables_proxier import iptables_save
    from kubenetlab.kube_proxy.nftables_proxier import nftables_dump
    from kubenetlab.kube_proxy.node_settings import proxy_settings
    from kubenetlab.kube_proxy.proxied_ports import proxied_ports
    from kubenetlab.kube_proxy.rule_cost import first_packet_cost, sync_cost
    from kubenetlab.kube_proxy.rule_counts import rule_counts
    from kubenetlab.load_balancing.affinity.client_connections import ClientConnections, client_sequence
    from kubenetlab.load_balancing.affinity.retention import ClientReturns, affinity_retention
    from kubenetlab.load_balancing.affinity.simulated_affinity import replay_affinity, simulate_affinity
    from kubenetlab.load_balancing.chance.bounded_counts import probability_within
    from kubenetlab.load_balancing.chance.connection_spread import connection_spread, draw_counts
    from kubenetlab.load_balancing.drift import drift
    from kubenetlab.load_balancing.judgement import judge
    from kubenetlab.load_balancing.long_lived.choosers import CHOOSERS
    from kubenetlab.load_balancing.long_lived.load import ConnectionLoad, EndpointEvent
    from kubenetlab.load_balancing.long_lived.simulated import simulate_connections
    from kubenetlab.load_balancing.long_lived.what_if import compare_choices
    from kubenetlab.load_balancing.luck.causes import likely_causes
    from kubenetlab.load_balancing.luck.counts_of_rules import counts_between, counts_of_rules
    from kubenetlab.load_balancing.luck.endpoint_luck import endpoint_luck
    from kubenetlab.load_balancing.luck.power import connections_needed, luck_power
    from kubenetlab.load_balancing.luck.verdict import luck
    from kubenetlab.load_balancing.node_limits import NodeTraffic, node_limits
    from kubenetlab.load_balancing.packet import Packet
    from kubenetlab.load_balancing.paths.maglev import maglev_disruption, maglev_table
    from kubenetlab.load_balancing.paths.metallb import ecmp_loss, metallb_l2_node
    from kubenetlab.load_balancing.paths.service import service_paths
    from kubenetlab.load_balancing.paths.traffic import pod_traffic_paths, traffic_paths
    from kubenetlab.load_balancing.shares import rule_shares
    from kubenetlab.load_balancing.walk import walk
    from kubenetlab.load_balancing.walk_tree import walk_text
    from kubenetlab.objects.connection_counts import EndpointCounts
    from kubenetlab.objects.name_inventory import NameInventory, NameRate
    from kubenetlab.readers import read_cluster
    from kubenetlab.readers.corefile import corefile_from_text, format_corefile, read_corefile
    from kubenetlab.readers.counts import read_counts
    from kubenetlab.readers.dns import read_names, read_queries
    from kubenetlab.readers.dns.inventory import read_inventory
    from kubenetlab.readers.dns.lookups import lookups_of_queries, queries_by_name
    from kubenetlab.readers.rules import read_rules, rules_from_text
    from kubenetlab.report import write_report
    from kubenetlab.samples import sample, sample_names, sample_request, sample_rules

__version__ = "0.1.0"

#: Module by public name, grouped by subject; a name is imported when it is first used.
_HOMES = {
    # the cluster
    "read_cluster": "kubenetlab.readers",
    "sample": "kubenetlab.samples",
    "sample_request": "kubenetlab.samples",
    "sample_rules": "kubenetlab.samples",
    "sample_names": "kubenetlab.samples",
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
    # connections
    "read_counts": "kubenetlab.readers.counts",
    "counts_of_rules": "kubenetlab.load_balancing.luck.counts_of_rules",
    "counts_between": "kubenetlab.load_balancing.luck.counts_of_rules",
    "EndpointCounts": "kubenetlab.objects.connection_counts",
    "luck": "kubenetlab.load_balancing.luck.verdict",
    "endpoint_luck": "kubenetlab.load_balancing.luck.endpoint_luck",
    "likely_causes": "kubenetlab.load_balancing.luck.causes",
    "luck_power": "kubenetlab.load_balancing.luck.power",
    "connections_needed": "kubenetlab.load_balancing.luck.power",
    "connection_spread": "kubenetlab.load_balancing.chance.connection_spread",
    "draw_counts": "kubenetlab.load_balancing.chance.connection_spread",
    "affinity_retention": "kubenetlab.load_balancing.affinity.retention",
    "simulate_affinity": "kubenetlab.load_balancing.affinity.simulated_affinity",
    "client_sequence": "kubenetlab.load_balancing.affinity.client_connections",
    "traffic_paths": "kubenetlab.load_balancing.paths.traffic",
    "pod_traffic_paths": "kubenetlab.load_balancing.paths.traffic",
    "service_paths": "kubenetlab.load_balancing.paths.service",
    "metallb_l2_node": "kubenetlab.load_balancing.paths.metallb",
    "ecmp_loss": "kubenetlab.load_balancing.paths.metallb",
    "maglev_table": "kubenetlab.load_balancing.paths.maglev",
    "maglev_disruption": "kubenetlab.load_balancing.paths.maglev",
    "ConnectionLoad": "kubenetlab.load_balancing.long_lived.load",
    "simulate_connections": "kubenetlab.load_balancing.long_lived.simulated",
    "compare_choices": "kubenetlab.load_balancing.long_lived.what_if",
    "node_limits": "kubenetlab.load_balancing.node_limits",
    "CHOOSERS": "kubenetlab.load_balancing.long_lived.choosers",
    "NodeTraffic": "kubenetlab.load_balancing.node_limits",
    "probability_within": "kubenetlab.load_balancing.chance.bounded_counts",
    "EndpointEvent": "kubenetlab.load_balancing.long_lived.load",
    "ClientConnections": "kubenetlab.load_balancing.affinity.client_connections",
    "ClientReturns": "kubenetlab.load_balancing.affinity.retention",
    "replay_affinity": "kubenetlab.load_balancing.affinity.simulated_affinity",
    "replay": "kubenetlab.kernel.replay",
    # names
    "KubernetesOptions": "kubenetlab.dns.records.options",
    "KubernetesRecords": "kubenetlab.dns.records.kubernetes",
    "zone_records": "kubenetlab.dns.records.zone",
    "zone_changes": "kubenetlab.dns.records.zone",
    "read_corefile": "kubenetlab.readers.corefile",
    "corefile_from_text": "kubenetlab.readers.corefile",
    "format_corefile": "kubenetlab.readers.corefile",
    "CoreDns": "kubenetlab.dns.corefile.core_dns",
    "explain_query": "kubenetlab.dns.corefile.explain",
    "outside_names": "kubenetlab.dns.corefile.upstream",
    "pod_resolv_conf": "kubenetlab.dns.resolv_conf.pod_resolv_conf",
    "service_environment": "kubenetlab.dns.resolv_conf.service_environment",
    "lookup": "kubenetlab.dns.resolvers",
    "candidates": "kubenetlab.dns.resolvers",
    "resolver_table": "kubenetlab.dns.resolvers",
    "outcome_table": "kubenetlab.dns.resolvers",
    "pod_lookup": "kubenetlab.dns.pod_lookup",
    "compare_resolvers": "kubenetlab.dns.pod_lookup",
    "name_form_matrix": "kubenetlab.dns.pod_lookup",
    "headless_spread": "kubenetlab.dns.headless_clients",
    "CacheSettings": "kubenetlab.dns.caches.cache_settings",
    "Store": "kubenetlab.dns.caches.cache_settings",
    "cache_hit_share": "kubenetlab.dns.caches.hit_shares",
    "cache_hit_shares": "kubenetlab.dns.caches.hit_shares",
    "LookupTrace": "kubenetlab.dns.caches.lookup_traces",
    "poisson_trace": "kubenetlab.dns.caches.lookup_traces",
    "CacheLevels": "kubenetlab.dns.caches.simulated_caches",
    "simulate_dns_caches": "kubenetlab.dns.caches.simulated_caches",
    "NameInventory": "kubenetlab.objects.name_inventory",
    "NameRate": "kubenetlab.objects.name_inventory",
    "read_inventory": "kubenetlab.readers.dns.inventory",
    "read_queries": "kubenetlab.readers.dns",
    "read_names": "kubenetlab.readers.dns",
    "queries_by_name": "kubenetlab.readers.dns.lookups",
    "lookups_of_queries": "kubenetlab.readers.dns.lookups",
    "dns_demand": "kubenetlab.dns.demand.demand",
    "dns_changes": "kubenetlab.dns.demand.changes",
    "DnsLoad": "kubenetlab.dns.demand.capacity",
    "DnsServers": "kubenetlab.dns.demand.capacity",
    "dns_servers": "kubenetlab.dns.demand.capacity",
    "coredns_capacity": "kubenetlab.dns.demand.capacity",
    "coredns_memory_mb": "kubenetlab.dns.demand.capacity",
    "autoscaled_replicas": "kubenetlab.dns.demand.capacity",
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
    "CHOOSERS",
    "AddressPool",
    "CacheLevels",
    "CacheSettings",
    "Churn",
    "ClientConnections",
    "ClientReturns",
    "Cluster",
    "ConnectionLoad",
    "CoreDns",
    "DnsLoad",
    "DnsServers",
    "EndpointCounts",
    "EndpointEvent",
    "Growth",
    "ImpossiblePlanError",
    "KubenetlabError",
    "KubernetesOptions",
    "KubernetesRecords",
    "Load",
    "LookupTrace",
    "ManifestError",
    "NameInventory",
    "NameRate",
    "NodeTraffic",
    "NotFoundError",
    "Packet",
    "PerDay",
    "Runs",
    "SetUp",
    "Store",
    "UnreadableError",
    "affinity_retention",
    "allocator_differences",
    "autoscaled_replicas",
    "cache_hit_share",
    "cache_hit_shares",
    "candidates",
    "capacity",
    "check",
    "client_sequence",
    "cluster_capacity",
    "cluster_mtu",
    "compare_choices",
    "compare_plans",
    "compare_policies",
    "compare_resolvers",
    "connection_spread",
    "connections_needed",
    "coredns_capacity",
    "coredns_memory_mb",
    "corefile_from_text",
    "counts_between",
    "counts_of_rules",
    "days_left",
    "dns_changes",
    "dns_demand",
    "dns_servers",
    "draw_counts",
    "drift",
    "ecmp_loss",
    "endpoint_luck",
    "endpoint_of",
    "explain_query",
    "first_packet_cost",
    "fit_growth",
    "forecast",
    "forecast_of",
    "format_corefile",
    "headless_spread",
    "iptables_save",
    "judge",
    "leaked_addresses",
    "likely_causes",
    "lookup",
    "lookups_of_queries",
    "luck",
    "luck_power",
    "maglev_disruption",
    "maglev_table",
    "metallb_l2_node",
    "name_form_matrix",
    "nftables_dump",
    "node_limits",
    "node_pools",
    "node_use",
    "outcome_table",
    "outside_names",
    "pareto_front",
    "pinned_blocks",
    "plan_addresses",
    "pod_lookup",
    "pod_resolv_conf",
    "pod_traffic_paths",
    "poisson_trace",
    "probability_within",
    "prove",
    "proxied_ports",
    "proxy_settings",
    "queries_by_name",
    "range_occupancy",
    "range_use",
    "read_cluster",
    "read_corefile",
    "read_counts",
    "read_inventory",
    "read_names",
    "read_queries",
    "read_rules",
    "replay",
    "replay_affinity",
    "resolver_table",
    "rule_counts",
    "rule_shares",
    "rules_from_text",
    "sample",
    "sample_names",
    "sample_request",
    "sample_rules",
    "service_environment",
    "service_paths",
    "set_up_of",
    "settings_text",
    "simulate_affinity",
    "simulate_connections",
    "simulate_dns_caches",
    "subnet_use",
    "sync_cost",
    "trace_allocator",
    "traffic_paths",
    "walk",
    "walk_text",
    "why_impossible",
    "write_report",
    "zone_changes",
    "zone_records",
]


def __getattr__(name: str) -> object:
    """Resolve a public name on first use (PEP 562), so that importing the package stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'kubenetlab' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
