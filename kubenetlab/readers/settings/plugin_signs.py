"""Signs of network plugins in a dump, and how strong each is: tables of what they leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from itertools import chain
from typing import Any, NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.objects import Node, object_name
from kubenetlab.objects.pod import PodSpec
from kubenetlab.readers.daemon_nodes import runs_somewhere


class Strength(IntEnum):
    """What a sign is worth; annotations and custom resources outlive the plugin that wrote them."""

    DELEGATED = 0  # the plugin's own configuration leaves addresses to another plugin
    ANNOTATION = 1
    STOPPED_AGENT = 2
    RESOURCE = 3
    CONFIGURATION = 4
    AGENT = 5
    OWN_IPAM = 6  # an agent runs, and its configuration says that the plugin itself gives addresses


class Sign(NamedTuple):
    """A plugin, its evidence and what that is worth."""

    plugin: str
    evidence: str
    strength: Strength


_AGENTS: dict[str, str] = {  # container name -> plugin
    "aws-node": "aws-vpc-cni",
    "kube-flannel": "flannel",
    "calico-node": "calico",
    "cilium-agent": "cilium",
    "kindnet-cni": "kindnet",
    "weave": "weave",
    "antrea-agent": "antrea",
    "kube-router": "kube-router",
    "ovnkube-node": "ovn-kubernetes",
    "ovnkube-controller": "ovn-kubernetes",
    "ovn-controller": "ovn-kubernetes",
    "cns-container": "azure-cni",
    "azure-cns": "azure-cni",
    "netd": "gke",
}
_CONFIG_MAPS = {
    "kube-flannel-cfg": "flannel",
    "calico-config": "calico",
    "canal-config": "canal",
    "rke2-canal-config": "canal",
    "cilium-config": "cilium",
    "amazon-vpc-cni": "aws-vpc-cni",
    "antrea-config": "antrea",
    "kube-router-cfg": "kube-router",
    "ovnkube-config": "ovn-kubernetes",
}
_ANNOTATIONS = {
    "flannel.alpha.coreos.com/backend-type": "flannel",
    "projectcalico.org/IPv4Address": "calico",
    "k8s.ovn.org/node-subnets": "ovn-kubernetes",
    "network.cilium.io/ipv4-pod-cidr": "cilium",
    "kube-router.io/pod-cidr": "kube-router",
}
_CLOUD_LABELS = {  # the cloud sets them on nodes that its own network serves: as good as an agent
    "kubernetes.azure.com/podnetwork-type": "azure-cni",
    "cloud.google.com/gke-nodepool": "gke",
}
_OBJECTS = {
    "eni_configs": "aws-vpc-cni",
    "cni_nodes": "aws-vpc-cni",
    "node_network_configs": "azure-cni",
    "cilium_nodes": "cilium",
    "cilium_pod_ip_pools": "cilium",
    "ipam_blocks": "calico",
    "ip_pools": "calico",
}


def strongest_signs(cluster: Cluster) -> dict[str, Sign]:
    """Return the strongest sign of every plugin that left one, the first of equals."""
    found: dict[str, Sign] = {}
    for sign in chain(_agents(cluster), _marks(cluster)):
        if sign.plugin not in found or found[sign.plugin].strength < sign.strength:
            found[sign.plugin] = sign
    return found


def _agents(cluster: Cluster) -> Iterator[Sign]:
    """Yield agents in containers; all of them run on their node's network."""
    for daemon_set in cluster.daemon_sets:
        for plugin, evidence in _in_containers(daemon_set, daemon_set.spec.template.spec):
            if runs_somewhere(cluster, daemon_set):
                yield Sign(plugin, evidence, Strength.AGENT)
            else:
                yield Sign(plugin, f"{evidence}, which runs on no node", Strength.STOPPED_AGENT)
    for pod in cluster.pods:
        for plugin, evidence in _in_containers(pod, pod.spec):
            yield Sign(plugin, evidence, Strength.AGENT)


def _in_containers(owner: Any, spec: PodSpec) -> Iterator[tuple[str, str]]:
    if spec.host_network:
        for container in spec.containers:
            if container.name in _AGENTS:
                yield _AGENTS[container.name], f"container {container.name} of {object_name(owner)}"


def _marks(cluster: Cluster) -> Iterator[Sign]:
    for config_map in cluster.config_maps:
        plugin = _CONFIG_MAPS.get(config_map.metadata.name)
        if plugin:
            yield Sign(plugin, object_name(config_map), Strength.CONFIGURATION)
    for node in cluster.nodes:
        yield from _node_marks(node)
    for plural, plugin in _OBJECTS.items():
        for value in cluster.values(plural)[:1]:
            yield Sign(plugin, object_name(value), Strength.RESOURCE)


def _node_marks(node: Node) -> Iterator[Sign]:
    for keys, plugins, strength in (
        (node.metadata.annotations, _ANNOTATIONS, Strength.ANNOTATION),
        (node.metadata.labels, _CLOUD_LABELS, Strength.AGENT),
    ):
        for key, plugin in plugins.items():
            if key in keys:
                yield Sign(plugin, f"{key} of {object_name(node)}", strength)
