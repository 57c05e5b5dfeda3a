"""``kubenetlab rules shares``: which endpoint gets how much, and what is odd about the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubenetlab.cli.rules_sources import family_option, format_option, head, note_each, only_one, read
from kubenetlab.cli.tables import Table, print_tables

if TYPE_CHECKING:
    from kubenetlab.objects.packet_rules import RuleSet
    from kubenetlab.objects.virtual_servers import VirtualServers

_HELP = """Say which endpoint of every Service port gets how much, exactly, and what is odd about RULES.

First a sentence on the whole, then remarks (uneven chains, rules that nothing can reach, matches that host bits widen,
hooks without a jump), then a row for each destination. 3 x 1/3 stands for three endpoints with equal shares, but for
rounding; uneven ones have a row each. MASQUERADE says whether endpoints see the node's address in place of the client's.

A chance in iptables is a whole number of 2^31 parts, so a third is 0.3333333335; in nftables it is a third.

--to follows one packet, the first of a connection: where it may go, then every rule that it matches, in order.
Servers of ipvs have no rules to follow; --to then shows the one server.

\b
Examples:
  kubenetlab rules shares sample:statistic-example
  kubenetlab rules shares node.rules --all                                        every endpoint
  kubenetlab rules shares node.rules --to 10.96.0.10:53/udp
  kubenetlab rules shares node.rules --to kube-system/kube-dns:dns                its cluster IP
  kubenetlab rules shares node.rules --to 10.96.0.10:53/udp --from 10.244.1.7     from a pod
  kubenetlab rules shares node.rules --to 192.0.2.11:30080 --node-address 192.0.2.11
  kubenetlab rules shares node.rules --format json

\b
The JSON has schema kubenetlab/rules-shares/v1: schema, kubenetlab (version), rules (source, form, missing), tables.
With --to it has schema kubenetlab/rules-walk/v1: the same head, packet, ways (probability, probability_exact, fate,
destination, is_translated, is_masqueraded, notes, steps).
"""


@click.command("shares", help=_HELP, short_help="Say which endpoint gets how much, or follow a packet.")
@click.argument("source", metavar="RULES")
@click.option(
    "--to", metavar="DESTINATION", multiple=True, callback=only_one,
    help="Follow a packet to IP:PORT[/PROTO] or NAMESPACE/NAME[:PORT]; tcp if no protocol is named.",
)  # fmt: skip
@click.option("--from", "origin", metavar="IP", help="Who sends it.  [default: a client outside the cluster]")
@click.option(
    "--node-address", "addresses", multiple=True, metavar="IP",
    help="An address of the node itself, for node ports and for packets that the node sends; may be given again.",
)  # fmt: skip
@click.option("--all", "is_whole", is_flag=True, help="Every endpoint, remark and jump.")
@family_option
@format_option
def shares_command(
    *, source: str, to: str | None, form: str, is_whole: bool, family: str | None, **packet: Any
) -> None:
    """Print the table, or the packet's way."""
    from kubenetlab.cli.rules_packet import packet_to, place_of, print_walk
    from kubenetlab.objects.packet_rules import RuleSet

    rules = read(source, family)
    has_walk = to is not None and isinstance(rules, RuleSet)
    if not has_walk and (packet["origin"] or packet["addresses"]):
        raise click.UsageError(
            "--from and --node-address are about a packet through rules of iptables or nftables, with --to"
        )
    if to is not None and isinstance(rules, RuleSet):
        print_walk(rules, packet_to(rules, to, **packet), form, is_whole)
    else:
        _print_shares(rules, place_of(rules, to).text if to else None, form, is_whole)


def _print_shares(rules: RuleSet | VirtualServers, to: str | None, form: str, is_whole: bool) -> None:
    from kubenetlab.cli.rules_share_table import shares_text
    from kubenetlab.load_balancing.judgement import judge
    from kubenetlab.load_balancing.shares import rule_shares
    from kubenetlab.objects.packet_rules import RuleSet

    shares = rule_shares(rules, to)
    remarks = judge(rules) if form != "csv" and isinstance(rules, RuleSet) else None
    if form == "table":
        click.echo(shares_text(shares.frame, remarks.frame if remarks else None, is_whole))
    else:
        tables = [Table(result.title, result.frame) for result in (shares, remarks) if result]
        print_tables(tables, form, head("rules-shares", rules))
    note_each(shares.because, rules)
