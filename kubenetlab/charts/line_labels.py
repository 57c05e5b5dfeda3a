"""Names at the ends of lines, so that nobody needs a key; kept apart from each other."""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib.axes import Axes

from kubenetlab.charts.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, VERMILION

LOOKS = tuple(
    zip((BLUE, VERMILION, GREEN, PURPLE, ORANGE, MUTED), ("-", "--", "-.", ":", "-", "--"), strict=True)
)
_APART = 0.075  # of the height of the Axes


def label_ends(ax: Axes, ends: Iterable[tuple[float, str, str]]) -> None:
    """Write names right of the Axes where their lines end: height, name, colour; call it when the limits stand."""
    low, high = ax.get_ylim()
    places: list[float] = []
    ordered = sorted(ends)
    for y, _, _ in ordered:
        places.append(max(min((y - low) / (high - low), 1.0), places[-1] + _APART if places else 0.0))
    down = max(0.0, places[-1] - 1.02)  # what was pushed over the top comes down again
    for (_, name, color), place in zip(ordered, places, strict=True):
        ax.text(1.015, place - down, name, transform=ax.transAxes, color=color, va="center", fontsize=8.5)


def mark_x(ax: Axes, x: float, words: str, *, is_low: bool = False) -> None:
    """Draw a thin upright line, and write beside its top (or its foot) what it stands for."""
    ax.axvline(x, color=MUTED, linewidth=1, linestyle=":")
    y, down, side = (0, 5, "bottom") if is_low else (1, -4, "top")
    ax.annotate(
        words, (x, y), xycoords=ax.get_xaxis_transform(), xytext=(4, down), textcoords="offset points", va=side,
        color=INK, fontsize=8,
    )  # fmt: skip
