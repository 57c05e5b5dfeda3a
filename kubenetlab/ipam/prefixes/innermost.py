"""Where the innermost prefix changes as addresses ascend: a column of nested prefixes laid flat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam.prefixes import _kernels_nesting as kernels
from kubenetlab.ipam.prefixes.column import Prefixes, Rows
from kubenetlab.ipam.prefixes.order import sorted_rows
from kubenetlab.ipam.prefixes.words import Words, are_different, successors, taken


class Changes(NamedTuple):
    """From ``start[i]`` on, until the next start, the smallest prefix around an address is that of ``row[i]``; -1: none.

    ``start`` are words of addresses, ascending. Before the first start no prefix holds an address.
    """

    start: Words
    row: Rows


def innermost(prefixes: Prefixes) -> Changes:
    """Return where the smallest prefix around an address changes, at most two places for each prefix.

    Of equal prefixes the last row counts.

    Examples
    --------
    >>> changes = innermost(Prefixes.of(["0.0.0.0/28", "0.0.0.4/30", "0.0.0.12/30"]))
    >>> changes.start[0].tolist(), changes.row.tolist()
    ([0, 4, 8, 12, 16], [0, 1, 0, 2, -1])
    """
    rows = sorted_rows(prefixes)
    in_order = prefixes.take(rows)
    first, last = in_order.words, in_order.last_words
    ancestor, _ = kernels.nearest_ancestors(first, last)
    at, is_after, position = kernels.innermost_intervals(first, last, ancestor)
    after = taken(successors(last), at)
    start = tuple(np.where(is_after, *pair) for pair in zip(after, taken(first, at), strict=True))
    holds = _is_last_of_its_address(start, is_after)
    return Changes(tuple(word[holds] for word in start), rows_at(rows, position[holds]))


def rows_at(rows: NDArray[np.intp], positions: Rows) -> Rows:
    """Return the row at each position, -1 where the position is -1."""
    return np.append(rows, -1).astype(np.int32).take(positions)


def _is_last_of_its_address(start: Words, is_after: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which change holds: the last of those at its address, but none after the last address of all."""
    has_wrapped = is_after & ~np.any(start, axis=0)
    holds = np.asarray(~has_wrapped)
    holds[:-1] &= are_different(tuple(w[:-1] for w in start), tuple(w[1:] for w in start)) | has_wrapped[1:]
    return holds
