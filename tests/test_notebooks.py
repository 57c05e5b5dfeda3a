"""Every notebook runs from the top in a fresh kernel, and gives what is committed."""

import warnings

import pytest

from tests.test_notebook_cells import NOTEBOOKS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import nbformat

    from tests.execute_notebooks import executed, normalised


def without_pictures(notebook):
    """A notebook without PNG data, which may differ between versions of matplotlib."""
    for output in (output for cell in notebook["cells"] for output in cell.get("outputs", [])):
        output.get("data", {}).pop("image/png", None)
    return notebook


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_executed__is_what_is_committed(path):
    committed = nbformat.read(path, as_version=4)

    assert without_pictures(executed(path)) == without_pictures(committed), (
        "make notebooks, then see git diff"
    )


def test_normalised__forgets_who_ran_it_and_keeps_title_and_tags():
    cell = nbformat.v4.new_code_cell(
        "1", metadata={"tags": ["exercise"], "execution": {"iopub.status.busy": "now"}}
    )
    notebook = nbformat.v4.new_notebook(
        cells=[cell], metadata={"title": "T", "kernelspec": {"name": "mine", "display_name": "Mine"}}
    )

    again = normalised(notebook)

    assert again.cells[0].id == "cell-00"
    assert again.cells[0].metadata == {"tags": ["exercise"]}
    assert again.metadata.kernelspec.name == "python3"
    assert again.metadata.title == "T"
