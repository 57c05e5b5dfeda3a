"""How long lookups take, with the tail that lost packets make: which share takes longer than a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from kubenetlab.charts import drawing
from kubenetlab.charts.drawing import LINE, MUTED, describe, house_style, new_axes
from kubenetlab.charts.wording import label_text, share_text
from kubenetlab.dns.demand.demand import DnsDemand
from kubenetlab.dns.demand.latency import NEGLIGIBLE

_LOOKS = ((drawing.BLUE, "-"), (drawing.ORANGE, "--"), (drawing.GREEN, "-."), (drawing.VERMILION, ":"))
_TIMES_S = np.geomspace(1e-4, 60, 1200)
_TITLE = "Time of a DNS lookup"
_WAITS_S = {2.5: ("musl asks again", "right"), 5.0: ("glibc and Go ask again", "left")}
_ABOVE: dict[str, Any] = {"textcoords": "offset points", "va": "bottom", "fontsize": 7, "color": MUTED}


def lookup_latency(demands: DnsDemand | Mapping[str, DnsDemand], ax: Axes | None = None) -> Axes:
    """Draw which share of the lookups takes longer than a time, both on logarithmic scales.

    Parameters
    ----------
    demands
        What ``dns_demand`` returned, or up to four of them by name (before, after).
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: a line a demand, which ends where no share is left; thin lines at the times at which resolvers ask again.

    Raises
    ------
    ValueError
        If that is no such thing, or none or more than four.
    """
    given = demands if isinstance(demands, Mapping) else {"": demands}
    if not 0 < len(given) <= len(_LOOKS) or not all(isinstance(one, DnsDemand) for one in given.values()):
        raise ValueError(f"demands: expected 1 to {len(_LOOKS)} results of dns_demand, by name or alone")
    texts = [f"{label_text(name)}: {_slow(one)}".removeprefix(": ") for name, one in given.items()]
    with house_style():
        ax = ax or new_axes(9.0, 4.8)
        for demand, text, (color, style) in zip(given.values(), texts, _LOOKS, strict=False):
            shares = [demand.share_above(time) for time in _TIMES_S]
            ax.step(_TIMES_S, shares, where="post", color=color, linestyle=style, linewidth=2, label=text)
        ax.set(xscale="log", yscale="log", ylim=(NEGLIGIBLE, 1.4), xlim=(_TIMES_S[0], _TIMES_S[-1]))
        ax.set_title(_TITLE, pad=24)
        for wait_s, (words, side) in _WAITS_S.items():
            ax.axvline(wait_s, color=LINE, linewidth=1, zorder=0)
            text = f"{words}\nafter {wait_s:g} s"
            ax.annotate(text, (wait_s, 1), (0, 2), xycoords=ax.get_xaxis_transform(), ha=side, **_ABOVE)
        ax.set(xlabel="time of a lookup", ylabel="share of lookups that take longer")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda s, _: f"{s:g} s" if s >= 1 else f"{1000 * s:g} ms"))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
        ax.grid(visible=True, color=LINE, linewidth=0.4, alpha=0.6)
        ax.figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=8)
        describe(ax, f"{_TITLE}. {'; '.join(texts)}.")
    return ax


def _slow(demand: DnsDemand) -> str:
    """Say how many lookups take more than a second; what is not drawn is dust of rounding, and none."""
    share = demand.share_above(1.0)
    return f"{share_text(share if share >= NEGLIGIBLE else 0)} of the lookups take more than 1 s"
