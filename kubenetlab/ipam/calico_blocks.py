"""Which address a pod gets from Calico's IPAM: blocks of the IP pools, each with affinity to a host.

Source: calico, libcalico-go/lib/ipam/{ipam,ipam_block}.go; the error texts are the component's own. Basis: *source*; the
first block of a host is *ran* (`calico_pools`). Not modelled: several writers at once, reservations, Windows, the
cooldown of released addresses, time (an empty block of another host counts as older than the minute after which it may
be taken).
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.calico_pools import (
    DEFAULT_BLOCK_SIZE,
    IpPool,
    checked_block_size,
    fnv32,
    nodes_without_borrowing,
)
from kubenetlab.ipam.cidr_arguments import ADDRESS_BITS, counted, named, networks_by_version
from kubenetlab.ipam.node_cidr_limits import after_surge
from kubenetlab.ipam.node_subnets import node_subnet_limits
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

__all__ = [
    "DEFAULT_BLOCK_SIZE",
    "DEFAULT_MAX_BLOCKS_PER_HOST",
    "CalicoIpam",
    "CalicoIpamError",
    "IpPool",
    "fnv32",
    "limits",
    "nodes_without_borrowing",
]

#: Blocks of one host where maxBlocksPerHost is 0 (autoAssign).
DEFAULT_MAX_BLOCKS_PER_HOST = 20

_SOURCE = "calico 87c1590, libcalico-go/lib/ipam/ipam.go"


class CalicoIpamError(KubenetlabError):
    """No address could be assigned."""


@dataclass
class _Block:
    cidr: netaddr.IPNetwork
    host: str | None
    free: deque[int] = field(default_factory=deque)

    @property
    def is_empty(self) -> bool:
        return len(self.free) == self.cidr.size

    def assign(self) -> netaddr.IPAddress:
        return netaddr.IPAddress(self.cidr.first + self.free.popleft(), self.cidr.version)


class CalicoIpam:
    """The IP pools of one family, the blocks in them, and who has them.

    A host takes addresses of its own blocks; without a free one it claims the next unclaimed block, or an empty
    block of another host. Where no block can be claimed it borrows single addresses from the blocks of others,
    unless affinity is strict. In a block the address that was free for the longest time is taken.

    Parameters
    ----------
    pools
        In the order in which they are tried.
    strict_affinity, max_blocks_per_host
        Of the IPAMConfig; 0 blocks means 20.

    Raises
    ------
    ValueError
        If a limit of blocks is set and affinity is not strict.

    Examples
    --------
    >>> ipam = CalicoIpam([IpPool("192.168.0.0/16")])
    >>> str(ipam.assign("node-0")), str(ipam.assign("node-0")), str(ipam.assign("node-1"))
    ('192.168.39.192', '192.168.39.193', '192.168.84.128')
    """

    def __init__(
        self, pools: Iterable[IpPool], *, strict_affinity: bool = False, max_blocks_per_host: int = 0
    ) -> None:
        if max_blocks_per_host > 0 and not strict_affinity:
            raise ValueError("MaxBlocksPerHost requires StrictAffinity to be enabled")
        self.pools = tuple(pools)
        self.strict_affinity = strict_affinity
        self.max_blocks_per_host = max_blocks_per_host or DEFAULT_MAX_BLOCKS_PER_HOST
        self._blocks: dict[netaddr.IPNetwork, _Block] = {}
        self._assigned: dict[netaddr.IPAddress, _Block] = {}

    def assign(self, host: str) -> netaddr.IPAddress:
        """Assign one address to a host.

        Raises
        ------
        CalicoIpamError
            If the host has as many blocks as it may, or if no block has a free address for it.
        """
        block = self._own_block(host) or self._claimed_block(host) or self._block_to_borrow_from(host)
        address = block.assign()
        self._assigned[address] = block
        return address

    def release(self, address: str | netaddr.IPAddress) -> None:
        """Take an address back, behind all that are free in its block; nothing happens where it is not assigned.

        An empty block without a host is deleted (ipam.go, releaseIPsFromBlock).
        """
        released = netaddr.IPAddress(address)
        block = self._assigned.pop(released, None)
        if block is not None:
            block.free.append(int(released) - block.cidr.first)
            if block.host is None and block.is_empty:
                del self._blocks[block.cidr]

    def release_affinity(self, host: str) -> None:
        """End a host's affinity to its blocks: empty ones are gone, the others belong to nobody."""
        for block in [block for block in self._blocks.values() if block.host == host]:
            block.host = None
            if block.is_empty:
                del self._blocks[block.cidr]

    def blocks_of(self, host: str) -> list[netaddr.IPNetwork]:
        """Return the blocks with affinity to a host, in the order of their names."""
        return sorted((cidr for cidr, block in self._blocks.items() if block.host == host), key=str)

    @property
    def n_assigned(self) -> int:
        """How many addresses are assigned."""
        return len(self._assigned)

    def _own_block(self, host: str) -> _Block | None:
        own = (self._blocks[cidr] for cidr in self.blocks_of(host))
        return next((block for block in own if block.free), None)

    def _claimed_block(self, host: str) -> _Block | None:
        if len(self.blocks_of(host)) >= self.max_blocks_per_host:
            raise CalicoIpamError("cannot allocate new block due to per host block limit")
        walk = (cidr for pool in self.pools for cidr in pool.blocks(host) if cidr not in self._blocks)
        cidr = next(walk, None) or self._empty_block_of_another(host)
        if cidr is None:
            return None
        self._blocks[cidr] = _Block(cidr, host, deque(range(cidr.size)))
        return self._blocks[cidr]

    def _empty_block_of_another(self, host: str) -> netaddr.IPNetwork | None:
        blocks = (self._blocks[cidr] for pool in self.pools for cidr in pool.blocks(host))
        return next((block.cidr for block in blocks if block.host is not None and block.is_empty), None)

    def _block_to_borrow_from(self, host: str) -> _Block:
        if self.strict_affinity:
            raise self._nothing_assigned("No more free affine blocks and strict affinity enabled")
        blocks = (self._blocks[cidr] for pool in self.pools for cidr in pool.blocks(host))
        block = next((block for block in blocks if block.free), None)
        if block is None:
            pools = " ".join(str(pool.network) for pool in self.pools)
            raise self._nothing_assigned(f"No IPs available in pools: [{pools}]")
        return block

    def _nothing_assigned(self, reason: str) -> CalicoIpamError:
        version = self.pools[0].network.version if self.pools else 4
        return CalicoIpamError(f"Assigned 0 out of 1 requested IPv{version} addresses; {reason}")


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield, for each family, the nodes whose pods all have addresses in blocks of their own, and the pods.

    A full node is one of ``max_pods``, or of as many as 20 blocks hold, and takes ``tunnel_addresses`` more. Without
    strict affinity more nodes are possible: they borrow single addresses.

    Raises
    ------
    ValueError
        As `IpPool` does.

    Examples
    --------
    >>> for limit in limits(SetUp(ipam="calico", pod_cidrs=("192.168.0.0/16",))):
    ...     print(limit.n, limit.words)
    512 192.168.0.0/16 has 1,024 blocks of /26; a node with 110 pods and 1 tunnel address needs 2 of its own.
    1279 A node has at most 20 blocks of 64 addresses, less 1 tunnel address.
    65536 192.168.0.0/16 has 65,536 addresses, those of the nodes' tunnels included.
    """
    for version, networks in networks_by_version(set_up.pod_cidrs).items():
        given = set_up.block_size if version == 4 else set_up.block_size_ipv6
        size = checked_block_size(given, version)
        n_blocks = sum(IpPool(network, size).n_blocks for network in networks)
        yield from _limits_of(set_up, networks, size, n_blocks)
    yield from node_subnet_limits(set_up)


def _limits_of(
    set_up: SetUp, pools: list[netaddr.IPNetwork], block_size: int, n_blocks: int
) -> Iterator[Limit]:
    version = pools[0].version
    per_block = 1 << (ADDRESS_BITS[version] - block_size)
    n_tunnel = set_up.tunnel_addresses if version == 4 else set_up.tunnel_addresses_ipv6
    tunnels = f"{n_tunnel} tunnel address{'' if n_tunnel == 1 else 'es'}"
    most = DEFAULT_MAX_BLOCKS_PER_HOST
    most_pods = max(0, most * per_block - n_tunnel)
    n_pods = min(set_up.max_pods, most_pods)
    needed = max(1, -(-(n_pods + n_tunnel) // per_block))
    n_nodes, surge = after_surge(n_blocks // needed, set_up)
    text = named(pools, "has", "have")
    full = f"a node with {n_pods:,} pods and {tunnels} needs {needed:,} of its own"
    words = f"{text} {counted(n_blocks)} blocks of /{block_size}; {full}{surge}."
    yield Limit(Quantity.NODES, n_nodes, "pool", words, Basis.SOURCE, _SOURCE)
    words = f"A node has at most {most} blocks of {per_block} addresses, less {tunnels}."
    yield Limit(Quantity.PODS_PER_NODE, most_pods, "blocks per host", words, Basis.SOURCE, _SOURCE)
    words = f"{text} {counted(n_blocks * per_block)} addresses, those of the nodes' tunnels included."
    yield Limit(Quantity.PODS, n_blocks * per_block, "pool", words, Basis.SOURCE, _SOURCE)
