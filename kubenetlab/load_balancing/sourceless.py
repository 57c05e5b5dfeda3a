"""A walk by destination alone: who sends is not said, so the way forks at every rule that asks for it."""

from __future__ import annotations

from typing import Final

from kubenetlab.load_balancing.chain_targets import key_of
from kubenetlab.load_balancing.chain_walk import Matched, by_chance
from kubenetlab.load_balancing.deeds import ACCEPTED, ENDS, Outcomes
from kubenetlab.load_balancing.destinations import Destination, range_text
from kubenetlab.load_balancing.dispatch import IndexedRules
from kubenetlab.load_balancing.dyadic import rest_of
from kubenetlab.load_balancing.fans import Fans
from kubenetlab.load_balancing.journey import Journey
from kubenetlab.load_balancing.packet import Packet
from kubenetlab.load_balancing.passage import Passage, Sight
from kubenetlab.load_balancing.walk_questions import CHANCES, answer
from kubenetlab.objects.packet_rules import Asks, Condition, Masquerade, Rule, SetMark

SOME_ADDRESS: Final = 2  # of the node, where rules ask for any: 0.0.0.2 or ::2, which no rule asks for
NOBODY: Final = Packet("0.0.0.0", "0.0.0.0")  # whose fields are not looked at
WORDS: Final = {
    Asks.SOURCE: "from",
    Asks.SOURCE_TYPE: "from",
    Asks.SOURCE_PORT: "from port",
    Asks.IN_INTERFACE: "in by",
    Asks.OUT_INTERFACE: "out by",
}


def opposite(text: str) -> str:
    """Return the contrary of what a rule asks of a source.

    >>> opposite("from the node itself"), opposite("not in by cni0")
    ('not from the node itself', 'in by cni0')
    """
    return text.removeprefix("not ") if text.startswith("not ") else f"not {text}"


class SourcelessSight(Sight):
    """What is known of a packet when only its destination is."""

    unknown = tuple(WORDS)
    is_from_here = False  # not known
    given = Asks.SOURCE_TYPE, Asks.DESTINATION_TYPE, Asks.IN_INTERFACE

    def __init__(self, destination: Destination, version: int) -> None:
        address = destination.hosts[0][0] if destination.hosts else SOME_ADDRESS
        port = destination.ports[0] if destination.ports else 0
        self.packet = NOBODY._replace(protocol=destination.protocol or "tcp", destination_port=port)
        self.version = version
        self.cuts = []
        self.start = Passage(address, port, spans=destination.spans)
        self._local = {address} if destination.is_local else set()


class SourcelessJourney(Journey):
    """A walk that takes a chain that spreads in one step, and forks where a rule asks for the source."""

    def __init__(self, rules: IndexedRules, sight: Sight, fans: dict[tuple[str, str], Fans]) -> None:
        super().__init__(rules, sight)
        self._fans = fans

    def chain(self, name: str, passage: Passage, path: tuple[str, ...]) -> Outcomes:
        """Return what comes out of a chain; endpoints of a fan stay together."""
        fan = self._fans[key_of(self.table)].of(name)
        is_other = fan and fan.protocols and self.sight.packet.protocol not in fan.protocols
        if fan is None or passage.is_translated or is_other:
            return super().chain(name, passage, path)
        outcomes: Outcomes = []
        for rule in fan.marking:
            passage = next(self.rule(rule, passage, (*path, name), outcomes))
        outcomes.append((passage._replace(fan=fan, is_translated=True), ACCEPTED))
        rest, out_of = rest_of(fan.chances)
        return [*outcomes, (passage.times(rest, out_of), ENDS)] if rest else outcomes

    def not_known(self, rule: Rule, passage: Passage) -> Matched:
        """Return both answers where a rule asks for the source; where it only marks, remember the mark."""
        texts = [self._text(condition) for condition in rule.conditions if _asks_source(condition)]
        others = [c for c in rule.conditions if c.asks not in CHANCES and not _asks_source(c)]
        if not texts or any(answer(c, self.sight, passage, self.table) is None for c in others):
            return self._not_understood(rule, passage)
        text = texts[0] if len(texts) == 1 else f"({' and '.join(texts)})"
        matched, missed = by_chance(rule, passage)
        mark = self._fans[key_of(self.table)].mark_of(rule.actions)
        if text in passage.sources:
            return matched, missed
        if matched is None or opposite(text) in passage.sources:
            return None, passage
        if mark:
            matched, other = (
                None,
                passage._replace(marks=(*passage.marks, (text, passage.mark & mark[0] ^ mark[1]))),
            )
        else:
            matched = matched._replace(sources=(*passage.sources, text))
            other = passage._replace(sources=(*passage.sources, opposite(text)))
        return matched, other

    def _not_understood(self, rule: Rule, passage: Passage) -> Matched:
        if _is_hairpin(rule):
            return None, passage
        if self._fans[key_of(self.table)].mark_of(rule.actions):
            return None, passage.noted(f"taken as not matching: {rule.text}")
        return super().not_known(rule, passage)

    def _text(self, condition: Condition) -> str:
        operand = condition.operand
        if condition.asks is Asks.SOURCE:
            said = " or ".join([range_text(self.sight.version, *bounds) for bounds in operand])
        elif condition.asks is Asks.SOURCE_PORT:
            said = " or ".join([f"{low}-{high}" if low < high else f"{low}" for low, high in operand])
        elif condition.asks is Asks.IN_SET:
            said = f"set {operand[0]}"
        elif condition.asks is Asks.SOURCE_TYPE:
            said = "the node itself" if operand == {"LOCAL"} else " or ".join(sorted(operand))
        else:
            said = operand
        return f"{'not ' if condition.is_negated else ''}{WORDS.get(condition.asks, 'from')} {said}"


def _asks_source(condition: Condition) -> bool:
    """Return whether a condition asks for the source and for nothing else."""
    return condition.asks in WORDS or (
        condition.asks is Asks.IN_SET and condition.operand[1] == (Asks.SOURCE,)
    )


def _is_hairpin(rule: Rule) -> bool:
    """Return whether a rule masquerades packets that go back to where they came from: left out here."""
    sets = [condition.operand[1] or () for condition in rule.conditions if condition.asks is Asks.IN_SET]
    is_mild = all(isinstance(action, (Masquerade, SetMark)) for action in rule.actions)
    return is_mild and any({Asks.SOURCE, Asks.DESTINATION} <= set(parts) for parts in sets)
