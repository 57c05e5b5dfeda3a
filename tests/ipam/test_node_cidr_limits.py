import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import cilium_cluster_pool, cilium_multi_pool, host_local
from kubenetlab.ipam.node_cidr_limits import n_node_cidrs, n_touched
from kubenetlab.ipam.node_cidrs import NodeCidrSet
from tests.ipam.limit_tables import NODES, PODS_PER_NODE, bounds, words

SERVICES = st.lists(
    st.builds(
        lambda first, length: netaddr.IPNetwork((first, length)).cidr,
        st.integers(0x0AF40000 - 4096, 0x0AF40000 + 8192),
        st.integers(8, 32),
    ),
    max_size=3,
)


# kubernetes, cidr_set.go and cidr_set_test.go; facts, worked examples of the RangeAllocator.
@pytest.mark.parametrize(
    ("cluster_cidr", "mask_size", "n"),
    [
        ("10.244.0.0/16", 24, 256),
        ("10.128.0.0/14", 23, 512),
        ("10.0.0.0/14", 24, 1024),
        ("10.0.0.0/8", 32, 16_777_216),
        ("fd00::/48", 64, 65_536),
        ("fd00::/47", 64, 0),
        ("fd00::/56", 64, 256),
        ("10.0.0.0/25", 24, 0),
    ],
)
def test_n_node_cidrs__worked_examples(cluster_cidr, mask_size, n):
    assert n_node_cidrs(netaddr.IPNetwork(cluster_cidr), mask_size) == n


@given(st.integers(20, 24), st.integers(24, 28), SERVICES)
def test_n_touched__counts_what_the_cidr_set_keeps_back(prefix_length, mask_size, services):
    cluster_cidr = netaddr.IPNetwork(f"10.244.0.0/{prefix_length}")
    cidrs = NodeCidrSet(cluster_cidr, mask_size)
    for service in services:
        cidrs.filter_out_service_range(service)

    assert n_touched(cluster_cidr, mask_size, services) == cidrs.allocated


def test_limits__name_the_service_ranges_and_the_surge():
    texts = words(
        host_local.limits, pod_cidrs=("10.244.0.0/16",), service_cidrs=("10.244.0.0/20",), max_surge=2
    )

    assert texts[0] == (
        "10.244.0.0/16 holds 256 node CIDRs of /24, 16 of which Service ranges touch; "
        "an upgrade needs room for 2 more."
    )


@pytest.mark.parametrize(
    ("services", "surge", "n"), [((), 0, 256), (("10.96.0.0/12",), 0, 256), ((), 300, 0)]
)
def test_limits__nodes(services, surge, n):
    found = bounds(host_local.limits, pod_cidrs=("10.244.0.0/16",), service_cidrs=services, max_surge=surge)

    assert found[NODES] == [n]


# facts: dual stack, nodes = min over the families.
def test_limits__each_family_bounds_nodes_and_pods():
    found = bounds(
        host_local.limits,
        pod_cidrs=("10.244.0.0/16", "fd00::/56"),
        node_cidr_mask_size_ipv6=64,
        node_cidr_mask_size=20,
    )

    assert found == {NODES: [16, 256], PODS_PER_NODE: [4093, 2**64 - 2]}


# kubernetes, cidr_set.go and core.go; cilium, pkg/ipam/cidrset: a list with one bad range is refused as a whole.
@pytest.mark.parametrize(
    ("model", "pod_cidrs", "message"),
    [
        (host_local, ("10.244.0.0/25",), "mask size of cluster CIDR must be less than or equal to"),
        (host_local, ("fd00::/47",), "New CIDR set failed; the node CIDR size is too big"),
        (cilium_cluster_pool, ("10.0.0.0/16", "10.1.0.0/25"), "mask size of cluster CIDR must be less"),
        (cilium_cluster_pool, ("fd00::/60",), "the node CIDR size is too big"),
        (cilium_multi_pool, ("10.0.0.0/16", "10.1.0.0/25"), "mask size of cluster CIDR must be less"),
    ],
)
def test_limits__refuse_a_range_that_the_component_refuses(model, pod_cidrs, message):
    with pytest.raises(ValueError, match=message):
        bounds(model.limits, pod_cidrs=pod_cidrs, node_cidr_mask_size=24)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"node_cidr_mask_size": 33}, "node_cidr_mask_size 33 is not a prefix length of IPv4"),
        ({"pod_cidrs": ("10.0.0.1/8",)}, "10.0.0.1/8 has host bits set"),
        ({"service_cidrs": ("10.96.0.1/12",)}, "10.96.0.1/12 has host bits set"),
        ({"node_cidrs": ("10.1.2.3/24",)}, "10.1.2.3/24 has host bits set"),
    ],
)
def test_limits__refuse(fields, message):
    with pytest.raises(ValueError, match=message):
        bounds(host_local.limits, **{"pod_cidrs": ("10.0.0.0/8", "fd00::/56"), **fields})


# facts: feasible node masks for a kubelet's maxPods with host-local: 110 -> /25, 250 -> /24, 500 -> /23.
@pytest.mark.parametrize(("max_pods", "mask_size"), [(110, 25), (250, 24), (500, 23)])
def test_limits__smallest_node_mask_that_holds_max_pods(max_pods, mask_size):
    fitting = [
        size
        for size in range(16, 33)
        if bounds(host_local.limits, pod_cidrs=("10.0.0.0/8",), node_cidr_mask_size=size)[PODS_PER_NODE][0]
        >= max_pods
    ]

    assert max(fitting) == mask_size
