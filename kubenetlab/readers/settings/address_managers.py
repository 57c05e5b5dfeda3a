"""Who gives pods their addresses (IPAM) under a network plugin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kubenetlab.cluster import Cluster
from kubenetlab.objects import ConfigMap, object_name
from kubenetlab.readers.settings.clues import Clue, Clues
from kubenetlab.result import Origin

_PLAIN_IPAM = {
    "flannel": "host-local",
    "canal": "host-local",
    "kindnet": "host-local",
    "antrea": "host-local",
    "kube-router": "host-local",
    "aws-vpc-cni": "aws-vpc-cni",
    "gke": "gke",
    "ovn-kubernetes": "ovn-kubernetes",
}
_CILIUM_IPAM = {
    "kubernetes": "cilium-kubernetes",
    "cluster-pool": "cilium-cluster-pool",
    "cluster-pool-v2beta": "cilium-cluster-pool",
    "multi-pool": "cilium-multi-pool",
    "eni": "cilium-eni",
}
# Modes in which Cilium has ranges of its own; "kubernetes" takes the nodes' pod CIDRs, as other plugins do.
_CILIUM_OWN = frozenset(("cluster-pool", "cluster-pool-v2beta", "multi-pool", "eni"))
_AZURE_LABEL = "kubernetes.azure.com/podnetwork-type"
_AZURE_IPAM = {"overlay": "azure-overlay", "vnet": "azure-pod-subnet", "vnetblock": "azure-pod-subnet"}
_CALICO_IPAM = re.compile(r'"ipam"\s*:\s*\{[^{}]*"type"\s*:\s*"([a-z-]+)"')


def clues(cluster: Cluster, cni: str, evidence: str) -> Clues:
    """Yield who gives addresses under a plugin."""
    if cni in _PLAIN_IPAM:
        yield Clue("ipam", _PLAIN_IPAM[cni], f"{cni}: {evidence}", Origin.INFERRED)
    elif cni == "cilium":
        yield from _cilium_ipam(cluster)
    elif cni == "calico":
        yield from _calico_ipam(cluster)
    elif cni == "azure-cni":
        yield from _azure_ipam(cluster)


def cilium_config_map(cluster: Cluster) -> ConfigMap | None:
    """Return the ConfigMap cilium-config, or None where the dump has none."""
    return next((c for c in cluster.config_maps if c.metadata.name == "cilium-config"), None)


def cilium_config(cluster: Cluster) -> Mapping[str, str]:
    """Return the data of the ConfigMap cilium-config; empty where the dump has none."""
    config_map = cilium_config_map(cluster)
    return config_map.data if config_map else {}


def has_own_ipam(cluster: Cluster, plugin: str) -> bool:
    """Whether the configuration of Cilium or Calico says that it gives addresses from ranges of its own."""
    if plugin == "cilium":
        return cilium_config(cluster).get("ipam") in _CILIUM_OWN
    return any(ipam == "calico-ipam" for _, ipam in _calico_configs(cluster))


def _cilium_ipam(cluster: Cluster) -> Clues:
    mode = cilium_config(cluster).get("ipam", "")
    if mode in _CILIUM_IPAM:
        yield Clue("ipam", _CILIUM_IPAM[mode], f"ConfigMap cilium-config ipam: {mode}")
    elif mode == "delegated-plugin":
        yield from _azure_ipam(cluster)
    elif mode:
        yield f"ConfigMap cilium-config: found ipam {mode!r}, which kubenetlab does not model"
    elif cluster.cilium_pod_ip_pools:
        yield Clue("ipam", "cilium-multi-pool", object_name(cluster.cilium_pod_ip_pools[0]), Origin.INFERRED)
    else:
        yield Clue(
            "ipam", "cilium-cluster-pool", "Cilium's default; no cilium-config says otherwise", Origin.DEFAULT
        )


def _calico_ipam(cluster: Cluster) -> Clues:
    yield from _unread_calico_configs(cluster)
    for config_map, ipam in _calico_configs(cluster):
        value = "host-local" if ipam == "host-local" else "calico"
        yield Clue("ipam", value, f"{object_name(config_map)} cni_network_config: ipam type {ipam}")
    for shown in (*cluster.ipam_blocks[:1], *cluster.ip_pools[:1]):
        yield Clue("ipam", "calico", object_name(shown), Origin.INFERRED)
    yield Clue(
        "ipam",
        "calico",
        "Calico's default; the dump holds neither its configuration nor its pools",
        Origin.DEFAULT,
    )


def _calico_configs(cluster: Cluster) -> Iterator[tuple[ConfigMap, str]]:
    for config_map in cluster.config_maps:
        if config_map.metadata.name == "calico-config":
            ipam = _CALICO_IPAM.search(config_map.data.get("cni_network_config", ""))
            if ipam:
                yield config_map, ipam[1]


def _unread_calico_configs(cluster: Cluster) -> Clues:
    for config_map in cluster.config_maps:
        text = config_map.data.get("cni_network_config", "")
        if config_map.metadata.name == "calico-config" and text and not _CALICO_IPAM.search(text):
            place = f"{object_name(config_map)} cni_network_config"
            yield f"{place}: found {text[:80]!r}, expected JSON with an ipam type; ignored"


def _azure_ipam(cluster: Cluster) -> Clues:
    for node in cluster.nodes:
        kind = node.metadata.labels.get(_AZURE_LABEL)
        if kind in _AZURE_IPAM:
            yield Clue("ipam", _AZURE_IPAM[kind], f"label {_AZURE_LABEL}={kind} of {object_name(node)}")
            return
    for config in cluster.node_network_configs:
        for container in config.status.network_containers:
            if container.type in _AZURE_IPAM:
                evidence = f"network container of type {container.type} in {object_name(config)}"
                yield Clue("ipam", _AZURE_IPAM[container.type], evidence)
                return
    if cluster.nodes and not cluster.node_network_configs:
        evidence = f"Azure CNI on nodes without the label {_AZURE_LABEL} and without NodeNetworkConfigs"
        yield Clue("ipam", "azure-node-subnet", evidence, Origin.INFERRED)
