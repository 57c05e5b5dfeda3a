"""One step of an allocator: its space as a grid of cells, which are in use, and which one came or went."""

from __future__ import annotations

from collections import Counter

import netaddr
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from kubenetlab.charts.drawing import BLUE, INK, MUTED, PAPER, VERMILION, describe, house_style, new_axes
from kubenetlab.ipam.allocator_trace import AllocatorTrace

_CELLS_PER_ROW = 16
_CELL_IN = 0.54
# Face, ink and hatch of a cell, by what happened to it.
_KINDS = {
    "given in this step": (BLUE, PAPER, ""),
    "given back in this step": (PAPER, INK, "////"),
    "in use": ("#a5cbe6", INK, ""),
    "free again": ("#e8edf1", INK, ""),
    "never given": (PAPER, MUTED, ""),
}


def allocator_step(trace: AllocatorTrace, step: int, ax: Axes | None = None) -> Axes:
    """Draw the state of an allocator after a step.

    Parameters
    ----------
    trace
        A result of ``kubenetlab.ipam.allocator_trace.trace_allocator``.
    step
        The step, from 1.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: one cell for each range or address of the space, in the order of addresses; the number in a cell says
    how often it was given so far.

    Raises
    ------
    ValueError
        If the trace has no such step.
    """
    frame = trace.frame
    if not 1 <= step <= len(frame):
        raise ValueError(f"step {step} is not one of 1 to {len(frame)}")
    event, owner, cidr, why, n_in_use = frame.iloc[step - 1][["event", "owner", "cidr", "why", "n_in_use"]]
    cidr = cidr.removesuffix("/32")
    what = f"goes and gives {cidr} back" if event == "goes" else f"comes and gets {cidr or 'nothing'}"
    with house_style():
        n_rows = -(-_n_cells(trace) // _CELLS_PER_ROW)
        ax = ax or new_axes(_CELL_IN * (_CELLS_PER_ROW + 0.4), _CELL_IN * (n_rows + 2.3))
        ax.set_axis_off()
        ax.set(xlim=(-0.2, _CELLS_PER_ROW + 0.2), ylim=(n_rows + 0.5, -1.8), aspect="equal")
        ax.text(0, -1.45, f"Step {step}: {owner} {what}.", fontsize=11, fontweight="bold", va="center")
        ax.text(0, -0.85, why, va="center", color=INK if cidr else VERMILION)
        _draw_cells(ax, trace, step)
        _draw_legend(ax, n_rows)
        use = f"{n_in_use} of {_n_cells(trace)} cells of {trace.space} in use"
        describe(ax, f"{trace.title}, step {step}: {owner} {what}. {why} {use}.")
    return ax


def _n_cells(trace: AllocatorTrace) -> int:
    return 1 << (trace.cell_prefix_length - netaddr.IPNetwork(trace.space).prefixlen)


def _draw_cells(ax: Axes, trace: AllocatorTrace, step: int) -> None:
    space = netaddr.IPNetwork(trace.space)
    size = 1 << (32 - trace.cell_prefix_length)
    until = trace.frame.iloc[:step]
    cells = {cidr: (netaddr.IPNetwork(cidr).first - space.first) // size for cidr in until["cidr"] if cidr}
    counts = {
        event: Counter(cells[cidr] for cidr in rows["cidr"] if cidr) for event, rows in until.groupby("event")
    }
    given, gone = counts.get("comes", Counter()), counts.get("goes", Counter())
    latest, event = cells.get(until["cidr"].iloc[-1]), until["event"].iloc[-1]
    for cell in range(_n_cells(trace)):
        kind = _kind(given[cell], gone[cell])
        if cell == latest:
            kind = "given back in this step" if event == "goes" else "given in this step"
        _draw_cell(ax, cell, kind, str(given[cell] or ""))
        if cell % _CELLS_PER_ROW == 0:
            name = str(netaddr.IPAddress(space.first + cell * size))
            ax.text(0, cell // _CELLS_PER_ROW - 0.08, name, fontsize=7, color=MUTED)


def _kind(n_given: int, n_gone: int) -> str:
    if n_given > n_gone:
        return "in use"
    return "free again" if n_given else "never given"


def _draw_cell(ax: Axes, cell: int, kind: str, text: str) -> None:
    row, column = divmod(cell, _CELLS_PER_ROW)
    face, ink, hatch = _KINDS[kind]
    style = {"facecolor": face, "edgecolor": MUTED, "hatch": hatch, "linewidth": 0.8}
    ax.add_patch(Rectangle((column + 0.04, row), 0.92, 0.7, **style))  # type: ignore[arg-type]
    ax.text(column + 0.5, row + 0.37, text, ha="center", va="center", color=ink, fontsize=9)


def _draw_legend(ax: Axes, n_rows: int) -> None:
    handles = [
        Patch(facecolor=face, edgecolor=MUTED, hatch=hatch, label=kind)
        for kind, (face, _, hatch) in _KINDS.items()
    ]
    handles.append(Patch(facecolor="none", label="number: how often given"))
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, n_rows), bbox_transform=ax.transData, ncols=6,
        frameon=False, fontsize=8, borderpad=0, borderaxespad=0, columnspacing=1.2,
    )  # fmt: skip
