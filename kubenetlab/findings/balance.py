"""Traffic that cannot be shared evenly, or not as it was asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.kube_proxy import proxied
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.kube_proxy.endpoint_selection import Endpoints, select
from kubenetlab.kube_proxy.proxied_ports import known_release
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.objects import Service, ServiceType, TrafficPolicy, object_name

_ZONE = "topology.kubernetes.io/zone"
_CONTROL_PLANE = {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}
_IN_ZONE = ("PreferSameZone", "PreferClose")  # the second is the older name
_CROWDED_FROM = 2  # times a fair share; five pods in three zones have one with 5/3
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


@rule(
    "KNL402",
    Severity.MEDIUM,
    title="Traffic that stays in a zone with too few pods for it",
    advice="Spread the pods over the zones (topologySpreadConstraints over topology.kubernetes.io/zone) or run more of them "
    "where the clients are; or take spec.trafficDistribution away.",
    documentation="https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-distribution",
)
def crowded_zones(cluster: Cluster) -> Iterator[Hit]:
    """Find Services that keep traffic in its zone and so give a pod twice a fair share or more, were nodes alike.

    Alike: each node that is no control plane opens as many connections. kube-proxy obeys the hints of endpoints only
    where every ready one has some, and uses all endpoints where none is for its zone (pkg/proxy/topology.go).
    """
    asking = {s.metadata.full_name: s for s in cluster.services if s.spec.traffic_distribution in _IN_ZONE}
    labels = (node.metadata.labels for node in cluster.nodes)
    zones = Counter(of.get(_ZONE, "") for of in labels if _CONTROL_PLANE.isdisjoint(of))
    for port, endpoints in proxied(cluster) if asking else ():
        service = asking.get(f"{port.namespace}/{port.name}")
        if service and not port.has_topology_annotation:
            nodes = {zone: ProxySettings(node_name="", node_labels={_ZONE: zone}) for zone in sorted(zones)}
            used = {
                z: select(port, endpoints, node, known_release(cluster)).cluster for z, node in nodes.items()
            }
            if (times := _most_crowded(zones, used)) >= _CROWDED_FROM:
                del asking[service.metadata.full_name]
                yield _crowded(service, float(times), zones, used)


def _most_crowded(zones: Counter[str], used: Mapping[str, Endpoints]) -> Fraction:
    """Return how many times a fair share the busiest endpoint gets, where each node sends as much."""
    load: dict[str, Fraction] = defaultdict(Fraction)
    for zone, endpoints in used.items():
        for endpoint in endpoints:
            load[endpoint.where] += Fraction(zones[zone], zones.total() * len(endpoints))
    return max(load.values(), default=Fraction(0)) * len(load)


def _crowded(service: Service, times: float, zones: Counter[str], used: Mapping[str, Endpoints]) -> Hit:
    message = f"A pod gets {times:.3g} times a fair share of the traffic, if every node sends as much."
    spread = [
        f"zone {zone or 'unknown'}: {counted(zones[zone], 'node')} to {counted(len(endpoints), 'endpoint')}"
        for zone, endpoints in used.items()
    ]
    distribution = f"spec.trafficDistribution: {service.spec.traffic_distribution}"
    return Hit(object_name(service), message, (distribution, first_few(spread)))


@rule(
    "KNL403",
    Severity.LOW,
    title="Session affinity of a headless Service",
    advice="Give the Service a ClusterIP, so that kube-proxy keeps clients together, or let the clients choose their pod "
    "themselves and set sessionAffinity: None.",
    documentation="https://kubernetes.io/docs/concepts/services-networking/service/#headless-services",
)
def headless_affinity(cluster: Cluster) -> Iterator[Hit]:
    """Find headless Services that ask for session affinity, which kube-proxy alone gives and it does not handle them."""
    for service in cluster.services:
        if service.is_headless and service.spec.session_affinity == "ClientIP":
            message = (
                "Nothing keeps a client at its pod: DNS answers with all pods, and no proxy stands between."
            )
            evidence = ("spec.clusterIP: None", "spec.sessionAffinity: ClientIP")
            yield Hit(object_name(service), message, evidence)
