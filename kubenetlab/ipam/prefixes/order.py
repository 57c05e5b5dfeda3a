"""The order of prefixes: by address, a larger prefix before those inside it, equal ones as they stand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam.prefixes import _kernels_order as kernels
from kubenetlab.ipam.prefixes.column import Prefixes, check_column
from kubenetlab.ipam.prefixes.words import ADDRESS_BITS, Words, low_bits

_LENGTH_BITS = 8


def sorted_rows(prefixes: Prefixes) -> NDArray[np.intp]:
    """Return the rows in the order of their first addresses, then prefix lengths, then rows.

    Examples
    --------
    >>> sorted_rows(Prefixes.of(["10.96.0.0/12", "10.0.0.0/16", "10.0.0.0/8"])).tolist()
    [2, 1, 0]
    """
    check_column("prefixes", prefixes)
    key_bits = 64 - len(prefixes).bit_length()
    rows: NDArray[np.intp] | None = None
    for key in _keys(prefixes, key_bits):
        packed = np.arange(len(prefixes), dtype=np.uint64) if rows is None else rows.astype(np.uint64)
        packed <<= np.uint64(key_bits)
        packed |= key if rows is None else key.take(rows)
        rows = (kernels.sort_by_low_bits(packed, key_bits) >> np.uint64(key_bits)).astype(np.intp)
    return np.arange(0) if rows is None else rows


def sorted_prefixes(prefixes: Prefixes) -> Prefixes:
    """Return the prefixes in that order."""
    rows = sorted_rows(prefixes)
    return prefixes.take(rows)


def _keys(prefixes: Prefixes, key_bits: int) -> Iterator[NDArray[np.uint64]]:
    """Yield keys of few bits to sort by one after the other, the least significant first.

    Together they are the address bits in which rows may differ, and the prefix length: below the common ones, above
    those that are zero in every row.
    """
    if not len(prefixes):
        return
    bits = ADDRESS_BITS[prefixes.version]
    shift, end = bits - int(prefixes.prefix_length.max()), bits - _n_common_bits(prefixes.words)
    first_bits = key_bits - _LENGTH_BITS
    length = prefixes.prefix_length.astype(np.uint64)
    yield low_bits(prefixes.words, shift, first_bits) << np.uint64(_LENGTH_BITS) | length
    for start in range(shift + first_bits, end, key_bits):
        yield low_bits(prefixes.words, start, key_bits)


def _n_common_bits(words: Words) -> int:
    """Return how many leading bits all addresses, at least one, have in common."""
    bits = 0
    for word in words:
        differing = int(np.bitwise_or.reduce(word ^ word[0]))
        bits += word.dtype.itemsize * 8 - differing.bit_length()
        if differing:
            break
    return bits
