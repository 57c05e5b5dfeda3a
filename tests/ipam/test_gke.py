import pytest

from kubenetlab.ipam.capacity import capacity
from kubenetlab.ipam.gke import limits, node_cidr_mask_size
from kubenetlab.ipam.set_up import SetUp
from tests.ipam.limit_tables import NODES, PODS_PER_NODE, bounds


# GKE, "Configure maximum Pods per node" (flexible pod CIDR): 8 -> /28, 9-16 -> /27 ... 65-128 -> /24, 129-256 -> /23.
@pytest.mark.parametrize(
    ("first", "last", "mask_size"),
    [(8, 8, 28), (9, 16, 27), (17, 32, 26), (33, 64, 25), (65, 128, 24), (129, 256, 23)],
)
def test_node_cidr_mask_size__of_the_documented_table(first, last, mask_size):
    assert {node_cidr_mask_size(max_pods) for max_pods in range(first, last + 1)} == {mask_size}


@pytest.mark.parametrize("max_pods", [7, 257, 0, -1])
def test_node_cidr_mask_size__refuses_what_gke_does(max_pods):
    with pytest.raises(ValueError, match=f"max_pods {max_pods} is not one of 8 to 256"):
        node_cidr_mask_size(max_pods)


# GKE, "VPC-native clusters", sizes of the primary and the pod range (gke-ip-address-management 8963a7c).
@pytest.mark.parametrize(
    ("primary", "n_nodes", "pods"),
    [
        (29, 4, 22),
        (28, 12, 20),
        (27, 28, 19),
        (26, 60, 18),
        (24, 252, 16),
        (22, 1020, 14),
        (20, 4092, 12),
        (19, 8188, 11),
    ],
)
def test_limits__of_the_documented_primary_and_pod_ranges(primary, n_nodes, pods):
    found = bounds(limits, pod_cidrs=(f"0.0.0.0/{pods}",), node_cidrs=(f"10.0.0.0/{primary}",))
    smaller = bounds(limits, pod_cidrs=(f"0.0.0.0/{pods + 1}",), node_cidrs=(f"10.0.0.0/{primary}",))

    assert found[NODES][0] == n_nodes
    assert smaller[NODES][0] < n_nodes


# GKE, host bits of the primary range by nodes: 1-4: 3, 5-12: 4 ... 4093-8188: 13.
@pytest.mark.parametrize(
    ("host_bits", "n_nodes"),
    [
        (3, 4),
        (4, 12),
        (5, 28),
        (6, 60),
        (7, 124),
        (8, 252),
        (9, 508),
        (10, 1020),
        (11, 2044),
        (12, 4092),
        (13, 8188),
    ],
)
def test_limits__of_the_documented_host_bits(host_bits, n_nodes):
    assert bounds(limits, node_cidrs=(f"10.0.0.0/{32 - host_bits}",))[NODES] == [n_nodes]


# facts: /20 with 110 pods -> 16 nodes; /16 -> 256 ("0/256 nodes"); 32 pods in a /20 -> 64; gcloud: "at most 1008
# node(s)" for a /14 with a /20 of it for Services.
@pytest.mark.parametrize(
    ("pods", "max_pods", "services", "n_nodes"),
    [
        ("10.4.0.0/20", 110, (), 16),
        ("10.4.0.0/16", 110, (), 256),
        ("10.4.0.0/20", 32, (), 64),
        ("10.4.0.0/14", 110, ("10.4.16.0/20",), 1008),
    ],
)
def test_limits__worked_examples(pods, max_pods, services, n_nodes):
    assert bounds(limits, pod_cidrs=(pods,), max_pods=max_pods, service_cidrs=services)[NODES] == [n_nodes]


@pytest.mark.parametrize(("max_pods", "n"), [(8, 8), (110, 128), (300, 256)])
def test_limits__pods_per_node(max_pods, n):
    assert min(bounds(limits, pod_cidrs=("10.4.0.0/14",), max_pods=max_pods)[PODS_PER_NODE]) == n


def test_limits__leave_ipv6_out():
    assert bounds(limits, pod_cidrs=("fd00::/64",)) == {PODS_PER_NODE: [256]}


def test_limits__refuse_fewer_pods_than_gke_accepts():
    with pytest.raises(ValueError, match="max_pods 4 is not one of 8 to 256, as GKE allows"):
        bounds(limits, pod_cidrs=("10.4.0.0/14",), max_pods=4)


def test_capacity__names_gke_where_its_maximum_binds():
    frame = capacity(SetUp(ipam="gke", pod_cidrs=("10.4.0.0/14",), max_pods=300)).frame

    assert frame.loc[1, ["n", "binds"]].tolist() == [256, "GKE"]
