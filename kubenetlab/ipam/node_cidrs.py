"""Which pod CIDR the next node gets: the CIDR set of kube-controller-manager, and of Cilium's operator, which copied it.

Source: kubernetes, pkg/controller/nodeipam/ipam/cidrset/cidr_set.go (and range_allocator.go for the service
ranges); the error texts are the component's own. Basis: *ran*, step by step against the real code (`make golden`, component node-cidrs).
"""

import netaddr
import numpy as np
from numpy.typing import ArrayLike, NDArray

from kubenetlab.errors import KubenetlabError

#: Most bits between the mask of an IPv6 cluster CIDR and the node mask (clusterSubnetMaxDiff); IPv4 has no limit here.
IPV6_MASK_MAX_DIFFERENCE = 16

_ADDRESS_BITS = {4: 32, 6: 128}
_EXHAUSTED = "CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range"
_DIGITS = bytes.maketrans(b"\x00\x01", b"01")


class PoolExhaustedError(KubenetlabError):
    """Nothing that is large enough is free: every node CIDR of a cluster CIDR is in use, or every block of a pool."""


class NodeCidrSet:
    """The node CIDRs of one cluster CIDR, handed out next-fit: a cursor walks round and skips those in use.

    A released node CIDR is used again only after the cursor came round. Occupying and releasing never move the
    cursor, and do nothing where nothing changes.

    Parameters
    ----------
    cluster_cidr
        One range of ``--cluster-cidr``; host bits are dropped, as kube-controller-manager does.
    node_cidr_mask_size
        Prefix length of every node CIDR.

    Attributes
    ----------
    max_cidrs
        How many node CIDRs the cluster CIDR has.
    allocated
        How many of them are in use.
    next_candidate
        Index of the node CIDR that is tried next.
    tries
        How many the latest `allocate` skipped because they were in use.

    Raises
    ------
    ValueError
        If the node mask is shorter than the cluster CIDR's, is not a prefix length of the family, or, for IPv6,
        is more than 16 bits longer.

    Examples
    --------
    >>> node_cidrs = NodeCidrSet("10.244.0.0/16", 24)
    >>> node_cidrs.filter_out_service_range("10.244.1.16/28")
    True
    >>> [str(node_cidrs.allocate()) for _ in range(3)]
    ['10.244.0.0/24', '10.244.2.0/24', '10.244.3.0/24']
    """

    def __init__(self, cluster_cidr: str | netaddr.IPNetwork, node_cidr_mask_size: int) -> None:
        self.cluster_cidr = netaddr.IPNetwork(cluster_cidr).cidr
        self.node_cidr_mask_size = node_cidr_mask_size
        check_mask_size(self.cluster_cidr, node_cidr_mask_size)
        self.max_cidrs = 1 << (node_cidr_mask_size - self.cluster_cidr.prefixlen)
        self.allocated = 0
        self.next_candidate = 0
        self.tries = 0
        self._host_bits = _ADDRESS_BITS[self.cluster_cidr.version] - node_cidr_mask_size
        self._used = bytearray(self.max_cidrs)

    def allocate(self) -> netaddr.IPNetwork:
        """Return the next free node CIDR and mark it as in use.

        Raises
        ------
        PoolExhaustedError
            If all are in use.
        """
        index = self._used.find(0, self.next_candidate)
        if index < 0:
            index = self._used.find(0, 0, self.next_candidate)
        if index < 0:
            raise PoolExhaustedError(_EXHAUSTED)
        self._used[index] = 1
        self.allocated += 1
        self.tries = (index - self.next_candidate) % self.max_cidrs
        self.next_candidate = (index + 1) % self.max_cidrs
        return self._node_cidr(index)

    def occupy(self, cidr: str | netaddr.IPNetwork) -> None:
        """Mark every node CIDR that overlaps ``cidr`` as in use.

        Raises
        ------
        ValueError
            If ``cidr`` does not overlap the cluster CIDR.
        """
        self._mark(cidr, used=1)

    def release(self, cidr: str | netaddr.IPNetwork) -> None:
        """Mark every node CIDR that overlaps ``cidr`` as free, the whole of it also where ``cidr`` is finer.

        Raises
        ------
        ValueError
            If ``cidr`` does not overlap the cluster CIDR.
        """
        self._mark(cidr, used=0)

    def run(self, operations: ArrayLike) -> NDArray[np.int64]:
        """Allocate and release many times, without an error where all are in use.

        Parameters
        ----------
        operations
            Shape (n_operations,), integers: -1 allocates, any other is the index of the node CIDR that is released; index i
            is the i-th node CIDR of the cluster CIDR, from 0.

        Returns
        -------
        Shape (n_operations,): the index of what was allocated or released; -1 where all were in use.

        Raises
        ------
        ValueError
            If an operation is neither.

        Examples
        --------
        >>> NodeCidrSet("10.244.0.0/22", 24).run([-1, -1, 0, -1, -1, -1, -1]).tolist()
        [0, 1, 0, 2, 3, 0, -1]
        """
        from kubenetlab.ipam import _kernels_node_cidrs as kernels

        indices = _checked_operations(operations, self.max_cidrs)
        state = np.array([self.next_candidate, self.allocated, self.tries])
        free = kernels.free_words(self._used)
        kernels.run(free, state, self.max_cidrs, indices)
        self._used[:] = kernels.used_bytes(free, self.max_cidrs)
        self.next_candidate, self.allocated, self.tries = state.tolist()
        return indices

    def filter_out_service_range(self, service_cidr: str | netaddr.IPNetwork) -> bool:
        """Keep the node CIDRs that overlap a service range from being handed out.

        Returns
        -------
        Whether there are any. (range_allocator.go, filterOutServiceRange)
        """
        service_network = netaddr.IPNetwork(service_cidr).cidr
        overlaps = _overlap(self.cluster_cidr, service_network)
        if overlaps:
            self.occupy(service_network)
        return overlaps

    @property
    def used_bitmap(self) -> int:
        """The node CIDRs in use, bit i for index i."""
        return int(self._used[::-1].translate(_DIGITS), 2)

    def _node_cidr(self, index: int) -> netaddr.IPNetwork:
        first = self.cluster_cidr.first + (index << self._host_bits)
        return netaddr.IPNetwork((first, self.node_cidr_mask_size), version=self.cluster_cidr.version)

    def _mark(self, cidr: str | netaddr.IPNetwork, *, used: int) -> None:
        begin, end = self._indices(netaddr.IPNetwork(cidr).cidr)
        n_used = self._used.count(1, begin, end)
        self._used[begin:end] = bytes([used]) * (end - begin)
        self.allocated += (end - begin) * used - n_used

    def _indices(self, network: netaddr.IPNetwork) -> tuple[int, int]:
        """Half-open range of the indices that a network touches."""
        if not _overlap(self.cluster_cidr, network):
            raise ValueError(f"cidr {network} is out the range of cluster cidr {self.cluster_cidr}")
        if network.prefixlen <= self.cluster_cidr.prefixlen:
            return 0, self.max_cidrs
        base = self.cluster_cidr.first
        return (network.first - base) >> self._host_bits, ((network.last - base) >> self._host_bits) + 1


def _overlap(one: netaddr.IPNetwork, other: netaddr.IPNetwork) -> bool:
    return one in other or other in one


def _checked_operations(operations: ArrayLike, max_cidrs: int) -> NDArray[np.int64]:
    """Return a copy of the operations."""
    numbers = np.asarray(operations)
    if numbers.ndim != 1 or not (np.issubdtype(numbers.dtype, np.integer) or numbers.size == 0):
        raise ValueError(
            f"operations must be integers in one dimension, not {numbers.dtype} of shape {numbers.shape}"
        )
    for wrong in (numbers.min(initial=0), numbers.max(initial=0)):
        if not -1 <= wrong < max_cidrs:
            raise ValueError(
                f"operation {wrong} is neither -1 nor the index of one of {max_cidrs} node CIDRs"
            )
    return numbers.astype(np.int64)


def check_mask_size(cluster_cidr: netaddr.IPNetwork, node_cidr_mask_size: int) -> None:
    """Refuse a prefix length of node CIDRs that does not fit a range, as kube-controller-manager does.

    Raises
    ------
    ValueError
        With the component's own text.
    """
    difference = node_cidr_mask_size - cluster_cidr.prefixlen
    if difference < 0:
        raise ValueError(
            "Controller: Invalid --cluster-cidr, mask size of cluster CIDR must be less than or equal to "
            "--node-cidr-mask-size configured for CIDR family"
        )
    if cluster_cidr.version == 6 and difference > IPV6_MASK_MAX_DIFFERENCE:
        raise ValueError("New CIDR set failed; the node CIDR size is too big")
    if node_cidr_mask_size > _ADDRESS_BITS[cluster_cidr.version]:
        raise ValueError(
            f"node_cidr_mask_size {node_cidr_mask_size} is not a prefix length of IPv{cluster_cidr.version}"
        )
