import json
from pathlib import Path

import netaddr
import pytest

from kubenetlab.ipam.pod_cidr_capacity import POD_CIDR_RULES, pods_per_node_cidr

HOST_LOCAL = Path(__file__).parent.parent / "golden" / "host-local"


# Recordings of the real host-local 1.1.1: ADD until "no IP addresses available" (or refused at once).
@pytest.mark.parametrize(
    ("case", "cidr"),
    [
        ("v4_28_exhaust", "10.1.0.0/28"),
        ("v4_31_too_small", "10.1.0.0/31"),
        ("dual_stack_v6_exhausted", "fd00::/125"),
        ("v6_127_too_small", "fd00:1::/127"),
    ],
)
def test_pods_per_node_cidr__host_local_hands_out_exactly_that_many(case, cidr):
    steps = json.loads((HOST_LOCAL / f"{case}.json").read_text("utf-8"))["steps"]
    handed_out = next(i for i, step in enumerate(steps) if step["rc"] != 0)

    assert pods_per_node_cidr(cidr, "host-local") == handed_out


# The same count on other sizes: network, gateway and broadcast are lost.
@pytest.mark.parametrize(
    ("prefix_length", "pods"), [(30, 1), (29, 5), (28, 13), (27, 29), (26, 61), (25, 125), (24, 253), (32, 0)]
)
def test_pods_per_node_cidr__host_local_ipv4_loses_network_gateway_and_broadcast(prefix_length, pods):
    assert pods_per_node_cidr(f"10.1.0.0/{prefix_length}", "host-local") == pods


@pytest.mark.parametrize(("prefix_length", "pods"), [(126, 2), (125, 6), (128, 0)])
def test_pods_per_node_cidr__host_local_ipv6_keeps_the_last_address(prefix_length, pods):
    assert pods_per_node_cidr(f"fd00::/{prefix_length}", "host-local") == pods


# Cilium issue 46598: "252/254 allocated"; ovn-kubernetes' default /23; GKE's table 8 -> /28 ... 129-256 -> /23.
@pytest.mark.parametrize(
    ("cidr", "ipam", "pods"),
    [
        ("10.2.237.0/24", "cilium-kubernetes", 252),
        ("10.2.237.0/24", "cilium-cluster-pool", 252),
        ("10.128.2.0/23", "ovn-kubernetes", 507),
        ("10.4.0.0/28", "gke", 8),
        ("10.4.0.0/27", "gke", 16),
        ("10.4.0.0/24", "gke", 128),
        ("10.4.0.0/23", "gke", 256),
        ("10.244.7.0/24", "azure-overlay", 250),
        ("fd00::/64", "cilium-kubernetes", 65_532),  # ipallocator, RangeSize: 65,536 addresses at most
        ("fd00::/120", "cilium-cluster-pool", 252),
    ],
)
def test_pods_per_node_cidr__each_ipam_keeps_its_own_addresses(cidr, ipam, pods):
    assert pods_per_node_cidr(cidr, ipam) == pods


@pytest.mark.parametrize(
    "ipam", ["calico", "cilium-multi-pool", "cilium-eni", "aws-vpc-cni", "azure-node-subnet", "unknown"]
)
def test_pods_per_node_cidr__none_where_the_ipam_does_not_use_it(ipam):
    assert pods_per_node_cidr("10.244.0.0/24", ipam) is None


@pytest.mark.parametrize(
    ("cidr", "ipam"), [("fd00::/64", "gke"), ("fd00::/64", "azure-overlay"), ("10.0.0.0/25", "azure-overlay")]
)
def test_pods_per_node_cidr__none_for_a_range_that_nothing_is_known_about(cidr, ipam):
    assert pods_per_node_cidr(cidr, ipam) is None


@pytest.mark.parametrize("ipam", POD_CIDR_RULES)
def test_pods_per_node_cidr__takes_netaddr_and_ignores_host_bits(ipam):
    assert pods_per_node_cidr(netaddr.IPNetwork("10.1.2.3/24"), ipam) == pods_per_node_cidr(
        "10.1.2.0/24", ipam
    )


@pytest.mark.parametrize("cidr", ["10.244.0.0/33", "pods"])
def test_pods_per_node_cidr__refuses_what_is_not_a_cidr(cidr):
    with pytest.raises(netaddr.AddrFormatError, match=cidr):
        pods_per_node_cidr(cidr, "host-local")
