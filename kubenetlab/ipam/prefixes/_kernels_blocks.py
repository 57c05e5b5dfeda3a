"""Ranges of addresses as aligned blocks. Arrays in, arrays out.

Addresses are words, the most significant first: a tuple of one array (IPv4) or two (IPv6).
"""

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

Words = tuple[NDArray[np.unsignedinteger], ...]

#: A range gives at most two blocks of each size, and has three parts if it is of two words.
MOST_PER_RANGE = 3 * 128

_ZERO, _ONE, _TOP = np.uint64(0), np.uint64(1), np.uint64(2**64 - 1)
_SHIFTS = (np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(8), np.uint64(16), np.uint64(32))


@kernel
def _n_ones(number: np.uint64) -> np.int64:
    """One bits, in the form that LLVM knows; the multiplication is meant modulo 2**64."""
    number = number - ((number >> np.uint64(1)) & np.uint64(0x5555555555555555))
    number = (number & np.uint64(0x3333333333333333)) + (
        (number >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    number = (number + (number >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((number * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def _n_zeros_at_the_end(number: np.uint64) -> np.int64:
    """Logarithm of the lowest one bit of a number that is not zero."""
    return _n_ones(~number & (number - _ONE))


@kernel
def _add_blocks(
    span: tuple[np.uint64, np.uint64],
    block: NDArray[np.unsignedinteger],
    prefix_length: NDArray[np.uint8],
    n_blocks: int | np.int64,
    bits: int,
) -> int | np.int64:
    """Write the blocks of a span, both ends inside, after the ``n_blocks`` that there are; returns how many there are then.

    The middle is the address with the most zeros at the end. Below it block sizes grow as the one bits of the distance
    do, above it they shrink as those of the rest do. ``bits``: the prefix length of a block of one address.
    """
    low, high = span
    differing = low ^ high
    for shift in _SHIFTS:
        differing |= differing >> shift
    half = differing >> _ONE
    middle = high & ~half
    below, above = middle - low, (high & half) + _ONE
    if below == above and below == half + _ONE:
        block[n_blocks] = low
        prefix_length[n_blocks] = bits - 1 - _n_zeros_at_the_end(below)
        return n_blocks + 1
    end = n_blocks + _n_ones(below) + _n_ones(above)
    while below != _ZERO:
        rest = below & (below - _ONE)
        block[n_blocks] = middle - below
        prefix_length[n_blocks] = bits - _n_zeros_at_the_end(below)
        below = rest
        n_blocks += 1
    n_blocks = end
    while above != _ZERO:
        n_blocks -= 1
        rest = above & (above - _ONE)
        block[n_blocks] = middle + rest
        prefix_length[n_blocks] = bits - _n_zeros_at_the_end(above)
        above = rest
    return end


@kernel
def _add_blocks_of_two_words(
    first: tuple[np.uint64, np.uint64],
    last: tuple[np.uint64, np.uint64],
    blocks: Words,
    prefix_length: NDArray[np.uint8],
    n_blocks: int | np.int64,
) -> int | np.int64:
    """Split a range where its high word changes: a head, whole high words in the middle, and a tail.

    Only one word varies in each part. Returns how many blocks there are then.
    """
    high, last_high = first[0], last[0]
    if high == last_high and (first[1] != _ZERO or last[1] != _TOP):
        end = _add_blocks((first[1], last[1]), blocks[-1], prefix_length, n_blocks, 128)
        blocks[0][n_blocks:end] = high
        return end
    end = n_blocks
    if first[1] != _ZERO:
        end = _add_blocks((first[1], _TOP), blocks[-1], prefix_length, n_blocks, 128)
        blocks[0][n_blocks:end] = high
        high += _ONE
    if last[1] == _TOP or high < last_high:
        n_blocks = end
        middle_last = last_high if last[1] == _TOP else last_high - _ONE
        end = _add_blocks((high, middle_last), blocks[0], prefix_length, n_blocks, 64)
        blocks[-1][n_blocks:end] = _ZERO
    if last[1] != _TOP:
        n_blocks = end
        end = _add_blocks((_ZERO, last[1]), blocks[-1], prefix_length, n_blocks, 128)
        blocks[0][n_blocks:end] = last_high
    return end


@kernel
def aligned_blocks(
    first: Words,
    last: Words,
    is_there: NDArray[np.bool_],
    blocks: Words,
    prefix_length: NDArray[np.uint8],
) -> tuple[int, int | np.int64]:
    """Fewest aligned blocks that make up each range, ascending in each, until the place for them ends.

    ``first``, ``last`` and ``is_there``: shape (n,); ranges that are not there are left out. ``blocks`` and
    ``prefix_length`` take the blocks. Returns how many ranges and how many blocks were done.
    """
    row = 0
    n_blocks: int | np.int64 = 0
    while row < is_there.size and n_blocks + MOST_PER_RANGE <= prefix_length.size:
        if is_there[row]:
            low, high = np.uint64(first[-1][row]), np.uint64(last[-1][row])
            if len(first) == 1:
                n_blocks = _add_blocks((low, high), blocks[0], prefix_length, n_blocks, 32)
            else:
                start, end = (np.uint64(first[0][row]), low), (np.uint64(last[0][row]), high)
                n_blocks = _add_blocks_of_two_words(start, end, blocks, prefix_length, n_blocks)
        row += 1
    return row, n_blocks
