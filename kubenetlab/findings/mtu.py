"""MTUs that do not fit together."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.ipam.cluster_mtu import disagreements


@rule(
    "KNL210",
    Severity.MEDIUM,
    title="MTUs that disagree",
    advice="State the MTU in one place, as large as the network between the nodes less the headers of the tunnel, or "
    "let the network plugin find it out: packets that are too large are cut or lost, and connections hang once they "
    "send much.",
    documentation="https://docs.tigera.io/calico/latest/networking/configuring/mtu",
)
def mtus_that_disagree(cluster: Cluster) -> Iterator[Hit]:
    """Find MTUs that the dump states and that cannot all be right; MTUs found out on the nodes are not among them."""
    for disagreement in disagreements(cluster):
        yield Hit("Cluster", disagreement.words, disagreement.evidence)
