"""``kubenetlab rules write``: the rules that kube-proxy writes on one node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubenetlab.cli.anonymize import refuse_conflicts
from kubenetlab.cli.exit_codes import Stop
from kubenetlab.cli.report import errors_named
from kubenetlab.cli.rules_sources import FAMILIES, family_option, note, settings_of
from kubenetlab.cli.sources import SAMPLE_PREFIX, read

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.kube_proxy.proxy_settings import ProxySettings
    from kubenetlab.kube_proxy.service_port import ProxiedPorts

_HELP = """Write the rules that kube-proxy makes on one node of the cluster in SOURCE: endpoints are chosen as the cluster's
release does it, and the rules have the layout of release 1.36.

--save prints all rules with those that jump to them; that is what the other verbs read. --restore prints what
kube-proxy hands to iptables-restore --noflush --counters, or to nft -f, at its first sync. Mode ipvs has one form,
that of ipvsadm -S -n.

The text is kube-proxy's own: iptables-save and nft list print the same rules in other words, and kube-proxy walks
Services in random order. To compare a node with its cluster use rules drift, not diff.

Settings come from the kube-proxy ConfigMap of the dump. What it does not say is assumed, and a note on standard error
says what.

\b
Examples:
  kubenetlab rules write sample:shop --node worker-1
  kubenetlab rules write dump.json --node worker-1 --mode nftables --family ipv6
  kubenetlab rules write dump.json --node worker-1 -o node.rules
  kubenetlab rules write dump.json --node worker-1 2>/dev/null | kubenetlab rules shares -

\b
To load a file by hand, in a network namespace of your own (sudo unshare -n), never on a node; rules prove does it all:
  nfacct add ct_state_invalid_dropped_pkts             the counters that rules of mode iptables name
  nfacct add localhost_nps_accepted_pkts
  iptables-restore < node.rules                        ip6tables-restore for IPv6; nft -f node.rules; ipvsadm -R
"""
MODES = ("iptables", "nftables", "ipvs")


@click.command("write", help=_HELP, short_help="Write the rules that kube-proxy makes on a node.")
@click.argument("source", metavar="SOURCE")
@click.option("--node", required=True, metavar="NAME", help="The node.")
@click.option("--mode", type=click.Choice(MODES), help="Mode of kube-proxy.  [default: the cluster's]")
@family_option
@click.option(
    "--save/--restore", "is_save", default=True, show_default=True, help="All rules, or the first sync."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to a file; - prints."
)  # fmt: skip
def write_command(*, source: str, output: Path | None, **options: Any) -> None:
    """Print the text, or write it."""
    from kubenetlab.new_file import replace_file

    version = FAMILIES[options.pop("family") or "ipv4"]
    output = None if output == Path("-") else output
    if output and not output.parent.is_dir():
        raise Stop(f"{output}: the folder {output.parent} does not exist; nothing was written")
    cluster = read([source], False)
    if output and not source.startswith(SAMPLE_PREFIX):
        refuse_conflicts([source], output, [output])
    text = node_rules(cluster, version=version, **options)
    if output is None:
        click.echo(text, nl=False)
    elif not text:
        raise Stop(f"{output}: there are no rules; nothing was written")
    else:
        with errors_named(output):
            replace_file(output, text.encode())
        click.echo(output)


def node_rules(cluster: Cluster, node: str, mode: str | None, version: int, *, is_save: bool = True) -> str:
    """Return the rules of a node as text; ``mode`` None for the cluster's own."""
    from kubenetlab.kube_proxy.node_settings import proxy_mode
    from kubenetlab.kube_proxy.proxied_ports import port_notes, proxied_ports

    runs = cluster.settings.get("proxy_mode")
    if not mode and runs and runs.value == "none":
        note(f"kube-proxy does not run in this cluster ({runs.evidence}); it would write these rules")
    mode = mode or proxy_mode(cluster)
    settings = settings_of(cluster, node, mode)
    ports = proxied_ports(cluster, settings, version)
    if not ports:
        note(f"no Service of this cluster has an IPv{version} address")
    for sentence in port_notes(cluster):
        note(sentence)
    return _text(mode, ports, settings, version, is_save)


def _text(mode: str, ports: ProxiedPorts, settings: ProxySettings, version: int, is_save: bool) -> str:
    from kubenetlab.kube_proxy.iptables_proxier import IptablesProxier
    from kubenetlab.kube_proxy.ipvs_servers import ipvsadm_text, virtual_servers
    from kubenetlab.kube_proxy.nftables_proxier import NftablesProxier

    if mode == "ipvs":
        if not is_save:
            note("mode ipvs has one form, that of ipvsadm -S -n; --restore changes nothing")
        return ipvsadm_text(virtual_servers(ports, settings, version))
    iptables, nftables = IptablesProxier(settings, version), NftablesProxier(settings, version)
    first_sync = (iptables if mode == "iptables" else nftables).sync(ports)
    if not is_save:
        return first_sync
    return iptables.save() if mode == "iptables" else nftables.dump()
