"""How large a cluster Kubernetes is tested for: thresholds, not hard limits; all of them hold at one time.

Source: kubernetes.io, "Considerations for large clusters" (website, content/en/docs/setup/best-practices/cluster-large.md).
Basis: *docs*.
"""

from collections.abc import Iterator

from kubenetlab.ipam.set_up import Limit, Quantity
from kubenetlab.result import Basis

#: Pods of a node that Kubernetes is tested for; the kubelet's default of ``maxPods``.
TESTED_PODS_PER_NODE = 110
#: Nodes, pods and containers of a cluster that Kubernetes is tested for.
TESTED_NODES = 5_000
TESTED_PODS = 150_000
TESTED_CONTAINERS = 300_000

#: The name of a limit that is a threshold.
TESTED_SCALE = "tested scale"
_SOURCE = "kubernetes.io, Considerations for large clusters"


def scale_limits() -> Iterator[Limit]:
    """Yield the nodes and pods of a cluster that Kubernetes is tested for.

    Not among them are the 110 pods of a node: ``maxPods`` says how many pods a node takes.

    Examples
    --------
    >>> for limit in scale_limits():
    ...     print(limit.n, limit.words)
    5000 Kubernetes is tested with up to 5,000 nodes; more are not forbidden, nobody vouches for them.
    150000 Kubernetes is tested with up to 150,000 pods; more are not forbidden, nobody vouches for them.
    """
    for quantity, n in ((Quantity.NODES, TESTED_NODES), (Quantity.PODS, TESTED_PODS)):
        words = f"Kubernetes is tested with up to {n:,} {quantity}; more are not forbidden, nobody vouches for them."
        yield Limit(quantity, n, TESTED_SCALE, words, Basis.DOCS, _SOURCE)
