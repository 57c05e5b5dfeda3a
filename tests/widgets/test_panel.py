import ipywidgets
import pytest

from kubenetlab.charts.drawing import describe, house_style, new_axes
from kubenetlab.widgets.panel import Panel, Picture

WIDGET = "application/vnd.jupyter.widget-view+json"


def draw(n):
    if n < 0:
        raise ValueError(f"n <{n}> is negative")
    with house_style():
        axes = new_axes(2, 1)
        axes.bar(range(n), range(n))
    describe(axes, f"{n} bars & more")
    return Picture(axes, f"There are {n} <bars>.")


def panel(value=3):
    return Panel({"n": ipywidgets.IntSlider(value=value, min=-5, max=9, description="Bars")}, draw)


def test_panel__shows_a_picture_with_its_text_and_a_sentence():
    html = panel().picture_html

    assert '<img src="data:image/png;base64,' in html
    assert 'alt="3 bars &amp; more"' in html
    assert "There are 3 &lt;bars&gt;." in html


def test_panel__draws_anew_when_a_control_changes():
    shown = panel()
    before = shown.picture_html

    shown.controls["n"].value = 5

    assert shown.picture_html != before
    assert "There are 5" in shown.picture_html


def test_panel__shows_the_text_of_an_error_instead_of_a_picture():
    shown = panel(-2)

    assert "n &lt;-2&gt; is negative" in shown.picture_html
    assert "<img" not in shown.picture_html
    assert "image/png" not in shown._repr_mimebundle_()[0]


def test_panel__stores_its_picture_in_the_notebook():
    data, metadata = panel()._repr_mimebundle_()

    assert set(data) == {WIDGET, "image/png", "text/plain"}
    assert data["text/plain"] == "3 bars & more There are 3 <bars>."
    assert metadata == {"image/png": {"alt": data["text/plain"], "caption": "There are 3 <bars>."}}


def test_panel__labels_every_control():
    shown = panel()

    assert [control.description for control in shown.children[:-1]] == ["Bars"]


def test_panel__is_a_widget():
    assert isinstance(panel(), ipywidgets.Widget)


@pytest.mark.parametrize("value", [1, 9])
def test_panel__draws_the_same_bytes_twice(value):
    one, other = (panel(value)._repr_mimebundle_()[0]["image/png"] for _ in range(2))

    assert one == other
