import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import aks_pod_subnet
from kubenetlab.ipam.aks_pod_subnet import BATCH, PodSubnet, SubnetFullError, n_batches
from tests.ipam.limit_tables import NODES, PODS, bounds, n_until


# azure-aks-docs, concepts-network-azure-cni-pod-subnet: 16 at start, 16 more while fewer than 8 are free.
def test_n_batches__follows_pods_that_come_one_by_one():
    held, expected = BATCH, []
    for n_pods in range(251):
        while held - n_pods < 8:
            held += BATCH
        expected.append(held // BATCH)

    assert [n_batches(n_pods) for n_pods in range(251)] == expected


def test_n_batches__refuses_negative_numbers():
    with pytest.raises(ValueError, match="n_pods -1 is negative"):
        n_batches(-1)


@given(st.integers(20, 28), st.integers(10, 250))
def test_pod_subnet_limits__are_the_nodes_that_all_get_their_addresses(prefix_length, max_pods):
    subnet = PodSubnet(f"10.0.0.0/{prefix_length}")

    n_nodes = n_until(SubnetFullError, lambda node: subnet.set_pods(node, max_pods))

    found = bounds(aks_pod_subnet.limits, pod_cidrs=(str(subnet.network),), max_pods=max_pods)

    assert found[NODES] == [n_nodes]
    assert n_nodes * max_pods <= found[PODS][0] <= subnet.network.size - 5


def test_pod_subnet__keeps_batches_until_the_node_is_gone():
    subnet = PodSubnet("10.0.0.0/24")

    held = [subnet.set_pods("a", n_pods) for n_pods in (0, 8, 9, 0)]
    subnet.remove("a")
    subnet.remove("unknown")

    assert (held, subnet.free) == ([16, 16, 32, 32], 251)


def test_pod_subnet_limits__a_virtual_network_has_65536_addresses():
    assert bounds(aks_pod_subnet.limits, pod_cidrs=("10.0.0.0/12",))[PODS][0] == 65_536


def test_pod_subnet__says_what_is_missing():
    subnet = PodSubnet("10.0.0.0/26")
    subnet.set_pods("a", 40)

    with pytest.raises(SubnetFullError, match=r"10.0.0.0/26 has 11 addresses left, b needs 16 more"):
        subnet.set_pods("b", 0)


def test_limits__count_no_more_pods_than_aks_allows():
    most, above = (
        bounds(aks_pod_subnet.limits, pod_cidrs=("10.0.0.0/16",), max_pods=n)[NODES] for n in (250, 400)
    )

    assert above == most
