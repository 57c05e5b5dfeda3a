"""How much busier than the average the busiest endpoint is, for fewer and for more connections, by chance alone."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from kubenetlab.charts.drawing import BLUE, GREEN, LINE, ORANGE, VERMILION, describe, house_style, new_axes
from kubenetlab.charts.result_columns import check_columns
from kubenetlab.charts.wording import count_text, plural
from kubenetlab.result import Result

_SIZE_IN = (9.0, 3.8)
_LOOKS = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (VERMILION, ":"))
_TOP = 5.0  # times the average: what is higher is a handful of connections
_COLUMNS = ("n_connections", "n_endpoints", "max_over_mean_mean", "max_over_mean_p05", "max_over_mean_p95")


def connection_spread(*spreads: Result, ax: Axes | None = None) -> Axes:
    """Draw the busiest endpoint's count over the average, against the number of connections.

    Parameters
    ----------
    spreads
        Results of ``connection_spread``, one for each number of endpoints; at most four.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: for each result a line at the mean and a band that holds 90 % of cases. 1 would be a perfect balance.

    Raises
    ------
    ValueError
        If there is no result, more than four, or one of something else.
    """
    if not 1 <= len(spreads) <= len(_LOOKS):
        raise ValueError(f"spreads: found {len(spreads)} results, expected 1 to {len(_LOOKS)}")
    for spread in spreads:
        check_columns("spreads", spread, "connection_spread", _COLUMNS)
    frames = [spread.frame.sort_values("n_connections") for spread in spreads]
    with house_style():
        ax = ax or new_axes(*_SIZE_IN)
        for frame, look in zip(frames, _LOOKS, strict=False):
            _draw(ax, frame, *look)
        top = max(float(frame["max_over_mean_p95"].max()) for frame in frames)
        ax.set(xscale="log", ylim=(1, min(top * 1.05, _TOP)), xlabel="connections")
        ax.set(title="How uneven chance makes it", ylabel="busiest endpoint, times the average")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count_text(int(value))))
        ax.margins(x=0)
        ax.grid(color=LINE, linewidth=0.5)
        ax.set_axisbelow(True)
        ax.legend(frameon=False, fontsize=8, loc="upper right", title="mean, and the band of 90 % of cases")
        describe(ax, f"The busiest endpoint over the average. {' '.join(map(_words, frames))}")
    return ax


def _name(frame: pd.DataFrame) -> str:
    return plural(int(frame["n_endpoints"].iloc[0]), "endpoint")


def _draw(ax: Axes, frame: pd.DataFrame, color: str, style: str) -> None:
    n, low, high = (frame[name] for name in ("n_connections", "max_over_mean_p05", "max_over_mean_p95"))
    ax.fill_between(n, low, high, color=color, alpha=0.2, linewidth=0)
    (line,) = ax.plot(n, frame["max_over_mean_mean"], color=color, linestyle=style, label=_name(frame))
    line.set(linewidth=1.8, marker="o", markersize=3.5)


def _words(frame: pd.DataFrame) -> str:
    first, last = (
        f"{row['max_over_mean_mean']:.3g} times at {count_text(int(row['n_connections']))}"
        for _, row in frame.iloc[[0, -1]].iterrows()
    )
    return f"{_name(frame)}: {first} connections, {last}."
