import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import aks_node_subnet
from kubenetlab.ipam.aks_node_subnet import subnet_addresses
from tests.ipam.limit_tables import NODES, PODS_PER_NODE, bounds


# azure-aks-docs fb060ab, plan-pod-networking: 50 nodes of 30 pods and one of surge: 1,581 -> /21; ten more: 1,891.
@pytest.mark.parametrize(("n_nodes", "n"), [(50, 1581), (60, 1891)])
def test_subnet_addresses__worked_examples(n_nodes, n):
    assert subnet_addresses(n_nodes, max_pods=30) == n


@pytest.mark.parametrize("numbers", [(-1, 30, 1), (1, -30, 1), (1, 30, -1)])
def test_subnet_addresses__refuses_negative_numbers(numbers):
    with pytest.raises(ValueError, match="is negative"):
        subnet_addresses(*numbers)


@given(st.integers(16, 29), st.integers(10, 250), st.integers(0, 5))
def test_node_subnet_limits__are_the_most_nodes_that_fit(prefix_length, max_pods, max_surge):
    (n,) = bounds(
        aks_node_subnet.limits,
        node_cidrs=(f"10.0.0.0/{prefix_length}",),
        max_pods=max_pods,
        max_surge=max_surge,
    )[NODES]
    usable = 2 ** (32 - prefix_length) - 5

    assert n == 0 or subnet_addresses(n, max_pods, max_surge) <= usable
    assert subnet_addresses(n + 1, max_pods, max_surge) > usable


# azure-aks-docs: the /21 of the worked example holds 60 nodes and the surge; a /24 holds 8 nodes of 30 pods.
@pytest.mark.parametrize(("prefix_length", "surge", "n"), [(21, 1, 64), (24, 0, 8)])
def test_node_subnet_limits__worked_examples(prefix_length, surge, n):
    found = bounds(
        aks_node_subnet.limits, node_cidrs=(f"10.0.0.0/{prefix_length}",), max_pods=30, max_surge=surge
    )

    assert found == {NODES: [n], PODS_PER_NODE: [250]}


def test_node_subnet_limits__each_node_lies_in_one_subnet():
    subnets = ("10.0.0.0/26", "10.0.1.0/26")  # 59 addresses each

    assert bounds(aks_node_subnet.limits, node_cidrs=subnets, pod_cidrs=subnets, max_pods=39)[NODES] == [2]


# A node takes an address for each of the 250 pods that AKS allows, however large maxPods is.
def test_node_subnet_limits__count_no_more_pods_than_aks_allows():
    found = bounds(aks_node_subnet.limits, node_cidrs=("10.0.0.0/16",), max_pods=400)

    assert found == {NODES: [65_531 // 251], PODS_PER_NODE: [250]}
