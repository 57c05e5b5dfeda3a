"""Ranges of addresses that need not be prefixes, and the fewest prefixes that make them up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam.prefixes import _kernels_blocks as kernels
from kubenetlab.ipam.prefixes.column import Prefixes, joined
from kubenetlab.ipam.prefixes.words import Words


class AddressRanges(NamedTuple):
    """Ranges of one family.

    Attributes
    ----------
    version
        4 or 6.
    first, last
        The words of the first and last address of each range, both inside.
    is_there
        False where a row is no range and its addresses mean nothing.
    """

    version: int
    first: Words
    last: Words
    is_there: NDArray[np.bool_]

    def prefixes(self, blocks_per_range: int = 4) -> Prefixes:
        """Return the fewest prefixes that make up each range, range by range, ascending in each.

        Parameters
        ----------
        blocks_per_range
            A guess, for how many prefixes there is place at first; there is more when that is used up.
        """
        part, n_done = self._some_prefixes(blocks_per_range * self.is_there.size + kernels.MOST_PER_RANGE)
        if n_done == self.is_there.size:
            return part
        rest = slice(n_done, None)
        first, last = (tuple(word[rest] for word in words) for words in (self.first, self.last))
        others = AddressRanges(self.version, first, last, self.is_there[rest])
        return joined([part, others.prefixes(2 * blocks_per_range)])

    def _some_prefixes(self, size: int) -> tuple[Prefixes, int]:
        """Return the prefixes of the first ranges, at most ``size``, and how many ranges those are."""
        words = tuple(np.empty(size, word.dtype) for word in self.first)
        lengths = np.empty(size, np.uint8)
        with np.errstate(over="ignore"):  # a multiplication is meant modulo 2**64
            n_done, n = kernels.aligned_blocks(self.first, self.last, self.is_there, words, lengths)
        return Prefixes(self.version, tuple(word[:n] for word in words), lengths[:n]), n_done
