"""What nft rules refer to: chains and sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kubenetlab.objects.packet_rules import Action, Asks, Choose, Goto, Jump, Look, Remember, Rule, Table

_NAMED = frozenset({Asks.IN_SET, Asks.REMEMBERED})


def references(table: Table) -> dict[str, list[Rule]]:
    """Return for every chain and set (``@name``) what it refers to, as rules that go there."""
    found: dict[str, list[Rule]] = {}
    for chain in table.chains.values():
        found[chain.name] = []
        for rule in chain.rules:
            asked = (f"@{each.operand[0]}" for each in rule.conditions if each.asks in _NAMED)
            found[chain.name] += _going((*asked, *_names(rule.actions)), rule.line)
    for held in table.sets.values():
        actions = (action for action in held.elements.values() if action) if held.is_map else ()
        found[f"@{held.name}"] = _going(_names(actions), held.line)
    return found


def _going(names: Iterable[str], line: int) -> list[Rule]:
    return [Rule((), (Goto(name),), line=line) for name in names]


def _names(actions: Iterable[Action]) -> Iterator[str]:
    for action in actions:
        match action:
            case Jump() | Goto():
                yield action.chain
            case Choose():
                yield from _names(action.outcomes)
            case Look(name=""):
                yield from _names(outcome for _key, outcome in action.elements)
            case Look() | Remember():
                yield f"@{action.name}"
