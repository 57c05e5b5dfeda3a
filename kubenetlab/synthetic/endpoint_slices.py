"""EndpointSlices as the EndpointSlice controller makes them from Services and pods.

kubernetes, pkg/controller/endpointslice and staging/src/k8s.io/endpointslice: at most 100 endpoints a slice, one set of
slices an address family, ports by the number a named target port has in the pod, pods that have ended left out.
"""

from collections.abc import Iterator

from kubenetlab.synthetic.draft import Draft, Json, PodRecord, Workload
from kubenetlab.synthetic.pods import FINISHED_KINDS
from kubenetlab.synthetic.services import metadata

MOST_ENDPOINTS = 100
_API_PORT = 6443


def endpoint_slices(draft: Draft) -> Iterator[Json]:
    """Yield the slices of every Service."""
    workloads = draft.workloads_by_namespace()
    for service in draft.of_kind("Service"):
        if service["spec"].get("selector"):
            yield from _slices(draft, service, workloads.get(service["metadata"]["namespace"], []))
    kubernetes = draft.get("Service", "kubernetes", "default")
    yield kubernetes_slice(draft, kubernetes)


def kubernetes_slice(draft: Draft, service: Json) -> Json:
    """Return the slice that the API server writes for itself."""
    masters = [node.ips[0] for node in draft.nodes if node.is_control_plane] or ["172.16.0.2"]
    labels = {"kubernetes.io/service-name": "kubernetes"}
    return {
        "addressType": "IPv4",
        "apiVersion": "discovery.k8s.io/v1",
        "endpoints": [{"addresses": [ip], "conditions": {"ready": True}} for ip in masters],
        "kind": "EndpointSlice",
        "metadata": metadata(draft, "EndpointSlice", service["metadata"]["name"], "default", labels),
        "ports": [{"name": "https", "port": _API_PORT, "protocol": "TCP"}],
    }


def selected(service: Json, workloads: list[Workload]) -> Iterator[tuple[Workload, PodRecord]]:
    """Yield the pods that a Service selects, of those that have not ended."""
    selector = service["spec"]["selector"].items()
    for workload in workloads:
        if workload.kind in FINISHED_KINDS:
            continue
        matches = selector <= workload.labels.items()
        for pod in workload.pods:
            if selector <= (workload.labels | pod.labels).items() if pod.labels else matches:
                yield workload, pod


def _slices(draft: Draft, service: Json, workloads: list[Workload]) -> Iterator[Json]:
    found = list(selected(service, workloads))
    for family, address_type in enumerate(service["spec"]["ipFamilies"]):
        groups: dict[str, tuple[list[Json], list[Json]]] = {}
        for workload, pod in found:
            ports = _ports(service, workload)
            group = groups.setdefault(repr(ports), (ports, []))
            group[1].append(_endpoint(draft, service, workload, pod, family))
        for ports, endpoints in groups.values() or [([], [])]:
            for start in range(0, max(1, len(endpoints)), MOST_ENDPOINTS):
                part = endpoints[start : start + MOST_ENDPOINTS]
                yield _slice(draft, service, address_type, ports, part)


def _slice(draft: Draft, service: Json, address_type: str, ports: list[Json], endpoints: list[Json]) -> Json:
    namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
    first = endpoints[0]["addresses"][0] if endpoints else ""
    labels = service["metadata"].get("labels", {}) | {
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": name,
    }
    if service["spec"].get("clusterIP") == "None":
        labels["service.kubernetes.io/headless"] = ""
    end = draft.identity.suffix(5, "slice", namespace, name, address_type, first, repr(ports))
    return {
        "addressType": address_type,
        "apiVersion": "discovery.k8s.io/v1",
        "endpoints": endpoints or None,
        "kind": "EndpointSlice",
        "metadata": metadata(draft, "EndpointSlice", f"{name}-{end}", namespace, labels)
        | {"generateName": f"{name}-"},
        "ports": ports or None,
    }


def _ports(service: Json, workload: Workload) -> list[Json]:
    numbers = {name: (port, protocol) for name, port, protocol in workload.ports}
    for sidecar in workload.sidecars:
        numbers |= {port["name"]: (port["containerPort"], port["protocol"]) for port in sidecar["ports"]}
    found = []
    for port in service["spec"].get("ports", []):
        target = port.get("targetPort", port["port"])
        number = target if isinstance(target, int) else numbers.get(target, (0, ""))[0]
        if number:
            found.append({"name": port.get("name", ""), "port": number, "protocol": port["protocol"]})
    return found


def _endpoint(draft: Draft, service: Json, workload: Workload, pod: PodRecord, family: int) -> Json:
    node = draft.nodes[pod.node]
    is_ready = pod.is_ready or bool(service["spec"].get("publishNotReadyAddresses"))
    found: Json = {
        "addresses": [pod.ips[family]],
        "conditions": {"ready": is_ready, "serving": pod.is_ready, "terminating": False},
        "nodeName": node.name,
        "targetRef": {
            "kind": "Pod",
            "name": pod.name,
            "namespace": workload.namespace,
            "uid": draft.identity.uid("Pod", f"{workload.namespace}/{pod.name}"),
        },
    }
    if node.zone:
        found["zone"] = node.zone
        if is_ready and service["spec"].get("trafficDistribution"):
            found["hints"] = {"forZones": [{"name": node.zone}]}
    if workload.kind == "StatefulSet" and service["metadata"]["name"] == workload.service_name:
        found["hostname"] = pod.name
    return found
