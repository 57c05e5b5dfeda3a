"""The innermost prefix around each of many addresses. Arrays in, arrays out.

Addresses are words, the most significant first: a tuple of one array (IPv4) or two (IPv6).
"""

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

Words = tuple[NDArray[np.unsignedinteger], ...]

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_BATCH = 1024  # addresses; their cells and places stay in the first-level cache


@kernel
def _starts_after(
    starts: NDArray[np.unsignedinteger], change: int | np.uint32, addresses: Words, row: int
) -> bool:
    """Whether a change is above an address; without branches, which could not be foreseen."""
    is_after, is_equal = False, True
    for word in range(len(addresses)):
        start, address = starts[change, word], addresses[word][row]
        is_after |= is_equal & (start > address)
        is_equal &= start == address
    return is_after


@kernel
def longest_matches(
    addresses: Words,
    window: tuple[tuple[np.uint64, ...], ...],
    index: NDArray[np.int32],
    changes: tuple[NDArray[np.unsignedinteger], NDArray[np.int32]],
    rows: NDArray[np.int32],
) -> None:
    """Write the row of the innermost prefix around each address, or -1, into ``rows``.

    ``changes``: shape (n_changes, n_words), sorted, the words of an address, and shape (n_changes,), the row of the
    innermost prefix from there on. The first change is at address 0 and to no row, -1.
    ``window``: for each word, which bits give the number of its cell, how far they are shifted to the left and then to
    the right, and the value and the mask of the bits that all cells have in common.
    ``index``: shape (n_cells + 1,), the last change before each cell, and before the end.

    In several runs over a batch, so that the first ones do not branch: the cell of each address; the last change of the
    cell; whether that is after the address; and for those a search in the cell.
    """
    starts, row_of_change = changes
    cells, places, late = (
        np.empty(_BATCH, np.uint64),
        np.empty(_BATCH, np.uint32),
        np.empty(_BATCH, np.uint32),
    )
    for start in range(0, rows.size, _BATCH):
        n = min(_BATCH, rows.size - start)
        any_outside = _ZERO
        for i in range(n):
            cell = _ZERO
            for word in range(len(addresses)):
                address = np.uint64(addresses[word][start + i])
                cell |= ((address & window[word][0]) << window[word][1]) >> window[word][2]
                any_outside |= (address ^ window[word][3]) & window[word][4]
            cells[i] = cell
        for i in range(n):
            places[i] = index[cells[i] + _ONE]
        if any_outside != _ZERO:
            for i in range(n):
                outside = _ZERO
                for word in range(len(addresses)):
                    outside |= (np.uint64(addresses[word][start + i]) ^ window[word][3]) & window[word][4]
                if outside != _ZERO:
                    places[i] = 0
        n_late = 0
        for i in range(n):
            rows[start + i] = row_of_change[places[i]]
            late[n_late] = i
            n_late += _starts_after(starts, places[i], addresses, start + i)
        for k in range(n_late):
            i = late[k]
            low, high = int(index[cells[i]]), int(places[i]) - 1
            while low < high:
                middle = (low + high + 1) // 2
                if _starts_after(starts, middle, addresses, start + i):
                    high = middle - 1
                else:
                    low = middle
            rows[start + i] = row_of_change[low]
