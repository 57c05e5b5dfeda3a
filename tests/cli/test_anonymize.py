import json
import os
import stat
import subprocess
import threading

import pytest

from tests.cli.command_line import COMMAND, NODE, POD, SERVICE, dump, environment, run

RULES = '*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -m comment --comment "shop/cart cluster IP" -d 10.96.7.7 -j ACCEPT\nCOMMIT\n'


def test_anonymize__writes_one_file_for_one_file(tmp_path):
    (tmp_path / "dump.json").write_text(dump(NODE, POD, SERVICE))

    done = run("anonymize", tmp_path / "dump.json", "-o", tmp_path / "share.json")

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path}/share.json\n", "")
    items = json.loads((tmp_path / "share.json").read_text())["items"]
    assert [item["kind"] for item in items] == ["Node", "Pod", "Service"]
    assert "cart" not in (tmp_path / "share.json").read_text()


def test_anonymize__writes_a_folder_for_a_folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "dump.json").write_text(dump(NODE, POD, SERVICE))
    (tmp_path / "in" / "worker-1.rules").write_text(RULES)

    done = run("anonymize", tmp_path / "in", "-o", tmp_path / "out")

    assert done.returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"cluster.json", "rules-1.txt"}


def test_anonymize__takes_standard_input(tmp_path):
    done = run("anonymize", "-", "-o", tmp_path / "rules.txt", stdin=RULES)

    assert done.returncode == 0
    assert "10.96.7.7" not in (tmp_path / "rules.txt").read_text()


def test_anonymize__takes_a_dump_on_standard_input(tmp_path):
    run("anonymize", "-", "-o", tmp_path / "share.json", stdin=dump(POD))

    assert len(json.loads((tmp_path / "share.json").read_text())["items"]) == 1


def test_anonymize__takes_a_sample(tmp_path):
    done = run("anonymize", "sample:shop", "-o", tmp_path / "share.json")

    assert done.returncode == 0
    assert (tmp_path / "share.json").stat().st_size > 10_000


def test_anonymize__says_what_was_left_out(tmp_path):
    done = run(
        "anonymize",
        "-",
        "-o",
        tmp_path / "o.json",
        stdin=dump(POD, {"apiVersion": "v1", "kind": "Secret", "data": {}}),
    )

    assert done.stderr == "Note: 1 Secrets were never read\n"


def test_anonymize__writes_the_mapping_for_its_owner_only(tmp_path):
    mapping = tmp_path / "private.json"

    run("anonymize", "-", "-o", tmp_path / "o.json", "--key", "k", "--mapping", mapping, stdin=dump(POD))

    assert stat.S_IMODE(mapping.stat().st_mode) == 0o600
    assert "10.244.1.7" in json.loads(mapping.read_text())["addresses"]
    assert "shop" in json.loads(mapping.read_text())["words"]


def test_anonymize__keeps_the_earlier_file_when_the_source_is_bad(tmp_path):
    (tmp_path / "share.json").write_text("earlier")

    done = run("anonymize", "-", "-o", tmp_path / "share.json", stdin="[1, 2")

    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "share.json").read_text() == "earlier"


def test_anonymize__refuses_a_file_as_the_folder(tmp_path):
    (tmp_path / "dump.json").write_text(dump(POD))
    (tmp_path / "r.rules").write_text(RULES)
    (tmp_path / "out").write_text("earlier")

    done = run("anonymize", tmp_path / "dump.json", tmp_path / "r.rules", "-o", tmp_path / "out")

    assert done.returncode == 2
    assert "expected a folder for 2 files" in done.stderr
    assert (tmp_path / "out").read_text() == "earlier"


@pytest.mark.parametrize("option", ["-o", "--mapping"])
def test_anonymize__follows_a_link(tmp_path, option):
    (tmp_path / "real").write_text("earlier")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    other = () if option == "-o" else ("-o", tmp_path / "o.json")

    done = run("anonymize", "-", option, tmp_path / "link", *other, stdin=dump(POD))

    assert done.returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text().startswith("{")


def test_anonymize__writes_into_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    texts = []
    reader = threading.Thread(target=lambda: texts.append((tmp_path / "pipe").read_text()))
    reader.start()

    done = run("anonymize", "-", "-o", tmp_path / "pipe", stdin=dump(POD))

    reader.join(timeout=60)
    assert done.returncode == 0
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert len(json.loads(texts[0])["items"]) == 1


def test_anonymize__leaves_a_file_beside_the_output_alone(tmp_path):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / ".o.json.part").symlink_to(tmp_path / "victim")

    run("anonymize", "-", "-o", tmp_path / "o.json", stdin=dump(POD))

    assert (tmp_path / "victim").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"victim", ".o.json.part", "o.json"}


def test_anonymize__takes_an_older_mapping_from_others(tmp_path):
    mapping = tmp_path / "private.json"
    mapping.write_text("{}")
    mapping.chmod(0o644)

    run("anonymize", "-", "-o", tmp_path / "o.json", "--mapping", mapping, stdin=dump(POD))

    assert stat.S_IMODE(mapping.stat().st_mode) == 0o600
    assert "shop" in json.loads(mapping.read_text())["words"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in/dump.json", "-o", "in/dump.json"], "one of the files that are read"),
        (["in/dump.json", "-o", "link"], "one of the files that are read"),
        (["in/dump.json", "-o", "o.json", "--mapping", "in/dump.json"], "one of the files that are read"),
        (["in/dump.json", "-o", "o.json", "--mapping", "o.json"], "is also the output"),
        (["in/dump.json", "-o", "o.json", "--mapping", "in/../o.json"], "is also the output"),
        (["in", "-o", "in"], "is the folder that is read"),
        (["in", "-o", "other"], "one of the files that are read"),
    ],
)
def test_anonymize__refuses_to_write_over_what_it_reads_or_writes(arguments, message, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "in" / "dump.json").write_text(dump(POD))
    (tmp_path / "link").symlink_to(tmp_path / "in" / "dump.json")
    (tmp_path / "other" / "cluster.json").hardlink_to(tmp_path / "in" / "dump.json")

    done = run("anonymize", *arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "in" / "dump.json").read_text() == dump(POD)
    assert not (tmp_path / "o.json").exists()


def test_anonymize__refuses_to_write_over_its_standard_input(tmp_path):
    (tmp_path / "dump.json").write_text(dump(POD))

    with (tmp_path / "dump.json").open() as file:
        done = subprocess.run(
            [*COMMAND, "anonymize", "-", "-o", str(tmp_path / "dump.json")],
            stdin=file,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=120,
            check=False,
        )

    assert done.returncode == 2
    assert "one of the files that are read" in done.stderr
    assert (tmp_path / "dump.json").read_text() == dump(POD)


def test_anonymize__lists_the_files_that_it_refuses(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "dump.json").write_text(dump(POD))
    (tmp_path / "in" / "half.rules").write_text("*nat\nask Ann about the rest\n")
    (tmp_path / "in" / "notes.txt").write_text("see below\n*nat\n-A INPUT -s 10.9.8.7 -j ACCEPT\n")
    (tmp_path / "in" / "site.conf").write_text("shop.acme {\n  errors\n}\nand more\n")

    done = run("anonymize", tmp_path / "in", "-o", tmp_path / "out")

    assert done.returncode == 0
    assert json.loads((tmp_path / "out").read_text())["kind"] == "List"
    assert all(
        f"left out: {tmp_path}/in/{name}" in done.stderr for name in ("half.rules", "notes.txt", "site.conf")
    )


def test_anonymize__ends_with_2_where_it_refuses_every_file(tmp_path):
    (tmp_path / "half.rules").write_text("*nat\nask Ann about the rest\n")

    done = run("anonymize", tmp_path / "half.rules", "-o", tmp_path / "o")

    assert done.returncode == 2
    assert done.stderr == (
        f"Error: {tmp_path}/half.rules: found a text that only begins like rules, expected rules to its end\n"
    )
    assert not (tmp_path / "o").exists()
