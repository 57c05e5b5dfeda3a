"""What is wrong or at risk in a cluster: one rule a function, one module a subject, one registry.

Codes never change meaning: KNL1xx cluster and Services, 2xx addresses, 3xx rules, 4xx balance, 5xx names, 6xx policy,
7xx routing.
"""

from kubenetlab.findings import (  # noqa: F401  (importing a module registers its rules)
    addresses,
    balance,
    calico_pools,
    cloud_subnets,
    controller_manager,
    dns_names,
    dns_pods,
    dns_server,
    egress_dns,
    gone_nodes,
    ingress_classes,
    kube_proxy,
    leaked_addresses,
    mtu,
    names,
    node_ports,
    node_ranges,
    ovn_networks,
    policies,
    range_use,
    routing,
    service_addresses,
    services,
)
from kubenetlab.findings.finding import Finding, Findings, Severity
from kubenetlab.findings.registry import Rule, check, rules

__all__ = ["Finding", "Findings", "Rule", "Severity", "check", "rules"]
