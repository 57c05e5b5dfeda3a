"""Every allocator in a space small enough to be looked at, and the words for its choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import netaddr

from kubenetlab.ipam.calico_blocks import CalicoIpam, IpPool
from kubenetlab.ipam.flannel import SubnetManager, parse_config
from kubenetlab.ipam.host_local import HostLocal
from kubenetlab.ipam.host_local_config import load_config
from kubenetlab.ipam.node_cidrs import NodeCidrSet
from kubenetlab.ipam.ovn_kubernetes import SubnetAllocator
from kubenetlab.ipam.service_ips import ServiceCidr, ServiceIps

_CALICO_HOSTS = ("node-0", "node-1", "node-2")


class TracedAllocator(Protocol):
    """One allocator in a space small enough to be looked at."""

    space: str
    cell_prefix_length: int
    rule: str

    def take(self, owner: str) -> tuple[str, str]:
        """Return what the owner gets, and why."""
        ...

    def give_back(self, owner: str, cidr: str) -> None:
        """Take it back."""
        ...


class _NodeCidrs:
    space, cell_prefix_length = "10.244.0.0/20", 24
    rule = (
        "Next-fit: a cursor walks round the node CIDRs and skips those in use. A released node CIDR is used again "
        "only after the cursor came round."
    )

    def __init__(self, seed: int) -> None:
        self._node_cidrs = NodeCidrSet(self.space, self.cell_prefix_length)

    def take(self, owner: str) -> tuple[str, str]:
        start = self._node_cidrs.next_candidate
        cidr = self._node_cidrs.allocate()
        return str(cidr), f"The cursor stood at number {start} and skipped {self._node_cidrs.tries} in use."

    def give_back(self, owner: str, cidr: str) -> None:
        self._node_cidrs.release(cidr)


class _HostLocal:
    space, cell_prefix_length = "10.244.3.0/28", 32
    rule = (
        "A circle: the search starts behind the address that was reserved last, so a freed address is used again "
        "last. The network, the gateway and the broadcast address are never given."
    )

    def __init__(self, seed: int) -> None:
        self._config = load_config({"ipam": {"subnet": self.space}})
        self._node = HostLocal()
        self._last = ""

    def take(self, owner: str) -> tuple[str, str]:
        address = str(self._node.add(self._config, owner)[0].address)
        why = f"The first free one behind {self._last}, reserved last." if self._last else "The first one."
        self._last = address
        return f"{address}/32", why

    def give_back(self, owner: str, cidr: str) -> None:
        self._node.delete(owner)


class _CalicoBlocks:
    space, cell_prefix_length = "192.168.0.0/26", 32
    rule = (
        "Blocks of four addresses here (64 by default): a node takes addresses of its own blocks, the one that was "
        "free longest; without a free one it claims a block, from the place that the hash of its name says."
    )

    def __init__(self, seed: int) -> None:
        self._ipam = CalicoIpam([IpPool(self.space, 30)])

    def take(self, owner: str) -> tuple[str, str]:
        host = _CALICO_HOSTS[int(owner.rpartition("-")[2]) % len(_CALICO_HOSTS)]
        before = self._ipam.blocks_of(host)
        address = self._ipam.assign(host)
        block = netaddr.IPNetwork((int(address), 30), version=4).cidr
        if block in before:
            return f"{address}/32", f"Of {block}, a block of {host}."
        claimed = block in self._ipam.blocks_of(host)
        return f"{address}/32", f"{host} {'claims' if claimed else 'borrows from'} {block}."

    def give_back(self, owner: str, cidr: str) -> None:
        self._ipam.release(cidr.removesuffix("/32"))


class _Flannel:
    space, cell_prefix_length = "10.5.0.0/20", 24
    rule = (
        "Chance: one of the first hundred free subnets from SubnetMin on. The first subnet of the network is never "
        "given. (With the Kubernetes subnet manager, kube-controller-manager chooses.)"
    )

    def __init__(self, seed: int) -> None:
        self._manager = SubnetManager(parse_config(f'{{"Network": "{self.space}"}}'), seed=seed)

    def take(self, owner: str) -> tuple[str, str]:
        n_free = self._manager.capacity - len(self._manager.leases)
        (subnet,) = self._manager.acquire(owner)
        return str(subnet), f"Drawn from {n_free} free subnets."

    def give_back(self, owner: str, cidr: str) -> None:
        self._manager.release(owner)


class _OvnKubernetes:
    space, cell_prefix_length = "10.128.0.0/22", 26
    rule = (
        "Round robin like kube-controller-manager, but the bits of the number are rotated where the node's part is no "
        "whole number of bytes and the subnet's number crosses into another byte: the higher byte counts first."
    )

    def __init__(self, seed: int) -> None:
        self._subnets = SubnetAllocator()
        self._subnets.add_network_range(self.space, self.cell_prefix_length)

    def take(self, owner: str) -> tuple[str, str]:
        (subnet,) = self._subnets.allocate(owner)
        return str(subnet), "The next number of the cursor that is free, its bits rotated."

    def give_back(self, owner: str, cidr: str) -> None:
        self._subnets.release_all(owner)


class _Services:
    space, cell_prefix_length = "10.96.0.0/26", 32
    rule = (
        "Chance in the upper part of the range, the dynamic band; the lower part, the static band, is for addresses "
        "that somebody asks for, and is used by chance only when the upper part is full."
    )

    def __init__(self, seed: int) -> None:
        self._ips = ServiceIps([self.space], seed)

    def take(self, owner: str) -> tuple[str, str]:
        address = self._ips.allocate_next()
        static = ServiceCidr(self.space).static
        is_static = static is not None and address <= static[1]
        band = "static band: the dynamic band is full" if is_static else "dynamic band"
        return f"{address}/32", f"Drawn from the free addresses of the {band}."

    def give_back(self, owner: str, cidr: str) -> None:
        self._ips.release(cidr.removesuffix("/32"))


#: Every allocator that can be traced, by the name of its component; and who comes and goes there.
ALLOCATORS: dict[str, tuple[Callable[[int], TracedAllocator], str]] = {
    "kube-controller-manager": (_NodeCidrs, "node"),
    "CNI host-local": (_HostLocal, "pod"),
    "Calico": (_CalicoBlocks, "pod"),
    "Flannel with etcd": (_Flannel, "node"),
    "OVN-Kubernetes": (_OvnKubernetes, "node"),
    "Service ClusterIPs": (_Services, "service"),
}
