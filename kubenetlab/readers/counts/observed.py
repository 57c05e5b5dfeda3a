"""Counts of what was seen: the kernel's connections, Prometheus' counters, Hubble's flows, lines of an access log.

Sources: conntrack-tools 1.4.7, conntrack(8), and libnetfilter_conntrack, src/conntrack/snprintf_default.c (the order of the
words; recorded on Linux 6.18); Linux, nf_conntrack_proto_tcp.c (seconds that an entry stays: TIME_WAIT and FIN_WAIT 120, LAST_ACK
30, CLOSE 10); prometheus, docs/querying/functions.md, ``increase`` (a counter that goes down was reset; it extrapolates), docs/practices/naming.md
(``_total``); cilium 1.16, api/v1/flow/flow.proto; nginx, ngx_http_upstream_module, ``$upstream_addr``. Basis: *ran* for conntrack, *docs* for the others.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from math import isfinite
from typing import Any

import msgspec
from msgspec.structs import replace

from kubenetlab.errors import UnreadableError
from kubenetlab.objects.connection_counts import Counted, EndpointCounts
from kubenetlab.readers.counts.tally import ONLY_ONE, Column, Tally, word_at
from kubenetlab.readers.prometheus import decoded_series, samples_of, series_of

CONNTRACK = r"^(?:\[[\d.]{1,30}\])?[ \t]*(?:\[[A-Z]+\] +)?(?:ipv[46] +\d+ +)?[a-z]+ +\d+ [^=\n]{0,80}src="
#: Labels that name an endpoint, the likeliest first; that of Prometheus' operator called ``endpoint`` is a port's name.
LABELS = ("pod", "upstream", "backend", "destination_pod", "instance", "endpoint")
TABLE = "answered entries in one node's connection table now: of open ones long-lived weigh most; idle endpoints have no entry"
#: States in which a connection is open, CLOSE_WAIT from one side; an entry in another is gone in minutes.
OPEN_STATES = ("ESTABLISHED", "CLOSE_WAIT")
RECENT = "{:,} of {:,} are no open connections but recent ones (TIME_WAIT, CLOSE ..., UDP), which stay for two minutes or less"
NEW = "connections that began while conntrack -E ran, on one node"
UDP_SILENT = "UDP without answer, counted as it stands (statsd, syslog): {:,} of {}; for DNS a dead endpoint looks like this"
UNANSWERED = "never answered, so not counted: {:,} of {}; a dead endpoint looks like this"
INCREASE = "increase of each counter from its first sample to its last; one that went down began anew at 0, NaN is left out"
#: Ends of a counter's name.
COUNTERS = ("_total", "_count", "_sum", "_bucket")
ASK = "ask /api/v1/query_range for the counter itself (..._total), without rate(), increase() or sum()"
UNNAMED = f"no counter by its name: wrong if it is a gauge, rate() or increase(); {ASK}"
SYN = "TCP connections that Hubble saw begin (SYN), each once; what it lost is not here"
A_LINE = "one request a line: the many of one connection come to one endpoint, which is not chance"
LEFT_OUT = "{:,} lines name no endpoint and are left out"
RETRIED = "{:,} attempts at {} failed before another endpoint answered; they are not counted"
MOST_SHORT = 0.02  # of lines without the column

_WAY = r"src=([\da-fA-F.:]+) dst=([\da-fA-F.:]+) sport=(\d{1,5}) dport=(\d{1,5})(?: [a-z-]+=\d+){0,9} ?"
_HEAD = r"[^=]{0,80}?(\[[A-Z]+\] +)?(?:ipv[46] +\d+ +)?(tcp|udp|sctp|dccp) +\d+ [^=]{0,80}"
_ENTRY = re.compile(rf"{_HEAD}(?<= ){_WAY}(\[UNREPLIED\] )?{_WAY}")
_CONNECTION = ("IP.source", "l4.TCP.source_port", "IP.destination", "l4.TCP.destination_port")


def conntrack_counts(text: str, source: str, _endpoint: Column, _count: Column) -> list[EndpointCounts]:
    """Return the connections of each translated destination; those that go where they were sent are left out.

    They are open connections where all are; where some ended lately they are flows, and ``notes`` has how many.

    Raises
    ------
    ManifestError
        For a line that is cut.
    UnreadableError
        If no connection was translated.
    """
    tally, events = Tally(source), set()
    seen: dict[tuple[str, str], Counter[str]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if entry := _ENTRY.match(line):
            event, protocol, _, to, _, port, silent, end, _, end_port, _ = entry.groups("")
            events.add(event.strip())
            if (to, port) != (end, end_port) and event.strip() in ("", "[NEW]"):
                key = f"{_place(to, port)}/{protocol.upper()}", _place(end, end_port)
                is_recent = line[: entry.start(3)].split()[-2] not in OPEN_STATES
                kind = "new" if event else "silent" if silent else "recent" if is_recent else "open"
                seen.setdefault(key, Counter())[kind] += 1
        elif re.match(_HEAD + "src=", line[:200]):
            raise tally.refused(f"line {number}", "entry", f"{line!r:.80}", "addresses and ports both ways")
    for (service, endpoint), kinds in sorted(seen.items()):
        is_tcp = service.endswith("/TCP")
        tally.add(service, endpoint, kinds.total() - is_tcp * kinds["silent"], service)
        if kinds["silent"]:
            said = UNANSWERED if is_tcp else UDP_SILENT
            tally.remarks.setdefault(service, []).append(said.format(kinds["silent"], endpoint))
    ways = (Counted.OPEN_CONNECTIONS, "conntrack -L", TABLE), (Counted.NEW_CONNECTIONS, "conntrack -E", NEW)
    return [_of_kinds(one, seen) for one in tally.entries(*ways["[NEW]" in events])]


def _of_kinds(one: EndpointCounts, seen: dict[tuple[str, str], Counter[str]]) -> EndpointCounts:
    """Call recent connections flows, and tell those without an answer apart where TCP says it."""
    is_tcp, kinds = one.service.endswith("/TCP"), [seen[one.service, name] for name in one.endpoints]
    n_recent = sum(kind["recent"] + (not is_tcp) * kind["silent"] for kind in kinds)
    silent = tuple(kind["silent"] for kind in kinds) * (is_tcp and one.counted is not Counted.NEW_CONNECTIONS)
    said = (RECENT.format(n_recent, sum(one.counts)),) * bool(n_recent)
    notes = (*said, *one.notes, *[ONLY_ONE] * (len(kinds) == 1))
    return replace(one, counted=Counted.FLOWS if n_recent else one.counted, notes=notes, unanswered=silent)


def _place(address: str, port: str) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def prometheus_counts(text: str, source: str, endpoint: Column, _count: Column) -> list[EndpointCounts]:
    """Return how much every counter of a range query grew, by the label that names the endpoint.

    Raises
    ------
    UnreadableError
        If the answer is none, or no label tells the series apart; if the values fall or stay as no counter's do.
    ManifestError
        If a series is malformed, or grew by no whole number.
    """
    try:
        found = [decoded_series(raw, f"series {n}", source) for n, raw in enumerate(series_of(text.encode()))]
    except UnreadableError as error:
        raise UnreadableError(f"{source}: {error}") from None
    tally, label = Tally(source), str(endpoint or "")
    for name in () if label else LABELS:
        values = {series.metric.get(name) for series in found}
        label = label or name * (None not in values and len(values) > 1)
    if not label:
        shown = ", ".join(sorted({name for one in found for name in one.metric}))[:200] or "of no series"
        raise UnreadableError(f"{source}: found labels {shown}, expected one that tells endpoints apart")
    samples = [sorted(samples_of([one], f"{source}, series {n}")) for n, one in enumerate(found)]
    steps = [[*pairwise(value for _, value in one if isfinite(value))] for one in samples]
    is_named = all(str(series.metric.get("__name__")).endswith(COUNTERS) for series in found)
    ways = Counter((later > earlier) - (later < earlier) for one in steps for earlier, later in one)
    if 2 * ways[-1] > ways.total() if is_named else ways[-1] or 2 * ways[1] < ways.total():
        raise UnreadableError(f"{source}: found values that fall or stay, expected a counter: {ASK}")
    for n, (series, pairs) in enumerate(zip(found, steps, strict=True)):
        grown = sum(later - earlier if later >= earlier else later for earlier, later in pairs)
        count = tally.whole(grown, f"series {n}", f"increase ({ASK})")
        tally.add(series.metric.get("service", ""), series.metric.get(label, ""), count, f"series {n}")
    return tally.entries(Counted.REQUESTS, f"label {label}", INCREASE, *[UNNAMED] * (not is_named))


def hubble_counts(text: str, source: str, _endpoint: Column, _count: Column) -> list[EndpointCounts]:
    """Return the TCP connections that ``hubble observe -o json`` saw begin, by destination pod.

    Raises
    ------
    ManifestError
        For a line that is no flow.
    UnreadableError
        If no connection to a pod begins in it.
    """
    tally, seen = Tally(source), set()
    for number, line in enumerate(text.split("\n"), 1):
        found = _object(line, number, tally) if line.strip() else None
        flow = _at(found, "flow") or found
        flags, pod = _at(flow, "l4.TCP.flags"), _at(flow, "destination.pod_name")
        *_, port = connection = tuple(str(_at(flow, path)) for path in _CONNECTION)
        is_new = _at(flags, "SYN") and not _at(flags, "ACK") and _at(flow, "verdict") == "FORWARDED"
        if pod and is_new and not _at(flow, "is_reply") and connection not in seen:
            seen.add(connection)
            namespace = _at(flow, "destination.namespace")
            service = _at(flow, "destination_service.name") or _at(flow, "destination.workloads.name")
            tally.add(f"{namespace}/{service or ''}:{port}", f"{namespace}/{pod}", 1, f"line {number}")
    return tally.entries(Counted.FLOWS, "hubble observe", SYN)


def _object(line: str, number: int, tally: Tally) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise tally.refused(f"line {number}", "the line", f"{error!s:.100}", "a JSON object") from None


def _at(value: Any, path: str) -> Any:
    """Return what stands at a path of names; of a list, its first; None where nothing does."""
    for name in path.split("."):
        value = value[0] if isinstance(value, list) and value else value
        value = value.get(name) if isinstance(value, dict) else None
    return value


def log_counts(text: str, source: str, endpoint: Column, _count: Column) -> list[EndpointCounts]:
    """Return the lines of an access log by endpoint.

    Parameters
    ----------
    text
        A request a line: words, or a JSON object.
    source
        Its name.
    endpoint
        The word's number as awk counts (from 1, -1 for the last), or the key of the objects.

    Raises
    ------
    ManifestError
        If more than one line in fifty has no such word or key.
    UnreadableError
        If no line names an endpoint, or ``endpoint`` is not given.
    """
    if endpoint is None:
        raise UnreadableError(f"{source}: found an access log, expected its column `endpoint` (-1: the last)")
    tally, key, retried, n_without = Tally(source), str(endpoint), Counter[str](), 0
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    for number, line in lines:
        found = str(_at(_object(line, number, tally), key) or "-") if line[:1] == "{" else _word(line, key)
        tried = [name for name in re.split(r"[\s,\"'()]+", found or "") if name not in ("", "-", ":")]
        n_without += not tried
        retried.update(tried[:-1])
        if tried:
            tally.add("", tried[-1], 1, f"line {number}")
    short = [line for line in lines if line[1][:1] != "{" and _word(line[1], key) is None]
    if len(short) > MOST_SHORT * len(lines):
        number, line = short[0]
        raise tally.refused(f"line {number}", key, f"{line!r:.80}", "a word with this number, or key")
    said = [RETRIED.format(n, name) for name, n in retried.most_common(3)]
    said += [LEFT_OUT.format(n_without)] * bool(n_without)
    return tally.entries(Counted.REQUESTS, f"column {key}", A_LINE, *said)


def _word(line: str, place: str) -> str | None:
    """Return a word or ``place``'s value; with those that a comma joins: nginx names all upstreams tried, the last answered."""
    words = re.sub(r",\s+", ",", line).split()
    at = word_at(place, len(words))
    key = rf'(?:^|[\s,;|]){re.escape(place)}=("[^"]*"|[^\s;|]*)'
    return words[at] if at is not None else (found := re.search(key, line)) and (found[1] or "-")
