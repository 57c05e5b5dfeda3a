"""``kubenetlab notebooks``: the notebooks as files of the user's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import click


@click.command("notebooks")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--force", is_flag=True, help="Overwrite notebooks that are there already.")
def command(folder: Path, force: bool) -> None:
    """Copy the notebooks into DIR, to open with `jupyter lab DIR`.

    They need `pip install 'kubenetlab[lab]'`. Files that are there already are kept: the command then
    copies nothing and exits 2, unless --force is given.
    """
    from kubenetlab.samples import shipped_folder

    notebooks = sorted(shipped_folder("notebooks").glob("*.ipynb"))
    there = [notebook.name for notebook in notebooks if (folder / notebook.name).exists()]
    if there and not force:
        names = ", ".join(there)
        raise click.UsageError(f"{folder} already holds {names}; nothing was copied (--force overwrites)")
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in notebooks:
        click.echo(shutil.copyfile(notebook, folder / notebook.name))
