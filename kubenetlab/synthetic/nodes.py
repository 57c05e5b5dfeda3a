"""The nodes of a synthetic cluster: names, labels and provider ids as each platform writes them."""

import netaddr

from kubenetlab.synthetic.addressing import Network, node_address, pod_addresses
from kubenetlab.synthetic.draft import Draft, Json, NodeRecord
from kubenetlab.synthetic.platforms import Pool

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_SUBSCRIPTION = (
    "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/mc_example_westeurope/providers"
)


def add_nodes(draft: Draft) -> None:
    """Add the nodes with their addresses and ranges, and the IPAMs that gave them."""
    networks = _networks(draft)
    draft.ipams = tuple(pod_addresses(draft.platform, network) for network in networks)
    n_control_plane = _n_control_plane(draft)
    for index in range(draft.shape.nodes):
        ips = tuple(
            node_address(ipam, network, index) for ipam, network in zip(draft.ipams, networks, strict=True)
        )
        draft.nodes.append(_node(draft, index, ips, n_control_plane))
    draft.objects += [_node_object(draft, node) for node in draft.nodes]


def _n_control_plane(draft: Draft) -> int:
    if not draft.platform.has_control_plane or draft.shape.nodes == 1:
        return 0
    return 3 if draft.shape.nodes >= 10 else 1


def _networks(draft: Draft) -> list[Network]:
    platform, shape = draft.platform, draft.shape
    masks = (platform.node_mask, 64)
    families = zip(draft.ranges["pods"], draft.ranges["services"], draft.ranges["nodes"], masks, strict=False)
    return [
        Network(
            pods=pods,
            services=services,
            nodes=nodes,
            node_mask=mask,
            n_nodes=shape.nodes,
            n_zones=len(platform.zones),
            first_address=platform.first_address,
            seed=shape.seed,
        )
        for pods, services, nodes, mask in families
    ]


def cluster_ranges(draft: Draft) -> Json:
    """Return the ranges of a cluster of this shape: the usual ones, or the wide pod range if there are many nodes.

    Raises
    ------
    ValueError
        If the platform has no dual stack.
    """
    platform = draft.platform
    pods = platform.pod_cidr
    if pods and draft.shape.nodes > 0.6 * (1 << (platform.node_mask - netaddr.IPNetwork(pods).prefixlen)):
        pods = platform.wide_pod_cidr
    ranges = {"pods": [pods], "services": [platform.service_cidr], "nodes": [platform.node_network]}
    if draft.shape.dual_stack:
        if not platform.pod_cidr6:
            raise ValueError(f"platform {platform.name} has no dual stack here")
        ranges["pods"].append(platform.pod_cidr6)
        ranges["services"].append(platform.service_cidr6)
        ranges["nodes"].append(platform.node_network6)
    return ranges


def _node(draft: Draft, index: int, ips: tuple[str, ...], n_control_plane: int) -> NodeRecord:
    platform = draft.platform
    is_control_plane = index < n_control_plane
    pool = platform.pools[0] if is_control_plane or index % 4 else platform.pools[-1]
    return NodeRecord(
        index=index,
        name=_name(draft, index, n_control_plane, ips[0]),
        zone=platform.zones[index % len(platform.zones)],
        pool=pool,
        ips=ips,
        is_control_plane=is_control_plane,
        pod_cidrs=tuple(ipam.node_cidr(index) for ipam in draft.ipams),
        runtime=platform.runtime,
        max_pods=platform.max_pods,
    )


def _name(draft: Draft, index: int, n_control_plane: int, ip: str) -> str:
    pools = draft.platform.pools
    pool = (pools[0] if index % 4 else pools[-1]).name
    role = "control-plane" if index < n_control_plane else "worker"
    number = index + 1 if index < n_control_plane else index + 1 - n_control_plane
    family = draft.platform.name.partition("-")[0]
    count = draft.identity.number(10**8, "pool", pool)
    names = {
        "kubeadm": f"{role}-{number}",
        "openshift": f"{'master' if role == 'control-plane' else 'worker'}-{number - 1}.ocp.example.net",
        "eks": f"ip-{ip.replace('.', '-')}.eu-west-1.compute.internal",
        "aks": f"aks-{pool}-{count:08}-vmss{_base36(index)}",
        "gke": f"gke-example-{pool}-{count:08x}-{draft.identity.suffix(4, 'gke', index)}{_base36(index).lstrip('0')}",
    }
    return names[family]


def _base36(number: int) -> str:
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return digits


def _labels(draft: Draft, node: NodeRecord) -> dict[str, str]:
    platform, pool = draft.platform, node.pool
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": node.zone,
    }
    if platform.region:
        labels["topology.kubernetes.io/region"] = platform.region
        labels["node.kubernetes.io/instance-type"] = pool.instance_type
    if node.is_control_plane:
        labels["node-role.kubernetes.io/control-plane"] = ""
        labels["node.kubernetes.io/exclude-from-external-load-balancers"] = ""
    return labels | _own_labels(draft, pool)[platform.name.partition("-")[0]]


def _own_labels(draft: Draft, pool: Pool) -> dict[str, dict[str, str]]:
    is_overlay = draft.platform.name == "aks-overlay"
    overlay = {"kubernetes.azure.com/podnetwork-type": "overlay"} if is_overlay else {}
    return {
        "kubeadm": {"node-pool.example.com/name": pool.name},
        "openshift": {"node.openshift.io/os_id": "rhcos"},
        "eks": {
            "eks.amazonaws.com/capacityType": "ON_DEMAND",
            "eks.amazonaws.com/nodegroup": pool.name,
            "k8s.io/cloud-provider-aws": "0123456789abcdef0123456789abcdef",
        },
        "aks": {
            "agentpool": pool.name,
            "kubernetes.azure.com/agentpool": pool.name,
            "kubernetes.azure.com/cluster": "mc_example_westeurope",
            "kubernetes.azure.com/mode": "system" if pool.name == "system" else "user",
            "kubernetes.azure.com/role": "agent",
            **overlay,
        },
        "gke": {
            "cloud.google.com/gke-nodepool": pool.name,
            "cloud.google.com/gke-os-distribution": "cos",
            "cloud.google.com/machine-family": pool.instance_type.partition("-")[0],
        },
    }


def _provider_id(draft: Draft, node: NodeRecord) -> str:
    scale_set, _, instance = node.name.rpartition("vmss")
    machine = f"Microsoft.Compute/virtualMachineScaleSets/{scale_set}vmss/virtualMachines"
    return {
        "eks": f"aws:///{node.zone}/i-0{draft.identity.hexadecimal('instance', node.name)[:16]}",
        "aks": f"azure://{_SUBSCRIPTION}/{machine}/{int(instance, 36) if instance.isalnum() else 0}",
        "gke": f"gce://example-project/{node.zone}/{node.name}",
    }.get(draft.platform.name.partition("-")[0], "")


def _spec(draft: Draft, node: NodeRecord) -> Json:
    spec: Json = {}
    if draft.platform.has_node_pod_cidr:
        spec |= {"podCIDR": node.pod_cidrs[0], "podCIDRs": list(node.pod_cidrs)}
    if provider_id := _provider_id(draft, node):
        spec["providerID"] = provider_id
    if node.is_control_plane:
        spec["taints"] = [{"effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane"}]
    return spec


def _annotations(draft: Draft, node: NodeRecord) -> dict[str, str]:
    cidrs = ",".join(f'"{cidr}"' for cidr in node.pod_cidrs)
    own = {
        "kubeadm-flannel": {
            "flannel.alpha.coreos.com/backend-type": "vxlan",
            "flannel.alpha.coreos.com/kube-subnet-manager": "true",
            "flannel.alpha.coreos.com/public-ip": node.ips[0],
        },
        "kubeadm-calico": {"projectcalico.org/IPv4Address": f"{node.ips[0]}/20"},
        "openshift": {"k8s.ovn.org/node-subnets": f'{{"default":[{cidrs}]}}'},
    }
    return {
        "node.alpha.kubernetes.io/ttl": "0",
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
        **own.get(draft.platform.name, {}),
    }


def _node_object(draft: Draft, node: NodeRecord) -> Json:
    identity, moment = draft.identity, draft.identity.moment("node", node.name)
    resources = {
        "cpu": str(node.pool.cpu),
        "ephemeral-storage": "203056560Ki",
        "memory": f"{node.pool.memory_gib * 1024 * 1024 - 147484}Ki",
        "pods": str(node.max_pods),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "annotations": _annotations(draft, node),
            "creationTimestamp": moment,
            "labels": _labels(draft, node),
            "name": node.name,
            "resourceVersion": str(1_000_000 + node.index),
            "uid": identity.uid("Node", node.name),
        },
        "spec": _spec(draft, node),
        "status": {
            "addresses": [
                *({"address": ip, "type": "InternalIP"} for ip in node.ips),
                {"address": node.name, "type": "Hostname"},
            ],
            "allocatable": dict(resources),
            "capacity": resources,
            "conditions": _conditions(moment, is_short=not draft.shape.fat),
            "nodeInfo": _node_info(draft, node),
        },
    }


def _conditions(moment: str, *, is_short: bool) -> list[Json]:
    rows = (
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    )
    return [
        {
            "lastHeartbeatTime": "2026-06-01T08:00:00Z",
            "lastTransitionTime": moment,
            "message": message,
            "reason": reason,
            "status": status,
            "type": kind,
        }
        for kind, status, reason, message in (rows[-1:] if is_short else rows)
    ]


def _node_info(draft: Draft, node: NodeRecord) -> Json:
    platform = draft.platform
    return {
        "architecture": "amd64",
        "bootID": draft.identity.uid("boot", node.name),
        "containerRuntimeVersion": node.runtime,
        "kernelVersion": platform.kernel,
        "kubeProxyVersion": "",
        "kubeletVersion": platform.version,
        "machineID": draft.identity.hexadecimal("machine", node.name)[:32],
        "operatingSystem": "linux",
        "osImage": platform.os_image,
        "systemUUID": draft.identity.uid("system", node.name),
    }
