"""Which agents run on the nodes, and which of them enforce NetworkPolicies."""

from __future__ import annotations

from itertools import chain

from kubenetlab.cluster import Cluster
from kubenetlab.findings.templates import workload_templates
from kubenetlab.findings.wording import first_few
from kubenetlab.objects import object_name

_ENFORCERS = ("calico-node", "canal", "cilium", "kube-router", "antrea", "kube-network-policies")
_VPC_AGENT = "aws-eks-nodeagent"
_VPC_FLAG = "--enable-network-policy=false"
_VPC_CONFIG_MAP = "kube-system/amazon-vpc-cni"
_VPC_SWITCH = "enable-network-policy-controller"
_AZURE_ENGINES = ("azure-npm", "calico-node", "cilium")
_K3S_ARGUMENTS = "k3s.io/node-args"
_K3S_WITHOUT_POLICIES = "--disable-network-policy"


def agents(cluster: Cluster) -> frozenset[str]:
    """Return the names of the DaemonSets of the dump, or that its pods name as their controllers."""
    names = {daemon_set.metadata.name for daemon_set in cluster.daemon_sets}
    owners = (pod.metadata.controller for pod in cluster.pods)
    return frozenset(names | {owner.name for owner in owners if owner and owner.kind == "DaemonSet"})


def policy_enforcers(cluster: Cluster) -> list[str]:
    """Return what is there that enforces NetworkPolicies: agents, a container beside one, or k3s itself."""
    images = {image for workload in workload_templates(cluster) for image in workload.images}
    images |= {container.image for pod in cluster.pods for container in pod.spec.containers}
    found = [agent for agent in sorted(agents(cluster)) if any(name in agent for name in _ENFORCERS)]
    found += [image for image in sorted(images) if "kube-network-policies" in image]
    return found + (["k3s"] if _k3s_enforces(cluster) else [])


def vpc_policies_off(cluster: Cluster) -> str:
    """Return what shows that the Amazon VPC CNI leaves NetworkPolicies alone, or an empty text.

    Its node agent's flag, or the switch of the controller in EKS' control plane (EKS documentation, "Limit Pod traffic
    with Kubernetes network policies").
    """
    for config_map in cluster.config_maps:
        if config_map.metadata.full_name == _VPC_CONFIG_MAP and config_map.data.get(_VPC_SWITCH) == "false":
            return f"{_VPC_SWITCH}: false in {object_name(config_map)}"
    specs = chain((w.template.spec for w in workload_templates(cluster)), (pod.spec for pod in cluster.pods))
    containers = (c for spec in specs for c in spec.containers if c.name == _VPC_AGENT)
    is_off = any(_VPC_FLAG in container.command_line for container in containers)
    return f"{_VPC_FLAG} of container {_VPC_AGENT}" if is_off else ""


def azure_without_policies(cluster: Cluster) -> str:
    """Return what shows that an AKS cluster has no policy engine, or an empty text where the dump cannot tell."""
    names = sorted(d.metadata.name for d in cluster.daemon_sets if d.metadata.namespace == "kube-system")
    has_engine = any(name.startswith(_AZURE_ENGINES) for name in agents(cluster))
    return f"DaemonSets of kube-system: {first_few(names)}" if names and not has_engine else ""


def _k3s_enforces(cluster: Cluster) -> bool:
    """k3s has the policy controller of kube-router built in, unless it was started without it."""
    is_k3s = any("+k3s" in node.status.node_info.kubelet_version for node in cluster.nodes)
    arguments = (node.metadata.annotations.get(_K3S_ARGUMENTS, "") for node in cluster.nodes)
    return is_k3s and not any(_K3S_WITHOUT_POLICIES in text for text in arguments)
