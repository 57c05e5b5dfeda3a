"""Which pod ranges each node has, as the cluster's IPAM sees it."""

from __future__ import annotations

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.node_ranges import stated_node_ranges
from kubenetlab.ipam.ranges import Range, range_of
from kubenetlab.readers.settings.defaults import SUBNET_IPAM

_NODES = "Node.spec.podCIDRs"

#: IPAMs that give pods addresses of the cloud's subnets: pod and node ranges are one by design.
FLAT_IPAMS = frozenset(SUBNET_IPAM)
#: IPAMs that hand out addresses of Node.spec.podCIDRs; a node without one has no address for a pod.
NODE_POD_CIDR_IPAMS = frozenset({"host-local", "cilium-kubernetes", "gke"})

# Where the ranges stand, the first place that names some for a node. Calico, which gives nodes blocks on demand,
# and the flat IPAMs have none; where nothing shows the IPAM, what kube-controller-manager wrote is taken.
_PLACES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*NODE_POD_CIDR_IPAMS, "unknown"), (_NODES,)),
    "cilium-cluster-pool": ("CiliumNode.spec.ipam.podCIDRs",),
    "cilium-multi-pool": ("CiliumNode.spec.ipam.pools",),
    "ovn-kubernetes": ("k8s.ovn.org/node-subnets",),
    "azure-overlay": ("NodeNetworkConfig.status.networkContainers", _NODES),
}


def ipam_of(cluster: Cluster) -> str:
    """Return the value of the setting ``ipam``: ``unknown`` where nothing shows the network plugin.

    A network plugin's own default counts: the plugin is there, and the dump lacks its configuration.
    """
    setting = cluster.settings.get("ipam")
    return str(setting.value) if setting and setting.value else "unknown"


def node_pod_ranges(cluster: Cluster) -> dict[str, list[Range]]:
    """Return the pod ranges of each node that has some, by the node's name."""
    found: dict[str, list[Range]] = {}
    for place in _PLACES.get(ipam_of(cluster), ()):
        ranges: dict[str, list[Range]] = {}
        for node, text, _ in stated_node_ranges(cluster, [place]):
            ranges.setdefault(node, []).append(range_of(text, f"Node {node}"))
        found = ranges | found
    return found


def calico_blocks(cluster: Cluster) -> dict[str, list[Range]]:
    """Return the blocks of each node that has affinity to some, in the order of their addresses."""
    found: dict[str, list[Range]] = {}
    for block in cluster.ipam_blocks:
        if block.node_name and block.spec.cidr:
            found.setdefault(block.node_name, []).append(range_of(block.spec.cidr, f"Node {block.node_name}"))
    return {node: sorted(blocks) for node, blocks in found.items()}
