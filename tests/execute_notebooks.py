"""Execute the notebooks and store their outputs, the same bytes every time: `make notebooks`."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


def executed(path):
    """The notebook of a path after running it from the top, without times, widget state and names of this machine."""
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:  # for the files that notebooks write
        NotebookClient(
            notebook,
            timeout=120,
            kernel_name=KERNELSPEC["name"],
            record_timing=False,
            store_widget_state=False,
            resources={"metadata": {"path": folder}},
        ).execute(env={**os.environ, "PYTHONPATH": str(ROOT)})
    return normalised(notebook)


def normalised(notebook):
    """Give cells ids by their place, and the metadata that does not depend on who ran it."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": KERNELSPEC,
            "language_info": {"name": "python"},
            **{k: v for k, v in notebook.metadata.items() if k == "title"},
        }
    )
    for index, cell in enumerate(notebook.cells):
        cell.id = f"cell-{index:02}"
        for output in cell.get("outputs", ()):  # the id of a widget is another each time; its picture stays
            output.get("data", {}).pop(WIDGET_VIEW, None)
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k == "tags"})
    return notebook


def main():
    """Execute every notebook in place."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        print(f"Executing {path.name} ...", flush=True)
        nbformat.write(executed(path), path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
