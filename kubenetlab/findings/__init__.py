"""What is wrong or at risk in a cluster: one rule a function, one module a subject, one registry.

Codes never change meaning: KNL1xx cluster and Services, 2xx addresses, 3xx rules, 4xx balance, 5xx names, 6xx policy,
7xx routing.
"""

from kubenetlab.findings import (  # noqa: F401  (importing a module registers its rules)
    addresses,
    balance,
    egress_dns,
    ingress_classes,
    kube_proxy,
    names,
    node_ports,
    node_ranges,
    policies,
    range_use,
    routing,
    service_addresses,
    services,
)
from kubenetlab.findings.finding import Finding, Findings, Severity
from kubenetlab.findings.registry import Rule, check, rules

__all__ = ["Finding", "Findings", "Rule", "Severity", "check", "rules"]
