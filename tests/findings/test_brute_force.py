"""The brute-force rules on hand-made dumps: each fires on a minimal example and not on its near neighbours."""

import ast
import pathlib

import pytest

from tests.findings import (
    brute_force_examples,
    brute_force_listing_examples,
    brute_force_name_examples,
    brute_force_neighbours,
)
from tests.findings.brute_force import RULES, brute_force
from tests.findings.brute_force_builders import item, service

_MORE = (brute_force_listing_examples, brute_force_name_examples)
FIRES = [*brute_force_examples.FIRES, *(case for examples in _MORE for case in examples.FIRES)]
SILENT = [*brute_force_neighbours.SILENT, *(case for examples in _MORE for case in examples.SILENT)]


def named(cases):
    return [pytest.param(*case, id=f"{case[0]}-{number}") for number, case in enumerate(cases)]


@pytest.mark.parametrize(("code", "items", "found"), named(FIRES))
def test_brute_force__fires_on_a_minimal_example(code, items, found):
    assert (code, found) in brute_force(items)


@pytest.mark.parametrize(("code", "items"), named(SILENT))
def test_brute_force__is_silent_on_a_near_neighbour(code, items):
    assert code not in {found for found, _ in brute_force(items)}


@pytest.mark.parametrize("cases", [FIRES, SILENT], ids=["fires", "silent"])
def test_brute_force__every_code_has_examples_of_both_kinds(cases):
    assert {case[0] for case in cases} == set(RULES)


def test_brute_force__finds_nothing_in_nothing():
    assert brute_force([]) == set()


def test_brute_force__reads_the_contents_of_lists():
    items = [{"apiVersion": "v1", "kind": "List", "items": [item("Namespace", "dev")]}]

    assert brute_force(items) == {("KNL501", "Namespace dev")}


def test_brute_force__skips_kinds_of_other_groups():
    knative = service(type="ExternalName", externalName="10.0.0.9") | {"apiVersion": "serving.knative.dev/v1"}

    assert brute_force([knative]) == set()


def test_brute_force__imports_nothing_of_kubenetlab():
    files = pathlib.Path(__file__).parent.glob("brute_force*.py")
    trees = [ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in files]
    modules = {n.module or "" for tree in trees for n in tree if isinstance(n, ast.ImportFrom)}

    assert not [module for module in modules if module.startswith("kubenetlab")]
