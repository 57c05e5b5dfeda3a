"""What a part of the report is made of: sentences, tables, pictures and notes; no HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from kubenetlab.charts.wording import count_text, plural, share_text
from kubenetlab.report.svg import Picture

MAX_ROWS = 100
_MAX_SHORT_ROWS = 12


class Column(NamedTuple):
    """How a column of a frame is shown: heading, how a value becomes text, and the kind of its cells.

    ``kind`` is ``text``, ``word`` (a short one), ``code`` (kept on one line), ``number`` or ``share``.
    """

    heading: str
    write: Callable[[Any], str] = str
    kind: str = "text"


def number(heading: str) -> Column:
    """Return a column of counts."""
    return Column(heading, count_text, "number")


def share(heading: str) -> Column:
    """Return a column of shares, 0 to 1."""
    return Column(heading, share_text, "share")


class Cell(NamedTuple):
    """One cell: its text, the kind of its column, and the share that its bar shows (None: no bar)."""

    text: str
    kind: str
    share: float | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the report. ``caption`` says what a row is; ``note`` how many rows are not shown, and where they are."""

    caption: str
    headings: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def is_short(self) -> bool:
        """Whether the table should stay on one printed page."""
        return len(self.rows) <= _MAX_SHORT_ROWS


def table(caption: str, frame: pd.DataFrame, columns: Mapping[str, Column], listed_by: str = "") -> Table:
    """Return the first rows of a frame, worst first as its caller sorted it, as a table.

    Parameters
    ----------
    caption
        What a row is.
    frame
        The rows, the most important first.
    columns
        Column of the frame and how it is shown, in order.
    listed_by
        The command that lists all rows, for the note below a table that leaves some out.
    """
    shown = frame.head(MAX_ROWS)
    values = [[_cell(value, column) for value in shown[name]] for name, column in columns.items()]
    n_hidden = len(frame) - len(shown)
    note = f"{plural(n_hidden, 'more row')} not shown here; {listed_by} lists them all." if n_hidden else ""
    return Table(
        caption=caption, headings=tuple(columns.values()), rows=tuple(zip(*values, strict=True)), note=note
    )


def _cell(value: Any, column: Column) -> Cell:
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return Cell("", column.kind)
    bar = min(float(value), 1.0) if column.kind == "share" else None
    return Cell(column.write(value), column.kind, bar)


class Fact(NamedTuple):
    """A value of the summary, and where it comes from unless it stands in the dump."""

    text: str
    note: str = ""


class TextBlock(NamedTuple):
    """A text shown as it is, such as a Corefile, and what it is."""

    caption: str
    text: str


class FindingGroup(NamedTuple):
    """All findings of one code."""

    code: str
    title: str
    severity: str
    advice: str
    documentation: str
    objects: Table


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the report, shown in the order of its fields."""

    anchor: str
    title: str
    key_sentences: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))
    pictures: tuple[Picture, ...] = ()
    groups: tuple[FindingGroup, ...] = ()
    tables: tuple[Table, ...] = ()
    texts: tuple[TextBlock, ...] = ()
    notes: tuple[str, ...] = ()
