"""Ranges as integers, against ipaddress."""

from ipaddress import IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.ranges import outermost, overlapping, range_of, ranges_of


@st.composite
def networks(draw):
    """IPv4 and IPv6 networks that are likely to meet."""
    kind, bits = draw(st.sampled_from(((IPv4Network, 32), (IPv6Network, 128))))
    return kind((draw(st.integers(0, 15)) << (bits - 4), draw(st.integers(0, 5))), strict=False)


def pairs_of(some, others):
    return {(a.text, b.text) for a, b in overlapping(some, others)}


@given(networks(), networks())
def test_range__overlaps_and_holds_as_ipaddress_says(one, other):
    ours, theirs = range_of(str(one)), range_of(str(other))

    assert ours.overlaps(theirs) == one.overlaps(other)
    assert ours.holds(theirs) == (one.version == other.version and other.subnet_of(one))
    assert ours.size == one.num_addresses


@given(st.lists(networks(), max_size=8, unique=True), st.lists(networks(), max_size=8, unique=True))
def test_overlapping__finds_every_pair_of_outermost_ranges(some, others):
    ours, theirs = ranges_of(map(str, some), "us"), ranges_of(map(str, others), "them")

    expected = {(a.text, b.text) for a in outermost(ours) for b in outermost(theirs) if a.overlaps(b)}

    assert pairs_of(ours, theirs) == expected


@given(st.lists(networks(), max_size=8))
def test_outermost__covers_the_same_addresses_without_overlaps(some):
    kept = outermost(ranges_of(map(str, some), ""))

    assert all(any(k.holds(range_of(str(network))) for k in kept) for network in some)
    assert not any(a.overlaps(b) for i, a in enumerate(kept) for b in kept[:i])


def test_range_of__keeps_text_and_owner():
    assert range_of("10.0.0.7/30", "Node a") == (4, 167772164, 167772167, "10.0.0.7/30", "Node a")


def test_ranges_of__leaves_out_empty_texts():
    assert [r.text for r in ranges_of(["", "10.0.0.1"], "x")] == ["10.0.0.1"]


@pytest.mark.parametrize("text", ["10.0.0.9-10.0.0.1", "10.0.0.1-fd00::1", "10.0.0.1-", "cart", ""])
def test_range_of__refuses_what_is_no_range(text):
    with pytest.raises(ValueError, match="neither an address nor a range"):
        range_of(text)
