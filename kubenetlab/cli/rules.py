"""``kubenetlab rules``: the rules of a node, written, read, compared and tried. One module a verb."""

from __future__ import annotations

import click

from kubenetlab.cli.rules_drift import drift_command
from kubenetlab.cli.rules_prove import prove_command
from kubenetlab.cli.rules_shares import shares_command
from kubenetlab.cli.rules_write import write_command

_HELP = """Write the rules of kube-proxy for a node, and say what any rules do.

\b
RULES is a file, - for standard input, or sample:NAME (statistic-example, two-endpoints,
counted-connections). It may hold what any of these print, or an excerpt of it:
  iptables-save [-c]              of the nft and the legacy tool; also ip6tables
  iptables -t nat -L -n [-v]      listings, with or without line numbers
  nft list ruleset                or list table ip kube-proxy
  ipvsadm -S -n, ipvsadm -ln
SOURCE is a cluster, as for the other commands.

\b
Examples:
  kubenetlab rules shares sample:statistic-example      who gets how much, and what is odd
  ssh worker-1 sudo iptables-save | kubenetlab rules shares -
  kubenetlab rules shares RULES --to 10.96.0.10:53/udp  one packet, rule by rule
  kubenetlab rules write sample:shop --node worker-1    the rules that this node must have
  kubenetlab rules drift dump.json node.rules --node worker-1
  sudo kubenetlab rules prove node.rules                the same, asked of the Linux kernel
"""


@click.group("rules", help=_HELP)
def command() -> None:
    """Hold the four verbs."""


for verb in (write_command, shares_command, drift_command, prove_command):
    command.add_command(verb)
