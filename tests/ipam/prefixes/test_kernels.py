"""Kernels against their twins in reference.py; sizes that make them fill several batches and digits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.prefixes import _kernels_blocks, _kernels_nesting, _kernels_order
from kubenetlab.ipam.prefixes.longest_match import LongestMatch
from kubenetlab.ipam.prefixes.order import sorted_prefixes
from tests.ipam.prefixes import reference, strategies


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=30), st.integers(1, 63))
def test_sort_by_low_bits__agrees_with_reference(keys, n_bits):
    in_order = _kernels_order.sort_by_low_bits(np.array(keys, np.uint64), n_bits)

    assert in_order.tolist() == reference.sort_by_low_bits(keys, n_bits)


@pytest.mark.parametrize("n", [255, 256, 1000])
def test_sort_by_low_bits__agrees_with_reference_for_many_keys(n):
    keys = np.random.default_rng(n).integers(0, 2**40, n, np.uint64)

    assert _kernels_order.sort_by_low_bits(keys, 30).tolist() == reference.sort_by_low_bits(keys.tolist(), 30)


def test_sort_by_low_bits__skips_a_digit_in_which_all_keys_agree():
    keys = np.array([5 + (2 << 50), 7 + (1 << 50), 5 + (1 << 50)], np.uint64)

    in_order = _kernels_order.sort_by_low_bits(keys.copy(), 60)

    assert in_order.tolist() == keys[[2, 1, 0]].tolist()


@given(strategies.lists())
def test_outermost__agrees_with_reference(some):
    in_order = sorted_prefixes(strategies.column(*some))

    positions = _kernels_nesting.outermost(in_order.words, in_order.last_words)

    assert positions.tolist() == reference.outermost(strategies.texts(in_order))


@given(strategies.lists())
def test_nearest_ancestors__agree_with_reference(some):
    in_order = sorted_prefixes(strategies.column(*some))

    ancestor, depth = _kernels_nesting.nearest_ancestors(in_order.words, in_order.last_words)

    inner = [pair[1] for pair in reference.overlapping_pairs(strategies.texts(in_order))]
    assert ancestor.tolist() == reference.nearest_ancestors(strategies.texts(in_order))
    assert depth.tolist() == [inner.count(position) for position in range(len(in_order))]


@given(strategies.lists())
def test_innermost_intervals__say_what_a_walk_over_the_ends_says(some):
    in_order = sorted_prefixes(strategies.column(*some))
    networks = strategies.texts(in_order)
    words, last_words = in_order.words, in_order.last_words
    ancestor, _ = _kernels_nesting.nearest_ancestors(words, last_words)

    at, is_after, innermost = _kernels_nesting.innermost_intervals(words, last_words, ancestor)

    changes = {}
    for position, after, inside in zip(at.tolist(), is_after.tolist(), innermost.tolist(), strict=True):
        edge = networks[position].broadcast_address if after else networks[position].network_address
        changes[int(edge) + after] = inside
    assert list(changes) == sorted(changes)
    assert changes == {edge: reference.longest_match(networks, edge) for edge in changes}


@given(st.data(), strategies.versions)
def test_aligned_blocks__agree_with_reference(data, version):
    ends = data.draw(
        st.lists(st.tuples(*[strategies.addresses(version)] * 2).map(sorted), min_size=1, max_size=4)
    )
    first, last = (strategies.words(version, numbers) for numbers in zip(*ends, strict=True))
    blocks, lengths = tuple(np.empty(4000, word.dtype) for word in first), np.empty(4000, np.uint8)

    with np.errstate(over="ignore"):
        n_ranges, n = _kernels_blocks.aligned_blocks(
            first, last, np.ones(len(ends), np.bool_), blocks, lengths
        )

    column = strategies.Prefixes(version, tuple(word[:n] for word in blocks), lengths[:n])
    assert n_ranges == len(ends)
    assert strategies.texts(column) == [
        block for low, high in ends for block in reference.aligned_blocks(version, low, high)
    ]


def test_aligned_blocks__leave_out_what_is_no_range_and_stop_where_the_place_ends():
    ends = (np.array([5, 9, 16, 0], np.uint32),)
    blocks, lengths = (np.empty(386, np.uint32),), np.empty(386, np.uint8)

    with np.errstate(over="ignore"):
        done = _kernels_blocks.aligned_blocks(
            ends, ends, np.array([True, False, True, True]), blocks, lengths
        )

    assert done == (4, 3)
    assert blocks[0][:3].tolist() == [5, 16, 0]


@pytest.mark.parametrize("version", [4, 6])
def test_longest_matches__agree_with_reference_over_several_batches(version):
    rng = np.random.default_rng(7)
    bits = strategies.BITS[version]
    lengths = rng.integers(bits - 12, bits + 1, 60).tolist()
    firsts = [(3 << (bits - 4)) + (int(rng.integers(1 << 12)) >> (bits - n) << (bits - n)) for n in lengths]
    networks = [reference.network(version, *pair) for pair in zip(firsts, lengths, strict=True)]
    addresses = [(3 << (bits - 4)) + int(number) for number in rng.integers(0, 1 << 13, 2500)] + [
        0,
        (1 << bits) - 1,
    ]

    rows = LongestMatch(strategies.column(version, networks)).rows(*strategies.words(version, addresses))

    assert rows.tolist() == [reference.longest_match(networks, address) for address in addresses]
