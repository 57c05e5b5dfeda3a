"""Counts from tables that people have at hand: CSV, JSON, and what ``uniq -c`` prints."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from kubenetlab.errors import UnreadableError
from kubenetlab.objects.connection_counts import Counted, EndpointCounts
from kubenetlab.readers.counts.tally import Column, Tally, expected_shares, with_shares, word_at

#: Columns that are understood by their names.
KNOWN = {"counts": "count", "expected": "share"} | {n: n for n in ("endpoint", "count", "service", "share")}
#: A row with its place in the source; its cells by column.
Row = tuple[str, dict[str, Any]]

#: What is meant as a number, also with thousands apart, which is refused by its line.
_NUMBER = re.compile(r"[-+]?\d{1,99}([,' ]\d{3}){0,9}(\.\d{0,99})?(e[-+]?\d{1,9})?|nan|[-+]?inf", re.I | re.A)


def table_counts(rows: list[Row], source: str, endpoint: Column, count: Column) -> list[EndpointCounts]:
    """Return the counts of a table: a row an endpoint, all with the same columns.

    Parameters
    ----------
    rows
        What was read. ``service`` and ``share`` (or ``expected``) are understood by their names.
    source
        Its name.
    endpoint, count
        Columns, by name or number (from 1, -1 for the last); None takes those called so, else the only one of texts and of numbers.

    Raises
    ------
    UnreadableError
        If a column is not there, or it is not clear which is meant.
    ManifestError
        If a count is no whole number from 0 on, or an endpoint comes twice.
    """
    if not rows:
        raise UnreadableError(f"{source}: found no row, expected counts")
    tally = Tally(source)
    known = {KNOWN[name.lower()]: name for name in rows[0][1] if name.lower() in KNOWN}
    known["endpoint"] = _column("endpoint", endpoint, rows, source)
    known["count"] = _column("count", count, rows, source)
    if known["count"] == known["endpoint"]:
        raise UnreadableError(f"{source}: found endpoints and counts in one column, expected two columns")
    shares: dict[str, dict[str, Any]] = {}
    for place, cells in rows:
        service = str(cells.get(known.get("service", ""), ""))
        name = str(cells[known["endpoint"]]).strip()
        if name in shares.setdefault(service, {}):
            raise tally.refused(place, known["endpoint"], f"{name!r:.80} again", "each endpoint once")
        shares[service][name] = cells.get(known.get("share", ""), 1)
        tally.add(service, name, tally.whole(cells[known["count"]], place, known["count"]), place)
    found = tally.entries(Counted.GIVEN, f"column {known['count']}")
    if "share" in known:
        where = f"{source}: column {known['share']}"
        found = [with_shares([one], expected_shares(shares[one.service], where))[0] for one in found]
    return found


def _column(what: str, given: Column, rows: list[Row], source: str) -> str:
    names = list(rows[0][1])
    likely = [name for name in names if (KNOWN.get(name.lower()) == what if given is None else name == given)]
    if not likely and given is None:
        free = [name for name in names if name.lower() not in KNOWN]
        likely = [name for name in free if _has_numbers(rows, name) == (what == "count")]
    elif not likely and (at := word_at(str(given), len(names))) is not None:
        likely = [names[at]]
    if len(likely) != 1:
        shown = "" if given is None else f"no {given!s:.80} among "
        shown += f"columns {', '.join(names)}" if len(names) > 1 else "one column"
        expected = f"one of endpoints and one of counts; say which is `{what}`"
        raise UnreadableError(f"{source}: found {shown:.200}, expected {expected}")
    return likely[0]


def _has_numbers(rows: list[Row], name: str) -> bool:
    """Whether most cells of a column are meant as numbers, be they good counts or not."""
    return 2 * sum(bool(_NUMBER.fullmatch(str(cells[name]).strip())) for _, cells in rows) > len(rows)


def csv_rows(text: str, source: str, delimiters: str = ",;\t") -> list[Row]:
    """Return the rows of CSV with commas, semicolons or tabs; columns have numbers where no heading names them."""
    delimiter = max(delimiters, key=text.lstrip().partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        found = f"line {reader.line_num}: found {error}"
        raise UnreadableError(f"{source}: {found}, expected CSV whose quotes close") from None
    names = lines[0][1] if lines else []
    if any(map(_NUMBER.fullmatch, names)):
        names = [str(n) for n in range(1, len(names) + 1)]
    else:
        del lines[:1]
    for line, row in lines:
        if len(row) != len(set(names)):
            expected = f"{len(set(names))}, each with its own name"
            raise Tally(source).refused(f"line {line}", "columns", len(row), expected)
    return [(f"line {line}", dict(zip(names, row, strict=True))) for line, row in lines]


def json_rows(text: str, source: str) -> list[Row]:
    """Return the rows of ``{"endpoint": count}``, or of a list of objects."""
    try:
        items = list(json.loads(text, object_pairs_hook=list))  # of an object, its pairs
    except (ValueError, TypeError, RecursionError) as error:
        raise UnreadableError(f"{source}: found no JSON ({error!s:.100}), expected counts") from None
    if all(isinstance(item, tuple) for item in items):
        return [(f"key {name!r:.80}", {"endpoint": name, "count": value}) for name, value in items]
    rows: list[Row] = []
    for n, item in enumerate(items):
        is_object = isinstance(item, list) and all(isinstance(pair, tuple) for pair in item)
        if not is_object or (n and dict(item).keys() != rows[0][1].keys()):
            raise Tally(source).refused(f"item {n}", "fields", f"{item!r:.80}", "those of the first")
        rows.append((f"item {n}", dict(item)))
    return rows
