from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.planner.run_out import binding, day
from kubenetlab.ipam.set_up import Limit, Quantity
from kubenetlab.result import Basis
from tests.ipam.planner.written_requests import asked


def limit(quantity, n, name="x"):
    return Limit(quantity, n, name, f"{name}.", Basis.DOCS, "test")


def growing(text):
    return asked(f"name: a, nodes: 100, pods_per_node: 10, services: 50, {text}").clusters[0]


def test_binding__is_the_limit_that_today_s_count_fits_into_the_fewest_times():
    limits = [
        limit(Quantity.NODES, 401),
        limit(Quantity.PODS, 2_000, "pods"),
        limit(Quantity.SERVICES, 5_000),
    ]

    found = binding(growing("growth: 100%, max_surge: 1"), limits)

    assert (found.limit.name, found.years_low, found.years_high) == ("pods", 1.0, 1.0)


def test_binding__has_the_years_of_the_lower_and_of_the_upper_growth():
    found = binding(growing("growth: [100%, 300%], max_surge: 1"), [limit(Quantity.NODES, 401)])

    assert (found.years_low, found.years_high) == (2.0, 1.0)  # 100 nodes become 400 and one is for upgrades


def test_binding__takes_a_surge_as_a_share_of_the_nodes():
    found = binding(growing("growth: 100%, max_surge: 25%"), [limit(Quantity.NODES, 250)])

    assert found.years_high == 1.0


@pytest.mark.parametrize(
    ("text", "n", "years"),
    [
        ("growth: 0%", 101, None),
        ("growth: 100%", 100, 0.0),
        ("growth: 0%", 100, 0.0),
        ("growth: 0.0001%", 10**9, None),
    ],
)
def test_binding__is_never_without_growth_and_now_where_the_surge_has_no_room(text, n, years):
    assert binding(growing(text), [limit(Quantity.NODES, n)]).years_high == years


def test_binding__is_none_without_a_limit_on_what_grows():
    assert binding(growing(""), [limit(Quantity.PODS_PER_NODE, 5)]) is None


def test_binding__no_services_never_fill_a_range():
    (found,) = asked("name: a, nodes: 1, pods_per_node: 1, services: 0, growth: 50%").clusters

    assert binding(found, [limit(Quantity.SERVICES, 1)]).years_high is None


@given(st.integers(100, 10**6), st.floats(0.01, 5))
def test_binding__the_count_reaches_the_limit_after_those_years(n, rate):
    found = binding(growing(f"growth: {rate!r}, max_surge: 0"), [limit(Quantity.NODES, n)])

    if found.years_high:
        assert 100 * (1 + rate) ** found.years_high == pytest.approx(n)


def test_day__counts_from_the_day_of_the_counts():
    assert (day(date(2026, 11, 21), 0.0), day(date(2026, 11, 21), 1.0)) == ("2026-11-21", "2027-11-21")
    assert day(date(2026, 11, 21), 5_000.0) == ""
    assert day(date(9999, 12, 31), 1.0) == ""
