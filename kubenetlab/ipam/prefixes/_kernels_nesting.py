"""Prefixes in the order of their addresses, larger ones first: which lies in which. Arrays in, arrays out.

Addresses are words, the most significant first: a tuple of one array (IPv4) or two (IPv6).
"""

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

Words = tuple[NDArray[np.unsignedinteger], ...]


@kernel
def _is_above(some: Words, row: int, others: Words, other_row: int) -> bool:
    """Whether ``some[row]`` is a higher address than ``others[other_row]``."""
    for word in range(len(some)):
        ours, theirs = some[word][row], others[word][other_row]
        if ours != theirs:
            return bool(ours > theirs)
    return False


@kernel
def outermost(first: Words, last: Words) -> NDArray[np.int32]:
    """Positions of the prefixes that lie in no earlier one, ascending.

    ``first`` and ``last``: shape (n,), sorted. Returns shape (n_outermost,).
    """
    n = first[0].size
    kept = np.empty(n, np.int32)
    n_kept = 0
    for position in range(n):
        if n_kept == 0 or _is_above(first, position, last, kept[n_kept - 1]):
            kept[n_kept] = position
            n_kept += 1
    return kept[:n_kept]


@kernel
def nearest_ancestors(first: Words, last: Words) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Position of the smallest earlier prefix around each one (-1: none), and how many there are around it.

    ``first`` and ``last``: shape (n,), sorted. Returns two arrays of shape (n,).
    """
    n = first[0].size
    ancestor = np.empty(n, np.int32)
    depth = np.empty(n, np.int32)
    for position in range(n):
        around = position - 1
        while around >= 0 and _is_above(first, position, last, around):
            around = ancestor[around]
        ancestor[position] = around
        depth[position] = depth[around] + 1 if around >= 0 else 0
    return ancestor, depth


@kernel
def ancestor_pairs(
    ancestor: NDArray[np.int32], rows: NDArray[np.int32], n_pairs: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows of each prefix around another one, and of that other one; the nearest first.

    ``ancestor``: shape (n,), positions; ``rows``: shape (n,), the row at each position. Returns two arrays of shape
    (n_pairs,), in the order of the inner prefixes.
    """
    outer = np.empty(n_pairs, np.int32)
    inner = np.empty(n_pairs, np.int32)
    n_found = 0
    for position in range(ancestor.size):
        around = ancestor[position]
        while around >= 0:
            outer[n_found] = rows[around]
            inner[n_found] = rows[position]
            n_found += 1
            around = ancestor[around]
    return outer, inner


@kernel
def innermost_intervals(
    first: Words, last: Words, ancestor: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.int32]]:
    """Where the innermost prefix changes as addresses ascend.

    ``first`` and ``last``: shape (n,), sorted. Returns three arrays of shape (n_changes,): the change is at the first
    address of this position, or just after its last address if true; from there on the innermost prefix is the one
    at this position (-1: none). Several changes may be at one address: the last of them holds.
    """
    n = first[0].size
    at = np.empty(2 * n, np.int32)
    is_after = np.empty(2 * n, np.bool_)
    innermost = np.empty(2 * n, np.int32)
    n_changes = 0
    for position in range(n + 1):
        around = position - 1
        while around >= 0 and (position == n or _is_above(first, position, last, around)):
            at[n_changes], is_after[n_changes], innermost[n_changes] = around, True, ancestor[around]
            n_changes += 1
            around = ancestor[around]
        if position < n:
            at[n_changes], is_after[n_changes], innermost[n_changes] = position, False, position
            n_changes += 1
    return at[:n_changes], is_after[:n_changes], innermost[:n_changes]
