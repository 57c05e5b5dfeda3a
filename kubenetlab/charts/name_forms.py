"""Ways to write a Service's name by the namespace that asks: how many queries each costs, and where it finds nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from kubenetlab.charts.drawing import BLUE, INK, PAPER, VERMILION, describe, house_style, new_axes
from kubenetlab.charts.result_columns import check_columns
from kubenetlab.charts.wording import label_text, plural
from kubenetlab.result import Result

MAX_COLUMNS = 8  # of each resolver
_COLUMNS = ("form", "namespace", "resolver", "n_queries", "is_found")
_KEY = "namespace that asks\n(number of queries; \N{MULTIPLICATION SIGN} not found)"
_MOST = 10  # queries of the darkest cell
_MISSING: dict[str, Any] = {"facecolor": PAPER, "edgecolor": VERMILION, "hatch": "////"}


def name_forms(matrix: Result, ax: Axes | None = None) -> Axes:
    """Draw a matrix of name forms and namespaces, one resolver beside the other.

    Parameters
    ----------
    matrix
        A result of ``name_form_matrix``.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: a row a form, a column a namespace, in groups by resolver; a cell holds the number of queries, the darker the more;
    it is hatched and has a cross where the name is not found. Namespaces in which everything comes out alike share a
    column; of more than 8 columns the first are drawn.

    Raises
    ------
    ValueError
        If that is no such result.
    """
    check_columns("matrix", matrix, "name_form_matrix", _COLUMNS)
    frame, groups = matrix.frame, _alike(matrix.frame)
    forms, resolvers = list(frame["form"].unique()), list(frame["resolver"].unique())
    columns = [(resolver, column) for resolver in range(len(resolvers)) for column in range(len(groups))]
    places = [resolver * (len(groups) + 0.4) + column for resolver, column in columns]
    with house_style():
        ax = ax or new_axes(max(6.5, 2.4 + 0.85 * (len(places) + 1)), 1.6 + 0.42 * len(forms))
        cells: dict[Any, dict[Any, Any]] = frame.set_index(["form", "namespace", "resolver"])[
            ["n_queries", "is_found"]
        ].to_dict("index")
        for x, (resolver, column) in zip(places, columns, strict=True):
            for y, form in enumerate(forms):
                _draw_cell(ax, x, y, **cells[form, groups[column][0], resolvers[resolver]])
        for number, resolver in enumerate(resolvers):
            middle = number * (len(groups) + 0.4) + (len(groups) - 1) / 2
            ax.text(middle, -0.7, resolver.replace("cares", "c-ares"), ha="center", weight="bold")
        labels = [_label(groups[column]) for _, column in columns]
        ax.set_xticks(places, labels, fontsize=8, rotation=25, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(len(forms)), [label_text(form) for form in forms], fontsize=8)
        ax.set(xlim=(-0.55, places[-1] + 0.55), ylim=(len(forms) - 0.45, -1.1), xlabel=_KEY)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_title(label_text(matrix.title, 60))
        describe(ax, _words(label_text(matrix.title, 60), frame))
    return ax


def _alike(frame: pd.DataFrame) -> list[list[str]]:
    """Return the namespaces in groups in which everything comes out alike."""
    found: dict[object, list[str]] = defaultdict(list)
    for namespace, rows in frame.groupby("namespace", sort=False):
        same = rows[["form", "resolver", "n_queries", "is_found"]].itertuples(index=False, name=None)
        found[tuple(same)].append(str(namespace))
    return list(found.values())[:MAX_COLUMNS]


def _label(names: list[str]) -> str:
    more = f" and {plural(len(names) - 1, 'other')}" if len(names) > 1 else ""
    return label_text(names[0], 20) + more


def _draw_cell(ax: Axes, x: float, y: int, n_queries: int, is_found: bool) -> None:
    shade = 0.15 + 0.75 * min(n_queries, _MOST) / _MOST
    look = {"facecolor": BLUE, "alpha": shade} if is_found else _MISSING
    ax.add_patch(Rectangle((x - 0.46, y - 0.44), 0.92, 0.88, **look))
    box = None if is_found else {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5}
    words = f"{n_queries}" if is_found else f"{n_queries} \N{MULTIPLICATION SIGN}"
    ax.text(x, y, words, ha="center", va="center", color=PAPER if is_found and shade > 0.6 else INK, bbox=box)


def _words(title: str, frame: pd.DataFrame) -> str:
    lost = frame[~frame["is_found"]]
    named = "; ".join(f"{row.form} in {row.namespace} by {row.resolver}" for row in lost.head(3).itertuples())
    least, most = frame["n_queries"].min(), frame["n_queries"].max()
    missing = (
        f"nothing is found in {plural(len(lost), 'cell')}, first {label_text(named, 200)}"
        if len(lost)
        else "all are found"
    )
    return f"{title}: from {least} to {most} queries; {missing}."
