"""Frames as people and programs read them: aligned text, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kubenetlab.visible_text import visible, width

if TYPE_CHECKING:
    import pandas as pd

_EMPTY = "-"
_GAP = "  "
_NARROWEST = 12
_MISSING = ("NAType", "NaTType")  # of pandas: no comparison with them gives a truth value
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_YES_NO = {True: "yes", False: "no"}


class Table(NamedTuple):
    """A frame and the sentence above it."""

    title: str
    frame: pd.DataFrame


def print_tables(tables: Sequence[Table], output: str, head: Mapping[str, Any]) -> None:
    """Print tables as ``table``, ``json`` or ``csv``; ``head`` stands first in the JSON.

    Raises
    ------
    click.UsageError
        If several tables should become one CSV.
    """
    if output == "csv" and len(tables) != 1:
        titles = ", ".join(f"'{table.title}'" for table in tables)
        raise click.UsageError(
            f"CSV holds one table, this answer has {len(tables)} ({titles}); use json or table"
        )
    click.echo(_PRINTERS[output](tables, head), nl=False)


def text_table(frame: pd.DataFrame, max_width: int | None = None) -> str:
    """Return a frame as aligned lines: texts to the left, numbers to the right, ``-`` for what is empty.

    ``max_width`` shortens the widest columns (``…``) until a line fits; None keeps everything.
    """
    columns = [_Column(name, frame[name]) for name in frame.columns]
    while max_width and (excess := sum(c.width + len(_GAP) for c in columns) - len(_GAP) - max_width) > 0:
        widest = max(columns, key=lambda column: column.width)
        if widest.width <= _NARROWEST:
            break
        widest.width = max(_NARROWEST, widest.width - excess)
    lines = (_GAP.join(column.line(index) for column in columns).rstrip() for index in range(len(frame) + 1))
    return "".join(f"{line}\n" for line in lines)


class _Column:
    """A column's texts, the header first, and how wide they are."""

    def __init__(self, name: str, values: pd.Series[Any]) -> None:
        self.texts = [visible(str(name)).upper(), *map(_cell, values.tolist())]
        self.width = max(map(width, self.texts))
        self._is_number = values.dtype.kind in "iuf"

    def line(self, index: int) -> str:
        text = _shortened(self.texts[index], self.width)
        padding = " " * (self.width - width(text))
        return padding + text if self._is_number else text + padding


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return _YES_NO[value]
    text = "" if _is_missing(value) else str(value)
    return visible(text) or _EMPTY


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ in _MISSING or (isinstance(value, float) and isnan(value))


def _shortened(text: str, max_width: int) -> str:
    if width(text) <= max_width:
        return text
    start = text[:max_width]  # at most twice too wide, however long the text is
    while width(start) >= max_width:
        start = start[:-1]
    return f"{start}…"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as mappings of plain values; what is missing is None."""
    rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    return [{name: None if _is_missing(value) else value for name, value in row.items()} for row in rows]


def json_text(document: Mapping[str, Any]) -> str:
    """Return a document as JSON: indented, ASCII only, so that no name can drive a terminal."""
    return json.dumps(document, indent=2, allow_nan=False, default=str) + "\n"


def _as_text(tables: Sequence[Table], head: Mapping[str, Any]) -> str:
    max_width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return "\n".join(f"{visible(table.title)}\n{_body(table.frame, max_width)}" for table in tables)


def _body(frame: pd.DataFrame, max_width: int | None) -> str:
    return text_table(frame, max_width) if len(frame) else "(none)\n"


def _as_json(tables: Sequence[Table], head: Mapping[str, Any]) -> str:
    return json_text({**head, "tables": [{"title": t.title, "rows": records(t.frame)} for t in tables]})


def _as_csv(tables: Sequence[Table], head: Mapping[str, Any]) -> str:
    frame = tables[0].frame
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    for row in frame.itertuples(index=False):
        writer.writerow(["" if _is_missing(value) else _csv_cell(value) for value in row])
    return text.getvalue()


def _csv_cell(value: Any) -> str:
    """Return a value as a cell; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    return "'" * (isinstance(value, str) and value.startswith(_FORMULA)) + visible(str(value))


_PRINTERS: Mapping[str, Callable[[Sequence[Table], Mapping[str, Any]], str]] = {
    "table": _as_text,
    "json": _as_json,
    "csv": _as_csv,
}
FORMATS = tuple(_PRINTERS)
