"""Ranges in use from a CSV file as NetBox exports and imports prefixes.

Source: NetBox, netbox/ipam/forms/bulk_import.py, PrefixImportForm (the columns), and ipam/choices.py,
PrefixStatusChoices (``container``, ``active``, ``reserved``, ``deprecated``). Basis: *docs*.

A ``deprecated`` prefix counts as in use: routes and firewall rules may still know it. Who wants it back leaves its line out.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from ipaddress import ip_network
from typing import NamedTuple

from kubenetlab.errors import UnreadableError
from kubenetlab.readers.plan_request import bounded_source, refused
from kubenetlab.readers.text_encoding import utf8_text

MAX_CSV_BYTES = 32 << 20
MAX_PREFIXES = 100_000
#: A container only groups the prefixes inside it: nothing in it is in use but what has a line of its own.
GROUPING_STATUS = "container"
_DEPRECATED = "deprecated"
STATUSES = (GROUPING_STATUS, "active", "reserved", _DEPRECATED)
_NAME_COLUMNS = ("description", "role", "vlan", "tenant", "site")


class Prefix(NamedTuple):
    """One row of the file: the range, what NetBox says it is for, its status, its VRF ("" is the global table), its line."""

    range: str
    name: str
    status: str
    vrf: str
    line: int


def read_netbox_prefixes(path: str | os.PathLike[str]) -> list[Prefix]:
    """Return the prefixes of a NetBox CSV file that are in use; containers are left out.

    The columns may be in any order and have NetBox's names or the headings of its tables (``Prefix``, ``VRF``); only
    ``prefix`` must be there. A line without a status counts as active.

    Raises
    ------
    UnreadableError
        If it cannot be read, is no CSV with a column ``prefix``, has a quote that hides further rows, or is above 32 MiB or
        100,000 lines.
    ManifestError
        If a prefix is no range, has host bits, or has a status that NetBox does not know.
    """
    name, data = bounded_source(path, MAX_CSV_BYTES, "NetBox's prefixes as CSV")
    return [prefix for prefix in netbox_prefixes(data, name) if prefix.status != GROUPING_STATUS]


def netbox_prefixes(data: bytes, name: str = "CSV") -> Iterator[Prefix]:
    r"""Yield every prefix of a NetBox CSV text (see ``read_netbox_prefixes``).

    Examples
    --------
    >>> next(netbox_prefixes(b"prefix,status,description\n10.20.0.0/16,active,office\n"))
    Prefix(range='10.20.0.0/16', name='office', status='active', vrf='', line=2)
    """
    try:
        text = bytes(utf8_text(data)).decode("utf-8")
    except (UnicodeDecodeError, UnreadableError):
        raise UnreadableError(f"{name}: found no UTF-8 text, expected NetBox's prefixes as CSV") from None
    rows = _rows(text, name)
    columns = {
        heading.strip().lower().replace(" ", "_"): n for n, heading in enumerate(next(rows, (1, []))[1])
    }
    if "prefix" not in columns:
        raise UnreadableError(f"{name}: found no column prefix, expected NetBox's prefixes as CSV")
    for n, (line, row) in enumerate(rows):
        if n >= MAX_PREFIXES:
            raise UnreadableError(
                f"{name}: found more than {MAX_PREFIXES:,} prefixes, expected at most that many"
            )
        yield _prefix(row, columns, name, line)


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line it starts in; no cell of them hides further rows."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in rows:
            if any(row):
                _refuse_hidden_rows(row, name, line)
                yield line, row
            line = rows.line_num + 1
    except csv.Error as error:
        raise UnreadableError(
            f"{name}: line {line}: found {error}, expected CSV whose quotes close"
        ) from None


def _refuse_hidden_rows(row: list[str], name: str, line: int) -> None:
    """Refuse a cell of several lines if one of them holds a range: a quote that was never closed swallows rows."""
    for hidden in (line for cell in row for line in cell.splitlines()[1:]):
        if any(map(_is_range, hidden.split(","))):
            raise UnreadableError(
                f"{name}: line {line}: found a quoted cell that goes on with {hidden!r:.60}, expected CSV whose quotes close"
            )


def _is_range(text: str) -> bool:
    try:
        return "/" in text and bool(ip_network(text.strip(), strict=False))
    except ValueError:
        return False


def _prefix(row: list[str], columns: dict[str, int], name: str, line: int) -> Prefix:
    def cell(column: str) -> str:
        place = columns.get(column, len(row))
        return row[place].strip() if place < len(row) else ""

    text, status = cell("prefix"), cell("status").lower() or "active"
    if status not in STATUSES:
        raise refused(name, f"line {line}", "status", status, f"one of {', '.join(STATUSES)}")
    called = next((found for column in _NAME_COLUMNS if (found := cell(column))), "")
    called += f" ({status})" * (status == _DEPRECATED and bool(called))
    return Prefix(_range(text, name, line), called, status, cell("vrf"), line)


def _range(text: str, name: str, line: int) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        rule = "a range without host bits" if "host bits" in str(error) else "a range such as 10.20.0.0/16"
        raise refused(name, f"line {line}", "prefix", text or "nothing", rule) from None
