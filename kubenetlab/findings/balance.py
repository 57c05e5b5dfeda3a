"""Traffic that cannot be shared evenly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.objects import Service, ServiceType, TrafficPolicy, object_name

_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
_IP_TARGETS = {"nlb-target-type": "ip", "type": "nlb-ip"}  # the second is the older way to say it


@rule(
    "KNL401",
    Severity.MEDIUM,
    title="externalTrafficPolicy Local with unequal pods per node",
    advice="Spread the pods evenly (topologySpreadConstraints over kubernetes.io/hostname, or a DaemonSet), or set "
    "externalTrafficPolicy: Cluster where the client's address is not needed.",
    documentation="https://kubernetes.io/docs/reference/networking/virtual-ips/#external-traffic-policy",
)
def unequal_local_endpoints(cluster: Cluster) -> Iterator[Hit]:
    """Find Services that send outside traffic to the node's own pods while nodes with ready pods have unequal numbers.

    Not where the load balancer knows the pods themselves.
    """
    for service in cluster.services:
        per_node = _ready_per_node(cluster, service) if _is_local(service) else {}
        fewest, most = min(per_node.values(), default=0), max(per_node.values(), default=0)
        if fewest < most:
            why = _consequence(cluster, service, most / fewest)
            message = f"Ready pods per node range from {fewest} to {most}{why}."
            spread = first_few([f"{node}: {n}" for node, n in sorted(per_node.items())])
            evidence = (
                "spec.externalTrafficPolicy: Local",
                f"ready pods on {counted(len(per_node), 'node')}: {spread}",
            )
            yield Hit(object_name(service), message, evidence)


def _consequence(cluster: Cluster, service: Service, times: float) -> str:
    """What that means where nodes get equal shares; of MetalLB's two modes a dump shows no choice."""
    unequal = f"a pod may get {times:.3g} times the traffic of another"
    if service.spec.type == ServiceType.LOAD_BALANCER and cluster.ip_address_pools:
        return f": by BGP {unequal}, and in layer 2 mode MetalLB sends all of it to one node"
    return f", so where nodes get equal shares {unequal}"


def _is_local(service: Service) -> bool:
    is_outside = service.spec.type in (ServiceType.NODE_PORT, ServiceType.LOAD_BALANCER)
    is_local = is_outside and service.spec.external_traffic_policy == TrafficPolicy.LOCAL
    return is_local and not _targets_pods(service)


def _targets_pods(service: Service) -> bool:
    """Whether a load balancer sends to pods, past the nodes (AWS Load Balancer Controller, NLB with IP targets)."""
    annotations = service.metadata.annotations
    is_ip = any(annotations.get(f"{_AWS}{key}") == value for key, value in _IP_TARGETS.items())
    return is_ip and service.spec.type == ServiceType.LOAD_BALANCER


def _ready_per_node(cluster: Cluster, service: Service) -> Mapping[str, int]:
    """Ready pods by node; a pod counts once, however many ports and address families it has."""
    pods: dict[str, set[str]] = defaultdict(set)
    for endpoint in cluster.endpoints_of(service):
        if endpoint.node_name and (endpoint.is_ready or service.spec.publish_not_ready_addresses):
            pods[endpoint.node_name].add(endpoint.pod or endpoint.address)
    return {node: len(names) for node, names in pods.items()}
