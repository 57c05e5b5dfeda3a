"""What was counted for each endpoint of a Service, beside the band in which chance alone keeps all of them."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kubenetlab.charts.drawing import BLUE, INK, LINE, VERMILION, describe, house_style, new_axes
from kubenetlab.charts.result_columns import check_columns
from kubenetlab.charts.wording import count_text, label_text, plural
from kubenetlab.result import Result

MAX_ROWS = 40
_FARTHEST = 20
_WIDTH_IN = 9.0
_NAMED = 5
_COLUMNS = ("endpoint", "expected", "low", "high", "counted", "overload_factor", "is_odd")


def luck_band(luck: Result, ax: Axes | None = None) -> Axes:
    """Draw the counts of one Service's endpoints over the band that chance keeps them in.

    Parameters
    ----------
    luck
        A result of ``endpoint_luck``.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: a row an endpoint with a grey band, a line at the expected count and a dot at what was counted; a diamond
    and words where that lies outside the band. Of more than 40 endpoints the 20 that are farthest from the expected count, the
    farthest first.

    Raises
    ------
    ValueError
        If that is no such result.
    """
    check_columns("luck", luck, "endpoint_luck", _COLUMNS)
    frame = luck.frame
    shown, hint = _shown(frame)
    with house_style():
        ax = ax or new_axes(_WIDTH_IN, 1.5 + 0.3 * len(shown))
        _draw_rows(ax, shown)
        top = float(shown[["high", "counted"]].to_numpy().max())
        ax.set(xlim=(0, top * 1.04 or 1), ylim=(len(shown) - 0.4, -0.6), xlabel="counted")
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count_text(int(value))))
        ax.set_title(f"\n{label_text(luck.title, 90)}{hint}", pad=10)
        handles = list({handle.get_label(): handle for handle in ax.get_legend_handles_labels()[0]}.values())
        ax.figure.legend(handles=handles, loc="outside lower left", ncols=4, frameon=False, fontsize=8)
        describe(ax, f"{luck.title}: {_words(frame)}")
    return ax


def _shown(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows to draw, and what to say of the others."""
    if len(frame) <= MAX_ROWS:
        return frame, ""
    wide = (frame["high"] - frame["low"]).clip(lower=1)
    distances = ((frame["counted"] - frame["expected"]).abs() / wide).round(9) + frame["is_odd"] * 1e6
    rows = frame.loc[distances.sort_values(kind="stable", ascending=False).index[:_FARTHEST]]
    return rows, f"\nthe {_FARTHEST} of {len(frame):,} endpoints that are farthest from what was expected"


def _draw_rows(ax: Axes, frame: pd.DataFrame) -> None:
    rows, odd = pd.Series(range(len(frame)), index=frame.index), frame["is_odd"]
    width = frame["high"] - frame["low"]
    ax.barh(rows, width, left=frame["low"], height=0.62, color=LINE, label="what chance alone explains")
    ax.vlines(frame["expected"], rows - 0.31, rows + 0.31, color=INK, linewidth=1, label="expected")
    for marks, look, label in ((~odd, ("o", BLUE), "counted"), (odd, ("D", VERMILION), "outside the band")):
        if marks.any():
            ax.plot(
                frame["counted"][marks], rows[marks], linestyle="", marker=look[0], markersize=6, color=look[1],
                markeredgecolor=INK, markeredgewidth=0.5, clip_on=False, zorder=3, label=label,
            )  # fmt: skip
    ax.set_yticks(rows.tolist(), [label_text(name) for name in frame["endpoint"]], fontsize=8)
    numbers = zip(frame["counted"], frame["overload_factor"], odd, ax.get_yticklabels(), strict=True)
    for row, (count, factor, is_odd, name) in enumerate(numbers):
        times = f", {factor:.2g} times its share" if count else ", nothing"
        words = f"{count:,}{times if is_odd else ''}"
        weight = "bold" if is_odd else "normal"
        name.set(weight=weight)
        ax.text(1.02, row, words, transform=ax.get_yaxis_transform(), va="center", fontsize=8, weight=weight)
    ax.tick_params(axis="y", length=0, pad=8)


def _words(frame: pd.DataFrame) -> str:
    odd = frame[frame["is_odd"]]
    total = count_text(int(frame["counted"].sum()))
    if odd.empty:
        return (
            f"{total} counted for {plural(len(frame), 'endpoint')}, all inside the band that chance explains."
        )
    found = [
        f"{label_text(name)} ({counted:,}, {factor:.2g} times its share)"
        for name, counted, factor in zip(odd["endpoint"], odd["counted"], odd["overload_factor"], strict=True)
    ]
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{total} counted for {plural(len(frame), 'endpoint')}; outside the band: {', '.join(found[:_NAMED])}{more}."
