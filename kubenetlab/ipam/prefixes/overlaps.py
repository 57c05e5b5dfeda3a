"""Which prefixes of a column overlap: prefixes are nested or apart, so one of two that overlap lies in the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kubenetlab.ipam.number_arguments import check_whole
from kubenetlab.ipam.prefixes import _kernels_nesting as kernels
from kubenetlab.ipam.prefixes.column import Prefixes, Rows
from kubenetlab.ipam.prefixes.innermost import rows_at
from kubenetlab.ipam.prefixes.order import sorted_rows

#: Pairs that `overlapping_pairs` gives at most, if not told otherwise: 100 million, 800 MB.
MOST_PAIRS = 100_000_000


class Pairs(NamedTuple):
    """Rows of prefixes that overlap: ``inner[i]`` lies in ``outer[i]``, or equals it and comes later in the column."""

    outer: Rows
    inner: Rows


def nearest_ancestors(prefixes: Prefixes) -> Rows:
    """Return the row of the smallest prefix around each one, -1 where there is none.

    Of equal prefixes each has the one before it as its ancestor.

    Returns
    -------
    Shape (n,), int32.

    Examples
    --------
    >>> nearest_ancestors(Prefixes.of(["10.96.1.0/24", "10.0.0.0/8", "10.96.0.0/12", "172.17.0.0/16"])).tolist()
    [2, -1, 1, -1]
    """
    rows = sorted_rows(prefixes)
    in_order = prefixes.take(rows)
    ancestor, _ = kernels.nearest_ancestors(in_order.words, in_order.last_words)
    found = np.empty(len(prefixes), np.int32)
    found[rows] = rows_at(rows, ancestor)
    return found


def overlapping_pairs(prefixes: Prefixes, most: int = MOST_PAIRS) -> Pairs:
    """Return every pair of rows that overlap.

    Parameters
    ----------
    prefixes
        A column; equal prefixes overlap too.
    most
        How many pairs may come out: 100,000 equal prefixes are 5,000 million pairs.

    Returns
    -------
    The pairs by their inner prefixes, in the order of addresses, each with the nearest prefix around it first.

    Raises
    ------
    ValueError
        If there are more than ``most``.

    Examples
    --------
    >>> pairs = overlapping_pairs(Prefixes.of(["10.96.1.0/24", "10.0.0.0/8", "10.96.0.0/12"]))
    >>> pairs.outer.tolist(), pairs.inner.tolist()
    ([1, 2, 1], [2, 0, 0])
    """
    check_whole("most", most, 0, MOST_PAIRS * 100)
    rows = sorted_rows(prefixes)
    in_order = prefixes.take(rows)
    ancestor, depth = kernels.nearest_ancestors(in_order.words, in_order.last_words)
    n_pairs = int(depth.sum(dtype=np.int64))
    if n_pairs > most:
        raise ValueError(f"{n_pairs:,} pairs overlap, more than the {most:,} that were asked for at most")
    return Pairs(*kernels.ancestor_pairs(ancestor, rows.astype(np.int32), n_pairs))
