"""The package itself: its public names, what importing it costs, where its data lies."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import kubenetlab
from kubenetlab import samples
from kubenetlab.errors import NotFoundError

ROOT = Path(__file__).parent.parent

# What neither `import kubenetlab` nor `kubenetlab --help` may load: each costs a command line a noticeable wait.
HEAVY = (
    "IPython", "ipywidgets", "jinja2", "jupyter_core", "jupyterlab", "matplotlib", "msgspec", "nbclient", "nbconvert",
    "nbformat", "netaddr", "numba", "numpy", "pandas", "yaml",
)  # fmt: skip


def modules_after(code):
    """Names of the modules that a fresh interpreter holds after running some code."""
    report = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('\\n' + ' '.join(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, cwd=ROOT, check=True, timeout=60
    )
    return set(result.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import kubenetlab",
        "from kubenetlab.cli import main; main(['--help'])",
        "from kubenetlab.cli import main; main(['--version'])",
        "from kubenetlab.cli import main; main(['report', '--help'])",
        "from kubenetlab.cli import main; main(['check', '--help'])",
        "from kubenetlab.cli import main; main(['show', '--help'])",
    ],
)
def test_import__of_package_and_help_loads_nothing_heavy(code):
    assert modules_after(code) & set(HEAVY) == set()


def test_import__of_a_command_that_reads_loads_what_it_needs():
    assert {"msgspec", "pandas"} <= modules_after(
        "import kubenetlab; kubenetlab.sample('shop').frame('pods')"
    )


def test_names__are_all_resolved():
    assert [name for name in kubenetlab.__all__ if not hasattr(kubenetlab, name)] == []
    assert set(kubenetlab.__all__) <= set(dir(kubenetlab))


def test_names__stand_in_all_and_in_the_table_of_homes():
    assert set(kubenetlab._HOMES) == set(kubenetlab.__all__)


def test_getattr__names_what_is_missing():
    with pytest.raises(AttributeError, match="module 'kubenetlab' has no attribute 'plan_everything'"):
        getattr(importlib.import_module("kubenetlab"), "plan_everything")  # noqa: B009


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_sample__is_a_cluster_without_refusals(name):
    cluster = kubenetlab.sample(name)

    assert cluster.nodes
    assert cluster.pods
    assert cluster.provenance.refused == ()
    assert [file.name for file in cluster.provenance.files] == [samples.sample_path(name).name]


def test_sample__that_does_not_exist_names_those_that_do():
    with pytest.raises(NotFoundError, match="there is no sample 'bank'; there are shop, platform"):
        kubenetlab.sample("bank")


def test_shipped_folder__is_looked_for_in_the_package_first(tmp_path, monkeypatch):
    (tmp_path / "kubenetlab" / "_data").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(samples, "_PACKAGE", tmp_path / "kubenetlab")

    assert samples.shipped_folder("data") == tmp_path / "kubenetlab" / "_data"


def test_shipped_folder__that_is_missing_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "_PACKAGE", tmp_path)

    with pytest.raises(NotFoundError, match="lacks its folder notebooks"):
        samples.shipped_folder("notebooks")
