"""Notebooks hold prose and calls: logic belongs to the library, outputs are committed so that they can be compared."""

import ast
import json
import sys
from pathlib import Path
from tempfile import gettempdir

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
LOGIC = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With)
MAX_LINES = 12
MAX_CODE_CELLS = 30


def faults(notebook):
    """What a notebook does that it should not, as sentences."""
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in code]
    if counts != [*range(1, len(code) + 1)]:
        yield f"was not executed from the top: counts {counts}"
    if len(code) > MAX_CODE_CELLS or len(code) > len(notebook["cells"]) - len(code):
        yield f"has {len(code)} code cells, more than {MAX_CODE_CELLS} or than prose cells"
    for cell in code:
        if "exercise" not in cell["metadata"].get("tags", []):
            yield from (
                f"{fault} in: {''.join(cell['source'])[:60]}"
                for fault in cell_faults("".join(cell["source"]))
            )


def cell_faults(source):
    """What one code cell does that it should not."""
    if len(source.splitlines()) > MAX_LINES:
        yield f"more than {MAX_LINES} lines"
    if source.rstrip().endswith(";") or source.lstrip().startswith(("%", "!")):
        yield "a trailing ; or a magic command"
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, LOGIC):
            yield f"a {type(node).__name__}"
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            yield f"the private name {node.attr}"


def read(path):
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks__hold_prose_and_calls(path):
    assert list(faults(read(path))) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks__name_nothing_of_the_machine_that_ran_them(path):
    text = path.read_text("utf-8")
    places = (path.parent.parent, Path.home(), gettempdir(), sys.prefix, "site-packages")

    assert [place for place in map(str, places) if place in text] == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("for pod in pods:\n    print(pod)", "a For"),
        ("def f():\n    return 1", "a FunctionDef"),
        ("cluster._by_name", "the private name _by_name"),
        ("charts.pods_per_node(shop);", "a trailing ; or a magic command"),
        ("%run setup.py", "a trailing ; or a magic command"),
        ("\n" * 13 + "1", "more than 12 lines"),
    ],
)
def test_cell_faults__are_found(source, fault):
    assert fault in list(cell_faults(source))


def test_faults__of_a_notebook_that_was_not_executed():
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "source": ["1"]}
    notebook = {"cells": [{"cell_type": "markdown", "source": ["# One"]}, cell]}

    assert list(faults(notebook)) == ["was not executed from the top: counts [None]"]


def test_notebooks__are_there():
    assert NOTEBOOKS != []
