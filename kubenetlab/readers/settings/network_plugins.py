"""Which network plugin gives pods their network: the one with the strongest sign."""

from __future__ import annotations

from kubenetlab.cluster import Cluster
from kubenetlab.readers.settings import address_managers, node_arguments, pod_pools
from kubenetlab.readers.settings.clues import Clue, Clues
from kubenetlab.readers.settings.platforms import CLOUD_OF_CNI
from kubenetlab.readers.settings.plugin_signs import Sign, Strength, strongest_signs
from kubenetlab.result import Origin

_AKS_LABELS = "kubernetes.azure.com/"
# Of signs of one strength: a policy engine beside a cloud's plugin is not the plugin.
_PRECEDENCE = (
    "aws-vpc-cni",
    "azure-cni",
    "gke",
    "ovn-kubernetes",
    "canal",
    "cilium",
    "calico",
    "flannel",
    "kindnet",
    "antrea",
    "kube-router",
    "weave",
)


def clues(cluster: Cluster) -> Clues:
    """Yield the plugin, its IPAM, and the pod ranges that its own configuration and objects name."""
    signs = _ranked(_signs(cluster))
    if _is_aks(cluster) and not [s for s in signs if _gives_addresses(cluster, s)]:
        found = list(_aks_without_agent(cluster, signs))
    else:
        found = list(_plugin_clues(cluster, signs))
    yield from found
    ipam = next((clue.value for clue in found if isinstance(clue, Clue) and clue.setting == "ipam"), "")
    yield from pod_pools.clues(cluster, ipam)


def _plugin_clues(cluster: Cluster, signs: list[Sign]) -> Clues:
    for cni, evidence, _ in signs[:1]:
        others = ", ".join(sign.plugin for sign in signs[1:])
        yield Clue("cni", cni, evidence + (f"; signs of {others} too" if others else ""), Origin.INFERRED)
        yield from address_managers.clues(cluster, cni, evidence)
        if cni in CLOUD_OF_CNI:
            yield Clue("cloud", CLOUD_OF_CNI[cni], evidence, Origin.INFERRED)
        if cni == "ovn-kubernetes":
            yield Clue("proxy_mode", "none", "OVN-Kubernetes does the work of kube-proxy", Origin.INFERRED)


def _ranked(signs: dict[str, Sign]) -> list[Sign]:
    return sorted(signs.values(), key=lambda sign: (-sign.strength, _PRECEDENCE.index(sign.plugin)))


def _is_aks(cluster: Cluster) -> bool:
    return any(key.startswith(_AKS_LABELS) for node in cluster.nodes for key in node.metadata.labels)


def _gives_addresses(cluster: Cluster, sign: Sign) -> bool:
    """Whether a plugin on AKS is more than the policy engine that AKS offers beside its own network (Calico)."""
    if sign.plugin != "calico":
        return True
    has_pools = bool(cluster.ip_pools) and not any(node.spec.ranges for node in cluster.nodes)
    return sign.strength is Strength.OWN_IPAM or bool(cluster.ipam_blocks) or has_pools


def _aks_without_agent(cluster: Cluster, signs: list[Sign]) -> Clues:
    """On AKS, Azure CNI with the nodes' subnet and kubenet run without an agent; only kubenet's nodes have a pod CIDR."""
    beside = f"; {signs[0].evidence} enforces policies only" if signs else ""
    if any(node.spec.ranges for node in cluster.nodes):
        evidence = f"AKS nodes with pod CIDRs and no agent of a plugin (kubenet){beside}"
        yield Clue("ipam", "host-local", evidence, Origin.INFERRED)
        return
    evidence = f"AKS nodes without pod CIDRs and without an agent of a plugin{beside}"
    yield Clue("cni", "azure-cni", evidence, Origin.INFERRED)
    yield Clue("ipam", "azure-node-subnet", evidence, Origin.INFERRED)


def _signs(cluster: Cluster) -> dict[str, Sign]:
    """Return every plugin's strongest sign, after what configurations say about who does the work."""
    signs = strongest_signs(cluster)
    config = address_managers.cilium_config(cluster)
    if config.get("cni-chaining-mode", "none") not in ("none", "portmap"):
        signs.pop("cilium", None)  # it adds policy to another plugin's network
    if config.get("ipam") == "delegated-plugin" and "cilium" in signs:
        signs["cilium"] = signs["cilium"]._replace(strength=Strength.DELEGATED)
    if node_arguments.flannel_is_off(cluster) and _strength(signs, "flannel") < Strength.CONFIGURATION:
        signs.pop("flannel", None)
    for plugin in ("cilium", "calico"):
        if _strength(signs, plugin) is Strength.AGENT and address_managers.has_own_ipam(cluster, plugin):
            signs[plugin] = signs[plugin]._replace(strength=Strength.OWN_IPAM)
    return _with_canal(signs)


def _strength(signs: dict[str, Sign], plugin: str) -> Strength:
    return signs[plugin].strength if plugin in signs else Strength.DELEGATED


def _with_canal(signs: dict[str, Sign]) -> dict[str, Sign]:
    """Canal is Calico's agent beside Flannel's, or beside Canal's own ConfigMap; an annotation of Flannel's is not enough."""
    needed = {"flannel": Strength.AGENT, "canal": Strength.CONFIGURATION}
    partners = [signs[name] for name, least in needed.items() if _strength(signs, name) >= least]
    if not partners or _strength(signs, "calico") is not Strength.AGENT:
        return signs
    evidence = f"{signs['calico'].evidence} with {partners[0].evidence}"
    rest = {name: sign for name, sign in signs.items() if name not in ("calico", "flannel")}
    return rest | {"canal": Sign("canal", evidence, Strength.AGENT)}
