"""``kubenetlab rules prove``: the model's shares beside those of real flows through the Linux kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubenetlab.cli import rules_sources
from kubenetlab.cli.exit_codes import GATE_FAILED, Stop
from kubenetlab.cli.progress import working
from kubenetlab.cli.rules_sources import wrapped
from kubenetlab.cli.rules_write import MODES, node_rules
from kubenetlab.cli.sources import read
from kubenetlab.cli.tables import Table, print_tables, text_table

if TYPE_CHECKING:
    import pandas as pd

    from kubenetlab.objects.packet_rules import RuleSet

_HELP = """Load RULES into the Linux kernel, send flows, and compare where they went with the model: exit 1 if it is wrong, 2 if
nothing could be compared.

With --node the first argument is a cluster, and the rules are those that this node must have. Everything happens in
a network namespace of its own, which is gone afterwards: no rule of this machine is touched, nothing is sent out of
the namespace. It needs Linux, and root or user namespaces (unshare -rn), with iptables or nft and ip.

\b
Examples:
  sudo kubenetlab rules prove sample:counted-connections
  sudo kubenetlab rules prove node.rules --tool iptables-legacy --flows 50000
  sudo kubenetlab rules prove dump.json --node worker-1 --mode nftables

\b
The JSON has schema kubenetlab/rules-proof/v1: schema, kubenetlab (version), rules (source, form, missing), agreed
(false: exit 1; null: nothing that the rules do was compared, exit 2), because, tables. A row has service_port,
destination, source, outcome, is_masqueraded, share, expected_flows, observed_flows, p_value (corrected for the number
of questions), p_value_plain, verdict.
"""
_ENDS = ["is_masqueraded", "share", "expected_flows", "observed_flows", "p_value_plain"]
_DETAILS = ["service_port", "destination", "source", "outcome", *_ENDS]
_TOOLS = ("iptables-nft", "iptables-legacy", "nft")
MAX_FLOWS = 60_000  # as in kernel/proof.py, which --help does not load


@click.command("prove", help=_HELP, short_help="Try rules in the Linux kernel, in a namespace apart.")
@click.argument("source", metavar="RULES|SOURCE")
@click.option("--node", metavar="NAME", help="Take SOURCE's cluster, and the rules of this node.")
@click.option(
    "--mode", type=click.Choice(MODES[:2]), help="With --node: mode of kube-proxy.  [default: the cluster's]"
)
@rules_sources.family_option
@click.option(
    "--to", metavar="DESTINATION", multiple=True, callback=rules_sources.only_one,
    help="Try one destination, written as for rules shares; *:PORT is a node port.  [default: all]",
)  # fmt: skip
@click.option("--tool", type=click.Choice(_TOOLS), help="What loads the rules.  [default: what fits them]")
@click.option(
    "--flows", "n_flows", type=click.IntRange(1, MAX_FLOWS), default=20_000, show_default=True,
    help="At most how many connections to try.",
)  # fmt: skip
@click.option("--all", "is_whole", is_flag=True, help="Every question and outcome, also where all agree.")
@rules_sources.format_option
def prove_command(
    *, source: str, node: str | None, mode: str | None, family: str | None, form: str, **options: Any
) -> None:
    """Print model against kernel, and end with the verdict."""
    from kubenetlab.cli.rules_packet import place_of
    from kubenetlab.kernel.proof import prove
    from kubenetlab.kernel.proof_frame import agrees

    rules, is_whole = _rules(source, node, mode, family), options.pop("is_whole")
    if options["to"]:
        options["to"] = place_of(rules, options["to"]).text
    with working("Sending flows through the kernel"):
        result = prove(rules, **options)
    frame = result.frame
    has_agreed = agrees(frame)
    head = rules_sources.head("rules-proof", rules) | {"agreed": has_agreed, "because": list(result.because)}
    if form == "table":
        tables = map(text_table, _for_people(frame, is_whole))
        click.echo("\n".join([f"{wrapped(result.because[0], 2)}\n", *tables]), nl=False)
    else:
        print_tables([Table(result.because[0], frame)], form, head)
    rules_sources.note_each(result.because[1:], rules)
    if has_agreed is None:
        raise Stop(f"{rules.source}: this proves nothing about the rules")
    if not has_agreed:
        click.get_current_context().exit(GATE_FAILED)


def _rules(source: str, node: str | None, mode: str | None, family: str | None) -> RuleSet:
    from kubenetlab.objects.packet_rules import RuleSet
    from kubenetlab.readers.rules import rules_from_text

    if node:
        text = node_rules(read([source], False), node, mode, rules_sources.FAMILIES[family or "ipv4"])
        rules = rules_from_text(text, f"kube-proxy on {node}")
    elif mode:
        raise click.UsageError("--mode is about a node of a cluster; name it with --node")
    else:
        rules = rules_sources.read(source, family)
    if not isinstance(rules, RuleSet):
        raise Stop(f"{rules.source}: ipvs has no rules to load; expected those of iptables or nftables")
    return rules


def _for_people(frame: pd.DataFrame, is_whole: bool) -> list[pd.DataFrame]:
    """Return a row for each destination, then the outcomes where model and kernel disagree, or all."""
    by_place = frame.groupby(["service_port", "destination"], sort=False)
    short = by_place.agg(
        clients=("source", "nunique"), connections=("observed_flows", "sum"), outcomes=("outcome", "nunique"),
        masqueraded=("is_masqueraded", _yes_no), smallest_p=("p_value_plain", "min"), verdict=("verdict", _worst),
    ).reset_index()  # fmt: skip
    long = frame.loc[is_whole | (frame["verdict"] == "disagrees"), _DETAILS]
    rounded = {"share": 6, "expected_flows": 1, "p_value_plain": 4, "smallest_p": 4}
    return [table.round(rounded) for table in (short, long) if len(table)]


def _yes_no(values: pd.Series[bool]) -> str:
    return "by client" if values.nunique() > 1 else "yes" if values.any() else "no"


def _worst(verdicts: pd.Series[str]) -> str:
    return max(verdicts, key=["agrees", "not compared", "disagrees"].index)
