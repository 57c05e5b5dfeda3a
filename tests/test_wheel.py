"""The wheel, in an empty folder without the clone, has all that a user needs."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def python(*arguments, cwd, **environment):
    """Run Python in a folder; its standard output."""
    # without the coverage of this run: it counts the files of the clone, not those of the wheel
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, *arguments]
    run = subprocess.run(
        command, cwd=cwd, env=inherited | environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The files of a freshly built wheel, as an installation lays them out."""
    folder = tmp_path_factory.mktemp("wheel")
    python("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "installed")
    return folder / "installed"


@pytest.mark.parametrize("name", ["data", "notebooks"])
def test_wheel__ships_every_file_of(installed, name):
    committed = {path for path in files(ROOT / name) if ".ipynb_checkpoints" not in path}

    assert files(installed / "kubenetlab" / f"_{name}") >= committed > set()


def test_wheel__is_typed_and_holds_nothing_but_the_package(installed):
    assert (installed / "kubenetlab" / "py.typed").exists()
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"kubenetlab"}


@pytest.mark.parametrize("sample", ["shop", "platform"])
def test_wheel__has_the_sample_clusters(installed, tmp_path, sample):
    code = f"import kubenetlab; print(kubenetlab.__file__, len(kubenetlab.sample({sample!r}).nodes))"

    file, n_nodes = python("-c", code, cwd=tmp_path, PYTHONPATH=str(installed)).split()

    assert Path(file).is_relative_to(installed)
    assert int(n_nodes) > 1


def test_wheel__writes_the_report(installed, tmp_path):
    command = ["-m", "kubenetlab.cli", "report", "sample:shop", "-o", "shop.html"]

    python(*command, cwd=tmp_path, PYTHONPATH=str(installed))

    assert "</html>" in (tmp_path / "shop.html").read_text("utf-8")


def test_wheel__copies_the_notebooks(installed, tmp_path):
    python("-m", "kubenetlab.cli", "notebooks", "mine", cwd=tmp_path, PYTHONPATH=str(installed))

    assert files(tmp_path / "mine") == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
