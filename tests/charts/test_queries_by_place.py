import pandas as pd
import pytest
from matplotlib.figure import Figure

from kubenetlab import charts
from kubenetlab.result import Result

BEFORE = {"application": 300, "client queries": 1200, "CoreDNS": 1200, "upstream": 0.5}
AFTER = {
    "application": 300,
    "client queries": 1200,
    "NodeLocal DNSCache": 1200,
    "CoreDNS": 20,
    "upstream": 1.0,
}


def by_place(rates, title="DNS queries by place"):
    frame = pd.DataFrame({"place": list(rates), "per_s": list(rates.values()), "per_lookup": 1.0})
    return Result(title=title, _frame=frame)


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def places(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_queries_by_place__writes_the_rate_of_every_place():
    axes = charts.queries_by_place(by_place(BEFORE))

    assert texts(axes) == ["300", "1,200", "1,200", "0.5"]
    assert places(axes) == list(BEFORE)


def test_queries_by_place__after_a_change_has_its_own_sign_and_the_new_place():
    axes = charts.queries_by_place(by_place(BEFORE), by_place(AFTER))

    assert places(axes) == list(AFTER)
    assert texts(axes) == ["300 → 300", "1,200 → 1,200", "none → 1,200", "1,200 → 20", "0.5 → 1"]
    assert [(line.get_label(), line.get_marker()) for line in axes.lines] == [("before", "o"), ("after", "D")]


def test_queries_by_place__an_arrow_leads_from_before_to_after():
    axes = charts.queries_by_place(by_place(BEFORE), by_place(AFTER))

    arrows = [text for text in axes.texts if not text.get_text()]
    assert [(arrow.xyann[0], arrow.xy[0]) for arrow in arrows] == [
        (300, 300),
        (1200, 1200),
        (1200, 20),
        (0.5, 1.0),
    ]


@pytest.mark.parametrize(("low", "scale"), [(0.5, "log"), (100, "linear")])
def test_queries_by_place__the_scale_fits_the_range(low, scale):
    assert charts.queries_by_place(by_place({"CoreDNS": 1200, "upstream": low})).get_xscale() == scale


def test_queries_by_place__nothing_stands_at_the_left_end():
    axes = charts.queries_by_place(by_place({"client queries": 1200, "CoreDNS": 10, "upstream": 0}))

    assert axes.lines[0].get_xdata()[2] == axes.get_xlim()[0] > 0
    assert texts(axes)[2] == "0"


def test_queries_by_place__without_any_query_is_drawn_too():
    assert charts.queries_by_place(by_place({"CoreDNS": 0})).get_xlim() == (0, 1.08)


def test_queries_by_place__ticks_are_plain_numbers():
    axes = charts.queries_by_place(by_place(BEFORE))

    assert axes.xaxis.get_major_formatter()(1000, 0) == "1,000"
    assert axes.xaxis.get_major_formatter()(0.1, 0) == "0.1"


def test_queries_by_place__its_words_hold_the_numbers():
    assert charts.queries_by_place(by_place({"CoreDNS": 1200, "upstream": 3})).alt_text == (
        "DNS queries by place, per second: CoreDNS 1,200, upstream 3."
    )


def test_queries_by_place__draws_on_given_axes():
    axes = Figure().add_subplot()

    assert charts.queries_by_place(by_place(BEFORE), ax=axes) is axes


@pytest.mark.parametrize(
    "arguments", [(None,), (by_place(BEFORE), Result(title="Rules", _frame=pd.DataFrame()))]
)
def test_queries_by_place__refuses_what_is_no_such_result(arguments):
    with pytest.raises(
        ValueError, match=r"(before|after) is .*, expected a result of dns_demand\(\.\.\.\)\.by_place"
    ):
        charts.queries_by_place(*arguments)
