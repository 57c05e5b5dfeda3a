"""Which address a pod gets from Calico's IPAM: blocks of the IP pools, each with affinity to a host.

Source: calico, libcalico-go/lib/ipam/{ipam,ipam_block,ipam_block_reader_writer}.go; the error texts are the component's
own. Basis: *ran* for the first block of a host (24 recordings, `make golden`, addressing/calico-first-block), *source*
for the rest. Not modelled: several writers at once, reservations, Windows, the cooldown of released addresses, time
(an empty block of another host counts as older than the minute after which it may be taken).
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.go_random import random_below

DEFAULT_BLOCK_SIZE = {4: 26, 6: 122}
#: Blocks of one host where maxBlocksPerHost is 0 (autoAssign).
DEFAULT_MAX_BLOCKS_PER_HOST = 20

_BLOCK_SIZES = {4: range(20, 33), 6: range(116, 129)}
_ADDRESS_BITS = {4: 32, 6: 128}


class CalicoIpamError(KubenetlabError):
    """No address could be assigned."""


def fnv32(text: str) -> int:
    """Return the FNV-1 hash of 32 bits (Go's ``fnv.New32``) of a text in UTF-8."""
    value = 2166136261
    for byte in text.encode():
        value = value * 16777619 % (1 << 32) ^ byte
    return value


class IpPool:
    """One IPPool.

    Parameters
    ----------
    cidr
        ``spec.cidr``.
    block_size
        ``spec.blockSize``, the prefix length of a block; /26 and /122 where it is not given.

    Raises
    ------
    ValueError
        If Calico does not allow the block size, or the pool is smaller than a block.

    Examples
    --------
    >>> str(next(IpPool("192.168.0.0/16").blocks("node-0")))
    '192.168.39.192/26'
    """

    def __init__(self, cidr: str | netaddr.IPNetwork, block_size: int | None = None) -> None:
        self.network = netaddr.IPNetwork(cidr).cidr
        version = self.network.version
        self.block_size = DEFAULT_BLOCK_SIZE[version] if block_size is None else block_size
        if self.block_size not in _BLOCK_SIZES[version]:
            allowed = _BLOCK_SIZES[version]
            raise ValueError(f"block_size {self.block_size} is not one of {allowed[0]} to {allowed[-1]}")
        if self.network.prefixlen > self.block_size:
            raise ValueError(
                "IP pool size is too small for use with Calico IPAM. "
                "It must be equal to or greater than the block size."
            )
        self.n_blocks = 1 << (self.block_size - self.network.prefixlen)
        self.addresses_per_block = 1 << (_ADDRESS_BITS[version] - self.block_size)

    def first_block_index(self, host: str) -> int:
        """Return the index of the block that a host tries first.

        Calico seeds with the clock where a block is one address; with the host's name here.
        """
        return random_below(fnv32(host), self.n_blocks)

    def blocks(self, host: str) -> Iterator[netaddr.IPNetwork]:
        """Yield every block once, in the order in which a host tries them."""
        start = self.first_block_index(host)
        for step in range(self.n_blocks):
            yield self.block((start + step) % self.n_blocks)

    def block(self, index: int) -> netaddr.IPNetwork:
        """Return a block by its index."""
        first = self.network.first + index * self.addresses_per_block
        return netaddr.IPNetwork((first, self.block_size), version=self.network.version)


def nodes_without_borrowing(pool: IpPool, pods_per_node: int, tunnel_addresses: int = 1) -> int:
    """Return how many nodes find enough blocks of their own; a node takes one address for each kind of tunnel.

    Examples
    --------
    >>> nodes_without_borrowing(IpPool("192.168.0.0/16"), pods_per_node=110)
    512
    """
    addresses = max(1, pods_per_node + tunnel_addresses)
    return pool.n_blocks // -(-addresses // pool.addresses_per_block)


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
        """Take an address back, behind all that are free in its block; nothing happens where it is not assigned."""
        released = netaddr.IPAddress(address)
        block = self._assigned.pop(released, None)
        if block is not None:
            block.free.append(int(released) - block.cidr.first)

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
