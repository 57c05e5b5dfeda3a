"""The way of a packet through chains of rules, from its hook to the endpoints; the wider a band, the likelier."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path as Outline

from kubenetlab.charts.drawing import INK, LINE, MUTED, PAPER, describe, house_style, new_axes
from kubenetlab.charts.endpoint_shares import LOOKS, look_key, percent
from kubenetlab.charts.rule_paths import Path, paths, service_port_of
from kubenetlab.charts.wording import label_text
from kubenetlab.load_balancing.packet import Walk
from kubenetlab.load_balancing.walk_tree import packet_text

MAX_ENDS = 12
_WIDTH_IN = 9.0  # the unit of both axes is about an inch
_FULL = 1.0  # height of the band of a probability of 1
_ROW, _BOX = 0.44, 0.34
_HEAD, _FOOT = 0.5, 0.3
_END = 2.35  # room for what is written at the right
_GAP = 0.36
_CHARACTER, _PADDING = 0.073, 0.12
_LONG_NAME, _LONGEST_LINE = 16, 28  # from where on a name has two lines; characters of each
_KIND = re.compile(r"((?:[^-]+-){1,2})(.+)", re.DOTALL)
_LABEL = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8}


class _Box(NamedTuple):
    """A chain in its column: the numbers of the paths through it, and where its middle is."""

    column: int
    chain: str
    members: tuple[int, ...]
    middle: float


class _Layout(NamedTuple):
    """Where everything is: rows of paths, boxes, and left and right of each column."""

    paths: Sequence[Path]
    rows: Sequence[float]
    boxes: Sequence[_Box]
    columns: Sequence[tuple[float, float]]
    width: float
    height: float

    def band(self, box: _Box, number: int) -> float:
        """Return the middle of a path's band at a box: the bands lie on one another."""
        shares = [float(self.paths[member].probability) for member in box.members]
        before = sum(shares[: box.members.index(number)])
        return box.middle + _FULL * (before + float(self.paths[number].probability) / 2 - sum(shares) / 2)


def chain_graph(walk: Walk, ax: Axes | None = None) -> Axes:
    """Draw the chains that a packet goes through, and where it ends.

    Parameters
    ----------
    walk
        Of ``kubenetlab.load_balancing.walk.walk``.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: from left to right the hook, the chains and the ends, each end with its probability. A band is as high as
    its probability; on it stands the probability that the rule itself has. Beyond 12 ends the rest are drawn as one:
    those that are farthest from a fair share stay.
    """
    layout = _layout(paths(walk, MAX_ENDS))
    with house_style():
        ax = ax or new_axes(layout.width, layout.height)
        ax.set_axis_off()
        ax.set(xlim=(0, layout.width), ylim=(layout.height, 0))
        ax.text(0.05, 0.2, _title(walk), fontsize=11, fontweight="bold", va="center")
        for number in range(len(layout.paths)):
            _draw_bands(ax, layout, number)
        for box in layout.boxes:
            _draw_box(ax, layout, box)
        _draw_ends(ax, layout)
        describe(ax, f"{_title(walk)}. {'; '.join(' '.join(_end_lines(path)) for path in layout.paths)}.")
    return ax


def _layout(found: Sequence[Path]) -> _Layout:
    rows, top = [], _HEAD
    for path in found:
        height = max(_ROW, float(path.probability) * _FULL + 0.12)
        rows.append(top + height / 2)
        top += height
    members: dict[tuple[str, ...], list[int]] = {}  # paths share a box as far as they came the same way
    for number, path in enumerate(found):
        for column in range(len(path.chains)):
            members.setdefault(path.chains[: column + 1], []).append(number)
    boxes = [
        _Box(len(way) - 1, way[-1], tuple(numbers), (rows[numbers[0]] + rows[numbers[-1]]) / 2)
        for way, numbers in members.items()
    ]
    columns, width = _columns(boxes, len(found))
    return _Layout(found, rows, boxes, columns, width, top + _FOOT)


def _columns(boxes: Sequence[_Box], n_ends: int) -> tuple[list[tuple[float, float]], float]:
    """Return left and right of each column, and how wide the picture is; bands that part get more room."""
    widths = [0.0] * (1 + max(box.column for box in boxes))
    n_boxes = Counter(box.column for box in boxes)
    for box in boxes:
        longest = max(map(len, _lines(box.chain)))
        widths[box.column] = max(widths[box.column], longest * _CHARACTER + _PADDING)
    counts = [n_boxes[column] for column in range(len(widths))] + [n_ends]
    parts = [2 if after > before else 1 for before, after in pairwise(counts)]
    width = max(_WIDTH_IN, sum(widths) + _GAP * sum(parts) + _END)
    gap = (width - _END - sum(widths)) / sum(parts)
    lefts = [0.05 + sum(widths[:column]) + gap * sum(parts[:column]) for column in range(len(widths))]
    return [(left, left + own) for left, own in zip(lefts, widths, strict=True)], width


def _lines(chain: str) -> list[str]:
    """Write a chain's name in one line or two: its kind, then a hash or a Service."""
    parts = _KIND.fullmatch(chain) if len(chain) > _LONG_NAME else None
    return [label_text(part, _LONGEST_LINE) for part in (parts.groups() if parts else (chain,))]


def _draw_bands(ax: Axes, layout: _Layout, number: int) -> None:
    """Draw a path from box to box; where others go the same way it is neutral."""
    path, look = layout.paths[number], LOOKS[layout.paths[number].look]
    own = [box for box in layout.boxes if number in box.members]
    stops = [(*layout.columns[box.column], layout.band(box, number)) for box in own]
    stops.append((layout.width - _END, 0.0, layout.rows[number]))
    is_shared = [len(box.members) > 1 or len(layout.paths) == 1 for box in own[1:]] + [False]
    for index, chance in enumerate(path.chances):
        (_, left, here), (right, _, there) = stops[index], stops[index + 1]
        face, hatch = (LINE, "") if is_shared[index] else look
        _draw_band(ax, (left, here), (right, there), float(path.probability) * _FULL, (face, hatch))
        if chance is not None and not is_shared[index]:
            words = f"{float(chance):.4g}"
            ax.text(right - 0.06, there, words, ha="right", va="center", fontsize=7, bbox=_LABEL, zorder=3)


def _draw_band(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], height: float, look: tuple[str, str]
) -> None:
    (left, here), (right, there) = start, end
    middle, half = (left + right) / 2, max(height, 0.012) / 2
    upper = [(left, here - half), (middle, here - half), (middle, there - half), (right, there - half)]
    lower = [(right, there + half), (middle, there + half), (middle, here + half), (left, here + half)]
    curve = [Outline.CURVE4] * 3
    outline = Outline([*upper, *lower], [Outline.MOVETO, *curve, Outline.LINETO, *curve])
    edge = look[0] if not look[1] else INK
    ax.add_patch(PathPatch(outline, facecolor=look[0], hatch=look[1], edgecolor=edge, linewidth=0.3))


def _draw_box(ax: Axes, layout: _Layout, box: _Box) -> None:
    left, right = layout.columns[box.column]
    height = max(_BOX, _FULL * sum(float(layout.paths[n].probability) for n in box.members))
    corner, width = (left, box.middle - height / 2), right - left
    ax.add_patch(Rectangle(corner, width, height, facecolor=PAPER, edgecolor=MUTED, linewidth=0.8))
    words = "\n".join(_lines(box.chain))
    ax.text((left + right) / 2, box.middle, words, ha="center", va="center", fontsize=7)


def _draw_ends(ax: Axes, layout: _Layout) -> None:
    left = layout.width - _END + 0.08
    for row, path in zip(layout.rows, layout.paths, strict=True):
        end, share = _end_lines(path)
        ax.text(left, row - 0.085, end, fontsize=8.5, fontweight="bold", va="center")
        ax.text(left, row + 0.085, share, fontsize=8, va="center", color=MUTED)
    handles = look_key(path.look for path in layout.paths)
    if any(chance is not None for path in layout.paths for chance in path.chances):
        words = "number on a band: probability of its rule"
        handles.append(Patch(facecolor=PAPER, edgecolor=LINE, linewidth=0.6, label=words))
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, layout.height - 0.02), bbox_transform=ax.transData,
        ncols=len(handles), frameon=False, fontsize=8, borderpad=0, borderaxespad=0,
    )  # fmt: skip


def _end_lines(path: Path) -> tuple[str, str]:
    share, fair = percent(float(path.probability)), percent(float(path.fair))
    if path.shares:
        low, high = percent(min(path.shares)), percent(max(path.shares))
        share += f", each {low}" if low == high else f", each {low} to {high}"
    words = f"{share}, fair {fair}" if path.look.endswith("than a fair share") else share
    return label_text(path.end, 34), words + ", masqueraded" * path.is_masqueraded


def _title(walk: Walk) -> str:
    service = service_port_of(walk)
    return f"{label_text(service, 60)}{': ' if service else ''}{packet_text(walk)}"
