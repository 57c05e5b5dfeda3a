"""What is free in a pool, by size of block, and when the first range was refused: one bar a policy."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from kubenetlab.charts.drawing import INK, LINE, MUTED, PAPER, VERMILION, describe, house_style, new_axes
from kubenetlab.charts.wording import plural, share_text
from kubenetlab.ipam.fragmentation import Fragmentation

_SIZE_IN = (9.0, 3.0)
_FREE_LABEL = "free, the larger the blocks the darker"
_MIN_LABELLED_SHARE = 0.03  # of the pool's width: room for "/24"
_DARKEST, _LIGHTEST = 0.95, 0.3
_DARK = 0.65  # on darker colours than this a text is white


def fragmentation_by_policy(result: Fragmentation, ax: Axes | None = None) -> Axes:
    """Draw the pool under each policy: what is in use, then what is free, by size of block.

    Parameters
    ----------
    result
        Of ``kubenetlab.ipam.fragmentation.compare_policies``.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: one bar a policy as long as the pool, with a mark where demand was first refused.
    """
    frame, free = result.frame, result.free_blocks
    with house_style():
        ax = ax or new_axes(*_SIZE_IN)
        rows = range(len(frame))
        ax.barh(rows, frame["use_share"], height=0.62, color=LINE, label="in use")
        for row, (policy, use_share) in enumerate(zip(frame["policy"], frame["use_share"], strict=True)):
            _draw_free(ax, row, use_share, free[free["policy"] == policy], _shades(free["prefix_length"]))
        ax.plot(
            frame["first_refusal_use_share"],
            [row - 0.4 for row in rows],
            linestyle="",
            marker="v",
            markersize=8,
            color=VERMILION,
            clip_on=False,
            label="use when a range was first refused",
        )
        ax.set_yticks(rows, frame["policy"])
        ax.tick_params(axis="y", length=0)
        ax.set(xlim=(0, 1), ylim=(len(frame) - 0.5, -0.5), xlabel="share of the pool's addresses")
        ax.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        _draw_outcomes(ax, frame)
        ax.figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=8)
        describe(ax, _words(result.title, frame))
    return ax


def _shades(prefix_lengths: pd.Series) -> dict[int, float]:
    """Where each size stands between dark (the largest) and light (the finest)."""
    lengths = sorted(set(prefix_lengths))
    step = (_DARKEST - _LIGHTEST) / max(len(lengths) - 1, 1)
    return {length: _DARKEST - number * step for number, length in enumerate(lengths)}


def _draw_free(ax: Axes, row: int, left: float, blocks: pd.DataFrame, shades: dict[int, float]) -> None:
    for length, share in zip(blocks["prefix_length"], blocks["parent_share"], strict=True):
        shade = shades[length]
        is_key = _FREE_LABEL not in ax.get_legend_handles_labels()[1]
        ax.barh(
            row,
            share,
            left=left,
            height=0.62,
            color=mpl.colormaps["Blues"](shade),
            edgecolor=PAPER,
            linewidth=0.3,
            label=_FREE_LABEL if is_key else None,
        )
        if share >= _MIN_LABELLED_SHARE:
            color = PAPER if shade > _DARK else INK
            ax.text(left + share / 2, row, f"/{length}", ha="center", va="center", fontsize=7.5, color=color)
        left += share


def _draw_outcomes(ax: Axes, frame: pd.DataFrame) -> None:
    for row, outcome in enumerate(_outcomes(frame)):
        ax.text(1.01, row, outcome, transform=ax.get_yaxis_transform(), va="center", fontsize=8, color=MUTED)


def _outcomes(frame: pd.DataFrame) -> list[str]:
    columns = (frame[name] for name in ("n_free_blocks", "n_refused", "n_allocations"))
    return [
        f"{plural(n_blocks, 'free block')},\n{n_refused:,} of {n_allocations:,} refused"
        for n_blocks, n_refused, n_allocations in zip(*columns, strict=True)
    ]


def _words(title: str, frame: pd.DataFrame) -> str:
    first = [
        f"{policy} at {share_text(share)} use"
        for policy, share in zip(frame["policy"], frame["first_refusal_use_share"], strict=True)
    ]
    return f"{title}. A range was first refused: {'; '.join(first)}."
