"""A pool of ranges of many sizes: aligned blocks are halved on demand, and merged again when both halves are free.

Knowlton, "A fast storage allocator" (CACM 8(10), 1965), with the choice of the block as a policy. It is no component's
allocator: it is how a person, a planner or a cloud carves subnets out of a parent range. Basis: its definition
(a plain twin in the tests decides every choice by looking at every block).
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network

import netaddr
import numpy as np
from numpy.typing import ArrayLike, NDArray

from kubenetlab.ipam import _kernels_buddy as kernels
from kubenetlab.ipam.free_sizes import FreeSizes
from kubenetlab.ipam.node_cidrs import PoolExhaustedError
from kubenetlab.ipam.number_arguments import check_whole, is_number, is_whole, shown

_ADDRESS_BITS = {4: 32, 6: 128}
_IPV6_SUBNET_LENGTH = 64
_MAX_NAMED = 3
#: Seeds of a pool are whole numbers below 2^64.
MOST_SEED = (1 << 64) - 1

Network = str | netaddr.IPNetwork


class Policy(StrEnum):
    """Which of the free blocks that fit is used, or split until it fits."""

    BEST_FIT = "best-fit"  # the lowest of the smallest ones
    FIRST_FIT = "first-fit"  # the lowest one
    WORST_FIT = "worst-fit"  # the lowest of the largest ones
    RANDOM_FIT = "random-fit"  # any, all equally likely


_POLICY_CODES = {
    Policy.FIRST_FIT: kernels.FIRST_FIT,
    Policy.BEST_FIT: kernels.BEST_FIT,
    Policy.WORST_FIT: kernels.WORST_FIT,
    Policy.RANDOM_FIT: kernels.RANDOM_FIT,
}


class AddressPool:
    """Ranges of many sizes out of one parent range, IPv4 or IPv6, each at a multiple of its size.

    Parameters
    ----------
    parent
        The range; host bits are refused.
    finest_prefix_length
        Prefix length of the smallest range that can be taken: by default 32 for IPv4, for IPv6 64 (128 where the parent is
        longer than 64). The parent may hold 2^26 of them.
    policy
        Which free block is used.
    seed
        Of the random fit; the other policies draw nothing.

    Raises
    ------
    ValueError
        If ``parent`` is no range, has host bits or too many smallest ranges, or a length, policy or seed is none.
    TypeError
        If ``parent`` is neither text nor a network.

    Examples
    --------
    >>> pool = AddressPool("10.0.0.0/16")
    >>> [str(pool.allocate(length)) for length in (20, 24, 20)]
    ['10.0.0.0/20', '10.0.16.0/24', '10.0.32.0/20']
    >>> pool.reserve("10.0.20.0/22")
    >>> str(pool.free), f"{pool.free.external_fragmentation_share:.2f}"
    ('1 /17, 1 /18, 1 /20, 1 /21, 1 /23, 1 /24', '0.42')
    """

    def __init__(
        self,
        parent: Network,
        finest_prefix_length: int | None = None,
        *,
        policy: Policy | str = Policy.BEST_FIT,
        seed: int = 0,
    ) -> None:
        self.parent = _network(parent)
        self.finest_prefix_length = _finest(self.parent, finest_prefix_length)
        self.policy = _policy(policy)
        check_whole("seed", seed, 0, MOST_SEED)
        self._rng = np.random.default_rng(seed)
        self._unit_bits = _ADDRESS_BITS[self.parent.version] - self.finest_prefix_length
        self._state = kernels.new_state(self.finest_prefix_length - self.parent.prefixlen)

    def allocate(self, prefix_length: int) -> netaddr.IPNetwork:
        """Return a free range of that length, chosen by the policy, and mark it as in use.

        Raises
        ------
        PoolExhaustedError
            If no free block is large enough; the text says whether there are too few addresses or they are fragmented.
        ValueError
            If no range of that length can be taken from this pool.
        """
        self._check_length(prefix_length)
        start = int(self.run([prefix_length])[0])
        if start < 0:
            raise PoolExhaustedError(self._why_none(prefix_length))
        return self._network(start, prefix_length)

    def reserve(self, network: Network) -> None:
        """Mark a certain range as in use.

        Raises
        ------
        ValueError
            If not all of it is free (the text names what is there), or it is no range of this pool.
        """
        wanted = _network(network)
        starts = np.array([self._start(wanted)])
        self._run_kernel(np.array([wanted.prefixlen]), starts)
        if starts[0] < 0:
            raise ValueError(
                f"{wanted} is not free: {_named(self._in_use_around(wanted))} in use in {self.parent}"
            )

    def release(self, network: Network) -> None:
        """Free a range that was allocated or reserved.

        Raises
        ------
        ValueError
            If it is not in use as this very range (the text names what is there), or is no range of this pool.
        """
        released = _network(network)
        start = self._start(released)
        if not kernels.is_used(self._state, self.finest_prefix_length - released.prefixlen, start):
            there = _named(self._in_use_around(released))
            raise ValueError(f"{released} cannot be released: {there} in use there in {self.parent}")
        self._run_kernel(np.array([released.prefixlen, -1]), np.array([start, kernels.ANYWHERE]), begin=1)

    def run(self, operations: ArrayLike) -> NDArray[np.int64]:
        """Allocate and release many times, without an error where nothing fits.

        Parameters
        ----------
        operations
            Shape (n_operations,), integers: a prefix length allocates; ``-1 - i`` releases what operation i, an earlier one of
            these, got, and does nothing where that got nothing.

        Returns
        -------
        Shape (n_operations,): where each range that was allocated or released begins, as a number of ranges of
        ``finest_prefix_length`` from the parent's first address on; -1 where there was none.

        Raises
        ------
        ValueError
            If a length cannot be taken from this pool, or a release is of no earlier allocation, or of one that was released.

        Examples
        --------
        >>> AddressPool("10.0.0.0/24", 28).run([26, 28, -1, 27, 24]).tolist()
        [0, 4, 0, 6, -1]
        """
        numbers = _integers(operations)
        wrong = kernels.first_wrong(numbers, self.parent.prefixlen, self.finest_prefix_length)
        if wrong >= 0:
            raise ValueError(f"operation {wrong}: {self._why_wrong(int(numbers[wrong]))}")
        starts = np.full(numbers.size, kernels.ANYWHERE)
        self._run_kernel(numbers, starts)
        return starts

    @property
    def free(self) -> FreeSizes:
        """How much is free, by size."""
        n_free = enumerate(self._state[3][::-1].tolist(), self.parent.prefixlen)
        return FreeSizes({length: n for length, n in n_free if n}, self.parent.version)

    @property
    def free_blocks(self) -> list[netaddr.IPNetwork]:
        """The free blocks in the order of their addresses."""
        return self._networks(*kernels.free_blocks(self._state))

    @property
    def in_use(self) -> list[netaddr.IPNetwork]:
        """The ranges in use in the order of their addresses."""
        return self._networks(*kernels.used_blocks(self._state))

    def _run_kernel(self, operations: NDArray[np.int64], starts: NDArray[np.int64], begin: int = 0) -> None:
        draws = self._rng.random(operations.size if self.policy is Policy.RANDOM_FIT else 0)
        policy = _POLICY_CODES[self.policy]
        kernels.run(*self._state, operations, starts, begin, self.finest_prefix_length, policy, draws)

    def _network(self, start: int, prefix_length: int) -> netaddr.IPNetwork:
        first = self.parent.first + (start << self._unit_bits)
        return netaddr.IPNetwork((first, prefix_length), version=self.parent.version)

    def _networks(self, orders: NDArray[np.int64], starts: NDArray[np.int64]) -> list[netaddr.IPNetwork]:
        ascending = np.argsort(starts)
        lengths = self.finest_prefix_length - orders[ascending]
        return [
            self._network(start, length)
            for start, length in zip(starts[ascending].tolist(), lengths.tolist(), strict=True)
        ]

    def _start(self, network: netaddr.IPNetwork) -> int:
        """Where a range begins, in ranges of the finest size."""
        if network not in self.parent:
            raise ValueError(f"{network} is not in {self.parent}")
        self._check_length(network.prefixlen)
        return (network.first - self.parent.first) >> self._unit_bits

    def _check_length(self, prefix_length: int) -> None:
        if not is_whole(prefix_length, self.parent.prefixlen, self.finest_prefix_length):
            raise ValueError(self._why_not(prefix_length))

    def _why_not(self, prefix_length: int) -> str:
        bounds = f"/{self.parent.prefixlen} to /{self.finest_prefix_length}"
        length = prefix_length if is_number(prefix_length) else shown(prefix_length)
        return f"no /{length} can be taken from {self.parent}: it must be {bounds}"

    def _why_wrong(self, operation: int) -> str:
        if operation >= 0:
            return self._why_not(operation)
        return f"operation {-1 - operation} cannot be released: it is no earlier allocation, or was released before"

    def _in_use_around(self, network: netaddr.IPNetwork) -> list[netaddr.IPNetwork]:
        return [other for other in self.in_use if other in network or network in other]

    def _why_none(self, prefix_length: int) -> str:
        free, size = self.free, 1 << (_ADDRESS_BITS[self.parent.version] - prefix_length)
        start = f"{self.parent} has no free /{prefix_length} left: "
        if free.n_addresses < size:
            return f"{start}{free.n_addresses:,} addresses are free, it takes {size:,}"
        return f"{start}fragmented, {free.n_addresses:,} addresses are free, but in blocks that are too small ({free})"


def _network(network: Network) -> netaddr.IPNetwork:
    """Parse a range strictly: Python's own ipaddress refuses host bits, which netaddr accepts."""
    if not isinstance(network, str | netaddr.IPNetwork | IPv4Network | IPv6Network):
        raise TypeError(
            f"a range is {shown(network)}, expected text such as '10.0.0.0/16', or a netaddr.IPNetwork"
        )
    return netaddr.IPNetwork(str(ip_network(str(network))))


def _policy(policy: Policy | str) -> Policy:
    names = [str(known) for known in Policy]
    if policy not in names:
        raise ValueError(f"policy is {shown(policy)}, expected one of {', '.join(names)}")
    return Policy(policy)


def _finest(parent: netaddr.IPNetwork, finest_prefix_length: int | None) -> int:
    bits = _ADDRESS_BITS[parent.version]
    if finest_prefix_length is None:
        is_subnet = parent.version == 6 and parent.prefixlen <= _IPV6_SUBNET_LENGTH
        finest_prefix_length = _IPV6_SUBNET_LENGTH if is_subnet else bits
    if not is_whole(finest_prefix_length, parent.prefixlen, bits):
        raise ValueError(
            f"finest_prefix_length {shown(finest_prefix_length)} must be {parent.prefixlen} to {bits} for {parent}"
        )
    if finest_prefix_length - parent.prefixlen > kernels.MAX_ORDER:
        raise ValueError(
            f"{parent} holds 2^{finest_prefix_length - parent.prefixlen} ranges of /{finest_prefix_length}, more than a pool's "
            f"2^{kernels.MAX_ORDER}; give a finest_prefix_length of at most {parent.prefixlen + kernels.MAX_ORDER}"
        )
    return finest_prefix_length


def _integers(operations: ArrayLike) -> NDArray[np.int64]:
    """Return operations as kernels take them, copied only if need be."""
    numbers = np.asarray(operations)
    if numbers.ndim != 1 or not (np.issubdtype(numbers.dtype, np.integer) or numbers.size == 0):
        raise ValueError(
            f"operations must be integers in one dimension, not {numbers.dtype} of shape {numbers.shape}"
        )
    return np.require(numbers, np.int64, ["C", "W"])


def _named(networks: list[netaddr.IPNetwork]) -> str:
    names = [*map(str, networks[:_MAX_NAMED])]
    if len(networks) > _MAX_NAMED:
        names.append(f"{len(networks) - _MAX_NAMED:,} more")
    if not names:
        return "nothing is"
    return f"{', '.join(names)} {'is' if len(networks) == 1 else 'are'}"
