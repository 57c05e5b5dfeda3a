import gzip
import io

import pytest

from kubenetlab.errors import SettingError, UnreadableError
from kubenetlab.objects.connection_counts import Counted
from kubenetlab.readers.counts import FORMS, counts_from_text, read_counts
from kubenetlab.samples import shipped_folder
from tests.readers.counts.texts import TEXTS

DATA = shipped_folder("data") / "counts"


def test_read_counts__reads_the_public_case_of_seven_pods():
    (one,) = read_counts(DATA / "000-one-pod-gets-most.csv")

    assert one.counts == (60, 10, 7, 3, 6, 4, 10)  # kubernetes #37932
    assert (one.endpoints[0], one.where, one.counted) == ("hello-1", "column connections", Counted.GIVEN)


def test_read_counts__reads_the_public_case_of_two_pods():
    (one,) = read_counts(DATA / "001-one-of-two.json")

    assert (one.endpoints, one.counts) == (("10.244.1.7:8080", "10.244.2.9:8080"), (1000, 0))


def test_read_counts__reads_the_recorded_connections_and_finds_the_dead_endpoint():
    dns, web = read_counts(DATA / "003-dead-endpoint.conntrack")

    assert (web.service, web.counts, web.unanswered) == ("10.96.3.3:80/TCP", (22, 18, 0), (0, 0, 20))
    assert any("20 of 10.244.1.5:8080" in note for note in web.notes)
    assert (dns.service, dns.endpoints, dns.counts) == ("10.96.0.10:53/UDP", ("10.244.1.4:5353",), (2,))


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda data: b"\xef\xbb\xbf" + data, lambda data: data.decode().encode("utf-16")]
)
def test_read_counts__reads_gzip_and_what_powershell_writes(tmp_path, pack):
    path = tmp_path / "counts"
    path.write_bytes(pack(b"pod,n\r\na,1\r\nb,2\r\n"))

    assert read_counts(path)[0].counts == (1, 2)


def test_read_counts__reads_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"      3 a\n      4 b\n")))

    assert read_counts("-")[0].counts == (3, 4)


@pytest.mark.parametrize("form", FORMS)
def test_counts_from_text__tells_every_form_by_its_text(form):
    text, columns = TEXTS[form]

    assert counts_from_text(text, columns=columns) == counts_from_text(text, form=form, columns=columns)


@pytest.mark.parametrize("form", FORMS)
def test_counts_from_text__refuses_an_empty_text_of_every_form(form):
    with pytest.raises(UnreadableError, match=r"^here: found .*, expected "):
        counts_from_text("\n", "here", form=form)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found nothing, expected conntrack -L"),
        ("hello world\nagain\n", "found 'hello world', expected conntrack -L"),
        (
            "n\n1\n2\n",
            r"found 'n' in one column \(sort \| uniq -c\), expected conntrack -L",
        ),
        ("   60\n\n   10\n", "found '60' in one column"),
        ("*nat\n:A - [0:0]\n[1:1] -A A -j RETURN\nCOMMIT\n", "found rules"),
        ("IP Virtual Server version 1.2.1 (size=4096)\nTCP  10.0.0.1:80 rr\n", "found rules"),
        ('{"kind": "Secret", "data": {"password": "aHVudGVyMg=="}}', "found objects of Kubernetes"),
        (
            "apiVersion: v1\nkind: Secret\ndata: {password: hunter2, a: b}\n",
            "found 'apiVersion: v1', expected",
        ),
    ],
)
def test_counts_from_text__refuses_what_holds_no_counts(text, message):
    with pytest.raises(UnreadableError, match=message) as caught:
        counts_from_text(text)

    assert "hunter2" not in str(caught.value)
    assert "aHVudGVyMg" not in str(caught.value)


def test_counts_from_text__reads_no_secret_whatever_form_is_given():
    with pytest.raises(UnreadableError, match="objects of Kubernetes"):
        counts_from_text('{"kind": "Secret", "data": 7}', form="json")


TABLE = "pod,n\na,30\nb,14\n"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (TABLE, (1, 2)),
        (TABLE, (1, None)),
        (TABLE, (-2, -1)),
        (TABLE, ("1", None)),
        ("the pod, all of n\na, 30\nb, 14\n", (1, None)),
        ("30 a\n14 b\n", (2, None)),
        ("30 a\n14 b\n", (2, 1)),
    ],
)
def test_counts_from_text__takes_numbers_for_columns_of_a_table(text, columns):
    (one,) = counts_from_text(text, columns=columns)

    assert (one.endpoints, one.counts, one.counted) == (("a", "b"), (30, 14), Counted.GIVEN)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("1767225600 GET a\n1767225601 GET b\n", 3),
        ('10.0.0.1 "Mozilla (KHTML, like Gecko)" a\n10.0.0.1 "curl" b\n', -1),
        ('[2026-01-01T00:00:00.1Z] "GET / HTTP/1.1" 200 "X11; Linux" "a"\n' * 2, -1),
    ],
)
def test_counts_from_text__takes_what_is_no_table_for_a_log(text, column):
    (one,) = counts_from_text(text, columns=(column, None))

    assert (sum(one.counts), one.counted) == (2, Counted.REQUESTS)


@pytest.mark.parametrize(
    "line",
    [
        '[2026-01-01T00:00:00.1Z] "GET /cart HTTP/1.1" 200 - 0 612 "curl; x" "10.244.3.9:8080"\n',
        '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "POST / HTTP/2.0" 200 1 "-" "X11; Linux" 10.1.0.1:8080\n',
        '{"upstream": "a"}\n',
    ],
)
def test_counts_from_text__asks_for_the_column_of_an_access_log(line):
    with pytest.raises(UnreadableError, match="found an access log, expected its column `endpoint`"):
        counts_from_text(line * 2)


def test_counts_from_text__refuses_an_unknown_form():
    with pytest.raises(SettingError, match="form is 'excel', expected one of conntrack, hubble"):
        counts_from_text("a,1\n", form="excel")


@pytest.mark.parametrize("path", ["missing.csv", "."])
def test_read_counts__refuses_what_is_no_file(tmp_path, path):
    with pytest.raises(UnreadableError, match=r"found (no readable file|a directory)"):
        read_counts(tmp_path / path)


def test_read_counts__takes_expected_shares_for_the_services_that_have_the_endpoints():
    (web,) = read_counts(
        DATA / "003-dead-endpoint.conntrack",
        expected="10.244.1.3:8080=2, 10.244.1.4:8080=1, 10.244.1.5:8080=1",
    )

    assert (web.service, web.shares) == ("10.96.3.3:80/TCP", (0.5, 0.25, 0.25))
