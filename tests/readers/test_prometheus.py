import gzip
import io
import json
from datetime import UTC, datetime

import pytest

from kubenetlab.errors import ManifestError, UnreadableError
from kubenetlab.readers import prometheus
from kubenetlab.readers.prometheus import read_range_query

NOON = 1767268800  # 2026-01-01 12:00 UTC


def answer(*series, result_type="matrix"):
    result = [{"metric": metric, "values": values} for metric, values in series]
    return {"status": "success", "data": {"resultType": result_type, "result": result}}


def read(document, labels=None):
    text = document if isinstance(document, str) else json.dumps(document)
    return read_range_query(io.StringIO(text), labels)


def counts(document, labels=None):
    return [count for _, count in read(document, labels)]


# prometheus, docs/querying/api.md, "Range queries", the example of the page.
def test_read_range_query__reads_the_documented_answer():
    text = """{"status": "success", "data": {"resultType": "matrix", "result": [
      {"metric": {"__name__": "up", "job": "prometheus", "instance": "localhost:9090"},
       "values": [[1435781430.781, "1"], [1435781445.781, "1"], [1435781460.781, "1"]]},
      {"metric": {"__name__": "up", "job": "node", "instance": "localhost:9091"},
       "values": [[1435781430.781, "0"], [1435781445.781, "0"], [1435781460.781, "1"]]}]}}"""

    assert counts(text) == [1, 1, 2]
    assert read(text)[0][0] == datetime(2015, 7, 1, 20, 10, 30, 781000, tzinfo=UTC)


def test_read_range_query__takes_the_series_that_are_asked_for():
    document = answer(({"node": "a", "job": "x"}, [[NOON, "3"]]), ({"node": "b", "job": "x"}, [[NOON, "4"]]))

    assert counts(document, {"node": "b"}) == [4]
    assert counts(document, {"job": "x"}) == [7]


def test_read_range_query__sorts_times_and_sums_series_that_start_later():
    document = answer(({}, [[NOON + 60, "5"], [NOON, "3"]]), ({}, [[NOON + 60, "2"]]))

    assert counts(document) == [3, 7]


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "Inf"])
def test_read_range_query__leaves_out_times_with_a_sample_that_is_not_finite(value):
    document = answer(({}, [[NOON, "3"], [NOON + 60, "4"]]), ({}, [[NOON, value], [NOON + 60, "1"]]))

    assert counts(document) == [5]


def test_read_range_query__unpacks_gzip(tmp_path):
    path = tmp_path / "answer.json.gz"
    path.write_bytes(gzip.compress(json.dumps(answer(({}, [[NOON, "3"]]))).encode()))

    assert [count for _, count in read_range_query(path)] == [3]


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("", "something else"),
        ("[]", "expected the answer of a range query"),
        ("[" * 100_000, "something else"),
        ('{"status": "error", "errorType": "bad_data", "error": "invalid parameter"}', "invalid parameter"),
        ("{}", "status ''"),
        (answer(result_type="vector"), "type 'vector', expected 'matrix'"),
        (answer(), "no sample that is a finite number"),
        (answer(({}, [])), "no sample that is a finite number"),
        (answer(({}, [[NOON, "NaN"]])), "no sample that is a finite number"),
    ],
)
def test_read_range_query__refuses_what_holds_no_counts(document, text):
    with pytest.raises(UnreadableError, match=text):
        read(document)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([[NOON, 3]], r"series 0: values\[0\]\[1\]: found 3, expected text"),
        ([[NOON]], r"series 0: values\[0\]"),
        ([["now", "3"]], r"values\[0\]\[0\]: found \"now\", expected"),
        ([[1e300, "3"]], r"values\[0\]\[0\]: found 1e\+300"),
        ([[-1, "3"]], r"values\[0\]\[0\]: found -1"),
        ([[NOON, "many"]], r"values\[0\]: found 'many', expected a number of at least 0"),
        ([[NOON, "-3"]], r"values\[0\]: found '-3'"),
        ("x", "values: found"),
    ],
)
def test_read_range_query__refuses_malformed_series(values, text):
    with pytest.raises(ManifestError, match=text):
        read(answer(({}, values)))


def test_read_range_query__names_labels_that_no_series_has():
    with pytest.raises(UnreadableError, match="no series with node='c', expected counts; 1 series are there"):
        read(answer(({"node": "a"}, [[NOON, "3"]])), {"node": "c"})


def test_read_range_query__takes_one_file(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text("{}")

    with pytest.raises(UnreadableError, match="found 2 files, expected one"):
        read_range_query(tmp_path)


@pytest.mark.parametrize(("name", "text"), [("BYTES", "bytes"), ("SERIES", "series"), ("SAMPLES", "samples")])
def test_read_range_query__bounds_what_it_reads(name, text, monkeypatch):
    monkeypatch.setattr(prometheus, f"MAX_{name}", 1)

    with pytest.raises(UnreadableError, match=f"{text}, expected"):
        read(answer(({}, [[NOON, "3"], [NOON + 60, "3"]]), ({}, [])))


@pytest.mark.parametrize("labels", ["node", [("node", "a")], 7])
def test_read_range_query__refuses_labels_without_values(labels):
    with pytest.raises(TypeError, match=r"labels is .*, expected names and values"):
        read(answer(), labels)
