"""``kubenetlab dns``: what a name is answered, what it costs a pod, what all names cost. One module a verb."""

from __future__ import annotations

import click

from kubenetlab.cli.dns_load import load_command
from kubenetlab.cli.dns_lookup import lookup_command
from kubenetlab.cli.dns_query import query_command

_HELP = """Say what DNS answers in a cluster, what pods ask for it, and what that costs.

\b
SOURCE is a cluster, as for the other commands; its Corefile is that of its ConfigMap, else kubeadm's, or --corefile.
  query    one question, as dig asks it: the answer, and the plugin and object that decided
  lookup   one name in a pod, as getaddrinfo and the like look it up: every query, by resolver
  load     all names of your applications: queries per second, waits, capacity, changes that save

\b
Examples:
  kubenetlab dns query sample:shop cart.shop.svc.cluster.local
  kubenetlab dns query sample:shop                             the whole zone
  kubenetlab dns lookup sample:shop cart.shop --namespace payments
  kubenetlab dns load dump.json names.yaml
  tcpdump -r dns.pcap -w - | kubenetlab dns load dump.json -
"""


@click.group("dns", help=_HELP)
def command() -> None:
    """Hold the three verbs."""


for verb in (query_command, lookup_command, load_command):
    command.add_command(verb)
