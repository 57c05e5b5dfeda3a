"""What SOURCE means on the command line: a path, ``-``, or ``sample:NAME``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kubenetlab.visible_text import visible

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster

SAMPLE_PREFIX = "sample:"

strict_option = click.option(
    "--strict", is_flag=True, help="Exit 2 at the first item that is not as the API has it."
)


def read(sources: Sequence[str], strict: bool) -> Cluster:
    """Read a cluster from the command line's sources; say on standard error how much was left out, if anything."""
    cluster = _read(sources, strict)
    if refused := cluster.provenance.refused:
        n_refused = "1 item was" if len(refused) == 1 else f"{len(refused):,} items were"
        note = f"Note: {n_refused} left out (kubenetlab show SOURCE refused); the first: {refused[0]}"
        click.echo(visible(note), err=True)
    return cluster


def _read(sources: Sequence[str], strict: bool) -> Cluster:
    from kubenetlab.cli.progress import reading_progress
    from kubenetlab.readers import read_cluster
    from kubenetlab.samples import sample

    if len(sources) == 1 and sources[0].startswith(SAMPLE_PREFIX):
        return sample(sources[0].removeprefix(SAMPLE_PREFIX), strict)
    with reading_progress() as progress:
        return read_cluster([_path(source) for source in sources], strict=strict, progress=progress)


def _path(source: str) -> str | os.PathLike[str]:
    from kubenetlab.samples import sample_path

    return sample_path(source.removeprefix(SAMPLE_PREFIX)) if source.startswith(SAMPLE_PREFIX) else source
