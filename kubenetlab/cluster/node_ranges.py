"""Pod ranges that a dump says a node has, from each place that can say so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from kubenetlab.objects import Node, object_name
from kubenetlab.objects.address_text import is_cidr

if TYPE_CHECKING:
    from kubenetlab.cluster.snapshot import Cluster

_OVN_SUBNETS = "k8s.ovn.org/node-subnets"
_MANY = 1_000_000  # characters of an annotation that are worth parsing


class NodeRange(NamedTuple):
    """A pod range, the name of the node that has it, and the object that says so."""

    node: str
    range: str
    object: str


def ovn_subnets(node: Node) -> list[str]:
    """Return the ranges of the default network in an annotation like ``{"default": ["10.128.0.0/23"]}``."""
    text = node.metadata.annotations.get(_OVN_SUBNETS, "")
    try:
        networks = json.loads(text) if 0 < len(text) < _MANY else {}
    except (ValueError, RecursionError):
        networks = {}
    subnets = networks.get("default", ()) if isinstance(networks, dict) else ()
    subnets = subnets if isinstance(subnets, list) else [subnets]
    return [subnet for subnet in subnets if isinstance(subnet, str) and is_cidr(subnet)]


_SOURCES: dict[str, tuple[str, Callable[[Any], Iterable[str]]]] = {
    "Node.spec.podCIDRs": ("nodes", lambda node: node.spec.ranges),
    "CiliumNode.spec.ipam.podCIDRs": ("cilium_nodes", lambda node: node.spec.ipam.pod_cidrs),
    "CiliumNode.spec.ipam.pools": (
        "cilium_nodes",
        lambda node: (cidr for pool in node.spec.ipam.pools.allocated for cidr in pool.cidrs),
    ),
    _OVN_SUBNETS: ("nodes", ovn_subnets),
    # Azure: the block of an overlay's node is the primaryIP of its network container.
    "NodeNetworkConfig.status.networkContainers": (
        "node_network_configs",
        lambda config: (c.primary_ip for c in config.status.network_containers if is_cidr(c.primary_ip)),
    ),
}


def stated_node_ranges(cluster: Cluster, sources: Iterable[str] = tuple(_SOURCES)) -> Iterator[NodeRange]:
    """Yield the pod ranges of nodes that some sources name, whatever the cluster's IPAM makes of them."""
    for plural, texts in (_SOURCES[source] for source in sources):
        for value in cluster.values(plural):
            name = value.metadata.name  # type: ignore[attr-defined]
            yield from (NodeRange(name, text, object_name(value)) for text in texts(value) if text)
