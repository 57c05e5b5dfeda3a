"""What a rule leaves to the rules after it: whether it takes all, or some by chance."""

from __future__ import annotations

from typing import Final

from kubenetlab.load_balancing.chain_targets import plain_actions, reached, rules_of, targets
from kubenetlab.load_balancing.walk_questions import CHANCES
from kubenetlab.objects import packet_rules as to
from kubenetlab.objects.packet_rules import Asks, Condition, Rule, Table

LEAVING: Final = (to.Accept, to.Drop, to.Reject, to.Dnat, to.Masquerade, to.Goto, to.Return)
RANGES: Final = frozenset({Asks.SOURCE, Asks.DESTINATION, Asks.SOURCE_PORT, Asks.DESTINATION_PORT})
VOLATILE: Final = (Asks.MARK, Asks.REMEMBERED, Asks.IN_SET)
CHANGES: Final = (to.SetMark, to.Remember, to.Opaque)
NAMES: Final = frozenset({Asks.PROTOCOL, Asks.CONNECTION_STATE, Asks.SOURCE_TYPE, Asks.DESTINATION_TYPE})


def leaves(rule: Rule, table: Table, known: tuple[Condition, ...] = (), depth: int = 8) -> bool:
    """Return whether no packet that matches a rule meets the next one; a chain must end so for every packet.

    ``known``: what rules that jump here ask.
    """
    action = rule.actions[-1] if rule.actions else None
    if not isinstance(action, to.Jump):
        return isinstance(action, LEAVING)
    inner, known = rules_of(table, action.chain), (*known, *rule.conditions)
    if not inner or not depth or not leaves(inner[-1], table, known, depth - 1):
        return False
    may_return = any(isinstance(a, to.Return | to.Goto) for r in inner for a in r.actions)
    return not may_return and all(
        c.asks is Asks.PROTOCOL and any(_implies(asked, c) for asked in known) for c in inner[-1].conditions
    )


def is_volatile(rule: Rule) -> bool:
    """Return whether rules may change what a rule asks, or what it changes."""
    return any(c.asks in VOLATILE for c in rule.conditions) or any(
        isinstance(a, CHANGES) for a in rule.actions
    )


def changes(rule: Rule, table: Table) -> bool:
    """Return whether a rule may change marks or lists of clients, which later rules ask."""
    inside = (
        r.actions for name in reached(table, targets(table, rule.actions)) for r in rules_of(table, name)
    )
    return any(
        isinstance(a, CHANGES) for actions in (rule.actions, *inside) for a in plain_actions(table, actions)
    )


def chooses(rule: Rule) -> bool:
    """Return whether a rule leaves to chance what it does, or whether it does it."""
    is_choice = bool(rule.actions) and isinstance(rule.actions[-1], to.Choose)
    return is_choice or any(condition.asks is Asks.CHANCE for condition in rule.conditions)


def is_certain(rule: Rule) -> bool:
    """Return whether a rule takes every packet that it asks for: chance has no say, and all of it is understood."""
    return not any(c.asks in CHANCES or c.asks is Asks.OPAQUE for c in rule.conditions)


def covers(earlier: Rule, rule: Rule) -> bool:
    """Return whether a rule asks for no packet that an earlier one does not ask for, too."""
    return all(any(_implies(asked, wanted) for asked in rule.conditions) for wanted in earlier.conditions)


def _implies(asked: Condition, wanted: Condition) -> bool:
    """Return whether what satisfies one condition satisfies the other."""
    if asked.asks is not wanted.asks or asked.is_negated is not wanted.is_negated:
        return False
    small, large = (wanted.operand, asked.operand) if asked.is_negated else (asked.operand, wanted.operand)
    if asked.asks in RANGES:
        return all(any(low <= first and last <= high for low, high in large) for first, last in small)
    return bool(small <= large) if asked.asks in NAMES else bool(small == large)
