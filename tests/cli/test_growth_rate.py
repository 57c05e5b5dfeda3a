import click
import pytest

from kubenetlab.cli.growth_rate import growth_given
from kubenetlab.ipam.days_left import PerDay
from kubenetlab.ipam.forecast.growth import Growth


def given_(text):
    return growth_given(None, None, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("20%", Growth(0.2, 0.2)),
        ("20-40%", Growth(0.2, 0.4)),
        ("20%-40%", Growth(0.2, 0.4)),
        (" 20 to 40 % ", Growth(0.2, 0.4)),
        ("0..12.5%/year", Growth(0, 0.125)),
        ("2/day", PerDay(2, 2)),
        ("0.5-2/day", PerDay(0.5, 2)),
    ],
)
def test_growth_given__reads_what_people_type(text, expected):
    assert given_(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20",
        "-20%",
        "nan%",
        "inf/day",
        "20-40",
        "1e5%",
        "٢%",
        "99999999%",
        "x" * 99,
        "2%/day",
        "20%-40/day",
        "2-5/day/year",
        "2%-5/day",
    ],
)
def test_growth_given__refuses_other_texts(text):
    with pytest.raises(click.BadParameter, match=r"expected 20%, 20-40% \(a year\) or 2-5/day"):
        given_(text)


def test_growth_given__refuses_bounds_the_wrong_way_round():
    with pytest.raises(click.BadParameter, match="0 <= low <= high"):
        given_("40-20%")
