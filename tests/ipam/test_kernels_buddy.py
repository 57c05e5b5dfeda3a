import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam import _kernels_buddy as kernels
from tests.ipam import reference_pools

POLICIES = {
    "first-fit": kernels.FIRST_FIT,
    "best-fit": kernels.BEST_FIT,
    "worst-fit": kernels.WORST_FIT,
    "random-fit": kernels.RANDOM_FIT,
}


@st.composite
def traces(draw, max_order, size=40):
    """Operations, places and draws: each release is of an earlier allocation, and only once."""
    operations, places, live = [], [], []
    for number in range(draw(st.integers(0, size))):
        if live and draw(st.booleans()):
            operations.append(-1 - live.pop(draw(st.integers(0, len(live) - 1))))
            places.append(-1)
        else:
            order = draw(st.integers(0, max_order))
            is_reserved = draw(st.integers(0, 3)) == 0
            place = draw(st.integers(0, 2 ** (max_order - order) - 1)) << order
            operations.append(order)
            places.append(place if is_reserved else -1)
            live.append(number)
    draws = draw(
        st.lists(st.floats(0, 1, exclude_max=True), min_size=len(operations), max_size=len(operations))
    )
    return operations, places, draws


def run(state, operations, places, policy, draws):
    """Orders are given as prefix lengths of a pool whose finest is 32."""
    lengths = [32 - operation if operation >= 0 else operation for operation in operations]
    starts = np.array(places, dtype=np.int64)
    kernels.run(*state, np.array(lengths, dtype=np.int64), starts, 0, 32, POLICIES[policy], np.array(draws))
    return starts.tolist()


def blocks(orders, starts):
    return sorted(zip(orders.tolist(), starts.tolist(), strict=True), key=lambda block: block[1])


@pytest.mark.parametrize("max_order", [0, 1, 4])
@given(st.data(), st.sampled_from(list(POLICIES)))
def test_run__agrees_with_reference(max_order, data, policy):
    operations, places, draws = data.draw(traces(max_order))
    state, twin = kernels.new_state(max_order), reference_pools.Buddy(max_order)

    starts = run(state, operations, places, policy, draws)

    assert starts == twin.run(operations, places, policy, draws)
    assert blocks(*kernels.free_blocks(state)) == twin.free_blocks()
    assert blocks(*kernels.used_blocks(state)) == sorted(twin.used, key=lambda block: block[1])


# From 2^6 blocks of one order on a tree has several levels; sizes near one another make the orders share words.
@pytest.mark.parametrize("max_order", [6, 8])
@pytest.mark.parametrize("policy", POLICIES)
def test_run__agrees_with_reference_where_trees_have_levels(max_order, policy):
    rng = np.random.default_rng(max_order)
    filled = [0] * 2**max_order
    released = [-1 - int(number) for number in rng.permutation(2**max_order)[: 2 ** (max_order - 1)]]
    operations = [*filled, *released, *rng.integers(0, 3, 20).tolist()]
    places, draws = [-1] * len(operations), rng.random(len(operations)).tolist()
    state, twin = kernels.new_state(max_order), reference_pools.Buddy(max_order)
    twin.used = {(0, start) for start in range(2**max_order)}

    starts = run(state, operations, places, policy, draws)

    order_of_filling = starts[: len(filled)]
    assert sorted(order_of_filling) == list(range(2**max_order))
    for operation in released:
        twin.used.discard((0, order_of_filling[-1 - operation]))
    rest = slice(-20, None)
    assert starts[rest] == twin.run(operations[rest], places[rest], policy, draws[rest])
    assert blocks(*kernels.free_blocks(state)) == twin.free_blocks()


@given(traces(max_order=12, size=30), st.sampled_from(list(POLICIES)))
def test_run__free_blocks_and_blocks_in_use_tile_the_pool(trace, policy):
    operations, places, draws = trace
    state = kernels.new_state(12)

    run(state, operations, places, policy, draws)

    tiles = sorted(
        [*blocks(*kernels.free_blocks(state)), *blocks(*kernels.used_blocks(state))], key=lambda b: b[1]
    )
    ends = [start + 2**order for order, start in tiles]
    assert [start for _, start in tiles] == [0, *ends[:-1]]
    assert ends[-1] == 2**12


@given(traces(max_order=12, size=30), st.sampled_from(list(POLICIES)))
def test_run__releasing_everything_restores_one_block(trace, policy):
    operations, places, draws = trace
    released = {-1 - operation for operation in operations if operation < 0}
    rest = [-1 - n for n, operation in enumerate(operations) if operation >= 0 and n not in released]
    n_places = [-1] * len(rest)
    state, new = kernels.new_state(12), kernels.new_state(12)

    run(state, [*operations, *rest], [*places, *n_places], policy, [*draws, *[0.0] * len(rest)])

    assert all(np.array_equal(part, new_part) for part, new_part in zip(state, new, strict=True))


@pytest.mark.jit_only
@pytest.mark.parametrize("policy", ["first-fit", "best-fit"])
def test_run__no_block_overlaps_another_in_a_large_pool(policy):
    rng = np.random.default_rng(7)
    orders = rng.integers(0, 9, 200_000)
    state = kernels.new_state(24)

    starts = np.array(run(state, orders.tolist(), [-1] * orders.size, policy, [0.0]))

    ascending = np.argsort(starts)
    assert (starts % (1 << orders) == 0).all()
    assert (starts[ascending][1:] >= (starts + (1 << orders))[ascending][:-1]).all()
    assert (1 << orders).sum() + (state[3] << np.arange(25)).sum() == 2**24


def test_run__the_largest_pool_holds_its_last_unit():
    state = kernels.new_state(kernels.MAX_ORDER)
    last = 2**kernels.MAX_ORDER - 1

    starts = run(state, [0, 0, 0, -1, -3, 0], [last, last, -1, -1, -1, -1], "best-fit", [0.0])

    assert starts == [last, -1, last - 1, last, last - 1, 0]
    assert blocks(*kernels.used_blocks(state)) == [(0, 0)]
    assert kernels.is_used(state, 0, 0)
    assert not kernels.is_used(state, 1, 0)
