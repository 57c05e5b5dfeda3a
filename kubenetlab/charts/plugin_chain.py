"""The chain of plugins of a server block, in the order in which a query meets them, and the one that answers."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from kubenetlab.charts.drawing import BLUE, GREEN, INK, LINE, MUTED, PAPER, describe, house_style, new_axes
from kubenetlab.charts.result_columns import check_columns
from kubenetlab.charts.wording import label_text
from kubenetlab.dns.corefile.plugins import PLUGINS, chain, description
from kubenetlab.objects.corefile import ServerBlock
from kubenetlab.result import Result

_WIDTH, _BOX, _ROW, _HEIGHT = 9.0, 1.6, 0.4, 0.28  # the unit of both axes is about an inch
_LONGEST = 105
_COLUMNS = ("plugin", "line", "did", "because")
_IDLE = ("passes on", "is not asked", "changes nothing", "cannot be known")
_LOOKS: dict[str, dict[str, Any]] = {
    "answer": {"facecolor": GREEN, "edgecolor": GREEN, "label": "gives the answer"},
    "modelled": {"facecolor": PAPER, "edgecolor": BLUE, "label": "modelled"},
    "aside": {"facecolor": PAPER, "edgecolor": LINE, "label": "lets every query pass"},
    "opaque": {"facecolor": PAPER, "edgecolor": LINE, "hatch": "/////", "label": "not modelled"},
}


def plugin_chain(shown: ServerBlock | Result, ax: Axes | None = None) -> Axes:
    """Draw the plugins of a server block from top to bottom, in the order in which a query meets them.

    Parameters
    ----------
    shown
        A server block; or the Result of ``kubenetlab.dns.corefile.explain.explain_query``: then the plugin that gives the
        answer is filled, the words are what each did and why, also of those that are not asked.
    ax
        Axes to draw on; None makes a figure of its own.

    Raises
    ------
    ValueError
        If a Result is of something else.
    """
    title, rows = _of_block(shown) if isinstance(shown, ServerBlock) else _of_query(shown)
    with house_style():
        ax = ax or new_axes(_WIDTH, _ROW * (len(rows) + 2))
        ax.set_axis_off()
        ax.set(xlim=(0, _WIDTH), ylim=(_ROW * (len(rows) + 0.7), -0.05), title=label_text(title, _LONGEST))
        ax.vlines(_BOX / 2, 0, _ROW * (len(rows) - 1), color=LINE, linewidth=2, zorder=0)
        for number, (name, words, look) in enumerate(rows):
            ax.add_patch(Rectangle((0.03, number * _ROW), _BOX, _HEIGHT, **_LOOKS[look]))
            middle, colors = number * _ROW + _HEIGHT / 2, (PAPER, INK) if look == "answer" else (INK, MUTED)
            ax.text(0.11, middle, name, color=colors[0], va="center", fontsize=8)
            ax.text(
                _BOX + 0.15, middle, label_text(words, _LONGEST), color=colors[1], va="center", fontsize=8
            )
        used = {look for _, _, look in rows}
        handles = [Patch(**look) for name, look in _LOOKS.items() if name in used]
        ax.legend(handles=handles, loc="lower left", ncols=4, frameon=False, fontsize=8, borderpad=0)
        describe(ax, f"{title}: {'; '.join(f'{name}: {words}' for name, words, _ in rows)}")
    return ax


def _of_block(block: ServerBlock) -> tuple[str, list[tuple[str, str, str]]]:
    rows = [(one.name, description(one), PLUGINS[one.name].kind) for one in chain(block)]
    return ", ".join(block.keys), rows


def _of_query(result: Result) -> tuple[str, list[tuple[str, str, str]]]:
    check_columns("shown", result, "explain_query", _COLUMNS)
    steps = result.frame[list(_COLUMNS)].astype(str).to_numpy().tolist()
    acting = [number for number, step in enumerate(steps) if step[2] not in _IDLE]
    last = max(acting, default=-1) if " by " in result.title else -1
    looks = ["answer" if number == last else PLUGINS[step[0]].kind for number, step in enumerate(steps)]
    words = [(f"{name}, line {line}", f"{did}: {because}".rstrip(": ")) for name, line, did, because in steps]
    return result.title, [(*said, look) for said, look in zip(words, looks, strict=True)]
