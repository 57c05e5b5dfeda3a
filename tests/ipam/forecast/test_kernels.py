import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.ipam.calico_blocks import IpPool
from kubenetlab.ipam.forecast import _kernels_blocks as kernels
from kubenetlab.ipam.forecast import _kernels_pods
from kubenetlab.ipam.forecast import _kernels_prefixes as prefix_kernels
from kubenetlab.ipam.forecast._kernels_pods import draw_pods
from kubenetlab.ipam.forecast.churn import Churn
from kubenetlab.ipam.forecast.events import Story, draw_events
from kubenetlab.ipam.forecast.growth import Growth
from kubenetlab.ipam.forecast.load import Load
from kubenetlab.ipam.forecast.pools import bounds_of
from kubenetlab.ipam.forecast.replicates import new_blocks, new_subnet
from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.ipam.set_up import SetUp
from kubenetlab.ipam.vpc_subnets import VpcSubnet
from tests.ipam.forecast import reference

CHURN = Churn(pod_lifetime_days=3, node_lifetime_days=15, upgrade_every_days=12, update_share=0.1)
SEEDS = st.integers(0, 2**32 - 1)


def drawn(load, seed, n_days=25, growth=5.0):
    rng = np.random.default_rng(seed)
    return rng, draw_events(Story(load, Growth(growth, growth), CHURN, n_days), rng)


@given(SEEDS, st.floats(0.1, 1), st.lists(st.floats(0.5, 3000), min_size=2, max_size=20))
def test_draw_pods__agrees_with_reference(seed, survival, targets):
    days = np.zeros((len(targets), kernels.N_COLUMNS), dtype=np.int64)
    days[0, kernels.PODS] = 100

    draw_pods(np.random.default_rng(seed), np.array(targets), survival, 0.7, days)

    expected = reference.draw_pods(np.random.default_rng(seed), targets, survival, 0.7, 100)
    assert list(map(tuple, days[1:, :4].tolist())) == expected


def play_both(load, pools, seed, max_nodes):
    """Blocks, addresses, first day and first refusal, of the kernel and of CalicoIpam with the same random numbers."""
    rng, events = drawn(load, seed)
    pool, max_pods = bounds_of(load).pool, load.set_up.max_pods
    blocks = new_blocks(pool, events, max_nodes, max_pods)
    use = np.empty((len(events.days), 2), dtype=np.int64)
    first_day = kernels.play_blocks(rng, blocks, events.days, use)
    refusal = tuple(blocks.counts[[kernels.REFUSAL, kernels.FREE_THEN]].tolist())

    twin_rng, events = drawn(load, seed)
    twin = reference.CalicoCluster(twin_rng, pools, strict=load.strict_affinity, max_pods=max_pods)
    twin_use, twin_day = reference.play_blocks(twin, events.days, max_nodes, 2)
    kernel_side = (list(map(tuple, use.tolist())), first_day, refusal if first_day >= 0 else None)
    return kernel_side, (twin_use, twin_day, twin.refusal)


@settings(max_examples=25)
@given(SEEDS, st.booleans(), st.integers(4, 9))
def test_play_blocks__agrees_with_calico_ipam_event_by_event(seed, is_strict, max_nodes):
    cidrs = ("10.0.0.0/26", "10.0.9.0/27")
    set_up = SetUp(ipam="calico", pod_cidrs=cidrs, block_size=29, max_pods=20, max_surge=2)
    load = Load(set_up=set_up, pods=25, nodes=4, strict_affinity=is_strict)

    actual, expected = play_both(load, [(cidr, 29) for cidr in cidrs], seed, max_nodes)

    assert actual == expected


@pytest.mark.parametrize("is_strict", [True, False])
def test_play_blocks__agrees_where_a_host_has_all_its_blocks(is_strict):
    # 20 blocks of one address: a host with 19 pods and a tunnel has as many blocks as it may.
    set_up = SetUp(ipam="calico", pod_cidrs=("10.0.0.0/25",), block_size=32, max_pods=30, max_surge=2)
    load = Load(set_up=set_up, pods=44, nodes=2, strict_affinity=is_strict)

    actual, expected = play_both(load, [("10.0.0.0/25", 32)], 5, max_nodes=2)

    assert actual == expected
    assert actual[2][0] == kernels.HOST_LIMIT


def test_play_blocks__a_block_that_another_nodes_pod_pinned_is_deleted_when_it_is_empty():
    rng = np.random.default_rng(1)
    set_up = SetUp(ipam="calico", pod_cidrs=("10.0.0.0/30",), block_size=30, max_pods=10)
    load = Load(set_up=set_up, pods=1, nodes=1)
    blocks = new_blocks(bounds_of(load).pool, drawn(load, 1)[1], 2, 10)
    kernels.join(rng, blocks)  # both nodes have an address for a tunnel, of the one block
    kernels.join(rng, blocks)

    kernels.leave(rng, blocks, blocks.live[0])
    pinned = blocks.host.tolist()
    kernels.leave(rng, blocks, blocks.live[0])

    assert pinned == [kernels.NOBODY]
    assert blocks.host.tolist() == [kernels.UNCLAIMED]
    assert blocks.counts[[kernels.N_CLAIMED, kernels.N_EMPTY, kernels.N_USED]].tolist() == [0, 0, 0]


def test_events__have_the_columns_that_are_drawn():
    drawn_columns = (
        _kernels_pods.PODS,
        _kernels_pods.ARRIVALS,
        _kernels_pods.DEPARTURES,
        _kernels_pods.UPDATES,
    )

    assert drawn_columns == (kernels.PODS, kernels.ARRIVALS, kernels.DEPARTURES, kernels.UPDATES)


# IpPool counts its blocks; the twin's pool starts where it was drawn, so the real order of blocks is kept.
def test_reference__pool_has_the_blocks_of_the_real_one():
    drawn_pool, real = reference.DrawnPool("10.0.0.0/26", 29), IpPool("10.0.0.0/26", 29)
    drawn_pool.starts["a"] = real.first_block_index("a")

    assert list(drawn_pool.blocks("a")) == list(real.blocks("a"))


@settings(max_examples=25)
@given(
    SEEDS, st.sampled_from(["10.0.0.0/24", "10.0.0.0/25", "10.0.0.0/23", "10.0.0.0/28"]), st.integers(1, 3)
)
def test_play_prefixes__agrees_with_a_subnet_event_by_event(seed, cidr, surge):
    set_up = SetUp(
        ipam="aws-vpc-cni", pod_cidrs=(cidr,), instance=INSTANCE_TYPES["t3.small"], prefix_delegation=True
    )
    load = Load(set_up=set_up, pods=60, nodes=3)
    pool = bounds_of(load).pool
    _, events = drawn(load, seed, growth=20.0)
    days = events.days
    load_by_day = np.stack([days[:, kernels.NODES], events.peak_pods, days[:, kernels.REPLACED]], axis=1)
    surges = np.full(len(days), surge)
    subnet = new_subnet(pool, int(load_by_day[:, 0].max()) + surge)
    use = np.empty(len(days), dtype=np.int64)

    first_day = prefix_kernels.play_prefixes(np.random.default_rng(seed), subnet, load_by_day, surges, use)

    twin = reference.PrefixCluster(
        np.random.default_rng(seed), VpcSubnet(cidr), pool.wanted.tolist(), pool.slots_per_interface
    )
    twin_use, twin_day = reference.play_prefixes(twin, load_by_day, surges)
    assert (use.tolist(), first_day) == (twin_use, twin_day)
    if twin.refusal:
        counts = subnet.counts[[prefix_kernels.REFUSAL, prefix_kernels.FREE_THEN]]
        assert tuple(counts.tolist()) == twin.refusal
