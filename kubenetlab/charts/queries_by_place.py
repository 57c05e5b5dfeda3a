"""Queries per second at every place, from the applications to the servers outside, before and after a change."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from kubenetlab.charts.drawing import BLUE, INK, LINE, ORANGE, describe, house_style, new_axes
from kubenetlab.charts.result_columns import check_columns
from kubenetlab.charts.wording import label_text
from kubenetlab.result import Result

_LOG_FROM = 50  # times from the smallest rate to the largest
_LOOKS = {"before": ("o", BLUE), "after": ("D", ORANGE)}


def queries_by_place(before: Result, after: Result | None = None, ax: Axes | None = None) -> Axes:
    """Draw the queries per second at every place, a row each; with ``after`` a second sign and an arrow from one to the other.

    Parameters
    ----------
    before, after
        Results of ``DnsDemand.by_place``; ``after`` None for one alone.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: a circle before, a diamond after. The scale is logarithmic where the largest rate is more than 50 times the
    smallest; a place without queries stands at its left end.

    Raises
    ------
    ValueError
        If one is no such result.
    """
    given = {"before": before} if after is None else {"before": before, "after": after}
    for name, result in given.items():
        check_columns(name, result, "dns_demand(...).by_place", ("place", "per_s", "per_lookup"))
    rates = {name: result.frame.set_index("place")["per_s"] for name, result in given.items()}
    places = max((list(one.index) for one in rates.values()), key=len)
    table, title = pd.DataFrame(rates).reindex(places), label_text(before.title, 90)
    texts = [_text(row.tolist()) for _, row in table.iterrows()]
    with house_style():
        ax = ax or new_axes(9.0, 1.5 + 0.42 * len(table))
        _scale(ax, table)
        _draw(ax, table)
        for row, text in enumerate(texts):
            ax.text(1.02, row, text, transform=ax.get_yaxis_transform(), va="center", fontsize=8)
        ax.set(
            ylim=(len(table) - 0.5, -0.5),
            xlabel="queries per second (of the applications: lookups)",
            title=title,
        )
        ax.set_yticks(range(len(table)), [label_text(place) for place in places])
        ax.tick_params(axis="y", length=0)
        if after is not None:
            ax.figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=8)
        numbers = (f"{label_text(place)} {text}" for place, text in zip(places, texts, strict=True))
        describe(ax, f"{title}, per second: {', '.join(numbers)}.")
    return ax


def _scale(ax: Axes, table: pd.DataFrame) -> None:
    rates = [rate for rate in table.to_numpy().ravel() if rate > 0] or [1.0]
    if max(rates) > _LOG_FROM * min(rates):
        ax.set(xscale="log", xlim=(min(rates) / 3, max(rates) * 2))
    else:
        ax.set_xlim(0, max(rates) * 1.08)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{rate:,.12g}"))


def _draw(ax: Axes, table: pd.DataFrame) -> None:
    shown = table.clip(lower=ax.get_xlim()[0]).reset_index(drop=True)
    ax.hlines(shown.index, ax.get_xlim()[0], shown.max(axis=1), color=LINE, linewidth=1, zorder=0)
    for row, ends in shown.dropna().iterrows() if len(shown.columns) > 1 else ():
        arrow = {"arrowstyle": "-|>", "color": INK}
        ax.annotate("", (ends["after"], row), (ends["before"], row), arrowprops=arrow)
    for name, rates in shown.items():
        marker, color = _LOOKS[str(name)]
        ax.plot(rates, shown.index, marker, color=color, ms=8, mec=INK, mew=0.5, label=name, clip_on=False)


def _text(rates: list[float]) -> str:
    """Write rates with three digits or more.

    >>> _text([1221.03, 0.5126]), _text([float("nan"), 0.0])
    ('1,221 → 0.513', 'none → 0')
    """
    texts = (f"{rate:,.0f}" if rate >= 1000 else f"{rate:.3g}".replace("nan", "none") for rate in rates)
    return " \N{RIGHTWARDS ARROW} ".join(texts)
