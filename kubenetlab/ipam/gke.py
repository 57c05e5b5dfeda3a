"""Which pod range a GKE node gets (VPC-native clusters): at least two addresses for every pod that it may have.

Source: Google Cloud, GKE, "Configure maximum Pods per node" (flexible pod CIDR) and "VPC-native clusters"; the sizes
are those of gke-ip-address-management 8963a7c. Basis: *docs*. Which free range a node gets is Google's and not modelled,
nor are several pod ranges a node pool and IPv6.
"""

from collections.abc import Iterator

from kubenetlab.ipam.node_cidr_limits import NodeCidrRule, n_node_cidrs, node_cidr_limits
from kubenetlab.ipam.node_subnets import GOOGLE, node_subnet_limits
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

#: Fewest and most pods of a node that GKE accepts as its maximum.
MAX_PODS = range(8, 257)

_SOURCE = "GKE, flexible pod CIDR: the smallest power of two that is at least twice the maximum of pods"


def node_cidr_mask_size(max_pods: int) -> int:
    """Return the prefix length of a node's pod range: ``31 - ceil(log2(max_pods))``.

    Raises
    ------
    ValueError
        If GKE does not accept the maximum.

    Examples
    --------
    >>> [node_cidr_mask_size(max_pods) for max_pods in (8, 16, 32, 64, 110, 256)]
    [28, 27, 26, 25, 24, 23]
    """
    if max_pods not in MAX_PODS:
        raise ValueError(f"max_pods {max_pods} is not one of {MAX_PODS[0]} to {MAX_PODS[-1]}, as GKE allows")
    return 31 - (max_pods - 1).bit_length()


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds nodes with a part of the pod ranges, and their pods.

    Where no mask size is given it follows from ``max_pods``, of which no more count than GKE allows.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, a mask size is no prefix length, or ``max_pods`` is less than GKE
        accepts.

    Examples
    --------
    >>> for limit in limits(SetUp(ipam="gke", pod_cidrs=("10.4.0.0/14",), node_cidrs=("10.0.0.0/24",))):
    ...     print(limit.n, limit.words)
    256 GKE allows at most 256 pods on a node.
    1024 10.4.0.0/14 holds 1,024 node CIDRs of /24.
    128 A node's /24 has 256 addresses, each pod counts 2: room for 128 pods.
    252 10.0.0.0/24 has 252 addresses for nodes (Google keeps 4 of a subnet).
    """
    mask_size = node_cidr_mask_size(min(set_up.max_pods, MAX_PODS[-1]))
    # First, so that it is named where a node's range holds just as many.
    words = f"GKE allows at most {MAX_PODS[-1]} pods on a node."
    yield Limit(Quantity.PODS_PER_NODE, MAX_PODS[-1], "GKE", words, Basis.DOCS, _SOURCE)
    # In clusters whose Services have a part of the pod range, nodes do without that part.
    rule = NodeCidrRule(
        ipam="gke",
        basis=Basis.DOCS,
        source=_SOURCE,
        avoids_services=True,
        mask_sizes={4: mask_size},
        count=n_node_cidrs,
    )
    yield from node_cidr_limits(set_up, rule)
    yield from node_subnet_limits(set_up, GOOGLE)
