"""Services, Ingresses and NetworkPolicies of a synthetic cluster."""

import netaddr

from kubenetlab.synthetic.addressing import address_text
from kubenetlab.synthetic.catalogue import APPS, ServiceRow, service_ports
from kubenetlab.synthetic.draft import Draft, Json, Workload
from kubenetlab.synthetic.system import DNS_SERVICES, USUAL_DNS_SERVICE

_FAMILIES = ("IPv4", "IPv6")


def metadata(
    draft: Draft, kind: str, name: str, namespace: str = "", labels: dict[str, str] | None = None
) -> Json:
    """Return the metadata of an object."""
    entry: Json = {
        "creationTimestamp": draft.identity.moment(kind, namespace, name),
        "name": name,
        "resourceVersion": str(1_000_000 + draft.identity.number(9_000_000, kind, namespace, name)),
        "uid": draft.identity.uid(kind, namespace, name),
    }
    if namespace:
        entry["namespace"] = namespace
    if labels:
        entry["labels"] = labels
    return entry


def add_services(draft: Draft) -> None:
    """Add the Services of the system and of every application."""
    add_system_services(draft)
    rows = {row.name: row for row in APPS}
    for workload in draft.workloads:
        row = rows.get(workload.name)
        for service in row.services if row and workload.pods else ():
            draft.objects.append(service_for(draft, workload, service))
    if any(workload.name == "payments" for workload in draft.workloads):
        external = service_object(
            draft, "checkout", "card-network", {"externalName": "gateway.card-network.example.com"}
        )
        external["spec"]["type"] = "ExternalName"
        draft.objects.append(external)


def add_system_services(draft: Draft) -> None:
    """Add the Services of the API server and of the cluster's DNS."""
    _add_kubernetes(draft)
    _add_dns(draft)


def service_for(draft: Draft, workload: Workload, row: ServiceRow, name: str = "") -> Json:
    """Return a Service that selects a workload's pods."""
    spec: Json = {"ports": service_ports(row.ports), "selector": dict(workload.labels)}
    service = service_object(draft, workload.namespace, name or f"{workload.name}{row.suffix}", spec)
    if row.is_headless:
        service["spec"] |= {"clusterIP": "None", "clusterIPs": ["None"]}
    else:
        give_cluster_ips(draft, service)
    if row.has_affinity:
        spec_affinity = {
            "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
        }
        service["spec"] |= spec_affinity
    expose(draft, service, row.type, is_local=row.is_local)
    return service


def service_object(draft: Draft, namespace: str, name: str, spec: Json) -> Json:
    """Return a Service with the fields that the API fills in."""
    n_families = len(draft.ranges["services"])
    defaults: Json = {
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": list(_FAMILIES[:n_families]),
        "ipFamilyPolicy": "RequireDualStack" if n_families > 1 else "SingleStack",
        "sessionAffinity": "None",
        "type": "ClusterIP",
    }
    if "externalName" in spec:
        defaults = {"sessionAffinity": "None", "type": "ExternalName"}
    labels = {"app.kubernetes.io/name": name}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(draft, "Service", name, namespace, labels),
        "spec": defaults | spec,
        "status": {"loadBalancer": {}},
    }


def give_cluster_ips(draft: Draft, service: Json, offset: int = 0) -> None:
    """Give a Service its ClusterIPs: at an offset of the range, or any of the dynamic band."""
    ips = draft.new_cluster_ips()
    if offset:
        networks = [netaddr.IPNetwork(cidr) for cidr in draft.ranges["services"]]
        draft.cluster_ips.difference_update(ips)
        ips = tuple(address_text(network.first + offset, network.version) for network in networks)
        draft.cluster_ips.update(ips)
    service["spec"] |= {"clusterIP": ips[0], "clusterIPs": list(ips)}


def expose(draft: Draft, service: Json, kind: str, *, is_local: bool = False) -> None:
    """Make a Service of type NodePort or LoadBalancer, with ports and an address."""
    spec = service["spec"]
    spec["type"] = kind
    if kind == "ClusterIP":
        return
    spec["externalTrafficPolicy"] = "Local" if is_local else "Cluster"
    for port in spec["ports"]:
        port["nodePort"] = draft.new_node_port()
    if kind == "LoadBalancer":
        spec["allocateLoadBalancerNodePorts"] = True
        service["status"]["loadBalancer"] = {"ingress": [_load_balancer_address(draft, service)]}
        if is_local:
            spec["healthCheckNodePort"] = draft.new_node_port()


def _load_balancer_address(draft: Draft, service: Json) -> Json:
    name, pool = service["metadata"]["name"], draft.platform.load_balancer
    if pool == "hostname":
        digits = draft.identity.hexadecimal("lb", service["metadata"]["namespace"], name)[:32]
        return {"hostname": f"a{digits[1:]}-{int(digits[:8], 16)}.elb.{draft.platform.region}.amazonaws.com"}
    n_taken = sum(bool(item["status"]["loadBalancer"]) for item in draft.of_kind("Service"))
    address = netaddr.IPNetwork(pool).first + 10 + n_taken
    return {"ip": address_text(address, 4), "ipMode": "VIP"}


def _add_kubernetes(draft: Draft) -> None:
    spec: Json = {"ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}]}
    service = service_object(draft, "default", "kubernetes", spec)
    service["spec"] |= {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
    service["metadata"]["labels"] = {"component": "apiserver", "provider": "kubernetes"}
    give_cluster_ips(draft, service, offset=1)
    service["spec"]["clusterIPs"] = service["spec"]["clusterIPs"][:1]
    draft.objects.append(service)


def _add_dns(draft: Draft) -> None:
    namespace, name, key, value = DNS_SERVICES.get(draft.platform.name, USUAL_DNS_SERVICE)
    ports = service_ports("dns:53>dns/UDP dns-tcp:53>dns-tcp metrics:9153>metrics")
    service = service_object(draft, namespace, name, {"ports": ports, "selector": {key: value}})
    service["metadata"]["labels"] = {"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"}
    give_cluster_ips(draft, service, offset=10)
    draft.objects.append(service)
