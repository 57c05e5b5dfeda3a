"""How every chart is drawn: colours, type sizes, and Axes that show themselves in a notebook."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#1f2328"
MUTED = "#59636e"
LINE = "#c4ccd4"
PAPER = "#ffffff"

# Okabe and Ito, "Color Universal Design" (2008): told apart with every common kind of colour blindness.
BLUE = "#0072b2"
ORANGE = "#e69f00"
GREEN = "#009e73"
VERMILION = "#d55e00"
PURPLE = "#cc79a7"

_CSS_PX_PER_IN = 100  # fewer than the pixels of a picture, so that it is sharp on fine screens
_STYLE: dict[Any, Any] = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "font.size": 9,
    "hatch.linewidth": 0.7,
    "savefig.dpi": 160,
    "savefig.facecolor": PAPER,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save in the same style whatever the user's matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


class ChartAxes(Axes):
    """Axes that show their picture as the last line of a notebook cell, with a text that says what is in it."""

    alt_text: str = ""

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        buffer = io.BytesIO()
        figure = cast(Figure, self.get_figure(root=True))
        with house_style():
            figure.savefig(buffer, format="png", metadata={"Software": None})
        picture = base64.b64encode(buffer.getvalue()).decode("ascii")
        shown = {"alt": self.alt_text, "width": int(figure.get_figwidth() * _CSS_PX_PER_IN)}
        return {"image/png": picture, "text/plain": self.alt_text}, {"image/png": shown}


def new_axes(width_in: float, height_in: float) -> ChartAxes:
    """Return Axes of a new figure of our own; call it inside ``house_style()``."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    return cast(ChartAxes, figure.add_subplot(axes_class=ChartAxes))


def describe(axes: Axes, text: str) -> None:
    """Store what a picture shows, in words, where the Axes are our own."""
    if isinstance(axes, ChartAxes):
        axes.alt_text = text
