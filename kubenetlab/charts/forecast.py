"""Pictures of a forecast: how much will be in use, and how likely something is refused by a date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kubenetlab.charts.drawing import (
    BLUE,
    GREEN,
    INK,
    LINE,
    MUTED,
    ORANGE,
    PURPLE,
    VERMILION,
    describe,
    house_style,
    new_axes,
)
from kubenetlab.charts.wording import count_text, label_text, share_text
from kubenetlab.ipam.forecast.run_out import ANY_LIMIT, Forecast

_SIZE_IN = (9.0, 3.6)
_BANDS = (
    ("p05", "p95", "#dcebf5", "90 %"),
    ("p10", "p90", "#b3d4e8", "80 %"),
    ("p25", "p75", "#7fb8da", "50 %"),
)
_LIMIT_STYLES = tuple(
    zip((BLUE, ORANGE, GREEN, PURPLE, VERMILION), ("--", "-.", ":", "--", "-."), strict=True)
)
_MARKED = (0.05, 0.5, 0.95)


def forecast_fan(forecast: Forecast, quantity: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw how much of a quantity will be in use: the median, bands around it, and the capacity.

    Parameters
    ----------
    forecast
        A result of ``kubenetlab.ipam.forecast.run_out.forecast``.
    quantity
        One of the column ``quantity``; None takes the one that comes closest to its capacity.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes. Bands hold 50, 80 and 90 % of the replicates; the line across is the capacity.

    Raises
    ------
    ValueError
        If the forecast has no such quantity.
    """
    frame = forecast.frame
    chosen = _fullest(frame) if quantity is None else quantity
    rows = frame[frame["quantity"] == chosen]
    if rows.empty:
        known = ", ".join(frame["quantity"].unique())
        raise ValueError(f"quantity {chosen!r}: expected one of {known}")
    capacity = rows["capacity"].iloc[0]
    with house_style():
        ax = ax or new_axes(*_SIZE_IN)
        times = _times(rows)
        for low, high, color, words in _BANDS:
            ax.fill_between(
                times, rows[low], rows[high], color=color, linewidth=0, label=f"{words} of the replicates"
            )
        ax.plot(times, rows["p50"], color=BLUE, linewidth=1.8, label="median")
        top = float(rows["p95"].max())
        if capacity is not None:
            _draw_capacity(ax, times, int(capacity), top)
            top = max(top, float(capacity)) if capacity <= 4 * top else top
        ax.set(ylim=(0, top * 1.12), xlim=(times[0], times[-1]), title=_fan_title(chosen, rows, capacity))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: count_text(int(value))))
        ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        _finish(ax, forecast)
        describe(ax, _fan_words(chosen, rows, capacity))
    return ax


def refusal_probability(forecast: Forecast, ax: Axes | None = None) -> Axes:
    """Draw how likely a node, a pod or a Service was refused by each day, in all and by what refuses first.

    Parameters
    ----------
    forecast
        A result of ``kubenetlab.ipam.forecast.run_out.forecast``.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes. The thick line counts every first refusal; where several limits refuse first, each has a line. Dots mark
    5, 50 and 95 %.
    """
    frame = forecast.refusals
    limits = [limit for limit in frame["limit"].unique() if limit != ANY_LIMIT]
    with house_style():
        ax = ax or new_axes(*_SIZE_IN)
        rows = frame[frame["limit"] == ANY_LIMIT]
        times = _times(rows)
        ax.plot(
            times,
            rows["probability"],
            color=INK,
            linewidth=2,
            drawstyle="steps-post",
            label="any limit",
            zorder=3,
        )
        if len(limits) > 1:
            for limit, (color, style) in zip(limits, _LIMIT_STYLES * len(limits), strict=False):
                of_limit = frame.loc[frame["limit"] == limit, "probability"]
                ax.plot(
                    times,
                    of_limit,
                    color=color,
                    linestyle=style,
                    drawstyle="steps-post",
                    label=label_text(limit),
                )
        _draw_marks(ax, forecast, times)
        ax.set(ylim=(-0.02, 1.08), xlim=(times[0], times[-1]), title=_refusal_title(forecast, limits))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}".replace("%", " %")))
        _finish(ax, forecast, where="upper left")
        describe(ax, _refusal_words(forecast, limits))
    return ax


def _fullest(frame: pd.DataFrame) -> str:
    last = frame[frame["day"] == frame["day"].max()]
    bounded = last[last["capacity"].notna()]
    if bounded.empty:
        return "pods"
    shares = bounded["p95"].astype(float) / bounded["capacity"].astype(float).clip(lower=1)
    return str(bounded["quantity"].iloc[int(np.argmax(shares))])


def _times(rows: pd.DataFrame) -> Any:
    if rows["date"].iloc[0] is None:
        return rows["day"].to_numpy()
    return date2num(rows["date"].tolist())  # type: ignore[no-untyped-call]


def _when(rows: pd.DataFrame, index: int) -> str:
    row = rows.iloc[index]
    return f"day {row['day']:,}" if row["date"] is None else str(row["date"])


def _draw_capacity(ax: Axes, times: Any, capacity: int, top: float) -> None:
    if capacity > 4 * top:  # far above: a line would press the rest against the axis
        return
    ax.axhline(capacity, color=VERMILION, linewidth=1.4, linestyle="--")
    ax.annotate(
        f"capacity {count_text(capacity)}",
        (times[0], capacity),
        xytext=(4, 3),
        textcoords="offset points",
        color=VERMILION,
    )


def _draw_marks(ax: Axes, forecast: Forecast, times: Any) -> None:
    rows = forecast.refusals
    for share in _MARKED:
        day = forecast.refused_by(share)
        if day is not None:
            ax.plot(times[day], share, "o", color=INK, markersize=5, zorder=4)
            side = -1 if day > len(times) * 0.2 else 1  # above the curve, where there is room
            ax.annotate(
                f"{share:.0%} by {_when(rows, day)}".replace("%", " %"), (times[day], share), xytext=(7 * side, 4),
                textcoords="offset points", ha="left" if side > 0 else "right",
            )  # fmt: skip


def _finish(
    ax: Axes, forecast: Forecast, where: Literal["lower right", "upper left"] = "lower right"
) -> None:
    ax.grid(axis="y", color=LINE, linewidth=0.6)
    ax.set_axisbelow(True)
    if forecast.start is None:
        ax.set_xlabel("days from now")
    else:
        locator = AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    ax.legend(loc=where, frameon=False, fontsize=8, labelcolor=MUTED)


def _fan_title(quantity: str, rows: pd.DataFrame, capacity: Any) -> str:
    name = quantity[0].upper() + quantity[1:]
    last = rows.iloc[-1]
    text = f"{name}: {count_text(int(rows['p50'].iloc[0]))} today, {count_text(last['p10'])} to {count_text(last['p90'])}"
    room = f" (capacity {count_text(int(capacity))})" if capacity is not None else ""
    return f"{text} on {_when(rows, -1)}{room}"


def _fan_words(quantity: str, rows: pd.DataFrame, capacity: Any) -> str:
    known = (
        "Nothing is known that bounds them."
        if capacity is None
        else f"At most {count_text(int(capacity))} there can be."
    )
    return f"Fan chart. {_fan_title(quantity, rows, None)} in 80 % of the replicates. {known}"


def _refusal_title(forecast: Forecast, limits: list[str]) -> str:
    share = float(forecast.first_refusals["day"].notna().mean())
    what = f": {label_text(limits[0])}" if len(limits) == 1 else ""
    rows = forecast.refusals
    return f"First refusal by {_when(rows, forecast.n_days)}: {share_text(share)} of {count_text(forecast.n_replicates)} replicates{what}"


def _refusal_words(forecast: Forecast, limits: list[str]) -> str:
    return f"Probability of a first refusal by date. {' '.join(_lines(forecast, limits))}"


def _lines(forecast: Forecast, limits: list[str]) -> Iterator[str]:
    yield f"{_refusal_title(forecast, [])}."
    rows = forecast.refusals
    for share in _MARKED:
        day = forecast.refused_by(share)
        share_words = f"{share:.0%}".replace("%", " %")
        yield f"{share_words} by {_when(rows, day)}." if day is not None else f"{share_words} is not reached."
    firsts = forecast.first_refusals["limit"].value_counts()
    for limit in limits:
        yield f"{limit} refuses first in {count_text(int(firsts[limit]))}."
