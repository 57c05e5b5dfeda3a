"""Axes in, inline SVG out: the same bytes on every machine, readable on light and dark paper and by a screen reader."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes

from kubenetlab.charts import house_style
from kubenetlab.charts.drawing import (
    BLUE,
    GREEN,
    INK,
    LINE,
    MUTED,
    ORANGE,
    PAPER,
    PURPLE,
    VERMILION,
    ChartAxes,
)
from kubenetlab.result import Result

#: Colours of charts and the CSS properties that take their place; the page's style sheet sets them for light and dark.
CSS_PROPERTIES = {
    INK: "--ink", MUTED: "--muted", LINE: "--line", PAPER: "--paper", BLUE: "--blue", ORANGE: "--orange",
    GREEN: "--green", VERMILION: "--vermilion", PURPLE: "--purple",
}  # fmt: skip

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "kubenetlab",
    "savefig.transparent": True,
}


class Picture(NamedTuple):
    """A picture as inline SVG, and its caption."""

    svg: Markup
    caption: str


def picture(chart: Callable[[Result], Axes], result: Result, caption: str) -> Picture:
    """Draw a chart of a result as inline SVG; its ids begin with the chart's name."""
    with house_style():
        mpl.rcParams.update(_SETTINGS)
        axes = chart(result)
        buffer = io.StringIO()
        axes.get_figure(root=True).savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})  # type: ignore[union-attr]
    alt_text = axes.alt_text if isinstance(axes, ChartAxes) else caption
    return Picture(Markup(_inline(buffer.getvalue(), chart.__name__, caption, alt_text)), caption)


def _inline(text: str, prefix: str, title: str, description: str) -> str:
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", text)
    for color, name in CSS_PROPERTIES.items():
        text = text.replace(f": {color}", f": var({name}, {color})")
    label = f'role="img" aria-labelledby="{prefix}-title {prefix}-description"'
    text = re.sub(r'<svg (.*?)width="[^"]*" (.*?)height="[^"]*"', rf"<svg {label} \1\2", text, count=1)
    words = f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-description">{escape(description)}</desc>'
    start = text.index(">") + 1
    return text[:start] + words + text[start:]
