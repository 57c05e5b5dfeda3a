from dataclasses import replace

import pytest

import kubenetlab as knl
from kubenetlab import charts
from kubenetlab.load_balancing.long_lived.load import EndpointEvent

ROLL_OUT = (EndpointEvent("roll-out", 3_600, 3, every_s=30),)


def simulated(chooser="random", duration_s=7_200.0, events=ROLL_OUT, n_runs=2):
    load = knl.ConnectionLoad(
        n_endpoints=3, duration_s=duration_s, mean_lifetime_s=600, n_clients=90, events=events, n_samples=20
    )
    return knl.simulate_connections(load, chooser=chooser, seed=1, n_runs=n_runs)


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_imbalance_over_time__draws_the_mean_and_the_band_of_the_runs():
    one = simulated()

    axes = charts.imbalance_over_time(one)

    frame = one.over_time.frame
    assert list(axes.lines[0].get_ydata()) == list(frame["max_over_mean"])
    assert len(axes.collections) == 1
    assert list(axes.lines[0].get_xdata()) == pytest.approx(frame["time_s"] / 60)
    assert axes.get_xlabel() == "time, minutes"


def test_imbalance_over_time__marks_events():
    axes = charts.imbalance_over_time(simulated())

    assert words(axes) == ["random", "roll-out of 3 endpoints"]
    assert axes.lines[-1].get_xdata()[0] == 60


def test_imbalance_over_time__names_each_chooser_at_the_end_of_its_line():
    axes = charts.imbalance_over_time(simulated(), simulated("ipvs-lc"))

    assert set(words(axes)) == {"random", "ipvs-lc", "roll-out of 3 endpoints"}


@pytest.mark.parametrize(("duration_s", "unit"), [(2.0, "seconds"), (36_000.0, "hours"), (864_000.0, "days")])
def test_imbalance_over_time__takes_a_unit_that_fits(duration_s, unit):
    axes = charts.imbalance_over_time(simulated(duration_s=duration_s, events=()))

    assert axes.get_xlabel() == f"time, {unit}"


def test_imbalance_over_time__does_not_magnify_small_differences():
    assert charts.imbalance_over_time(simulated("ipvs-lc", events=())).get_ylim()[1] >= 1.25


def test_imbalance_over_time__says_what_it_shows():
    alt_text = charts.imbalance_over_time(simulated(n_runs=1)).alt_text

    assert alt_text.startswith("Balance of connections that stay: 3 endpoints. random: 1.")


@pytest.mark.parametrize("choosers", [[], ["random"] * 7])
def test_imbalance_over_time__refuses_too_few_and_too_many(choosers):
    with pytest.raises(ValueError, match=f"found {len(choosers)} simulations"):
        charts.imbalance_over_time(*map(simulated, choosers))


def test_imbalance_over_time__refuses_different_events():
    with pytest.raises(ValueError, match="2 simulations of 2 times"):
        charts.imbalance_over_time(simulated(), simulated(events=()))


def test_imbalance_over_time__refuses_something_else():
    with pytest.raises(ValueError, match="has a str, expected results of simulate_connections"):
        charts.imbalance_over_time("random")


def test_imbalance_over_time__of_a_time_without_connections_is_empty():
    load = knl.ConnectionLoad(n_endpoints=2, duration_s=10, mean_lifetime_s=1, arrival_rate_per_s=1e-6)

    axes = charts.imbalance_over_time(knl.simulate_connections(load, seed=1))

    assert axes.get_ylim() == (1, 1.25)


def test_imbalance_over_time__says_in_what_lines_of_one_chooser_differ():
    load = knl.ConnectionLoad(n_endpoints=2, duration_s=10, mean_lifetime_s=5)
    aged = replace(load, max_age_s=2.0)

    axes = charts.imbalance_over_time(knl.simulate_connections(load), knl.simulate_connections(aged))

    assert {"random", "random\nmax_age_s 2.0"} <= {text.get_text() for text in axes.texts}
