"""Numbers with a static and a dynamic band, as the API server hands out ClusterIPs (KEP-3070) and node ports (KEP-3668)."""

import numpy as np

from kubenetlab.errors import KubenetlabError


class RangeFullError(KubenetlabError):
    """Every number of the range is in use."""


def static_band_size(size: int, step: int, most: int) -> int:
    """Return how many numbers at the start are kept for explicit requests: ``min(max(16, size // step), most)``.

    Zero where the range has 16 numbers or fewer. (calculateRangeOffset in ipallocator and portallocator)
    """
    return 0 if size <= 16 else min(max(16, size // step), most)


def next_free(first: int, size: int, n_static: int, used: set[int], generator: np.random.Generator) -> int:
    """Return a free number of ``first`` to ``first + size - 1``, the dynamic band first.

    A band is walked from a random start, round and number by number; the static band, the ``n_static`` lowest
    numbers, is tried where the dynamic band is full.

    Raises
    ------
    RangeFullError
        If both are full.
    """
    bands = ((first + n_static, size - n_static), (first, n_static))
    for band_first, band_size in bands:
        start = int(generator.integers(0, band_size, dtype=np.uint64)) if band_size > 0 else 0
        # Among one number more than are in use there is a free one.
        for step in range(min(band_size, len(used) + 1)):
            number = band_first + (start + step) % band_size
            if number not in used:
                return number
    raise RangeFullError("range is full")
