import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.node_cidrs import NodeCidrSet, PoolExhaustedError
from tests.ipam import reference

CLUSTER_CIDR, NODE_CIDR_MASK_SIZE = "10.0.0.0/20", 24
steps = st.lists(
    st.tuples(st.sampled_from(["allocate", "occupy", "release"]), st.integers(0, 4095), st.integers(18, 28)),
    max_size=60,
)


def allocate_or_none(node_cidrs):
    try:
        return str(node_cidrs.allocate())
    except PoolExhaustedError:
        return None


@given(steps)
def test_node_cidr_set__agrees_with_reference(steps):
    node_cidrs = NodeCidrSet(CLUSTER_CIDR, NODE_CIDR_MASK_SIZE)
    twin = reference.NodeCidrSet(CLUSTER_CIDR, NODE_CIDR_MASK_SIZE)

    for name, offset, prefix_length in steps:
        if name == "allocate":
            assert allocate_or_none(node_cidrs) == twin.allocate()
        else:
            cidr = str(netaddr.IPNetwork(f"10.0.{offset // 256}.{offset % 256}/{prefix_length}").cidr)
            getattr(node_cidrs, name)(cidr)
            getattr(twin, name)(cidr)
        assert node_cidrs.allocated == len(twin.used)


@given(st.integers(0, 8), st.sampled_from(["10.244.0.0/16", "fd00:10:244::/56"]))
def test_allocate__blocks_tile_the_cluster_cidr(bits, cluster_cidr):
    node_cidrs = NodeCidrSet(cluster_cidr, netaddr.IPNetwork(cluster_cidr).prefixlen + bits)

    blocks = [node_cidrs.allocate() for _ in range(node_cidrs.max_cidrs)]

    assert netaddr.cidr_merge(blocks) == [netaddr.IPNetwork(cluster_cidr)]
    assert sum(block.size for block in blocks) == netaddr.IPNetwork(cluster_cidr).size


def test_allocate__raises_when_exhausted():
    node_cidrs = NodeCidrSet("10.0.0.0/24", 24)
    node_cidrs.allocate()

    with pytest.raises(PoolExhaustedError, match="no remaining CIDRs left to allocate in the accepted range"):
        node_cidrs.allocate()


def test_allocate__takes_a_released_block_only_after_the_cursor_came_round():
    node_cidrs = NodeCidrSet("10.0.0.0/22", 24)
    first = node_cidrs.allocate()
    node_cidrs.release(first)

    later = [str(node_cidrs.allocate()) for _ in range(4)]

    assert later == ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.0.0/24"]


# kubernetes, cidr_set_test.go: half of the range is occupied, so that 128 blocks are skipped.
def test_allocate__counts_the_blocks_it_skips():
    node_cidrs = NodeCidrSet("10.0.0.0/16", 24)
    node_cidrs.occupy("10.0.0.0/17")

    block = node_cidrs.allocate()

    assert (str(block), node_cidrs.tries) == ("10.0.128.0/24", 128)


# kubernetes, docs of kind: fd00:10:244::/56 in /64; the text is as Go prints it.
def test_allocate__writes_ipv6_as_go_does():
    node_cidrs = NodeCidrSet("fd00:10:244::/56", 64)

    assert [str(node_cidrs.allocate()) for _ in range(2)] == ["fd00:10:244::/64", "fd00:10:244:1::/64"]


@pytest.mark.parametrize("name", ["occupy", "release"])
@pytest.mark.parametrize("cidr", ["11.0.0.0/24", "2001:db8::/64"])
def test_mark__refuses_a_range_outside_the_cluster_cidr(name, cidr):
    with pytest.raises(ValueError, match=f"cidr {cidr} is out the range of cluster cidr 10.0.0.0/16"):
        getattr(NodeCidrSet("10.0.0.0/16", 24), name)(cidr)


def test_mark__does_nothing_where_nothing_changes():
    node_cidrs = NodeCidrSet("10.0.0.0/20", 24)
    for _ in range(2):
        node_cidrs.occupy("10.0.3.0/24")
        node_cidrs.release("10.0.4.0/24")

    assert (node_cidrs.allocated, node_cidrs.next_candidate, node_cidrs.used_bitmap) == (1, 0, 0b1000)


@pytest.mark.parametrize(
    ("service_cidr", "overlaps", "allocated"),
    [
        ("10.96.0.0/12", False, 0),
        ("10.244.2.16/28", True, 1),
        ("10.0.0.0/8", True, 256),
        ("fd00::/108", False, 0),
    ],
)
def test_filter_out_service_range__occupies_what_overlaps(service_cidr, overlaps, allocated):
    node_cidrs = NodeCidrSet("10.244.0.0/16", 24)

    assert node_cidrs.filter_out_service_range(service_cidr) is overlaps
    assert node_cidrs.allocated == allocated


def test_node_cidr_set__drops_host_bits_as_kube_controller_manager_does():
    assert str(NodeCidrSet("10.244.7.1/16", 24).cluster_cidr) == "10.244.0.0/16"


@pytest.mark.parametrize(
    ("cluster_cidr", "node_cidr_mask_size", "message"),
    [
        ("10.0.0.0/24", 16, "mask size of cluster CIDR must be less than or equal"),
        ("fd00::/47", 64, "New CIDR set failed; the node CIDR size is too big"),
        ("10.0.0.0/24", 33, "node_cidr_mask_size 33 is not a prefix length of IPv4"),
    ],
)
def test_node_cidr_set__refuses_mask_sizes(cluster_cidr, node_cidr_mask_size, message):
    with pytest.raises(ValueError, match=message):
        NodeCidrSet(cluster_cidr, node_cidr_mask_size)


@given(st.lists(st.integers(-1, 15), max_size=60), st.integers(0, 15))
def test_run__agrees_with_single_steps(operations, n_before):
    node_cidrs, single = (NodeCidrSet(CLUSTER_CIDR, NODE_CIDR_MASK_SIZE) for _ in range(2))
    for one in (node_cidrs, single):
        for _ in range(n_before):
            one.allocate()
    expected = []
    for index in operations:
        if index >= 0:
            single.release(f"10.0.{index}.0/24")
        block = allocate_or_none(single) if index < 0 else f"10.0.{index}.0/24"
        expected.append(-1 if block is None else int(block.split(".")[2]))

    indices = node_cidrs.run(operations)

    assert indices.tolist() == expected
    assert (node_cidrs.used_bitmap, node_cidrs.allocated) == (single.used_bitmap, single.allocated)
    assert (node_cidrs.next_candidate, node_cidrs.tries) == (single.next_candidate, single.tries)


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ([-1, 16], "operation 16 is neither -1 nor the index of one of 16 node CIDRs"),
        ([-2], "operation -2 is neither"),
        ([0.5], "operations must be integers in one dimension, not float64"),
        ([[1]], "in one dimension"),
    ],
)
def test_run__refuses_operations(operations, message):
    with pytest.raises(ValueError, match=message):
        NodeCidrSet(CLUSTER_CIDR, NODE_CIDR_MASK_SIZE).run(operations)
