"""What the project's own files promise each other."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text("utf-8").splitlines()


#: Peers of the benchmarks, which are not installed everywhere.
BENCHMARKED = {"ciw": ["ciw"], "pytricia": ["pytricia"], "radix": ["py-radix"], "simpy": ["simpy"]}
OWN = {"kubenetlab", "tests", "benchmarks"}


def names_of(requirements):
    return {re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower() for requirement in requirements}


CORE = names_of(PROJECT["dependencies"])
DECLARED = CORE | names_of(chain(*PROJECT["optional-dependencies"].values()))


def imported(folder):
    """The distributions that the modules of a folder import from."""
    nodes = list(chain(*(ast.walk(ast.parse(path.read_bytes())) for path in (ROOT / folder).rglob("*.py"))))
    modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names = {module.split(".")[0] for module in modules} - sys.stdlib_module_names - OWN
    distributions = BENCHMARKED | packages_distributions()
    return {distributions[name][0].lower().replace("_", "-") for name in names}


@pytest.mark.parametrize("folder", sorted(OWN))
def test_dependencies__declare_every_import(folder):
    assert imported(folder) - DECLARED == set()


def test_dependencies__of_the_core_all_have_a_user():
    assert CORE - imported("kubenetlab") == set()


def test_constraints__hold_pins_and_no_addresses():
    assert [
        line for line in CONSTRAINTS if not re.fullmatch(r"[A-Za-z0-9._-]+==[^\s/@:]+( ; [^/@:]+)?", line)
    ] == []


def test_constraints__pin_every_dependency():
    assert DECLARED - {line.split("==")[0].lower() for line in CONSTRAINTS} == set()


def test_version__is_the_same_in_citation():
    assert f"version: {PROJECT['version']}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


@pytest.mark.parametrize(
    "command",
    ["report", "lab", "test", "check", "golden", "notebooks", "pictures", "bench", "fuzz", "lock", "clean"],
)
def test_makefile__explains_every_command(command):
    assert re.search(rf"^{command}:.* ## .+$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_regular_expressions__repeat_no_group_possessively():
    """Python before 3.11.5 matches them wrong (cpython 106052), and Debian 12 has 3.11.2."""
    texts = {path: path.read_text("utf-8") for path in (ROOT / "kubenetlab").rglob("*.py")}

    assert not [str(path) for path, text in texts.items() if re.search(r"\)(?:[*+?]|\{[0-9,]+\})\+", text)]
