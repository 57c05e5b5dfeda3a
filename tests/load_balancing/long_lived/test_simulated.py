"""What simulated connections say, and that they say it again."""

from math import inf

import numpy as np
import pytest

from kubenetlab.load_balancing.long_lived.imbalance import MEASURES
from kubenetlab.load_balancing.long_lived.load import ConnectionLoad, EndpointEvent
from kubenetlab.load_balancing.long_lived.simulated import MEANINGS, simulate_connections, simulated_runs
from kubenetlab.result import Basis

LOAD = ConnectionLoad(
    n_endpoints=4, duration_s=200, warm_up_s=50, mean_lifetime_s=20, arrival_rate_per_s=4, n_nodes=2, n_samples=40,
    events=(EndpointEvent("roll-out", 100, 4, 5.0, 10.0),), requests_per_connection_per_s=2.5,
)  # fmt: skip


@pytest.mark.parametrize("chooser", ["random", "ipvs-lc"])
def test_simulate_connections__same_bytes_for_any_number_of_workers(chooser):
    frames = [
        simulate_connections(LOAD, chooser=chooser, seed=7, n_runs=5, workers=workers).over_time.frame
        for workers in (1, 2, 4)
    ]

    csv = [frame.to_csv(index=False).encode() for frame in frames]
    assert csv[0] == csv[1] == csv[2]


def test_simulate_connections__a_run_does_not_depend_on_how_many_there_are():
    one, *_ = simulate_connections(LOAD, seed=7, n_runs=1).runs
    first, _ = simulate_connections(LOAD, seed=7, n_runs=2, workers=2).runs

    assert one.samples.tobytes() == first.samples.tobytes()


def test_over_time__has_a_row_a_moment_and_bands_around_each_mean():
    frame = simulate_connections(LOAD, n_runs=9).over_time.frame

    assert [*frame.columns[:3]] == ["time_s", "n_endpoints", "connections"]
    assert len(frame) == 40
    assert frame["time_s"].iloc[-1] == 200
    for name in ("connections", *MEASURES):
        assert (frame[f"{name}_p05"] <= frame[f"{name}_p95"]).all()
    assert (frame["max_over_mean"] >= 1).all()


def test_over_time__counts_the_endpoints_that_are_chosen():
    load = ConnectionLoad(
        n_endpoints=4, duration_s=100, mean_lifetime_s=20, n_samples=10,
        events=(EndpointEvent("scale-up", 30, 2), EndpointEvent("scale-down", 65)),
    )  # fmt: skip

    frame = simulate_connections(load).over_time.frame

    assert frame["n_endpoints"].tolist() == [4, 4, 4, 6, 6, 6, 5, 5, 5, 5]


def test_by_endpoint__adds_up_to_all_connections():
    simulated = simulate_connections(LOAD, n_runs=3)

    frame = simulated.by_endpoint.frame
    total = simulated.values.loc["connections"].mean()
    assert frame["mean_connections"].sum() == pytest.approx(total)
    assert frame["requests_per_s"].sum() == pytest.approx(2.5 * total)
    assert frame["opened"].sum() == pytest.approx(simulated.values.loc["opened_per_s"].mean() * 150)
    assert (frame["max_connections"] > frame["mean_connections"]).all()


def test_by_endpoint__says_when_each_comes_and_goes():
    frame = simulate_connections(LOAD).by_endpoint.frame

    assert frame["in_s"].tolist() == [0, 0, 0, 0, 100, 105, 110, 115]
    assert frame["out_s"].fillna(-1).tolist() == [100, 105, 110, 115, -1, -1, -1, -1]


def test_measures__has_a_row_a_measure():
    result = simulate_connections(LOAD, n_runs=4).measures

    frame = result.frame.set_index("measure")
    assert [*frame.index] == [*MEANINGS]
    assert (frame["p05"] <= frame["p95"]).all()
    assert frame.loc["cut", "mean"] > 0
    assert frame.loc["refused", "mean"] == 0
    assert frame.loc["cut", "mean"] / 150 == pytest.approx(frame.loc["reconnects_per_s", "mean"])
    assert result.basis is Basis.SOURCE  # only the choice itself was compared with a kernel


def test_measures__time_to_rebalance_is_known_only_with_events():
    without = ConnectionLoad(n_endpoints=4, duration_s=200, mean_lifetime_s=20, arrival_rate_per_s=4)

    assert simulate_connections(without).values.loc["rebalance_s"].isna().all()
    assert (simulate_connections(LOAD, n_runs=3).values.loc["rebalance_s"] > 15).all()


def test_measures__connections_that_stay_never_rebalance():
    """kubernetes #126378: ipvs rr, 27 connections to three kube-apiservers; one restarts, and 16 h later nothing has changed.

    A maximum age of an hour would have helped.
    """
    restart = (EndpointEvent("crash", 600.0), EndpointEvent("scale-up", 660.0))
    load = ConnectionLoad(
        n_endpoints=3,
        duration_s=16 * 3600,
        mean_lifetime_s=1e9,
        n_clients=27,
        warm_up_s=60,
        n_samples=960,
        events=restart,
    )

    stay = simulate_connections(load, chooser="ipvs-rr")
    aged = simulate_connections(
        ConnectionLoad(
            n_endpoints=3, duration_s=16 * 3600, mean_lifetime_s=1e9, n_clients=27, warm_up_s=60, n_samples=960,
            events=restart, max_age_s=3600,
        ),
        chooser="ipvs-rr",
    )  # fmt: skip

    assert stay.runs[0].samples[-1].tolist() == [0, 14, 13, 0]
    assert stay.over_time.frame["idle_endpoints"].iloc[-1] == 1
    assert np.isnan(stay.values.loc["rebalance_s"].item())
    assert aged.runs[0].samples[-1, 1:].min() > 5
    assert aged.values.loc["rebalance_s"].item() < 5 * 3600


def test_result__says_who_chooses_and_what_does_the_same():
    result = simulate_connections(LOAD, chooser="ipvs-wrr").measures

    assert result.basis is Basis.SOURCE
    assert any("the same as ipvs-rr" in reason for reason in result.because)
    assert any("state: one for each node" in reason for reason in result.because)


def test_simulated_runs__come_one_by_one():
    runs = simulated_runs(LOAD, n_runs=3, workers=2)

    assert next(runs).totals.tolist() == simulate_connections(LOAD).runs[0].totals.tolist()
    assert len([*runs]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"chooser": "fifo"}, r"chooser 'fifo': expected one of random"),
        ({"seed": -1}, r"seed is -1, expected a whole number from 0"),
        ({"seed": None}, r"seed is None, expected a whole number"),
        (
            {"n_runs": 10**6},
            r"1,000,000 runs of 40 samples of 8 endpoints: expected at most 100,000,000 in all",
        ),
        ({"n_runs": 0}, r"n_runs is 0, expected a whole number from 1"),
        ({"workers": 1.5}, r"workers is 1\.5, expected a whole number from 1"),
    ],
)
def test_simulate_connections__refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate_connections(LOAD, **arguments)


@pytest.mark.jit_only
def test_simulate_connections__least_connections_of_many_nodes_is_hardly_better_than_random():
    """Each node balances only its own: with as many nodes as connections the counts do not see each other."""
    base = {
        "n_endpoints": 10,
        "duration_s": 100,
        "mean_lifetime_s": 1e9,
        "n_clients": 500,
        "n_samples": 1,
        "max_age_s": inf,
    }

    def cv(chooser, n_nodes):
        simulated = simulate_connections(ConnectionLoad(**base, n_nodes=n_nodes), chooser=chooser, n_runs=100)
        return simulated.over_time.frame["cv"].iloc[-1]

    assert cv("ipvs-lc", 1) == 0
    assert cv("ipvs-lc", 500) > 0.9 * cv("random", 1)


@pytest.mark.parametrize("lifetime", ["lognormal", "pareto"])
def test_over_time__heavy_lifetimes_are_as_many_as_light_ones(lifetime):
    """The mean is the mean, whatever the shape: opened and open agree with a rate and a mean within 5 standard errors."""
    load = ConnectionLoad(
        n_endpoints=3, duration_s=600, warm_up_s=200, mean_lifetime_s=5, arrival_rate_per_s=20, lifetime=lifetime,
        lifetime_shape={"lognormal": 0.5, "pareto": 4.0}[lifetime],
    )  # fmt: skip

    values = simulate_connections(load).values[0]

    assert abs(values["connections"] - 100) < 5 * np.sqrt(2 * 20 * 5 * 5 / 400)
    assert abs(values["opened_per_s"] - 20) < 5 * np.sqrt(20 / 400)


@pytest.mark.parametrize(
    ("lifetime", "words"),
    [("exponential", ""), ("pareto", "after the warm-up 22 % of the long run's are still missing")],
)
def test_result__says_where_the_warm_up_is_too_short_for_the_law(lifetime, words):
    load = ConnectionLoad(
        n_endpoints=3,
        duration_s=120,
        warm_up_s=30,
        mean_lifetime_s=10,
        arrival_rate_per_s=2,
        lifetime=lifetime,
    )

    reasons = simulate_connections(load).measures.because

    assert bool(words) == any("begins without connections" in reason for reason in reasons)
    assert any(words in reason for reason in reasons)
