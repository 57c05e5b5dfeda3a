"""What is asked of the kernel: for each Service port and kind of client, what the model says, and how many flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from ipaddress import ip_address
from typing import NamedTuple

from kubenetlab.errors import NotFoundError
from kubenetlab.kernel.network import UPLINK, Node
from kubenetlab.kernel.packets import PROTOCOL_NUMBERS, Flow, Seen
from kubenetlab.kernel.sources import Source, sources_of
from kubenetlab.load_balancing.destinations import Destination
from kubenetlab.load_balancing.packet import Fate, Packet, Walk, Way
from kubenetlab.load_balancing.passage import endpoint_text
from kubenetlab.load_balancing.survey import Survey
from kubenetlab.load_balancing.walk import Walker
from kubenetlab.objects.packet_rules import Remember, RuleSet

FEW = 10  # flows where the model leaves nothing to chance
MAX_PORTS = 40_000  # flows of one client to one destination
_FIRST_PORT = 20_000


class Target(NamedTuple):
    """A Service port as clients reach it."""

    service_port: str
    text: str
    protocol: str
    address: int
    port: int


class Outcome(NamedTuple):
    """What may become of a flow; one to a closed port of the node itself is rejected, too."""

    fate: Fate
    endpoint: str = ""
    is_masqueraded: bool = False


class Question(NamedTuple):
    """One kind of client to one Service port.

    ``shares`` are the model's; empty where it does not know, then ``notes`` say why. ``has_memory``: a client that
    comes again is sent to the same endpoint, so each flow needs a client of its own.
    """

    target: Target
    source: Source
    shares: dict[Outcome, Fraction]
    has_memory: bool = False
    notes: tuple[str, ...] = ()


def questions(rules: RuleSet, survey: Survey, node: Node, to: str | None = None) -> Iterator[Question]:
    """Yield a question for every Service port and source, and one for an endpoint that asks for its own Service."""
    walker, sources = Walker(rules), list(sources_of(rules, node))
    found = [_target(at, node) for at in survey.destinations() if to is None or survey.matches(at, to)]
    if not found:
        raise NotFoundError(f"{rules.source}: no rule leads {to or 'anything'} to an endpoint or a refusal")
    for target in dict.fromkeys(found):
        asked = [_question(walker, node, target, source) for source in sources]
        yield from asked
        endpoint = next((outcome.endpoint for outcome in asked[0].shares if outcome.endpoint), "")
        if endpoint:
            address = ip_address(_host(endpoint))
            itself = Source(f"endpoint {address}", node.pod_interface, int(address))
            yield _question(walker, node, target, itself)


def _target(at: Destination, node: Node) -> Target:
    first, last = at.hosts[0] if at.hosts else (node.address, node.address)
    address = first if first == last else first + 1  # of a range, not the address of the network itself
    port = at.ports[0] if at.ports else 80
    return Target(at.service_port, at.text(node.version), at.protocol or "tcp", address, port)


def _question(walker: Walker, node: Node, target: Target, source: Source) -> Question:
    packet = Packet(
        node.text(source.first), node.text(target.address), target.protocol, target.port,
        source_port=_FIRST_PORT, in_interface=source.interface, out_interface=UPLINK, local_addresses=node.local_addresses,
    )  # fmt: skip
    if not (_is_routed(packet.source) and _is_routed(packet.destination)):
        odd = "a packet from or to such an address takes no way of its own"
        return Question(target, source, {}, notes=(odd,))
    walk = walker.walk(packet)
    actions = (action for way in walk for step in way.steps for action in step.rule.actions)
    has_memory = any(isinstance(action, Remember) for action in actions)
    notes = tuple(dict.fromkeys(note for way in walk for note in way.notes))
    return Question(target, source, _shares(walk), has_memory, notes)


def _is_routed(address: str) -> bool:
    """Return whether the kernel routes packets from and to an address as between any two machines."""
    ip = ip_address(address)
    is_odd = ip.is_multicast or ip.is_loopback or ip.is_unspecified or (ip.version == 6 and ip.is_link_local)
    return not is_odd and (ip.version == 6 or 1 <= int(ip) >> 24 < 240)


def _shares(walk: Walk) -> dict[Outcome, Fraction]:
    is_known = all(way.fate is not Fate.UNKNOWN and " to " not in way.destination for way in walk)
    shares: dict[Outcome, Fraction] = {}
    for way in walk if is_known and walk.packet.protocol in PROTOCOL_NUMBERS else ():
        outcome = _predicted(way, walk.packet.local_addresses)
        shares[outcome] = shares.get(outcome, Fraction(0)) + way.probability
    return shares


def _predicted(way: Way, local_addresses: tuple[str, ...]) -> Outcome:
    if way.fate is not Fate.DELIVERED:
        return Outcome(way.fate)
    is_here = _host(way.destination) in local_addresses
    return Outcome(Fate.REJECTED) if is_here else Outcome(way.fate, way.destination, way.is_masqueraded)


def _host(endpoint: str) -> str:
    return endpoint.rpartition(":")[0].strip("[]")


def outcome_of(seen: Seen | None, node: Node) -> Outcome:
    """Return what became of a flow by what was captured of it."""
    if seen is None or seen.is_refusal:
        return Outcome(Fate.REJECTED if seen else Fate.DROPPED)
    endpoint = endpoint_text(node.version, seen.destination, seen.destination_port)
    return Outcome(Fate.DELIVERED, endpoint, seen.source == node.address)


def flows_for(asked: list[Question], n_flows: int, start: int, version: int) -> list[list[Flow]]:
    """Return flows for each question: a few where nothing is left to chance, the others by their outcomes.

    Flows of one question come from distinct clients, or from distinct ports where clients are too few; ``start``
    chooses which. Questions at the end get none if there are more of them than flows, or no client is new any more.
    """
    n_known = sum(bool(question.shares) for question in asked)
    few = min(FEW, max(1, n_flows // max(n_known, 1)))
    spare = max(0, n_flows - few * n_known)
    weights = [len(question.shares) - 1 if _room(question, 0) > few else 0 for question in asked]
    weights = weights if any(weight > 0 for weight in weights) else [1] * len(asked)
    total = sum(weight for weight in weights if weight > 0)
    flows: list[list[Flow]] = []
    remembered: Counter[tuple[Source, str]] = Counter()
    number = 1
    for question, weight in zip(asked, weights, strict=True):
        key = (question.source, question.target.service_port)
        wanted = few + spare * weight // total if question.shares else 0
        count = min(wanted, _room(question, remembered[key]), n_flows + 1 - number)
        flows.append(_flows(question, range(number, number + count), start + remembered[key], version))
        remembered[key] += count if question.has_memory else 0
        number += count
    return flows


def _room(question: Question, n_remembered: int) -> int:
    """Return how many flows a question can have: a client may come again unless it is remembered."""
    size = question.source.size
    return size - n_remembered if question.has_memory else size * MAX_PORTS


def _flows(question: Question, numbers: range, start: int, version: int) -> list[Flow]:
    target, source = question.target, question.source
    flows = []
    for index, number in enumerate(numbers):
        address = source.first + (start + index) % source.size
        port = _FIRST_PORT + (start + index // source.size) % MAX_PORTS
        flows.append(Flow(version, target.protocol, address, port, target.address, target.port, number))
    return flows
