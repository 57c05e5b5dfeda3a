"""The query log of CoreDNS: the lines of its plugin log among others, with whatever stands before them.

Sources: CoreDNS 1.13, plugin/log/README.md (the common log format, and ``{combined}``, which has one word more); up to 1.2
``{duration}`` had a unit of its own, such as ms.
"""

from __future__ import annotations

import re
from datetime import datetime
from itertools import islice

from kubenetlab.errors import UnreadableError
from kubenetlab.objects.name_inventory import Query, QueryLog
from kubenetlab.readers.text_encoding import encoding_of

MAX_QUERIES = 2_000_000
_EXAMPLE = '[INFO] 10.244.1.5:40000 - 7 "A IN web.shop.svc.cluster.local. udp 48 false 512" NOERROR qr,aa,rd 94 0.0001s'
#: The common log format: ``{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} …``.
QUERY = re.compile(
    r"""(?P<before>.{0,400}?)(?<![0-9A-Fa-f.:])(?P<client>\[[0-9A-Fa-f:.]{2,45}\]|[0-9.]{7,15}):\d{1,5} - \d{1,5} """
    r"""\\?"(?P<type>[A-Z0-9]{1,12}) [A-Z0-9]{1,12} (?P<name>(?:[^\s\\"]|\\.){1,1100}) (?P<transport>udp|tcp) \d{1,5} """
    r"""(?:true|false) \d{1,5}\\?" (?P<rcode>[A-Z0-9]{1,16}|-) [a-z,-]{1,40} (?:\d{1,7}|-) """
    r"""(?P<took>\d{1,9}(?:\.\d{1,9})?)(?P<unit>[mnuµ]?s)(?P<after>(?!\w).{0,400})"""
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def text_of(data: bytes, source: str) -> str:
    """Return bytes as text.

    Raises
    ------
    UnreadableError
        If they are none.
    """
    try:
        encoding, n_mark = encoding_of(data)
    except UnreadableError as error:
        raise UnreadableError(f"{source}: {str(error).replace('JSON or YAML', 'text')}") from None
    return str(memoryview(data)[n_mark:], encoding, "replace")


def queries_from_log(data: bytes, source: str = "-") -> QueryLog:
    r"""Return the queries of a log, in the order in which CoreDNS answered them.

    Lines may begin with what kubectl, a container runtime or a collector puts there; a time in RFC 3339 anywhere in the line is
    that of the query. Other lines are counted and left out.

    Raises
    ------
    UnreadableError
        If it is no text, no line is a query, or there are more than 2,000,000.

    Examples
    --------
    >>> line = b'[INFO] 10.244.1.5:40000 - 7 "A IN web.shop. udp 48 false 512" NXDOMAIN qr,aa,rd 94 0.0001s\n'
    >>> queries_from_log(line).queries[0][:4]
    ('10.244.1.5', 'web.shop.', 'A', 'NXDOMAIN')
    """
    lines = [line for line in text_of(data, source).split("\n") if line.strip()]
    queries = tuple(map(_query, islice(filter(None, map(QUERY.fullmatch, lines)), MAX_QUERIES + 1)))
    if not 0 < len(queries) <= MAX_QUERIES:
        found = f"{len(queries):,} queries in {len(lines):,} lines"
        raise UnreadableError(f"{source}: found {found}, expected 1 to {MAX_QUERIES:,} such as {_EXAMPLE}")
    n_other = len(lines) - len(queries)
    notes = (f"{n_other:,} of {len(lines):,} lines are no queries and left out",) if n_other else ()
    return QueryLog(queries=queries, source=source, duration_s=duration_of(queries), notes=notes)


def duration_of(queries: tuple[Query, ...]) -> float | None:
    """Return the time from the first query to the last; None unless all have times, and two differ."""
    times = [query.at_s for query in queries if query.at_s is not None]
    return max(times) - min(times) or None if len(times) == len(queries) else None


def _query(found: re.Match[str]) -> Query:
    name, rcode = found["name"].lower().removesuffix(".") + ".", found["rcode"].strip("-")
    client, type_, transport = found["client"].strip("[]"), found["type"], found["transport"]
    time = _TIME.search(found["before"]) or _TIME.search(found["after"])
    took_s = float(found["took"]) * _UNITS[found["unit"]]
    return Query(client, name, type_, rcode, _seconds(time), took_s, transport)


def _seconds(time: re.Match[str] | None) -> float | None:
    try:
        return datetime.fromisoformat(time[0]).timestamp() if time else None
    except (ValueError, OverflowError):
        return None
