"""Names that applications look up: an inventory in YAML, CoreDNS' query log, captures of packets."""

from __future__ import annotations

import os

from kubenetlab.cluster import Cluster
from kubenetlab.errors import UnreadableError
from kubenetlab.objects.name_inventory import NameInventory, QueryLog
from kubenetlab.readers.dns.inventory import inventory_from_bytes, read_inventory
from kubenetlab.readers.dns.lookups import lookups_of_queries, queries_by_name
from kubenetlab.readers.dns.pcap import CAPTURES, queries_from_capture
from kubenetlab.readers.dns.query_log import QUERY, queries_from_log, text_of
from kubenetlab.readers.plan_request import bounded_source

MAX_BYTES = 512 << 20
_QUERIES = "a log of CoreDNS' plugin log, or a pcap or pcapng file"


def read_queries(source: str | os.PathLike[str]) -> QueryLog:
    """Read queries from CoreDNS' query log or a capture of packets; ``-`` is standard input, also gzipped.

    Raises
    ------
    UnreadableError
        If it cannot be read, holds more than 512 MiB, or no query.
    """
    name, data = bounded_source(source, MAX_BYTES, _QUERIES)
    return (queries_from_capture if data[:4] in CAPTURES else queries_from_log)(data, name)


def read_names(
    source: str | os.PathLike[str], cluster: Cluster | None = None, *, duration_s: float | None = None
) -> NameInventory:
    """Read names and their rates in whichever form they come; the content tells it.

    Parameters
    ----------
    source
        A file, ``-`` for standard input: YAML, CoreDNS' query log, pcap or pcapng, also gzipped.
    cluster, duration_s
        For queries, from which lookups are inferred: see ``lookups_of_queries``.

    Raises
    ------
    UnreadableError
        If it cannot be read, or is none of these.
    ManifestError
        If an entry of an inventory cannot be; it names the entry and the field.
    ValueError
        If queries have no times and ``duration_s`` is not given.
    """
    expected = f"an inventory of names in YAML, {_QUERIES}"
    name, data = bounded_source(source, MAX_BYTES, expected)
    if data[:4] in CAPTURES:
        return lookups_of_queries(queries_from_capture(data, name), cluster, duration_s=duration_s)
    head = text_of(data[: 1 << 20], name)
    if any(map(QUERY.fullmatch, head.split("\n"))):
        return lookups_of_queries(queries_from_log(data, name), cluster, duration_s=duration_s)
    if "names" not in head:
        raise UnreadableError(f"{name}: found neither names nor queries, expected {expected}")
    return inventory_from_bytes(data, name)


__all__ = ["lookups_of_queries", "queries_by_name", "read_inventory", "read_names", "read_queries"]
