import subprocess
import sys
from pathlib import Path

import pytest

from tests import requirements

TEST_OF_A_MISSING_COMMAND = """
import pytest

from tests import requirements

requirements.PROBES["kubectl"] = lambda: "not on PATH: kubectl"

@pytest.mark.requires("kubectl")
def test_needs_kubectl():
    pass
"""


def run_pytest(folder, monkeypatch, required):
    (folder / "test_it.py").write_text(TEST_OF_A_MISSING_COMMAND, "utf-8")
    monkeypatch.setenv(requirements.ENVIRONMENT_VARIABLE, required)
    root = Path(__file__).parent.parent
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        root / "pyproject.toml",
    ]
    return subprocess.run(
        [*command, folder / "test_it.py"], cwd=root, capture_output=True, text=True, check=False
    )


def test_requires__skips_with_the_reason_where_missing(tmp_path, monkeypatch):
    run = run_pytest(tmp_path, monkeypatch, required="")

    assert (run.returncode, "needs kubectl (not on PATH: kubectl)" in run.stdout) == (0, True), run.stdout


def test_requires__fails_where_it_is_required(tmp_path, monkeypatch):
    run = run_pytest(tmp_path, monkeypatch, required="kubectl")

    assert (run.returncode, "Failed: needs kubectl (not on PATH: kubectl)" in run.stdout) == (1, True), (
        run.stdout
    )


def test_named__refuses_an_unknown_name():
    with pytest.raises(ValueError, match="names kubctl; known are kernel, kubectl, chromium"):
        requirements.named("kernel,kubctl")


@pytest.mark.parametrize(("text", "names"), [("", set()), (" kernel, kubectl ", {"kernel", "kubectl"})])
def test_named__splits_at_commas(text, names):
    assert requirements.named(text) == names


@pytest.mark.parametrize("name", requirements.PROBES)
def test_outcome__runs_or_says_why_not(name):
    verdict, reason = requirements.outcome((name,), frozenset())

    assert (verdict == "run") == (reason == "")
