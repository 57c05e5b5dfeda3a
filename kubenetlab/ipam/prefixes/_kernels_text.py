"""Addresses and prefixes from text and to text, a column at a time. Arrays in, arrays out.

Texts stand in one array of bytes, each with a line break after it, and `PADDING` more bytes at the end. Addresses are words, the most significant first: a
tuple of one array (IPv4) or two (IPv6).
"""

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

Words = tuple[NDArray[np.unsignedinteger], ...]

#: Bytes that may be read after the last line break.
PADDING = 2

#: What is wrong with a row.
GOOD, NO_ADDRESS, NO_LENGTH = 0, 1, 2

_BREAK, _DOT, _SLASH, _COLON, _ZERO = (np.uint8(character) for character in b"\n./:0")

# The value of each hexadecimal digit; 255 for any other byte.
_HEX = np.full(256, 255, np.uint8)
for _value, _pair in enumerate(
    ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "aA", "bB", "cC", "dD", "eE", "fF")
):
    for _digit in _pair.encode():
        _HEX[_digit] = _value
_HEX_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)


@kernel
def _number(text: NDArray[np.uint8], place: int, most: int) -> tuple[int, int]:
    """Decimal number up to ``most`` without leading zeros, and the place after it; -1 where there is none.

    Without branches, because nothing foretells how many digits there are.
    """
    first, second, third = int(_HEX[text[place]]), int(_HEX[text[place + 1]]), int(_HEX[text[place + 2]])
    has_second = second < 10
    has_third = has_second & (third < 10)
    number = first * 10 + second if has_second else first
    number = number * 10 + third if has_third else number
    is_number = (first < 10) & (number <= most) & ((first > 0) | (not has_second))
    return (number if is_number else -1), place + 1 + has_second + has_third


@kernel
def _dotted(text: NDArray[np.uint8], place: int) -> tuple[int, int]:
    """IPv4 address, and the place after it; -1 where there is none."""
    address = 0
    for octet in range(4):
        if octet > 0:
            if text[place] != _DOT:
                return -1, place
            place += 1
        number, place = _number(text, place, 255)
        if number < 0:
            return -1, place
        address = address << 8 | number
    return address, place


@kernel
def _length(text: NDArray[np.uint8], place: int, bits: int) -> tuple[int, int]:
    """Prefix length up to the end of the line, that of one address where none is written; -1 where it is none."""
    if text[place] == _BREAK:
        return bits, place
    length, place = _number(text, place + 1, bits)
    return (length if text[place] == _BREAK else -1), place


@kernel
def parse_ipv4(
    text: NDArray[np.uint8], words: Words, prefix_length: NDArray[np.uint8]
) -> tuple[int, int, int]:
    """Read as many rows as ``prefix_length`` has, with their host bits.

    Returns the number of good rows, what is wrong with the next one, and the place in the text after the good ones.
    """
    address, place = words[0], 0
    for row in range(address.size):
        start = place
        number, place = _dotted(text, place)
        if number < 0 or (text[place] != _SLASH and text[place] != _BREAK):
            return row, NO_ADDRESS, start
        length, place = _length(text, place, 32)
        if length < 0:
            return row, NO_LENGTH, start
        address[row] = number
        prefix_length[row] = length
        place += 1
    return address.size, GOOD, place


@kernel
def _group(text: NDArray[np.uint8], place: int) -> tuple[int, int]:
    """Value of up to four hexadecimal digits, and the place after them."""
    group, start = 0, place
    digit = int(_HEX[text[place]])
    while digit < 16 and place - start < 4:
        group = group << 4 | digit
        place += 1
        digit = int(_HEX[text[place]])
    return group, place


@kernel
def _groups(text: NDArray[np.uint8], place: int, groups: NDArray[np.uint64]) -> int:
    """Write the eight groups of an IPv6 address, and return the place after it; -1 where there is none."""
    n, gap, is_good = 0, -1, True
    if text[place] == _COLON:
        place += 1
        is_good = text[place] == _COLON
    while is_good:
        if text[place] == _COLON:
            is_good = gap < 0
            gap = n
            place += 1
            if _HEX[text[place]] == 255:
                break
        start = place
        group, place = _group(text, start)
        if text[place] == _DOT and n <= 6:
            dotted, place = _dotted(text, start)
            groups[n], groups[n + 1] = (dotted >> 16) & 0xFFFF, dotted & 0xFFFF
            is_good &= dotted >= 0
            n += 2
            break
        groups[n] = group
        n += 1
        is_good &= place > start
        if n == 8 or text[place] != _COLON:
            break
        place += 1
    if not is_good or (n == 8) == (gap >= 0):
        return -1
    for k in range(n - gap if gap >= 0 else 0):
        groups[7 - k] = groups[n - 1 - k]
    for k in range(gap, gap + 8 - n):
        groups[k] = 0
    return place


@kernel
def parse_ipv6(
    text: NDArray[np.uint8], words: Words, prefix_length: NDArray[np.uint8]
) -> tuple[int, int, int]:
    """Read as many rows as ``prefix_length`` has, with their host bits.

    Returns the number of good rows, what is wrong with the next one, and the place in the text after the good ones.
    """
    high, low = words
    place = 0
    groups = np.empty(8, np.uint64)
    sixteen = np.uint64(16)
    for row in range(high.size):
        start = place
        place = _groups(text, place, groups)
        if place < 0 or (text[place] != _SLASH and text[place] != _BREAK):
            return row, NO_ADDRESS, start
        length, place = _length(text, place, 128)
        if length < 0:
            return row, NO_LENGTH, start
        high[row] = ((groups[0] << sixteen | groups[1]) << sixteen | groups[2]) << sixteen | groups[3]
        low[row] = ((groups[4] << sixteen | groups[5]) << sixteen | groups[6]) << sixteen | groups[7]
        prefix_length[row] = length
        place += 1
    return high.size, GOOD, place


@kernel
def _write_number(number: np.int64, text: NDArray[np.uint8], place: int) -> int:
    """Write a decimal number below 1000, and return the place after it."""
    if number >= 100:
        text[place] = _ZERO + np.uint8(number // 100)
        place += 1
    if number >= 10:
        text[place] = _ZERO + np.uint8(number // 10 % 10)
        place += 1
    text[place] = _ZERO + np.uint8(number % 10)
    return place + 1


@kernel
def format_ipv4(words: Words, prefix_length: NDArray[np.uint8], text: NDArray[np.uint8]) -> int:
    """Write the prefixes, and return the place after them. ``prefix_length``: shape (n,), or (0,) for none."""
    address, place = words[0], 0
    for row in range(address.size):
        number = np.int64(address[row])
        for shift in (24, 16, 8, 0):
            place = _write_number((number >> shift) & 0xFF, text, place)
            text[place] = _DOT
            place += 1
        place -= 1
        if prefix_length.size > 0:
            text[place] = _SLASH
            place = _write_number(np.int64(prefix_length[row]), text, place + 1)
        text[place] = _BREAK
        place += 1
    return place


@kernel
def _write_group(group: np.int64, text: NDArray[np.uint8], place: int) -> int:
    """Write a group without leading zeros, and return the place after it."""
    for shift in (12, 8, 4, 0):
        if group >> shift or shift == 0:
            text[place] = _HEX_DIGITS[(group >> shift) & 0xF]
            place += 1
    return place


@kernel
def _longest_gap(groups: NDArray[np.int64]) -> tuple[int, int]:
    """First group and length of the longest run of zeros, the first of several; (8, 0) where none is of two or more."""
    best, most, run = 8, 1, 0
    for k in range(8):
        run = run + 1 if groups[k] == 0 else 0
        if run > most:
            best, most = k + 1 - run, run
    return best, (most if best < 8 else 0)


@kernel
def format_ipv6(words: Words, prefix_length: NDArray[np.uint8], text: NDArray[np.uint8]) -> int:
    """Write the prefixes, and return the place after them. ``prefix_length``: shape (n,), or (0,) for none."""
    high, low = words
    place = 0
    groups = np.empty(8, np.int64)
    for row in range(high.size):
        for k in range(4):
            shift = np.uint64(48 - 16 * k)
            groups[k] = np.int64((high[row] >> shift) & np.uint64(0xFFFF))
            groups[k + 4] = np.int64((low[row] >> shift) & np.uint64(0xFFFF))
        gap, gap_length = _longest_gap(groups)
        k = 0
        while k < 8:
            if k == gap:
                text[place], text[place + 1] = _COLON, _COLON
                place += 2
                k += gap_length
                continue
            if k > 0 and k != gap + gap_length:
                text[place] = _COLON
                place += 1
            place = _write_group(groups[k], text, place)
            k += 1
        if prefix_length.size > 0:
            text[place] = _SLASH
            place = _write_number(np.int64(prefix_length[row]), text, place + 1)
        text[place] = _BREAK
        place += 1
    return place
