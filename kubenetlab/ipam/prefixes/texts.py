"""Columns of prefixes from text and to text, many at a time."""

from __future__ import annotations

from collections.abc import Sequence

import netaddr
import numpy as np
from numpy.typing import NDArray

from kubenetlab.errors import AddressError
from kubenetlab.ipam.number_arguments import shown
from kubenetlab.ipam.prefixes import _kernels_text as kernels
from kubenetlab.ipam.prefixes.column import Prefixes, check_column, rows_with_host_bits, without_host_bits
from kubenetlab.ipam.prefixes.words import ADDRESS_BITS, WORD_TYPE, n_words

_END = "\n" * (1 + kernels.PADDING)
_MAX_SHOWN = 100
_MOST_CHARACTERS = {4: len("255.255.255.255/32\n"), 6: len("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128\n")}
_EXAMPLE = {4: "10.0.0.0/8", 6: "fd00::/48"}


def parse_prefixes(texts: Sequence[str], version: int | None = None) -> Prefixes:
    """Return the column of some CIDRs; an address without a length is a prefix of one address.

    Parameters
    ----------
    texts
        All of one family, without host bits, blanks or zones. IPv6 as in RFC 4291 section 2.2, also with an IPv4 address
        at the end; IPv4 in four decimal octets without leading zeros.
    version
        The family; None means that of the first text, and 4 where there is none.

    Raises
    ------
    AddressError
        For the first text that is something else, with its row (from 0), the text and what was expected.
    TypeError
        If ``texts`` is one text, or nothing that has rows.
    ValueError
        If ``version`` is neither 4 nor 6.

    Examples
    --------
    >>> parse_prefixes(["10.0.0.0/8", "10.96.0.10"]).prefix_length.tolist()
    [8, 32]
    >>> parse_prefixes(["10.0.0.0/8", "10.96.0.10/12"])
    Traceback (most recent call last):
    kubenetlab.errors.AddressError: row 1: '10.96.0.10/12' has host bits, expected 10.96.0.0/12
    """
    prefixes = _parsed(texts, version)
    faults = rows_with_host_bits(prefixes)
    if faults.size:
        network = netaddr.IPNetwork(texts[faults[0]]).cidr
        raise AddressError(f"row {faults[0]}: {texts[faults[0]]!r} has host bits, expected {network}")
    return prefixes


def parse_interfaces(texts: Sequence[str], version: int | None = None) -> tuple[Prefixes, Prefixes]:
    """Return the addresses of some texts, and the prefixes around them, as an interface has them: ``10.0.0.7/24``.

    Parameters
    ----------
    texts, version
        As for `parse_prefixes`, but host bits are kept: they make the address.

    Returns
    -------
    Two columns of one row for each text: prefixes of one address, and prefixes without host bits.

    Raises
    ------
    AddressError
        As for `parse_prefixes`.

    Examples
    --------
    >>> addresses, networks = parse_interfaces(["10.0.0.7/24"])
    >>> format_addresses(addresses), format_prefixes(networks)
    (['10.0.0.7'], ['10.0.0.0/24'])
    """
    kept = _parsed(texts, version)
    lengths = np.full(len(kept), ADDRESS_BITS[kept.version], np.uint8)
    return Prefixes(kept.version, kept.words, lengths), without_host_bits(kept)


def format_prefixes(prefixes: Prefixes) -> list[str]:
    """Return every row as a CIDR; IPv6 as in RFC 5952 section 4, and an address in IPv6 always in hexadecimal.

    Examples
    --------
    >>> format_prefixes(Prefixes.of(["fd00:0:0:1::/64", "::/0"]))
    ['fd00:0:0:1::/64', '::/0']
    """
    check_column("prefixes", prefixes)
    return _formatted(prefixes, prefixes.prefix_length)


def format_addresses(prefixes: Prefixes) -> list[str]:
    """Return the first address of every row, without a length.

    Examples
    --------
    >>> format_addresses(Prefixes.of(["10.0.0.7/32", "10.96.0.0/12"]))
    ['10.0.0.7', '10.96.0.0']
    """
    check_column("prefixes", prefixes)
    return _formatted(prefixes, np.empty(0, np.uint8))


def _parsed(texts: Sequence[str], version: int | None) -> Prefixes:
    """Return a column that may have host bits."""
    _check_texts(texts)
    family = version if version is not None else (6 if len(texts) and ":" in str(texts[0]) else 4)
    if family not in ADDRESS_BITS:
        raise ValueError(f"version is {shown(family)}, expected 4 or 6")
    lines = np.frombuffer(_lines(texts), np.uint8)
    words = tuple(np.empty(len(texts), WORD_TYPE[family]) for _ in range(n_words(family)))
    lengths = np.empty(len(texts), np.uint8)
    parse = kernels.parse_ipv4 if family == 4 else kernels.parse_ipv6
    n_good, fault, end = parse(lines, words, lengths)
    if fault != kernels.GOOD or (len(texts) and end < lines.size - kernels.PADDING):
        raise _error(texts, n_good, fault, family)
    return Prefixes(family, words, lengths)


def _check_texts(texts: object) -> None:
    """Refuse one text in place of many, and what has no length."""
    if isinstance(texts, str | bytes) or not (hasattr(texts, "__len__") and hasattr(texts, "__getitem__")):
        raise TypeError(f"texts is {shown(texts)}, expected a list of texts, such as [{_EXAMPLE[4]!r}]")


def _lines(texts: Sequence[str]) -> bytes:
    """Return the texts with a line break after each; what is not ASCII becomes a question mark, which nothing accepts."""
    try:
        return ("\n".join(texts) + _END).encode("ascii", "replace") if len(texts) else b""
    except TypeError:
        row, value = next((row, text) for row, text in enumerate(texts) if not isinstance(text, str))
        raise AddressError(f"row {row}: found a {type(value).__name__}, expected text") from None


def _error(texts: Sequence[str], row: int, fault: int, family: int) -> AddressError:
    """Return what is wrong with a row; a line break inside a text shifted the rows after it."""
    row = next((earlier for earlier, text in enumerate(texts[: row + 1]) if "\n" in text), row)
    text = texts[row]
    if fault == kernels.NO_LENGTH and "\n" not in text:
        expected = f"a prefix length of 0 to {ADDRESS_BITS[family]}"
    else:
        expected = f"an IPv{family} address or a range such as {_EXAMPLE[family]}"
    return AddressError(f"row {row}: found {text[:_MAX_SHOWN]!r}, expected {expected}")


def _formatted(prefixes: Prefixes, lengths: NDArray[np.uint8]) -> list[str]:
    if not len(prefixes):
        return []
    text = np.empty(len(prefixes) * _MOST_CHARACTERS[prefixes.version], np.uint8)
    write = kernels.format_ipv4 if prefixes.version == 4 else kernels.format_ipv6
    end = write(prefixes.words, lengths, text)
    return str(text[: end - 1].tobytes(), "ascii").split("\n")
