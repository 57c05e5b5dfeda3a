from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.days_left import PerDay, days_left, lasting
from kubenetlab.ipam.forecast.growth import Growth
from kubenetlab.objects.listings import CloudSubnet, Listings
from tests.builders import cluster, node, service

SETTINGS = {
    "cluster_cidr": ("10.244.0.0/20",),
    "service_cidr": ("10.96.0.0/24",),
    "ipam": "host-local",
    "node_cidr_mask_size": 24,
}
NODES = [node(f"n{i}", pod_cidrs=(f"10.244.{i}.0/24",)) for i in range(4)]


def found(growth, *objects, settings=SETTINGS):
    return days_left(cluster(*objects, settings=settings), growth).frame.set_index("what")


def test_days_left__two_doublings_are_two_years():
    # 4 of 16 parts; 100 % a year
    row = found(Growth(1, 1), *NODES).loc["10.244.0.0/20"]

    assert (row["unit"], row["n_used"], row["n_usable"]) == ("parts of /24", 4, 16)
    assert (row["days_low"], row["days_high"], row["lasts"]) == (730, 730, "730 days")


def test_days_left__linear_growth_divides_what_is_free():
    row = found(PerDay(1, 3), *NODES).loc["10.244.0.0/20"]

    assert (row["days_low"], row["days_high"], row["lasts"]) == (4, 12, "4 to 12 days")


@given(st.floats(0.01, 5), st.floats(0, 5))
def test_days_left__the_count_reaches_the_range_on_that_day(low, more):
    growth = Growth(low, low + more)
    row = found(growth, *NODES).loc["10.244.0.0/20"]

    assert (
        4 * growth.factor(float(row["days_low"]), 1) <= 16 <= 4 * growth.factor(float(row["days_low"]) + 1, 1)
    )
    assert row["days_low"] <= row["days_high"]


def test_days_left__without_growth_nothing_runs_out():
    row = found(Growth(0, 0), *NODES).loc["10.244.0.0/20"]

    assert row[["days_low", "days_high"]].isna().all()
    assert row["lasts"] == "more than 100 years"


def test_days_left__a_full_range_has_no_day():
    full = [node(f"n{i}", pod_cidrs=(f"10.244.{i}.0/24",)) for i in range(16)]

    row = found(Growth(0.1, 0.2), *full).loc["10.244.0.0/20"]

    assert (row["days_low"], row["lasts"]) == (0, "nothing is free")


def test_days_left__what_the_dump_does_not_say_is_unknown():
    assert found(Growth(0, 1), *NODES).loc["10.96.0.0/24", "lasts"] == "unknown"


def test_days_left__nodes_and_pods_last_until_the_tested_size():
    frame = found(PerDay(1, 1), *NODES, service("shop/a", cluster_ip="10.96.0.5"))

    assert frame.loc["nodes", ["n_used", "n_usable", "days_low"]].tolist() == [4, 5000, 4996]
    assert "pods" not in frame.index


def test_days_left__subnets_of_the_cloud_that_hold_nodes_run_out_too():
    subnets = (
        CloudSubnet("aws", "used", "10.0.1.0/24", n_used=151),
        CloudSubnet("aws", "other", "10.0.2.0/24", n_used=1),
        CloudSubnet("aws", "named", ""),
    )
    value = cluster(node("a", ip="10.0.1.9"), settings={}).with_(listings=Listings(subnets=subnets))

    frame = days_left(value, PerDay(10, 10)).frame.set_index("what")

    assert frame.index.tolist() == ["10.0.1.0/24", "nodes"]
    assert frame.loc["10.0.1.0/24", ["role", "n_usable", "days_low"]].tolist() == [
        "cloud subnet used",
        251,
        10,
    ]


def test_days_left__because_names_the_first():
    result = days_left(cluster(*NODES, settings=SETTINGS), PerDay(1, 3))

    assert result.because == ("first to run out: 10.244.0.0/20 (4 to 12 days)",)


def test_days_left__the_slowest_growth_may_take_for_ever():
    assert found(PerDay(0, 3), *NODES).loc["10.244.0.0/20", "lasts"] == "4 days or more"


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (2, 1), (0, nan), (0, float("inf")), (nan, nan)])
def test_per_day__refuses_what_is_no_growth(low, high):
    with pytest.raises(ValueError, match="two finite numbers expected, 0 <= low <= high"):
        PerDay(low, high)


@pytest.mark.parametrize("growth", [PerDay(1e-14, 1e-13), PerDay(1, 2)])
def test_days_left__a_day_beyond_all_numbers_is_more_than_100_years(growth):
    settings = {"service_cidr": ("fd00:10:96::/64",)}

    row = found(growth, service("shop/a", cluster_ip="fd00:10:96::9"), settings=settings).loc[
        "fd00:10:96::/64"
    ]

    assert row["lasts"] == "more than 100 years"
    assert row[["days_low", "days_high"]].isna().all()


def test_days_left__one_day_is_one_day():
    assert [lasting(*days) for days in ((1, 1.5), (0.2, 0.5), (0.5, 1.2))] == [
        "1 day",
        "less than a day",
        "0 to 1 day",
    ]
