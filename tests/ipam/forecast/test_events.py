import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.forecast import _kernels_blocks as kernels
from kubenetlab.ipam.forecast.churn import NO_CHURN, Churn
from kubenetlab.ipam.forecast.events import Story, draw_events
from kubenetlab.ipam.forecast.growth import Growth
from kubenetlab.ipam.forecast.load import Load
from kubenetlab.ipam.set_up import SetUp

SET_UP = SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/16",), max_surge=3)
FLAT = Growth(0, 0)


def drawn(seed=1, growth=FLAT, churn=NO_CHURN, n_days=30, **load):
    value = Load(**({"set_up": SET_UP, "pods": 300, "nodes": 10} | load))
    return draw_events(Story(value, growth, churn, n_days), np.random.default_rng(seed))


def pods_on(day, n_replicates, churn, growth=FLAT, pods=300):
    runs = (drawn(seed, growth, churn, day, pods=pods) for seed in range(n_replicates))
    return np.array([events.days[day, kernels.PODS] for events in runs])


# M/G/infinity: with Poisson arrivals the number in the system is Poisson (Takacs 1962).
def test_draw_events__occupancy_is_that_of_an_infinite_server_queue():
    n, pods = 2000, 300

    counts = pods_on(40, n, Churn(pod_lifetime_days=4), pods=pods)

    assert abs(counts.mean() - pods) < 3 * np.sqrt(pods / n)
    assert abs(counts.var(ddof=1) - pods) < 3 * pods * np.sqrt(2 / n + 1 / (n * pods))


# Of those who are there first, each is left with probability s; the others are Poisson with mean (1 - s) times as many.
def test_draw_events__occupancy_grows_noisy_as_the_queue_forgets_its_start():
    n, pods, s = 2000, 300, np.exp(-3 / 4)

    counts = pods_on(3, n, Churn(pod_lifetime_days=4), pods=pods)

    variance = pods * s * (1 - s) + pods * (1 - s)
    assert abs(counts.mean() - pods) < 3 * np.sqrt(variance / n)
    assert abs(counts.var(ddof=1) - variance) < 3 * variance * np.sqrt(2 / n + 1 / (n * variance))


def test_draw_events__occupancy_of_neighbouring_days_is_correlated_as_the_queues():
    n, pods = 2000, 300
    runs = (drawn(seed, FLAT, Churn(pod_lifetime_days=4), 42).days[40:42, kernels.PODS] for seed in range(n))
    one, other = np.array(list(runs)).T

    correlation = np.corrcoef(one, other)[0, 1]

    assert abs(correlation - np.exp(-1 / 4)) < 3 * (1 - np.exp(-1 / 2)) / np.sqrt(n)
    assert pods == 300


def test_draw_events__occupancy_follows_growth():
    n, growth = 2000, Growth(3, 3)

    counts = pods_on(100, n, Churn(), growth)

    mean = 300 * growth.factor(100)
    assert abs(counts.mean() - mean) < 3 * np.sqrt(mean / n)


@given(st.integers(0, 2**32 - 1), st.floats(0, 10), st.integers(0, 5), st.integers(0, 20))
def test_draw_events__counts_fit_together(seed, rate, window, period):
    churn = Churn(upgrade_every_days=period, scale_down_after_days=window)

    events = drawn(seed, Growth(0, rate), churn)

    days = events.days
    change = days[1:, kernels.ARRIVALS] - days[1:, kernels.DEPARTURES]
    assert np.array_equal(np.diff(days[:, kernels.PODS]), change)
    assert np.all(days[:, kernels.NODES] * 300 >= events.peak_pods * 10)
    assert np.all(days[:, kernels.REPLACED] <= days[:, kernels.NODES])
    assert np.all(events.peak_nodes <= days[:, kernels.NODES] + 3)


def test_draw_events__nothing_happens_without_growth_and_churn():
    events = drawn()

    assert set(events.days[:, kernels.PODS].tolist()) == {300}
    assert set(events.peak_nodes.tolist()) == {10}


def test_draw_events__upgrades_come_at_their_period_and_add_the_surge():
    events = drawn(churn=Churn(upgrade_every_days=10, node_lifetime_days=float("inf")))

    upgraded = np.flatnonzero(events.days[:, kernels.UPGRADED])
    assert set(np.diff(upgraded).tolist()) == {10}
    assert 1 <= upgraded[0] <= 10
    extra = events.peak_nodes - events.days[:, kernels.NODES]
    assert extra[upgraded].tolist() == [3] * len(upgraded)


def test_draw_events__rolling_updates_add_their_surge():
    events = drawn(churn=Churn(updates_per_day=50, update_share=0.1, pod_lifetime_days=float("inf")))

    assert events.peak_pods[1:].tolist() == [300 + 8] * 30  # 30 pods, a quarter of them rounded up


def test_draw_events__superfluous_nodes_stay_for_a_while():
    shrinking = type(
        "", (), {"log_factors": lambda _self, n, _rng: np.where(np.arange(n + 1) < 5, 0.0, -1.0)}
    )()

    nodes = drawn(growth=shrinking, churn=Churn(scale_down_after_days=3, updates_per_day=0)).days[
        :, kernels.NODES
    ]

    assert nodes[5:8].min() > 7
    assert nodes[15:].max() < 6


def test_draw_events__services_grow_with_the_pods():
    services = drawn(growth=Growth(1, 1), n_days=366, services=100).services

    assert services[0] == 100
    assert services[-1] == 201


@pytest.mark.parametrize("rate", [1e6, 1e300])
def test_draw_events__demand_beyond_measure_stays_finite(rate):
    events = drawn(growth=Growth(rate, rate), n_days=3000, churn=Churn())

    assert events.days[-1, kernels.PODS] == pytest.approx(10_000_000, rel=0.01)
