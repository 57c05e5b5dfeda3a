"""Who does the work of kube-proxy where kube-proxy itself runs nowhere, and where nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubenetlab.cluster import Cluster
from kubenetlab.objects import object_name
from kubenetlab.objects.pod import PodSpec
from kubenetlab.readers.daemon_nodes import runs_somewhere
from kubenetlab.readers.settings.address_managers import cilium_config, cilium_config_map
from kubenetlab.readers.settings.clues import Clue, Clues
from kubenetlab.result import Origin

_SYSTEM = "kube-system"
_GKE_AGENT = "anetd"  # GKE Dataplane V2
_BUILT_IN = ("+k3s", "-eks-")  # k3s runs kube-proxy in its own process; EKS Auto Mode on the node


def clues(cluster: Cluster) -> Clues:
    """Yield ``none`` where Cilium or GKE Dataplane V2 replaces kube-proxy: a ConfigMap of kube-proxy may be left over."""
    if _runs(cluster, "kube-proxy"):
        return
    config_map = cilium_config_map(cluster)
    if config_map and cilium_config(cluster).get("kube-proxy-replacement") in ("true", "strict"):
        evidence = f"{object_name(config_map)} kube-proxy-replacement: Cilium does the work of kube-proxy"
        yield Clue("proxy_mode", "none", evidence)
    for owner, _ in _running(cluster):
        if _is_gke_agent(owner):
            evidence = f"{object_name(owner)}: GKE Dataplane V2 does the work of kube-proxy"
            yield Clue("proxy_mode", "none", evidence, Origin.INFERRED)
            return


def unknown_because(cluster: Cluster) -> str:
    """Return why kube-proxy's default mode cannot be taken for granted, or an empty text."""
    nodes = cluster.nodes
    if nodes and all(node.status.node_info.operating_system == "windows" for node in nodes):
        return "all nodes of the dump run Windows, where kube-proxy has a mode of its own (kernelspace)"
    has_system = all(
        any(o.metadata.namespace == _SYSTEM for o in objects)
        for objects in (cluster.daemon_sets, cluster.pods)
    )
    is_built_in = any(mark in node.status.node_info.kubelet_version for node in nodes for mark in _BUILT_IN)
    if has_system and not is_built_in and not _runs(cluster, "kube-proxy"):
        return f"the DaemonSets and pods of {_SYSTEM} are in the dump, and kube-proxy is not among them"
    return ""


def _runs(cluster: Cluster, component: str) -> bool:
    return any(
        component in (container.name, *(word.rpartition("/")[2] for word in container.command_line[:1]))
        for _, spec in _running(cluster)
        for container in spec.containers
    )


def _running(cluster: Cluster) -> Iterator[tuple[Any, PodSpec]]:
    for daemon_set in cluster.daemon_sets:
        if daemon_set.metadata.namespace == _SYSTEM and runs_somewhere(cluster, daemon_set):
            yield daemon_set, daemon_set.spec.template.spec
    for pod in cluster.pods:
        if pod.metadata.namespace == _SYSTEM:
            yield pod, pod.spec


def _is_gke_agent(owner: Any) -> bool:
    controller = owner.metadata.controller
    return _GKE_AGENT in (owner.metadata.name, controller.name if controller else "")
