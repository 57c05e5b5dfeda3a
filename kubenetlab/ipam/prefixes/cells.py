"""Addresses numbered by a few of their bits, for an index into a sorted table of addresses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam.prefixes.words import ADDRESS_BITS, Words

_WORD = (1 << 64) - 1


#: For each word of an address: the mask of the bits that give a number, shifts to the left and to the right, and the
#: value and mask of the common bits.
Window = tuple[tuple[np.uint64, ...], ...]


class Cells(NamedTuple):
    """Cells of one size that lie side by side.

    Attributes
    ----------
    version
        4 or 6.
    first
        Any address inside.
    common_bits
        How many leading bits all addresses inside have in common.
    number_bits
        How many of the bits after those make up the number of a cell.
    """

    version: int
    first: int
    common_bits: int
    number_bits: int

    def window(self) -> Window:
        """Return what the kernel needs of each word: see `_kernels_longest_match.longest_matches`."""
        bits = ADDRESS_BITS[self.version]
        shift = bits - self.common_bits - self.number_bits
        number_mask = ((1 << self.number_bits) - 1) << shift
        common_mask = ((1 << self.common_bits) - 1) << (bits - self.common_bits)
        low = (number_mask & _WORD, 0, shift if shift < 64 else 0, self.first & _WORD, common_mask & _WORD)
        left, right = (-shift % 64, 0) if shift < 64 else (0, shift - 64)
        high = (number_mask >> 64, left, right, self.first >> 64, common_mask >> 64)
        words = (low,) if self.version == 4 else (high, low)
        return tuple(tuple(np.uint64(number) for number in word) for word in words)

    def index_of(self, starts: Words) -> NDArray[np.int32]:
        """Return how many of some sorted addresses lie before each cell, and before the end: shape (n_cells + 1,)."""
        numbers, outside = np.zeros((2, starts[0].size), np.uint64)
        for word, (mask, left, right, value, common_mask) in zip(starts, self.window(), strict=True):
            wide = word.astype(np.uint64)
            numbers |= ((wide & mask) << left) >> right
            outside |= (wide ^ value) & common_mask
        n_of_cell = np.bincount(numbers[outside == 0].astype(np.int64), minlength=1 << self.number_bits)
        return np.concatenate([[0], np.cumsum(n_of_cell)]).astype(np.int32)
