"""An IP pool of Calico: its blocks, and in which order a host tries them.

Source: calico, libcalico-go/lib/ipam/ipam_block_reader_writer.go (randomBlockGenerator), api/pkg/apis/projectcalico/v3/
ippool.go; the error texts are the component's own. Basis: *ran* for the first block of a host (24 recordings, `make
golden`, addressing/calico-first-block), *source* for the rest.
"""

from collections.abc import Iterator

import netaddr

from kubenetlab.ipam.cidr_arguments import ADDRESS_BITS, network_of
from kubenetlab.ipam.go_random import random_below

DEFAULT_BLOCK_SIZE = {4: 26, 6: 122}

_LINK_LOCAL = {4: netaddr.IPNetwork("169.254.0.0/16"), 6: netaddr.IPNetwork("fe80::/10")}
_BLOCK_SIZES = {4: range(20, 33), 6: range(116, 129)}


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
        If the pool is no CIDR or has host bits, is link-local, if Calico does not allow the block size, or if the pool is
        smaller than a block.

    Examples
    --------
    >>> str(next(IpPool("192.168.0.0/16").blocks("node-0")))
    '192.168.39.192/26'
    """

    def __init__(self, cidr: str | netaddr.IPNetwork, block_size: int | None = None) -> None:
        self.network = network_of(cidr)
        version = self.network.version
        self.block_size = checked_block_size(block_size, version)
        link_local = _LINK_LOCAL[version]
        if self.network in link_local or link_local in self.network:
            raise ValueError(f"IP pool range overlaps with IPv{version} Link Local range {link_local}")
        if self.network.prefixlen > self.block_size:
            raise ValueError(
                "IP pool size is too small for use with Calico IPAM. "
                "It must be equal to or greater than the block size."
            )
        self.n_blocks = 1 << (self.block_size - self.network.prefixlen)
        self.addresses_per_block = 1 << (ADDRESS_BITS[version] - self.block_size)

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


def checked_block_size(given: int | None, version: int) -> int:
    """Return the prefix length of a block, Calico's default where none is given.

    Raises
    ------
    ValueError
        If Calico does not allow it.
    """
    block_size = DEFAULT_BLOCK_SIZE[version] if given is None else given
    if block_size not in _BLOCK_SIZES[version]:
        allowed = _BLOCK_SIZES[version]
        raise ValueError(f"block_size {block_size} is not one of {allowed[0]} to {allowed[-1]}")
    return block_size


def nodes_without_borrowing(pool: IpPool, pods_per_node: int, tunnel_addresses: int = 1) -> int:
    """Return how many nodes find enough blocks of their own; a node takes one address for each kind of tunnel.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> nodes_without_borrowing(IpPool("192.168.0.0/16"), pods_per_node=110)
    512
    """
    if min(pods_per_node, tunnel_addresses) < 0:
        raise ValueError(f"pods_per_node {pods_per_node} or tunnel_addresses {tunnel_addresses} is negative")
    addresses = max(1, pods_per_node + tunnel_addresses)
    return pool.n_blocks // -(-addresses // pool.addresses_per_block)
