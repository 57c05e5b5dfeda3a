from ipaddress import ip_network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import gke
from kubenetlab.ipam.gke_node_ranges import NodeRanges
from kubenetlab.ipam.node_cidrs import PoolExhaustedError
from tests.ipam.limit_tables import NODES, bounds, n_until


@given(st.integers(20, 24), st.integers(8, 256))
def test_allocate__nodes_of_one_size_fill_the_range(prefix_length, max_pods):
    ranges = NodeRanges([f"10.4.0.0/{prefix_length}"])

    n_nodes = n_until(PoolExhaustedError, lambda node: ranges.allocate(node, max_pods))

    assert bounds(gke.limits, pod_cidrs=(f"10.4.0.0/{prefix_length}",), max_pods=max_pods)[NODES] == [n_nodes]


@given(st.lists(st.integers(8, 256), max_size=20))
def test_allocate__ranges_are_apart_and_large_enough(sizes):
    ranges = NodeRanges(["10.4.0.0/16"])

    found = [ip_network(str(ranges.allocate(f"node-{n}", max_pods))) for n, max_pods in enumerate(sizes)]

    assert not any(one.overlaps(other) for one, other in combinations(found, 2))
    assert all(cidr.num_addresses >= 2 * max_pods for cidr, max_pods in zip(found, sizes, strict=True))


# GKE, discontiguous multi-Pod CIDR: another range is used when the first has no room.
def test_allocate__goes_on_in_the_next_range():
    ranges = NodeRanges(["10.4.0.0/24", "10.8.0.0/24"])

    assert [str(ranges.allocate(node, 110)) for node in "aba"] == [
        "10.4.0.0/24",
        "10.8.0.0/24",
        "10.4.0.0/24",
    ]


def test_release__the_range_is_free_again():
    ranges = NodeRanges(["10.4.0.0/24"])
    ranges.allocate("a", 110)

    ranges.release("a")
    ranges.release("unknown")

    assert str(ranges.allocate("b", 110)) == "10.4.0.0/24"


def test_allocate__small_nodes_can_leave_no_room_for_a_large_one():
    ranges = NodeRanges(["10.4.0.0/24"])
    ranges.allocate("a", 8)

    with pytest.raises(PoolExhaustedError, match=r"10.4.0.0/24 has no free /24 for node b with 110 pods"):
        ranges.allocate("b", 110)


@pytest.mark.parametrize(
    ("cidrs", "message"),
    [
        (["fd00::/64"], "fd00::/64 is no IPv4 pod range"),
        (["10.4.0.0/29"], "10.4.0.0/29 is no IPv4 pod range of /28 or larger"),
        (["10.4.0.1/24"], "has host bits set"),
        ([], "there is no IPv4 pod range"),
    ],
)
def test_node_ranges__refuse(cidrs, message):
    with pytest.raises(ValueError, match=message):
        NodeRanges(cidrs)
