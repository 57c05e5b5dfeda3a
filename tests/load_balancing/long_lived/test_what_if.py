"""Scenarios side by side."""

import pytest

from kubenetlab.load_balancing.long_lived.load import ConnectionLoad, EndpointEvent
from kubenetlab.load_balancing.long_lived.what_if import AS_IT_IS, compare_choices
from kubenetlab.result import Basis

LOAD = ConnectionLoad(
    n_endpoints=5, duration_s=2000, warm_up_s=200, mean_lifetime_s=1e9, n_clients=200,
    events=(EndpointEvent("roll-out", 500, 5, 10.0, 0.0),),
)  # fmt: skip


def test_compare_choices__puts_each_scenario_beside_how_it_is():
    result = compare_choices(
        LOAD,
        {
            "max age 100 s": {"max_age_s": 100.0},
            "ten pods": {"n_endpoints": 10},
            "least": {"chooser": "least-request"},
        },
    )

    frame = result.frame.set_index("scenario")
    assert [*frame.index] == [AS_IT_IS, "max age 100 s", "ten pods", "least"]
    assert frame["chooser"].tolist() == ["random", "random", "random", "least-request"]
    assert frame.loc["max age 100 s", "changes"] == "max_age_s 100.0"
    assert frame.loc[AS_IT_IS, "max_over_mean"] > frame.loc["max age 100 s", "max_over_mean"]
    assert frame.loc["max age 100 s", "reconnects_per_s"] == pytest.approx(2, rel=0.15)
    assert frame.loc["max age 100 s", "rebalance_s"] < 1000
    assert result.basis is Basis.DOCS


def test_compare_choices__without_scenarios_says_how_it_is():
    frame = compare_choices(LOAD, {}, chooser="ipvs-rr", seed=3).frame

    assert frame[["scenario", "chooser"]].to_numpy().tolist() == [[AS_IT_IS, "ipvs-rr"]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"pods": 3},
            r"scenario 'bad': \{'pods': 3\}: expected fields of ConnectionLoad by name, or 'chooser'",
        ),
        (3, r"scenario 'bad': 3: expected fields"),
        ({"n_endpoints": 0}, r"n_endpoints is 0, expected"),
        ({"chooser": "fifo"}, r"chooser 'fifo': expected one of"),
    ],
)
def test_compare_choices__refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        compare_choices(LOAD, {"bad": changes})
