"""The longest prefix that holds an address, for very many addresses: the question that routing asks."""

from __future__ import annotations

import netaddr
import numpy as np
from numpy.typing import NDArray

from kubenetlab.errors import AddressError
from kubenetlab.ipam.prefixes import _kernels_longest_match as kernels
from kubenetlab.ipam.prefixes.cells import Cells
from kubenetlab.ipam.prefixes.column import Prefixes, Rows, check_column
from kubenetlab.ipam.prefixes.innermost import Changes, innermost
from kubenetlab.ipam.prefixes.words import ADDRESS_BITS, WORD_TYPE, integers, n_words, taken, words_of

_FORM = {4: "one array of uint32", 6: "two arrays of uint64"}
_MOST_CELL_BITS = 19  # an index of 2 MB
_CELLS_PER_CHANGE_BITS = 2


class LongestMatch:
    """Prefixes, ready to be asked for the longest one around an address.

    Parameters
    ----------
    prefixes
        Of equal prefixes the last row counts, as in a table that is filled row by row.

    Notes
    -----
    The prefixes are laid flat: where the innermost one changes as addresses ascend, at most two places for each. The
    bits after those that all prefixes have in common number a cell, and an index tells the last change of each cell.

    Examples
    --------
    >>> match = LongestMatch(Prefixes.of(["10.0.0.0/8", "10.96.0.0/12"]))
    >>> match.row("10.96.0.10"), match.row("10.0.0.1"), match.row("172.17.0.1")
    (1, 0, None)
    >>> match.rows(np.array([0x0A600001, 0x0A000001, 0], np.uint32)).tolist()
    [1, 0, -1]
    """

    def __init__(self, prefixes: Prefixes) -> None:
        check_column("prefixes", prefixes)
        self.version = prefixes.version
        changes = innermost(prefixes)
        cells = _cells(changes, self.version)
        self._window = cells.window()
        self._index = cells.index_of(changes.start)
        self._changes = _behind_zero(changes)

    @property
    def n_bytes(self) -> int:
        """Memory of the table, in bytes."""
        return int(self._index.nbytes + sum(array.nbytes for array in self._changes))

    def rows(self, *words: NDArray[np.unsignedinteger]) -> Rows:
        """Return the row of the longest prefix around each address, -1 where there is none.

        Parameters
        ----------
        words
            The addresses: one array of uint32 (IPv4), or the high and the low half as two arrays of uint64 (IPv6), each
            of shape (n,).

        Returns
        -------
        Shape (n,), int32.

        Raises
        ------
        ValueError
            If the arrays are of another number, type or shape.
        """
        if not self._are_words(words):
            raise ValueError(
                f"words must be IPv{self.version} addresses: {_FORM[self.version]} of shape (n,)"
            )
        rows = np.empty(words[0].size, np.int32)
        kernels.longest_matches(words, self._window, self._index, self._changes, rows)
        return rows

    def _are_words(self, words: tuple[NDArray[np.unsignedinteger], ...]) -> bool:
        if not all(isinstance(word, np.ndarray) for word in words):
            return False
        types = [word.dtype.type for word in words]
        is_of_family = types == [WORD_TYPE[self.version]] * n_words(self.version)
        return is_of_family and all(word.shape == (words[0].size,) for word in words)

    def row(self, address: str | netaddr.IPAddress) -> int | None:
        """Return the row of the longest prefix around one address, None where there is none.

        Raises
        ------
        AddressError
            If it is no address, or one of the other family.
        """
        try:
            number = netaddr.IPAddress(address, version=4 if self.version == 4 else 6)
        except (netaddr.AddrFormatError, ValueError, TypeError) as error:
            raise AddressError(f"{str(address)[:100]!r} is no IPv{self.version} address") from error
        row = int(self.rows(*words_of(self.version, [int(number)]))[0])
        return None if row < 0 else row


def _cells(changes: Changes, version: int) -> Cells:
    """Return cells for all addresses between the first change and the last, as many as suit the number of changes."""
    bits = ADDRESS_BITS[version]
    starts = integers(taken(changes.start, np.array([0, -1]))) if changes.row.size else [0, 0]
    last = starts[1] - 1 if changes.row.size and changes.row[-1] < 0 else (1 << bits) - 1
    common_bits = bits - (starts[0] ^ last).bit_length()
    number_bits = min(
        bits - common_bits, _MOST_CELL_BITS, changes.row.size.bit_length() + _CELLS_PER_CHANGE_BITS
    )
    return Cells(version, starts[0], common_bits, number_bits)


def _behind_zero(changes: Changes) -> tuple[NDArray[np.unsignedinteger], Rows]:
    """Return the changes as the kernel reads them, behind one at address 0 to no prefix."""
    starts = np.zeros((changes.row.size + 1, len(changes.start)), changes.start[0].dtype)
    for word, start in enumerate(changes.start):
        starts[1:, word] = start
    return starts, np.concatenate([np.array([-1], np.int32), changes.row])
