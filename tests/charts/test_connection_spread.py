import pandas as pd
import pytest

from kubenetlab import charts
from kubenetlab.result import Result


def result(n_endpoints=10, ns=(10, 100, 1000)):
    rows = [(n, n_endpoints, 1 + 5 / n, 1 + 2 / n, 1 + 10 / n) for n in ns]
    columns = ["n_connections", "n_endpoints", *(f"max_over_mean_{end}" for end in ("mean", "p05", "p95"))]
    return Result(title="Spread", _frame=pd.DataFrame(rows, columns=columns))


def test_connection_spread__a_line_and_a_band_each():
    axes = charts.connection_spread(result(3), result(50))

    assert [line.get_label() for line in axes.lines] == ["3 endpoints", "50 endpoints"]
    assert len(axes.collections) == 2
    assert axes.get_xscale() == "log"


def test_connection_spread__goes_from_few_to_many():
    (line,) = charts.connection_spread(result(ns=(1000, 10, 100))).lines

    assert list(line.get_xdata()) == [10, 100, 1000]


def test_connection_spread__stays_readable_where_few_connections_are_very_uneven():
    assert charts.connection_spread(result(ns=(1, 10))).get_ylim() == (1, 5)


def test_connection_spread__says_what_it_shows():
    assert charts.connection_spread(result()).alt_text == (
        "The busiest endpoint over the average. 10 endpoints: 1.5 times at 10 connections, 1 times at 1,000."
    )


@pytest.mark.parametrize("n", [0, 5])
def test_connection_spread__refuses_too_few_and_too_many(n):
    with pytest.raises(ValueError, match=rf"found {n} results, expected 1 to 4"):
        charts.connection_spread(*[result()] * n)


def test_connection_spread__refuses_another_result():
    with pytest.raises(ValueError, match="expected a result of connection_spread"):
        charts.connection_spread(Result(title="Rules", _frame=pd.DataFrame()))
