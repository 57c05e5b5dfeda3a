"""Pod CIDRs of nodes: missing, given twice, or too small."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import first_few
from kubenetlab.ipam.node_pod_ranges import NODE_POD_CIDR_IPAMS, ipam_of, node_pod_ranges
from kubenetlab.ipam.range_use import node_use
from kubenetlab.ipam.ranges import Range
from kubenetlab.objects import object_name

_KCM = "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/"
_NETWORKING = "https://kubernetes.io/docs/concepts/cluster-administration/networking/"


@rule(
    "KNL204",
    Severity.HIGH,
    title="Node without pod CIDR",
    advice="Look for the event CIDRNotAvailable of the node: the cluster CIDR is used up or "
    "--allocate-node-cidrs is off; until the node has a pod CIDR its pods get no address.",
    documentation=_KCM,
)
def node_without_pod_cidr(cluster: Cluster) -> Iterator[Hit]:
    """Find nodes without spec.podCIDR where the IPAM takes pod addresses from there."""
    kind = ipam_of(cluster)
    for node in cluster.nodes if kind in NODE_POD_CIDR_IPAMS else ():
        if not any(node.spec.ranges):
            message = f"The node has no pod CIDR, from which IPAM {kind} takes the addresses of its pods."
            yield Hit(object_name(node), message, ("spec.podCIDRs: empty", cluster.settings["ipam"].evidence))


@rule(
    "KNL205",
    Severity.HIGH,
    title="Two nodes with overlapping pod CIDRs",
    advice="Drain one of the nodes, delete it and let it join again, so that it gets a pod CIDR of its own: packets "
    "for pods of one node now reach the other.",
    documentation=f"{_NETWORKING}#kubernetes-ip-address-ranges",
)
def overlapping_pod_cidrs(cluster: Cluster) -> Iterator[Hit]:
    """Find nodes whose pod CIDRs share an address with another node's."""
    ranges = [r for ranges in node_pod_ranges(cluster).values() for r in ranges]
    others: dict[Range, set[str]] = defaultdict(set)
    # By node, of the ranges so far that reach the current one; two nodes suffice.
    widest: dict[str, Range] = {}
    for current in sorted(ranges):
        widest = {owner: r for owner, r in widest.items() if r.overlaps(current)}
        other = next((r for r in widest.values() if r.owner != current.owner), None)
        if other:
            others[current].add(f"{other.text} of {other.owner}")
            others[other].add(f"{current.text} of {current.owner}")
        widest[current.owner] = max(current, widest.get(current.owner, current), key=lambda r: r.last)
        widest = dict(sorted(widest.items(), key=lambda entry: -entry[1].last)[:2])
    yield from (_shared(current, texts) for current, texts in others.items())


def _shared(current: Range, others: set[str]) -> Hit:
    names = first_few(sorted(others))
    return Hit(
        current.owner,
        f"The pod CIDR {current.text} overlaps {names}.",
        (f"pod CIDR: {current.text}", names),
    )


@rule(
    "KNL206",
    Severity.MEDIUM,
    title="Node takes more pods than its pod CIDR can hold",
    advice="Lower the kubelet's maxPods to what the pod CIDR holds, or give new nodes a larger pod CIDR "
    "(--node-cidr-mask-size): pods beyond that are scheduled and stay in ContainerCreating.",
    documentation=_KCM,
)
def capacity_above_pod_cidr(cluster: Cluster) -> Iterator[Hit]:
    """Find nodes whose capacity of pods is above what their pod CIDR holds under the cluster's IPAM."""
    kind, frame = ipam_of(cluster), node_use(cluster).frame
    above = frame.loc[
        frame["max_pods"] > frame["n_addresses"], ["node", "pod_cidr", "max_pods", "n_addresses"]
    ]
    for node, cidr, n_pods, n_held in above.itertuples(index=False, name=None):
        message = f"The node takes {n_pods} pods, but its pod CIDR {cidr} holds {n_held} with IPAM {kind}."
        evidence = (f"status.capacity.pods: {n_pods}", f"pod CIDR: {cidr}")
        yield Hit(f"Node {node}", message, evidence)
