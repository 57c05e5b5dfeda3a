"""How many returning clients find their endpoint again, for fewer and for more clients, in each mode of kube-proxy."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from kubenetlab.charts.drawing import LINE, describe, house_style, new_axes
from kubenetlab.charts.line_labels import LOOKS, label_ends, mark_x
from kubenetlab.charts.result_columns import check_columns
from kubenetlab.charts.wording import count_text, plural, share_text
from kubenetlab.result import Result

_SIZE_IN = (9.0, 3.8)
_COLUMNS = ("mode", "n_clients", "n_endpoints", "n_nodes", "capacity", "kept_share")
_NAMES = {"none": "no affinity"}


def affinity_retention(retention: Result, ax: Axes | None = None) -> Axes:
    """Draw the share of returns that reach the client's last endpoint, against the number of clients.

    Parameters
    ----------
    retention
        A result of ``affinity_retention``, for two numbers of clients or more.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: a line for each mode, modes that do the same as one; where a mode's lists are full, an upright line says so.

    Raises
    ------
    ValueError
        If that is no such result, or has one number of clients.
    """
    check_columns("retention", retention, "affinity_retention", _COLUMNS)
    frame = retention.frame
    kept = frame.pivot(index="n_clients", columns="mode", values="kept_share")[frame["mode"].unique()]
    if len(kept) < 2:
        raise ValueError(f"retention has one number of clients ({kept.index[0]:,}), expected two or more")
    first, is_narrow = frame.iloc[0], kept.index[-1] < 1000 * kept.index[0]
    title = f"Returning clients that keep their endpoint: {plural(first['n_endpoints'], 'endpoint')}, {plural(first['n_nodes'], 'node')}"
    with house_style():
        ax = ax or new_axes(*_SIZE_IN)
        ax.set(xscale="log", xlim=(kept.index[0], kept.index[-1]), ylim=(0, 1.03), title=title)
        ax.set(xlabel="clients (addresses, as the nodes see them)", ylabel="returns that find it again")
        _draw_lines(ax, kept)
        knees = frame.drop_duplicates("mode").dropna(subset="capacity").query("capacity > 0")
        for mode, room in zip(knees["mode"], knees["capacity"], strict=True):
            if kept.index[0] < room < kept.index[-1]:
                mark_x(ax, room, f"{mode}: full at {_room(room, first)}", is_low=True)
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if is_narrow else (1,)))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count_text(int(value))))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}".replace("%", " %")))
        ax.grid(color=LINE, linewidth=0.5)
        ax.set_axisbelow(True)
        describe(ax, f"{title}. {' '.join(_words(name, values) for name, values in kept.items())}")
    return ax


def _room(room: int, first: pd.Series) -> str:
    each = room // (first["n_endpoints"] * first["n_nodes"])
    return f"{count_text(room)} clients,\n{count_text(each)} per endpoint and node"


def _draw_lines(ax: Axes, kept: pd.DataFrame) -> None:
    same: dict[tuple[float, ...], list[str]] = {}
    for mode in kept:
        same.setdefault(tuple(kept[mode].round(3)), []).append(str(mode))
    ends = []
    for (shares, modes), (color, style) in zip(same.items(), LOOKS, strict=False):
        ax.plot(kept.index, shares, color=color, linestyle=style, linewidth=1.9, marker="o", markersize=3.5)
        ends.append((shares[-1], ", ".join(_NAMES.get(mode, mode) for mode in modes), color))
    label_ends(ax, ends)


def _words(mode: object, shares: pd.Series) -> str:
    few, many = (f"{share_text(shares.loc[n])} of {count_text(n)} clients" for n in shares.index[[0, -1]])
    return f"{mode}: {few}, {many}."
