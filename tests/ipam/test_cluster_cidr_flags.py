import netaddr
import pytest

from kubenetlab.ipam.capacity import capacity
from kubenetlab.ipam.cluster_cidr_flags import mask_sizes
from kubenetlab.ipam.set_up import SetUp

V4, V6 = "10.244.0.0/16", "fd00::/56"


def sizes(*cidrs, **flags):
    return mask_sizes([netaddr.IPNetwork(cidr) for cidr in cidrs], **flags)


# kubernetes, cmd/kube-controller-manager/app/core.go, setNodeCIDRMaskSizes
@pytest.mark.parametrize(
    ("cidrs", "flags", "expected"),
    [
        ((V4,), {}, (24,)),
        ((V6,), {"mask_size": 60}, (60,)),
        ((V6, V4), {"mask_size_ipv4": 26}, (64, 26)),
    ],
)
def test_mask_sizes__by_family(cidrs, flags, expected):
    assert sizes(*cidrs, **flags) == expected


@pytest.mark.parametrize(
    ("cidrs", "flags", "message"),
    [
        ((V4, "10.1.0.0/16"), {}, r"len of ClusterCIDRs==2 and they are not configured as dual stack"),
        ((V4, V6, "10.1.0.0/16"), {}, "length of clusterCIDRs is:3 more than max allowed of 2"),
        (
            (V4, V6),
            {"mask_size": 24},
            "usage of --node-cidr-mask-size is not allowed with dual-stack clusters",
        ),
        (
            (V4,),
            {"mask_size": 24, "mask_size_ipv4": 24},
            "-ipv6 is not allowed if --node-cidr-mask-size is set",
        ),
        ((V6,), {"mask_size_ipv4": 24}, "-ipv4 is not allowed for a single-stack IPv6 cluster"),
        ((V4,), {"mask_size_ipv6": 64}, "-ipv6 is not allowed for a single-stack IPv4 cluster"),
        ((V4,), {"mask_size": 15}, "mask size of cluster CIDR must be less than or equal to"),
    ],
)
def test_mask_sizes__refuses_what_the_component_refuses(cidrs, flags, message):
    with pytest.raises(ValueError, match=message):
        sizes(*cidrs, **flags)


@pytest.mark.parametrize("ipam", ["host-local", "kubenet", "azure-kubenet", "cilium-kubernetes"])
def test_capacity__refuses_two_cluster_cidrs_of_one_family(ipam):
    with pytest.raises(ValueError, match="not configured as dual stack"):
        capacity(SetUp(ipam=ipam, pod_cidrs=(V4, "10.245.0.0/16")))


def test_capacity__refuses_two_networks_of_flannel():
    with pytest.raises(
        ValueError, match=r"one network of a family, not 10\.244\.0\.0/16 and 10\.245\.0\.0/16"
    ):
        capacity(SetUp(ipam="flannel-etcd", pod_cidrs=(V4, "10.245.0.0/16")))
