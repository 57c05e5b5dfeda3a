"""Next-fit on a bitmap: node CIDRs released and allocated in any order. Arrays in, arrays out."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

#: The operation that allocates; any other is the index of the node CIDR that is released.
ALLOCATE = -1

_ZERO, _ONE, _ALL = np.uint64(0), np.uint64(1), np.uint64(2**64 - 1)
_Words: TypeAlias = NDArray[np.uint64]
_Integers: TypeAlias = NDArray[np.int64]


def free_words(used: bytes | bytearray) -> _Words:
    """Bits by index, 64 to a word, of what is free; ``used`` has one byte an index, 0 or 1. Bits behind the last are 0."""
    is_free = np.zeros(-(-len(used) // 64) * 64, np.uint8)
    is_free[: len(used)] = np.frombuffer(used, np.uint8) ^ 1
    return np.packbits(is_free, bitorder="little").view("<u8").astype(np.uint64)


def used_bytes(free: _Words, n_indices: int) -> bytes:
    """Give back what `free_words` was given."""
    bits = np.unpackbits(free.astype("<u8").view(np.uint8), count=n_indices, bitorder="little")
    return (bits ^ 1).tobytes()


@kernel
def _lowest_bit(word: np.uint64) -> int:
    """Position of the lowest bit that is set; there is one. LLVM makes one instruction of this loop."""
    word = ~word & (word - _ONE)
    position = 0
    while word != _ZERO:
        word &= word - _ONE
        position += 1
    return position


@kernel
def run(free: _Words, state: _Integers, n_indices: int, operations: _Integers) -> None:
    """Do operations in turn: `ALLOCATE`, which becomes the index handed out where one is free, or an index to release.

    ``state``, shape (3,): the index that is tried next, how many are in use, how many the latest allocation skipped.
    """
    cursor, n_used, n_skipped = state[0], state[1], state[2]
    for number in range(operations.size):
        index = operations[number]
        if index >= 0:
            bit = _ONE << np.uint64(index & 63)
            n_used -= 0 if free[index >> 6] & bit else 1
            free[index >> 6] |= bit
        elif n_used < n_indices:
            at = cursor >> 6
            word = free[at] & (_ALL << np.uint64(cursor & 63))
            while word == _ZERO:
                at = at + 1 if at + 1 < free.size else 0
                word = free[at]
            index = (at << 6) + _lowest_bit(word)
            free[at] ^= word & ~(word - _ONE)
            operations[number] = index
            n_used += 1
            n_skipped = index - cursor
            cursor = index + 1 if index + 1 < n_indices else 0
    state[0], state[1], state[2] = cursor, n_used, n_skipped % n_indices
