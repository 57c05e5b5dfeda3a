"""``kubenetlab anonymize``: a dump that can be shared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from kubenetlab.cli.exit_codes import Stop
from kubenetlab.new_file import replace_file
from kubenetlab.visible_text import visible

_HELP = """Write SOURCE... with other names and addresses: a dump that can be shown to others.

SOURCE is a dump as for the other commands; rule texts (iptables-save, nft list, ipvsadm -S) and Corefiles may be
among the files, and the same name becomes the same everywhere. One input file gives the file OUT, a folder or
several give a folder OUT.

\b
Replaced:  names, label values, annotations, domains, images, arguments, free texts, and addresses: a range
           that holds another one still does, private ones stay private; kube-proxy's chain names are computed anew.
Kept:      what Kubernetes itself names (kube-system, kube-dns, kubernetes.io/... keys), kinds, types, policies,
           ports and other numbers, versions, times, counts and order; 127.0.0.0/8, multicast, netmasks,
           169.254.169.254, 169.254.20.10, 169.254.1.1, and the first addresses of
           10.0.0.0/8, 172.16.0.0/12, 172.17.0.0/16, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16.
Left out:  every field that kubenetlab does not read (UIDs, volumes ...), unknown kinds. Secrets are never read.
           Files that are not wholly a dump, rules or a Corefile are refused and listed.

\b
Examples:
  kubenetlab anonymize dump.json -o share.json
  kubenetlab snapshot mine && kubenetlab anonymize mine -o share
  sudo iptables-save | kubenetlab anonymize - -o rules.txt

Without --key the replacements depend on the input alone: who can guess all of it can check the guess.
"""


@click.command("anonymize", help=_HELP)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="The file or folder to write.",
)
@click.option(
    "--key", default="", metavar="TEXT", help="What the replacements depend on.  [default: the input]"
)
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write who became whom (private!).",
)
def command(sources: tuple[str, ...], output: Path, key: str, mapping: Path | None) -> None:
    """Replace, write, and say what was left out."""
    from kubenetlab.anonymize import anonymize
    from kubenetlab.cli.progress import reading_progress
    from kubenetlab.cli.sources import SAMPLE_PREFIX
    from kubenetlab.samples import sample_path

    inputs = [
        sample_path(source.removeprefix(SAMPLE_PREFIX)) if source.startswith(SAMPLE_PREFIX) else source
        for source in sources
    ]
    with reading_progress() as progress:
        shared = anonymize(inputs, key, progress)
    for note in shared.notes:
        click.echo(visible(f"Note: {note}"), err=True)
    targets = _targets(output, [file.name for file in shared.files])
    refuse_conflicts(inputs, output, [*targets, *([mapping] if mapping else [])])
    for file, target in zip(shared.files, targets, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, file.data)
        click.echo(target)
    if mapping:
        replace_file(mapping, _json(shared.mapping), mode=0o600)


def _targets(output: Path, names: list[str]) -> list[Path]:
    if len(names) == 1 and not output.is_dir():
        return [output]
    if output.exists() and not output.is_dir():
        raise Stop(f"{output}: found a file, expected a folder for {len(names)} files")
    return [output / name for name in names]


def refuse_conflicts(inputs: Sequence[str | os.PathLike[str]], output: Path, written: list[Path]) -> None:
    """Refuse to write over what was read, into a folder that was read, or twice to one file."""
    from kubenetlab.readers.sources import STDIN, source_names

    if any(_is_same_folder(source, output) for source in inputs):
        raise Stop(f"{output} is the folder that is read; name another one for what is written")
    read = [0 if name == STDIN else name for name in source_names(inputs)]
    for path in written:
        if any(_is_same_file(name, path) for name in read):
            raise Stop(f"{path} is one of the files that are read; name another file")
    if len({path.resolve() for path in written}) < len(written):
        raise Stop(f"{written[-1]} is also the output; name another file for --mapping")


def _is_same_folder(source: str | os.PathLike[str], output: Path) -> bool:
    return output.is_dir() and os.path.isdir(source) and output.samefile(source)


def _is_same_file(read: str | int, written: Path) -> bool:
    with suppress(OSError):  # one of them does not exist
        return written.is_file() and os.path.samestat(os.stat(read), written.stat())
    return False


def _json(value: object) -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
