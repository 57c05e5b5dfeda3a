"""Network plugin and IPAM of a cluster, told from raw items."""

import re

from tests.findings.brute_force_configuration import any_node, config_maps, pod_specs
from tests.findings.brute_force_dump import annotations, each, get, labels

FLAT = {
    "aws-vpc-cni",
    "azure-node-subnet",
    "azure-pod-subnet",
    "cilium-eni",
}  # pods live in the cloud's subnets
NODE_POD_CIDR = {"host-local", "cilium-kubernetes", "gke"}
CILIUM_IPAM = {
    "kubernetes": "cilium-kubernetes",
    "cluster-pool": "cilium-cluster-pool",
    "multi-pool": "cilium-multi-pool",
    "eni": "cilium-eni",
}
POLICY_ENFORCERS = ("calico-node", "canal", "cilium", "kube-router", "antrea", "kube-network-policies")


def has_agent(dump, *starts):
    return any(agent.startswith(start) for agent in dump.agents for start in starts)


def is_gke(dump):
    return any_node(dump, lambda n: "cloud.google.com/gke-nodepool" in labels(n))


def is_aks(dump):
    return any_node(dump, lambda n: "kubernetes.azure.com/cluster" in labels(n))


def is_gke_platform(dump):
    """GKE by a node's label or kubelet, or by Google's images in kube-system."""
    by_node = any_node(
        dump,
        lambda n: (
            any(key.startswith("cloud.google.com/gke-") for key in labels(n))
            or "-gke." in str(get(n, "status", "nodeInfo", "kubeletVersion"))
        ),
    )
    system = [p for p in dump.by_kind["Pod"] if get(p, "metadata", "namespace") == "kube-system"]
    images = [str(c.get("image")) for p in system for c in each(p, "spec", "containers")]
    return by_node or any(image.startswith("gke.gcr.io/") for image in images)


def is_openshift(dump):
    """OpenShift by a node's label, or by its namespaces, of which pods may be all that is there."""
    spaces = {get(n, "metadata", "name") for n in dump.by_kind["Namespace"]}
    spaces |= {get(p, "metadata", "namespace") for p in dump.by_kind["Pod"]}
    by_node = any_node(dump, lambda n: any(key.startswith("node.openshift.io/") for key in labels(n)))
    return by_node or bool(spaces & {"openshift-dns", "openshift-apiserver"})


def vpc_policies_off(dump):
    """EKS: the VPC CNI's agent or the control plane's controller was told to leave NetworkPolicies alone."""
    switch = next(iter(config_maps(dump, "amazon-vpc-cni")), {}).get("enable-network-policy-controller")
    agents = [c for spec in pod_specs(dump) for c in each(spec, "containers")]
    agents = [c for c in agents if c.get("name") == "aws-eks-nodeagent"]
    return switch == "false" or any("--enable-network-policy=false" in each(c, "args") for c in agents)


def azure_without_engine(dump):
    """AKS with Azure CNI, its DaemonSets, and no policy engine among them."""
    is_azure_cni = has_agent(dump, "azure-cns") or (is_aks(dump) and aks_ipam(dump) != "host-local")
    is_shown = any(get(d, "metadata", "namespace") == "kube-system" for d in dump.by_kind["DaemonSet"])
    return is_azure_cni and is_shown and not has_agent(dump, "azure-npm", "calico-node", "cilium")


def is_k3s(dump):
    return any_node(dump, lambda n: "+k3s" in str(get(n, "status", "nodeInfo", "kubeletVersion")))


def has_cilium(dump):
    return bool(config_maps(dump, "cilium-config") or dump.by_kind["CiliumNode"]) or "cilium" in dump.agents


def has_flannel(dump):
    """Flannel's DaemonSet, its ConfigMap, or its annotations on nodes."""
    return (
        has_agent(dump, "kube-flannel")
        or bool(config_maps(dump, "kube-flannel-cfg"))
        or any_node(dump, lambda n: any(a.startswith("flannel.alpha.coreos.com/") for a in annotations(n)))
    )


def has_calico(dump):
    return has_agent(dump, "calico-node") or bool(dump.by_kind["IPPool"])


def has_ovn(dump):
    return has_agent(dump, "ovnkube-node") or any_node(
        dump, lambda n: "k8s.ovn.org/node-subnets" in annotations(n)
    )


def cilium_ipam(dump):
    """cilium-config's ``ipam``; cluster-pool is Cilium's default."""
    data = next(iter(config_maps(dump, "cilium-config")), {})
    return CILIUM_IPAM.get(data.get("ipam") or "cluster-pool", "unknown")


def aks_ipam(dump):
    """AKS: overlay by the nodes' label; kubenet by pod CIDRs; node subnet where pods sit in the nodes' /16."""
    if any_node(dump, lambda n: labels(n).get("kubernetes.azure.com/podnetwork-type") == "overlay"):
        return "azure-overlay"
    if any_node(dump, lambda n: "kubernetes.azure.com/podnetwork-subnet" in labels(n)):
        return "azure-pod-subnet"
    return "host-local" if any_node(dump, lambda n: get(n, "spec", "podCIDR")) else "azure-node-subnet"


def calico_ipam(dump):
    """calico-config may delegate to host-local; canal always does; else Calico's own blocks."""
    config = "".join(data.get("cni_network_config", "") for data in config_maps(dump, "calico-config"))
    return "host-local" if re.search(r'"type":\s*"host-local"', config) else "calico"


def ipam(dump):
    """Who hands out pod addresses, by the first sign that is there."""
    signs = (
        (is_gke, lambda: "gke"),
        (has_ovn, lambda: "ovn-kubernetes"),
        (is_aks, lambda: aks_ipam(dump)),
        (lambda d: has_cilium(d) and not has_agent(d, "aws-node"), lambda: cilium_ipam(dump)),
        (lambda d: has_agent(d, "aws-node") or d.by_kind["CNINode"], lambda: "aws-vpc-cni"),
        (lambda d: has_agent(d, "canal", "rke2-canal"), lambda: "host-local"),
        (has_calico, lambda: calico_ipam(dump)),
        (lambda d: has_agent(d, "kindnet", "kube-router", "antrea-agent"), lambda: "host-local"),
        (lambda d: has_flannel(d) or is_k3s(d), lambda: "host-local"),
    )
    return next((answer() for test, answer in signs if test(dump)), "unknown")


def enforces_policies(dump):
    """Whether something is there that enforces NetworkPolicies: an agent, or k3s' built-in controller."""
    images = {str(c.get("image")) for spec in pod_specs(dump) for c in each(spec, "containers")}
    known = any(e in text for e in POLICY_ENFORCERS for text in dump.agents) or has_cilium(dump)
    in_flannel = any("kube-network-policies" in image for image in images)
    k3s = is_k3s(dump) and not any_node(
        dump, lambda n: "--disable-network-policy" in annotations(n).get("k3s.io/node-args", "")
    )
    return known or in_flannel or k3s or has_calico(dump)
