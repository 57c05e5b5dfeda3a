"""What a node of Azure CNI Pod Subnet takes of the pod subnet with static block allocation: whole /28 blocks, for its life.

Source: azure-aks-docs fb060ab, concepts-network-azure-cni-pod-subnet. Basis: *docs*; that a block with an address that
Azure keeps (the first and the last of a subnet) goes to no node is inferred, and makes the count the careful one.
"""

from collections.abc import Iterator
from heapq import heappop, heappush

import netaddr

from kubenetlab.ipam.aks_node_subnet import accepted_pods, most_pods
from kubenetlab.ipam.aks_pod_subnet import SubnetFullError
from kubenetlab.ipam.cidr_arguments import named, network_of, networks_by_version
from kubenetlab.ipam.node_cidr_limits import after_surge
from kubenetlab.ipam.node_subnets import AZURE, node_subnet_limits
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

#: Prefix length and addresses of a block.
BLOCK_SIZE = 28
ADDRESSES_PER_BLOCK = 16
#: Prefix length of the largest pod subnet.
SHORTEST_SUBNET = 12

_SOURCE = "azure-aks-docs fb060ab, concepts-network-azure-cni-pod-subnet"


def blocks_per_node(max_pods: int) -> int:
    """Return how many blocks a node gets: one address of them is the node's own.

    Raises
    ------
    ValueError
        If the number is negative.

    Examples
    --------
    >>> [blocks_per_node(max_pods) for max_pods in (30, 31, 32)]
    [2, 2, 3]
    """
    if max_pods < 0:
        raise ValueError(f"max_pods {max_pods} is negative")
    return -(-(max_pods + 1) // ADDRESSES_PER_BLOCK)


def n_blocks(subnet: netaddr.IPNetwork) -> int:
    """Return how many blocks of a subnet hold no address that Azure keeps.

    Examples
    --------
    >>> n_blocks(netaddr.IPNetwork("10.241.0.0/24"))
    14
    """
    return int(max(0, (subnet.size >> (32 - BLOCK_SIZE)) - 2))


class BlockSubnet:
    """The blocks of a pod subnet, and those of each node; the lowest free ones are taken (Azure's choice is not documented).

    Raises
    ------
    ValueError
        If the subnet is no IPv4 CIDR, has host bits or is larger than a /12.

    Examples
    --------
    >>> subnet = BlockSubnet("10.241.0.0/26")
    >>> [str(block) for block in subnet.add("a", max_pods=30)]
    ['10.241.0.16/28', '10.241.0.32/28']
    >>> subnet.add("b", max_pods=15)
    Traceback (most recent call last):
    kubenetlab.ipam.aks_pod_subnet.SubnetFullError: 10.241.0.0/26 has 0 blocks left, b needs 1
    """

    def __init__(self, cidr: str | netaddr.IPNetwork) -> None:
        self.network = network_of(cidr)
        _check_size(self.network)
        first = self.network.first + ADDRESSES_PER_BLOCK
        self._free = [first + number * ADDRESSES_PER_BLOCK for number in range(n_blocks(self.network))]
        self._held: dict[str, list[int]] = {}

    def add(self, node: str, max_pods: int) -> tuple[netaddr.IPNetwork, ...]:
        """Return the blocks of a node: those it has, else as many as its maximum of pods needs.

        Raises
        ------
        SubnetFullError
            If there are too few.
        ValueError
            If the maximum is negative.
        """
        if node not in self._held:
            needed = blocks_per_node(max_pods)
            if needed > len(self._free):
                raise SubnetFullError(
                    f"{self.network} has {len(self._free)} blocks left, {node} needs {needed}"
                )
            self._held[node] = [heappop(self._free) for _ in range(needed)]
        return tuple(netaddr.IPNetwork((first, BLOCK_SIZE)) for first in self._held[node])

    def remove(self, node: str) -> None:
        """Take the blocks back from a node that is gone; unknown nodes are no error."""
        for first in self._held.pop(node, ()):
            heappush(self._free, first)

    @property
    def free(self) -> int:
        """Blocks that no node has."""
        return len(self._free)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield the nodes that get all their blocks.

    Raises
    ------
    ValueError
        If a subnet is no CIDR, has host bits or is larger than a /12, or ``max_pods`` is less than AKS accepts.

    Examples
    --------
    >>> for limit in limits(SetUp(ipam="azure-pod-subnet-static", pod_cidrs=("10.241.0.0/16",), max_pods=31)):
    ...     print(limit.n, limit.words)
    2047 10.241.0.0/16 has 4,094 blocks of /28 without an address that Azure keeps; a node with 31 pods gets 2.
    250 AKS allows at most 250 pods on a node.
    """
    subnets = networks_by_version(set_up.pod_cidrs).get(4, [])
    for subnet in subnets:
        _check_size(subnet)
    if subnets:
        n_pods = accepted_pods(set_up.max_pods)
        n_all, needed = sum(map(n_blocks, subnets)), blocks_per_node(n_pods)
        n_nodes, surge = after_surge(sum(n_blocks(subnet) // needed for subnet in subnets), set_up)
        words = (
            f"{named(subnets, 'has', 'have')} {n_all:,} blocks of /{BLOCK_SIZE} without an address that Azure keeps; "
            f"a node with {n_pods} pods gets {needed}{surge}."
        )
        yield Limit(Quantity.NODES, n_nodes, "pod subnet", words, Basis.DOCS, _SOURCE)
    yield most_pods(set_up, _SOURCE)
    yield from node_subnet_limits(set_up, AZURE)


def _check_size(subnet: netaddr.IPNetwork) -> None:
    if subnet.version != 4 or subnet.prefixlen < SHORTEST_SUBNET:
        raise ValueError(f"{subnet} is no IPv4 range of /{SHORTEST_SUBNET} or smaller, as AKS takes for pods")
