"""The README says nothing that is not so: its commands run, its outputs are what they print, its links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import COMMAND, environment

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def console_examples():
    """Pairs of a command and the output shown below it (empty where none is shown)."""
    for block in blocks("console"):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = example.partition("\n")
            yield command, output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder, and a `kubenetlab` on PATH that runs this checkout."""
    folder = tmp_path_factory.mktemp("readme")
    script = folder / "bin" / "kubenetlab"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    script.chmod(0o755)
    return folder


def shell(command, folder):
    variables = environment(PATH=f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=variables,
        check=False,
    )


@pytest.mark.parametrize(("command", "output"), list(console_examples()))
def test_console_examples__run_and_print_what_is_shown(command, output, folder):
    result = shell(command, folder)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == output or not output


def test_python_example__runs():
    promise = "assert 'KNL201' in knl.check(moved).by_code and 'KNL201' not in knl.check(shop).by_code"
    code = "\n".join([*blocks("python"), promise])

    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`make ([a-z]+)`", README))))
def test_make_commands__exist(name):
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(?:\.venv/bin/)?kubenetlab ([a-z]+)", README))))
def test_commands__explain_themselves(name, folder):
    assert shell(f"kubenetlab {name} --help", folder).returncode == 0


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_links__lead_to_files(target):
    assert (ROOT / target).exists()


def test_examples__are_there():
    assert len(list(console_examples())) >= 4
    assert blocks("python")
