import numpy as np
import pytest

from kubenetlab.ipam.calico_blocks import IpPool
from kubenetlab.ipam.forecast.load import Load
from kubenetlab.ipam.forecast.pools import MAX_BLOCKS, BlockPool, CountPool, PrefixPool, bounds_of
from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.ipam.set_up import SetUp

LARGE = INSTANCE_TYPES["m5.large"]


def bounds(**set_up):
    strict = set_up.pop("strict_affinity", False)
    return bounds_of(Load(set_up=SetUp(**set_up), pods=10, nodes=2, strict_affinity=strict))


@pytest.mark.parametrize(
    ("set_up", "n_nodes"),
    [
        ({"ipam": "host-local", "pod_cidrs": ("10.244.0.0/16",), "service_cidrs": ("10.244.2.16/28",)}, 255),
        ({"ipam": "flannel-etcd", "pod_cidrs": ("10.244.0.0/16",)}, 255),
        ({"ipam": "cilium-cluster-pool", "pod_cidrs": ("10.0.0.0/20", "10.1.0.0/20")}, 32),
        ({"ipam": "gke", "pod_cidrs": ("10.4.0.0/14",), "node_cidrs": ("10.0.0.0/24",)}, 252),
        ({"ipam": "azure-overlay", "pod_cidrs": ("10.244.0.0/16",)}, 256),
        ({"ipam": "ovn-kubernetes", "pod_cidrs": ("10.128.0.0/14",)}, 512),
        ({"ipam": "azure-node-subnet", "pod_cidrs": ("10.0.0.0/24",), "max_pods": 30}, 8),
    ],
)
def test_bounds_of__compares_nodes_where_each_takes_the_same(set_up, n_nodes):
    found = bounds(**set_up)

    assert found.pool is None
    assert found.nodes.n == n_nodes


def test_bounds_of__plays_the_surge_and_leaves_out_what_is_only_tested():
    found = bounds(ipam="host-local", pod_cidrs=("10.0.0.0/8",), max_surge=100)

    assert found.nodes.n == 65_536
    assert found.pods is None


def test_bounds_of__takes_the_tighter_family():
    found = bounds(ipam="host-local", pod_cidrs=("10.244.0.0/16", "fd00:10:244::/60"))

    assert found.nodes.n == 16


@pytest.mark.parametrize("strict", [False, True])
def test_bounds_of__calico_has_the_blocks_of_all_its_pools(strict):
    pool = bounds(ipam="calico", pod_cidrs=("10.0.0.0/24", "10.0.9.0/25"), strict_affinity=strict).pool

    assert isinstance(pool, BlockPool)
    assert pool.pool_start.tolist() == [0, 4, 6]
    assert (pool.block_size, pool.is_strict) == (64, strict)


@pytest.mark.parametrize(("cidr", "size"), [("192.168.0.0/22", 28), ("fd00::/112", 122)])
def test_bounds_of__blocks_are_ranked_as_calico_sorts_their_names(cidr, size):
    pool = bounds(ipam="calico", pod_cidrs=(cidr,), block_size=28, block_size_ipv6=122).pool

    real = IpPool(cidr, size)
    names = sorted(range(real.n_blocks), key=lambda index: str(real.block(index)))
    assert np.argsort(pool.rank).tolist() == names


def test_bounds_of__plays_a_part_of_pools_that_are_too_large_to_fill():
    pool = bounds(ipam="calico", pod_cidrs=("fd00::/64",)).pool

    assert pool.n_blocks == MAX_BLOCKS


def test_bounds_of__secondary_addresses_are_those_of_the_warm_pool():
    # docs/eni-and-ip-target.md: an m5.large holds 10 addresses without pods and 20 with one.
    pool = bounds(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/24",), instance=LARGE).pool

    assert isinstance(pool, CountPool)
    assert (pool.wanted[0], pool.wanted[1], pool.capacity) == (10, 20, 251)
    assert pool.least[:3].tolist() == [1, 2, 3]
    assert pool.least[10] == 12  # a second interface


def test_bounds_of__custom_networking_leaves_out_the_first_interface_and_the_nodes_subnets():
    found = bounds(
        ipam="aws-vpc-cni",
        pod_cidrs=("100.64.0.0/24",),
        node_cidrs=("10.0.0.0/27",),
        instance=LARGE,
        custom_networking=True,
    )

    assert found.pool.capacity == 251
    assert found.nodes.n == 27
    assert found.pods_per_node.n == 20


def test_bounds_of__warm_targets_change_what_a_node_takes():
    given = {"ipam": "aws-vpc-cni", "pod_cidrs": ("10.0.0.0/24",), "instance": LARGE}

    few = bounds(**given, warm_ip_target=1, minimum_ip_target=3).pool
    prefixes = bounds(**given, prefix_delegation=True, warm_prefix_target=2).pool

    assert few.wanted[:2].tolist() == [4, 4]
    assert prefixes.wanted[[1, 16]].tolist() == [3, 3]


def test_bounds_of__what_others_hold_is_not_there():
    set_up = SetUp(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/24",), instance=LARGE)
    batches = SetUp(ipam="azure-pod-subnet", pod_cidrs=("10.241.0.0/24",))

    pools = [bounds_of(Load(set_up=s, pods=10, nodes=2, held_by_others=100)).pool for s in (set_up, batches)]
    full = bounds_of(Load(set_up=set_up, pods=10, nodes=2, held_by_others=1000)).pool

    assert [pool.capacity for pool in (*pools, full)] == [151, 144, 0]  # 151 in batches of 16


def test_bounds_of__addresses_of_others_break_as_few_prefixes_as_can_be():
    set_up = SetUp(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/26",), instance=LARGE, prefix_delegation=True)

    pool = bounds_of(Load(set_up=set_up, pods=10, nodes=2, held_by_others=20)).pool

    assert pool.kept.tolist() == [16, 8, 0, 1]
    assert pool.capacities == (64 - 5 - 20,)


# pool_allocator.go: a /27 counts 30 addresses; 8 are kept free, in steps of 8; 2 are Cilium's own.
def test_bounds_of__multi_pool_gives_nodes_cidrs_of_a_pool():
    found = bounds(ipam="cilium-multi-pool", pod_cidrs=("10.10.0.0/16",), node_cidr_mask_size=27)

    assert isinstance(found.pool, CountPool)
    assert (found.pool.capacity, found.pool.units, found.nodes) == (2048, ("CIDRs of the pool",), None)
    assert found.pool.wanted[[0, 14, 15, 110]].tolist() == [1, 1, 2, 4]
    assert found.pool.least[[0, 28, 29]].tolist() == [1, 1, 2]


@pytest.mark.parametrize(("ipv6", "capacity"), [("fd00::/118", 32), ("fd00::/112", 64)])
def test_bounds_of__multi_pool_of_two_families_is_the_tighter_one(ipv6, capacity):
    pool = bounds(
        ipam="cilium-multi-pool",
        pod_cidrs=("10.10.0.0/20", ipv6),
        node_cidr_mask_size=26,
        node_cidr_mask_size_ipv6=123,
    ).pool

    assert pool.capacity == capacity


def test_bounds_of__multi_pool_without_a_mask_size_counts_addresses():
    found = bounds(ipam="cilium-multi-pool", pod_cidrs=("10.10.0.0/24",))

    assert (found.pool, found.pods.n) == (None, 256)


def test_bounds_of__without_an_instance_type_a_pod_takes_one_address():
    pool = bounds(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/24",), prefix_delegation=True).pool

    assert pool.wanted[:3].tolist() == pool.least[:3].tolist() == [1, 2, 3]


def test_bounds_of__prefixes_need_whole_16s():
    pool = bounds(ipam="aws-vpc-cni", pod_cidrs=("10.0.0.0/26",), instance=LARGE, prefix_delegation=True).pool

    assert isinstance(pool, PrefixPool)
    assert pool.kept.tolist() == [4, 0, 0, 1]
    assert pool.wanted[[0, 1, 16, 17]].tolist() == [1, 2, 2, 3]


# 2 addresses are Cilium's own and 8 are free; interfaces have 9 beside their own.
@pytest.mark.parametrize(("is_prefix", "wanted"), [(False, [12, 13, 30]), (True, [1, 1, 3])])
def test_bounds_of__cilium_eni_keeps_8_addresses_free(is_prefix, wanted):
    pool = bounds(
        ipam="cilium-eni", pod_cidrs=("10.0.0.0/24",), instance=LARGE, prefix_delegation=is_prefix
    ).pool

    assert pool.wanted[[0, 1, 25]].tolist() == wanted


def test_bounds_of__aks_gives_batches():
    pool = bounds(ipam="azure-pod-subnet", pod_cidrs=("10.241.0.0/24",)).pool

    assert pool.capacity == 240  # 251 in batches of 16
    assert pool.wanted[[0, 8, 9]].tolist() == [16, 16, 32]
    assert pool.least[[0, 16, 17]].tolist() == [16, 16, 32]


def test_bounds_of__refuses_unknown_allocators():
    with pytest.raises(ValueError, match="ipam 'weave' is unknown"):
        bounds(ipam="weave")


def test_bounds_of__nothing_is_known_without_ranges():
    found = bounds(ipam="calico")

    assert (found.nodes, found.pool, found.services) == (None, None, None)


def test_bounds_of__refuses_host_bits():
    with pytest.raises(ValueError, match="host bits"):
        bounds(ipam="calico", pod_cidrs=("10.0.0.1/24",))
