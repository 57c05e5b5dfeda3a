"""Pod, Service and node ranges that lie where they must not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.known_settings import read_ranges
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.ipam.node_pod_ranges import FLAT_IPAMS, ipam_of, node_pod_ranges
from kubenetlab.ipam.ranges import Range, overlapping, range_of, ranges_of
from kubenetlab.objects import object_name

_LINK_LOCAL = (range_of("169.254.0.0/16", "link-local"), range_of("fe80::/10", "link-local"))
_DOCKER0 = (range_of("172.17.0.0/16", "docker0"),)
_NETWORKING = "https://kubernetes.io/docs/concepts/cluster-administration/networking/"


@rule(
    "KNL201",
    Severity.HIGH,
    title="Pod, Service and node ranges overlap",
    advice="Give pods, Services and nodes ranges that share no address; nodes send a packet for a shared address to "
    "whichever of the two they know, so one of them cannot be reached.",
    documentation=f"{_NETWORKING}#kubernetes-ip-address-ranges",
)
def overlapping_ranges(cluster: Cluster) -> Iterator[Hit]:
    """Find pod, Service and node ranges that share an address; pods and nodes may where the cloud's subnets hold both."""
    pods, services, nodes = (found for _, found in ranges_by_role(cluster))
    yield from overlap_hits("pod", pods, "Service", services)
    if ipam_of(cluster) not in FLAT_IPAMS:
        yield from overlap_hits("pod", pods, "node", nodes)
    yield from overlap_hits("Service", services, "node", nodes)


@rule(
    "KNL202",
    Severity.HIGH,
    title="Pod, Service or node range overlaps link-local addresses",
    advice="Use another range: 169.254.0.0/16 and fe80::/10 are valid on one link only, are never routed, and hold "
    "the cloud's metadata service.",
    documentation="https://www.rfc-editor.org/rfc/rfc3927#section-2.7",
)
def link_local_ranges(cluster: Cluster) -> Iterator[Hit]:
    """Find ranges that share an address with 169.254.0.0/16 or fe80::/10."""
    for role, found in ranges_by_role(cluster):
        yield from overlap_hits(role, found, "link-local", _LINK_LOCAL)


@rule(
    "KNL203",
    Severity.HIGH,
    title="Pod, Service or node range overlaps docker0",
    advice="Move the range, or give Docker another bridge address (bip in daemon.json) on every node: a node that runs "
    "Docker sends packets for 172.17.0.0/16 to its own bridge.",
    documentation="https://docs.docker.com/engine/network/drivers/bridge/",
)
def docker_ranges(cluster: Cluster) -> Iterator[Hit]:
    """Find ranges that share an address with 172.17.0.0/16 where a node's runtime is Docker."""
    docker = [
        n for n in cluster.nodes if n.status.node_info.container_runtime_version.startswith("docker://")
    ]
    if docker:
        runtime = f"{counted(len(docker), 'node')} with runtime docker://, such as {object_name(docker[0])}"
        for role, found in ranges_by_role(cluster):
            for hit in overlap_hits(role, found, "docker0", _DOCKER0):
                yield hit._replace(evidence=(*hit.evidence, runtime))


def ranges_by_role(cluster: Cluster) -> list[tuple[str, list[Range]]]:
    """Return the ranges of pods, Services and nodes that the dump shows."""
    return [
        ("pod", _pod_ranges(cluster)),
        ("Service", _service_ranges(cluster)),
        ("node", _node_ranges(cluster)),
    ]


def _pod_ranges(cluster: Cluster) -> list[Range]:
    """Enabled Calico pools, else the cluster CIDR that the dump states, else the ranges of the nodes."""
    pools = cluster.ip_pools if ipam_of(cluster) == "calico" else ()
    enabled = (pool for pool in pools if not pool.spec.disabled)
    ranges = [r for pool in enabled for r in ranges_of([pool.spec.cidr], object_name(pool))]
    ranges = ranges or ranges_of(read_ranges(cluster, "cluster_cidr"), "cluster CIDR")
    return ranges or [r for ranges in node_pod_ranges(cluster).values() for r in ranges]


def _service_ranges(cluster: Cluster) -> list[Range]:
    """The Service ranges that the dump states, else every ClusterIP by itself."""
    stated = ranges_of(read_ranges(cluster, "service_cidr"), "Service range")
    return stated or [r for s in cluster.services for r in ranges_of(s.cluster_ips, object_name(s))]


def _node_ranges(cluster: Cluster) -> list[Range]:
    """The node ranges that the dump states, and every InternalIP by itself: its subnet is not in a dump."""
    stated = ranges_of(read_ranges(cluster, "node_cidr"), "node range")
    return stated + [r for node in cluster.nodes for r in ranges_of(node.internal_ips, object_name(node))]


def overlap_hits(role: str, some: Sequence[Range], other_role: str, others: Sequence[Range]) -> Iterator[Hit]:
    """Yield one hit that names the pairs of ranges that share an address, if there are any."""
    pairs = list(overlapping(some, others))
    if pairs:
        texts = [f"{ours.text} ({ours.owner}) and {theirs.text} ({theirs.owner})" for ours, theirs in pairs]
        ours, theirs = (
            first_few(list(dict.fromkeys(pair[side].text for pair in pairs)), most=3) for side in (0, 1)
        )
        yield Hit(
            "Cluster",
            f"The {role} range {ours} overlaps the {other_role} range {theirs}.",
            (first_few(texts),),
        )
