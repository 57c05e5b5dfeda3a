"""Integers in the order of their low bits. Arrays in, arrays out."""

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

_ZERO = np.uint64(0)
_FEW = 256  # keys, for which counters of long digits would cost more than they save


@kernel
def sort_by_low_bits(keys: NDArray[np.uint64], n_bits: int) -> NDArray[np.uint64]:
    """Keys by their ``n_bits`` low bits; keys that agree in them stay in the order in which they stand.

    ``keys``: shape (n,), may be overwritten. Returns shape (n,), maybe ``keys`` itself. Only digits that vary are looked
    at.
    """
    n = keys.size
    mask = np.uint64((1 << n_bits) - 1)
    varying, is_sorted, before = _ZERO, True, _ZERO
    for position in range(n):
        key = keys[position] & mask
        varying |= (keys[position] ^ keys[0]) & mask
        is_sorted &= before <= key
        before = key
    if is_sorted:
        return keys
    lowest = 0
    while (varying >> np.uint64(lowest)) & np.uint64(1) == _ZERO:
        lowest += 1
    width = 0
    while lowest + width < 64 and varying >> np.uint64(lowest + width) != _ZERO:
        width += 1
    most_digit_bits = 4 if n < _FEW else 11
    n_digits = (width + most_digit_bits - 1) // most_digit_bits
    digit_bits = (width + n_digits - 1) // n_digits
    all_values = np.uint64((1 << digit_bits) - 1)
    some, others = keys, np.empty(n, np.uint64)
    starts = np.empty(1 << digit_bits, np.int64)
    for digit in range(n_digits):
        shift = np.uint64(lowest + digit * digit_bits)
        digit_mask = (mask >> shift) & all_values
        if (varying >> shift) & digit_mask == _ZERO:
            continue
        starts[:] = 0
        for position in range(n):
            starts[(some[position] >> shift) & digit_mask] += 1
        total = 0
        for value in range(starts.size):
            total, starts[value] = total + starts[value], total
        for position in range(n):
            key = some[position]
            place = starts[(key >> shift) & digit_mask]
            starts[(key >> shift) & digit_mask] = place + 1
            others[place] = key
        some, others = others, some
    return some
