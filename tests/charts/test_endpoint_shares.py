import pandas as pd
import pytest
from matplotlib.patches import Rectangle

import kubenetlab as knl
from kubenetlab import charts
from kubenetlab.charts.endpoint_shares import LOOKS, share_look
from kubenetlab.load_balancing.luck.counts_of_rules import counts_of_rules
from kubenetlab.load_balancing.luck.endpoint_luck import endpoint_luck
from kubenetlab.load_balancing.shares import rule_shares
from kubenetlab.result import Result
from kubenetlab.samples import sample_rules

COUNTED = sample_rules("counted-connections")


def result(*shares, destination="10.96.0.1:80/TCP"):
    """A result with one destination whose endpoints have these shares."""
    frame = pd.DataFrame({"endpoint": [f"10.0.0.{n}:80" for n in range(len(shares))], "share": shares})
    frame = frame.assign(
        fair_share=1 / len(shares), service_port="shop/cart", destination=destination, source=""
    )
    return Result(title="Shares", _frame=frame)


def bars(axes):
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def key(axes):
    return [text.get_text() for text in axes.get_figure().legends[0].get_texts()]


@pytest.mark.parametrize(
    ("share", "look"),
    [
        (1 / 3, "fair share"),
        (0.3333, "fair share"),
        (0.34, "more than a fair share"),
        (0.3, "less than a fair share"),
    ],
)
def test_share_look__leaves_room_for_rounding(share, look):
    assert share_look(share, 1 / 3) == look


def test_endpoint_shares__of_the_example_are_30_21_and_49_percent():
    axes = charts.endpoint_shares(rule_shares(sample_rules("statistic-example")))

    assert [bar.get_width() for bar in bars(axes)] == pytest.approx([0.30, 0.21, 0.49])
    assert [bar.get_hatch() or "" for bar in bars(axes)] == [LOOKS["less than a fair share"][1]] * 2 + [
        LOOKS["more than a fair share"][1]
    ]
    assert key(axes) == ["more than a fair share", "less than a fair share", "fair share, 33.3 %"]


def test_endpoint_shares__a_line_stands_at_the_fair_share():
    (line,) = charts.endpoint_shares(result(0.5, 0.25, 0.125, 0.125)).lines

    assert list(line.get_xdata()) == [0.25, 0.25]


def test_endpoint_shares__without_a_destination_takes_the_most_uneven_one():
    axes = charts.endpoint_shares(rule_shares(COUNTED))

    assert axes.get_title(loc="left").strip() == "lottery/slip:http 10.96.3.30:80/TCP"


def test_endpoint_shares__takes_the_destination_asked_for():
    axes = charts.endpoint_shares(rule_shares(COUNTED), "10.96.3.3:80/tcp")

    assert axes.get_title(loc="left").strip() == "lottery/thirds:http 10.96.3.3:80/TCP"
    assert "each with its fair share of 33.3 %" in axes.alt_text


def test_endpoint_shares__marks_what_was_counted():
    _, thirds = counts_of_rules(COUNTED)

    axes = charts.endpoint_shares(endpoint_luck(thirds))

    marks = axes.lines[0]
    assert list(marks.get_xdata()) == pytest.approx([4110 / 12000, 3988 / 12000, 3902 / 12000])
    assert "counted, of 12,000 connections" in key(axes)


def test_endpoint_shares__of_very_many_endpoints_shows_the_farthest_from_the_fair_share():
    axes = charts.endpoint_shares(result(*[0.005] * 90, *[0.011] * 50))

    assert len(bars(axes)) == 40
    assert {bar.get_width() for bar in bars(axes)} == {0.011}
    assert "the 40 of 140 endpoints farthest from a fair share" in axes.get_title(loc="left")


def test_endpoint_shares__of_very_many_even_ones_shows_the_first_few():
    axes = charts.endpoint_shares(result(*[0.001 - 1e-10, 0.001 + 1e-10] * 500))

    assert [tick.get_text() for tick in axes.get_yticklabels()] == [f"10.0.0.{n}:80" for n in range(10)]
    assert {text.get_text() for text in axes.texts} == {"0.1 %"}
    assert axes.get_title(loc="left").endswith("1,000 endpoints, all even; the first 10")


@pytest.mark.parametrize("name", ["$x^2$", "購物", '"><script>', "a" * 250, "\x1b[2J\n"])
def test_endpoint_shares__draws_any_name(name):
    axes = charts.endpoint_shares(result(0.5, 0.5, destination=name))

    assert "image/png" in axes._repr_mimebundle_()[0]


def test_endpoint_shares__refuses_a_destination_without_endpoints():
    with pytest.raises(ValueError, match=r"no endpoint gets a share of 10\.96\.9\.9:80/TCP"):
        charts.endpoint_shares(rule_shares(COUNTED), "10.96.9.9:80/TCP")


def test_endpoint_shares__refuses_a_result_of_something_else():
    with pytest.raises(ValueError, match="expected a result of rule_shares"):
        charts.endpoint_shares(knl.node_use(knl.sample("shop")))
