import pytest

from kubenetlab.ipam import aks_overlay
from kubenetlab.ipam.capacity import capacity
from kubenetlab.ipam.set_up import SetUp
from tests.ipam.limit_tables import NODES, PODS_PER_NODE, bounds, words


# azure-aks-docs, azure-cni-overlay: a /24 a node, 250 pods, 5,000 nodes; the pod CIDR can grow from /18 to /16.
@pytest.mark.parametrize(
    ("pods", "n"), [("10.244.0.0/16", 256), ("10.244.0.0/18", 64), ("10.0.0.0/11", 5000)]
)
def test_overlay_limits__nodes(pods, n):
    found = bounds(aks_overlay.limits, pod_cidrs=(pods,), max_pods=250)

    assert (found[NODES][0], found[PODS_PER_NODE]) == (n, [250, 250])


def test_overlay_limits__the_node_subnet_needs_an_address_a_node():
    assert bounds(aks_overlay.limits, node_cidrs=("10.0.0.0/24",), max_surge=1)[NODES] == [250, 5000]


def test_overlay_limits__refuse_another_mask():
    with pytest.raises(ValueError, match="node_cidr_mask_size 25 is not 24"):
        bounds(aks_overlay.limits, node_cidr_mask_size=25)


def test_overlay_limits__name_aks_where_its_maximum_binds():
    frame = capacity(SetUp(ipam="azure-overlay", pod_cidrs=("10.244.0.0/16",), max_pods=253)).frame

    assert frame.loc[1, ["n", "binds"]].tolist() == [250, "AKS"]


@pytest.mark.parametrize(
    "ipam",
    ["azure-overlay", "azure-node-subnet", "azure-pod-subnet", "azure-pod-subnet-static", "azure-kubenet"],
)
def test_capacity__refuses_fewer_pods_than_aks_accepts(ipam):
    with pytest.raises(ValueError, match="max_pods 9 is not one of 10 to 250, as AKS allows"):
        capacity(SetUp(ipam=ipam, pod_cidrs=("10.244.0.0/16",), max_pods=9))


# azure-aks-docs, configure maximum pods: at least 10 a node, and a pool must have room for 30.
def test_overlay_limits__a_small_pool_needs_several_nodes():
    assert words(aks_overlay.limits, max_pods=14)[0] == (
        "AKS allows at most 250 pods on a node, and no pool with room for less than 30: 3 nodes of 14."
    )
