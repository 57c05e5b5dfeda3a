"""How pods are spread over nodes, beside what each node can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from kubenetlab.charts.drawing import BLUE, INK, MUTED, ORANGE, VERMILION, describe, house_style, new_axes
from kubenetlab.charts.wording import count_text, label_text, plural
from kubenetlab.result import Result

MAX_BARS = 60
_WIDTH_IN = 9.0
_MAX_BINS = 40


def pods_per_node(node_use: Result, ax: Axes | None = None) -> Axes:
    """Draw how many pods each node runs and can hold.

    Parameters
    ----------
    node_use
        A result of ``kubenetlab.ipam.range_use.node_use``.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: up to 60 nodes as bars, fullest first, with a mark at the capacity; more as a histogram.
    """
    frame = node_use.frame.dropna(subset=["n_pods"])
    with house_style():
        ax = ax or new_axes(_WIDTH_IN, _height(len(frame)))
        (_draw_bars if len(frame) <= MAX_BARS else _draw_histogram)(ax, frame)
        ax.set_axisbelow(True)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        describe(ax, _words(frame))
    return ax


def _height(n_nodes: int) -> float:
    return 3.4 if n_nodes > MAX_BARS else 1.1 + n_nodes * float(np.clip(7 / max(n_nodes, 1), 0.15, 0.3))


def _draw_bars(ax: Axes, frame: pd.DataFrame) -> None:
    frame = frame.sort_values(["n_pods", "node"], ascending=[False, True], kind="stable")
    rows = np.arange(len(frame))
    host = frame["n_host_network"].to_numpy(dtype=float)
    own = frame["n_pods"].to_numpy(dtype=float) - host
    ax.barh(rows, own, height=0.72, color=BLUE, label="pods with an address of their own")
    ax.barh(
        rows,
        host,
        left=own,
        height=0.72,
        color=ORANGE,
        hatch="////",
        edgecolor=INK,
        linewidth=0,
        label="pods on the host network",
    )
    _mark(ax, frame["max_pods"], rows, "node capacity (max pods)", {"color": VERMILION, "linestyle": "-"})
    is_tighter = (frame["n_addresses"] < frame["max_pods"]).fillna(True)
    _mark(
        ax,
        frame["n_addresses"].where(is_tighter),
        rows,
        "pods that the pod CIDR holds",
        {"color": INK, "linestyle": ":"},
    )
    ax.set_yticks(rows, [label_text(name) for name in frame["node"]], fontsize=8 if len(frame) <= 40 else 6.5)
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(frame) - 0.4, -0.6), xlabel="pods")
    ax.grid(axis="x", color=MUTED, alpha=0.25, linewidth=0.6)
    ax.figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=8)


def _mark(ax: Axes, values: pd.Series, rows: NDArray[np.int64], label: str, look: dict[str, Any]) -> None:
    known = values.notna().to_numpy()
    if known.any():
        places = values[known].to_numpy(dtype=float)
        ax.vlines(
            places,
            rows[known] - 0.5,
            rows[known] + 0.5,
            linewidth=2,
            label=label,
            **look,
        )


def _draw_histogram(ax: Axes, frame: pd.DataFrame) -> None:
    n_pods = frame["n_pods"].to_numpy(dtype=float)
    limits = sorted(frame["max_pods"].dropna().unique().tolist())[:4]
    width = int(np.ceil((n_pods.max() - n_pods.min() + 1) / _MAX_BINS))
    edges = np.arange(n_pods.min(), n_pods.max() + width + 1, width) - 0.5
    ax.hist(n_pods, bins=edges.tolist(), color=BLUE, edgecolor="none", rwidth=0.9)
    for place, name, style in _quantiles(n_pods):
        ax.axvline(place, color=INK, linestyle=style, linewidth=1.2, label=f"{name}: {place:,.0f}")
    for limit in limits:
        ax.axvline(limit, color=VERMILION, linewidth=2, label=f"node capacity (max pods): {limit:,.0f}")
    ax.set(xlim=(0, None), xlabel="pods on a node", ylabel="nodes")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(axis="y", color=MUTED, alpha=0.25, linewidth=0.6)
    ax.figure.legend(loc="outside upper left", ncols=4, frameon=False, fontsize=8)


def _quantiles(n_pods: NDArray[np.float64]) -> list[tuple[float, str, str]]:
    return [(float(np.median(n_pods)), "median", "--"), (float(n_pods.max()), "fullest node", ":")]


def _words(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "Pods per node: the dump holds no nodes or no pods."
    n_pods = frame["n_pods"].astype(int)
    capacity = sorted(frame["max_pods"].dropna().astype(int).unique())
    limit = f" Node capacity (max pods): {', '.join(map(count_text, capacity[:4]))}." if capacity else ""
    return (
        f"Pods on {plural(len(frame), 'node')}: from {n_pods.min():,} to {n_pods.max():,}, "
        f"median {n_pods.median():,.0f}.{limit}"
    )
