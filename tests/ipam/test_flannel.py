import json
from ipaddress import ip_network

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.flannel import OutOfSubnetsError, SubnetManager, limits, parse_config
from tests.ipam.limit_tables import NODES, PODS_PER_NODE, bounds

DUAL_STACK = {"Network": "10.5.0.0/24", "EnableIPv6": True, "IPv6Network": "fd00::/60"}


def parse(**fields):
    return parse_config(json.dumps(fields))


def manager(seed=0, **fields):
    return SubnetManager(parse(**(fields or {"Network": "10.5.0.0/16"})), seed=seed)


def fill(manager):
    """Lease subnets to new nodes until none is left."""
    leases = []
    while True:
        try:
            leases.append(manager.acquire(f"node-{len(leases)}"))
        except OutOfSubnetsError:
            return leases


# Flannel, Documentation/configuration.md: 10.0.0.0/8 in /20 from 10.10.0.0 to 10.99.0.0.
def test_capacity__of_the_documented_example():
    config = parse(Network="10.0.0.0/8", SubnetLen=20, SubnetMin="10.10.0.0", SubnetMax="10.99.0.0")

    assert config.ipv4.capacity == 1425


@given(st.integers(16, 26), st.integers(2, 4), st.integers(0, 3))
def test_acquire__leases_as_many_subnets_as_the_capacity(prefix_length, bits, seed):
    leases = manager(seed, Network=f"10.5.0.0/{prefix_length}", SubnetLen=prefix_length + bits)

    subnets = [subnet for (subnet,) in fill(leases)]

    assert len(set(subnets)) == len(subnets) == leases.capacity == 2**bits - 1
    assert all(subnet.subnet_of(ip_network(f"10.5.0.0/{prefix_length}")) for subnet in subnets)


def test_acquire__never_leases_the_first_subnet():
    leases = fill(manager(Network="10.5.0.0/24"))

    assert sorted(map(str, sum(leases, ()))) == ["10.5.0.128/26", "10.5.0.192/26", "10.5.0.64/26"]


# local_manager.go: the first 100 free subnets, ascending, each as likely as the others.
def test_acquire__chooses_evenly_among_the_first_hundred():
    draws = [int(manager(seed).acquire("a")[0].network_address) >> 8 & 0xFF for seed in range(4000)]

    counts = np.bincount(draws, minlength=101)[1:]

    assert counts.sum() == 4000
    assert len(counts) == 100
    chi_square = ((counts - 40) ** 2 / 40).sum()
    assert chi_square < 149  # 99 degrees of freedom, 0.1 %


def test_acquire__the_same_seed_gives_the_same_leases():
    one, other, third = (fill(manager(seed, Network="10.5.0.0/20")) for seed in (7, 7, 8))

    assert one == other != third


def test_acquire__gives_a_node_its_lease_again():
    leases = manager()

    assert leases.acquire("a") == leases.acquire("a")


def test_acquire__a_node_gets_its_previous_subnet_back():
    leases = manager()

    assert leases.acquire("a", ("10.5.200.0/24",)) == (ip_network("10.5.200.0/24"),)


@pytest.mark.parametrize("previous", ["10.5.200.0/25", "10.9.1.0/24", "10.5.0.0/24", "fd00::/64"])
def test_acquire__ignores_a_previous_subnet_that_no_longer_fits(previous):
    leases = manager()

    assert leases.acquire("a", (previous,)) != (ip_network(previous),)


def test_acquire__ignores_a_previous_subnet_that_another_node_leases():
    leases = manager()
    (taken,) = leases.acquire("a")

    assert leases.acquire("b", (taken,)) != (taken,)


def test_acquire__leases_both_families():
    leases = fill(manager(**DUAL_STACK))

    assert len(leases) == 3
    assert {(ipv4.prefixlen, ipv6.prefixlen) for ipv4, ipv6 in leases} == {(26, 64)}


def test_release__frees_the_subnet():
    leases = manager(Network="10.5.0.0/28")
    held = fill(leases)
    leases.release("node-1")
    leases.release("nobody")

    assert leases.acquire("new") == held[1]


def test_what_binds__says_where_the_range_ends():
    text = parse(Network="10.5.0.0/24").ipv4.what_binds

    assert text == "The subnets 10.5.0.64 to 10.5.0.192 of /26 are all leased at 3 nodes."


@pytest.mark.parametrize(("fields", "backend"), [({}, "udp"), ({"Backend": {"Type": "vxlan"}}, "vxlan")])
def test_parse_config__backend_type(fields, backend):
    assert parse(Network="10.5.0.0/16", **fields).backend_type == backend


# flannel, pkg/subnet/config.go; what is not there has no recording.
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"Network": "0.0.0.0/0"}, "please define a correct Network parameter"),
        ({"EnableIPv4": False, "EnableIPv6": True}, "please define a correct IPv6Network parameter"),
        (DUAL_STACK | {"IPv6SubnetLen": 127}, "SubnetLen must be less than /127"),
        (DUAL_STACK | {"IPv6SubnetLen": 61}, "network must be able to accommodate at least four subnets"),
        (DUAL_STACK | {"IPv6SubnetMin": "fd01::"}, "IPv6SubnetMin is not in the range of the IPv6Network"),
        (DUAL_STACK | {"IPv6SubnetMax": "fd00::1"}, "IPv6SubnetMax is not on a SubnetLen boundary: fd00::1"),
        ({"Network": "10.5.0.0/16", "SubnetMax": "10.6.0.0"}, "SubnetMax is not in the range of the Network"),
        ({"Network": "10.5.0.0/16", "SubnetLen": -1}, "SubnetLen -1 is negative"),
        ({"Network": "10.5.0.0/16", "SubnetLen": float("nan")}, "malformed"),
        ({"Network": "10.5.0.0"}, "invalid CIDR address: 10.5.0.0"),
        ({"Network": "10.5.0.0/33"}, "invalid CIDR address: 10.5.0.0/33"),
        ({"Network": "fd00::/48"}, "fd00::"),
        ({"Network": "10.5.0.0/16", "EnableIPv6": "yes"}, "Expected `bool`"),
    ],
)
def test_parse_config__refuses(fields, message):
    with pytest.raises(ValueError, match=message):
        parse(**fields)


def test_subnet_manager__refuses_a_cluster_without_ipv4():
    config = parse(EnableIPv4=False, EnableIPv6=True, IPv6Network="fd00::/48")

    with pytest.raises(ValueError, match="only where IPv4 is enabled"):
        SubnetManager(config, seed=1)


@given(st.integers(16, 26), st.integers(2, 4), st.integers(0, 3))
def test_limits__are_the_leases_there_are(prefix_length, bits, surge):
    network = f"10.5.0.0/{prefix_length}"
    leases = fill(manager(Network=network, SubnetLen=prefix_length + bits))

    found = bounds(limits, pod_cidrs=(network,), node_cidr_mask_size=prefix_length + bits, max_surge=surge)

    assert found[NODES] == [max(0, len(leases) - surge)]


# facts: a /16 in /24 has 255 subnets for nodes, not 256; IPv6 /64 where the network is a /62 or larger.
@pytest.mark.parametrize(
    ("network", "nodes", "pods"), [("10.244.0.0/16", 255, 253), ("fd00::/56", 255, 2**64 - 2)]
)
def test_limits__defaults(network, nodes, pods):
    assert bounds(limits, pod_cidrs=(network,)) == {NODES: [nodes], PODS_PER_NODE: [pods]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pod_cidrs": ("10.5.0.0/30",)}, "network is too small"),
        ({"pod_cidrs": ("10.5.0.0/24",), "node_cidr_mask_size": 25}, "at least four subnets"),
        ({"pod_cidrs": ("10.5.0.1/24",)}, "has host bits set"),
    ],
)
def test_limits__refuse_what_flannel_does(fields, message):
    with pytest.raises(ValueError, match=message):
        bounds(limits, **fields)
