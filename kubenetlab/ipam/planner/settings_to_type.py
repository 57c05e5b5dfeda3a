"""The exact settings to type for a planned cluster: configuration files and commands, by platform and by CNI plugin.

A table names who writes what; words in capitals (``REGION``) are what only its reader knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kubenetlab.ipam.planner import cloud_settings
from kubenetlab.ipam.planner.planned_cluster import PlannedCluster, SettingsText, json_text, yaml_text
from kubenetlab.ipam.planner.platforms import BY_CONTROLLER_MANAGER, NODES, PLATFORMS, PODS, SERVICES

#: Platforms that write Flannel's configuration themselves, from their own flags.
_BRING_FLANNEL = frozenset(("k3s", "rke2"))

Writer = Callable[[PlannedCluster], Iterator[SettingsText]]


def settings_to_type(cluster: PlannedCluster) -> list[SettingsText]:
    """Return everything to type for one cluster, the platform's part first."""
    needs = cluster.needs
    writers = (PLATFORM_WRITERS[needs.platform], CNI_WRITERS.get(needs.cni))
    return [text for writer in writers if writer for text in writer(cluster)]


def _controller_arguments(cluster: PlannedCluster) -> dict[str, str]:
    """Return kube-controller-manager's flags for pod CIDRs of nodes.

    Source: cmd/kube-controller-manager/app/core.go, setNodeCIDRMaskSizes.
    """
    if cluster.needs.ipam not in BY_CONTROLLER_MANAGER:
        return {"allocate-node-cidrs": "false"}
    masks = cluster.node_masks
    if len(masks) == 1:
        return {"node-cidr-mask-size": str(*masks.values())}
    return {f"node-cidr-mask-size-ipv{version}": str(mask) for version, mask in masks.items()}


def _kubeadm(cluster: PlannedCluster) -> Iterator[SettingsText]:
    arguments = [{"name": name, "value": value} for name, value in _controller_arguments(cluster).items()]
    networking = {"podSubnet": cluster.joined(PODS), "serviceSubnet": cluster.joined(SERVICES)}
    if cluster.pod_subnets != cluster.joined(PODS):
        del networking["podSubnet"]  # kubeadm takes one of a family; the CNI plugin has them all
    configuration = {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "ClusterConfiguration",
        "clusterName": cluster.name,
        "networking": networking,
        "controllerManager": {"extraArgs": arguments},
    }
    yield cluster.text("kubeadm", "kubeadm.yaml", yaml_text(configuration, _kubelet(cluster)))


def _kubelet(cluster: PlannedCluster) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "maxPods": cluster.needs.max_pods,
    }


def _kind(cluster: PlannedCluster) -> Iterator[SettingsText]:
    """Source: kind, configuration: nodes, and patches of what kubeadm is given."""
    families = cluster.needs.families
    arguments = {"controllerManager": {"extraArgs": _controller_arguments(cluster)}}
    patches = ({"kind": "ClusterConfiguration", **arguments}, _kubelet(cluster))
    configuration = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": cluster.name,
        "networking": {
            "ipFamily": "dual" if len(families) > 1 else f"ipv{families[0]}",
            "podSubnet": cluster.pod_subnets,
            "serviceSubnet": cluster.joined(SERVICES),
            "disableDefaultCNI": cluster.needs.cni != "kindnet",
        },
        "nodes": [{"role": "worker" if number else "control-plane"} for number in range(cluster.needs.nodes)],
        "kubeadmConfigPatches": [yaml_text(patch) for patch in patches],
    }
    yield cluster.text("kind", "kind.yaml", yaml_text(configuration))


def _rancher_options(cluster: PlannedCluster) -> dict[str, Any]:
    arguments = [f"{name}={value}" for name, value in _controller_arguments(cluster).items()]
    return {
        "cluster-cidr": cluster.pod_subnets,
        "service-cidr": cluster.joined(SERVICES),
        "kube-controller-manager-arg": arguments,
        "kubelet-arg": [f"max-pods={cluster.needs.max_pods}"],
    }


def _k3s(cluster: PlannedCluster) -> Iterator[SettingsText]:
    options = _rancher_options(cluster)
    if cluster.needs.cni != "flannel":
        options |= {"flannel-backend": "none", "disable-network-policy": None}
    flags = [_flag(name, value) for name, values in options.items() for value in _each(values)]
    yield cluster.text("k3s", "k3s.sh", _command("k3s server", flags))


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flag(name: str, value: str | None) -> str:
    return f"--{name}" if value is None else f"--{name}={value}"


def _command(start: str, flags: list[str]) -> str:
    return " \\\n  ".join((start, *flags)) + "\n"


def _rke2(cluster: PlannedCluster) -> Iterator[SettingsText]:
    options = {**_rancher_options(cluster), "cni": cluster.needs.cni}
    yield cluster.text("RKE2", "/etc/rancher/rke2/config.yaml", yaml_text(options))


def _openshift(cluster: PlannedCluster) -> Iterator[SettingsText]:
    masks = cluster.node_masks
    networking = {
        "networkType": "OVNKubernetes",
        "clusterNetwork": [
            {"cidr": str(network), "hostPrefix": masks[network.version]}
            for network in cluster.ranges.get(PODS, ())
        ],
        "serviceNetwork": cluster.texts(SERVICES),
        "machineNetwork": [{"cidr": text} for text in cluster.texts(NODES)],
    }
    if not networking["machineNetwork"]:
        del networking["machineNetwork"]
    yield cluster.text("openshift-install", "install-config.yaml", yaml_text({"networking": networking}))
    if cluster.needs.max_pods != PLATFORMS["openshift"].max_pods:
        yield cluster.text("oc", "kubelet-config.yaml", yaml_text(_kubelet_config(cluster)))


def _kubelet_config(cluster: PlannedCluster) -> dict[str, Any]:
    """Source: OpenShift, managing the maximum number of pods per node."""
    label = "pools.operator.machineconfiguration.openshift.io/worker"
    return {
        "apiVersion": "machineconfiguration.openshift.io/v1",
        "kind": "KubeletConfig",
        "metadata": {"name": "set-max-pods"},
        "spec": {
            "machineConfigPoolSelector": {"matchLabels": {label: ""}},
            "kubeletConfig": {"maxPods": cluster.needs.max_pods},
        },
    }


def _flannel(cluster: PlannedCluster) -> Iterator[SettingsText]:
    """Source: flannel, pkg/subnet/config.go; SubnetLen is not looked at with --kube-subnet-mgr."""
    if cluster.needs.platform in _BRING_FLANNEL:
        return
    configuration: dict[str, Any] = {"EnableIPv4": 4 in cluster.needs.families}
    for network in cluster.ranges[PODS]:
        prefix = "" if network.version == 4 else "IPv6"
        configuration |= {
            f"{prefix}Network": str(network),
            f"{prefix}SubnetLen": cluster.node_masks[network.version],
        }
    configuration |= {"EnableIPv6": 6 in cluster.needs.families, "Backend": {"Type": "vxlan"}}
    yield cluster.text("Flannel", "net-conf.json", json_text(configuration))


def _calico(cluster: PlannedCluster) -> Iterator[SettingsText]:
    """Source: Calico, Installation API (cni.ipam.type): its own IPAM unless somebody says HostLocal."""
    if cluster.needs.ipam == "host-local":
        installation = {
            "apiVersion": "operator.tigera.io/v1",
            "kind": "Installation",
            "metadata": {"name": "default"},
            "spec": {
                "cni": {"type": "Calico", "ipam": {"type": "HostLocal"}},
                "calicoNetwork": {"ipPools": []},
            },
        }
        yield cluster.text("Calico (operator)", "installation.yaml", yaml_text(installation))
    pools = [
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "IPPool",
            "metadata": {"name": f"{cluster.name.lower().replace('_', '-')}-ipv{network.version}-{number}"},
            "spec": {
                "cidr": str(network),
                "blockSize": (cluster.needs.block_size or 26) if network.version == 4 else 122,
                "vxlanMode": "CrossSubnet",
                "natOutgoing": not cluster.needs.routable_pods,
                "nodeSelector": "all()",
            },
        }
        for number, network in enumerate(cluster.ranges[PODS], start=1)
    ]
    yield cluster.text("Calico", "ip-pools.yaml", yaml_text(*pools))


def _cilium(cluster: PlannedCluster) -> Iterator[SettingsText]:
    """Source: Cilium's chart; RKE2 brings it, and takes its values from a HelmChartConfig (RKE2, network options)."""
    mode = cluster.needs.ipam.removeprefix("cilium-")
    ipam: dict[str, Any] = {"mode": mode}
    if mode == "cluster-pool":
        operator: dict[str, Any] = {}
        for version, mask in cluster.node_masks.items():
            operator[f"clusterPoolIPv{version}PodCIDRList"] = [
                str(network) for network in cluster.ranges[PODS] if network.version == version
            ]
            operator[f"clusterPoolIPv{version}MaskSize"] = mask
        ipam["operator"] = operator
    families = cluster.needs.families
    values = {"ipam": ipam, "ipv4": {"enabled": 4 in families}, "ipv6": {"enabled": 6 in families}}
    values = {"cluster": {"name": cluster.name}, **values}
    if cluster.needs.platform != "rke2":
        yield cluster.text("Cilium (Helm)", "cilium-values.yaml", yaml_text(values))
        return
    chart = {
        "apiVersion": "helm.cattle.io/v1",
        "kind": "HelmChartConfig",
        "metadata": {"name": "rke2-cilium", "namespace": "kube-system"},
        "spec": {"valuesContent": yaml_text(values)},
    }
    file = "/var/lib/rancher/rke2/server/manifests/rke2-cilium-config.yaml"
    yield cluster.text("RKE2 (Cilium)", file, yaml_text(chart))


def _ovn(cluster: PlannedCluster) -> Iterator[SettingsText]:
    if cluster.needs.platform == "openshift":
        return  # its installer writes them
    subnets = ",".join(f"{network}/{cluster.node_masks[network.version]}" for network in cluster.ranges[PODS])
    flags = [f"--cluster-subnets={subnets}", f"--k8s-service-cidrs={cluster.joined(SERVICES)}"]
    yield cluster.text("OVN-Kubernetes", "ovnkube.sh", _command("ovnkube", flags))


#: What the platform needs to be told.
PLATFORM_WRITERS: Mapping[str, Writer] = {
    "kubeadm": _kubeadm,
    "kind": _kind,
    "k3s": _k3s,
    "rke2": _rke2,
    "openshift": _openshift,
    "eks": cloud_settings.eks,
    "gke": cloud_settings.gke,
    "aks": cloud_settings.aks,
}
#: What the CNI plugin needs to be told; the platforms' own plugins take everything from the platform.
CNI_WRITERS: Mapping[str, Writer] = {
    "flannel": _flannel,
    "canal": _flannel,
    "calico": _calico,
    "cilium": _cilium,
    "ovn-kubernetes": _ovn,
}
