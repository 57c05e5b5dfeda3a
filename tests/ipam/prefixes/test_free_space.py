"""Free space and merged prefixes, against ipaddress and netaddr."""

import netaddr
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import AddressError
from kubenetlab.ipam.prefixes.address_ranges import AddressRanges
from kubenetlab.ipam.prefixes.column import Prefixes
from kubenetlab.ipam.prefixes.free_space import blocks_by_size, free_space, n_blocks
from kubenetlab.ipam.prefixes.merged import merged, outermost
from kubenetlab.ipam.prefixes.texts import parse_prefixes
from tests.ipam.prefixes import reference, strategies


@given(strategies.lists())
def test_merged__is_what_ipaddress_makes_of_them(some):
    assert strategies.texts(merged(strategies.column(*some))) == reference.merged(some[1])


@given(strategies.lists())
def test_merged__again_changes_nothing(some):
    once = merged(strategies.column(*some))

    assert strategies.texts(merged(once)) == strategies.texts(once)


@given(strategies.lists())
def test_outermost__keeps_each_once_in_order(some):
    kept = strategies.texts(outermost(strategies.column(*some)))

    assert kept == sorted(set(kept))
    assert all(any(one.subnet_of(other) for other in kept) for one in some[1])
    assert not any(one.overlaps(other) for place, one in enumerate(kept) for other in kept[:place])


@given(st.data(), strategies.lists())
def test_free_space__is_what_is_left_after_taking_out_one_by_one(data, some):
    version, taken = some
    parent = data.draw(strategies.networks(version))

    free = free_space(str(parent), strategies.column(version, taken))

    assert strategies.texts(free) == reference.free_space(parent, taken)


@given(st.data(), strategies.lists())
def test_free_space__and_what_is_taken_tile_the_range(data, some):
    version, taken = some
    parent = data.draw(strategies.networks(version))

    free = strategies.texts(free_space(str(parent), strategies.column(version, taken)))

    inside = [one if one.subnet_of(parent) else parent for one in taken if one.overlaps(parent)]
    assert not any(one.overlaps(other) for one in free for other in inside)
    assert reference.merged(free + inside) == [parent]


@given(strategies.lists())
def test_free_space__agrees_with_netaddr_on_everything(some):
    version, taken = some
    everything = reference.network(version, 0, 0)

    free = free_space(str(everything), strategies.column(version, taken))

    expected = netaddr.IPSet([str(everything)]) - netaddr.IPSet(map(str, taken))
    assert free.networks() == list(expected.iter_cidrs())


@pytest.mark.parametrize("everything", ["0.0.0.0/0", "::/0"])
def test_free_space__of_everything_without_prefixes_is_everything(everything):
    nothing = Prefixes.of([], version=netaddr.IPNetwork(everything).version)

    assert free_space(everything, nothing).networks() == [netaddr.IPNetwork(everything)]
    assert len(free_space(everything, Prefixes.of([everything]))) == 0


def test_free_space__ends_before_the_last_address_of_all():
    free = free_space("255.255.255.248/29", Prefixes.of(["255.255.255.255/32", "255.255.255.248/32"]))

    assert [str(one) for one in free.networks()] == [
        "255.255.255.249/32",
        "255.255.255.250/31",
        "255.255.255.252/31",
        "255.255.255.254/32",
    ]


def test_free_space__of_nothing_taken_is_all_whatever_the_family_of_the_empty_column():
    assert free_space("fd00::/16", parse_prefixes([])).networks() == [netaddr.IPNetwork("fd00::/16")]


def test_free_space__refuses_what_is_no_column():
    with pytest.raises(TypeError, match="taken is a list, expected Prefixes"):
        free_space("10.0.0.0/8", ["10.0.0.0/9"])


@pytest.mark.parametrize(
    ("version", "length"), [(4, 33), (4, -1), (4, float("nan")), (4, 25.5), (4, "26"), (4, True), (6, 129)]
)
def test_n_blocks__refuses_what_is_no_prefix_length(version, length):
    with pytest.raises(
        ValueError,
        match=f"prefix_length is '?{length}'?, expected a whole number of 0 to .* for IPv{version}",
    ):
        n_blocks(Prefixes.of([], version), length)


def test_free_space__refuses_the_other_family():
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/8 is of IPv4, and the prefixes are of IPv6"):
        free_space("10.0.0.0/8", Prefixes.of(["fd00::/8"]))


def test_free_space__refuses_host_bits():
    with pytest.raises(AddressError, match=r"10\.0\.0\.1/8 has host bits set; the network is 10\.0\.0\.0/8"):
        free_space("10.0.0.1/8", Prefixes.of([]))


# The lengths of a range that fits worst: 62 blocks, more than there is place for at first.
@pytest.mark.parametrize(("version", "most"), [(4, 62), (6, 254)])
def test_prefixes__makes_place_for_ranges_of_many_blocks(version, most):
    n = 300
    bits = strategies.BITS[version]
    first = strategies.words(version, [1] * n)
    last = strategies.words(version, [(1 << bits) - 2] * n)

    blocks = AddressRanges(version, first, last, np.ones(n, np.bool_)).prefixes()

    assert len(blocks) == most * n
    assert strategies.texts(blocks[-most:]) == reference.aligned_blocks(version, 1, (1 << bits) - 2)


@given(strategies.lists())
def test_n_blocks__counts_as_many_addresses_as_the_blocks_have(some):
    version, networks = some
    free = merged(strategies.column(version, networks))
    longest = strategies.BITS[version]

    assert n_blocks(free, longest) == sum(one.num_addresses for one in reference.merged(networks))
    assert n_blocks(free, longest - 3) == sum(one.num_addresses // 8 for one in reference.merged(networks))


def test_blocks_by_size__counts_by_prefix_length():
    assert blocks_by_size(Prefixes.of(["10.0.0.0/9", "10.128.0.0/10", "11.0.0.0/10"])) == {9: 1, 10: 2}
    assert blocks_by_size(Prefixes.of([])) == {}
