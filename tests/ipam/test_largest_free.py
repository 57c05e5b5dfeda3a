import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.largest_free import count_blocks, free_intervals, largest_block
from kubenetlab.ipam.ranges import range_of

WHOLE = range_of("10.0.0.0/25")
TAKEN = st.lists(
    st.tuples(st.integers(-5, 140), st.integers(0, 20)).map(
        lambda pair: (WHOLE.first + pair[0], WHOLE.first + sum(pair))
    ),
    max_size=12,
)


def free_addresses(taken):
    """One address after the other."""
    return [a for a in range(WHOLE.first, WHOLE.last + 1) if not any(f <= a <= last for f, last in taken)]


def all_free_networks(taken, prefix_length):
    free = set(free_addresses(taken))
    networks = ipaddress.ip_network("10.0.0.0/25").subnets(new_prefix=prefix_length)
    return [n for n in networks if set(map(int, n)) <= free]


@given(TAKEN)
def test_free_intervals__are_the_addresses_that_nothing_takes(taken):
    free = free_intervals(WHOLE, taken)

    assert [a for first, last in free for a in range(first, last + 1)] == free_addresses(taken)


@given(TAKEN)
def test_largest_block__is_the_first_of_the_largest_networks_that_are_free(taken):
    found = largest_block(free_intervals(WHOLE, taken), version=4)

    lengths = (all_free_networks(taken, length) for length in range(25, 33))
    expected = next((str(networks[0]) for networks in lengths if networks), "")
    assert found == expected


@given(TAKEN, st.integers(25, 32))
def test_count_blocks__counts_the_networks_that_are_free(taken, length):
    assert count_blocks(free_intervals(WHOLE, taken), 2 ** (32 - length)) == len(
        all_free_networks(taken, length)
    )


def test_largest_block__of_ipv6_does_not_wrap():
    whole = range_of("fd00::/48")

    assert (
        largest_block(free_intervals(whole, [(whole.first, whole.first)]), version=6) == "fd00:0:0:8000::/49"
    )
