"""Who gets which address on a synthetic cluster: each IPAM as the real one hands addresses out.

Sources: kube-controller-manager's CIDR set through `kubenetlab.ipam.node_cidrs`; host-local (range start, one after the
other); Calico (a walk over the /26 blocks that starts where the node's name says, first address first); Cilium (any
address but the first and the last); AWS and Azure subnets (four or five addresses reserved by the cloud).
"""

import ipaddress
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import netaddr

from kubenetlab.ipam.node_cidrs import NodeCidrSet
from kubenetlab.synthetic.platforms import Platform

_CALICO_BLOCK_BITS = 6


class PodAddresses(Protocol):
    """An IPAM of one address family."""

    def node_cidr(self, node: int) -> str:
        """Range of a node, or an empty text where nodes have none."""

    def allocate(self, node: int) -> str:
        """Address of the next pod on a node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The ranges of a cluster in one address family."""

    pods: str
    services: str
    nodes: str
    node_mask: int
    n_nodes: int
    n_zones: int
    first_address: int
    seed: int

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.nodes else 4


def address_text(number: int, version: int) -> str:
    """Return an address as the API writes it."""
    if version == 6:
        return str(ipaddress.IPv6Address(number))
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def zone_node_address(network: Network, node: int) -> str:
    """Address of a node: every zone has its part of the node network."""
    whole = netaddr.IPNetwork(network.nodes)
    zone, position = node % network.n_zones, node // network.n_zones
    part = whole.size // 4 if network.version == 4 else 1 << 16
    if position + 10 >= part:
        raise ValueError(f"node network {network.nodes} has no room for node {node + 1}")
    return address_text(whole.first + zone * part + 10 + position, network.version)


class NodeRanges:
    """A range a node (next-fit), and the addresses of a range one after the other."""

    def __init__(self, network: Network) -> None:
        cidrs = NodeCidrSet(network.pods, network.node_mask)
        cidrs.filter_out_service_range(network.services)
        self._ranges = [cidrs.allocate() for _ in range(network.n_nodes)]
        self._next = [cidr.first + network.first_address for cidr in self._ranges]
        self._version = network.version

    def node_cidr(self, node: int) -> str:
        """Range of a node."""
        return str(self._ranges[node])

    def allocate(self, node: int) -> str:
        """Return the address after the latest one of the node."""
        number = self._next[node]
        if number >= self._ranges[node].last:
            raise ValueError(f"{self._ranges[node]} has no free address left")
        self._next[node] = number + 1
        return address_text(number, self._version)


class RotatedNodeRanges(NodeRanges):
    """OVN-Kubernetes: ranges whose index is rotated by a byte, so that the second octet counts up first.

    ovn-kubernetes, go-controller/pkg/clustermanager/node/subnet_allocator.go.
    """

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        if network.version == 6:
            return
        whole = netaddr.IPNetwork(network.pods)
        host_bits, subnet_bits = 32 - network.node_mask, network.node_mask - whole.prefixlen
        left = 8 - host_bits % 8
        right = subnet_bits - left
        for n in range(network.n_nodes):
            turned = ((n << left) & ((1 << subnet_bits) - 1)) | ((n >> right) & ((1 << left) - 1))
            first = whole.first + (turned << host_bits)
            self._ranges[n] = netaddr.IPNetwork((first, network.node_mask))
            self._next[n] = first + network.first_address


class ShuffledNodeRanges(NodeRanges):
    """Cilium: a range a node, any of its addresses but the first and the last."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._seed = network.seed
        self._free: dict[int, list[int]] = {}

    def allocate(self, node: int) -> str:
        """Return a free address of the node's range."""
        if node not in self._free:
            size = min(self._ranges[node].size, 256)
            choice = random.Random(f"{self._seed}/cilium/{node}")
            self._free[node] = choice.sample(range(1, size - 1), size - 2)
        if not self._free[node]:
            raise ValueError(f"{self._ranges[node]} has no free address left")
        return address_text(self._ranges[node].first + self._free[node].pop(), self._version)


class CalicoBlocks:
    """Calico: blocks of 64 addresses that a node claims as it needs them; its tunnel takes the first address."""

    def __init__(self, network: Network) -> None:
        whole = netaddr.IPNetwork(network.pods)
        self._first, self._n_blocks = whole.first, whole.size >> _CALICO_BLOCK_BITS
        self._seed, self._version = network.seed, network.version
        self._owner: dict[int, int] = {}
        self._next: dict[int, int] = {}
        self._current: dict[int, int] = {}
        self._node_cidrs = NodeRanges(network)
        for node in range(network.n_nodes):
            self.allocate(node)

    def node_cidr(self, node: int) -> str:
        """Range that kube-controller-manager gives the node; Calico does not use it."""
        return self._node_cidrs.node_cidr(node)

    def allocate(self, node: int) -> str:
        """Return the next address of the node's newest block."""
        block = self._current.get(node)
        if block is None or self._next[block] == 1 << _CALICO_BLOCK_BITS:
            block = self._claim(node)
        ordinal = self._next[block]
        self._next[block] = ordinal + 1
        return address_text(self._first + (block << _CALICO_BLOCK_BITS) + ordinal, self._version)

    def blocks(self) -> Iterator[tuple[str, int, int]]:
        """Yield every block: its CIDR, its node, how many of its addresses are in use."""
        mask = (128 if self._version == 6 else 32) - _CALICO_BLOCK_BITS
        for block, node in sorted(self._owner.items()):
            first = address_text(self._first + (block << _CALICO_BLOCK_BITS), self._version)
            yield f"{first}/{mask}", node, self._next[block]

    def _claim(self, node: int) -> int:
        if len(self._owner) >= self._n_blocks:
            raise ValueError("the Calico pool has no free block left")
        block = random.Random(f"{self._seed}/calico/{node}").randrange(self._n_blocks)
        while block in self._owner:
            block = (block + 1) % self._n_blocks
        self._owner[block], self._next[block], self._current[node] = node, 0, block
        return block


class ZoneSubnets:
    """AWS: nodes and pods share the subnet of their zone; five addresses of a subnet are AWS's."""

    def __init__(self, network: Network) -> None:
        whole = netaddr.IPNetwork(network.nodes)
        part = whole.size // 4
        self._n_zones, self._nodes = network.n_zones, list[str]()
        self._free: list[list[int]] = []
        for zone in range(network.n_zones):
            first = whole.first + zone * part
            choice = random.Random(f"{network.seed}/subnet/{zone}")
            self._free.append(choice.sample(range(first + 4, first + part - 1), part - 5))
        self._nodes = [self.allocate(node) for node in range(network.n_nodes)]

    def node_address(self, node: int) -> str:
        """Primary address of a node."""
        return self._nodes[node]

    def node_cidr(self, node: int) -> str:
        """Return an empty text: nodes have no range of their own."""
        del node
        return ""

    def allocate(self, node: int) -> str:
        """Return a free address of the zone's subnet."""
        free = self._free[node % self._n_zones]
        if not free:
            raise ValueError("the zone's subnet has no free address left")
        return address_text(free.pop(), 4)


class NodeSubnet:
    """Azure CNI, node subnet: every node holds its own address and one for each pod it may run."""

    def __init__(self, network: Network, *, max_pods: int = 30) -> None:
        whole = netaddr.IPNetwork(network.nodes)
        self._first, self._step = whole.first + 4, max_pods + 1
        if self._first + network.n_nodes * self._step > whole.last:
            raise ValueError(
                f"subnet {network.nodes} has no room for {network.n_nodes} nodes of {max_pods} pods"
            )
        self._used = [0] * network.n_nodes

    def node_address(self, node: int) -> str:
        """Primary address of a node."""
        return address_text(self._first + node * self._step, 4)

    def node_cidr(self, node: int) -> str:
        """Return an empty text: nodes have no range of their own."""
        del node
        return ""

    def allocate(self, node: int) -> str:
        """Return the next address that the node holds."""
        self._used[node] += 1
        return address_text(self._first + node * self._step + self._used[node], 4)


_IPAMS: dict[str, Callable[[Network], PodAddresses]] = {
    "host-local": NodeRanges,
    "calico": CalicoBlocks,
    "cilium": ShuffledNodeRanges,
    "ovn": RotatedNodeRanges,
    "vpc": ZoneSubnets,
    "node-subnet": NodeSubnet,
}


def pod_addresses(platform: Platform, network: Network) -> PodAddresses:
    """Return the platform's IPAM for one address family."""
    return _IPAMS[platform.ipam](network)


def node_address(addresses: PodAddresses, network: Network, node: int) -> str:
    """Return a node's InternalIP: its subnet's choice where nodes and pods share one."""
    if isinstance(addresses, ZoneSubnets | NodeSubnet):
        return addresses.node_address(node)
    return zone_node_address(network, node)
