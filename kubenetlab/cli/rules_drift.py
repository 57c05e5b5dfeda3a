"""``kubenetlab rules drift``: where a node's rules do something else than the cluster's objects say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import click

from kubenetlab.cli.exit_codes import GATE_FAILED, Stop
from kubenetlab.cli.rules_sources import (
    counted,
    family_option,
    format_option,
    head,
    note,
    note_each,
    read,
    wrapped,
)  # fmt: skip
from kubenetlab.cli.sources import read as read_cluster
from kubenetlab.cli.tables import Table, print_tables, text_table
from kubenetlab.visible_text import visible

_HELP = """Compare RULES, saved on a node, with what the cluster in SOURCE says they must do.

Exit 1 if they differ, 2 if RULES show nothing that could be compared. Meaning is compared, not text, so kube-proxy may
be of any release and mode. Found are Services that have no rules, rules of Services that are gone, endpoints that are
missing, stale or nobody's, and unequal shares. Save both within a few seconds of each other: endpoints that changed in
between look like drift.

\b
Examples:
  kubenetlab rules drift dump.json node.rules --node worker-1
  ssh worker-1 sudo iptables-save | kubenetlab rules drift dump.json - --node worker-1
  kubenetlab rules drift dump.json node.rules --node worker-1 --format json

\b
The JSON has schema kubenetlab/rules-drift/v1: schema, kubenetlab (version), rules (source, form, missing), node,
drifted (true: exit 1), compared and not_seen (numbers of destinations), because (what was compared, and what the rules
could not show), tables. A row has drift, service_port, destination, endpoint, where, found, expected, sentence.
"""
_SHOWN = ["drift", "service_port", "found", "expected", "where"]
_ADVICE = """if endpoints did not just change: is kube-proxy running on {} (kubectl -n kube-system get pods -o wide, and its log)? \
When it starts, it writes all its rules anew"""
_STRANGERS = "hardly a Service has rules here: are these the rules of node {}, and of this cluster?"
_MANY = 0.8  # of all destinations without rules


@click.command("drift", help=_HELP, short_help="Compare the rules of a node with what they must do.")
@click.argument("source", metavar="SOURCE")
@click.argument("rules", metavar="RULES")
@click.option("--node", required=True, metavar="NAME", help="The node that the rules are of.")
@family_option
@format_option
def drift_command(*, source: str, rules: str, node: str, family: str | None, form: str) -> None:
    """Print the differences, and end with the gate's verdict."""
    from kubenetlab.load_balancing.drift import drift

    if source == rules == "-":
        raise click.UsageError("SOURCE and RULES cannot both be standard input")
    cluster, found = read_cluster([source], False), read(rules, family)
    result = drift(cluster, node, found)
    frame, n_compared, n_unseen = result.frame, *_numbers(result.because)
    unseen = f"; {n_unseen:,} could not be seen in these rules" if n_unseen else ""
    counts = f"{counted(n_compared, 'destination')} compared, {counted(len(frame), 'difference')}{unseen}"
    table = Table(f"Drift of node {node}: {counts}", frame)
    numbers = {"drifted": bool(len(frame)), "compared": n_compared, "not_seen": n_unseen}
    if form == "table":
        click.echo("\n".join(_lines(table)))
    else:
        because = {"because": list(result.because)}
        print_tables([table], form, head("rules-drift", found) | {"node": node} | numbers | because)
    note_each(result.because[1:], found)
    if len(frame):
        is_strange = (frame["drift"] == "service port missing").sum() > _MANY * n_compared
        note((_STRANGERS if is_strange else _ADVICE).format(node))
        click.get_current_context().exit(GATE_FAILED)
    if not n_compared:
        raise Stop(
            f"{found.source}: nothing could be compared: no destination of the cluster is in these rules"
        )


def _numbers(because: Sequence[str]) -> tuple[int, int]:
    """Return how many destinations were compared, and how many the rules could not show."""
    n_all, _n_ports, n_compared = map(int, re.findall(r"\d+", because[0]))
    return n_compared, n_all - n_compared


def _lines(table: Table) -> Iterator[str]:
    """Yield a line of a table for each difference, and its sentence."""
    yield visible(table.title)
    columns, *lines = text_table(table.frame[_SHOWN]).splitlines()
    yield from [columns] * bool(lines)
    for line, sentence in zip(lines, table.frame["sentence"], strict=True):
        yield from (line, wrapped(f"    {sentence}", 4))
