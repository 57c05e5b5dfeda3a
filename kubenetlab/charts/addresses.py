"""A map of a cluster's address space: which ranges lie where, and what of each is in use."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from kubenetlab.charts.address_spaces import ROLES, common_space, private_space
from kubenetlab.charts.drawing import INK, LINE, MUTED, describe, house_style, new_axes
from kubenetlab.charts.result_columns import check_columns
from kubenetlab.charts.wording import count_text, plural, share_text
from kubenetlab.ipam.ranges import Interval, interval_of
from kubenetlab.result import Result

MAX_RANGES = 12
_COLUMNS = ("range", "role", "object", "n_addresses", "n_given", "n_held")
_WIDTH_IN = 9.0
_STRIP = 0.30  # height of a strip; the unit of the vertical axis is about an inch
_OVERVIEW_ROW = 0.92
_RANGE_ROW = 0.86
_LEGEND = 0.45
_N_MARKS = 16
_MIN_WIDTH = 0.005  # so that a /24 in a /8 can be seen
_MIN_HEIGHT = 0.12
_TAG_GAP = 0.022


class _Range(NamedTuple):
    """One range as it is drawn."""

    tag: str
    text: str
    role: str
    is_inferred: bool
    version: int
    interval: Interval
    parts: pd.DataFrame

    @property
    def totals(self) -> tuple[int, int, int]:
        """Addresses in all, given to nodes, and held."""
        return tuple(int(self.parts[name].sum()) for name in ("n_addresses", "n_given", "n_held"))  # type: ignore[return-value]


def address_map(occupancy: Result, ax: Axes | None = None) -> Axes:
    """Draw where a cluster's ranges lie, and the used and free parts of each.

    Parameters
    ----------
    occupancy
        A result of ``kubenetlab.ipam.range_use.range_occupancy``.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes. Its upper strips show the ranges in the spaces that hold them, each strip to its own scale, which is
    written above it, and with a mark every sixteenth; below, each range is cut into equal parts, first address to the left,
    filled as high as the part is used. At most 12 ranges.

    Raises
    ------
    ValueError
        If that is no result of ``range_occupancy``.
    """
    check_columns("occupancy", occupancy, "range_occupancy", _COLUMNS)
    ranges = _ranges(occupancy.frame)
    spaces = _spaces(ranges)
    widest = max((space for space in spaces if ":" not in space), key=_size, default="")
    height = _OVERVIEW_ROW * len(spaces) + _RANGE_ROW * len(ranges) + _LEGEND + 0.1
    with house_style():
        ax = ax or new_axes(_WIDTH_IN, height)
        ax.set(xlim=(-0.005, 1.005), ylim=(height, 0))
        ax.set_axis_off()
        top = 0.1
        for space, inside in spaces.items():
            _draw_space(ax, top, space, inside)
            ax.text(1, top + 0.16, _scale_words(space, widest), ha="right", color=MUTED)
            top += _OVERVIEW_ROW
        for value in ranges:
            _draw_range(ax, top, value)
            top += _RANGE_ROW
        _draw_legend(ax, top)
        describe(ax, _words(ranges))
    return ax


def _ranges(frame: pd.DataFrame) -> list[_Range]:
    ranges: list[_Range] = []
    for _, parts in frame.groupby(["range", "role", "object"], sort=False):
        text, role, source = parts[["range", "role", "object"]].iloc[0]
        tag, is_inferred = chr(ord("A") + len(ranges)), source.endswith("(inferred)")
        ranges.append(_Range(tag, text, role, is_inferred, *interval_of(text), parts))
    return ranges[:MAX_RANGES]


def _spaces(ranges: list[_Range]) -> dict[str, list[_Range]]:
    """Group ranges by the space around them: a private block of IPv4, or what holds all IPv6 ranges."""
    spaces: dict[str, list[_Range]] = {}
    intervals6 = [value.interval for value in ranges if value.version == 6]
    for value in ranges:
        space = common_space(intervals6, 6) if value.version == 6 else private_space(value.interval)
        spaces.setdefault(str(space), []).append(value)
    return spaces


def _size(space: str) -> int:
    first, last = interval_of(space)[1]
    return last - first + 1


def _marks(size: int) -> list[float]:
    return [part / _N_MARKS for part in range(1, _N_MARKS)] if size >= _N_MARKS else []


def _scale_words(space: str, widest: str) -> str:
    """Return what a strip's width stands for: all strips are as wide, the spaces that they show are not.

    IPv6 ranges share one strip, so only those of IPv4 are compared with the widest of them.
    """
    size = _size(space)
    marks = f", a mark every {count_text(size // _N_MARKS)}" if _marks(size) else ""
    n_times = 1 if ":" in space else _size(widest) // size
    zoom = f"; {count_text(n_times)} times the scale of {widest}" if n_times > 1 else ""
    return f"this strip: {plural(size, 'address')}{marks}{zoom}"


def _draw_space(ax: Axes, top: float, space: str, inside: list[_Range]) -> None:
    first, size = interval_of(space)[1][0], _size(space)
    ax.text(0, top + 0.16, space, fontsize=10, fontweight="bold")
    bottom = top + 0.26
    ax.add_patch(Rectangle((0, bottom), 1, _STRIP, fill=False, edgecolor=MUTED, linewidth=0.8))
    ax.vlines(_marks(size), bottom, bottom + _STRIP, color=LINE, linewidth=0.8, zorder=0)
    tag_x = -1.0
    for value in sorted(inside, key=lambda value: (value.interval[0], -value.interval[1])):
        left = min(float((value.interval[0] - first) / size), 1 - _MIN_WIDTH)
        width = max(float((value.interval[1] - value.interval[0] + 1) / size), _MIN_WIDTH)
        color, hatch, _ = ROLES[value.role]
        ax.add_patch(
            Rectangle(
                (left, bottom), width, _STRIP, facecolor=color, edgecolor=INK, hatch=hatch, linewidth=0.5
            )
        )
        middle = left + width / 2
        tag_x = max(middle, tag_x + _TAG_GAP)
        ax.plot([middle, tag_x], [bottom + _STRIP, bottom + _STRIP + 0.06], color=MUTED, linewidth=0.7)
        ax.text(tag_x, bottom + _STRIP + 0.17, value.tag, ha="center", fontweight="bold")


def _draw_range(ax: Axes, top: float, value: _Range) -> None:
    color, hatch, _ = ROLES[value.role]
    ax.text(0, top + 0.16, f"{value.tag}   {_name(value)}", fontsize=10, fontweight="bold")
    ax.text(1, top + 0.16, _use_words(value), ha="right", color=MUTED)
    bottom = top + 0.26 + _STRIP
    shares = {name: _shares(value.parts, name) for name in ("n_given", "n_held")}
    edges = np.linspace(0, 1, len(value.parts) + 1)
    ax.stairs(
        bottom - shares["n_given"] * _STRIP,
        edges,
        baseline=bottom,
        fill=True,
        facecolor=color,
        alpha=0.28,
        linewidth=0,
    )
    held = np.where(shares["n_held"] > 0, np.maximum(shares["n_held"], _MIN_HEIGHT), 0)
    ax.stairs(
        bottom - held * _STRIP,
        edges,
        baseline=bottom,
        fill=True,
        facecolor=color,
        edgecolor=INK,
        hatch=hatch,
        linewidth=0,
    )
    ax.add_patch(Rectangle((0, bottom - _STRIP), 1, _STRIP, fill=False, edgecolor=MUTED, linewidth=0.8))
    first, last = _ends(value)
    ax.text(0, bottom + 0.13, first, color=MUTED, fontsize=8)
    ax.text(1, bottom + 0.13, last, color=MUTED, fontsize=8, ha="right")


def _ends(value: _Range) -> tuple[str, str]:
    kind = IPv4Network if value.version == 4 else IPv6Network
    return tuple(str(kind(address).network_address) for address in value.interval)  # type: ignore[return-value]


def _shares(parts: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return np.array([float(n / size) for n, size in zip(parts[column], parts["n_addresses"], strict=True)])


def _name(value: _Range) -> str:
    return f"{ROLES[value.role][2]} {value.text}" + (", inferred" if value.is_inferred else "")


def _use_words(value: _Range) -> str:
    n_addresses, n_given, n_held = value.totals
    if value.is_inferred:
        given = f"{plural(n_given, 'address')} given to nodes, {count_text(n_held)} held"
        held = given if n_given else f"{plural(n_held, 'address')} held"
        return f"{held}; how large the range is, the dump does not say"
    if not n_given:
        return f"{count_text(n_held)} of {count_text(n_addresses)} addresses held"
    given = f"{count_text(n_given)} of {count_text(n_addresses)} addresses given to nodes"
    return f"{given} ({share_text(n_given / n_addresses)}), {count_text(n_held)} held"


def _words(ranges: list[_Range]) -> str:
    lines = [f"{_name(value)}: {_use_words(value)}." for value in ranges]
    return "Map of the address space. " + " ".join(lines)


def _draw_legend(ax: Axes, top: float) -> None:
    handles = [
        Patch(
            facecolor=MUTED,
            label="held (height: share of that part, at least a sliver)",
        ),
        Patch(facecolor=MUTED, alpha=0.28, label="given to a node"),
        Patch(facecolor="none", edgecolor=MUTED, label="free"),
    ]
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, top, 1, 0.1), bbox_transform=ax.transData, ncols=3,
        frameon=False, fontsize=8, borderpad=0, borderaxespad=0,
    )  # fmt: skip
