import ipaddress

import netaddr
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.buddy import AddressPool, Policy
from kubenetlab.ipam.free_sizes import FreeSizes
from kubenetlab.ipam.node_cidrs import PoolExhaustedError
from tests.ipam import reference_pools

PARENTS = ["10.20.0.0/24", "fd00:10:20::/56"]
lengths = st.lists(st.integers(0, 8), max_size=15)


def texts(networks):
    return [str(network) for network in networks]


def pool_with(*reserved, parent="10.0.0.0/16", **options):
    pool = AddressPool(parent, **options)
    for network in reserved:
        pool.reserve(network)
    return pool


def allocate_or_none(pool, prefix_length):
    try:
        return pool.allocate(prefix_length)
    except PoolExhaustedError:
        return None


@pytest.mark.parametrize("parent", PARENTS)
@pytest.mark.parametrize("policy", Policy)
@given(lengths)
def test_allocate__blocks_are_disjoint_and_tile_the_parent_with_the_free_ones(parent, policy, extra_bits):
    pool = AddressPool(parent, policy=policy)

    taken = [allocate_or_none(pool, pool.parent.prefixlen + bits) for bits in extra_bits]

    tiles = [*filter(None, taken), *pool.free_blocks]
    assert pool.in_use == sorted(filter(None, taken))
    assert sum(tile.size for tile in tiles) == pool.parent.size
    assert netaddr.cidr_merge(tiles) == [pool.parent]


@pytest.mark.parametrize("policy", Policy)
@given(lengths)
def test_allocate__succeeds_exactly_where_an_aligned_block_is_free(policy, extra_bits):
    pool = AddressPool("10.20.0.0/24", policy=policy)

    for bits in extra_bits:
        used = {address for network in pool.in_use for address in range(network.first, network.last + 1)}
        size = 256 >> bits
        first = int(pool.parent.network)
        is_any_free = any(
            used.isdisjoint(range(start, start + size)) for start in range(first, first + 256, size)
        )
        assert (allocate_or_none(pool, 24 + bits) is not None) == is_any_free


@pytest.mark.parametrize("parent", PARENTS)
@given(lengths)
def test_release__of_everything_leaves_one_block(parent, extra_bits):
    pool = AddressPool(parent)
    taken = [allocate_or_none(pool, pool.parent.prefixlen + bits) for bits in extra_bits]

    for network in filter(None, taken):
        pool.release(network)

    assert (pool.free_blocks, pool.in_use) == ([pool.parent], [])


@pytest.mark.parametrize("policy", Policy)
@given(st.lists(st.integers(-1, 5), max_size=30), st.integers(0, 9))
def test_run__agrees_with_reference_and_with_single_steps(policy, choices, seed):
    operations, live = [], []
    for number, choice in enumerate(choices):
        operations.append(-1 - live.pop(0) if choice < 0 and live else 24 + max(choice, 0))
        live += [number] if operations[-1] >= 0 else []
    pool = AddressPool("10.20.0.0/24", 29, policy=policy, seed=seed)
    orders = [29 - operation if operation >= 0 else operation for operation in operations]
    draws = np.random.default_rng(seed).random(len(operations))

    starts = pool.run(operations).tolist()

    twin = reference_pools.Buddy(5)
    assert starts == twin.run(orders, [-1] * len(orders), policy, draws)
    assert texts(pool.in_use) == texts(
        sorted(netaddr.IPNetwork(f"10.20.0.{8 * start}/{29 - order}") for order, start in twin.used)
    )


# 10.0.64.0/18 and 10.0.16.0/20 are free, and 10.0.128.0/17: three sizes, the smallest not the lowest.
@pytest.mark.parametrize(
    ("policy", "expected"),
    [("best-fit", "10.0.48.0/22"), ("first-fit", "10.0.16.0/22"), ("worst-fit", "10.0.128.0/22")],
)
def test_allocate__policy_chooses_among_the_blocks_that_fit(policy, expected):
    pool = pool_with("10.0.0.0/20", "10.0.32.0/20", "10.0.52.0/22", "10.0.56.0/21", policy=policy)

    assert str(pool.allocate(22)) == expected


def test_allocate__random_fit_takes_every_block_equally_often():
    fragments = [f"10.0.{2 * number}.0/24" for number in range(8)]
    n_draws, counts = 800, dict.fromkeys((f"10.0.{2 * number + 1}.0/24" for number in range(8)), 0)
    pool = pool_with(*fragments, parent="10.0.0.0/20", policy="random-fit", seed=3)

    for _ in range(n_draws):
        network = pool.allocate(24)
        counts[str(network)] += 1
        pool.release(network)

    sigma = (n_draws * 1 / 8 * 7 / 8) ** 0.5
    assert all(abs(count - n_draws / 8) < 4 * sigma for count in counts.values())


def test_allocate__same_seed_same_blocks():
    def blocks(seed):
        pool = AddressPool("10.0.0.0/16", policy="random-fit", seed=seed)
        return texts(pool.allocate(length) for length in [24, 26, 20, 24, 28, 22, 24, 26])

    assert blocks(1) == blocks(1)
    assert blocks(1) != blocks(2)


def test_allocate__says_that_addresses_are_fragmented():
    pool = pool_with("10.0.0.0/18", "10.0.128.0/18")

    with pytest.raises(PoolExhaustedError) as error:
        pool.allocate(17)

    assert str(error.value) == (
        "10.0.0.0/16 has no free /17 left: fragmented, 32,768 addresses are free, "
        "but in blocks that are too small (2 /18)"
    )


def test_allocate__says_that_too_few_addresses_are_free():
    with pytest.raises(PoolExhaustedError, match="16,384 addresses are free, it takes 32,768"):
        pool_with("10.0.0.0/17", "10.0.128.0/18").allocate(17)


@pytest.mark.parametrize("length", [15, 33, -1, 2**40, 20.5, float("nan")])
def test_allocate__refuses_lengths_that_the_pool_does_not_have(length):
    with pytest.raises(
        ValueError, match=f"no /{length} can be taken from 10.0.0.0/16: it must be /16 to /32"
    ):
        AddressPool("10.0.0.0/16").allocate(length)


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("10.0.1.0/24", "10.0.0.0/22 is"),
        ("10.0.0.0/22", "10.0.0.0/22 is"),
        ("10.0.0.0/16", "10.0.0.0/22, 10.0.8.0/24, 10.0.9.0/24, 1 more are"),
    ],
)
def test_reserve__refuses_an_overlap_and_names_what_is_there(wanted, there):
    pool = pool_with("10.0.0.0/22", "10.0.8.0/24", "10.0.9.0/24", "10.0.10.0/24")

    with pytest.raises(ValueError, match=f"{wanted} is not free: {there} in use in 10.0.0.0/16"):
        pool.reserve(wanted)

    assert len(pool.in_use) == 4


@pytest.mark.parametrize(
    ("released", "there"),
    [
        ("10.0.1.0/24", "10.0.0.0/22 is in use there"),
        ("10.0.0.0/21", "10.0.0.0/22 is in use there"),
        ("10.0.4.0/24", "nothing is in use there"),
    ],
)
def test_release__refuses_what_is_not_in_use_as_such(released, there):
    pool = pool_with("10.0.0.0/22")

    with pytest.raises(ValueError, match=f"{released} cannot be released: {there}"):
        pool.release(released)

    assert texts(pool.in_use) == ["10.0.0.0/22"]


@pytest.mark.parametrize("name", ["reserve", "release"])
@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("10.0.0.1/24", "has host bits set"),
        ("11.0.0.0/24", "11.0.0.0/24 is not in 10.0.0.0/16"),
        ("fd00::/64", "fd00::/64 is not in 10.0.0.0/16"),
        ("10.0.0.0/8", "10.0.0.0/8 is not in 10.0.0.0/16"),
        ("10.0.0.0/29", "no /29 can be taken from 10.0.0.0/16: it must be /16 to /28"),
        ("10.0.0.0/33", "does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_place__refuses_ranges_that_the_pool_does_not_have(name, network, message):
    with pytest.raises(ValueError, match=message):
        getattr(AddressPool("10.0.0.0/16", 28), name)(network)


@pytest.mark.parametrize(
    ("parent", "finest", "message"),
    [
        ("10.0.0.1/16", None, "has host bits set"),
        ("0.0.0.0/0", None, r"holds 2\^32 ranges of /32, more than a pool's 2\^26; .* of at most 26"),
        ("fd00::/32", None, r"fd00::/32 holds 2\^32 ranges of /64"),
        ("10.0.0.0/16", 15, "finest_prefix_length 15 must be 16 to 32"),
        ("10.0.0.0/16", 33, "finest_prefix_length 33 must be 16 to 32"),
        ("fd00::/56", 129, "finest_prefix_length 129 must be 56 to 128"),
    ],
)
def test_address_pool__refuses_parents(parent, finest, message):
    with pytest.raises(ValueError, match=message):
        AddressPool(parent, finest)


def test_address_pool__refuses_policies():
    for policy in ("next-fit", 7, None, ["best-fit"]):
        with pytest.raises(ValueError, match=r"policy is .*, expected one of best-fit, first-fit"):
            AddressPool("10.0.0.0/16", policy=policy)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"finest_prefix_length": 24.0}, "finest_prefix_length 24.0 must be 16 to 32"),
        ({"finest_prefix_length": "24"}, "finest_prefix_length '24' must be 16 to 32"),
        ({"seed": -1}, "seed is -1, expected a whole number of 0 to"),
        ({"seed": "x"}, "seed is 'x', expected a whole number of 0 to"),
    ],
)
def test_address_pool__names_the_argument_that_is_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        AddressPool("10.0.0.0/16", **options)


@pytest.mark.parametrize("network", [None, 7, ["10.0.0.0/16"]])
def test_address_pool__refuses_what_is_neither_text_nor_network(network):
    with pytest.raises(TypeError, match=r"a range is .*, expected text such as"):
        AddressPool(network)


@pytest.mark.parametrize(
    ("parent", "finest"), [("10.0.0.0/8", 32), ("fd00::/48", 64), ("fd00::/64", 80), ("fd00::/112", 128)]
)
def test_address_pool__knows_the_smallest_range_of_a_family(parent, finest):
    default = 80 if parent == "fd00::/64" else None

    assert AddressPool(parent, default).finest_prefix_length == finest


def test_address_pool__takes_ranges_of_netaddr_and_of_ipaddress():
    pool = AddressPool(ipaddress.ip_network("10.0.0.0/16"))
    pool.reserve(netaddr.IPNetwork("10.0.0.0/17"))

    assert texts(pool.free_blocks) == ["10.0.128.0/17"]


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ([24, 15], "operation 1: no /15 can be taken"),
        ([24, -3], "operation 1: operation 2 cannot be released: it is no earlier allocation"),
        ([24, -2], "operation 1: operation 1 cannot"),
        ([24, -1, -2], "operation 2: operation 1 cannot"),
        ([24, -1, -1], "operation 2: operation 0 cannot be released: .* or was released before"),
        ([24.0], "operations must be integers in one dimension, not float64"),
        ([[24]], r"in one dimension, not int64 of shape \(1, 1\)"),
    ],
)
def test_run__refuses_operations(operations, message):
    pool = AddressPool("10.0.0.0/16")

    with pytest.raises(ValueError, match=message):
        pool.run(operations)

    assert pool.in_use == []


def test_run__of_nothing_is_nothing():
    assert AddressPool("10.0.0.0/16").run([]).tolist() == []


def test_free_sizes__of_a_full_pool_is_nothing():
    free = pool_with("10.0.0.0/16").free

    assert (str(free), free.n_blocks, free.n_addresses) == ("nothing", 0, 0)
    assert (free.largest_prefix_length, free.external_fragmentation_share, free.usable_share(24)) == (
        None,
        0,
        0,
    )


def test_free_sizes__counts_addresses_of_ipv6():
    free = AddressPool("fd00::/48").free

    assert (free.n_addresses, free.largest_prefix_length, free.usable_share(64)) == (2**80, 48, 1.0)


def test_free_sizes__measures_fragmentation():
    free = FreeSizes({17: 1, 18: 1, 20: 4}, version=4)

    assert free.n_blocks == 6
    assert free.external_fragmentation_share == 0.5
    assert [free.usable_share(length) for length in (16, 17, 18, 19, 20, 24)] == [0, 0.5, 0.75, 0.75, 1, 1]


# Terraform's cidrsubnets in its own argument order (hashicorp/terraform #26013): a pool wastes nothing on alignment.
def test_allocate__finds_room_where_arguments_in_order_run_out():
    pool = AddressPool("10.194.48.0/21")

    assert texts(pool.allocate(21 + bits) for bits in (2, 4, 2, 4, 2, 4)) == [
        "10.194.48.0/23",
        "10.194.50.0/25",
        "10.194.52.0/23",
        "10.194.50.128/25",
        "10.194.54.0/23",
        "10.194.51.0/25",
    ]
