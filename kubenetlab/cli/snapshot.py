"""``kubenetlab snapshot``: a dump of a cluster, made by the user's own kubectl."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from kubenetlab.cli.exit_codes import Stop
from kubenetlab.visible_text import visible

_HELP = """Write a dump of your cluster into DIR, with the kubectl you use (get only), one file a kind.

The exact commands are printed first; --dry-run prints them only. Secrets are never asked for, nor
written if kubectl prints one, and of the ConfigMaps only those with network settings, by name. A kind that the cluster does not have is no error; without
nodes, pods and Services the exit code is 2. The dump holds what kubectl prints, names and addresses too:
`kubenetlab anonymize DIR` makes one that can be shared.

\b
Examples:
  kubenetlab snapshot mine --dry-run
  kubenetlab snapshot mine && kubenetlab check mine
  kubenetlab snapshot mine --context production --force
"""


@click.command("snapshot", help=_HELP)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print the commands and do nothing.")
@click.option("--kubectl", default="kubectl", show_default=True, metavar="PATH", help="The kubectl to run.")
@click.option(
    "--context", default="", metavar="NAME", help="The kubeconfig context to use.  [default: the current one]"
)
@click.option(
    "--force",
    is_flag=True,
    help="Write into DIR although it holds files; dumps of the same kinds are replaced.",
)
def command(folder: Path, dry_run: bool, kubectl: str, context: str, force: bool) -> None:
    """Print the commands, run them, and say what was not there."""
    from kubenetlab.cli.kubectl_steps import STEPS

    prefix = [kubectl, *(["--context", context] if context else [])]
    for step in STEPS:
        note = f"  # only if {step.instead_of} is not there" if step.instead_of else ""
        click.echo(visible(shlex.join([*prefix, *step.arguments]) + note))
    if dry_run:
        return
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise Stop(f"{folder} is not empty; nothing was written (--force writes into it)")
    folder.mkdir(parents=True, exist_ok=True)
    n_written = _run_all(prefix, folder)
    click.echo(visible(f"Wrote {n_written} files; next: kubenetlab check {shlex.quote(str(folder))}"))


def _run_all(prefix: list[str], folder: Path) -> int:
    from kubenetlab.cli.kubectl_steps import STEPS, Outcome, run_step

    outcomes: dict[str, Outcome] = {}
    for step in STEPS:
        if step.instead_of and outcomes[step.instead_of].is_there:
            continue
        outcome = run_step(prefix, step, folder)
        outcomes[step.name] = outcome
        click.echo(visible(f"{step.name}: {outcome.text}"), err=True)
        if step.is_essential and not outcome.was_written:
            raise Stop(f"{step.name}: {outcome.text}; a snapshot needs nodes, pods and Services")
    return sum(outcome.was_written for outcome in outcomes.values())
