"""A column of prefixes as arrays: IPv4 addresses as one 32-bit word, IPv6 addresses as two 64-bit words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import netaddr
import numpy as np
from numpy.typing import NDArray

from kubenetlab.errors import AddressError
from kubenetlab.ipam.cidr_arguments import network_of
from kubenetlab.ipam.number_arguments import shown
from kubenetlab.ipam.prefixes.words import (
    ADDRESS_BITS,
    WORD_TYPE,
    Words,
    host_masks,
    integers,
    n_words,
    taken,
    words_of,
)

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Prefixes:
    """A column of prefixes of one family, without host bits.

    Attributes
    ----------
    version
        4 or 6.
    words
        The first address of each row, the most significant word first: one array of uint32 (IPv4) or two of uint64
        (IPv6), each of shape (n,).
    prefix_length
        Shape (n,), uint8.

    Raises
    ------
    ValueError
        If an array is of the wrong type or shape. Host bits are looked for by `rows_with_host_bits` and by whatever
        reads text, not here.

    Examples
    --------
    >>> column = Prefixes.of(["10.0.0.0/8", "10.96.0.0/12"])
    >>> column.words[0].tolist(), column.prefix_length.tolist()
    ([167772160, 174063616], [8, 12])
    >>> column[1:].networks()
    [IPNetwork('10.96.0.0/12')]
    """

    version: int
    words: Words
    prefix_length: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.version not in ADDRESS_BITS:
            raise ValueError(f"version is {self.version}, expected 4 or 6")
        expected = [WORD_TYPE[self.version]] * n_words(self.version) + [np.uint8]
        found = [array.dtype.type for array in (*self.words, self.prefix_length)]
        if found != expected:
            raise ValueError(
                f"arrays are of {_names(found)}, expected {_names(expected)} for IPv{self.version}"
            )
        if {array.shape for array in self.words} != {(self.prefix_length.size,)}:
            raise ValueError("words and prefix_length differ in their shapes")

    @classmethod
    def of(cls, networks: Iterable[str | netaddr.IPNetwork], version: int | None = None) -> Prefixes:
        """Return a column of a few networks or texts; `texts.parse_prefixes` reads many texts at once.

        Parameters
        ----------
        networks
            All of one family, without host bits.
        version
            The family; None means that of the first network, and 4 where there is none.

        Raises
        ------
        AddressError
            If one is no range, has host bits or is of another family.
        TypeError
            If ``networks`` is one text.
        ValueError
            If ``version`` is neither 4 nor 6.
        """
        if isinstance(networks, str):
            raise TypeError(
                f"networks is {shown(networks)}, expected a list of them, such as [{networks[:50]!r}]"
            )
        checked = [network_of(network) for network in networks]
        family = (checked[0].version if checked else 4) if version is None else version
        if family not in ADDRESS_BITS:
            raise ValueError(f"version is {shown(family)}, expected 4 or 6")
        for row, network in enumerate(checked):
            if network.version != family:
                raise AddressError(f"row {row}: {network} is not of IPv{family}, as the column is")
        lengths = np.array([network.prefixlen for network in checked], np.uint8)
        return cls(family, words_of(family, (network.first for network in checked)), lengths)

    def __len__(self) -> int:
        return self.prefix_length.size

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> Prefixes:
        return Prefixes(self.version, tuple(word[rows] for word in self.words), self.prefix_length[rows])

    def take(self, rows: NDArray[np.integer]) -> Prefixes:
        """Return the prefixes at some rows, in their order."""
        return Prefixes(self.version, taken(self.words, rows), self.prefix_length.take(rows))

    @property
    def last_words(self) -> Words:
        """The last address of each row, as `words`."""
        masks = host_masks(self.prefix_length, self.version)
        return tuple(word | mask for word, mask in zip(self.words, masks, strict=True))

    def addresses(self) -> list[int]:
        """Return the first address of each row as a Python integer."""
        return integers(self.words)

    def networks(self) -> list[netaddr.IPNetwork]:
        """Return every row as a network."""
        family: Literal[4, 6] = 4 if self.version == 4 else 6
        pairs = zip(self.addresses(), self.prefix_length.tolist(), strict=True)
        return [netaddr.IPNetwork(pair, version=family) for pair in pairs]


def check_column(name: str, found: object) -> None:
    """Refuse an argument that is no column.

    Raises
    ------
    TypeError
        With the argument's name and what makes a column.
    """
    if not isinstance(found, Prefixes):
        raise TypeError(
            f"{name} is a {type(found).__name__}, expected Prefixes, which Prefixes.of and parse_prefixes make"
        )


def joined(columns: Sequence[Prefixes]) -> Prefixes:
    """Return the rows of one column after those of another; at least one column, all of one family."""
    words = tuple(np.concatenate(parts) for parts in zip(*(column.words for column in columns), strict=True))
    lengths = np.concatenate([column.prefix_length for column in columns])
    return Prefixes(columns[0].version, words, lengths)


def rows_with_host_bits(prefixes: Prefixes) -> Rows:
    """Return the rows whose first address has host bits: what a `Prefixes` made from arrays of one's own must not have."""
    masks = host_masks(prefixes.prefix_length, prefixes.version)
    host_bits = [word & mask for word, mask in zip(prefixes.words, masks, strict=True)]
    return np.flatnonzero(np.any(host_bits, axis=0)).astype(np.int32)


def without_host_bits(prefixes: Prefixes) -> Prefixes:
    """Return the prefixes with zeros in their host bits."""
    masks = host_masks(prefixes.prefix_length, prefixes.version)
    words = tuple(word & ~mask for word, mask in zip(prefixes.words, masks, strict=True))
    return Prefixes(prefixes.version, words, prefixes.prefix_length)


def _names(types: Iterable[type]) -> str:
    return ", ".join(kind.__name__ for kind in types)
