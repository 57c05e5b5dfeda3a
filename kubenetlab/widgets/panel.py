"""A panel: controls, and the picture and the sentence that one function makes of their values."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, NamedTuple

import ipywidgets
from matplotlib.axes import Axes

from kubenetlab.charts.drawing import ChartAxes, house_style
from kubenetlab.visible_text import visible

_CONTROL_STYLE = {"description_width": "12em"}
_CONTROL_LAYOUT = {"width": "46em", "max_width": "100%"}
_WHOLE_WORDS = "white-space:pre-wrap;word-break:normal;overflow-x:auto"
_CSS_PX_PER_IN = 100


class Picture(NamedTuple):
    """What a panel shows: Axes, a sentence below them, and below that a text of several lines to unfold."""

    axes: Axes
    sentence: str
    lines: str = ""


class Panel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Controls above the picture that a function makes of their values; every change draws anew.

    The picture is the value of a widget, so it needs no output area, and it is stored in the notebook too: a page
    made of the notebook shows it without a kernel.

    Parameters
    ----------
    controls
        Widgets with a value, by the name of the parameter of ``draw``; their ``description`` is their label.
    draw
        Called with the values by name. Where it raises ``ValueError``, the panel shows the text instead of a picture.
    """

    def __init__(self, controls: Mapping[str, Any], draw: Callable[..., Picture]) -> None:
        self.controls = dict(controls)
        self._draw = draw
        self._shown = ipywidgets.HTML()
        self._png, self._text, self._sentence = b"", "", ""
        for control in self.controls.values():
            control.style, control.layout = _CONTROL_STYLE, _CONTROL_LAYOUT
            control.observe(self._update, "value")
        super().__init__([*self.controls.values(), self._shown])
        self._update()

    @property
    def picture_html(self) -> str:
        """The picture and the sentence as they are shown now."""
        return str(self._shown.value)

    def _update(self, _: object = None) -> None:
        values = {name: control.value for name, control in self.controls.items()}
        try:
            picture = self._draw(**values)
        except ValueError as error:
            self._png, self._text, self._sentence, image, lines = b"", str(error), str(error), "", ""
        else:
            alt_text = _alt_text(picture.axes)
            self._png, self._sentence, lines = _png(picture.axes), picture.sentence, _lines(picture.lines)
            self._text = f"{alt_text} {picture.sentence}".strip()
            image = _image(self._png, alt_text, _width_px(picture.axes))
        caption = f"<figcaption>{_safe(self._sentence)}</figcaption>"
        self._shown.value = f'<figure style="margin:0">{image}{caption}{lines}</figure>'

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data = super()._repr_mimebundle_(**options) | {"text/plain": visible(self._text)}
        if not self._png:
            return data, {}
        data["image/png"] = base64.b64encode(self._png).decode("ascii")
        return data, {"image/png": {"alt": visible(self._text), "caption": visible(self._sentence)}}


def _png(axes: Axes) -> bytes:
    buffer = io.BytesIO()
    with house_style():
        axes.get_figure(root=True).savefig(buffer, format="png", metadata={"Software": None})  # type: ignore[union-attr]
    return buffer.getvalue()


def _image(png: bytes, alt_text: str, width_px: int) -> str:
    source = base64.b64encode(png).decode("ascii")
    return f'<img src="data:image/png;base64,{source}" alt="{_safe(alt_text)}" width="{width_px}" style="max-width:100%">'


def _alt_text(axes: Axes) -> str:
    return axes.alt_text if isinstance(axes, ChartAxes) else ""


def _width_px(axes: Axes) -> int:
    return int(axes.get_figure(root=True).get_figwidth() * _CSS_PX_PER_IN)  # type: ignore[union-attr]


def _lines(text: str) -> str:
    if not text:
        return ""
    lines = escape(visible(text, kept="\n"))
    return f'<details><summary>In full, as text</summary><pre style="{_WHOLE_WORDS}">{lines}</pre></details>'


def _safe(text: str) -> str:
    return escape(visible(text))
