"""What is free in a range: as prefixes, and how many blocks of every size."""

from __future__ import annotations

import netaddr
import numpy as np

from kubenetlab.ipam.number_arguments import check_whole
from kubenetlab.ipam.prefixes.address_ranges import AddressRanges
from kubenetlab.ipam.prefixes.column import Prefixes, check_column
from kubenetlab.ipam.prefixes.merged import outermost
from kubenetlab.ipam.prefixes.words import (
    ADDRESS_BITS,
    Words,
    are_different,
    is_at_most,
    predecessors,
    successors,
)


def free_space(parent: str | netaddr.IPNetwork, taken: Prefixes) -> Prefixes:
    """Return the fewest prefixes that hold the addresses of a range that no prefix holds.

    Parameters
    ----------
    parent
        The range, without host bits.
    taken
        Prefixes of its family (none at all may be of either); they may overlap, lie outside, or be larger than the range.

    Returns
    -------
    In the order of their addresses.

    Raises
    ------
    AddressError
        If ``parent`` is no range or has host bits.
    ValueError
        If ``taken`` is of the other family.

    Examples
    --------
    >>> free_space("10.0.0.0/22", Prefixes.of(["10.0.1.0/24", "10.0.2.128/25"])).networks()
    [IPNetwork('10.0.0.0/24'), IPNetwork('10.0.2.0/25'), IPNetwork('10.0.3.0/24')]
    """
    check_column("taken", taken)
    whole = Prefixes.of([parent])
    if not len(taken):
        return whole
    if taken.version != whole.version:
        raise ValueError(f"{parent} is of IPv{whole.version}, and the prefixes are of IPv{taken.version}")
    inside = _overlapping(outermost(taken), whole)
    if not len(inside):
        return whole
    return whole[:0] if inside.prefix_length[0] <= whole.prefix_length[0] else _gaps(whole, inside).prefixes()


def blocks_by_size(free: Prefixes) -> dict[int, int]:
    """Return how many blocks of every prefix length are free, each address counted in one block: "2 of /17, 4 of /18".

    Examples
    --------
    >>> blocks_by_size(free_space("10.0.0.0/22", Prefixes.of(["10.0.1.0/24", "10.0.2.128/25"])))
    {24: 2, 25: 1}
    """
    check_column("free", free)
    counts = np.bincount(free.prefix_length)
    return {int(length): int(counts[length]) for length in np.flatnonzero(counts)}


def n_blocks(free: Prefixes, prefix_length: int) -> int:
    """Return how many blocks of one prefix length fit into free space, if all of it is cut into them.

    Examples
    --------
    >>> n_blocks(Prefixes.of(["10.0.0.0/24", "10.0.2.0/25"]), 26)
    6

    Raises
    ------
    ValueError
        If ``prefix_length`` is longer than an address of the family, or no whole number.
    """
    check_column("free", free)
    check_whole("prefix_length", prefix_length, 0, ADDRESS_BITS[free.version], f" for IPv{free.version}")
    return sum(
        count << (prefix_length - length)
        for length, count in blocks_by_size(free).items()
        if length <= prefix_length
    )


def _overlapping(apart: Prefixes, whole: Prefixes) -> Prefixes:
    """Return the prefixes, sorted and apart, that share an address with one range: they stand side by side."""
    start = len(apart) - np.count_nonzero(is_at_most(whole.words, apart.last_words))
    stop = np.count_nonzero(is_at_most(apart.words, whole.last_words))
    return apart[start:stop]


def _gaps(whole: Prefixes, inside: Prefixes) -> AddressRanges:
    """Return what lies before, between and after prefixes, at least one, that are sorted, apart and inside a range."""
    first = _concatenated(whole.words, successors(inside.last_words))
    end = _concatenated(
        inside.words, successors(whole.last_words)
    )  # the address just after; may have wrapped to 0
    return AddressRanges(whole.version, first, predecessors(end), are_different(first, end))


def _concatenated(some: Words, others: Words) -> Words:
    return tuple(np.concatenate(pair) for pair in zip(some, others, strict=True))
