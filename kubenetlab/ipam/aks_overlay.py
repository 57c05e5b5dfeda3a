"""What a node of Azure CNI Overlay gets: a /24 of the pod CIDR, whatever its maximum of pods.

Source: azure-aks-docs fb060ab, azure-cni-overlay and concepts-network-azure-cni-overlay. Basis: *docs*. Not modelled:
which /24 a node gets (Azure's own service decides), and the IPv6 ranges of nodes.
"""

from collections.abc import Iterator

from kubenetlab.ipam.aks_node_subnet import most_pods
from kubenetlab.ipam.node_cidr_limits import NodeCidrRule, n_node_cidrs, node_cidr_limits
from kubenetlab.ipam.node_subnets import AZURE, node_subnet_limits
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

#: Prefix length of every node's part of the pod CIDR.
NODE_CIDR_MASK_SIZE = 24
#: Most nodes of a cluster.
MAX_NODES = 5000

_SOURCE = "azure-aks-docs fb060ab, azure-cni-overlay"


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds nodes with a /24 of the pod CIDR, and their pods.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, a mask size other than 24 is given, or ``max_pods`` is less than AKS
        accepts.

    Examples
    --------
    >>> set_up = SetUp(ipam="azure-overlay", pod_cidrs=("10.244.0.0/16",), node_cidrs=("10.224.0.0/24",))
    >>> [(limit.name, limit.n) for limit in limits(set_up)]
    [('cluster CIDR', 256), ('AKS', 250), ('node subnet', 251), ('AKS', 250), ('AKS', 5000)]
    """
    if set_up.node_cidr_mask_size not in (None, NODE_CIDR_MASK_SIZE):
        raise ValueError(
            f"node_cidr_mask_size {set_up.node_cidr_mask_size} is not 24, the only one of Azure CNI Overlay"
        )
    rule = NodeCidrRule(
        ipam="azure-overlay",
        basis=Basis.DOCS,
        source=_SOURCE,
        mask_sizes={4: NODE_CIDR_MASK_SIZE},
        count=n_node_cidrs,
    )
    yield from node_cidr_limits(set_up, rule)
    yield from node_subnet_limits(set_up, AZURE)
    yield most_pods(set_up, _SOURCE)
    words = f"An AKS cluster with Azure CNI Overlay has at most {MAX_NODES:,} nodes."
    yield Limit(Quantity.NODES, MAX_NODES, "AKS", words, Basis.DOCS, _SOURCE)
