"""What Calico keeps for nodes that are gone."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.ipam.node_pod_ranges import ipam_of
from kubenetlab.ipam.ranges import range_of
from kubenetlab.objects import IPAMBlock


@rule(
    "KNL213",
    Severity.LOW,
    title="Calico blocks of nodes that are gone",
    advice="See why calico-kube-controllers does not free them (its node controller does so when a node is deleted, and "
    "after 15 minutes for addresses that leaked); calicoctl ipam check lists what nobody uses, and calicoctl ipam release "
    "--from-report frees it.",
    documentation="https://docs.tigera.io/calico/latest/reference/calicoctl/ipam/check",
)
def blocks_of_gone_nodes(cluster: Cluster) -> Iterator[Hit]:
    """Find blocks with affinity to a node that the dump does not hold, and on which none of its unfinished pods runs.

    Only where the dump holds a node with a block: its nodes and its blocks are of one cluster then.
    """
    blocks = [b for b in cluster.ipam_blocks if b.node_name and b.spec.cidr and not b.spec.deleted]
    nodes = {node.metadata.name for node in cluster.nodes}
    if ipam_of(cluster) == "calico" and any(block.node_name in nodes for block in blocks):
        there = nodes | {pod.spec.node_name for pod in cluster.pods if not pod.has_finished}
        gone = [block for block in blocks if block.node_name not in there]
        if gone:
            yield _hit(gone)


def _hit(gone: list[IPAMBlock]) -> Hit:
    nodes = sorted({block.node_name for block in gone})
    n_addresses = sum(range_of(block.spec.cidr).size for block in gone)
    n_used = sum(block.n_allocated for block in gone)
    owners = "a node that is gone" if len(nodes) == 1 else f"{len(nodes):,} nodes that are gone"
    keep = "keeps" if len(gone) == 1 else "keep"
    message = f"{counted(len(gone), 'Calico block')} of {owners} {keep} {n_addresses:,} addresses, {n_used:,} of them in use."
    evidence = (
        f"affinity to: {first_few(nodes)}",
        f"blocks: {first_few(sorted(block.spec.cidr for block in gone))}",
    )
    return Hit("Cluster", message, evidence)
