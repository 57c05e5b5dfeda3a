import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import aks_node_subnet, aks_overlay, aks_pod_subnet, aks_pod_subnet_static
from kubenetlab.ipam.aks_pod_subnet import SubnetFullError
from kubenetlab.ipam.aks_pod_subnet_static import BlockSubnet, blocks_per_node
from tests.ipam.limit_tables import NODES, bounds, n_until


# azure-aks-docs, static block allocation, table of example cases: 30 -> 2 (1 wasted), 31 -> 2 (0), 32 -> 3 (15).
@pytest.mark.parametrize(("max_pods", "blocks", "wasted"), [(30, 2, 1), (31, 2, 0), (32, 3, 15)])
def test_blocks_per_node__example_cases(max_pods, blocks, wasted):
    assert (blocks_per_node(max_pods), blocks_per_node(max_pods) * 16 - 1 - max_pods) == (blocks, wasted)


def test_blocks_per_node__refuses_negative_numbers():
    with pytest.raises(ValueError, match="max_pods -1 is negative"):
        blocks_per_node(-1)


@pytest.mark.parametrize(
    ("pods", "max_pods", "n"), [("10.0.0.0/24", 30, 7), ("10.0.0.0/12", 250, 4095), ("10.0.0.0/28", 10, 0)]
)
def test_static_limits__nodes(pods, max_pods, n):
    assert bounds(aks_pod_subnet_static.limits, pod_cidrs=(pods,), max_pods=max_pods)[NODES] == [n]


def test_static_limits__refuse_a_subnet_above_a_twelve():
    with pytest.raises(ValueError, match=r"10.0.0.0/11 is no IPv4 range of /12 or smaller"):
        bounds(aks_pod_subnet_static.limits, pod_cidrs=("10.0.0.0/11",))


@pytest.mark.parametrize("model", [aks_node_subnet, aks_overlay, aks_pod_subnet, aks_pod_subnet_static])
def test_limits__refuse_host_bits(model):
    with pytest.raises(ValueError, match="has host bits set"):
        bounds(model.limits, pod_cidrs=("10.0.0.1/24",), node_cidrs=())


@given(st.integers(20, 28), st.integers(10, 250))
def test_block_subnet__holds_as_many_nodes_as_the_limit_says(prefix_length, max_pods):
    subnet = BlockSubnet(f"10.0.0.0/{prefix_length}")

    n_nodes = n_until(SubnetFullError, lambda node: subnet.add(node, max_pods))

    found = bounds(aks_pod_subnet_static.limits, pod_cidrs=(str(subnet.network),), max_pods=max_pods)
    assert found[NODES] == [n_nodes]


def test_block_subnet__blocks_are_apart_and_free_of_addresses_of_azure():
    subnet = BlockSubnet("10.0.0.0/24")
    blocks = [block for node in "abc" for block in subnet.add(node, 30)]

    subnet.remove("b")
    subnet.remove("unknown")

    assert len(set(blocks)) == 6
    assert not any(
        netaddr.IPAddress(kept) in block for block in blocks for kept in ("10.0.0.3", "10.0.0.255")
    )
    assert (subnet.free, subnet.add("a", 30)) == (10, tuple(blocks[:2]))
    assert subnet.add("d", 30) == tuple(blocks[2:4])


@pytest.mark.parametrize("cidr", ["10.0.0.0/11", "fd00::/64", "10.0.0.1/24"])
def test_block_subnet__refuses(cidr):
    with pytest.raises(ValueError, match=r"is no IPv4 range|has host bits set"):
        BlockSubnet(cidr)


def test_limits__count_no_more_pods_than_aks_allows():
    most, above = (
        bounds(aks_pod_subnet_static.limits, pod_cidrs=("10.0.0.0/16",), max_pods=n)[NODES]
        for n in (250, 400)
    )

    assert above == most
