"""Counts of connections or requests by endpoint: conntrack, CSV, JSON, Prometheus, Hubble, access logs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Final

from kubenetlab.errors import SettingError, UnreadableError
from kubenetlab.objects.connection_counts import EndpointCounts
from kubenetlab.readers.counts import observed
from kubenetlab.readers.counts.tables import Row, csv_rows, json_rows, table_counts
from kubenetlab.readers.counts.tally import Column, expected_shares, with_shares
from kubenetlab.readers.pasted_text import looks_like_rules
from kubenetlab.readers.rules.rule_sources import rule_text

ACCEPTED: Final = "conntrack -L, CSV, JSON, uniq -c, a range query of Prometheus, hubble observe -o json, or an access log and `endpoint`"
Reader = Callable[[str, str, Column, Column], list[EndpointCounts]]


def _uniq_rows(text: str, source: str) -> list[Row]:
    return csv_rows(re.sub(r"(?m)^[ \t]*([0-9]+)[ \t]+(?=\S)", r"\1\t", text), source, "\t")


def _of_table(rows: Callable[[str, str], list[Row]]) -> Reader:
    return lambda text, source, *columns: table_counts(rows(text, source), source, *columns)


#: How every form shows itself, in this order, at the start of a line; and its reader.
FORMS: Final[dict[str, tuple[str, Reader]]] = {
    "conntrack": (observed.CONNTRACK, observed.conntrack_counts),
    "hubble": (r'^\{"flow": ?\{|^\{"time": ?"[^"]{1,40}", ?"verdict"', observed.hubble_counts),
    "prometheus": (r'"resultType"\s*:|\A\{\s*"status"\s*:\s*"error"', observed.prometheus_counts),
    "log": (r'\A\{[^\n]*\}[ \t]*\n\s*\{|\A[^\n{]*"[A-Z]{3,7} [^"\n]* HTTP/', observed.log_counts),
    "json": (r"\A(?:\{|\[\s*[\[{\]])", _of_table(json_rows)),
    "uniq": (r"\A[0-9]+[ \t]+[^,;\s][^,;\t\n]*$", _of_table(_uniq_rows)),
    "csv": (r"\A[^\n]*[,;\t]", _of_table(csv_rows)),
}


def counts_from_text(
    text: str,
    source: str = "-",
    *,
    form: str | None = None,
    columns: tuple[Column, Column] = (None, None),
    expected: Mapping[str, object] | str | None = None,
) -> tuple[EndpointCounts, ...]:
    r"""Read counts from their text: as ``read_counts``, ``columns`` being those of endpoint and count.

    Examples
    --------
    >>> counts_from_text("pod,hits\na,60\nb,10\n", expected="a=1,b=1")[0].counts
    (60, 10)
    """
    text = text.encode("utf-8", "replace").decode().removeprefix("\ufeff")  # without lone surrogates
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    form = form or _form_of(text[: 1 << 16].strip(), source, columns)
    if form not in FORMS:
        raise SettingError(f"form is {form!r:.80}, expected one of {', '.join(FORMS)}")
    if form in ("csv", "json", "log", "uniq") and re.search(r"\b(?:kind|apiVersion)\"?:", text):
        raise UnreadableError(f"{source}: found objects of Kubernetes, expected {ACCEPTED}")
    found = FORMS[form][1](text, source, *columns)
    return tuple(found if expected is None else with_shares(found, expected_shares(expected)))


def _form_of(head: str, source: str, columns: tuple[Column, Column]) -> str:
    """Tell the form by how the text begins; a text with an ``endpoint`` that is no table is a log."""
    found = next((form for form, (pattern, _) in FORMS.items() if re.search(pattern, head, re.MULTILINE)), "")
    first = head.partition("\n")[0]
    if found in ("", "csv", "uniq"):
        if looks_like_rules(head):
            raise UnreadableError(f"{source}: found rules, expected {ACCEPTED}; counts_of_rules counts rules")
        if columns[0] is not None and head and not (found and _is_table(head, found, columns)):
            return "log"
    if not found:
        column = " in one column (sort | uniq -c)" * (1 < len(head.split()) <= head.count("\n") + 1)
        shown = (repr(first[:80]) if head else "nothing") + column
        raise UnreadableError(f"{source}: found {shown}, expected {ACCEPTED}")
    return found


def _is_table(head: str, form: str, columns: tuple[Column, Column]) -> bool:
    """Whether a column is named, or lines have the same columns and one is of numbers."""
    first, *_ = lines = head.split("\n")[:50]
    delimiter = max(",;\t", key=first.count)
    rows = [[cell.strip(' "') for cell in line.split(delimiter)] for line in lines if line.strip()]
    is_said = columns[1] is not None or str(columns[0]) in rows[0]
    is_even = len({*map(len, rows)}) == 1 < len(rows[0]) and any(cell.isdecimal() for cell in rows[-1])
    return is_said or is_even or len(first.split()) == 1 + (form == "uniq")


def read_counts(
    source: str | os.PathLike[str],
    *,
    form: str | None = None,
    endpoint: Column = None,
    count: Column = None,
    expected: Mapping[str, object] | str | None = None,
) -> tuple[EndpointCounts, ...]:
    """Read how many connections or requests each endpoint got.

    Parameters
    ----------
    source
        A file, ``-`` for standard input; also gzipped, or UTF-16.
    form
        ``conntrack`` (``conntrack -L``, ``-E``), ``hubble`` (``hubble observe -o json``), ``prometheus`` (a range query), ``log``,
        ``json``, ``uniq`` (``uniq -c``) or ``csv``; None tells it by the text.
    endpoint, count
        Columns of CSV or of JSON's objects, by name or number (from 1, -1 for the last); the label of Prometheus' series; of
        an access log the key (of JSON or ``key=value``) or the word, as awk counts. A text that is no table is an access log
        where ``endpoint`` is given. None takes columns so called, or the only ones that can be meant.
    expected
        Shares or ratios by endpoint: a map, or ``a=2,b=1``. An endpoint that only stands here has no count, so 0. Of several
        Services in the source, those without any of these endpoints are left out.

    Returns
    -------
    One entry for each Service: for conntrack each translated destination, for tables the column ``service``.

    Raises
    ------
    UnreadableError
        If it cannot be read, is too large (512 MiB), or nothing was counted; if an endpoint is not among those expected.
    ManifestError
        If a count, an endpoint or a line of it cannot be; it names the line.
    SettingError
        If ``form`` or ``expected`` cannot be.
    """
    name, text = rule_text(source)
    return counts_from_text(text, name, form=form, columns=(endpoint, count), expected=expected)
