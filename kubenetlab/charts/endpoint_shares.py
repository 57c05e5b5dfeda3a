"""How likely each endpoint of a Service port is, beside its fair share, and beside what was counted."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from kubenetlab.charts.drawing import INK, LINE, ORANGE, PAPER, VERMILION, describe, house_style, new_axes
from kubenetlab.charts.result_columns import check_columns
from kubenetlab.charts.wording import label_text, plural, share_text
from kubenetlab.result import Result

MAX_BARS = 40
_FIRST_FEW = 10
UNEVEN_FROM = 0.001  # of a fair share: nearer to it a share is even
_WIDTH_IN = 9.0
_COLUMNS = ("endpoint", "share", "fair_share")
_GROUP = ("service_port", "destination", "source")
#: Face and hatch of what gets a share.
LOOKS = {
    "fair share": ("#a5cbe6", ""),
    "more than a fair share": (VERMILION, "////"),
    "less than a fair share": (ORANGE, "...."),
    "no endpoint": (LINE, "xx"),
    "several together": (LINE, ""),
}


def percent(share: float) -> str:
    """Write a share with three digits, so that what differs in the tenth digit reads the same.

    >>> percent(0.0009999999), percent(0.0010000002), percent(1 / 3), percent(1e-9), percent(0.9999)
    ('0.1 %', '0.1 %', '33.3 %', 'below 0.1 %', 'above 99.9 %')
    """
    return f"{share * 100:.3g} %" if 1e-5 < share < 0.9995 else share_text(share)


def share_look(share: float, fair: float) -> str:
    """Return the key of ``LOOKS`` for an endpoint's share.

    >>> share_look(0.33333, 1 / 3), share_look(0.3, 1 / 3)
    ('fair share', 'less than a fair share')
    """
    if abs(share / fair - 1) <= UNEVEN_FROM:
        return "fair share"
    return f"{'more' if share > fair else 'less'} than a fair share"


def endpoint_shares(shares: Result, destination: str = "", ax: Axes | None = None) -> Axes:
    """Draw the share of each endpoint of one Service port.

    Parameters
    ----------
    shares
        A result of ``rule_shares`` or of ``endpoint_luck``.
    destination
        A value of its column ``destination``, such as ``10.96.0.10:53/UDP``; empty for the most uneven one.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: a bar an endpoint, a line at the fair share, and a mark at the share that was counted, if any was. Of more
    than 40 endpoints those that are farthest from the fair share are shown, the farthest first; of even ones the
    first few.

    Raises
    ------
    ValueError
        If that is no such result, or it has no endpoint at the destination.
    """
    check_columns("shares", shares, "rule_shares", _COLUMNS)
    frame = _of_destination(shares.frame, destination)
    title, fair = _title(shares, frame), float(frame["fair_share"].iloc[0])
    shown, hint = _shown(frame)
    with house_style():
        ax = ax or new_axes(_WIDTH_IN, 1.6 + 0.3 * len(shown))
        _draw_bars(ax, shown)
        ax.axvline(fair, color=INK, linestyle="--", linewidth=1.4, label=f"fair share, {percent(fair)}")
        ax.set_title(f"\n{title}{hint}", pad=10)
        ax.grid(axis="x", color=LINE, linewidth=0.5)
        ax.set_axisbelow(True)
        key = look_key(map(share_look, shown["share"], shown["fair_share"]))
        key += ax.get_legend_handles_labels()[0]  # type: ignore[arg-type]
        ax.figure.legend(handles=key, loc="outside lower left", ncols=4, frameon=False, fontsize=8)
        describe(ax, f"{title}: {_words(frame, fair)}")
    return ax


def _shown(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows to draw, and what to say of the others."""
    if len(frame) <= MAX_BARS:
        return frame, ""
    distances = (frame["share"] / frame["fair_share"] - 1).abs()
    if distances.max() <= UNEVEN_FROM:
        return frame.head(_FIRST_FEW), f"\n{plural(len(frame), 'endpoint')}, all even; the first {_FIRST_FEW}"
    rows = frame.loc[distances.round(9).sort_values(kind="stable", ascending=False).index[:MAX_BARS]]
    return rows.reset_index(
        drop=True
    ), f"\nthe {MAX_BARS} of {len(frame):,} endpoints farthest from a fair share"


def _of_destination(frame: pd.DataFrame, destination: str) -> pd.DataFrame:
    """Return the rows of one destination and kind of source: the one asked for, or the most uneven one."""
    names = [name for name in _GROUP if name in frame]
    rows = frame[
        frame["fair_share"].notna() & frame["share"].notna() & (frame["endpoint"] != "")
    ].reset_index(drop=True)
    if destination:
        rows = rows[rows["destination"].str.lower() == destination.lower()]
    if rows.empty:
        raise ValueError(f"no endpoint gets a share of {destination or 'any destination'}")
    if not names:
        return rows
    groups = rows.groupby(names, sort=False, dropna=False)
    distances = (rows["share"] / rows["fair_share"] - 1).abs().round(9)
    farthest = distances.groupby([rows[name] for name in names], sort=False).max().idxmax()
    return groups.get_group(farthest).reset_index(drop=True)


def _title(shares: Result, frame: pd.DataFrame) -> str:
    if "destination" not in frame:
        return shares.title
    service, destination, source = map(str, frame.loc[0, list(_GROUP)])
    return " ".join(
        label_text(text, 70) for text in (service, destination, source and f"from {source}") if text
    )


def _draw_bars(ax: Axes, frame: pd.DataFrame) -> None:
    rows = range(len(frame))
    for row, share, fair in zip(rows, frame["share"], frame["fair_share"], strict=True):
        face, hatch = LOOKS[share_look(share, fair)]
        edge = INK if hatch else face
        ax.barh(row, share, height=0.68, color=face, hatch=hatch, edgecolor=edge, linewidth=0)
    for row, words in enumerate(_numbers(frame)):
        ax.text(1.01, row, words, transform=ax.get_yaxis_transform(), va="center", fontsize=8)
    if "counted_share" in frame:
        label = f"counted, of {int(frame['counted'].sum()):,} connections"
        ax.plot(
            frame["counted_share"], rows, linestyle="", marker="D", markersize=6, color=INK, markeredgecolor=PAPER,
            label=label, clip_on=False,
        )  # fmt: skip
    ax.set_yticks(rows, [label_text(name) for name in frame["endpoint"]], fontsize=8)
    ax.tick_params(axis="y", length=0)
    top = max(frame[name].max() for name in ("share", "fair_share", "counted_share") if name in frame)
    ax.set(xlim=(0, top * 1.05), ylim=(len(frame) - 0.4, -0.6), xlabel="share of new connections")
    ax.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))


def _numbers(frame: pd.DataFrame) -> list[str]:
    shares = [percent(share) for share in frame["share"]]
    if "counted_share" not in frame:
        return shares
    counted = map(percent, frame["counted_share"])
    return [f"{share}, counted {seen}" for share, seen in zip(shares, counted, strict=True)]


def look_key(looks: Iterable[str]) -> list[Patch]:
    """Return the keys of what is in a picture, in the order of ``LOOKS``."""
    found = set(looks)
    return [
        Patch(facecolor=face, hatch=hatch, edgecolor=INK, linewidth=0.3, label=name)
        for name, (face, hatch) in LOOKS.items()
        if name in found
    ]


def _words(frame: pd.DataFrame, fair: float) -> str:
    low, high = frame["share"].min(), frame["share"].max()
    every = plural(len(frame), "endpoint")
    if share_look(low, fair) == share_look(high, fair) == "fair share":
        return f"{every}, each with its fair share of {percent(fair)}."
    return f"{every}, from {percent(low)} to {percent(high)}; a fair share is {percent(fair)}."
