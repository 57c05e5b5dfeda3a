from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.ovn_kubernetes import SubnetAllocator, SubnetRange, SubnetsError, limits
from kubenetlab.ipam.set_up import SetUp
from kubenetlab.result import Basis
from tests.ipam.limit_tables import NODES, PODS_PER_NODE, bounds


def allocator(*ranges):
    made = SubnetAllocator()
    for network, host_subnet_length in ranges or [("10.1.0.0/22", 24)]:
        made.add_network_range(network, host_subnet_length)
    return made


def fill(allocator):
    """Give subnets to new nodes until none is left."""
    subnets = []
    while True:
        try:
            subnets += allocator.allocate(f"node-{len(subnets)}")
        except SubnetsError:
            return subnets


def in_order(network, host_subnet_length):
    """Plain-Python twin of the rotation: all zeros in the octet that subnet and host part share come first."""
    subnets = list(ip_network(network).subnets(new_prefix=host_subnet_length))
    shared_octet = (host_subnet_length - 1) // 8
    if host_subnet_length % 8 == 0 or ip_network(network).prefixlen >= shared_octet * 8:
        return subnets
    return sorted(subnets, key=lambda s: (s.network_address.packed[shared_octet], s.network_address))


@given(st.integers(8, 30), st.integers(0, 10))
def test_subnet_range__agrees_with_the_twin(prefix_length, bits):
    network = ip_network((10 << 24, prefix_length))
    host_subnet_length = min(31, prefix_length + bits)
    subnets = SubnetRange(network, host_subnet_length)

    order = [subnets.subnet(number) for number in range(subnets.count)]

    assert order == in_order(network, host_subnet_length)


@given(st.sampled_from([("10.1.0.0/16", 20), ("10.1.0.0/20", 26), ("10.1.0.0/24", 24), ("fd01::/56", 64)]))
def test_allocate__subnets_are_unique_inside_and_as_many_as_the_capacity(subnet_range):
    subnets = fill(allocator(subnet_range))

    assert len(set(subnets)) == len(subnets) == allocator(subnet_range).capacity
    assert all(subnet.subnet_of(ip_network(subnet_range[0])) for subnet in subnets)


# One subnet in 2^16 is left out, so the count that the component reports is not what it hands out.
def test_allocate__leaves_out_zero_words_of_a_large_ipv6_range():
    subnets = SubnetRange("fd01::/47", 64)

    handed_out = [subnets.allocate(f"node-{number}") for number in range(65536)]

    assert (subnets.count, subnets.capacity) == (131072, 131070)
    assert list(map(str, [handed_out[0], *handed_out[-2:]])) == [
        "fd01:0:0:1::/64",
        "fd01:0:0:ffff::/64",
        "fd01:0:1:1::/64",
    ]


def test_allocate__starts_again_at_the_first_subnet_after_a_refusal():
    subnets = allocator()
    fill(subnets)
    subnets.release("node-0", "10.1.0.0/24")
    subnets.allocate("again")
    with pytest.raises(SubnetsError):
        subnets.allocate("refused")
    subnets.release("again", "10.1.0.0/24")
    subnets.release("node-2", "10.1.2.0/24")

    assert str(subnets.allocate("new")[0]) == "10.1.0.0/24"


# "16M subnets ought to be enough for anybody." (subnet_allocator.go)
def test_capacity__of_a_range_is_at_most_16_million():
    assert SubnetRange("fd01::/32", 64).capacity == (1 << 24) - (1 << 8)


def test_allocate__a_released_subnet_is_used_again_last():
    subnets = allocator()
    (first,) = subnets.allocate("first")
    subnets.release("first", first)

    later = [subnets.allocate(f"node-{number}")[0] for number in range(4)]

    assert list(map(str, later)) == ["10.1.1.0/24", "10.1.2.0/24", "10.1.3.0/24", str(first)]


def test_allocate__takes_the_next_range_when_one_is_full():
    subnets = fill(allocator(("10.1.0.0/24", 25), ("10.9.0.0/24", 24)))

    assert list(map(str, subnets)) == ["10.1.0.0/25", "10.1.0.128/25", "10.9.0.0/24"]


def test_allocate__gives_one_subnet_of_each_family_or_none():
    subnets = allocator(("10.1.0.0/23", 24), ("fd01::/64", 64))

    assert list(map(str, subnets.allocate("a"))) == ["10.1.0.0/24", "fd01::/64"]
    with pytest.raises(SubnetsError, match=r"^no subnets available$"):
        subnets.allocate("b")
    assert subnets.usage == (1, 1)


def test_allocate__gives_nothing_without_ranges():
    assert (SubnetAllocator().allocate("a"), SubnetAllocator().capacity) == ((), 0)


def test_mark_allocated__keeps_a_subnet_from_others():
    subnets = allocator()
    subnets.mark_allocated("b", "10.1.0.0/24", "10.1.3.0/24")

    assert str(subnets.allocate("a")[0]) == "10.1.1.0/24"
    assert str(subnets.allocate("b")[0]) == "10.1.0.0/24"


@pytest.mark.parametrize(
    ("subnet", "message"),
    [
        ("10.1.0.0/24", "^network 10.1.0.0/24 already owned by a$"),
        ("10.2.0.0/24", "^network 10.2.0.0/24 does not belong to any known range$"),
    ],
)
def test_mark_allocated__marks_all_or_none(subnet, message):
    subnets = allocator()
    subnets.allocate("a")

    with pytest.raises(SubnetsError, match=message):
        subnets.mark_allocated("b", "10.1.2.0/24", subnet)
    assert subnets.usage == (1, 0)


def test_release__frees_what_it_can_and_says_what_it_cannot():
    subnets = allocator()
    subnets.mark_allocated("a", "10.1.0.0/24", "10.1.1.0/24")
    subnets.mark_allocated("b", "10.1.2.0/24")

    with pytest.raises(SubnetsError) as refusal:
        subnets.release("a", "10.1.2.0/24", "10.1.0.0/24", "10.9.0.0/24")
    assert str(refusal.value) == (
        "[network 10.1.2.0/24 already owned by b, network 10.9.0.0/24 does not belong to any known range]"
    )
    assert subnets.usage == (2, 0)


def test_release_all__frees_everything_of_an_owner():
    subnets = allocator()
    subnets.mark_allocated("a", "10.1.0.0/24", "10.1.1.0/24")
    subnets.allocate("b")

    subnets.release_all("a")

    assert subnets.usage == (1, 0)


# OpenShift's default: 512 nodes of 507 pods.
def test_what_binds__of_the_default_range():
    subnets = allocator(("10.128.0.0/14", 23))

    assert subnets.what_binds == "The IPv4 cluster subnets 10.128.0.0/14/23 are full at 512 nodes."
    assert SubnetRange("10.128.0.0/14", 23).pods_per_node == 507


@pytest.mark.parametrize(
    ("network", "host_subnet_length", "message"),
    [
        ("10.1.0.0/16", 32, "host capacity cannot be zero"),
        ("fd01::/64", 128, "host capacity cannot be zero"),
        ("10.1.0.0/16", 15, "subnet capacity cannot be larger than number of networks available"),
        ("10.1.0.1/16", 24, "has host bits set"),
    ],
)
def test_subnet_range__refuses(network, host_subnet_length, message):
    with pytest.raises(ValueError, match=message):
        SubnetRange(network, host_subnet_length)


# facts: 10.128.0.0/14 in /23 has 512 subnets of 507 pods; fd01::/48 in /64 leaves out the first of 2^16.
@pytest.mark.parametrize(
    ("pods", "nodes", "pods_per_node"),
    [
        (("10.128.0.0/14",), 512, 507),
        (("10.128.0.0/14", "10.4.0.0/22"), 514, 507),
        (("fd01::/48",), 65_535, 2**64 - 4),
    ],
)
def test_limits__worked_examples(pods, nodes, pods_per_node):
    assert bounds(limits, pod_cidrs=pods) == {NODES: [nodes], PODS_PER_NODE: [pods_per_node]}


def test_limits__refuse_subnets_of_one_address():
    with pytest.raises(ValueError, match="host capacity cannot be zero"):
        bounds(limits, pod_cidrs=("10.128.0.0/14",), node_cidr_mask_size=32)


def test_limits__refuse_a_range_smaller_than_a_subnet():
    with pytest.raises(ValueError, match="subnet capacity cannot be larger than number of networks"):
        bounds(limits, pod_cidrs=("10.128.0.0/14", "10.4.0.0/24"))


# The recordings have one range each.
@pytest.mark.parametrize(
    ("pods", "basis"), [(("10.128.0.0/14",), Basis.RAN), (("10.128.0.0/14", "10.4.0.0/22"), Basis.SOURCE)]
)
def test_limits__of_several_ranges_are_read_in_the_source(pods, basis):
    assert next(limits(SetUp(ipam="ovn-kubernetes", pod_cidrs=pods))).basis is basis
