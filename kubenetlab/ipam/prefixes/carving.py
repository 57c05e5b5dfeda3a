"""A range cut into blocks of one size."""

from __future__ import annotations

import netaddr
import numpy as np

from kubenetlab.ipam.cidr_arguments import network_of
from kubenetlab.ipam.number_arguments import check_whole, is_whole, shown
from kubenetlab.ipam.prefixes.column import Prefixes
from kubenetlab.ipam.prefixes.words import ADDRESS_BITS, Words, words_of

#: Blocks that `carve` gives at most: 256 million, 5 GB of IPv6 prefixes.
MOST_BLOCKS = 1 << 28


def carve(parent: str | netaddr.IPNetwork, prefix_length: int, n: int | None = None) -> Prefixes:
    """Return the blocks of a range, or the first ``n`` of them, in the order of their addresses.

    Parameters
    ----------
    parent
        The range, without host bits.
    prefix_length
        Of every block, at least that of the range.
    n
        How many blocks; None means all.

    Raises
    ------
    AddressError
        If ``parent`` is no range or has host bits.
    ValueError
        If ``prefix_length`` is shorter than that of the range or longer than an address, if the range has fewer than
        ``n`` blocks, or if there are more than `MOST_BLOCKS`.

    Examples
    --------
    >>> carve("10.244.0.0/16", 24).networks()[-1]
    IPNetwork('10.244.255.0/24')
    >>> carve("fd00::/48", 64, n=2).networks()
    [IPNetwork('fd00::/64'), IPNetwork('fd00:0:0:1::/64')]
    """
    whole = network_of(parent)
    bits = ADDRESS_BITS[whole.version]
    check_whole("prefix_length", prefix_length, whole.prefixlen, bits, f" in {whole}")
    n_all = 1 << (prefix_length - whole.prefixlen)
    n_blocks = n_all if n is None else n
    if not is_whole(n_blocks, 0, n_all):
        raise ValueError(f"n is {shown(n)}, and {whole} has {n_all} blocks of /{prefix_length}")
    if n_blocks > MOST_BLOCKS:
        raise ValueError(f"{n_blocks:,} blocks of /{prefix_length}, more than {MOST_BLOCKS:,}")
    offsets = _offsets(whole.version, n_blocks, bits - prefix_length)
    base = words_of(whole.version, [whole.first])
    words = tuple(offset | word for offset, word in zip(offsets, base, strict=True))
    return Prefixes(whole.version, words, np.full(n_blocks, prefix_length, np.uint8))


def _offsets(version: int, n_blocks: int, host_bits: int) -> Words:
    """Return the address of each block from the first on; numpy shifts by the whole width, and more, to zero."""
    if version == 4:
        return (np.arange(n_blocks, dtype=np.uint32) << np.uint32(host_bits),)
    index = np.arange(n_blocks, dtype=np.uint64)
    if host_bits >= 64:
        return index << np.uint64(host_bits - 64), np.zeros_like(index)
    return index >> np.uint64(64 - host_bits), index << np.uint64(host_bits)
