import pytest

from kubenetlab.errors import ManifestError, UnreadableError
from kubenetlab.readers import netbox_csv
from kubenetlab.readers.netbox_csv import netbox_prefixes, read_netbox_prefixes


def prefixes(text):
    return [(p.range, p.name, p.status) for p in netbox_prefixes(text.encode(), "in-use.csv")]


def test_netbox_prefixes__reads_columns_in_any_order_and_as_tables_head_them():
    text = "Status,VRF,Prefix,Role\nReserved,red,10.2.0.0/16,servers\n"

    (prefix,) = netbox_prefixes(text.encode())

    assert prefix == ("10.2.0.0/16", "servers", "reserved", "red", 2)


def test_netbox_prefixes__calls_a_range_by_its_description_first():
    assert prefixes("prefix,role,description\n10.0.0.0/8,servers,the office\n") == [
        ("10.0.0.0/8", "the office", "active")
    ]


def test_netbox_prefixes__takes_byte_order_marks_quotes_empty_lines_and_short_rows():
    text = '\ufeffprefix,status,description\r\n"fd00::/32",active,"a, b"\r\n\r\n10.0.0.0/8\r\n'

    assert prefixes(text) == [("fd00::/32", "a, b", "active"), ("10.0.0.0/8", "", "active")]


def test_read_netbox_prefixes__leaves_containers_out(tmp_path):
    (tmp_path / "in-use.csv").write_text("prefix,status\n10.0.0.0/8,container\n10.1.0.0/16,active\n")

    assert [p.range for p in read_netbox_prefixes(tmp_path / "in-use.csv")] == ["10.1.0.0/16"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "prefix\n10.0.0.1/8\n",
            "in-use.csv: line 2: prefix: found 10.0.0.1/8, expected a range without host bits",
        ),
        ("prefix\n10.0.0.0/33\n", "in-use.csv: line 2: prefix: found 10.0.0.0/33, expected a range such as"),
        ("prefix,status\n,active\n", "in-use.csv: line 2: prefix: found nothing, expected a range such as"),
        (
            "prefix,status\n10.0.0.0/8,actve\n",
            "in-use.csv: line 2: status: found actve, expected one of container, active",
        ),
    ],
)
def test_netbox_prefixes__refuses_a_line_and_names_it(text, message):
    with pytest.raises(ManifestError) as error:
        prefixes(text)

    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    "rows",
    [
        '10.9.0.0/24,active,"rack\n10.0.0.0/24,active,gateway\n10.0.1.0/24,active,gw2\n',
        '10.9.0.0/24,active,"rack\n10.0.0.0/24,active,"gateway"\n',
        '10.9.0.0/24,active,"rack\n10.0.0.0/24,active,gateway"\n',
        '10.9.0.0/24,active,"rack\r\nactive,10.0.0.0/24"\r\n',
        '10.9.0.0/24,active,"rack" 2\n10.0.0.0/24,active,x\n',
    ],
)
def test_netbox_prefixes__refuses_a_quote_that_hides_rows_and_names_its_line(rows):
    with pytest.raises(
        UnreadableError, match=r"in-use\.csv: line 2: found .*, expected CSV whose quotes close"
    ):
        prefixes("prefix,status,description\n" + rows)


def test_netbox_prefixes__takes_comments_of_several_lines_and_counts_them():
    text = 'prefix,comments\n10.1.0.0/16,"first\nsecond, third\n"\n10.2.0.0/16,\n'

    assert [(p.range, p.line) for p in netbox_prefixes(text.encode())] == [
        ("10.1.0.0/16", 2), ("10.2.0.0/16", 5),
    ]  # fmt: skip


def test_netbox_prefixes__says_that_a_range_in_use_is_deprecated():
    text = "prefix,status,description\n10.1.0.0/16,deprecated,lab\n10.2.0.0/16,deprecated,\n"

    assert prefixes(text) == [
        ("10.1.0.0/16", "lab (deprecated)", "deprecated"), ("10.2.0.0/16", "", "deprecated"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"name\na\n", "found no column prefix"),
        (b"", "found no column prefix"),
        (b"\xff\xff\xff", "found no UTF-8 text"),
        (b"prefix\n" + b"x" * 200_000 + b"\n", "line 2: found field larger than field limit"),
    ],
)
def test_netbox_prefixes__refuses_what_is_no_list_of_prefixes(data, message):
    with pytest.raises(UnreadableError, match=message):
        list(netbox_prefixes(data))


def test_netbox_prefixes__bounds_lines_and_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(netbox_csv, "MAX_PREFIXES", 1)
    monkeypatch.setattr(netbox_csv, "MAX_CSV_BYTES", 40)
    (tmp_path / "big.csv").write_bytes(b"prefix\n" + b"10.0.0.0/8\n" * 9)

    with pytest.raises(UnreadableError, match="found more than 1 prefixes"):
        prefixes("prefix\n10.0.0.0/16\n10.1.0.0/16\n")
    with pytest.raises(UnreadableError, match=r"big\.csv: found .* bytes"):
        read_netbox_prefixes(tmp_path / "big.csv")
