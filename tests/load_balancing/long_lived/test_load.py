"""What a load refuses, and what its events do."""

from math import inf, nan

import pytest
from scipy import integrate, stats

from kubenetlab.load_balancing.long_lived.load import LIFETIMES, ConnectionLoad, EndpointEvent

GOOD = {"n_endpoints": 3, "duration_s": 100, "mean_lifetime_s": 10}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_endpoints": 0}, r"n_endpoints is 0, expected a whole number of 1 to 20,000"),
        ({"n_endpoints": 2.0}, r"n_endpoints is 2\.0, expected a whole number"),
        ({"n_nodes": True}, r"n_nodes is True, expected a whole number"),
        ({"n_clients": "7"}, r"n_clients is '7', expected a whole number"),
        ({"duration_s": nan}, r"duration_s is nan, expected a number of 1e-09 to 1e\+12"),
        ({"duration_s": inf}, r"duration_s is inf, expected a number"),
        ({"mean_lifetime_s": -1}, r"mean_lifetime_s is -1, expected a number"),
        ({"arrival_rate_per_s": "5\x1b[2J"}, r"arrival_rate_per_s is '5\\x1b\[2J', expected a number"),
        ({"max_age_s": 0}, r"max_age_s is 0, expected a number"),
        ({"max_age_jitter": 1}, r"max_age_jitter is 1, expected a number of 0 to 0\.99"),
        ({"warm_up_s": 100}, r"warm_up_s: 100 is not between -1 and 100"),
        ({"lifetime": "weibull"}, r"lifetime 'weibull': expected one of exponential, lognormal, pareto, fixed"),
        ({"lifetime": "pareto", "lifetime_shape": 1}, r"lifetime_shape: 1 is not between 1 and inf"),
        ({"events": [EndpointEvent("crash", 1)]}, r"events .*: expected a tuple of EndpointEvent"),
        ({"events": ("crash",)}, r"events .*: expected a tuple of EndpointEvent"),
        ({"arrival_rate_per_s": 1e9}, r"how many connections are open: 1e\+10 is not between 0 and 2e\+07"),
        ({"arrival_rate_per_s": 1e6, "duration_s": 1e6}, r"how many connections end: 1\.00001e\+12 is not between 0 and 1e\+11"),
        ({"events": (EndpointEvent("crash", 5, 3),)}, r"the crash takes an endpoint at 5 s, but there are only 1"),
        ({"events": (EndpointEvent("scale-up", 5, 20_000),)}, r"how many endpoints there are in all: 20,003 is not between 0 and 20,001"),
    ],
)  # fmt: skip
def test_connection_load__refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        ConnectionLoad(**GOOD | changes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("restart", 1), r"kind 'restart': expected one of roll-out, scale-up, scale-down, crash"),
        ((["crash"], 1), r"kind \['crash'\]: expected one of"),
        (("crash", -1), r"at_s is -1, expected a number of 0"),
        (("crash", 1, 0), r"n_endpoints is 0, expected a whole number"),
        (("roll-out", 1, 1, 0, nan), r"grace_s is nan, expected a number of 0 to inf"),
    ],
)
def test_endpoint_event__refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        EndpointEvent(*arguments)


def test_changes__roll_out_puts_one_in_before_the_oldest_goes():
    load = ConnectionLoad(**GOOD, events=(EndpointEvent("roll-out", 10, 2, 20, grace_s=5),))

    assert load.changes == (
        (10, "in", 3), (10, "out", 0), (15, "cut", 0), (30, "in", 4), (30, "out", 1), (35, "cut", 1),
    )  # fmt: skip


def test_changes__a_crash_cuts_at_once_and_scaling_down_takes_the_newest():
    load = ConnectionLoad(
        **GOOD, events=(EndpointEvent("scale-down", 10, grace_s=inf), EndpointEvent("crash", 20))
    )

    assert load.changes == ((10, "out", 2), (20, "out", 0), (20, "cut", 0))


def test_changes__what_comes_after_the_end_is_left_out():
    load = ConnectionLoad(**GOOD, events=(EndpointEvent("scale-up", 90, 3, 10),))

    assert [change.time_s for change in load.changes] == [90, 100]


def test_changes__an_open_load_may_lose_all_endpoints():
    load = ConnectionLoad(**GOOD, arrival_rate_per_s=1, events=(EndpointEvent("crash", 5, 3),))

    assert [change.endpoint for change in load.changes if change.deed == "out"] == [0, 1, 2]


LAWS = {
    ("exponential", 1.0): stats.expon(),
    ("lognormal", 0.5): stats.lognorm(0.5, scale=LIFETIMES["lognormal"][3](0.5)),
    ("lognormal", 2.0): stats.lognorm(2.0, scale=LIFETIMES["lognormal"][3](2.0)),
    ("pareto", 1.5): stats.pareto(1.5, scale=1 / 3),
    ("pareto", 3.0): stats.pareto(3.0, scale=2 / 3),
    ("fixed", 1.0): stats.uniform(1 - 1e-9, 2e-9),
}


@pytest.mark.parametrize("means", [0.0, 0.1, 1 / 3, 0.9, 3.0, 50.0])
@pytest.mark.parametrize(("lifetime", "shape"), LAWS)
def test_missing_share__is_one_less_the_mean_of_what_has_passed(lifetime, shape, means):
    """Of the connections that are open in the long run, those are there that are younger than the warm-up."""
    load = ConnectionLoad(
        n_endpoints=1, duration_s=1e6, warm_up_s=means * 20, mean_lifetime_s=20, arrival_rate_per_s=1,
        lifetime=lifetime, lifetime_shape=shape,
    )  # fmt: skip
    law = LAWS[lifetime, shape]

    expected = 1 - integrate.quad(law.sf, 0, means, points=[min(means, law.support()[0])], limit=500)[0]

    assert law.mean() == pytest.approx(1)
    assert load.missing_share == pytest.approx(expected, abs=1e-6)


def test_missing_share__clients_that_are_always_connected_miss_none():
    assert ConnectionLoad(**GOOD).missing_share == 0
