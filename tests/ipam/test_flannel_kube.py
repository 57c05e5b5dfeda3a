import re

import pytest

from kubenetlab.ipam.flannel_kube import LeaseError, acquire_lease, limits
from tests.ipam.limit_tables import NODES, bounds


def test_acquire_lease__is_the_nodes_pod_cidr_ipv4_first():
    subnets = acquire_lease("a", ["fd00::/64", "10.244.0.0/24"], "10.244.0.0/16", "fd00::/48")

    assert [str(subnet) for subnet in subnets] == ["10.244.0.0/24", "fd00::/64"]


# flannel 067ed7f, pkg/subnet/kube/kube.go (AcquireLease), the component's own texts.
@pytest.mark.parametrize(
    ("pod_cidrs", "message"),
    [
        ([], 'node "a" pod cidr not assigned'),
        (["10.244.0.0/24"] * 3, 'node "a" pod cidrs should be IPv4/IPv6 only or dualstack'),
        (
            ["10.9.0.0/24"],
            'subnet "10.244.0.0/16" specified in the flannel net config doesn\'t contain "10.9.0.0/24" PodCIDR of the "a" node',
        ),
        (
            ["fd00::/64"],
            'subnet "fd00::/64" specified in the PodCIDR, but doesn\'t exist in the flannel net config of the "a" node',
        ),
    ],
)
def test_acquire_lease__refuses(pod_cidrs, message):
    with pytest.raises(LeaseError, match=f"^{re.escape(message)}$"):
        acquire_lease("a", pod_cidrs, "10.244.0.0/16")


def test_acquire_lease__refuses_ipv6_outside_the_network():
    with pytest.raises(LeaseError, match='doesn\'t contain "fd01::/64" IPv6 PodCIDR of the "a" node'):
        acquire_lease("a", ["fd01::/64"], "10.244.0.0/16", "fd00::/48")


# facts: 256 nodes for a /16, not 255 as with etcd.
def test_limits__the_first_subnet_counts():
    assert bounds(limits, pod_cidrs=("10.244.0.0/16",))[NODES] == [256]
