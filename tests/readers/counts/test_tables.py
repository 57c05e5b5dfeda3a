import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import ManifestError, SettingError, UnreadableError
from kubenetlab.readers.counts import counts_from_text

NAMES = st.from_regex(r"[a-z][a-z0-9.-]{0,20}(:[1-9][0-9]{0,4})?", fullmatch=True)
TABLES = st.dictionaries(NAMES, st.integers(0, 10**10), min_size=1).filter(
    lambda counts: any(counts.values())
)


def read(text, endpoint=None, count=None, **more):
    return counts_from_text(text, columns=(endpoint, count), **more)


@given(TABLES, st.sampled_from(",;\t"))
def test_table_counts__reads_csv_as_it_was_written(counts, delimiter):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([("pod", "n"), *counts.items()])

    (one,) = read(text.getvalue(), form="csv")

    assert dict(zip(one.endpoints, one.counts, strict=True)) == counts


@given(TABLES)
def test_table_counts__reads_json_and_uniq_as_csv(counts):
    objects = json.dumps([{"pod": name, "n": count} for name, count in counts.items()])
    lines = "".join(f"{count:7} {name}\n" for name, count in counts.items())

    found = [read(text)[0] for text in (json.dumps(counts), objects, lines)]

    assert {(one.endpoints, one.counts) for one in found} == {(tuple(counts), tuple(counts.values()))}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a,60\nb,10\n", ()),
        ("60,a\n10,b\n", ()),
        ("n,pod\n60,a\n10,b\n", ()),
        ("\npod, n\na, 60\n\nb, 10\n", ()),
        ('"pod","n"\n"a","60"\n"b","10.0"\n', ()),
        ("node,endpoint,zone,n\nx,a,z,60\nx,b,z,10\n", ()),
        ("pod,count,bytes\na,60,1\nb,10,2\n", ()),
        ("pod,node,n,m\na,x,60,1\nb,x,10,1\n", ("pod", "n")),
        ("pod,node,n,m\na,x,60,1\nb,x,10,1\n", (1, "3")),
        ("pod,node,n,m\na,x,60,1\nb,x,10,1\n", ("pod", 3)),
        ("pod,node,n,m\na,x,60,1\nb,x,10,1\n", (-4, "-2")),
    ],
)
def test_table_counts__finds_the_columns(text, columns):
    (one,) = read(text, *columns, form="csv")

    assert (one.endpoints, one.counts) == (("a", "b"), (60, 10))


def test_table_counts__reads_several_services():
    cart, web = read("service,endpoint,n\nshop/cart,a,1\nshop/web,a,2\nshop/web,b,3\n")

    assert (cart.service, cart.counts) == ("shop/cart", (1,))
    assert (web.service, web.endpoints, web.counts) == ("shop/web", ("a", "b"), (2, 3))


@pytest.mark.parametrize("name", ["share", "Expected"])
def test_table_counts__takes_shares_of_a_column(name):
    (one,) = read(f"pod,n,{name}\na,1,30\nb,2,10\n")

    assert one.shares == (0.75, 0.25)


@pytest.mark.parametrize("share", ["0", "-1", "x", "nan", ""])
def test_table_counts__refuses_bad_shares(share):
    with pytest.raises(SettingError, match=r"-: column share: found 'b=.*', expected .* a number above 0"):
        read(f"pod,n,share\na,1,30\nb,2,{share}\n")


@pytest.mark.parametrize(
    "bad",
    [
        "-1",
        "1.5",
        "nan",
        "NaN",
        "inf",
        "x",
        "",
        "1e3",
        "10000000001",
        "٣",
        "0x10",
        "1.000",
        "12.000",
        "1.000.000",
        "1 000",
    ],
)
def test_table_counts__refuses_a_bad_count_with_its_line(bad):
    with pytest.raises(
        ManifestError, match=r"^here: line 3: n: found '.*', expected a whole number from 0 to"
    ):
        counts_from_text(f"pod,n\na,1\nb,{bad}\nc,3\n", "here")


@pytest.mark.parametrize("text", ["a;1.000\nb;2.000\n", 'pod,n\na,"1,000"\nb,"7,234"\n'])
def test_table_counts__refuses_points_and_commas_for_thousands(text):
    with pytest.raises(ManifestError, match=r"found '1[.,]000', expected .*, without a point or comma in it"):
        read(text)


@pytest.mark.parametrize("number", ["10.", "10.0", "10.00", "10.0000", "+10", "010"])
def test_table_counts__reads_whole_numbers_however_they_are_written(number):
    assert read(f"pod,n\na,{number}\nb,2\n")[0].counts == (10, 2)


@pytest.mark.parametrize(
    "bad", ["-1", "1.5", "NaN", "Infinity", "null", "true", '"x"', "[1]", '{"a": 1}', "1e30"]
)
def test_table_counts__refuses_a_bad_count_of_json_with_its_key(bad):
    with pytest.raises(ManifestError, match=r"^here: key 'b': count: found '?.*'?, expected a whole number"):
        counts_from_text(f'{{"a": 1, "b": {bad}}}', "here", form="json")


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("pod,n\na,1\na,2\n", "csv", "line 3: pod: found 'a' again, expected each endpoint once"),
        ('{"a": 1, "a": 2}', "json", "key 'a': endpoint: found 'a' again"),
        ("pod,n\na,1\n,2\n", "csv", "line 3: endpoint: found nothing, expected a name"),
        ("pod,n\na,1\nb,2,3\n", "csv", "line 3: columns: found 3, expected 2"),
        ("pod,pod\na,1\n", "csv", "line 2: columns: found 2, expected 1, each with its own name"),
        ("  1 a\nb\n", "uniq", "line 2: columns: found 1, expected 2"),
        (
            '[{"pod": "a", "n": 1}, {"pod": "b"}]',
            "json",
            "item 1: fields: found .* expected those of the first",
        ),
        ('[["a", 1]]', "json", "item 0: fields"),
    ],
)
def test_table_counts__refuses_a_bad_row(text, form, message):
    with pytest.raises(ManifestError, match=message):
        counts_from_text(text, form=form)


@pytest.mark.parametrize(
    ("text", "form", "message"),
    [
        ("pod\na\n", "csv", "found one column, expected one of endpoints and one of counts"),
        ("pod,node,n\na,x,1\n", "csv", "found columns pod, node, n, expected .* say which is `endpoint`"),
        ("pod,n,m\na,1,2\n", "csv", "found columns pod, n, m, expected .* say which is `count`"),
        ("pod,n\na,0\nb,0\n", "csv", "found only zeros in column n"),
        ("pod,n\n", "csv", "found no row"),
        ("{}", "json", "found no row"),
        ("[]", "json", "found no row"),
        ('"a', "csv", "line 1: found unexpected end of data, expected CSV whose quotes close"),
        ('{"a": 1', "json", "found no JSON"),
        ("[" * 100_000, "json", "found no JSON"),
        ("7", "json", "found no JSON"),
    ],
)
def test_table_counts__refuses_a_table_without_counts(text, form, message):
    with pytest.raises(UnreadableError, match=message):
        counts_from_text(text, form=form)


@pytest.mark.parametrize("columns", [("podd", None), (3, None), (0, None), (None, "m"), (None, 3)])
def test_table_counts__refuses_a_column_that_is_not_there(columns):
    with pytest.raises(UnreadableError, match=r"found no \S+ among columns pod, n, expected"):
        counts_from_text("pod,n\na,1\n", form="csv", columns=columns)


def test_table_counts__refuses_one_column_for_both():
    with pytest.raises(UnreadableError, match="found endpoints and counts in one column, expected two"):
        read("pod,n\na,1\n", -1)


def test_table_counts__takes_at_most_ten_thousand_endpoints():
    text = "".join(f"pod-{n},1\n" for n in range(10_001))

    with pytest.raises(
        ManifestError, match="line 10001: endpoint: found one more, expected at most 10,000 endpoints"
    ):
        counts_from_text(text)
