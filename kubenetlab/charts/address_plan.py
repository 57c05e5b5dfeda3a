"""A map of a plan: every range in its parent, in proportion, and what is in the way."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from itertools import islice
from typing import NamedTuple

import netaddr
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from kubenetlab.charts.address_spaces import ROLES, common_space, private_space
from kubenetlab.charts.drawing import INK, LINE, MUTED, describe, house_style, new_axes
from kubenetlab.charts.wording import count_text, label_text, plural, share_text
from kubenetlab.ipam.planner.plan import Plan
from kubenetlab.ipam.planner.plan_frames import PlannedRange
from kubenetlab.ipam.planner.platforms import NODES, PODS, SERVICES
from kubenetlab.ipam.planner.problem import Obstacle

MAX_PARENTS = 12
MAX_LANES = 6
_WIDTH_IN = 9.0
_LANE = 0.24  # height of a lane of ranges; the unit of the vertical axis is about an inch
_OVERVIEW = 0.10
_HEAD = 0.34
_FOOT = 0.40
_LEGEND = 0.4
_CHARACTERS = 120  # of a label across the whole picture
_MIN_WIDTH = 0.002
_ROLES = {PODS: ROLES["pod range"], SERVICES: ROLES["Service range"], NODES: ROLES["node range"]}


class _Strip(NamedTuple):
    """A parent, the block of it that is drawn, and the ranges in lanes: clusters may have the same range."""

    parent: netaddr.IPNetwork
    shown: netaddr.IPNetwork
    lanes: list[list[PlannedRange]]
    n_hidden: int
    obstacles: list[Obstacle]
    is_parent: bool

    @property
    def height(self) -> float:
        return _HEAD + _OVERVIEW + 0.1 + _LANE * max(1, len(self.lanes)) + _FOOT


def plan_map(plan: Plan, ax: Axes | None = None) -> Axes:
    """Draw where the ranges of a plan lie in their parents.

    Parameters
    ----------
    plan
        A plan.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: for each parent a thin strip that stands for all of it, with the part that has ranges marked, and below it
    that part, in proportion, a range as wide as its addresses. Ranges that several clusters have stand below one another. At
    most 12 parents, and 6 ranges at one place.
    """
    strips = _strips(plan)
    height = sum(strip.height for strip in strips) + _LEGEND
    with house_style():
        ax = ax or new_axes(_WIDTH_IN, height)
        ax.set(xlim=(-0.005, 1.005), ylim=(height, 0))
        ax.set_axis_off()
        top = 0.0
        for strip in strips:
            _draw(ax, top, strip)
            top += strip.height
        _draw_legend(ax, top)
        describe(ax, " ".join(["Map of the plan.", *map(_words, strips)]))
    return ax


def _strips(plan: Plan) -> list[_Strip]:
    by_parent: dict[str, list[PlannedRange]] = {}
    for planned in plan.ranges:
        by_parent.setdefault(planned.parent or _space_of(planned, plan), []).append(planned)
    ordered = sorted(by_parent.items(), key=lambda item: netaddr.IPNetwork(item[0]))
    parents = {str(parent) for found in plan.request.parents.values() for parent in found}
    strips = (_strip(netaddr.IPNetwork(text), ranges, plan.request.obstacles) for text, ranges in ordered)
    return [strip._replace(is_parent=str(strip.parent) in parents) for strip in islice(strips, MAX_PARENTS)]


def _space_of(planned: PlannedRange, plan: Plan) -> str:
    """Return the parent of its kind around a fixed range, or else the private block, or the range's surroundings."""
    network = planned.network
    parents = plan.request.parents_of(planned.cluster, planned.role, network.version)
    around = next((parent for parent in parents if network in parent), None)
    if around is not None:
        return str(around)
    interval = (int(network.first), int(network.last))
    space: IPv4Network | IPv6Network = (
        private_space(interval) if network.version == 4 else common_space([interval], 6, min_host_bits=80)
    )
    return str(space)


def _strip(parent: netaddr.IPNetwork, ranges: list[PlannedRange], obstacles: Sequence[Obstacle]) -> _Strip:
    intervals = [(int(r.network.first), int(r.network.last)) for r in ranges]
    shown = netaddr.IPNetwork(str(common_space(intervals, parent.version)))
    if shown != parent:
        shown = shown.supernet(shown.prefixlen - 1)[
            0
        ]  # so that something of what is around the ranges is seen
    lanes: list[list[PlannedRange]] = []
    for planned in sorted(ranges, key=lambda r: (r.network.first, -r.network.size, r.name)):
        lane = next((lane for lane in lanes if lane[-1].network.last < planned.network.first), None)
        if lane is None:
            lanes.append([planned])
        else:
            lane.append(planned)
    inside = [o for o in obstacles if o.network.version == shown.version and o.network.first <= shown.last
              and shown.first <= o.network.last]  # fmt: skip
    return _Strip(parent, shown, lanes[:MAX_LANES], sum(map(len, lanes[MAX_LANES:])), inside, is_parent=True)


def _part(network: netaddr.IPNetwork, of: netaddr.IPNetwork) -> tuple[float, float]:
    """Return where a range starts in another one, and how wide it is there, as shares of the other."""
    first, last = max(network.first, of.first), min(network.last, of.last)
    width = max(float((last - first + 1) / of.size), _MIN_WIDTH)
    return min(float((first - of.first) / of.size), 1 - width), width


def _draw(ax: Axes, top: float, strip: _Strip) -> None:
    ax.text(0, top + 0.24, _title(strip), fontsize=10, fontweight="bold")
    ax.text(1, top + 0.24, _scale(strip), ha="right", color=MUTED)
    bottom = top + _HEAD
    left, width = _part(strip.shown, strip.parent)
    ax.add_patch(Rectangle((0, bottom), 1, _OVERVIEW, facecolor=LINE, edgecolor="none"))
    ax.add_patch(Rectangle((left, bottom), width, _OVERVIEW, facecolor=MUTED, edgecolor="none"))
    lanes = bottom + _OVERVIEW + 0.1
    for corner, edge in ((left, 0.0), (left + width, 1.0)):
        ax.plot([corner, edge], [bottom + _OVERVIEW, lanes], color=LINE, linewidth=0.8)
    height = _LANE * max(1, len(strip.lanes))
    for obstacle in strip.obstacles:
        x, wide = _part(obstacle.network, strip.shown)
        ax.add_patch(
            Rectangle(
                (x, lanes), wide, height, facecolor="none", edgecolor=MUTED, hatch="\\\\\\", linewidth=0.5
            )
        )
    for number, lane in enumerate(strip.lanes):
        ends = [*(_part(planned.network, strip.shown)[0] for planned in lane[1:]), 1.0]
        for planned, end in zip(lane, ends, strict=True):
            _draw_range(ax, lanes + number * _LANE, planned, strip.shown)
            _draw_name(ax, lanes + number * _LANE, planned, (*_part(planned.network, strip.shown), end))
    ax.add_patch(Rectangle((0, lanes), 1, height, fill=False, edgecolor=MUTED, linewidth=0.8))
    ax.text(0, lanes + height + 0.13, str(strip.shown.network), color=MUTED, fontsize=8)
    last = str(netaddr.IPAddress(strip.shown.last, strip.shown.version))
    ax.text(1, lanes + height + 0.13, last, color=MUTED, fontsize=8, ha="right")


def _draw_range(ax: Axes, top: float, planned: PlannedRange, shown: netaddr.IPNetwork) -> None:
    left, width = _part(planned.network, shown)
    color, hatch, _ = _ROLES[planned.role]
    ax.add_patch(
        Rectangle((left, top), width, _LANE, facecolor=color, alpha=0.35, edgecolor="none"),
    )
    ax.add_patch(Rectangle((left, top), width, _LANE, fill=False, edgecolor=INK, linewidth=0.6))
    ax.add_patch(
        Rectangle(
            (left, top + 0.8 * _LANE),
            width,
            0.2 * _LANE,
            facecolor=color,
            hatch=hatch,
            edgecolor=INK,
            linewidth=0,
        )
    )


def _draw_name(ax: Axes, top: float, planned: PlannedRange, place: tuple[float, float, float]) -> None:
    """Write a cluster's name into its range, or behind it, up to the next one, where it fits."""
    left, width, end = place
    name = label_text(planned.cluster.name)
    needed = (len(name) + 2) / _CHARACTERS
    y = top + 0.40 * _LANE
    if needed <= width:
        ax.text(left + width / 2, y, name, ha="center", va="center", fontsize=7.5)
    elif needed <= end - left - width:
        ax.text(left + width + 0.5 / _CHARACTERS, y, name, va="center", fontsize=7.5, color=MUTED)


def _title(strip: _Strip) -> str:
    return str(strip.parent) if strip.is_parent else f"{strip.parent}: fixed ranges outside the parents"


def _scale(strip: _Strip) -> str:
    n_shown = count_text(strip.shown.size)
    hidden = f"; {plural(strip.n_hidden, 'range')} more at the same places" if strip.n_hidden else ""
    if strip.shown == strip.parent:
        return f"all of it, {n_shown} addresses{hidden}"
    return f"drawn: {strip.shown}, {share_text(float(strip.shown.size / strip.parent.size))} of it{hidden}"


def _words(strip: _Strip) -> str:
    ranges = [planned for lane in strip.lanes for planned in lane]
    listed = ", ".join(f"{planned.name} {planned.network}" for planned in ranges[:20])
    more = len(ranges) - 20 + strip.n_hidden
    return f"In {_title(strip)}: {listed}" + (f" and {count_text(more)} more." if more > 0 else ".")


def _draw_legend(ax: Axes, top: float) -> None:
    handles = [
        Patch(facecolor=c, hatch=h, edgecolor=INK, linewidth=0, label=name) for c, h, name in _ROLES.values()
    ]
    handles.append(
        Patch(facecolor="none", edgecolor=MUTED, hatch="\\\\\\", label="in use, reserved or forbidden")
    )
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, top, 1, 0.1), bbox_transform=ax.transData, ncols=4,
        frameon=False, fontsize=8, borderpad=0, borderaxespad=0,
    )  # fmt: skip
