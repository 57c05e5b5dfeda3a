"""Harmless Services that look like KNL101 to KNL109, KNL302, KNL303 and KNL401 to KNL403."""

from kubenetlab.synthetic.draft import Draft, Json
from kubenetlab.synthetic.services import give_cluster_ips, metadata, service_object
from kubenetlab.synthetic.targets import add_service, add_uneven_app, claim_workload


def no_selector(draft: Draft) -> None:
    """KNL101: a Service without a selector, its endpoints written by hand."""
    port = {"name": "oracle", "port": 1521, "protocol": "TCP"}
    service = service_object(draft, "storefront", "legacy-oracle", {"ports": [port]})
    give_cluster_ips(draft, service)
    draft.objects.append(service)
    labels = {"kubernetes.io/service-name": "legacy-oracle"}
    draft.objects.append(
        {
            "addressType": "IPv4",
            "apiVersion": "discovery.k8s.io/v1",
            "endpoints": [{"addresses": ["198.51.100.21"], "conditions": {"ready": True}}],
            "kind": "EndpointSlice",
            "metadata": metadata(draft, "EndpointSlice", "legacy-oracle-1", "storefront", labels),
            "ports": [port],
        }
    )


def one_pod_not_ready(draft: Draft) -> None:
    """KNL102: a pod that is not ready beside one that is."""
    claim_workload(draft, at_least=2).pods[0].is_ready = False


def port_of_a_sidecar(draft: Draft) -> None:
    """KNL103: a named target port that the second container has."""
    workload = claim_workload(draft)
    sidecar: Json = {
        "image": "docker.io/envoyproxy/envoy:v1.36.2",
        "name": "proxy",
        "ports": [{"containerPort": 8443, "name": "proxy", "protocol": "TCP"}],
    }
    workload.sidecars = (*workload.sidecars, sidecar)
    add_service(
        draft,
        workload,
        "proxy",
        ports=[{"name": "https", "port": 443, "protocol": "TCP", "targetPort": "proxy"}],
    )


def node_port_of_other_protocol(draft: Draft) -> None:
    """KNL104: one Service with one node port for TCP and for UDP."""
    service = add_service(draft, claim_workload(draft), "both", "NodePort")
    (port,) = service["spec"]["ports"]
    service["spec"]["ports"].append(port | {"name": "http-udp", "protocol": "UDP"})


def node_port_of_a_wider_range(draft: Draft) -> None:
    """KNL105: a node port that the API server accepted, so its range is wider than the default."""
    service = add_service(draft, claim_workload(draft), "direct", "NodePort")
    service["spec"]["ports"][0]["nodePort"] = 33080


def node_ports_at_the_edges(draft: Draft) -> None:
    """KNL105: the first and the last node port of the range."""
    workload = claim_workload(draft)
    for suffix, node_port in (("first", 30000), ("last", 32767)):
        service = add_service(draft, workload, suffix, "NodePort")
        taken = next((s for s in draft.of_kind("Service") if _has_node_port(s, node_port)), None)
        if taken is None:
            service["spec"]["ports"][0]["nodePort"] = node_port


def _has_node_port(service: Json, node_port: int) -> bool:
    return any(port.get("nodePort") == node_port for port in service["spec"].get("ports", []))


def host_name_only(draft: Draft) -> None:
    """KNL106: a load balancer that has a host name and no address."""
    service = add_service(draft, claim_workload(draft), "public", "LoadBalancer")
    service["status"]["loadBalancer"] = {"ingress": [{"hostname": "public-1234567890.lb.example.com"}]}


def name_that_starts_like_an_address(draft: Draft) -> None:
    """KNL107: a name whose first labels are numbers."""
    spec: Json = {"externalName": "198.51.100.7.example.com"}
    draft.objects.append(service_object(draft, "storefront", "partner-erp", spec))


def aligned_source_ranges(draft: Draft) -> None:
    """KNL108: ranges without host bits, one of a single address."""
    ranges: Json = {"loadBalancerSourceRanges": ["198.51.100.0/24", "203.0.113.7/32"]}
    add_service(draft, claim_workload(draft), "partners", "LoadBalancer", **ranges)


def service_named_default(draft: Draft) -> None:
    """KNL109: a Service that is called default and lives elsewhere."""
    service = add_service(draft, claim_workload(draft), "default")
    service["metadata"]["name"] = "default"


def shared_address(draft: Draft) -> None:
    """KNL302: two Services with one external IP and two ports."""
    workload = claim_workload(draft)
    address: Json = {"externalIPs": ["198.51.100.77"]}
    add_service(draft, workload, "east", **address)
    add_service(draft, workload, "west", **address)["spec"]["ports"][0]["port"] = 8080


def hints_for_all(draft: Draft) -> None:
    """KNL303: pods on two nodes with zones."""
    workload = add_uneven_app(draft, "near-stock", (1, 1))
    add_service(draft, workload, "near", trafficDistribution="PreferClose")


def even_local(draft: Draft) -> None:
    """KNL401: three pods on one node and two on the other, of which two are ready on each."""
    workload = add_uneven_app(draft, "live-stock", (3, 2))
    workload.pods[0].is_ready = False
    service = add_service(draft, workload, "public", "LoadBalancer")
    service["spec"] |= {"externalTrafficPolicy": "Local", "healthCheckNodePort": draft.new_node_port()}


def local_of_pods(draft: Draft) -> None:
    """KNL401: uneven pods behind a load balancer that sends to the pods and not to the nodes."""
    workload = add_uneven_app(draft, "live-stock", (2, 1))
    service = add_service(draft, workload, "public", "LoadBalancer")
    service["spec"] |= {"externalTrafficPolicy": "Local", "healthCheckNodePort": draft.new_node_port()}
    annotation = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
    service["metadata"]["annotations"] = {annotation: "ip"}


def pods_where_the_nodes_are(draft: Draft) -> None:
    """KNL402: two pods in the zone with most of the nodes, and one in another."""
    workload = add_uneven_app(draft, "zonal-stock", (2, 1), in_two_zones=True)
    add_service(draft, workload, "near", trafficDistribution="PreferSameZone")


def affinity_of_an_address(draft: Draft) -> None:
    """KNL403: session affinity of a Service that kube-proxy handles."""
    add_service(draft, claim_workload(draft), "sticky", sessionAffinity="ClientIP")


def openshift_service(draft: Draft) -> None:
    """KNL109: the Service of namespace default that OpenShift itself makes."""
    spec: Json = {"externalName": "kubernetes.default.svc.cluster.local"}
    draft.objects.append(service_object(draft, "default", "openshift", spec))
