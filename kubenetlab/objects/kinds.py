"""The kinds that kubenetlab reads: which API groups they belong to, where a Cluster keeps them, what they become."""

from typing import NamedTuple

from kubenetlab.objects import address_pools, node, pod, policy, routing, service, workload
from kubenetlab.objects.api_object import ApiObject

_APPS = ("apps", "extensions")
_BATCH = ("batch",)
_CORE = ("",)
_NETWORKING = ("networking.k8s.io", "extensions")
_CALICO = ("crd.projectcalico.org", "projectcalico.org")
_CILIUM = ("cilium.io",)


class Kind(NamedTuple):
    """A kind: its name, its API groups, the Cluster's attribute, and the type of its values."""

    kind: str
    groups: tuple[str, ...]
    plural: str
    type: type[ApiObject]


KINDS: tuple[Kind, ...] = (
    Kind("Node", _CORE, "nodes", node.Node),
    Kind("Namespace", _CORE, "namespaces", node.Namespace),
    Kind("Pod", _CORE, "pods", pod.Pod),
    Kind("Service", _CORE, "services", service.Service),
    Kind("EndpointSlice", ("discovery.k8s.io",), "endpoint_slices", service.EndpointSlice),
    Kind("Endpoints", _CORE, "endpoints", service.Endpoints),
    Kind("NetworkPolicy", _NETWORKING, "network_policies", policy.NetworkPolicy),
    Kind("Ingress", _NETWORKING, "ingresses", routing.Ingress),
    Kind("IngressClass", _NETWORKING, "ingress_classes", routing.IngressClass),
    Kind("ServiceCIDR", _NETWORKING, "service_cidrs", address_pools.ServiceCIDR),
    Kind("IPAddress", _NETWORKING, "ip_addresses", address_pools.IPAddress),
    Kind("IPPool", _CALICO, "ip_pools", address_pools.IPPool),
    Kind("IPAMBlock", _CALICO, "ipam_blocks", address_pools.IPAMBlock),
    Kind("CiliumNode", _CILIUM, "cilium_nodes", address_pools.CiliumNode),
    Kind("CiliumPodIPPool", _CILIUM, "cilium_pod_ip_pools", address_pools.CiliumPodIPPool),
    Kind("ENIConfig", ("crd.k8s.amazonaws.com",), "eni_configs", address_pools.ENIConfig),
    Kind("CNINode", ("vpcresources.k8s.aws",), "cni_nodes", address_pools.CNINode),
    Kind("NodeNetworkConfig", ("acn.azure.com",), "node_network_configs", address_pools.NodeNetworkConfig),
    Kind("IPAddressPool", ("metallb.io",), "ip_address_pools", address_pools.IPAddressPool),
    Kind("ConfigMap", _CORE, "config_maps", workload.ConfigMap),
    Kind("Deployment", _APPS, "deployments", workload.Deployment),
    Kind("StatefulSet", _APPS, "stateful_sets", workload.StatefulSet),
    Kind("DaemonSet", _APPS, "daemon_sets", workload.DaemonSet),
    Kind("ReplicaSet", _APPS, "replica_sets", workload.ReplicaSet),
    Kind("Job", _BATCH, "jobs", workload.Job),
    Kind("CronJob", _BATCH, "cron_jobs", workload.CronJob),
)


def kind_of(kind: str, api_version: str) -> Kind | None:
    """Return the entry for a kind and apiVersion, or None for what kubenetlab skips.

    An empty apiVersion (items of raw API lists) matches by kind alone.
    """
    group = api_version.rpartition("/")[0]
    matches = (entry for entry in KINDS if entry.kind == kind)
    return next((entry for entry in matches if not api_version or group in entry.groups), None)


def kind_name(value: ApiObject) -> str:
    """Return the API's name for a value's kind, such as ``Pod``."""
    return next(entry.kind for entry in KINDS if entry.type is type(value))


def object_name(value: ApiObject) -> str:
    """Return how messages name an object: ``Service shop/cart``, ``Node worker-1``."""
    return f"{kind_name(value)} {value.metadata.full_name}"  # type: ignore[attr-defined]
