"""Addresses as words: one array of 32-bit words (IPv4) or two of 64-bit words (IPv6), the most significant first."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

#: The words of addresses: one uint32 array, or two uint64 arrays, of one shape.
Words = tuple[NDArray[np.unsignedinteger], ...]

#: Bits of an address, and the type of one of its words.
ADDRESS_BITS = {4: 32, 6: 128}
WORD_TYPE: dict[int, type[np.unsignedinteger]] = {4: np.uint32, 6: np.uint64}


def n_words(version: int) -> int:
    """Return how many words an address has."""
    return 1 if version == 4 else 2


def words_of(version: int, addresses: Iterable[int]) -> Words:
    """Return the words of addresses that are Python integers.

    >>> [word.tolist() for word in words_of(6, [1, 1 << 64])]
    [[0, 1], [1, 0]]
    """
    numbers = list(addresses)
    if version == 4:
        return (np.array(numbers, np.uint32),)
    high = np.array([number >> 64 for number in numbers], np.uint64)
    return high, np.array([number & 0xFFFF_FFFF_FFFF_FFFF for number in numbers], np.uint64)


def integers(words: Words) -> list[int]:
    """Return addresses as Python integers."""
    if len(words) == 1:
        return [int(number) for number in words[0].tolist()]
    high, low = (word.tolist() for word in words)
    return [(some << 64) | other for some, other in zip(high, low, strict=True)]


def successors(words: Words) -> Words:
    """Return the address after each one; after the last address of all comes the first."""
    low = words[-1] + words[-1].dtype.type(1)
    return (low,) if len(words) == 1 else (words[0] + (low == 0), low)


def predecessors(words: Words) -> Words:
    """Return the address before each one; before the first address of all comes the last."""
    low = words[-1] - words[-1].dtype.type(1)
    return (low,) if len(words) == 1 else (words[0] - (words[-1] == 0), low)


def low_bits(words: Words, shift: int, n_bits: int) -> NDArray[np.uint64]:
    """Return up to 64 bits of each address: those above the lowest ``shift`` ones; zero above the last."""
    mask = np.uint64((1 << n_bits) - 1)
    low = words[-1].astype(np.uint64)
    if len(words) == 1:
        return low >> np.uint64(shift) & mask
    if shift > 64:
        return words[0] >> np.uint64(shift - 64) & mask
    return (words[0] << np.uint64(64 - shift) | low >> np.uint64(shift)) & mask  # numpy shifts by 64 to zero


def taken(words: Words, rows: NDArray[np.integer]) -> Words:
    """Return the addresses at some rows."""
    return tuple(word.take(rows) for word in words)


def host_masks(prefix_length: NDArray[np.uint8], version: int) -> Words:
    """Return all ones in the host part of each prefix; numpy shifts by the whole width to zero."""
    if version == 4:
        return (np.uint32(2**32 - 1) >> prefix_length,)
    ones, half = np.uint64(2**64 - 1), np.uint8(64)
    return ones >> prefix_length, ones >> (np.maximum(prefix_length, half) - half)


def is_at_most(some: Words, others: Words) -> NDArray[np.bool_]:
    """Return which addresses are not above others, row by row; a single one is compared with every row."""
    if len(some) == 1:
        return np.asarray(some[0] <= others[0])
    return np.asarray((some[0] < others[0]) | ((some[0] == others[0]) & (some[1] <= others[1])))


def are_different(some: Words, others: Words) -> NDArray[np.bool_]:
    """Return which addresses differ, row by row."""
    differs = np.asarray(some[-1] != others[-1])
    return differs if len(some) == 1 else np.asarray(differs | (some[0] != others[0]))
