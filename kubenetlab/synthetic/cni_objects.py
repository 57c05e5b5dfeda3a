"""Objects that CNIs, clouds and the Service allocator keep about addresses."""

from collections.abc import Iterator

from kubenetlab.synthetic.addressing import CalicoBlocks
from kubenetlab.synthetic.draft import Draft, Json
from kubenetlab.synthetic.services import metadata

METALLB_NAMESPACE = "metallb-system"


def address_objects(draft: Draft) -> Iterator[Json]:
    """Yield the objects of the platform's CNI, and those of the Service ranges."""
    yield from _service_cidrs(draft)
    if draft.platform.has_metallb:
        yield _metallb(draft)
    yield from _BY_PLATFORM.get(draft.platform.name, _nothing)(draft)


def _nothing(draft: Draft) -> Iterator[Json]:
    del draft
    yield from ()


def _service_cidrs(draft: Draft) -> Iterator[Json]:
    """ServiceCIDR and IPAddress (networking.k8s.io/v1 from 1.33)."""
    yield {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "ServiceCIDR",
        "metadata": metadata(draft, "ServiceCIDR", "kubernetes"),
        "spec": {"cidrs": list(draft.ranges["services"])},
        "status": {"conditions": [{"reason": "", "status": "True", "type": "Ready"}]},
    }
    for service in draft.of_kind("Service"):
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        for ip in service["spec"].get("clusterIPs", []):
            if ip != "None":
                parent = {"group": "", "name": name, "namespace": namespace, "resource": "services"}
                labels = {
                    "ipaddress.kubernetes.io/ip-family": "IPv6" if ":" in ip else "IPv4",
                    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
                }
                yield {
                    "apiVersion": "networking.k8s.io/v1",
                    "kind": "IPAddress",
                    "metadata": metadata(draft, "IPAddress", ip, labels=labels),
                    "spec": {"parentRef": parent},
                }


def _metallb(draft: Draft) -> Json:
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": "IPAddressPool",
        "metadata": metadata(draft, "IPAddressPool", "public", METALLB_NAMESPACE),
        "spec": {"addresses": [draft.platform.load_balancer], "autoAssign": True, "avoidBuggyIPs": False},
    }


def _calico(draft: Draft) -> Iterator[Json]:
    for cidr, ipam in zip(draft.ranges["pods"], draft.ipams, strict=True):
        yield calico_pool(draft, f"default-{'ipv6' if ':' in cidr else 'ipv4'}-ippool", cidr)
        if isinstance(ipam, CalicoBlocks):
            for block in ipam.blocks():
                yield calico_block(draft, *block)


def calico_pool(draft: Draft, name: str, cidr: str) -> Json:
    """Return a pool; one that was retired is disabled."""
    spec: Json = {
        "allowedUses": ["Workload", "Tunnel"],
        "blockSize": 122 if ":" in cidr else 26,
        "cidr": cidr,
        "ipipMode": "Never",
        "natOutgoing": True,
        "nodeSelector": "all()",
        "vxlanMode": "Never" if ":" in cidr else "Always",
    }
    if name in draft.retired_pools:
        spec["disabled"] = True
    return {
        "apiVersion": "crd.projectcalico.org/v1",
        "kind": "IPPool",
        "metadata": metadata(draft, "IPPool", name),
        "spec": spec,
    }


def calico_block(draft: Draft, cidr: str, node: int, n_used: int) -> Json:
    """Return a block of a node, its first addresses in use."""
    name = draft.nodes[node].name
    attributes = [
        {"handle_id": f"k8s-pod-network.{draft.identity.hexadecimal(cidr, i)}", "secondary": {"node": name}}
        for i in range(n_used)
    ]
    return {
        "apiVersion": "crd.projectcalico.org/v1",
        "kind": "IPAMBlock",
        "metadata": metadata(draft, "IPAMBlock", cidr.translate(str.maketrans("./:", "---"))),
        "spec": {
            "affinity": f"host:{name}",
            "allocations": [*range(n_used), *[None] * (64 - n_used)],
            "attributes": attributes,
            "cidr": cidr,
            "deleted": False,
            "strictAffinity": False,
            "unallocated": list(range(n_used, 64)),
        },
    }


def _cilium(draft: Draft) -> Iterator[Json]:
    for node in draft.nodes:
        yield {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNode",
            "metadata": metadata(draft, "CiliumNode", node.name),
            "spec": {
                "addresses": [{"ip": ip, "type": "InternalIP"} for ip in node.ips],
                "ipam": {"podCIDRs": list(node.pod_cidrs)},
            },
            "status": {},
        }


def _eks(draft: Draft) -> Iterator[Json]:
    for node in draft.nodes:
        yield {
            "apiVersion": "vpcresources.k8s.aws/v1alpha1",
            "kind": "CNINode",
            "metadata": metadata(draft, "CNINode", node.name),
            "spec": {},
        }


def _aks_overlay(draft: Draft) -> Iterator[Json]:
    for node in draft.nodes:
        container = {
            "id": draft.identity.uid("network-container", node.name),
            "nodeIP": node.ips[0],
            "primaryIP": node.pod_cidrs[0],
            "subnetAddressSpace": draft.ranges["pods"][0],
            "subnetName": f"routingdomain_{draft.identity.uid('routing-domain')}_overlaysubnet",
            "type": "overlay",
            "version": 0,
        }
        yield {
            "apiVersion": "acn.azure.com/v1alpha",
            "kind": "NodeNetworkConfig",
            "metadata": metadata(draft, "NodeNetworkConfig", node.name, "kube-system"),
            "spec": {"requestedIPCount": 0},
            "status": {"assignedIPCount": 256, "networkContainers": [container]},
        }


_BY_PLATFORM = {
    "kubeadm-calico": _calico,
    "kubeadm-cilium": _cilium,
    "eks": _eks,
    "aks-overlay": _aks_overlay,
}
