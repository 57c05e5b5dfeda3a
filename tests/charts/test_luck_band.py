import pandas as pd
import pytest

from kubenetlab import charts
from kubenetlab.result import Result


def result(*counted, low=2, high=20, names=None, title="shop/cart:http"):
    """Counts of endpoints with equal shares and one band."""
    expected = sum(counted) / len(counted)
    frame = pd.DataFrame({
        "endpoint": names or [f"10.0.0.{n}:80" for n in range(len(counted))],
        "expected": expected,
        "low": low,
        "high": high,
        "counted": counted,
        "overload_factor": [n / (expected or 1) for n in counted],
    })  # fmt: skip
    frame["is_odd"] = (frame["counted"] < low) | (frame["counted"] > high)
    return Result(title=title, _frame=frame)


def marks(axes):
    return {line.get_label(): list(line.get_xdata()) for line in axes.lines}


def names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_luck_band__tells_odd_counts_from_the_others():
    axes = charts.luck_band(result(60, 10, 7, 1))

    assert marks(axes) == {"counted": [10, 7], "outside the band": [60, 1]}
    assert [label.get_weight() for label in axes.get_yticklabels()] == ["bold", "normal", "normal", "bold"]


def test_luck_band__a_bar_an_endpoint_covers_its_band():
    axes = charts.luck_band(result(5, 6))

    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches] == [(2, 20)] * 2


def test_luck_band__writes_how_overloaded_an_odd_endpoint_is():
    axes = charts.luck_band(result(40, 10, 10, 0))

    assert [text.get_text() for text in axes.texts] == ["40, 2.7 times its share", "10", "10", "0, nothing"]


def test_luck_band__its_words_name_what_is_odd():
    assert charts.luck_band(result(60, 10, 7, 7)).alt_text == (
        "shop/cart:http: 84 counted for 4 endpoints; outside the band: 10.0.0.0:80 (60, 2.9 times its share)."
    )
    assert charts.luck_band(result(5, 6)).alt_text.endswith(
        "2 endpoints, all inside the band that chance explains."
    )


def test_luck_band__of_many_endpoints_shows_the_odd_and_those_nearest_to_it():
    counts = [10] * 100
    counts[70], counts[30] = 50, 0

    axes = charts.luck_band(result(*counts))

    assert names(axes)[:2] == ["10.0.0.70:80", "10.0.0.30:80"]
    assert len(names(axes)) == 20
    assert "the 20 of 100 endpoints" in axes.get_title(loc="left")


def test_luck_band__of_forty_shows_all_in_their_order():
    assert names(charts.luck_band(result(*[10] * 40))) == [f"10.0.0.{n}:80" for n in range(40)]


def test_luck_band__nothing_counted_is_drawn_too():
    axes = charts.luck_band(result(0, 0, low=0, high=0))

    assert axes.get_xlim() == (0, 1)


def test_luck_band__long_and_hostile_names_fit():
    axes = charts.luck_band(result(5, 6, names=["x" * 200, "\x1b[31m$a$\n"], title="y" * 300))

    assert [len(name) <= 48 for name in names(axes)] == [True, True]
    assert names(axes)[1] == "?[31m$a$?"
    assert len(axes.get_title(loc="left").strip()) <= 90


def test_luck_band__draws_on_given_axes():
    first = charts.luck_band(result(5, 6))

    assert charts.luck_band(result(7, 8), ax=first) is first


@pytest.mark.parametrize(
    ("value", "found"), [(None, "a NoneType"), (Result(title="Rules", _frame=pd.DataFrame()), "'Rules'")]
)
def test_luck_band__refuses_what_is_no_such_result(value, found):
    with pytest.raises(ValueError, match=rf"luck is .*{found}, expected a result of endpoint_luck"):
        charts.luck_band(value)
