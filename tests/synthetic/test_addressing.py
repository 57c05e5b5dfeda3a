from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.synthetic.addressing import (
    CalicoBlocks,
    Network,
    NodeRanges,
    NodeSubnet,
    RotatedNodeRanges,
    ShuffledNodeRanges,
    ZoneSubnets,
    zone_node_address,
)


def network(**changes):
    words = {
        "pods": "10.244.0.0/16",
        "services": "10.96.0.0/12",
        "nodes": "10.20.0.0/18",
        "node_mask": 24,
        "n_nodes": 3,
        "n_zones": 3,
        "first_address": 2,
        "seed": 1,
    }
    return Network(**words | changes)


def test_node_ranges__go_up_and_start_at_the_second_address():
    ranges = NodeRanges(network())

    assert [ranges.node_cidr(n) for n in range(3)] == ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"]
    assert [ranges.allocate(1) for _ in range(3)] == ["10.244.1.2", "10.244.1.3", "10.244.1.4"]


def test_node_ranges__leave_out_those_of_the_service_range():
    ranges = NodeRanges(network(services="10.244.1.0/24"))

    assert [ranges.node_cidr(n) for n in range(3)] == ["10.244.0.0/24", "10.244.2.0/24", "10.244.3.0/24"]


def test_node_ranges__raises_when_a_range_is_full():
    ranges = NodeRanges(network(node_mask=29))
    taken = [ranges.allocate(0) for _ in range(5)]

    assert taken[-1] == "10.244.0.6"
    with pytest.raises(ValueError, match=r"10\.244\.0\.0/29 has no free address left"):
        ranges.allocate(0)


def test_rotated_node_ranges__count_the_second_octet_first():
    # ovn-kubernetes, subnet_allocator.go: the order of 10.128.0.0/14 in ranges of /23, recorded from the real allocator
    ranges = RotatedNodeRanges(network(pods="10.128.0.0/14", node_mask=23, n_nodes=5))

    expected = ["10.128.0.0/23", "10.129.0.0/23", "10.130.0.0/23", "10.131.0.0/23", "10.128.2.0/23"]
    assert [ranges.node_cidr(n) for n in range(5)] == expected


@given(seed=st.integers(0, 99))
def test_shuffled_node_ranges__hand_out_every_address_but_first_and_last(seed):
    ranges = ShuffledNodeRanges(network(seed=seed, node_mask=28))

    taken = {ranges.allocate(0) for _ in range(14)}

    assert taken == {f"10.244.0.{n}" for n in range(1, 15)}
    with pytest.raises(ValueError, match="has no free address left"):
        ranges.allocate(0)


@given(seed=st.integers(0, 99))
def test_calico_blocks__addresses_are_of_blocks_of_the_node(seed):
    blocks = CalicoBlocks(network(seed=seed))

    taken = {(node, blocks.allocate(node)) for node in (0, 1, 2) for _ in range(100)}

    owner = {ip_network(cidr): node for cidr, node, _ in blocks.blocks()}
    assert all(owner[ip_network(f"{ip}/26", strict=False)] == node for node, ip in taken)
    assert sum(n_used for _, _, n_used in blocks.blocks()) == 303
    assert len(owner) == 6


def test_calico_blocks__raises_when_the_pool_has_none_left():
    blocks = CalicoBlocks(network(pods="10.244.0.0/24", node_mask=26))

    with pytest.raises(ValueError, match="no free block left"):
        [blocks.allocate(0) for _ in range(300)]


def test_calico_blocks__ipv6_blocks_have_64_addresses():
    blocks = CalicoBlocks(
        network(pods="fd00:10:244::/48", services="fd00:96::/112", nodes="fd00:20::/64", node_mask=64)
    )

    assert all(cidr.endswith("/122") for cidr, _, _ in blocks.blocks())


def test_zone_subnets__leave_the_addresses_that_aws_reserves():
    subnets = ZoneSubnets(network(pods="", nodes="10.0.0.0/24", n_nodes=1, n_zones=1))
    taken = {subnets.node_address(0), *(subnets.allocate(0) for _ in range(58))}

    expected = {str(ip_address("10.0.0.4") + n) for n in range(59)}
    assert taken == expected
    with pytest.raises(ValueError, match="subnet has no free address left"):
        subnets.allocate(0)


def test_node_subnet__every_node_holds_its_pods_addresses():
    subnet = NodeSubnet(network(pods="", nodes="10.224.0.0/16"))

    assert [subnet.node_address(n) for n in range(3)] == ["10.224.0.4", "10.224.0.35", "10.224.0.66"]
    assert [subnet.allocate(1) for _ in range(2)] == ["10.224.0.36", "10.224.0.37"]
    assert subnet.node_cidr(1) == ""


def test_zone_node_address__raises_when_the_zone_is_full():
    with pytest.raises(ValueError, match="has no room for node 31"):
        zone_node_address(network(nodes="10.0.0.0/26"), 30)
