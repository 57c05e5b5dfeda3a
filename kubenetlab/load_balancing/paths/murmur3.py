"""MurmurHash3 x64 128, the hash that decides where a backend stands in a Maglev table of Cilium.

Source: Austin Appleby, SMHasher, MurmurHash3.cpp (MurmurHash3_x64_128; in the public domain).
"""

from typing import Final

_ALL: Final = 2**64 - 1
_C1: Final = 0x87C37B91114253D5
_C2: Final = 0x4CF5AD432745937F


def murmur3_x64_128(data: bytes, seed: int) -> tuple[int, int]:
    """Return the two halves of the hash, each from 0 to 2**64 - 1; ``seed`` has 32 bits.

    >>> [f"{half:016x}" for half in murmur3_x64_128(b"The quick brown fox jumps over the lazy dog", 0)]
    ['e34bbc7bbc071b6c', '7a433ca9c49a9347']
    """
    h1 = h2 = seed
    for start in range(0, len(data), 16):  # a tail is a block filled with zeros that turns nothing
        k1, k2 = (int.from_bytes(data[at : at + 8], "little") for at in (start, start + 8))
        is_block = start + 16 <= len(data)
        h1 ^= _rotated(k1 * _C1, 31) * _C2 & _ALL
        if is_block:
            h1 = ((_rotated(h1, 27) + h2) * 5 + 0x52DCE729) & _ALL
        h2 ^= _rotated(k2 * _C2, 33) * _C1 & _ALL
        if is_block:
            h2 = ((_rotated(h2, 31) + h1) * 5 + 0x38495AB5) & _ALL
    h1, h2 = _sums(h1 ^ len(data), h2 ^ len(data))
    return _sums(_mixed(h1), _mixed(h2))


def _rotated(value: int, n_bits: int) -> int:
    value &= _ALL
    return (value << n_bits | value >> (64 - n_bits)) & _ALL


def _sums(h1: int, h2: int) -> tuple[int, int]:
    h1 = (h1 + h2) & _ALL
    return h1, (h2 + h1) & _ALL


def _mixed(value: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> 33) * factor & _ALL
    return value ^ value >> 33
