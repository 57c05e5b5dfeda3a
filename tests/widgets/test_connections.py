import re

import pytest

from kubenetlab.widgets import connection_explorer


def words(panel):
    return re.search(r"<figcaption>(.*)</figcaption>", panel.picture_html)[1]


def test_connection_explorer__says_when_it_is_as_even_as_before():
    panel = connection_explorer()
    panel.controls["mean_lifetime_s"].value = 300.0

    assert re.fullmatch(r"[\d.]+ reconnects a second; as even as before after \d+ minutes\.", words(panel))
    assert "roll-out of 10 endpoints" not in words(panel)


def test_connection_explorer__without_an_event_nothing_reconnects():
    panel = connection_explorer(deed="nothing")

    assert words(panel) == "0 reconnects a second."


def test_connection_explorer__a_maximum_age_makes_clients_come_back():
    panel = connection_explorer(deed="nothing")

    panel.controls["max_age_s"].value = 300.0

    assert float(words(panel).split()[0]) > 2  # 1,000 connections, closed at 300 s or sooner


@pytest.mark.parametrize(
    ("name", "value"), [("chooser", "ipvs-lc"), ("pods", 3), ("n_clients", 50), ("deed", "crash")]
)
def test_connection_explorer__every_control_counts(name, value):
    panel = connection_explorer()
    before = panel.picture_html

    panel.controls[name].value = value

    assert panel.picture_html != before


def test_connection_explorer__same_values_same_picture():
    assert connection_explorer().picture_html == connection_explorer().picture_html


@pytest.mark.parametrize("values", [{"pods": 1}, {"deed": "party"}, {"chooser": "dice"}])
def test_connection_explorer__refuses_what_its_controls_cannot_show(values):
    with pytest.raises(ValueError, match="expected"):
        connection_explorer(**values)
