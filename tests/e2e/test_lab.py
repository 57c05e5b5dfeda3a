"""JupyterLab in a browser runs every notebook without an error, asks nobody outside, and its widgets answer."""

import json

import pytest

from tests.e2e.lab import opened_notebook
from tests.test_notebook_cells import NOTEBOOKS

N_ERRORS = ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']"
STEPPER = "from kubenetlab import widgets\nwidgets.allocator_stepper(step=1)"


def copy_without_outputs(path, folder):
    """A notebook as a newcomer would write it: nothing in it has run yet."""
    notebook = json.loads(path.read_text("utf-8"))
    for cell in (cell for cell in notebook["cells"] if cell["cell_type"] == "code"):
        cell.update(outputs=[], execution_count=None)
    (folder / path.name).write_text(json.dumps(notebook), "utf-8")


@pytest.mark.requires("chromium")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_lab__runs_a_notebook_without_an_error(path, tmp_path):
    copy_without_outputs(path, tmp_path)

    with opened_notebook(tmp_path, path.name) as (page, address, requests):
        n_errors, n_pictures = (
            page.locator(N_ERRORS).count(),
            page.locator(".jp-OutputArea-output img").count(),
        )

    assert n_errors == 0
    assert n_pictures >= 1
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []


@pytest.mark.requires("chromium")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_lab__a_slider_moved_by_keyboard_changes_the_picture(tmp_path):
    cell = {
        "cell_type": "code",
        "source": STEPPER,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "id": "a",
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "stepper.ipynb").write_text(json.dumps(notebook), "utf-8")

    with opened_notebook(tmp_path, "stepper.ipynb") as (page, _, _):
        picture = page.locator(".jp-OutputArea-output img")
        picture.wait_for(timeout=60_000)
        before = picture.get_attribute("alt")
        page.locator(".widget-slider", has_text="Step").get_by_role("slider").press("ArrowRight")
        page.wait_for_function(
            "before => document.querySelector('.jp-OutputArea-output img').alt !== before", arg=before
        )
        after = picture.get_attribute("alt")
        page.screenshot(path=tmp_path / "stepper.png")

    assert "step 1: node-0 comes" in before
    assert "step 2: node-1 comes" in after
