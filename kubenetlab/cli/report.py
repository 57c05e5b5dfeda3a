"""``kubenetlab report``: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from kubenetlab.cli.exit_codes import Stop
from kubenetlab.cli.sources import read, strict_option

_HELP = """Write one HTML file about the cluster in SOURCE... and print its path.

The file needs no network and holds no scripts. The same input, seed and version give the same bytes.

\b
Examples:
  kubenetlab report sample:shop -o shop.html
  kubenetlab report dump.json --title "Production, before the change" -o before.html
  kubectl get nodes,pods,svc,endpointslices -A -o json | kubenetlab report - -o now.html
"""


@click.command("report", help=_HELP)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The HTML file to write; an older one stays as it is if anything fails.",
)
@click.option("--title", metavar="TEXT", help="Title of the report.  [default: from the source]")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of everything random."
)
@strict_option
def command(sources: tuple[str, ...], output: Path, title: str | None, seed: int, strict: bool) -> None:
    """Read, write, print the path."""
    if any(_is_same_file(source, output) for source in sources):
        raise click.UsageError(f"{output} is the dump itself; name another file for the report")
    if output == Path():
        raise click.UsageError("-o names no file; give the HTML file to write, such as -o report.html")
    if not output.parent.is_dir():
        raise Stop(f"{output}: the folder {output.parent} does not exist; nothing was written")
    cluster = read(sources, strict)
    from kubenetlab.report import write_report

    with errors_named(output):
        write_report(cluster, output, title=title, seed=seed)
    click.echo(output)


@contextmanager
def errors_named(output: Path) -> Iterator[None]:
    """Let an error about a file beside the output, which only this program knows, name the output."""
    try:
        yield
    except OSError as error:
        if isinstance(error.filename, str) and Path(error.filename).parent == output.resolve().parent:
            error.filename, error.filename2 = str(output), None
        raise


def _is_same_file(source: str, output: Path) -> bool:
    with suppress(OSError):  # one of them does not exist
        return output.is_file() and output.samefile(source)
    return False
