"""Chains that spread connections over endpoints, read once."""

from __future__ import annotations

from typing import Final, NamedTuple

from kubenetlab.load_balancing.chain_targets import JUMPS, rules_of
from kubenetlab.load_balancing.dyadic import ONE
from kubenetlab.load_balancing.passage import is_nowhere
from kubenetlab.objects import packet_rules as to
from kubenetlab.objects.packet_rules import Action, Asks, Choose, Dnat, Rule, Table

HARMLESS: Final = (to.Continue, to.Remember)
SOURCE, PROTOCOL, CHANCE, REMEMBERED = Asks.SOURCE, Asks.PROTOCOL, Asks.CHANCE, Asks.REMEMBERED  # quicker so

Endpoint = tuple[int, int]  # address and port
Protocols = set[frozenset[str]]


class Fan(NamedTuple):
    """A chain that spreads: rules that only mark, then one chance after the other.

    ``chances``: q of each rule's q / 2**31, or -n for a choice among n. Rules with lists of clients are left out.
    ``protocols`` that its rules ask for, None where they ask for none.
    """

    chain: str
    marking: tuple[Rule, ...]
    chances: tuple[int, ...]
    endpoints: tuple[Endpoint, ...]
    protocols: frozenset[str] | None


class Fans:
    """The fans among the chains of a table."""

    def __init__(self, table: Table, version: int = 4) -> None:
        self._version = version
        self._table = table
        self._fans: dict[str, Fan | None] = {}
        self._marks: dict[str, tuple[int, int] | None] = {}

    def of(self, chain: str) -> Fan | None:
        """Return a chain as a fan, None for one that does anything else."""
        if chain not in self._fans:
            self._fans[chain] = self._fan(chain)
        return self._fans[chain]

    def _fan(self, name: str) -> Fan | None:
        marking: list[Rule] = []
        chances: list[int] = []
        endpoints: list[Endpoint] = []
        asked: Protocols = set()
        for rule in rules_of(self._table, name):
            chance = chance_of(rule, asked)
            found = [] if chance is None else self._endpoints(rule, asked)
            if chance is not None and (len(found) == 1 or (found and chance in (0, ONE))):
                endpoints += found if chance else []
                chances += [chance if len(found) == 1 else -len(found)] if chance else []
                if chance == ONE:
                    break
            elif endpoints or self.mark_of(rule.actions) is None:
                return None
            else:
                marking.append(rule)
        if not endpoints or len(asked) > 1:
            return None
        return Fan(name, tuple(marking), tuple(chances), tuple(endpoints), next(iter(asked), None))

    def _endpoints(self, rule: Rule, asked: Protocols) -> list[Endpoint]:
        """Return the endpoints among which a rule's action chooses, none where it does anything else."""
        actions = rule.actions
        if not actions or (len(actions) > 1 and not all(isinstance(a, HARMLESS) for a in actions[:-1])):
            return []
        last = actions[-1]
        outcomes = last.outcomes if isinstance(last, Choose) and last.is_random else (last,)
        found = [self.endpoint(outcome, asked) for outcome in outcomes]
        return [endpoint for endpoint in found if endpoint] if None not in found else []

    def endpoint(self, action: Action, asked: Protocols) -> Endpoint | None:
        """Return where an action translates to, by itself or by a chain that marks at most the endpoint's own packets."""
        rules = rules_of(self._table, action.chain) if isinstance(action, JUMPS) else ()
        if rules and rules[-1].actions and chance_of(rules[-1], asked) == ONE:
            action = rules[-1].actions[-1]
        if not isinstance(action, Dnat):
            return None
        addresses, ports = action.addresses, action.ports
        is_one = addresses and ports and addresses[0] == addresses[1] and ports[0] == ports[1]
        if addresses is None or ports is None or not is_one or is_nowhere(self._version, addresses[0]):
            return None
        for rule in rules[:-1]:
            mark = self.mark_of(rule.actions)
            if mark is None or (mark != (-1, 0) and not _is_from(rule, addresses)):
                return None
        return addresses[0], ports[0]

    def mark_of(self, actions: tuple[Action, ...]) -> tuple[int, int] | None:
        """Return (keep, flip), by which actions make a mark ``mark & keep ^ flip``; None where they do more than that."""
        if len(actions) == 1 and isinstance(actions[0], to.Jump):
            return self._mark_by(actions[0].chain)
        keep, flip = -1, 0
        for action in actions:
            if isinstance(action, to.SetMark):
                found: tuple[int, int] | None = (~action.mask, action.value)
            elif isinstance(action, to.Jump):
                found = self._mark_by(action.chain)
            else:
                found = (-1, 0) if isinstance(action, HARMLESS) else None
            if found is None:
                return None
            keep, flip = keep & found[0], flip & found[0] ^ found[1]
        return keep, flip

    def _mark_by(self, chain: str) -> tuple[int, int] | None:
        if chain not in self._marks:
            self._marks[chain] = None  # while it is looked at: a chain that jumps to itself is none
            rules = rules_of(self._table, chain)
            if chain in self._table.chains and not any(rule.conditions for rule in rules):
                self._marks[chain] = self.mark_of(tuple(action for rule in rules for action in rule.actions))
        return self._marks[chain]


def chance_of(rule: Rule, asked: Protocols) -> int | None:
    """Return q of a rule that asks for nothing but a chance and a protocol; 0 for one that asks for a list of clients."""
    chance = ONE
    for condition in rule.conditions:
        asks = condition.asks
        if condition.is_negated:
            return None
        if asks is PROTOCOL:
            asked.add(condition.operand)
        elif asks is CHANCE and chance == ONE:
            chance = min(condition.operand, ONE)
        elif asks is REMEMBERED:
            chance = 0
        else:
            return None
    return chance


def _is_from(rule: Rule, addresses: tuple[int, int]) -> bool:
    """Return whether a rule asks for packets from an address and for nothing else."""
    asked = rule.conditions[0] if len(rule.conditions) == 1 else None
    return bool(asked and asked.asks is SOURCE and not asked.is_negated and asked.operand == (addresses,))
