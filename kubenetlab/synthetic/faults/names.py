"""Faults of names, KNL502 to KNL512, and what looks like them: each function makes what plants one."""

from collections.abc import Callable

from kubenetlab.synthetic.containers import slim_container
from kubenetlab.synthetic.draft import Draft, Json, Workload
from kubenetlab.synthetic.services import metadata, service_object
from kubenetlab.synthetic.targets import add_service, claim_workload, label

Plant = Callable[[Draft], tuple[str, ...]]


def service_named(choose: Callable[[list[str]], str]) -> Plant:
    """KNL502: a Service with the name of one of the namespaces, of which its own is the first."""

    def plant(draft: Draft) -> tuple[str, ...]:
        workload = claim_workload(draft)
        others = {other.namespace for other in draft.workloads} - {workload.namespace}
        service = add_service(draft, workload, "peers")
        service["metadata"]["name"] = choose([workload.namespace, *sorted(others)])
        return (label(service),)

    return plant


def pods_with(image: str = "", **spec: object) -> Plant:
    """KNL503, KNL504, KNL511: the pods of an application with another spec, their image with another ending."""

    def plant(draft: Draft) -> tuple[str, ...]:
        workload = claim_workload(draft)
        workload.spec, workload.image = dict(spec), workload.image + image
        return (workload.object,)

    return plant


def brokers(number: int) -> Plant:
    """KNL505: a headless Service for so many brokers outside of the cluster."""

    def plant(draft: Draft) -> tuple[str, ...]:
        ports = [{"name": "", "port": 9092, "protocol": "TCP"}]
        spec: Json = {"clusterIP": "None", "clusterIPs": ["None"], "ports": ports}
        service = service_object(draft, "storefront", "brokers", spec)
        labels = {"kubernetes.io/service-name": "brokers"}
        piece: Json = {
            "addressType": "IPv4",
            "apiVersion": "discovery.k8s.io/v1",
            "endpoints": [{"addresses": [f"198.51.100.{n}"]} for n in range(1, number + 1)],
            "kind": "EndpointSlice",
            "metadata": metadata(draft, "EndpointSlice", "brokers-1", "storefront", labels),
            "ports": ports,
        }
        draft.objects += [service, piece]
        return (label(service),)

    return plant


def corefile_with(*changes: tuple[str, str]) -> Plant:
    """KNL506, KNL512: Corefiles in which lines are replaced."""

    def plant(draft: Draft) -> tuple[str, ...]:
        maps = [item for item in draft.of_kind("ConfigMap") if "Corefile" in item["data"]]
        for item in maps:
            for line, replacement in changes:
                item["data"]["Corefile"] = item["data"]["Corefile"].replace(line, replacement)
        return tuple(map(label, maps))

    return plant


def dns_memory(limit: str) -> Plant:
    """KNL507: a memory limit of CoreDNS."""

    def plant(draft: Draft) -> tuple[str, ...]:
        workload, resources = _dns(draft), {"limits": {"memory": limit}}
        workload.spec = {"containers": [slim_container(workload) | {"resources": resources}]}
        return (workload.object,)

    return plant


def alias(target: str) -> Plant:
    """KNL508: an ExternalName."""

    def plant(draft: Draft) -> tuple[str, ...]:
        service = service_object(draft, "storefront", "alias", {"externalName": target})
        draft.objects.append(service)
        return (label(service),)

    return plant


def one_dns_pod(draft: Draft) -> tuple[str, ...]:
    """KNL509: the cluster's DNS was scaled down."""
    pods = _dns(draft).pods
    while len(pods) > 1:
        draft.nodes[pods.pop().node].n_pods -= 1
    return ("Service kube-system/kube-dns",)


def one_dns_pod_ready(draft: Draft) -> None:
    """KNL509: a second pod of the cluster's DNS is about to be ready."""
    _dns(draft).pods[0].is_ready = False


def on_the_hosts_network(policy: str) -> Plant:
    """KNL510: an application on the host's network that asks for a Service, and its dnsPolicy."""

    def plant(draft: Draft) -> tuple[str, ...]:
        workload = claim_workload(draft)
        workload.host_network, workload.spec = True, {"dnsPolicy": policy}
        workload.env["CATALOG"] = "http://catalog.storefront.svc:80"
        for pod in workload.pods:
            pod.ips = draft.nodes[pod.node].ips
        return (workload.object,)

    return plant


def _dns(draft: Draft) -> Workload:
    return next(w for w in draft.workloads if w.labels.get("k8s-app") == "kube-dns")


_ON = "    loop\n", "    autopath @kubernetes\n    loop\n"
_OFF = "".join(f"       disable {kind} cluster.local\n" for kind in ("success", "denial"))
#: What must be found, by code; KNL506 is what kubeadm writes.
PLANTED: dict[str, Plant] = {
    "KNL502": service_named(lambda names: names[1]),
    "KNL503": pods_with("-alpine", dnsConfig={"searches": [f"o{n:0>9}.corp.example.com" for n in range(8)]}),
    "KNL504": pods_with("-alpine", dnsConfig={"options": [{"name": "ndots", "value": "1"}]}),
    "KNL505": brokers(40),
    "KNL506": corefile_with(("    cache 30\n", f"    cache 30 {{\n{_OFF}    }}\n")),
    "KNL507": dns_memory("32Mi"),
    "KNL508": alias("cart-v1.storefront.svc.cluster.local"),
    "KNL509": one_dns_pod,
    "KNL510": on_the_hosts_network("ClusterFirst"),
    "KNL511": pods_with(dnsConfig={"nameservers": [f"198.51.100.{number}" for number in (1, 2, 3)]}),
    "KNL512": corefile_with(_ON),
}
#: What must not.
HARMLESS: dict[str, Callable[[Draft], object]] = {
    "KNL502": service_named(lambda names: names[0]),
    "KNL503": pods_with("-alpine", dnsConfig={"searches": ["corp.example.com"]}),
    "KNL504": pods_with("-alpine", dnsConfig={"options": [{"name": "ndots", "value": "3"}]}),
    "KNL505": brokers(20),
    "KNL506": corefile_with(("    cache 30\n", "    cache 60\n")),
    "KNL507": dns_memory("170Mi"),
    "KNL508": alias("frontend.storefront.svc.cluster.local"),
    "KNL509": one_dns_pod_ready,
    "KNL510": on_the_hosts_network("ClusterFirstWithHostNet"),
    "KNL511": pods_with(dnsConfig={"nameservers": ["198.51.100.1"]}),
    "KNL512": corefile_with(_ON, ("pods insecure", "pods verified")),
}
