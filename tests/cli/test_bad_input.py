"""Nothing readable: one line, exit 2, and what was there stays. One bad item: left out, said so, the rest is read."""

import gzip
import json
import os
import subprocess

import pytest

from tests.cli.command_line import COMMAND, NODE, POD, ROOT, SERVICE, changed, dump, run

ALIAS_BOMB = "a: &a [x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(20)
)
DUPLICATE_KEYS = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: cart}\nspec:\n  type: ClusterIP\n  type: NodePort\n"
)
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "c2VjcmV0"}}

NOTHING_READABLE = {
    "empty file": b"",
    "only spaces": b" \n\n",
    "truncated JSON": dump(NODE, POD)[:-40].encode(),
    "array of numbers": b"[1, 2, 3]",
    "a number": b"42",
    "nested 1000 deep": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "nested 1000 deep in YAML": b"[" * 1000 + b"]" * 1000,
    "nested 100000 deep": b"[" * 100_000,
    "alias bomb": ALIAS_BOMB.encode(),
    "duplicate keys": DUPLICATE_KEYS.encode(),
    "binary": bytes(range(256)) * 40,
    "damaged gzip": gzip.compress(dump(NODE).encode())[:-20],
    "Secrets only": dump(SECRET).encode(),
    "a table for people": b"NAMESPACE   NAME   READY\nshop        cart   1/1\n",
}


def assert_one_line(result, *, exit_code=2):
    assert result.returncode == exit_code, result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr + result.stdout
    assert "internal error" not in result.stderr


@pytest.mark.parametrize("content", NOTHING_READABLE.values(), ids=NOTHING_READABLE.keys())
def test_report__ends_with_one_line_where_nothing_is_readable(content, tmp_path):
    source, report = tmp_path / "dump", tmp_path / "report.html"
    source.write_bytes(content)
    report.write_text("the earlier report")

    result = run("report", source, "-o", report)

    assert_one_line(result)
    assert "dump" in result.stderr
    assert report.read_text() == "the earlier report"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dump", "report.html"]


@pytest.mark.parametrize("command", ["check", "show"])
@pytest.mark.parametrize("name", ["/nowhere/dump.json", "/proc/self/mem", "sample:nothing", "a\0b"])
def test_commands__end_with_one_line_where_a_source_cannot_be_opened(command, name):
    if "\0" in name:  # no process can be started with it: it comes from Python callers alone
        name = "\x1b[31m/nowhere"

    result = run(command, name)

    assert_one_line(result)
    assert "\x1b" not in result.stderr


def test_show__reads_an_empty_standard_input_as_an_empty_file():
    assert_one_line(run("show", "-"))


def test_report__leaves_the_earlier_file_where_its_folder_is_missing(tmp_path):
    source = tmp_path / "dump.json"
    source.write_text(dump(NODE, POD))

    assert_one_line(run("report", source, "-o", tmp_path / "missing" / "report.html"))


def test_show__ends_with_one_line_where_the_disk_is_full(tmp_path):
    source = tmp_path / "dump.json"
    source.write_text(dump(NODE, POD))

    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*COMMAND, "show", str(source)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )

    assert result.returncode == 2
    assert result.stderr == "Error: no space left on the device\n"


@pytest.mark.parametrize("arguments", [["--help"], ["show", "--help"], ["check", "--list"]])
def test_help__ends_with_one_line_where_the_disk_is_full(arguments):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False
        )

    assert (result.returncode, result.stderr) == (2, "Error: no space left on the device\n")


@pytest.mark.requires("kernel")
def test_report__leaves_the_earlier_file_where_the_disk_is_full(tmp_path):
    source = tmp_path / "dump.json"
    source.write_text(dump(NODE, POD))
    disk = tmp_path / "disk"
    disk.mkdir()
    script = (
        'mount -t tmpfs -o size=8k none "$1" && printf earlier > "$1/report.html" || exit 99\n'
        'disk="$1"; shift; "$@"; code=$?; cat "$disk/report.html"; ls -A "$disk"; exit $code'
    )

    report = [*COMMAND, "report", str(source), "-o", str(disk / "report.html")]

    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(disk), *report],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )

    assert_one_line(result)
    assert "no space left" in result.stderr
    assert result.stdout == "earlierreport.html\n"


def test_show__says_that_its_reader_closed_the_pipe(tmp_path):
    source = tmp_path / "dump.json"
    source.write_text(dump(*(changed(POD, ("metadata", "name"), f"cart-{i}") for i in range(5000))))
    read_end, write_end = os.pipe()
    os.close(read_end)

    with os.fdopen(write_end, "w") as pipe:
        result = subprocess.run(
            [*COMMAND, "show", str(source), "pods"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )

    assert result.returncode == 2
    assert result.stderr == "Error: the reader of the output closed it before the end\n"


BAD_ITEMS = {
    "port 70000": (SERVICE, ("spec", "ports", 0, "port"), 70000, "spec.ports[0].port", "70000"),
    "address with leading zero": (POD, ("status", "podIP"), "010.0.0.1", "status.podIP", "010.0.0.1"),
    "pod CIDR that is none": (NODE, ("spec", "podCIDR"), "10.244.1.0/99", "spec.podCIDR", "10.244.1.0/99"),
    "ports as a text": (SERVICE, ("spec", "ports"), "80", "spec.ports", "80"),
}


@pytest.mark.parametrize("case", BAD_ITEMS.values(), ids=BAD_ITEMS.keys())
def test_show__lists_a_bad_item_among_good_ones_as_refused(case, tmp_path):
    item, path, value, field, found = case
    source = tmp_path / "dump.json"
    source.write_text(dump(changed(NODE, ("metadata", "name"), "good"), changed(item, path, value)))

    result = run("show", source, "refused")

    assert result.returncode == 0
    assert "1 left out" in result.stdout
    assert field in result.stdout
    assert found in result.stdout
    assert result.stderr.startswith("Note: 1 item was left out ")
    assert "good" in run("show", source, "nodes").stdout


@pytest.mark.parametrize("case", BAD_ITEMS.values(), ids=BAD_ITEMS.keys())
def test_report__lists_a_bad_item_among_good_ones(case, tmp_path):
    item, path, value, field, found = case
    source, report = tmp_path / "dump.json", tmp_path / "report.html"
    source.write_text(dump(changed(NODE, ("metadata", "name"), "good"), changed(item, path, value)))

    result = run("report", source, "-o", report)

    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{report}\n"
    html = report.read_text("utf-8").replace("<wbr>", "")
    assert field in html
    assert found in html


@pytest.mark.parametrize(
    ("command", "case"),
    [*zip(["show", "check", "report", "show"], BAD_ITEMS.values(), strict=True)],
    ids=BAD_ITEMS.keys(),
)
def test_commands__refuse_a_bad_item_where_reading_is_strict(command, case, tmp_path):
    item, path, value, field, found = case
    source = tmp_path / "dump.json"
    source.write_text(dump(NODE, changed(item, path, value)))
    output = ["-o", tmp_path / "report.html"] if command == "report" else []

    result = run(command, source, "--strict", *output)

    assert_one_line(result)
    assert field in result.stderr
    assert found in result.stderr
    assert not (tmp_path / "report.html").exists()


def test_show__refuses_not_a_number_in_yaml_and_reads_the_rest(tmp_path):
    source = tmp_path / "dump.yaml"
    source.write_text(
        "apiVersion: v1\nkind: Node\nmetadata: {name: good}\n---\n"
        "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: .nan}]}\n"
    )

    result = run("show", source, "refused")

    assert result.returncode == 0
    assert "Service" in result.stdout
    assert "1 left out" in result.stdout
    assert_one_line(run("show", source, "--strict"))


def test_show__keeps_host_bits_and_times_that_are_texts(tmp_path):
    source = tmp_path / "dump.yaml"
    source.write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop, labels: {at: 22:22}}\n"
        "spec: {type: LoadBalancer, selector: {at: 22:22}, loadBalancerSourceRanges: [10.1.2.3/8], ports: [{port: 80}]}\n"
    )

    result = run("show", source, "services", "--strict")

    assert result.returncode == 0, result.stderr
    assert "at=22:22" in result.stdout


def test_check__finds_host_bits_that_were_kept(tmp_path):
    source = tmp_path / "dump.yaml"
    source.write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\n"
        "spec: {type: LoadBalancer, loadBalancerSourceRanges: [10.1.2.3/8], ports: [{port: 80}]}\n---\n"
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: b, namespace: shop}\n"
        "spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/8}}]}]}\n"
    )

    result = run("check", source, "--strict", "--format", "json")

    codes = {finding["code"] for finding in json.loads(result.stdout)["findings"]}
    assert result.returncode == 0, result.stderr
    assert {"KNL108", "KNL603"} <= codes


def test_show__skips_secrets_among_other_kinds_and_says_so(tmp_path):
    source = tmp_path / "dump.json"
    source.write_text(dump(NODE, SECRET))

    result = run("show", source)

    assert result.returncode == 0
    assert "1 Secrets were skipped unread" in result.stdout
    assert "c2VjcmV0" not in result.stdout


def test_show__makes_a_name_that_would_drive_the_terminal_visible(tmp_path):
    source = tmp_path / "dump.json"
    source.write_text(dump(changed(NODE, ("metadata", "name"), "\x1b[2J\u202ex\nError: no")))

    result = run("show", source, "nodes")

    assert "\\x1b[2J\\u202ex\\nError: no" in result.stdout
    assert "\x1b" not in result.stdout


def test_debug__shows_where_an_error_comes_from(tmp_path):
    result = run("show", tmp_path / "missing.json", variables={"KUBENETLAB_DEBUG": "1"})

    assert "Traceback" in result.stderr


@pytest.mark.parametrize(
    ("redirection", "exit_code", "stderr"),
    [
        ("show - <&-", 2, "Error: standard input: found an empty file"),
        ("show sample:shop >&-", 2, "Error: standard output is closed"),
        ("check sample:shop >&-", 2, "Error: standard output is closed"),
        ("--help >&-", 2, "Error: standard output is closed"),
        ("show sample:shop nodes 2>&-", 0, ""),
    ],
)
def test_commands__get_along_without_a_stream(redirection, exit_code, stderr):
    result = subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )

    assert result.returncode == exit_code
    assert result.stderr.startswith(stderr)
    assert result.stderr.count("\n") == bool(stderr)
