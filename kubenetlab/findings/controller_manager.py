"""Pod CIDRs of nodes that kube-controller-manager was not told of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.ipam.ranges import Range, range_of, ranges_of
from kubenetlab.objects import Node, Pod, object_name
from kubenetlab.objects.address_text import is_cidr
from kubenetlab.readers.settings.clues import is_system_namespace
from kubenetlab.readers.settings.command_lines import flags_of

_COMPONENT = "kube-controller-manager"


class _Allocator(NamedTuple):
    """The cluster CIDRs that a kube-controller-manager gives nodes their pod CIDRs from, in order, and its pod."""

    ranges: tuple[Range, ...]
    place: str


@rule(
    "KNL208",
    Severity.HIGH,
    title="Node's pod CIDR outside the cluster CIDR",
    advice="Give --cluster-cidr a range that holds the pod CIDRs of all nodes, or drain the node, delete it and let it "
    "join again: kube-controller-manager refuses to start while a node has a pod CIDR that it was not told of.",
    documentation="https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/",
)
def pod_cidr_outside_cluster_cidr(cluster: Cluster) -> Iterator[Hit]:
    """Find nodes whose i-th pod CIDR shares no address with the i-th cluster CIDR of a kube-controller-manager.

    Only where its command line says that it allocates node CIDRs, and from which ranges. (kubernetes,
    pkg/controller/nodeipam/ipam/range_allocator.go, occupyCIDRs: "This error will keep crashing controller-manager")
    """
    allocators = dict.fromkeys(a for pod in cluster.pods for a in _allocators(pod))
    for node in cluster.nodes:
        found = next((hit for allocator in allocators for hit in _outside(node, allocator)), None)
        if found:
            yield found


def _allocators(pod: Pod) -> Iterator[_Allocator]:
    for container in pod.spec.containers if is_system_namespace(pod.metadata.namespace) else ():
        words = " ".join(container.command_line).split()
        flags = dict(flags_of(words))
        is_component = any(word.rpartition("/")[2] == _COMPONENT for word in words)
        is_on = flags.get("allocate-node-cidrs") in ("true", "") and "allocate-node-cidrs" in flags
        is_own = flags.get("cidr-allocator-type", "RangeAllocator") == "RangeAllocator"
        texts = [text.strip() for text in flags.get("cluster-cidr", "").split(",")]
        if is_component and is_on and is_own and all(map(is_cidr, texts)):
            place = f"{_COMPONENT} --cluster-cidr"
            yield _Allocator(tuple(ranges_of(texts, place)), object_name(pod))


def _outside(node: Node, allocator: _Allocator) -> Iterator[Hit]:
    stated = ", ".join(r.text for r in allocator.ranges)
    for index, text in enumerate(node.spec.ranges):
        ranges = allocator.ranges[index : index + 1]
        if not any(r.overlaps(range_of(text)) for r in ranges):
            message = (
                f"The node's pod CIDR {text} is outside the cluster CIDR {stated} of {_COMPONENT}: that does not start "
                "again as long as it is."
            )
            evidence = (
                f"spec.podCIDRs[{index}]: {text}",
                f"{_COMPONENT} --cluster-cidr={stated} in {allocator.place}",
            )
            yield Hit(object_name(node), message, evidence)
