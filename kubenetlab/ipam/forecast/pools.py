"""Where the addresses of a set-up's pods come from, in the form that a forecast plays it.

Three forms. *Counts*: every node gets one CIDR (kube-controller-manager, Cilium's cluster-pool, OVN-Kubernetes, GKE, AKS
overlay) or takes a number of addresses that only its pods decide (AWS and Cilium ENI with single addresses, AKS pod
subnets, Cilium multi-pool). Which CIDR or address it is changes nothing for the next one, so a comparison of counts is
exact. *Blocks* (Calico) and *prefixes* (AWS and Cilium ENI with prefix delegation) depend on what came before, and are
played event by event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address, IPv6Address

import netaddr
import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam import aks_pod_subnet, aws_vpc_cni, calico_blocks, cilium_eni, cilium_multi_pool
from kubenetlab.ipam.capacity import all_limits
from kubenetlab.ipam.cidr_arguments import networks_by_version
from kubenetlab.ipam.cilium_host_scope import ADDRESSES_OF_CILIUM
from kubenetlab.ipam.forecast.load import Load, subnet_cidrs
from kubenetlab.ipam.instance_types import InstanceType
from kubenetlab.ipam.node_cidr_limits import n_node_cidrs
from kubenetlab.ipam.node_subnets import AWS, AZURE
from kubenetlab.ipam.scale_limits import TESTED_SCALE
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.ipam.vpc_subnets import ADDRESSES_PER_PREFIX

Ints = NDArray[np.int64]

#: A pool of Calico's with more blocks is played as if it had so many.
MAX_BLOCKS = 1 << 18
_WARM_IPS = ("warm_ip_target", "minimum_ip_target")

_ADVICE = (TESTED_SCALE, "EKS recommendation")
_PREFIX = ADDRESSES_PER_PREFIX


@dataclass(frozen=True, slots=True, eq=False)
class CountPool:
    """Addresses or CIDRs of which a node takes a number that only its pods decide.

    ``wanted[p]`` and ``least[p]`` are what a node with p pods takes, with and without what it keeps for later pods.
    """

    name: str
    unit: str
    capacity: int
    wanted: Ints
    least: Ints

    @property
    def units(self) -> tuple[str, ...]:
        """What is counted."""
        return (self.unit,)

    @property
    def capacities(self) -> tuple[int, ...]:
        """How much there is of each unit."""
        return (self.capacity,)

    def of_node(self, n_pods: int) -> int:
        """Return how much a node with so many pods takes."""
        return int(self.wanted[min(n_pods, self.wanted.size - 1)])


@dataclass(frozen=True, slots=True, eq=False)
class BlockPool:
    """Calico's pools: ``pool_start`` holds the first block of each and the number of all, ``rank`` the order of names."""

    block_size: int
    pool_start: Ints
    rank: Ints
    is_strict: bool
    name: str = "Calico pool"

    @property
    def n_blocks(self) -> int:
        """Blocks of all pools."""
        return int(self.pool_start[-1])

    @property
    def units(self) -> tuple[str, ...]:
        """What is counted."""
        return "blocks", "addresses"

    @property
    def capacities(self) -> tuple[int, ...]:
        """How much there is of each unit."""
        return self.n_blocks, self.n_blocks * self.block_size


@dataclass(frozen=True, slots=True, eq=False)
class PrefixPool:
    """The /28s of subnets: ``kept`` addresses of each are the cloud's, ``wanted[p]`` prefixes a node with p pods attaches."""

    kept: Ints
    wanted: Ints
    slots_per_interface: int
    max_interfaces: int
    name: str = "subnet"

    @property
    def units(self) -> tuple[str, ...]:
        """What is counted."""
        return ("subnet addresses",)

    @property
    def capacities(self) -> tuple[int, ...]:
        """How much there is of each unit."""
        return (self.kept.size * _PREFIX - int(self.kept.sum()),)

    def of_node(self, n_pods: int) -> int:
        """Return how many addresses a node with so many pods takes: its prefixes, and one of each interface."""
        n_prefixes = int(self.wanted[min(n_pods, self.wanted.size - 1)])
        return n_prefixes * _PREFIX + max(1, -(-n_prefixes // self.slots_per_interface))


Pool = CountPool | BlockPool | PrefixPool | None


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """What can refuse: the tightest hard limit of each quantity, and the pool beside them."""

    nodes: Limit | None
    pods: Limit | None
    pods_per_node: Limit | None
    services: Limit | None
    pool: Pool


def bounds_of(load: Load) -> Bounds:
    """Return what can refuse a node, a pod or a Service of a set-up.

    Limits that are advice are left out, and where the pool is played, so are the ones that presume full nodes.

    Raises
    ------
    ValueError
        As `all_limits` does.
    """
    set_up = replace(load.set_up, max_surge=0)  # the surge is played
    limits = [limit for limit in all_limits(set_up) if limit.name not in _ADVICE]
    pool = _pool(load)
    if pool is not None:
        presuming = (Quantity.NODES, Quantity.PODS)
        limits = [x for x in limits if x.quantity not in presuming or x.name == "node subnet"]
    tightest = {x.quantity: x for x in reversed(limits)}
    return Bounds(
        nodes=tightest.get(Quantity.NODES),
        pods=tightest.get(Quantity.PODS),
        pods_per_node=tightest.get(Quantity.PODS_PER_NODE),
        services=tightest.get(Quantity.SERVICES),
        pool=pool,
    )


def _pool(load: Load) -> Pool:
    """Return the pool that is played; None where a comparison of nodes says all, or no range is known."""
    set_up = load.set_up
    ranges = networks_by_version(set_up.pod_cidrs)
    subnets = networks_by_version(subnet_cidrs(set_up)).get(4, [])
    makers: dict[str, Callable[[], Pool]] = {
        "calico": lambda: _blocks(load, ranges) if ranges else None,
        "aws-vpc-cni": lambda: _of_vpc(load, subnets),
        "cilium-eni": lambda: _of_vpc(load, subnets),
        "azure-pod-subnet": lambda: _batches(load, subnets),
        "cilium-multi-pool": lambda: _multi_pool(set_up, ranges),
    }
    return makers[set_up.ipam]() if set_up.ipam in makers else None


def _of_vpc(load: Load, subnets: list[netaddr.IPNetwork]) -> Pool:
    if not subnets:
        return None
    set_up, others = load.set_up, load.held_by_others
    if set_up.prefix_delegation and set_up.instance is not None:
        found = _prefixes(set_up, set_up.instance, subnets)
        return replace(found, kept=_packed(found.kept, others))
    found_count = _interfaces(set_up, subnets)
    return replace(found_count, capacity=max(0, found_count.capacity - others))


def _packed(kept: Ints, n_addresses: int) -> Ints:
    """Return what is kept of each /28 when others hold so many addresses more, side by side from the first on."""
    room = _PREFIX - kept
    before = np.cumsum(room) - room
    filled: Ints = kept + np.clip(n_addresses - before, 0, room)
    return filled


def _blocks(load: Load, subnets: dict[int, list[netaddr.IPNetwork]]) -> BlockPool:
    version = min(subnets, key=lambda version: sum(network.size for network in subnets[version]))
    set_up = load.set_up
    size = set_up.block_size if version == 4 else set_up.block_size_ipv6
    pools = [calico_blocks.IpPool(network, size) for network in subnets[version]]
    starts = np.cumsum([0, *(min(pool.n_blocks, MAX_BLOCKS) for pool in pools)])
    rank = _ranks(
        tuple(
            (pool.network.first, pool.addresses_per_block, min(pool.n_blocks, MAX_BLOCKS)) for pool in pools
        ),
        version,
    )
    return BlockPool(pools[0].addresses_per_block, starts.astype(np.int64), rank, load.strict_affinity)


@cache
def _ranks(pools: tuple[tuple[int, int, int], ...], version: int) -> Ints:
    """Place of each block in the order of the names, which Calico sorts as texts."""
    address = IPv4Address if version == 4 else IPv6Address
    texts = [
        str(address(first + block * size)) + "/"
        for first, size, n_blocks in pools
        for block in range(n_blocks)
    ]
    ranks = np.empty(len(texts), dtype=np.int64)
    ranks[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return ranks


def _interfaces(set_up: SetUp, subnets: list[netaddr.IPNetwork]) -> CountPool:
    instance = set_up.instance
    pods = range(_pods_of_node(set_up) + 1)
    if instance is None:  # a pod takes one address, the node another
        wanted = least = [1 + n for n in pods]
    elif set_up.ipam == "cilium-eni":
        slots, own = instance.slots_per_eni, ADDRESSES_OF_CILIUM
        wanted = [cilium_eni.held(instance, n)[0] for n in pods]
        least = [n + own + -(-(n + own) // slots) for n in pods]
    else:
        slots = instance.slots_per_eni
        usable = instance._replace(enis=max(1, instance.enis - set_up.custom_networking))
        pods = range(min(len(pods), usable.enis * slots + 1))
        warm = {name: getattr(set_up, name) for name in ("warm_eni_target", *_WARM_IPS)}
        wanted = [aws_vpc_cni.warm_addresses(usable, n, **warm).subnet_addresses for n in pods]
        least = [n + max(1, -(-n // slots)) for n in pods]
    return CountPool("subnet", "subnet addresses", AWS.usable(subnets), np.array(wanted), np.array(least))


def _prefixes(set_up: SetUp, instance: InstanceType, subnets: list[netaddr.IPNetwork]) -> PrefixPool:
    instance = instance._replace(enis=max(1, instance.enis - set_up.custom_networking))
    pods = range(_pods_of_node(set_up) + 1)
    if set_up.ipam == "cilium-eni":
        wanted = [cilium_eni.held(instance, n, prefix_delegation=True)[1] for n in pods]
    else:
        warm = {name: getattr(set_up, name) for name in ("warm_prefix_target", *_WARM_IPS)}
        wanted = [aws_vpc_cni.warm_prefixes(instance, n, **warm).attached for n in pods]
    kept = [np.zeros(max(1, network.size // _PREFIX), dtype=np.int64) for network in subnets]
    for of_subnet in kept:
        of_subnet[0] += AWS.n_reserved - 1  # the first four addresses and the last
        of_subnet[-1] += 1
    return PrefixPool(np.concatenate(kept), np.array(wanted), instance.slots_per_eni, instance.enis)


def _pods_of_node(set_up: SetUp) -> int:
    limits = (
        x.n for x in all_limits(set_up) if x.quantity is Quantity.PODS_PER_NODE and x.name not in _ADVICE
    )
    return max(1, min(limits))


def _batches(load: Load, subnets: list[netaddr.IPNetwork]) -> Pool:
    if not subnets:
        return None
    set_up, free = load.set_up, max(0, AZURE.usable(subnets) - load.held_by_others)
    size = aks_pod_subnet.BATCH
    pods = range(_pods_of_node(set_up) + 1)
    wanted = np.array([aks_pod_subnet.n_batches(n) * size for n in pods])
    least = np.array([max(1, -(-n // size)) * size for n in pods])
    return CountPool("pod subnet", "subnet addresses", free // size * size, wanted, least)


def _multi_pool(set_up: SetUp, ranges: dict[int, list[netaddr.IPNetwork]]) -> Pool:
    """Return the pool of the family with room for fewer full nodes; None where a mask size is not known."""
    pools = [
        _cidrs_of_pool(set_up, networks, mask_size)
        for version, networks in ranges.items()
        if (mask_size := set_up.node_cidr_mask_size if version == 4 else set_up.node_cidr_mask_size_ipv6)
        is not None
    ]
    if not pools or len(pools) < len(ranges):
        return None
    return min(pools, key=lambda pool: pool.capacity // int(pool.wanted[-1]))


def _cidrs_of_pool(set_up: SetUp, networks: list[netaddr.IPNetwork], mask_size: int) -> CountPool:
    usable = cilium_multi_pool.usable_addresses(
        netaddr.IPNetwork((0, mask_size), version=networks[0].version)
    )
    pods = range(_pods_of_node(set_up) + 1)
    own = ADDRESSES_OF_CILIUM
    wanted = np.array([-(-cilium_multi_pool.needed_addresses(n + own) // usable) for n in pods])
    least = np.array([-(-(n + own) // usable) for n in pods])
    n_all = sum(n_node_cidrs(network, mask_size) for network in networks)
    return CountPool("pool", "CIDRs of the pool", n_all, wanted, least)
