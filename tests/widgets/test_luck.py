import re

import pytest

from kubenetlab.widgets import luck_explorer


def words(panel):
    return re.search(r"<figcaption>(.*)</figcaption>", panel.picture_html)[1]


def test_luck_explorer__of_fair_pods_says_that_all_is_luck():
    panel = luck_explorer()

    assert "Nothing is wrong here" in words(panel)
    assert "200 counted for 5 endpoints" in panel.picture_html


def test_luck_explorer__says_how_likely_an_overload_shows():
    panel = luck_explorer(pods=2, connections=50, overload=1.5)

    assert re.search(r"probability of \d\d\.\d %; for 80 % it takes \d+ connections", words(panel))


def test_luck_explorer__another_draw_has_other_counts():
    panel = luck_explorer()
    first = panel.picture_html

    panel.controls["draw"].value = 2

    assert panel.picture_html != first


def test_luck_explorer__same_draw_same_picture():
    assert luck_explorer().picture_html == luck_explorer().picture_html


@pytest.mark.parametrize(
    "values", [{"pods": 1}, {"pods": 51}, {"connections": 11}, {"overload": 0.5}, {"overload": 5}]
)
def test_luck_explorer__refuses_what_its_controls_cannot_show(values):
    with pytest.raises(ValueError, match="expected 2 to 50"):
        luck_explorer(**values)
