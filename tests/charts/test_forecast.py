from datetime import date

import pytest
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from kubenetlab.charts.forecast import forecast_fan, refusal_probability
from kubenetlab.ipam.forecast.churn import NO_CHURN, Churn
from kubenetlab.ipam.forecast.growth import Growth
from kubenetlab.ipam.forecast.load import Load
from kubenetlab.ipam.forecast.run_out import forecast
from kubenetlab.ipam.forecast.runs import Runs
from kubenetlab.ipam.set_up import SetUp

SET_UP = SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/20",), max_surge=2)
START = date(2026, 12, 1)


def found(growth=2.0, churn=None, start=START, set_up=SET_UP, **load):
    value = Load(**({"set_up": set_up, "pods": 200, "nodes": 10} | load))
    runs = Runs(n_days=120, n_replicates=20, seed=1, start=start)
    return forecast(
        value, Growth(growth, growth), churn or Churn(node_lifetime_days=5, upgrade_every_days=0), runs
    )


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_forecast_fan__draws_the_median_the_bands_and_the_capacity():
    result = found()

    ax = forecast_fan(result)

    nodes = result.frame[result.frame["quantity"] == "nodes"]
    median, capacity = ax.lines
    assert median.get_ydata().tolist() == nodes["p50"].tolist()
    assert median.get_xdata()[0] == date2num(START)
    assert capacity.get_ydata() == [16, 16]
    assert len(ax.collections) == 3
    assert texts(ax) == ["capacity 16"]


def test_forecast_fan__says_what_it_shows():
    ax = forecast_fan(found())

    assert ax.get_title(loc="left").startswith("Nodes: 10 today, ")
    assert "on 2027-03-31" in ax.alt_text
    assert "At most 16 there can be." in ax.alt_text


def test_forecast_fan__draws_the_quantity_that_is_asked_for():
    ax = forecast_fan(found(start=None), "pods")

    assert ax.get_title(loc="left").startswith("Pods: 200 today, ")
    assert "on day 120" in ax.alt_text
    assert "Nothing is known that bounds them." in ax.alt_text
    assert ax.get_xlabel() == "days from now"
    assert texts(ax) == []


def test_forecast_fan__leaves_out_a_capacity_far_above():
    ax = forecast_fan(found(set_up=SetUp(ipam="host-local", pod_cidrs=("10.0.0.0/8",))))

    assert texts(ax) == []
    assert "(capacity 65,536)" in ax.get_title(loc="left")


def test_forecast_fan__shows_pods_where_nothing_bounds():
    assert "Pods" in forecast_fan(found(set_up=SetUp(ipam="calico"))).get_title(loc="left")


def test_forecast_fan__refuses_unknown_quantities():
    with pytest.raises(ValueError, match="quantity 'blocks': expected one of pods, nodes"):
        forecast_fan(found(), "blocks")


def test_refusal_probability__draws_all_refusals_and_marks_shares():
    result = found()

    ax = refusal_probability(result)

    rows = result.refusals
    assert ax.lines[0].get_ydata().tolist() == rows.loc[rows["limit"] == "any", "probability"].tolist()
    days = [result.refused_by(share) for share in (0.05, 0.5)]
    dates = [rows["date"].iloc[day] for day in days]
    assert texts(ax)[:2] == [f"5 % by {dates[0]}", f"50 % by {dates[1]}"]


def test_refusal_probability__draws_each_limit_where_there_are_several():
    set_up = SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/20",), service_cidrs=("10.96.0.0/24",))
    result = found(2.0, set_up=set_up, services=180, churn=Churn(upgrade_every_days=0))
    limits = result.refusals["limit"].unique()

    ax = refusal_probability(result)

    assert len(limits) > 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["any limit", *limits[1:]]
    assert all(f"{limit} refuses first in " in ax.alt_text for limit in limits[1:])


def test_refusal_probability__says_that_nothing_is_refused():
    ax = refusal_probability(found(0, NO_CHURN))

    assert ax.get_title(loc="left") == "First refusal by 2027-03-31: 0 % of 20 replicates"
    assert texts(ax) == []
    assert "5 % is not reached." in ax.alt_text


@pytest.mark.parametrize("chart", [forecast_fan, refusal_probability])
def test_charts__draw_on_given_axes(chart):
    ax = Figure().add_subplot()

    assert chart(found(), ax=ax) is ax


@pytest.mark.parametrize("chart", [forecast_fan, refusal_probability])
def test_charts__are_the_same_picture_each_time(chart):
    one, other = (chart(found())._repr_mimebundle_() for _ in range(2))

    assert one == other
