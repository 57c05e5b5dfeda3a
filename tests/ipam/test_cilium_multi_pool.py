import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import cilium_multi_pool
from kubenetlab.ipam.cilium_multi_pool import MultiPool, UnknownPoolError, needed_addresses, pool_of_pod
from kubenetlab.ipam.node_cidrs import PoolExhaustedError
from tests.ipam.limit_tables import NODES, PODS, bounds, n_until


def texts(cidrs):
    return [str(cidr) for cidr in cidrs]


# cilium, Documentation and multipool_test.go: (in use, pending) -> addresses asked for, 8 in advance.
@pytest.mark.parametrize(
    ("in_use", "pending", "needed"),
    [(0, 0, 8), (8, 0, 16), (10, 1, 24), (16, 0, 24)],
)
def test_needed_addresses__examples(in_use, pending, needed):
    assert needed_addresses(in_use, pending) == needed


# multipool.go, comment of neededIPCeil with 16 in advance.
@pytest.mark.parametrize(("in_use", "needed"), [(0, 16), (1, 32), (15, 32), (16, 32), (17, 48)])
def test_needed_addresses__examples_of_the_source(in_use, needed):
    assert needed_addresses(in_use, pre_allocate=16) == needed


def test_needed_addresses__without_any_in_advance():
    assert needed_addresses(5, 2, pre_allocate=0) == 7


def test_needed_addresses__refuses_negative_numbers():
    with pytest.raises(ValueError, match="is negative"):
        needed_addresses(-1)


ANNOTATION = "ipam.cilium.io/ip-pool"


@pytest.mark.parametrize(
    ("pod", "namespace", "pool"),
    [
        ({ANNOTATION: "red"}, {ANNOTATION: "blue"}, "red"),
        ({}, {ANNOTATION: "blue"}, "blue"),
        ({}, {}, "default"),
    ],
)
def test_pool_of_pod__the_pod_comes_before_its_namespace(pod, namespace, pool):
    assert pool_of_pod(pod, namespace) == pool


def test_multi_pool__a_node_gets_as_many_cidrs_as_it_needs():
    pools = MultiPool()
    pools.add_pool("red", ["10.20.0.0/16", "fd00::/112"], {4: 28, 6: 124})

    first = texts(pools.request("a", "red", needed_addresses(0)))
    second = texts(pools.request("a", "red", needed_addresses(8)))

    assert first == ["10.20.0.0/28", "fd00::/124"]
    assert second == ["10.20.0.0/28", "fd00::/124", "10.20.0.16/28", "fd00::10/124"]


def test_multi_pool__pools_are_apart_and_a_node_that_is_gone_gives_all_back():
    pools = MultiPool()
    pools.add_pool("red", ["10.20.0.0/26"], {4: 27})
    pools.add_pool("blue", ["10.30.0.0/26"], {4: 27})
    pools.request("a", "red", 40)
    pools.request("a", "blue", 8)

    before = pools.free("red"), pools.free("blue")
    pools.remove("a")

    assert (before, pools.free("red"), pools.free("blue")) == ((0, 1), 2, 2)


@given(st.integers(20, 24), st.integers(25, 28), st.integers(1, 60))
def test_multi_pool_limits__are_the_full_nodes_that_get_their_cidrs(prefix_length, mask_size, max_pods):
    pools = MultiPool()
    pools.add_pool("default", [f"10.0.0.0/{prefix_length}"], {4: mask_size})

    n = n_until(
        PoolExhaustedError, lambda node: pools.request(node, "default", needed_addresses(max_pods + 2))
    )

    found = bounds(
        cilium_multi_pool.limits,
        pod_cidrs=(f"10.0.0.0/{prefix_length}",),
        node_cidr_mask_size=mask_size,
        max_pods=max_pods,
    )
    assert found[NODES] == [n]
    assert found[PODS] == [2 ** (mask_size - prefix_length) * (2 ** (32 - mask_size) - 2)]


def test_multi_pool_limits__without_a_mask_size_only_the_addresses_count():
    assert bounds(cilium_multi_pool.limits, pod_cidrs=("10.0.0.0/16",)) == {PODS: [65_536]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("red", ["10.0.0.0/16"], {4: 27}), "pool 'red' is there already"),
        (("blue", ["fd00::/112"], {4: 27}), "pool 'blue' has no mask size for IPv6"),
        (("blue", ["10.0.0.0/16", "10.0.1.0/24"], {4: 27}), "collides with"),
    ],
)
def test_multi_pool__refuses(arguments, message):
    pools = MultiPool()
    pools.add_pool("red", ["10.20.0.0/16"], {4: 27})

    with pytest.raises(ValueError, match=message):
        pools.add_pool(*arguments)


# pool_allocator.go, allocateCIDRs: the component's own text.
def test_multi_pool__refuses_an_unknown_pool():
    with pytest.raises(UnknownPoolError, match="cannot allocate from non-existing pool: green"):
        MultiPool().request("a", "green", 8)
