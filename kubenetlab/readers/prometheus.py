"""Counts over time from Prometheus: the JSON answer of a range query (``/api/v1/query_range``).

Source: prometheus, docs/querying/api.md, "Range queries" and "Range vectors": times are Unix seconds, values are texts,
among them ``NaN``, ``+Inf`` and ``-Inf``. Basis: *docs*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Annotated

import msgspec

from kubenetlab.errors import ManifestError, Refusal, UnreadableError
from kubenetlab.readers.refused_fields import field_error
from kubenetlab.readers.sources import Buffer, Source, open_source, source_entries, unpacked

DatedCounts = list[tuple[datetime, float]]

MAX_BYTES = 256 << 20
MAX_SERIES = 100_000
MAX_SAMPLES = 5_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXPECTED = "the answer of a range query (/api/v1/query_range) as JSON"
_Second = Annotated[float, msgspec.Meta(ge=0, le=253_402_300_799)]  # up to the year 9999


class _Series(msgspec.Struct):
    metric: dict[str, str] = {}
    values: list[tuple[_Second, str]] = []


class _Data(msgspec.Struct, rename="camel"):
    result_type: str = ""
    result: list[msgspec.Raw] = []


class _Answer(msgspec.Struct, rename="camel"):
    status: str = ""
    error: str = ""
    data: _Data = msgspec.field(default_factory=_Data)


def read_range_query(source: Source, labels: Mapping[str, str] | None = None) -> DatedCounts:
    """Return the counts of a Prometheus range query, with their times (UTC), the earliest first.

    Parameters
    ----------
    source
        One file, ``-`` or an open file; gzip is unpacked.
    labels
        Only series with these labels are counted; None takes all.

    Returns
    -------
    One count a time. Where several series have a sample at a time, they are summed (pods by node give all pods); a time
    at which one of them is ``NaN`` or infinite is left out.

    Raises
    ------
    UnreadableError
        If there is not one source, it cannot be opened, is too large or no JSON; if Prometheus answered with an error
        or to another kind of query; if no series has the labels, or no sample is a finite number.
    ManifestError
        If a series is malformed or a count negative.
    TypeError
        If ``labels`` are no names and values.

    Examples
    --------
    >>> import io
    >>> text = '{"status": "success", "data": {"resultType": "matrix", "result": [{"values": [[1767225600, "41"]]}]}}'
    >>> read_range_query(io.StringIO(text))
    [(datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), 41.0)]
    """
    if labels is not None and not isinstance(labels, Mapping):
        raise TypeError(
            f"labels is {labels!r:.100}, expected names and values of labels, such as {{'node': 'a'}}"
        )
    entries = source_entries(source)
    if len(entries) != 1:
        raise UnreadableError(f"found {len(entries)} files, expected one: {_EXPECTED}")
    content = open_source(entries[0])
    try:
        found = series_of(unpacked(content.data))
    except UnreadableError as error:
        raise UnreadableError(f"{content.name}: {error}") from None
    decoded = (decoded_series(raw, f"series {index}", content.name) for index, raw in enumerate(found))
    wanted = set((labels or {}).items())
    chosen = [series for series in decoded if wanted <= series.metric.items()]
    counts = _summed(samples_of(chosen, content.name))
    if not counts:
        text = ", ".join(f"{name}={value!r}" for name, value in sorted(wanted))
        found_text = (
            f"no series with {text}" if wanted and not chosen else "no sample that is a finite number"
        )
        raise UnreadableError(
            f"{content.name}: found {found_text}, expected counts; {len(found)} series are there"
        )
    return counts


def series_of(data: Buffer) -> list[msgspec.Raw]:
    """Return the series of an answer, each not yet decoded."""
    if len(data) > MAX_BYTES:
        raise UnreadableError(
            f"found {len(data):,} bytes, expected at most {MAX_BYTES:,}; ask for a longer step"
        )
    try:
        answer = msgspec.json.decode(data, type=_Answer)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableError(f"found something else ({error}), expected {_EXPECTED}") from None
    if answer.status != "success":
        text = answer.error[:200] or f"status {answer.status[:80]!r}"
        raise UnreadableError(f"found no answer of Prometheus but {text!r}, expected {_EXPECTED}")
    if answer.data.result_type != "matrix":
        kind = answer.data.result_type[:80]
        raise UnreadableError(f"found a result of type {kind!r}, expected 'matrix': {_EXPECTED}")
    if len(answer.data.result) > MAX_SERIES:
        raise UnreadableError(f"found more than {MAX_SERIES:,} series, expected fewer; sum them in the query")
    return answer.data.result


def decoded_series(raw: msgspec.Raw, name: str, file: str) -> _Series:
    """Return one series; what is wrong in it is said by its name and file."""
    try:
        return msgspec.json.decode(raw, type=_Series)
    except msgspec.ValidationError as error:
        field, found, expected = field_error(str(error), msgspec.json.decode(raw))
        raise ManifestError(Refusal(file, name, field, found, expected)) from None


def samples_of(chosen: list[_Series], file: str) -> Iterator[tuple[float, float]]:
    """Yield the time and value of every sample, checked."""
    n_samples = sum(len(series.values) for series in chosen)
    if n_samples > MAX_SAMPLES:
        raise UnreadableError(
            f"{file}: found {n_samples:,} samples, expected at most {MAX_SAMPLES:,}; ask for a longer step"
        )
    for index, series in enumerate(chosen):
        for place, (second, text) in enumerate(series.values):
            count = _number(text)
            if count is None or count < 0:
                expected = "a number of at least 0, as text"
                name = f"series {index} of those chosen"
                raise ManifestError(Refusal(file, name, f"values[{place}]", repr(text[:80]), expected))
            yield second, count


def _number(text: str) -> float | None:
    """Return a sample's value; NaN where it is not finite, None where it is no number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else float("nan")


def _summed(samples: Iterator[tuple[float, float]]) -> DatedCounts:
    totals: dict[float, float] = {}
    for second, count in samples:
        totals[second] = totals.get(second, 0.0) + count
    return [
        (_EPOCH + timedelta(seconds=second), total)
        for second, total in sorted(totals.items())
        if isfinite(total)
    ]
