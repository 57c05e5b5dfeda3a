import json

import click
import pandas as pd
import pytest

from kubenetlab.cli.tables import Table, print_tables, records, text_table
from kubenetlab.visible_text import width

FRAME = pd.DataFrame(
    {
        "name": pd.Series(["cart", "購物車", "", None], dtype="str"),
        "n_pods": pd.Series([3, 12, None, 1], dtype="Int64"),
        "is_ready": [True, False, True, True],
    }
)


def test_text_table__aligns_texts_left_and_numbers_right():
    assert text_table(FRAME).splitlines() == [
        "NAME    N_PODS  IS_READY",
        "cart         3  yes",
        "購物車      12  no",
        "-            -  yes",
        "-            1  yes",
    ]


def test_text_table__shortens_the_widest_column_of_a_narrow_terminal():
    frame = pd.DataFrame({"name": ["cart"], "selector": ["app=" + "x" * 100]})

    lines = text_table(frame, max_width=40).splitlines()

    assert max(map(width, lines)) == 40
    assert lines[1].endswith("x…")


def test_text_table__keeps_everything_without_a_width():
    assert "x" * 500 in text_table(pd.DataFrame({"name": ["x" * 500]}))


def test_text_table__keeps_columns_readable_on_a_very_narrow_terminal():
    frame = pd.DataFrame({"name": ["購" * 20], "selector": ["y" * 30]})

    assert text_table(frame, max_width=5).splitlines()[1] == f"{'購' * 5}…   {'y' * 11}…"


def test_text_table__makes_control_characters_visible():
    assert "\\x1b[2J" in text_table(pd.DataFrame({"name": ["\x1b[2J"]}))


def test_records__are_plain_values():
    assert records(FRAME)[2:] == [
        {"name": "", "n_pods": None, "is_ready": True},
        {"name": None, "n_pods": 1, "is_ready": True},
    ]


def test_print_tables__as_json_starts_with_the_head(capsys):
    print_tables([Table("Pods", FRAME)], "json", {"schema": "s/v1"})

    output = capsys.readouterr().out
    document = json.loads(output)
    assert list(document) == ["schema", "tables"]
    assert document["tables"][0]["title"] == "Pods"
    assert document["tables"][0]["rows"][1]["name"] == "購物車"
    assert output.isascii()


def test_print_tables__as_csv(capsys):
    print_tables([Table("Pods", FRAME)], "csv", {})

    assert capsys.readouterr().out.splitlines()[:2] == ["name,n_pods,is_ready", "cart,3,True"]


def test_print_tables__refuses_two_tables_as_csv():
    tables = [Table("Pods", FRAME), Table("Nodes", FRAME)]

    with pytest.raises(click.UsageError, match="has 2 \\('Pods', 'Nodes'\\)"):
        print_tables(tables, "csv", {})


def test_print_tables__says_that_a_table_is_empty(capsys):
    print_tables([Table("0 pods", FRAME[:0])], "table", {})

    assert capsys.readouterr().out == "0 pods\n(none)\n"
