import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import KubenetlabError, UnreadableError
from kubenetlab.readers.dns import query_log, read_queries
from kubenetlab.readers.dns.query_log import queries_from_log
from tests.readers.dns.logs import line, shop_log

SAMPLE = Path(__file__).parents[3] / "data/dns/001-shop-queries.log"
LABELS = st.lists(st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True), min_size=1, max_size=6)


def of(*lines):
    return queries_from_log("\n".join(lines).encode())


def test_read_queries__reads_the_sample_log_and_says_what_is_no_query():
    log = read_queries(SAMPLE)

    assert SAMPLE.read_text() == shop_log()
    assert len(log.queries) == 150
    assert log.notes == ("4 of 154 lines are no queries and left out",)
    assert 40 < log.duration_s < 80


def test_queries_from_log__reads_the_example_of_the_plugin():
    # coredns 1.13, plugin/log/README.md
    text = (
        '[INFO] [::1]:50759 - 29008 "A IN example.org. udp 41 false 4096" NOERROR qr,rd,ra,ad 68 0.037990251s'
    )

    (query,) = of(text).queries

    assert query == ("::1", "example.org.", "A", "NOERROR", None, 0.037990251, "udp", 1)


@pytest.mark.parametrize(
    ("prefix", "at_s"),
    [
        ("[INFO] ", None),
        ("", None),
        ("[pod/coredns-7d/coredns] [INFO] ", None),
        ("2026-03-02T09:30:00.5Z [INFO] ", 1772443800.5),
        ("2026-03-02T10:30:00.500000000+01:00 stdout F [INFO] ", 1772443800.5),
        ("coredns-7d coredns 2026-03-02T09:30:00Z\t[INFO] plugin/log: ", 1772443800.0),
        ('time="2026-03-02T09:30:00Z" msg=', 1772443800.0),
        ("2026-13-41T09:30:00Z [INFO] ", None),
    ],
)
def test_queries_from_log__takes_off_what_stands_before_a_query(prefix, at_s):
    (query,) = of(line("10.244.1.5", "web.shop.", prefix=prefix)).queries

    assert (query.client, query.name, query.at_s) == ("10.244.1.5", "web.shop.", at_s)


def test_queries_from_log__reads_a_runtimes_json():
    inner = line("10.244.1.5", "web.shop.").replace('"', '\\"')

    (query,) = of(f'{{"log":"{inner}\\n","stream":"stdout","time":"2026-03-02T09:30:00Z"}}').queries

    assert (query.name, query.at_s) == ("web.shop.", 1772443800.0)


def test_queries_from_log__reads_the_combined_format_and_lines_of_windows():
    assert len(of(line("10.0.0.1", "a.") + ' "0"\r', line("10.0.0.1", "b.") + "\r").queries) == 2


@pytest.mark.parametrize(
    ("took", "seconds"), [("1.5ms", 0.0015), ("210.5µs", 0.0002105), ("12ns", 12e-9), ("2s", 2)]
)
def test_queries_from_log__reads_durations_of_old_versions(took, seconds):
    assert of(line("10.0.0.1", "a.", took=took)).queries[0].took_s == pytest.approx(seconds)


def test_queries_from_log__has_no_rcode_where_nothing_was_answered():
    assert of(line("10.0.0.1", "a.", rcode="-")).queries[0].rcode == ""


def test_queries_from_log__has_no_duration_unless_all_lines_have_times():
    first, second, third = (f"2026-03-02T09:30:0{n}Z " for n in range(3))
    lines = [line("10.0.0.1", "a.", prefix=prefix) for prefix in (first, second, third)]

    assert of(*lines).duration_s == 2
    assert of(*lines, line("10.0.0.1", "a.")).duration_s is None
    assert of(lines[0]).duration_s is None


@given(
    LABELS, st.sampled_from(["A", "AAAA", "SRV", "HTTPS", "TYPE65"]), st.sampled_from(["NOERROR", "NXDOMAIN"])
)
def test_queries_from_log__reads_what_was_written(labels, type_, rcode):
    name = ".".join(labels) + "."

    (query,) = of(line("10.244.1.5", name, type_, rcode)).queries

    assert query[:4] == ("10.244.1.5", name, type_, rcode)


def test_queries_from_log__cannot_be_fooled_by_a_name():
    name = r"x\"\032NXDOMAIN\032qr\0321\0320.1s."

    (query,) = of(line("10.244.1.5", name)).queries

    assert query.rcode == "NOERROR"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "found 0 queries in 0 lines, expected 1 to 2,000,000 such as .INFO."),
        (b"hello\nworld\n", "found 0 queries in 2 lines"),
        (b"\x00\x01\x02", "found binary data .a zero byte at 0., expected text"),
    ],
)
def test_queries_from_log__refuses_in_one_line(data, expected):
    with pytest.raises(UnreadableError, match=f"^a.log: {expected}") as caught:
        queries_from_log(data, "a.log")

    assert "\n" not in str(caught.value)


def test_queries_from_log__bounds_queries(monkeypatch):
    monkeypatch.setattr(query_log, "MAX_QUERIES", 1)

    with pytest.raises(UnreadableError, match="2 queries in 2 lines, expected 1 to 1"):
        of(line("10.0.0.1", "a."), line("10.0.0.1", "b."))


def read_or_error(data):
    try:
        return queries_from_log(data).queries
    except KubenetlabError as error:
        return str(error)


def test_queries_from_log__mutants_give_queries_or_one_clean_error():
    rng = random.Random(531)
    text = "\n".join(shop_log().split("\n")[:8]).encode()
    n_read = 0
    for _ in range(2_000):
        data = bytearray(text)
        for _ in range(rng.randrange(1, 8)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(3)] = bytes(
                rng.choice(b' "\\\n.:-[]{}\0A9z\xff') for _ in range(rng.randrange(3))
            )
        found = read_or_error(bytes(data))
        assert found
        assert "\n" not in found
        n_read += isinstance(found, tuple)
    assert 1_000 < n_read < 2_000
