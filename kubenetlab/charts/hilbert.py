"""A Hilbert map: a whole address space as a square, in which neighbours stay neighbours and every prefix is one block."""

from __future__ import annotations

from ipaddress import IPv4Address
from math import isnan, nan
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from kubenetlab.charts.address_spaces import ROLES, private_space
from kubenetlab.charts.drawing import INK, LINE, MUTED, PAPER, describe, house_style, new_axes
from kubenetlab.charts.wording import plural
from kubenetlab.ipam.ranges import Interval, interval_of
from kubenetlab.result import Result

#: Cells along one side of a square are 2 to this power.
ORDER = 7
#: Squares that are drawn at most, each for one space of addresses.
MAX_SQUARES = 3

_SIDE_IN = 4.2
_OTHER = (MUTED, "", "Other range")
_PALEST = 0.35  # of a range of which nothing is used: still to be told from free space
_LABEL_WIDTH = 0.22  # of the side of a square
_LABEL_HEIGHT = 0.04


def hilbert_points(order: int) -> NDArray[np.int64]:
    """Return the cells of a Hilbert curve in the order in which it visits them.

    Parameters
    ----------
    order
        The curve fills a square of ``2**order`` by ``2**order`` cells.

    Returns
    -------
    Shape (4**order, 2): column (from the left) and row (from the top) of each cell.

    References
    ----------
    .. [1] D. Hilbert, Ueber die stetige Abbildung einer Linie auf ein Flaechenstueck, 1891.

    Examples
    --------
    >>> hilbert_points(1).tolist()
    [[0, 0], [0, 1], [1, 1], [1, 0]]
    """
    points = np.zeros((1, 2), dtype=np.int64)
    for level in range(order):
        side = 1 << level
        swapped = points[:, ::-1]
        last = np.array([2 * side - 1, side - 1]) - swapped
        below, right = np.array([0, side]), np.array([side, side])
        points = np.concatenate([swapped, points + below, points + right, last])
    return points


class _Range(NamedTuple):
    """One range as it is drawn."""

    text: str
    role: str
    used_share: float | None  # NaN where nobody knows it, None where nobody asked

    @property
    def interval(self) -> Interval:
        return interval_of(self.text)[1]

    @property
    def kind(self) -> tuple[str, str, str]:
        return ROLES.get(self.role, _OTHER)

    @property
    def is_unknown(self) -> bool:
        return self.used_share is not None and isnan(self.used_share)

    @property
    def colour(self) -> NDArray[np.float64]:
        """The role's colour, the paler the less of the range is used."""
        share = 1.0 if self.used_share is None else 0.0 if self.is_unknown else min(1.0, self.used_share)
        strength = _PALEST + (1 - _PALEST) * share
        return np.array(to_rgb(self.kind[0])) * strength + np.array(to_rgb(PAPER)) * (1 - strength)


class _Square(NamedTuple):
    """One space of addresses and the ranges in it, the largest first."""

    space: str
    interval: Interval
    ranges: list[_Range]

    @property
    def size(self) -> int:
        return self.interval[1] - self.interval[0] + 1

    def cells(self, interval: Interval) -> slice:
        """Return the cells of the curve that a range fills, at least one."""
        start, n_cells = self.interval[0], 4**ORDER
        begin = (interval[0] - start) * n_cells // self.size
        return slice(begin, max(begin + 1, (interval[1] + 1 - start) * n_cells // self.size))


def hilbert_map(ranges: Result, ax: Axes | None = None) -> Axes:
    """Draw where IPv4 ranges lie in the spaces that hold them, areas in proportion.

    Parameters
    ----------
    ranges
        A Result whose frame has the columns ``range`` and ``role``: ``kubenetlab.ipam.range_use.range_use``, or a
        plan. Where it has ``used_share`` too, a fuller range is darker.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: one square for each space, at most 3, those with the most ranges; in a square the addresses follow a
    Hilbert curve that begins at the top left, so a prefix is a square or half of one. Ranges smaller than a cell fill
    one cell. IPv6 ranges are left out: at any scale that shows their space they are too small to be seen.
    """
    squares = _squares(ranges.frame)
    n_ipv6 = sum(":" in str(text) for text in ranges.frame["range"])
    left_out = f"{plural(n_ipv6, 'IPv6 range')} not drawn: too small for any scale." if n_ipv6 else ""
    width = max(1, len(squares)) * 1.08
    with house_style():
        ax = ax or new_axes(_SIDE_IN * width + 0.2, _SIDE_IN * (1.2 if len(squares) > 1 else 1.3))
        ax.set_axis_off()
        ax.set(xlim=(-0.01, width), ylim=(1.08 if len(squares) > 1 else 1.18, -0.11), aspect="equal")
        for position, square in enumerate(squares):
            _draw_square(ax, position * 1.08, square)
        _draw_legend(ax, squares)
        words = left_out if squares else f"No IPv4 range. {left_out}"
        ax.text(0, ax.get_ylim()[0] - 0.01, words, color=MUTED, fontsize=8)
        describe(ax, " ".join([_words(squares), left_out]).strip())
    return ax


def _squares(frame: pd.DataFrame) -> list[_Square]:
    shares = (
        frame["used_share"].astype("Float64").to_numpy("float64", na_value=nan)
        if "used_share" in frame
        else [None] * len(frame)
    )
    by_space: dict[str, list[_Range]] = {}
    for text, role, share in zip(frame["range"], frame["role"], shares, strict=True):
        if text and ":" not in text:
            value = _Range(str(text), str(role), None if share is None else float(share))
            by_space.setdefault(str(private_space(value.interval)), []).append(value)
    squares = [
        _Square(space, interval_of(space)[1], sorted(ranges, key=lambda r: r.interval[0] - r.interval[1]))
        for space, ranges in by_space.items()
    ]
    most = sorted(squares, key=lambda square: (-len(square.ranges), square.interval))[:MAX_SQUARES]
    return sorted(most, key=lambda square: square.interval)


def _draw_square(ax: Axes, left: float, square: _Square) -> None:
    side = 1 << ORDER
    points = hilbert_points(ORDER)
    picture = np.ones((side, side, 3)) * to_rgb(PAPER)
    for value in square.ranges:
        column, row = points[square.cells(value.interval)].T
        picture[row, column] = value.colour
    ax.imshow(picture, extent=(left, left + 1, 1, 0), interpolation="nearest", aspect="equal", zorder=1)
    _draw_grid(ax, left, square)
    taken: list[tuple[float, float]] = []
    for value in square.ranges:
        block = points[square.cells(value.interval)]
        _draw_outline(ax, left, block, "////" if value.is_unknown else "")
        _draw_label(ax, left, block, value.text, taken)
    cell = plural(max(1, square.size // 4**ORDER), "address")
    ax.text(left, -0.065, square.space, fontsize=10, fontweight="bold")
    ax.text(left, -0.018, f"{plural(square.size, 'address')}; one cell is {cell}", color=MUTED, fontsize=8)


def _draw_grid(ax: Axes, left: float, square: _Square) -> None:
    """Draw the frame, the borders of sixteenths, and the address with which each of these begins."""
    for edge in (0.25, 0.5, 0.75):
        ax.plot([left + edge] * 2, [0, 1], color=LINE, linewidth=0.5, zorder=2)
        ax.plot([left, left + 1], [edge] * 2, color=LINE, linewidth=0.5, zorder=2)
    ax.plot([left, left + 1, left + 1, left, left], [0, 0, 1, 1, 0], color=MUTED, linewidth=0.8, zorder=4)
    for part, (column, row) in enumerate(hilbert_points(2)):
        address = str(IPv4Address(square.interval[0] + part * square.size // 16))
        x, y = left + column / 4 + 0.008, (row + 1) / 4 - 0.01
        ax.text(x, y, address, color=MUTED, fontsize=6, zorder=2)


def _draw_outline(ax: Axes, left: float, block: NDArray[np.int64], hatch: str) -> None:
    """Draw the border of an aligned prefix; another range has no simple border."""
    x0, y0, x1, y1 = _corners(block)
    if round((x1 - x0) * (y1 - y0) * 4**ORDER) == len(block):
        style = {"edgecolor": INK, "facecolor": "none", "hatch": hatch, "linewidth": 0.7, "zorder": 3}
        ax.add_patch(Rectangle((left + x0, y0), x1 - x0, y1 - y0, **style))  # type: ignore[arg-type]


def _draw_label(
    ax: Axes, left: float, block: NDArray[np.int64], text: str, taken: list[tuple[float, float]]
) -> None:
    """Write a range in its block, or beside it where it has no room, below what is written there."""
    x0, y0, x1, y1 = _corners(block)
    x, y, place = (x0 + x1) / 2, (y0 + y1) / 2, "center"
    if x1 - x0 < _LABEL_WIDTH:
        x, place = (x1 + 0.03, "left") if x1 < 1 - _LABEL_WIDTH else (x0 - 0.03, "right")
    y = max(y, _LABEL_HEIGHT / 2)
    while any(abs(x - x_) < _LABEL_WIDTH and abs(y - y_) < _LABEL_HEIGHT for x_, y_ in taken):
        y += _LABEL_HEIGHT
    taken.append((x, y))
    if place != "center":
        ax.plot([left + (x0 + x1) / 2, left + x], [(y0 + y1) / 2, y], color=MUTED, linewidth=0.6, zorder=3)
    box = {"facecolor": PAPER, "alpha": 0.8, "linewidth": 0, "pad": 1}
    ax.text(left + x, y, text, ha=place, va="center", fontsize=7, bbox=box, zorder=5)


def _corners(block: NDArray[np.int64]) -> tuple[float, ...]:
    side = 1 << ORDER
    return (*(block.min(axis=0) / side).tolist(), *((block.max(axis=0) + 1) / side).tolist())


def _draw_legend(ax: Axes, squares: list[_Square]) -> None:
    ranges = [value for square in squares for value in square.ranges]
    handles = [
        Patch(facecolor=colour, label=name) for colour, _, name in dict.fromkeys(r.kind for r in ranges)
    ]
    handles.append(Patch(facecolor=PAPER, edgecolor=MUTED, label="In no range"))
    if any(value.used_share is not None for value in ranges):
        handles.append(Patch(facecolor="none", label="paler: less of it is used"))
    if any(value.is_unknown for value in ranges):
        handles.append(Patch(facecolor=PAPER, edgecolor=INK, hatch="////", label="Use unknown"))
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, 1.02), bbox_transform=ax.transData, ncols=7 if len(squares) > 1 else 3,
        frameon=False, fontsize=8, borderpad=0, borderaxespad=0,
    )  # fmt: skip


def _words(squares: list[_Square]) -> str:
    parts = [
        f"in {square.space} " + ", ".join(f"{value.role} {value.text}" for value in square.ranges)
        for square in squares
    ]
    return "Hilbert map of the ranges: " + ("; ".join(parts) or "no IPv4 range") + "."
