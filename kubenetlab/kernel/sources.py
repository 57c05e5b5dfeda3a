"""From where flows are sent, so that every rule that asks for the source is asked by someone it matches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import pairwise
from typing import NamedTuple

from kubenetlab.kernel.network import UPLINK, Node
from kubenetlab.load_balancing.destinations import range_text
from kubenetlab.load_balancing.passage import LOOPBACK
from kubenetlab.load_balancing.survey import Survey
from kubenetlab.objects.packet_rules import Asks, Condition, Drop, Rule, RuleSet

MAX_RANGES = 3  # ranges of clients that rules name, beside pods, node and outside
_PODS = {4: "10.244.0.0/16", 6: "fd00:10:244::/64"}  # where no rule says which addresses pods have
_OUTSIDE = {4: "198.18.0.0/16", 6: "2001:2:0:1::/64"}  # RFC 2544 and RFC 5180: for measurements
_NODE = {4: "198.19.255.2/31", 6: "2001:2:0:ff::2/127"}
_OWN = "KUBE-"  # chains of kube-proxy: for others (Docker, a CNI plugin) interfaces and ranges mean something else

# Of an interface that we can make.
_NAME = re.compile(r"(?!lo$|uplink0$|feed-|all$|default$)[\w-]{1,15}", re.ASCII)

Range = tuple[int, int]


class Source(NamedTuple):
    """Clients: ``size`` addresses from ``first`` on, of which every rule of the set asks the same.

    ``interface`` is where their packets come in, empty for the node itself.
    """

    name: str
    interface: str
    first: int
    size: int = 1


def node_of(rules: RuleSet, survey: Survey) -> Node:
    """Return a node for rules: with the address and the pods' interface that they name, if they name any."""
    address, other = _range(_NODE[rules.version])
    named = (at.hosts[0][0] for at in survey.destinations() if at.hosts and survey.kind(at) == "node port")
    names = (asked.operand.replace("*", "0") for _, asked in _asked(rules, Asks.IN_INTERFACE, _OWN))
    interfaces = (name for name in names if _NAME.fullmatch(name))
    return Node(rules.version, next(named, address), other, next(interfaces, "pods0"))


def sources_of(rules: RuleSet, node: Node) -> Iterator[Source]:
    """Yield pods, clients outside, the node itself, and clients in ranges that rules name."""
    bounds, pods = _bounds(rules, node), _pod_range(rules)
    yield _part("pod", node.pod_interface, pods, bounds)
    yield _part("client outside", UPLINK, _range(_OUTSIDE[rules.version]), bounds)
    yield Source("node", "", node.other_address)
    named = dict.fromkeys(found for _, asked in _asked(rules, Asks.SOURCE, _OWN) for found in asked.operand)
    ranges = [r for r in named if r[0] < r[1] and r not in (pods, LOOPBACK[rules.version])]
    for found in ranges[:MAX_RANGES]:
        yield _part(f"client in {range_text(rules.version, *found)}", UPLINK, found, bounds)


def _part(name: str, interface: str, wanted: Range, bounds: list[int]) -> Source:
    """Return the largest part of a range that no rule cuts."""
    cuts = [wanted[0], *(bound for bound in bounds if wanted[0] < bound <= wanted[1]), wanted[1] + 1]
    size, first = max((end - start, start) for start, end in pairwise(cuts))
    return Source(name, interface, first, size)


def _bounds(rules: RuleSet, node: Node) -> list[int]:
    ranges = {(node.address, node.address), (node.other_address, node.other_address)}
    ranges |= {found for _, asked in _asked(rules, Asks.SOURCE) for found in asked.operand}
    for table in rules.tables.values():
        keys = (key for named in table.sets.values() for key in named.elements)
        ranges |= {part for key in keys for part in key if isinstance(part, tuple)}
    return sorted({edge for first, last in ranges for edge in (first, last + 1)})


def _pod_range(rules: RuleSet) -> Range:
    """Return the range whose clients a rule does not masquerade: kube-proxy's cluster CIDR."""
    for rule, asked in _asked(rules, Asks.SOURCE, _OWN):
        if asked.is_negated and not any(isinstance(action, Drop) for action in rule.actions):
            first, last = asked.operand[0]
            return first, last
    return _range(_PODS[rules.version])


def _asked(rules: RuleSet, what: Asks, start: str = "") -> Iterator[tuple[Rule, Condition]]:
    """Yield the conditions that ask something, with their rules; of chains whose name starts so, or of kube-proxy's table."""
    for table in rules.tables.values():
        for chain in table.chains.values():
            for rule in chain.rules if table.name == "kube-proxy" or chain.name.startswith(start) else ():
                yield from ((rule, asked) for asked in rule.conditions if asked.asks is what)


def _range(text: str) -> Range:
    network = ip_network(text)
    return int(network[0]), int(network[-1])
