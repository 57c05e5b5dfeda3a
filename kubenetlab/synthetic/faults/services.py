"""Faults of Services: KNL101 to KNL109, KNL302, KNL303 and KNL401 to KNL403."""

from kubenetlab.synthetic.catalogue import AppRow
from kubenetlab.synthetic.draft import Draft, Json
from kubenetlab.synthetic.planning import add_app
from kubenetlab.synthetic.services import service_object
from kubenetlab.synthetic.targets import add_service, add_uneven_app, claim_workload, label


def selector_matches_nothing(draft: Draft) -> tuple[str, ...]:
    """KNL101: a Service for a version that was never rolled out."""
    workload = claim_workload(draft)
    service = add_service(draft, workload, "v2", selector=workload.labels | {"version": "v2"})
    return (label(service),)


def no_ready_endpoints(draft: Draft) -> tuple[str, ...]:
    """KNL102: every pod behind a Service fails its readiness probe."""
    workload = claim_workload(draft)
    for pod in workload.pods:
        pod.is_ready = False
    return (label(draft.get("Service", workload.service_name, workload.namespace)),)


def missing_named_port(draft: Draft) -> tuple[str, ...]:
    """KNL103: a target port whose name no container has."""
    workload = claim_workload(draft)
    ports = [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "htttp"}]
    return (label(add_service(draft, workload, "internal", ports=ports)),)


def node_port_clash(draft: Draft) -> tuple[str, ...]:
    """KNL104: two Services with one node port."""
    workload = claim_workload(draft)
    services = [add_service(draft, workload, suffix, "NodePort") for suffix in ("blue", "green")]
    services[1]["spec"]["ports"][0]["nodePort"] = services[0]["spec"]["ports"][0]["nodePort"]
    return tuple(label(service) for service in services)


def node_port_out_of_range(draft: Draft) -> tuple[str, ...]:
    """KNL105: a node port from before the API server's range was narrowed."""
    servers = [workload for workload in draft.workloads if workload.name == "kube-apiserver"]
    for workload in servers:
        workload.command = (*workload.command, "--service-node-port-range=30000-32767")
    service = add_service(draft, claim_workload(draft), "direct", "NodePort")
    service["spec"]["ports"][0]["nodePort"] = 33080
    return (label(service),)


def load_balancer_pending(draft: Draft) -> tuple[str, ...]:
    """KNL106: a load balancer that never came."""
    service = add_service(draft, claim_workload(draft), "public", "LoadBalancer")
    service["status"]["loadBalancer"] = {}
    return (label(service),)


def external_name_is_address(draft: Draft) -> tuple[str, ...]:
    """KNL107: an ExternalName that is an address; DNS answers it as a name."""
    service = service_object(draft, "storefront", "legacy-erp", {"externalName": "198.51.100.7"})
    draft.objects.append(service)
    return (label(service),)


def source_range_host_bits(draft: Draft) -> tuple[str, ...]:
    """KNL108: a source range that lets in more than it seems."""
    ranges: Json = {"loadBalancerSourceRanges": ["198.51.100.7/24"]}
    return (label(add_service(draft, claim_workload(draft), "partners", "LoadBalancer", **ranges)),)


def service_in_default(draft: Draft) -> tuple[str, ...]:
    """KNL109: somebody forgot the namespace."""
    row = AppRow(namespace="default", name="hello", services=())
    return (label(add_service(draft, add_app(draft, row, "default", 2), "web")),)


def address_clash(draft: Draft) -> tuple[str, ...]:
    """KNL302: two Services with one external IP and port."""
    workload = claim_workload(draft)
    address: Json = {"externalIPs": ["198.51.100.77"]}
    return tuple(label(add_service(draft, workload, suffix, **address)) for suffix in ("east", "west"))


def node_without_zone(draft: Draft) -> tuple[str, ...]:
    """KNL303: pods that should be reached from their own zone, one of them on a node that nobody gave a zone."""
    workload = add_uneven_app(draft, "near-stock", (1, 1))
    node = draft.nodes[workload.pods[0].node]
    node.zone = ""
    del draft.get("Node", node.name)["metadata"]["labels"]["topology.kubernetes.io/zone"]
    return (label(add_service(draft, workload, "near", trafficDistribution="PreferClose")),)


def uneven_local(draft: Draft) -> tuple[str, ...]:
    """KNL401: three pods on two nodes behind a load balancer that treats both nodes alike."""
    workload = add_uneven_app(draft, "live-prices", (2, 1))
    service = add_service(draft, workload, "public", "LoadBalancer")
    service["spec"] |= {"externalTrafficPolicy": "Local", "healthCheckNodePort": draft.new_node_port()}
    return (label(service),)


def crowded_zone(draft: Draft) -> tuple[str, ...]:
    """KNL402: one pod for the zone with most of the nodes, and seven in another."""
    workload = add_uneven_app(draft, "zonal-rates", (1, 7), in_two_zones=True)
    return (label(add_service(draft, workload, "near", trafficDistribution="PreferSameZone")),)


def headless_affinity(draft: Draft) -> tuple[str, ...]:
    """KNL403: a headless Service that should keep clients together."""
    service = add_service(draft, claim_workload(draft), "peers", sessionAffinity="ClientIP")
    service["spec"] |= {"clusterIP": "None", "clusterIPs": ["None"]}
    return (label(service),)
