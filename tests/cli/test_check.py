import json

import pytest
from click.testing import CliRunner

from kubenetlab.cli import main
from kubenetlab.findings import rules
from tests.cli.command_line import NODE, POD, SERVICE, changed, dump

BROKEN = changed(SERVICE, ("spec", "selector"), {"app": "nothing"})
MEDIUM = dump(NODE, POD, BROKEN)  # KNL101, medium: a selector that matches nothing
HIGH = dump(
    NODE, changed(SERVICE, ("spec",), {"type": "ExternalName", "externalName": "10.0.0.1"})
)  # KNL107, high
EMPTY = dump(NODE)


def check(*arguments, stdin=MEDIUM):
    return CliRunner().invoke(main, ["check", "-", *arguments], input=stdin, prog_name="kubenetlab")


@pytest.mark.parametrize(
    ("stdin", "fail_on", "exit_code"),
    [
        (MEDIUM, "high", 0),
        (MEDIUM, "medium", 1),
        (MEDIUM, "low", 1),
        (MEDIUM, "info", 1),
        (HIGH, "high", 1),
        (EMPTY, "info", 0),
    ],
)
def test_check__fails_on_a_severity_or_worse(stdin, fail_on, exit_code):
    assert check("--fail-on", fail_on, stdin=stdin).exit_code == exit_code


def test_check__fails_on_high_by_default():
    assert (check(stdin=HIGH).exit_code, check(stdin=MEDIUM).exit_code) == (1, 0)


def test_check__prints_what_why_and_what_to_do():
    output = check().output

    assert "MEDIUM  KNL101  Service shop/cart: " in output
    assert "               → " in output
    assert output.endswith("Findings: 1 medium; none of severity high or worse.\n")


def test_check__says_that_there_is_nothing():
    assert check(stdin=EMPTY).output == "No findings.\n"


def test_check__as_json_has_the_documented_fields():
    document = json.loads(check("--format", "json").output)

    assert list(document) == [
        "schema", "kubenetlab", "input", "fail_on", "failed", "n_findings", "findings", "refused", "notes",
    ]  # fmt: skip
    assert document["schema"] == "kubenetlab/check/v1"
    assert document["n_findings"] == {"high": 0, "medium": 1, "low": 0, "info": 0}
    assert (document["failed"], document["fail_on"]) == (False, "high")
    assert list(document["findings"][0]) == [
        "code", "severity", "object", "message", "evidence", "advice", "documentation",
    ]  # fmt: skip
    assert document["findings"][0]["severity"] == "medium"
    assert list(document["input"]["files"][0]) == ["name", "format", "n_bytes", "sha256"]


def test_check__as_json_lists_what_was_refused():
    bad = changed(SERVICE, ("spec", "ports", 0, "port"), 70000)

    result = check("--format", "json", stdin=dump(NODE, bad))

    refused = json.loads(result.stdout)["refused"]
    assert [list(r) for r in refused] == [["file", "object", "field", "found", "expected"]]
    assert refused[0]["object"] == "Service shop/cart"


def test_check__names_every_field_of_its_json_in_its_help():
    help_text = CliRunner().invoke(main, ["check", "--help"]).output
    document = json.loads(check("--format", "json").output)

    fields = {*document, *document["findings"][0], *document["input"], *document["input"]["files"][0]}
    assert [field for field in fields if field not in help_text] == []


def test_check__lists_every_code():
    output = CliRunner().invoke(main, ["check", "--list"]).output

    assert [code for code in rules().frame["code"] if code not in output] == []


def test_check__lists_every_code_as_json():
    document = json.loads(CliRunner().invoke(main, ["check", "--list", "--format", "json"]).output)

    assert document["schema"] == "kubenetlab/codes/v1"
    assert [row["code"] for row in document["codes"]] == list(rules().frame["code"])


def test_check__needs_a_source():
    result = CliRunner().invoke(main, ["check"], prog_name="kubenetlab")

    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == (
        "Error: Missing argument 'SOURCE'. Run 'kubenetlab check --help' to see how."
    )


def test_check__refuses_an_unknown_severity():
    assert check("--fail-on", "severe").exit_code == 2
