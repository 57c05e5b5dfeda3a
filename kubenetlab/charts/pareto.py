"""Many small nodes or few large ones: every choice as a point, with what Kubernetes is tested for beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, NullFormatter

from kubenetlab.charts.drawing import BLUE, INK, MUTED, ORANGE, VERMILION, describe, house_style, new_axes
from kubenetlab.charts.result_columns import check_columns
from kubenetlab.charts.wording import count_text, plural
from kubenetlab.ipam.scale_limits import TESTED_NODES, TESTED_PODS, TESTED_PODS_PER_NODE
from kubenetlab.result import Result

_WIDTH_IN, _HEIGHT_IN = 9.0, 5.0
_COLUMNS = ("choice", "n_nodes", "n_pods_per_node", "is_best", "is_current")
_NOTHING_FITS = "No choice leaves room for a node with a pod."
_LABEL_PX = (52.0, 13.0)  # room that a label takes, across and up
_HALO = (withStroke(linewidth=4, foreground="white"),)  # so that no line strikes a label through
_MARGIN = 2.2  # of the axes around the points, as a factor


def pareto(front: Result, ax: Axes | None = None) -> Axes:
    """Draw nodes against pods of a node, one point a choice, on logarithmic axes.

    Parameters
    ----------
    front
        A result of ``kubenetlab.ipam.pareto.pareto_front``.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes. Filled points are choices that no other beats, hollow ones are beaten; a ring marks the current choice. Lines
    stand for what Kubernetes is tested with (110 pods of a node, 5,000 nodes, 150,000 pods), and for ``maxPods``. Where no
    choice is left, the picture says so.

    Raises
    ------
    ValueError
        If that is no result of ``pareto_front``.
    """
    check_columns("front", front, "pareto_front", _COLUMNS)
    frame = front.frame.astype({"n_nodes": "float64", "n_pods_per_node": "float64"})
    with house_style():
        ax = ax or new_axes(_WIDTH_IN, _HEIGHT_IN)
        ax.set(xscale="log", yscale="log", xlabel="nodes", ylabel="pods per node")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: count_text(round(value))))
            axis.set_minor_formatter(NullFormatter())
        _limit_axes(ax, frame)
        _draw_thresholds(ax, _max_pods(front))
        _draw_choices(ax, frame)
        if frame.empty:
            ax.text(0.25, 0.75, _NOTHING_FITS, transform=ax.transAxes, ha="center", path_effects=_HALO)
        ax.grid(color=MUTED, alpha=0.2, linewidth=0.6)
        ax.set_axisbelow(True)
        ax.figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize=8)
        describe(ax, _words(front))
    return ax


def _max_pods(front: Result) -> int | None:
    return next((int(s.value) for s in front.assumptions if s.name == "max_pods" and s.value), None)


def _limit_axes(ax: Axes, frame: pd.DataFrame) -> None:
    """Leave room for the points and for the thresholds that are near them."""
    nodes = [*frame["n_nodes"], TESTED_NODES]
    pods = [*frame["n_pods_per_node"], TESTED_PODS_PER_NODE]
    ax.set(xlim=(min(nodes) / _MARGIN, max(nodes) * _MARGIN), ylim=(min(pods) / _MARGIN, max(pods) * _MARGIN))


def _draw_thresholds(ax: Axes, max_pods: int | None) -> None:
    tested: dict[str, Any] = {"color": VERMILION, "linewidth": 1.2}
    ax.axvline(TESTED_NODES, linestyle="--", label=f"{TESTED_NODES:,} nodes (tested)", **tested)
    ax.axhline(
        TESTED_PODS_PER_NODE, linestyle=":", label=f"{TESTED_PODS_PER_NODE} pods per node (tested)", **tested
    )
    nodes = np.geomspace(*ax.get_xlim(), 50)
    ax.plot(nodes, TESTED_PODS / nodes, linestyle="-", label=f"{TESTED_PODS:,} pods (tested)", **tested)
    if max_pods is not None and max_pods != TESTED_PODS_PER_NODE:
        ax.axhline(max_pods, color=INK, linestyle="-.", linewidth=1.2, label=f"maxPods {max_pods:,}")


def _draw_choices(ax: Axes, frame: pd.DataFrame) -> None:
    best, beaten = frame[frame["is_best"]], frame[~frame["is_best"]]
    ax.plot(best["n_nodes"], best["n_pods_per_node"], color=BLUE, marker="o", linewidth=1, label="choices")
    if len(beaten):
        ax.plot(
            beaten["n_nodes"], beaten["n_pods_per_node"], color=BLUE, marker="o", markerfacecolor="none",
            linestyle="none", label="beaten by another choice",
        )  # fmt: skip
    current = frame[frame["is_current"]]
    if len(current):
        ax.plot(
            current["n_nodes"], current["n_pods_per_node"], color=ORANGE, marker="o", markersize=14,
            markerfacecolor="none", markeredgewidth=2.5, linestyle="none", label="current choice",
        )  # fmt: skip
    _label(ax, frame)


def _label(ax: Axes, frame: pd.DataFrame) -> None:
    """Name the points as far as their labels do not cover each other; the current choice always."""
    ordered = frame.sort_values("is_current", ascending=False, kind="stable")
    labelled: list[Any] = []
    for name, nodes, pods in ordered[["choice", "n_nodes", "n_pods_per_node"]].itertuples(
        index=False, name=None
    ):
        place = ax.transData.transform((nodes, pods))
        if all((abs(place - other) > _LABEL_PX).any() for other in labelled):
            labelled.append(place)
            ax.annotate(
                name, (nodes, pods), xytext=(7, 5), textcoords="offset points", fontsize=8, path_effects=_HALO
            )


def _words(front: Result) -> str:
    frame = front.frame
    if frame.empty:
        return f"Nodes against pods per node. {_NOTHING_FITS}"
    ends = frame.iloc[[0, -1]][["choice", "n_nodes", "n_pods_per_node"]].itertuples(index=False, name=None)
    first, last = (f"{name}: {plural(n, 'node')} of {plural(pods, 'pod')}" for name, n, pods in ends)
    choices = plural(len(frame), "choice")
    return f"Nodes against pods per node, {choices} from {first} to {last}. {' '.join(front.because)}"
