"""The queries of one lookup, candidate by candidate, as resolvers send them: side by side it shows where they part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from kubenetlab.charts import drawing
from kubenetlab.charts.drawing import INK, LINE, MUTED, describe, house_style, new_axes
from kubenetlab.charts.wording import label_text
from kubenetlab.dns.resolvers import Lookup

MAX_QUERIES = 60  # drawn of a resolver
_ROWS = {"A": -0.2, "AAAA": 0.2}
_STEP_IN, _NARROWEST, _LATE_S = 0.28, 4, 0.1
_LONGEST, _ORDER = 44, "queries from left to right in the order in which they are sent, not to scale"
_DASH = ((-1, -0.2), (1, -0.2), (1, 0.2), (-1, 0.2))
_LOOKS: dict[str, tuple[Any, str, str]] = {
    "OK": ("o", drawing.GREEN, "address"),
    "NXDOMAIN": ("X", drawing.VERMILION, "NXDOMAIN: no such name"),
    "NODATA": ("s", drawing.ORANGE, "NODATA: not with this type"),
    "CNAME": ("^", drawing.BLUE, "CNAME without address"),
    "LOST": ("o", drawing.PAPER, "no answer"),
    "error": ("D", drawing.PURPLE, "error of the server"),
    "unasked": (_DASH, MUTED, "not asked"),
}
_NEAR: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 6.5, "color": MUTED}


class _Band(NamedTuple):
    """What is drawn of one resolver: place, height and look of each query, waits [s] by place, and the width."""

    marks: list[tuple[float, float, str]]
    waits: dict[int, float]
    width: int


def query_ladder(lookups: Lookup | Sequence[Lookup], ax: Axes | None = None) -> Axes:
    """Draw the queries of a lookup from left to right, one row a candidate, of several resolvers side by side.

    Parameters
    ----------
    lookups
        What ``lookup`` or ``pod_lookup`` returned, or several of one name.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: a row a candidate, with what answered it; in it the A query above and the AAAA query below, at one place if they
    were sent at the same moment. Sign and colour tell what came back; a dash stands where a resolver does not ask. A wait of
    0.1 s or more is a grey column that says how long it is.

    Raises
    ------
    ValueError
        If there is no lookup, or the lookups are of several names.
    """
    found = [lookups] if isinstance(lookups, Lookup) else list(lookups or ())
    if not all(isinstance(one, Lookup) for one in found) or len({one.name for one in found}) != 1:
        raise ValueError("lookups: expected the Lookup of a name, or several of one name")
    names = list(dict.fromkeys(one.sent.name for lookup in found for one in lookup.queries[:MAX_QUERIES]))
    height, left, title = max(1, len(names)), 0, _verdict(found)
    bands = [_band(lookup, names) for lookup in found]
    with house_style():
        width = sum(band.width + 1 for band in bands)
        ax = ax or new_axes(max(7.0, 3.4 + _STEP_IN * width), 1.9 + 0.5 * height)
        for lookup, band in zip(found, bands, strict=True):
            ax.text(left + (band.width - 1) / 2, -0.6, _head(lookup), ha="center", va="bottom", fontsize=8)
            _draw(ax, band, left, (height - 1) / 2)
            left += band.width + 1
            ax.axvline(left - 1, color=LINE, linewidth=1)
        ax.set(xlim=(-0.9, left - 1), ylim=(height - 0.5, -0.5), xticks=[])
        ax.set_xlabel(_ORDER, color=MUTED, fontsize=8)
        _draw_rows(ax, names, found)
        ax.set_title(f"{title}\n\n\n")
        handles = {handle.get_label(): handle for handle in ax.get_legend_handles_labels()[0]}
        key: dict[str, Any] = {"loc": "outside lower left", "ncols": 3, "frameon": False, "fontsize": 8}
        ax.figure.legend(handles=[*handles.values()], **key)
        heads = "; ".join(_head(lookup).replace("\n", ", ") for lookup in found)
        describe(ax, f"{title}. {heads}; asked are {label_text(', '.join(names), 300) or 'no servers'}")
    return ax


def _band(lookup: Lookup, names: Sequence[str]) -> _Band:
    """Give each query its place; those of one candidate and moment stand at one, and a wait before it takes one, too."""
    shown, at_s, place = lookup.queries[:MAX_QUERIES], 0.0, 0
    places: dict[tuple[int, float], int] = {}
    waits: dict[int, float] = {}
    ends = [(-1, lookup.took_s)] if len(shown) == len(lookup.queries) else []
    for moment in [*dict.fromkeys((one.candidate, one.sent.at_s) for one in shown), *ends]:
        if moment[1] - at_s >= _LATE_S:
            waits[place] = moment[1] - at_s
            place += 1
        places[moment], at_s = place, max(at_s, moment[1])
        place += moment[0] >= 0
    heights = (names.index(one.sent.name) + _ROWS[one.sent.type] for one in shown)
    looks = (one.outcome if one.outcome in _LOOKS else "error" for one in shown)
    steps = (places[one.candidate, one.sent.at_s] for one in shown)
    width, asked = max(_NARROWEST, place), {one.sent.name for one in lookup.queries}
    unasked = [((width - 1) / 2, row, "unasked") for row, name in enumerate(names) if name not in asked]
    return _Band([*zip(steps, heights, looks, strict=True), *unasked], waits, width)


def _resolver(lookup: Lookup) -> str:
    return {"cares": "c-ares", "go": "Go"}.get(lookup.resolver, lookup.resolver)


def _verdict(found: Sequence[Lookup]) -> str:
    """Return the name, and with which resolvers it is found and with which not."""
    yes = ", ".join(_resolver(one) for one in found if one.addresses)
    no = ", ".join(_resolver(one) for one in found if not one.addresses)
    parts = [f"found with {yes}"] * bool(yes) + [f"{'not' if yes else 'not found'} with {no}"] * bool(no)
    return f"{label_text(found[0].name, 40)}: {'; '.join(parts)}"


def _head(lookup: Lookup) -> str:
    """Return the resolver, how many queries it sends, how it ends, and how long that takes."""
    n, error = len(lookup.queries), lookup.error.rpartition(": ")[2]
    outcome = "found" if lookup.addresses else label_text(error, 20)
    took = f" after {lookup.took_s:.3g} s" if lookup.took_s >= 1 else ""
    more = f" (here {MAX_QUERIES})" if n > MAX_QUERIES else ""
    return f"{_resolver(lookup)}\n{n} {'query' if n == 1 else 'queries'}{more}\n{outcome}{took}"


def _draw(ax: Axes, band: _Band, left: int, middle: float) -> None:
    for place, height, look in band.marks:
        marker, color, label = _LOOKS[look]
        ax.plot(left + place, height, marker=marker, color=color, ms=7, mec=INK, mew=0.5, label=label, ls="")
    for place, wait_s in band.waits.items():
        x, words = left + place, f"waits {wait_s:.3g} s"
        ax.axvspan(x - 0.4, x + 0.4, color=LINE, alpha=0.6, linewidth=0, zorder=1)
        ax.text(x, middle, words, rotation=90, ha="center", va="center", fontsize=7)


def _draw_rows(ax: Axes, names: Sequence[str], found: Sequence[Lookup]) -> None:
    """Write left of each row the name, what answered it, and which of its queries stands above."""
    by = {one.sent.name: one.reply.answered_by for lookup in found for one in lookup.queries if one.reply}
    shared = len(found[0].name.rstrip(".")) + 1
    labels = [f"{_shortened(name, shared)}\n{label_text(by.get(name, 'nobody'))}" for name in names]
    ax.set_yticks(range(len(names)), labels, fontsize=8)
    ax.tick_params(axis="y", length=0, pad=26)
    for row in range(len(names)):
        ax.axhspan(row - 0.42, row + 0.42, color=LINE, alpha=0.25, linewidth=0, zorder=0)
        for type, shift in _ROWS.items():
            ax.annotate(
                type, (0, row + shift), (-4, 0), xycoords=("axes fraction", "data"), ha="right", **_NEAR
            )


def _shortened(name: str, shared: int) -> str:
    """Shorten a candidate: first the name as it was typed, then the end, so that what differs stays.

    >>> _shortened("postgres.data.svc.cluster.local.shop.svc.cluster.local.", 32)
    'postgres.d…ter.local.shop.svc.cluster.local.'
    """
    rest = label_text(name[shared:], len(name))
    text = label_text(name[:shared], max(_LONGEST // 2 - 1, _LONGEST - len(rest))) + rest
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
