"""The column itself, its order, and a range carved into one."""

import netaddr
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import AddressError
from kubenetlab.ipam.prefixes.carving import carve
from kubenetlab.ipam.prefixes.column import Prefixes, joined, rows_with_host_bits
from kubenetlab.ipam.prefixes.free_space import blocks_by_size
from kubenetlab.ipam.prefixes.longest_match import LongestMatch
from kubenetlab.ipam.prefixes.merged import merged, outermost
from kubenetlab.ipam.prefixes.order import sorted_rows
from kubenetlab.ipam.prefixes.overlaps import nearest_ancestors, overlapping_pairs
from kubenetlab.ipam.prefixes.texts import format_prefixes
from kubenetlab.ipam.prefixes.words import integers, predecessors, successors
from tests.ipam.prefixes import reference, strategies


@given(strategies.lists())
def test_of__and_networks_are_inverse(some):
    version, networks = some
    column = strategies.column(version, networks)

    assert [str(one) for one in column.networks()] == [str(one) for one in networks]
    assert len(column) == len(networks)


@given(strategies.lists())
def test_last_words__are_the_last_addresses(some):
    assert integers(strategies.column(*some).last_words) == [int(one.broadcast_address) for one in some[1]]


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (["10.0.0.1/8"], r"10\.0\.0\.1/8 has host bits set; the network is 10\.0\.0\.0/8"),
        (["10.0.0.0/8", "fd00::/8"], "row 1: fd00::/8 is not of IPv4, as the column is"),
        (["cart"], "'cart' is not a CIDR such as"),
        (["10.0.0.0/33"], r"'10\.0\.0\.0/33' is not a CIDR"),
    ],
)
def test_of__refuses(networks, message):
    with pytest.raises(AddressError, match=message):
        Prefixes.of(networks)


def test_of__refuses_one_text_and_unknown_families():
    with pytest.raises(TypeError, match=r"networks is '10\.0\.0\.0/8', expected a list"):
        Prefixes.of("10.0.0.0/8")
    with pytest.raises(ValueError, match="version is 7, expected 4 or 6"):
        Prefixes.of([], 7)


@pytest.mark.parametrize(
    "function",
    [merged, outermost, nearest_ancestors, overlapping_pairs, LongestMatch, format_prefixes, blocks_by_size],
)
def test_columns__are_refused_where_they_are_something_else(function):
    with pytest.raises(TypeError, match=r"(prefixes|free) is a list, expected Prefixes, which Prefixes\.of"):
        function(["10.0.0.0/8"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, (np.zeros(1, np.uint32),), np.zeros(1, np.uint8)), "version is 5, expected 4 or 6"),
        (
            (4, (np.zeros(1, np.int64),), np.zeros(1, np.uint8)),
            "arrays are of int64, uint8, expected uint32, uint8",
        ),
        (
            (6, (np.zeros(1, np.uint64),), np.zeros(1, np.uint8)),
            "arrays are of uint64, uint8, expected uint64, uint64",
        ),
        ((4, (np.zeros(2, np.uint32),), np.zeros(1, np.uint8)), "differ in their shapes"),
        ((4, (np.zeros((1, 1), np.uint32),), np.zeros((1, 1), np.uint8)), "differ in their shapes"),
    ],
)
def test_prefixes__refuses_arrays_of_another_form(arguments, message):
    with pytest.raises(ValueError, match=message):
        Prefixes(*arguments)


def test_rows_with_host_bits__finds_them():
    column = Prefixes(4, (np.array([8, 9, 0], np.uint32),), np.array([29, 29, 0], np.uint8))

    assert rows_with_host_bits(column).tolist() == [1]


@given(strategies.lists())
def test_sorted_rows__agree_with_reference(some):
    assert sorted_rows(strategies.column(*some)).tolist() == reference.sorted_rows(some[1])


@given(st.lists(st.tuples(st.integers(0, 2**128 - 1), st.integers(60, 128)), max_size=20))
def test_sorted_rows__of_prefixes_without_a_common_window_agree_with_reference(rows):
    networks = [reference.network(6, first >> (128 - n) << (128 - n), n) for first, n in rows]

    assert sorted_rows(strategies.column(6, networks)).tolist() == reference.sorted_rows(networks)


@given(st.data(), strategies.versions)
def test_successors__undo_predecessors(data, version):
    numbers = data.draw(st.lists(strategies.addresses(version)))
    words = strategies.words(version, numbers)
    bits = strategies.BITS[version]

    assert integers(successors(words)) == [(number + 1) % (1 << bits) for number in numbers]
    assert integers(predecessors(successors(words))) == numbers


@given(st.data(), strategies.versions)
def test_carve__blocks_tile_the_range(data, version):
    parent = data.draw(strategies.networks(version))
    longer = data.draw(st.integers(0, min(6, strategies.BITS[version] - parent.prefixlen)))

    blocks = strategies.texts(carve(str(parent), parent.prefixlen + longer))

    assert blocks == list(parent.subnets(longer))


def test_carve__gives_the_first_of_very_many():
    assert [str(one) for one in carve("fd00::/8", 72, n=2).networks()] == ["fd00::/72", "fd00::100:0:0:0/72"]
    assert len(carve("10.0.0.0/8", 32, n=0)) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("10.0.0.0/8", 7), "prefix_length is 7, expected a whole number of 8 to 32 in 10.0.0.0/8"),
        (("10.0.0.0/8", 33), "prefix_length is 33, expected a whole number of 8 to 32"),
        (("10.0.0.0/30", 32, 5), "n is 5, and 10.0.0.0/30 has 4 blocks of /32"),
        (("10.0.0.0/30", 32, -1), "n is -1"),
        (("10.0.0.0/30", 32, 1.5), "n is 1.5"),
        (("10.0.0.0/30", "32"), "prefix_length is '32'"),
        (("10.0.0.0/30", True), "prefix_length is True"),
        (("fd00::/8", 64), "72,057,594,037,927,936 blocks of /64, more than 268,435,456"),
    ],
)
def test_carve__refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        carve(*arguments)


def test_joined__puts_rows_after_rows():
    column = joined([Prefixes.of(["10.0.0.0/8"]), Prefixes.of(["11.0.0.0/8"])])

    assert column.networks() == [netaddr.IPNetwork("10.0.0.0/8"), netaddr.IPNetwork("11.0.0.0/8")]
