"""Overlaps, longest match and containment, against brute force."""

import netaddr
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import AddressError
from kubenetlab.ipam.prefixes.column import Prefixes
from kubenetlab.ipam.prefixes.containment import contains
from kubenetlab.ipam.prefixes.innermost import innermost
from kubenetlab.ipam.prefixes.longest_match import LongestMatch
from kubenetlab.ipam.prefixes.overlaps import nearest_ancestors, overlapping_pairs
from tests.ipam.prefixes import reference, strategies


@given(strategies.lists())
def test_overlapping_pairs__are_those_of_brute_force_each_once(some):
    outer, inner = overlapping_pairs(strategies.column(*some))

    pairs = list(zip(outer.tolist(), inner.tolist(), strict=True))
    assert sorted(pairs) == sorted(reference.overlapping_pairs(some[1]))


@given(strategies.lists())
def test_nearest_ancestors__are_those_of_brute_force(some):
    assert nearest_ancestors(strategies.column(*some)).tolist() == reference.nearest_ancestors(some[1])


def test_overlapping_pairs__refuses_more_than_asked_for():
    with pytest.raises(ValueError, match="190 pairs overlap, more than the 100 that were asked for at most"):
        overlapping_pairs(Prefixes.of(["10.0.0.0/8"] * 20), most=100)


@given(st.data(), strategies.lists())
def test_longest_match__is_that_of_brute_force(data, some):
    version, networks = some
    addresses = data.draw(st.lists(strategies.addresses(version), max_size=30))
    edges = [int(edge) for one in networks for edge in (one.network_address, one.broadcast_address)]
    asked = addresses + edges

    rows = LongestMatch(strategies.column(version, networks)).rows(*strategies.words(version, asked))

    assert rows.tolist() == [reference.longest_match(networks, address) for address in asked]


@given(strategies.lists())
def test_innermost__changes_at_every_start(some):
    changes = innermost(strategies.column(*some))
    starts = Prefixes(some[0], changes.start, np.zeros(changes.row.size, np.uint8)).addresses()

    assert starts == sorted(set(starts))
    assert changes.row.tolist() == [reference.longest_match(some[1], start) for start in starts]


def test_longest_match__answers_one_address():
    match = LongestMatch(Prefixes.of(["fd00::/8", "fd00::/48"]))

    assert [match.row(text) for text in ("fd00::1", netaddr.IPAddress("fdff::"), "2001:db8::")] == [
        1,
        0,
        None,
    ]


@pytest.mark.parametrize("address", ["fd00::1", "10.0.0", "cart", None])
def test_row__refuses_what_is_no_address_of_the_family(address):
    with pytest.raises(AddressError, match="is no IPv4 address"):
        LongestMatch(Prefixes.of(["10.0.0.0/8"])).row(address)


@pytest.mark.parametrize(
    "words",
    [
        (np.zeros(2, np.int64),),
        (np.zeros(2, np.uint64), np.zeros(2, np.uint64)),
        (np.zeros((2, 2), np.uint32),),
        (),
        ([1],),
    ],
)
def test_rows__refuses_arrays_of_another_form(words):
    with pytest.raises(ValueError, match="words must be IPv4 addresses: one array of uint32 of shape"):
        LongestMatch(Prefixes.of(["10.0.0.0/8"])).rows(*words)


@given(st.data(), strategies.lists())
def test_contains__is_what_subnet_of_says(data, some):
    version, outer = some
    inner = data.draw(st.lists(strategies.networks(version), max_size=8))

    inside = contains(strategies.column(version, outer), strategies.column(version, inner))

    assert inside.tolist() == [any(one.subnet_of(other) for other in outer) for one in inner]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((["10.0.0.0/8"], Prefixes.of(["10.0.0.0/8"])), "outer"),
        ((Prefixes.of(["10.0.0.0/8"]), None), "inner"),
    ],
)
def test_contains__refuses_what_is_no_column(arguments, name):
    with pytest.raises(TypeError, match=f"{name} is a .*, expected Prefixes"):
        contains(*arguments)


def test_contains__refuses_the_other_family():
    with pytest.raises(ValueError, match="IPv4 prefixes cannot hold those of IPv6"):
        contains(Prefixes.of(["10.0.0.0/8"]), Prefixes.of(["fd00::/8"]))
