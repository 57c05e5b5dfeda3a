"""What a node of Azure CNI Pod Subnet takes of the pod subnet with dynamic allocation: batches of 16 addresses.

Source: azure-aks-docs fb060ab, concepts-network-azure-cni-pod-subnet and configure-azure-cni-dynamic-ip-allocation.
Basis: *docs*. Not modelled: which addresses a batch has (they need not be contiguous), when batches are given back.
"""

from collections.abc import Iterator

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.aks_node_subnet import accepted_pods, most_pods
from kubenetlab.ipam.cidr_arguments import named, network_of, networks_by_version
from kubenetlab.ipam.node_cidr_limits import after_surge
from kubenetlab.ipam.node_subnets import AZURE, node_subnet_limits
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

#: Addresses that a node gets at a time, and the free ones below which it asks for more.
BATCH = 16
FEWEST_FREE = 8
#: Addresses of one virtual network that can be in use, pods one by one included.
MAX_ADDRESSES = 65_536

_SOURCE = "azure-aks-docs fb060ab, concepts-network-azure-cni-pod-subnet"


class SubnetFullError(KubenetlabError):
    """The pod subnet has no batch left for a node."""


def n_batches(n_pods: int) -> int:
    """Return how many batches a node holds whose pods came one by one.

    Raises
    ------
    ValueError
        If the number is negative.

    Examples
    --------
    >>> [n_batches(n_pods) for n_pods in (0, 8, 9, 24, 25)]
    [1, 1, 2, 2, 3]
    """
    if n_pods < 0:
        raise ValueError(f"n_pods {n_pods} is negative")
    return max(1, -(-(n_pods + FEWEST_FREE) // BATCH))


class PodSubnet:
    """The addresses of a pod subnet, and how many each node holds.

    Examples
    --------
    >>> subnet = PodSubnet("10.241.0.0/26")
    >>> subnet.set_pods("node-a", 9), subnet.free
    (32, 27)
    >>> subnet.set_pods("node-b", 9)
    Traceback (most recent call last):
    kubenetlab.ipam.aks_pod_subnet.SubnetFullError: 10.241.0.0/26 has 27 addresses left, node-b needs 32 more
    """

    def __init__(self, cidr: str | netaddr.IPNetwork) -> None:
        self.network = network_of(cidr)
        self._held: dict[str, int] = {}

    @property
    def free(self) -> int:
        """Addresses that no node holds."""
        return AZURE.usable([self.network]) - sum(self._held.values())

    def set_pods(self, node: str, n_pods: int) -> int:
        """Note that a node has so many pods; return how many addresses it holds then. Batches are not given back.

        Raises
        ------
        SubnetFullError
            If there are too few addresses for the batches that the node needs.
        ValueError
            If the number is negative.
        """
        held = self._held.get(node, 0)
        more = max(0, n_batches(n_pods) * BATCH - held)
        if more > self.free:
            raise SubnetFullError(f"{self.network} has {self.free} addresses left, {node} needs {more} more")
        self._held[node] = held + more
        return held + more

    def remove(self, node: str) -> None:
        """Take all addresses back from a node that is gone; unknown nodes are no error."""
        self._held.pop(node, None)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield the nodes whose pods all have addresses of the pod subnets, and the pods.

    Raises
    ------
    ValueError
        If a subnet is no CIDR or has host bits, or ``max_pods`` is less than AKS accepts.

    Examples
    --------
    >>> for limit in limits(SetUp(ipam="azure-pod-subnet", pod_cidrs=("10.241.0.0/20",), max_pods=110)):
    ...     print(limit.n, limit.words)
    31 10.241.0.0/20 has 255 batches of 16 addresses (Azure keeps 5 of a subnet); a node with 110 pods takes 8.
    4080 10.241.0.0/20 has 255 batches of 16 addresses; no other address of a subnet is a pod's.
    65536 A virtual network has at most 65,536 addresses in use, each pod is one.
    250 AKS allows at most 250 pods on a node.
    """
    subnets = networks_by_version(set_up.pod_cidrs).get(4, [])
    if subnets:
        yield from _of_subnets(set_up, subnets)
    yield most_pods(set_up, _SOURCE)
    yield from node_subnet_limits(set_up, AZURE)


def _of_subnets(set_up: SetUp, subnets: list[netaddr.IPNetwork]) -> Iterator[Limit]:
    batches = [AZURE.usable([subnet]) // BATCH for subnet in subnets]
    n_pods = accepted_pods(set_up.max_pods)
    needed = n_batches(n_pods)
    n_nodes, surge = after_surge(sum(n // needed for n in batches), set_up)
    text = f"{named(subnets, 'has', 'have')} {sum(batches):,} batches of {BATCH} addresses"
    words = f"{text} ({AZURE.words}); a node with {n_pods} pods takes {needed}{surge}."
    yield Limit(Quantity.NODES, n_nodes, "pod subnet", words, Basis.DOCS, _SOURCE)
    words = f"{text}; no other address of a subnet is a pod's."
    yield Limit(Quantity.PODS, sum(batches) * BATCH, "pod subnet", words, Basis.DOCS, _SOURCE)
    words = f"A virtual network has at most {MAX_ADDRESSES:,} addresses in use, each pod is one."
    yield Limit(Quantity.PODS, MAX_ADDRESSES, "virtual network", words, Basis.DOCS, _SOURCE)
