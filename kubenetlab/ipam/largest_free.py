"""What is free in a range, as aligned blocks: the largest one, and how many of one size.

Blocks matter where something is given in parts (a node's pod CIDR, a Calico block, an AWS prefix): many free addresses
are of no use when no free block is large enough and lies on its boundary.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from kubenetlab.ipam.ranges import Interval, Range

_BITS = {4: 32, 6: 128}


def free_intervals(whole: Range, taken: Iterable[Interval]) -> list[Interval]:
    """Return the free stretches of a range, ascending; what is taken may overlap and lie outside.

    Examples
    --------
    >>> from kubenetlab.ipam.ranges import range_of
    >>> free_intervals(range_of("0.0.0.0/28"), [(0, 3), (2, 5), (15, 99)])
    [(6, 14)]
    """
    free = []
    start = whole.first
    for first, last in sorted(taken):
        if first > whole.last:
            break
        if first > start:
            free.append((start, first - 1))
        start = max(start, last + 1)
    return [*free, (start, whole.last)] if start <= whole.last else free


def largest_block(free: Iterable[Interval], version: int) -> str:
    """Return the largest aligned block of some free stretches, the lowest of several; an empty text where none is.

    Examples
    --------
    >>> largest_block([(6, 14)], version=4)
    '0.0.0.8/30'
    """
    blocks = [_largest_inside(first, last) for first, last in free]
    if not blocks:
        return ""
    bits, first = min(blocks, key=lambda block: (-block[0], block[1]))
    return f"{address_text(first, version)}/{_BITS[version] - bits}"


def _largest_inside(first: int, last: int) -> tuple[int, int]:
    """Return host bits and first address; a stretch of 2^k addresses holds a block of at least 2^(k-1)."""
    bits = (last - first + 1).bit_length() - 1
    start = _aligned(first, bits)
    if start + (1 << bits) - 1 > last:
        bits -= 1
        start = _aligned(first, bits)
    return bits, start


def _aligned(address: int, bits: int) -> int:
    return (address + (1 << bits) - 1) >> bits << bits


def address_text(number: int, version: int) -> str:
    """Return an address as the API writes it.

    >>> address_text(1, version=4), address_text(1, version=6)
    ('0.0.0.1', '::1')
    """
    return str(IPv4Address(number) if version == 4 else IPv6Address(number))


def count_blocks(free: Iterable[Interval], size: int) -> int:
    """Return how many aligned blocks of a size, a power of two, the free stretches hold at once.

    Examples
    --------
    >>> count_blocks([(0, 14), (16, 63)], size=16)
    3
    """
    return sum(max(0, (last + 1) // size - -(-first // size)) for first, last in free)
