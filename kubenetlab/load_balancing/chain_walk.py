"""One packet's way from chain to chain inside a hook: what rules match and do; it forks at every chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kubenetlab.errors import ManifestError, Refusal
from kubenetlab.load_balancing.chain_targets import key_of
from kubenetlab.load_balancing.deeds import ENDS, GOES_ON, Outcomes, Path, do, in_turn
from kubenetlab.load_balancing.dispatch import IndexedRules
from kubenetlab.load_balancing.dyadic import ONE
from kubenetlab.load_balancing.packet import Step
from kubenetlab.load_balancing.passage import Passage, Sight
from kubenetlab.load_balancing.walk_questions import CHANCES, answer, note_of
from kubenetlab.objects import packet_rules as to
from kubenetlab.objects.packet_rules import Action, Asks, Rule, Table

MAX_DEPTH: Final = 100  # chains that jump into each other; the kernel allows 16 in nftables
MAX_WAYS: Final = 20_000
MAX_WORK: Final = 1_000_000
MAX_BITS: Final = 1 << 19  # of a probability: 17,000 chances, one after the other
MANY: Final = 64  # ways; fewer are told apart by their rules, too
HARMLESS: Final = (to.Continue, to.Remember)
SOURCE_ONLY: Final = (*HARMLESS, to.Masquerade, to.Opaque, to.Return)  # what a nat chain after routing may do

Matched = tuple[
    Passage | None, Passage | None
]  # the packet as it matches a rule and as it does not, None: it never does


class ChainWalk:
    """One packet's walk through the chains of a table."""

    def __init__(self, rules: IndexedRules, sight: Sight) -> None:
        self.rules = rules
        self.sight = sight
        self.table = Table("")
        self.changes_source = False
        self._known: dict[tuple[Any, ...], Outcomes] = {}  # what comes out of chains
        self._work = 0

    def chain(self, name: str, passage: Passage, path: Path) -> Outcomes:
        """Return what comes out of a chain; ``path`` names the chains that jumped to it."""
        self._check(name, path)
        state = key_of(self.table), self.changes_source, name, passage.bare()
        if state not in self._known:
            self._known[state] = merged(self._walked(name, state[-1], path))
            n_bits = max((after.denominator.bit_length() for after, _ in self._known[state]), default=0)
            self._bound(name, n_bits > MAX_BITS)
        return [(after.behind(passage), verdict) for after, verdict in self._known[state]]

    def _walked(self, name: str, passage: Passage, path: Path) -> Outcomes:
        if name not in self.table.chains:
            return [(passage.doubted(f"chain {name} is not in {self.rules.rules.source}"), GOES_ON)]
        path, alive = (*path, name), [passage]
        left: Outcomes = []
        found = self.rules.candidates(self.table, name, passage.destination, passage.port)
        for rule in self.table.chains[name].rules if passage.spans else found:
            alive = [after for passage in alive for after in self.rule(rule, passage, path, left)]
            if not alive:
                break
            alive = [passage for passage, _ in merged([(passage, ENDS) for passage in alive])]
            self._work += len(alive)
            self._bound(name, len(alive) + len(left) > MAX_WAYS or self._work > MAX_WORK)
        return left + [(passage, ENDS) for passage in alive]

    def _bound(self, name: str, is_too_much: bool) -> None:
        if is_too_much:
            found = f"more than {MAX_WAYS} ways of one packet, or {MAX_WORK} rules on them"
            expected = "rules in which fewer chances follow each other"
            raise ManifestError(Refusal(self.rules.rules.source, f"chain {name}", "rules", found, expected))

    def _check(self, name: str, path: Path) -> None:
        if name in path or len(path) >= MAX_DEPTH:
            loop = " -> ".join((*path[-4:], name))
            found = loop if name in path else f"{len(path)} chains inside each other"
            expected = f"chains that end, at most {MAX_DEPTH} deep"
            raise ManifestError(Refusal(self.rules.rules.source, f"chain {name}", "jump", found, expected))

    def rule(self, rule: Rule, passage: Passage, path: Path, left: Outcomes) -> Iterator[Passage]:
        """Yield what meets the next rule of the chain; put what leaves the chain into ``left``."""
        matched, missed = self._asked(rule, passage)
        if matched is not None:
            outcomes: Outcomes = [
                (matched._replace(steps=(matched.steps, Step(self.table.name, path[-1], rule))), GOES_ON)
            ]
            for action in rule.actions:
                before, outcomes = outcomes, []
                for after, verdict in before:
                    outcomes += do(self, action, after, path) if verdict == GOES_ON else [(after, verdict)]
            if (
                missed
                and missed.turned != passage.turned
                and any(verdict == GOES_ON for _, verdict in outcomes)
            ):
                missed = missed._replace(turned=(None,))
                outcomes = [(after._replace(turned=(None,)), verdict) for after, verdict in outcomes]
            yield from (after for after, verdict in outcomes if verdict == GOES_ON)
            left += [outcome for outcome in outcomes if outcome[1] != GOES_ON]
        if missed is not None:
            yield missed

    def _asked(self, rule: Rule, passage: Passage) -> Matched:
        is_known = True
        for condition in rule.conditions:
            if condition.asks in CHANCES:
                continue
            holds = answer(condition, self.sight, passage, self.table)
            note = note_of(condition, self.sight)
            passage = passage.noted(note) if note else passage
            if holds is False:
                return None, passage
            is_known = is_known and holds is not None
        return by_chance(rule, passage) if is_known else self.not_known(rule, passage)

    def not_known(self, rule: Rule, passage: Passage) -> Matched:
        """Return what becomes of a packet at a rule with a condition whose answer is not known."""
        if all(isinstance(action, HARMLESS) for action in rule.actions):
            return None, passage
        return None, self.doubted(rule.actions, passage, f"taken as not matching: {rule.text}")

    def doubted(self, actions: tuple[Action, ...], passage: Passage, note: str) -> Passage:
        """Return a packet whose fate is unknown, unless such actions could only change its source."""
        is_harmless = self.changes_source and all(isinstance(action, SOURCE_ONLY) for action in actions)
        return passage.noted(note) if is_harmless else passage.doubted(note)


def merged(outcomes: Outcomes, many: int = MANY) -> Outcomes:
    """Return outcomes, where there are many those that are alike but for their rules as one."""
    if len(outcomes) <= many:
        return outcomes
    found: dict[tuple[Passage, str], Passage] = {}
    for after, verdict in outcomes:
        state = after.bare(), verdict
        found[state] = found[state].plus(after) if state in found else after
    return [(after, verdict) for (_, verdict), after in found.items()]


def by_chance(rule: Rule, passage: Passage) -> Matched:
    """Return the packet as a rule's chances let it match and as they do not; None where that never is."""
    hits, out_of = 1, 1
    if any(condition.asks is Asks.TURN for condition in rule.conditions):
        passage = in_turn(passage, id(rule))
    for condition in rule.conditions:
        if condition.asks in CHANCES:
            is_chance = condition.asks is Asks.CHANCE
            every, hit = (ONE, min(condition.operand, ONE)) if is_chance else (condition.operand[0], 1)
            hits, out_of = hits * (every - hit if condition.is_negated else hit), out_of * every
    if hits == out_of:
        return passage, None
    return (passage.times(hits, out_of) if hits else None), passage.times(out_of - hits, out_of)
