"""A packet on its way through rules: choose a Service port and who sends, and see every rule that it meets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import ipywidgets

from kubenetlab.charts.chain_graph import chain_graph
from kubenetlab.charts.wording import plural
from kubenetlab.kernel.network import Node
from kubenetlab.kernel.sources import Source, node_of, sources_of
from kubenetlab.load_balancing.destinations import Destination
from kubenetlab.load_balancing.packet import Packet, Walk
from kubenetlab.load_balancing.survey import Survey
from kubenetlab.load_balancing.walk import walk
from kubenetlab.load_balancing.walk_tree import walk_text
from kubenetlab.objects.packet_rules import RuleSet
from kubenetlab.widgets.panel import Panel, Picture

_HAIRPIN = "an endpoint of it"  # a pod that calls the Service it belongs to


class _Ground(NamedTuple):
    """Rules, the node that they are taken for, and what there is to choose."""

    rules: RuleSet
    node: Node
    places: Mapping[str, Destination]
    sources: Mapping[str, Source]

    def walk(self, place: Destination, source: str, interface: str) -> Walk:
        first, last = place.hosts[0] if place.hosts else (self.node.address, self.node.address)
        address = first + (first < last)  # the first address of a range is the network's
        packet = Packet(
            source=source,
            destination=self.node.text(address),
            protocol=place.protocol or "tcp",
            destination_port=place.ports[0] if place.ports else 80,
            in_interface=interface,
            local_addresses=self.node.local_addresses,
        )
        return walk(self.rules, packet)


def rule_walk(rules: RuleSet, service: str = "", source: str = "pod") -> Panel:
    """Return controls that send a packet through rules.

    Parameters
    ----------
    rules
        Of iptables or nftables, as ``read_rules`` returns them.
    service
        Part of a Service port's name or address to begin with; empty for the first.
    source
        Who sends: ``pod``, ``client outside``, ``node``, ``an endpoint of it``, or a range that the rules name.

    Raises
    ------
    ValueError
        If the rules are not of iptables or nftables, lead to no Service port, or have none such or no such source.
    """
    if not isinstance(rules, RuleSet):
        raise ValueError(
            f"{getattr(rules, 'source', 'rules')}: found no rules of iptables or nftables to walk through"
        )
    survey = Survey(rules)
    node = node_of(rules, survey)
    by_name = sorted(survey.destinations(), key=lambda place: (not place.service_port, place.service_port))
    places = {f"{place.service_port} {place.text(rules.version)}".strip(): place for place in by_name}
    sources = {found.name: found for found in sources_of(rules, node)}
    first, names = next((label for label in places if service in label), None), [*sources, _HAIRPIN]
    if first is None or source not in names:
        raise ValueError(
            f"{service!r}, {source!r}: a Service port of the rules, and one of {', '.join(names)}"
        )
    controls = {
        "service": ipywidgets.Dropdown(options=list(places), value=first, description="Service port"),
        "source": ipywidgets.Dropdown(options=names, value=source, description="Who sends"),
    }
    return Panel(controls, partial(_draw, _Ground(rules, node, places, sources)))


def _draw(ground: _Ground, service: str, source: str) -> Picture:
    place, sender = ground.places[service], ground.sources["pod" if source == _HAIRPIN else source]
    first = sender.first + (sender.size > 1)  # the first address of a range is the network's
    found = ground.walk(place, ground.node.text(first), sender.interface)
    if source == _HAIRPIN:
        endpoint = next((way.destination for way in found if way.is_translated), None)
        if endpoint is None:
            raise ValueError(f"{service} has no endpoint that could call it")
        found = ground.walk(place, endpoint.rpartition(":")[0].strip("[]"), sender.interface)
    ways = plural(len(found.ways), "way")
    return Picture(chain_graph(found), f"{ways} that a new connection can take.", walk_text(found))
