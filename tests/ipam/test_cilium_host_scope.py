from collections import Counter

import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import cilium_host_scope
from kubenetlab.ipam.bands import RangeFullError
from kubenetlab.ipam.cilium_host_scope import HostScope
from tests.ipam.limit_tables import NODES, PODS_PER_NODE, bounds, words


# Cilium issue 46598: "252/254 allocated from 10.2.237.0/24".
def test_host_scope__router_and_health_endpoint_take_two_of_254():
    agent = HostScope("10.2.237.0/24", seed=1)

    assert (agent.capacity, agent.free, len(set(agent.own))) == (254, 252, 2)


@given(st.integers(24, 32), st.integers(0, 2**32))
def test_host_scope__gives_every_address_once_but_the_first_and_the_last(prefix_length, seed):
    agent = HostScope(f"10.1.0.0/{prefix_length}", seed)

    given_out = [agent.allocate() for _ in range(agent.free)]

    inside = netaddr.IPNetwork(f"10.1.0.0/{prefix_length}")
    assert sorted([*given_out, *agent.own]) == list(inside)[1:-1]
    with pytest.raises(RangeFullError, match="range is full"):
        agent.allocate()


def test_host_scope__a_released_address_is_free_again_but_for_ciliums_own():
    agent = HostScope("10.1.0.0/29", seed=1)
    address = agent.allocate()

    agent.release(address)
    agent.release(agent.own[0])

    assert agent.free == 4


# bitmap.go, randomScanStrategy: from a random place on. Chi-square with 13 degrees of freedom, 99.9 % quantile.
def test_host_scope__starts_anywhere():
    counts = Counter(HostScope("10.1.0.0/28", seed).own[0] for seed in range(2800))

    assert len(counts) == 14
    assert sum((n - 200) ** 2 / 200 for n in counts.values()) < 34.53


# ipallocator, RangeSize: of an IPv6 range the lowest 65,536 addresses.
def test_host_scope__looks_at_65536_addresses_of_an_ipv6_range():
    assert HostScope("fd00::/64", seed=1).capacity == 65_534
    assert words(cilium_host_scope.limits, pod_cidrs=("fd00::/56",))[1] == (
        "A node's /64 is used for 65,536 addresses, no pod gets 4 of them: room for 65,532 pods."
    )


def test_host_scope_limits__are_those_of_kubernetes_node_cidrs():
    found = bounds(
        cilium_host_scope.limits,
        pod_cidrs=("10.244.0.0/16",),
        service_cidrs=("10.244.0.0/20",),
        node_cidrs=("10.0.0.0/24",),
    )

    assert found == {NODES: [240, 254], PODS_PER_NODE: [252]}
