"""Prefixes merged: the fewest prefixes with the same addresses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam.prefixes import _kernels_nesting as kernels
from kubenetlab.ipam.prefixes.address_ranges import AddressRanges
from kubenetlab.ipam.prefixes.column import Prefixes
from kubenetlab.ipam.prefixes.order import sorted_prefixes
from kubenetlab.ipam.prefixes.words import Words, are_different, successors, taken


def outermost(prefixes: Prefixes) -> Prefixes:
    """Return the prefixes that lie in no other one, each once, in the order of their addresses.

    Examples
    --------
    >>> outermost(Prefixes.of(["10.96.0.0/12", "10.0.0.0/8", "172.17.0.0/16"])).networks()
    [IPNetwork('10.0.0.0/8'), IPNetwork('172.17.0.0/16')]
    """
    in_order = sorted_prefixes(prefixes)
    positions = kernels.outermost(in_order.words, in_order.last_words)
    return in_order if positions.size == len(prefixes) else in_order.take(positions)


def merged(prefixes: Prefixes) -> Prefixes:
    """Return the fewest prefixes that hold the same addresses, in the order of their addresses.

    Examples
    --------
    >>> merged(Prefixes.of(["10.0.0.128/25", "10.0.1.0/24", "10.0.0.0/25", "10.0.0.7/32"])).networks()
    [IPNetwork('10.0.0.0/23')]
    """
    apart = outermost(prefixes)
    first, last = apart.words, apart.last_words
    begins = np.flatnonzero(_begins_a_range(first, last))
    ends = np.append(begins[1:], len(apart))[: begins.size] - 1
    return AddressRanges(
        apart.version, taken(first, begins), taken(last, ends), np.ones(begins.size, np.bool_)
    ).prefixes()


def _begins_a_range(first: Words, last: Words) -> NDArray[np.bool_]:
    """Return which prefix does not follow the one before without a gap."""
    begins = np.ones(first[0].size, np.bool_)
    expected = successors(tuple(word[:-1] for word in last))
    begins[1:] = are_different(tuple(word[1:] for word in first), expected)
    return begins
