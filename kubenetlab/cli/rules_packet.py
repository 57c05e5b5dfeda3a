"""One packet through rules, for ``kubenetlab rules shares --to``."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kubenetlab.cli.rules_sources import head, note
from kubenetlab.cli.tables import json_text, text_table
from kubenetlab.errors import UnreadableError

if TYPE_CHECKING:
    from kubenetlab.load_balancing.packet import Packet, Walk, Way
    from kubenetlab.objects.packet_rules import RuleSet
    from kubenetlab.objects.virtual_servers import VirtualServers

_PLACE = re.compile(r"(?:\[([^]]+)\]|([\d.]+|\*)):(\d{1,5})(?:/(tcp|udp|sctp))?", re.ASCII | re.IGNORECASE)
_EXPECTED = "expected IP:PORT[/PROTO] as 10.96.0.10:53/udp or [fd00::1]:53/udp, port 1 to 65535, or NAMESPACE/NAME[:PORT]"
_LARGEST_WRITTEN = 2**4096  # denominator of an exact probability
_WRITTEN = ("fate", "destination", "is_translated", "is_masqueraded", "notes")  # as a way has them
_OUTSIDE = {4: "192.0.2.1", 6: "2001:db8::1"}  # of the ranges for documentation: in no cluster


class Place(NamedTuple):
    """A destination as ``--to`` names it; the address is ``*`` for any of the node."""

    address: str
    port: int
    protocol: str

    @property
    def text(self) -> str:
        """As tables show it: ``10.96.0.10:53/UDP``."""
        return f"{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}/{self.protocol.upper()}"


def place_of(rules: RuleSet | VirtualServers, to: str) -> Place:
    """Return what ``--to`` means: an address, or a Service by its name in the rules; without a protocol it is TCP."""
    found = _PLACE.fullmatch(to) or _PLACE.fullmatch(_address_of(rules, to))
    if not found or not 1 <= int(found[3]) <= 65535:
        raise click.UsageError(f"--to: found {to[:60]!r}, {_EXPECTED}")
    host = found[1] or found[2]
    address = host if host == "*" else checked_ip("--to", host, getattr(rules, "version", 0))
    return Place(address, int(found[3]), (found[4] or "tcp").lower())


def checked_ip(option: str, text: str, version: int) -> str:
    """Return an address that an option names, as addresses are written; ``version`` 0 for any."""
    try:
        ip = ip_address(text)
    except ValueError:
        raise click.UsageError(f"{option}: found {text[:60]!r}, expected an IP address") from None
    if version not in (0, ip.version):
        raise click.UsageError(
            f"{option}: found {text[:60]!r}, expected an IPv{version} address, as the rules' are"
        )
    return str(ip)


def packet_to(rules: RuleSet, to: str, origin: str | None, addresses: tuple[str, ...]) -> Packet:
    """Return the packet that ``--to``, ``--from`` and ``--node-address`` mean."""
    from kubenetlab.load_balancing.packet import Packet

    place, version = place_of(rules, to), rules.version
    local = tuple(checked_ip("--node-address", address, version) for address in addresses)
    if place.address == "*" and not local:
        raise click.UsageError(
            f"--to: {place.text} is a node port; name an address of the node with --node-address"
        )
    return Packet(
        source=checked_ip("--from", origin or _OUTSIDE[version], version),
        destination=local[0] if place.address == "*" else place.address,
        protocol=place.protocol,
        destination_port=place.port,
        local_addresses=local,
    )


def _address_of(rules: RuleSet | VirtualServers, name: str) -> str:
    """Return the cluster IP and port of a Service by its name in the rules; an empty text for what is no name."""
    from kubenetlab.load_balancing.shares import rule_shares

    if not re.fullmatch(r"[a-z0-9.-]+/[a-z0-9.-]+(?::[a-z0-9-]+)?", name):
        return ""
    frame = rule_shares(rules).frame
    of_name = frame[[port == name or port.startswith(f"{name}:") for port in frame["service_port"]]]
    ports = of_name["service_port"].unique()
    if len(ports) != 1:
        known = ", ".join(ports) or "but the rules name no such Service"
        raise click.UsageError(f"--to: found {name[:60]!r}, expected one Service port: {known}")
    by_kind = of_name.sort_values("kind", key=lambda kinds: kinds != "cluster IP", kind="stable")
    return str(by_kind["destination"].iloc[0])


def print_walk(rules: RuleSet, packet: Packet, form: str, is_whole: bool) -> None:
    """Print what becomes of a packet."""
    from kubenetlab.load_balancing.walk import walk
    from kubenetlab.load_balancing.walk_tree import walk_text

    if form == "csv":
        raise click.UsageError("a packet's way is a tree and no table; use json or table")
    found = walk(rules, packet)
    if form == "json":
        document = {"packet": packet._asdict(), "ways": [_way_document(way) for way in found]}
        click.echo(json_text(head("rules-walk", rules) | document), nl=False)
        return
    if packet.source in _OUTSIDE.values():
        words = "outside of the cluster; --from changes that, and maybe the answer"
        note(f"who sends is assumed: {packet.source}, {words}")
    click.echo(walk_text(found, is_whole=is_whole))
    _print_counts(found, rules)
    if not any(way.is_translated or way.fate != "delivered" for way in found):
        note(_why_untouched(rules, packet))


def _print_counts(found: Walk, rules: RuleSet) -> None:
    from kubenetlab.load_balancing.luck.counts_of_rules import counts_of_rules
    from kubenetlab.load_balancing.luck.endpoint_luck import endpoint_luck

    passed = {f"chain {step.chain}" for way in found.ways for step in way.steps}
    try:
        results = [endpoint_luck(counts) for counts in counts_of_rules(rules) if counts.where in passed]
    except (UnreadableError, ValueError):
        return  # the rules have no counters, or counted nothing
    for result in results[:1]:
        frame = result.frame[["endpoint", "expected", "counted"]].round(1)
        click.echo(f"\nCounted by the rules: {result.because[0]}\n{text_table(frame)}", nl=False)


def _why_untouched(rules: RuleSet, packet: Packet) -> str:
    from kubenetlab.load_balancing.shares import rule_shares

    known = list(rule_shares(rules).frame["destination"].unique())
    host, place = packet.destination, Place(packet.destination, packet.destination_port, packet.protocol)
    if (of_node := place._replace(address="*").text) in known:
        return f"{of_node[2:]} is a node port: if {host} is an address of the node, add --node-address {host}"
    same = [text for text in known if text.rpartition(":")[0].strip("[]") == host]
    return f"the rules know {', '.join(same)}" if same else f"the rules have no destination {place.text}"


def _way_document(way: Way) -> dict[str, Any]:
    chance = way.probability
    return {
        "probability": float(chance),
        "probability_exact": str(chance) if chance.denominator < _LARGEST_WRITTEN else None,
        **{name: getattr(way, name) for name in _WRITTEN},
        "steps": [
            {"table": step.table, "chain": step.chain, "line": step.rule.line, "rule": step.rule.text}
            for step in way.steps
        ],
    }
