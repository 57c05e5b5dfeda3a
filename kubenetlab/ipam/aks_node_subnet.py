"""What a node of Azure CNI takes of its subnet (flat network, node subnet): one address, and one for every pod it may have.

Source: azure-aks-docs fb060ab, concepts-network-legacy-cni and plan-pod-networking. Basis: *docs*. Not modelled: which
address a pod gets, and what else takes addresses of the subnet (internal load balancers, private endpoints).
"""

from collections.abc import Iterator

from kubenetlab.ipam.cidr_arguments import named, networks_by_version
from kubenetlab.ipam.node_cidr_limits import after_surge
from kubenetlab.ipam.node_subnets import AZURE
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

#: Fewest and most pods of a node that AKS accepts as its maximum.
MAX_PODS = range(10, 251)
#: Fewest pods that a node pool must have room for.
PODS_OF_A_POOL = 30

_SOURCE = "azure-aks-docs fb060ab, concepts-network-legacy-cni"


def subnet_addresses(n_nodes: int, max_pods: int, max_surge: int = 1) -> int:
    """Return how many addresses nodes and all their pods take, upgrades included.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> subnet_addresses(50, max_pods=30)
    1581
    """
    if min(n_nodes, max_pods, max_surge) < 0:
        raise ValueError(f"n_nodes {n_nodes}, max_pods {max_pods} or max_surge {max_surge} is negative")
    return (n_nodes + max_surge) * (1 + max_pods)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield how many nodes the subnet holds with all the addresses that their pods may need.

    Raises
    ------
    ValueError
        If a subnet is no CIDR or has host bits, or ``max_pods`` is less than AKS accepts.

    Examples
    --------
    >>> for limit in limits(SetUp(ipam="azure-node-subnet", node_cidrs=("10.224.0.0/24",), max_pods=30)):
    ...     print(limit.n, limit.words)
    8 10.224.0.0/24 has 251 addresses (Azure keeps 5 of a subnet); a node with 30 pods takes 31 of one subnet.
    250 AKS allows at most 250 pods on a node.
    """
    n_pods = accepted_pods(set_up.max_pods)
    subnets = networks_by_version((*set_up.node_cidrs, *set_up.pod_cidrs)).get(4, [])
    subnets = list(dict.fromkeys(subnets))
    if subnets:
        usable = AZURE.usable(subnets)
        each = 1 + n_pods
        n_nodes, surge = after_surge(sum(AZURE.usable([subnet]) // each for subnet in subnets), set_up)
        words = (
            f"{named(subnets, 'has', 'have')} {usable:,} addresses ({AZURE.words}); "
            f"a node with {n_pods} pods takes {each} of one subnet{surge}."
        )
        yield Limit(Quantity.NODES, n_nodes, "subnet", words, Basis.DOCS, _SOURCE)
    yield most_pods(set_up, _SOURCE)


def accepted_pods(max_pods: int) -> int:
    """Return how many pods a node can have on AKS: ``max_pods``, but no more than AKS allows.

    Raises
    ------
    ValueError
        If it is less than AKS accepts as the maximum of a node.

    Examples
    --------
    >>> accepted_pods(30), accepted_pods(400)
    (30, 250)
    """
    if max_pods < MAX_PODS[0]:
        raise ValueError(f"max_pods {max_pods} is not one of {MAX_PODS[0]} to {MAX_PODS[-1]}, as AKS allows")
    return min(max_pods, MAX_PODS[-1])


def most_pods(set_up: SetUp, source: str) -> Limit:
    """Return how many pods AKS allows on a node, and how many nodes a small pool must have.

    Raises
    ------
    ValueError
        As `accepted_pods` does.
    """
    words = f"AKS allows at most {MAX_PODS[-1]} pods on a node"
    n_pods = accepted_pods(set_up.max_pods)
    if n_pods < PODS_OF_A_POOL:
        words += f", and no pool with room for less than {PODS_OF_A_POOL}: {-(-PODS_OF_A_POOL // n_pods)} nodes of {n_pods}"
    words += "."
    return Limit(Quantity.PODS_PER_NODE, MAX_PODS[-1], "AKS", words, Basis.DOCS, source)
