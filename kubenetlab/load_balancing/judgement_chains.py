"""Remarks on chains: rules that nothing reaches, hooks that lead nowhere, chains nobody jumps to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from kubenetlab.load_balancing.chain_targets import plain_actions, reached, rules_of, targets
from kubenetlab.load_balancing.coverage import changes, chooses, covers, is_certain, is_volatile, leaves
from kubenetlab.load_balancing.dispatch import host_and_port
from kubenetlab.load_balancing.hooks import base_chains
from kubenetlab.load_balancing.remarks import Place, Remark
from kubenetlab.objects.packet_rules import Action, Asks, Chain, Dnat, Masquerade, Rule, RuleSet, Table

LACKS: Final = {
    "prerouting": "nothing in PREROUTING leads to an endpoint: pods and other machines cannot use the Services",
    "output": "nothing in OUTPUT leads to an endpoint: processes on the node itself cannot use the Services",
    "postrouting": "no MASQUERADE in POSTROUTING that such a connection meets: a pod that reaches itself, and traffic from "
    "outside that is sent on to another node, get no answer",
}
TWICE: Final = "health check node port"  # kube-proxy writes one for every port of a Service
READY_MADE: Final = (
    "KUBE-MARK-MASQ",
    "KUBE-MARK-DROP",
    "KUBE-NODEPORTS",
    "reject-chain",
)  # kube-proxy writes them unasked


def misplaced(place: Place) -> Iterator[Remark]:
    """Yield rules after one that takes every packet, or all of theirs, and those that do a thing again."""
    rules, table = place.chain.rules, place.table
    earlier: dict[tuple[int | None, int | None], list[tuple[int, Rule]]] = defaultdict(list)
    seen: dict[object, Rule] = {}
    age, changed, has_volatile = 0, None, any(map(is_volatile, rules))
    for position, rule in enumerate(rules if len(rules) > 1 else ()):
        does_leave = leaves(rule, table)
        if does_leave and not rule.conditions and position + 1 < len(rules):
            yield _dead(place, rule, position)
            return
        by = _covering(earlier, rule, age)
        same = (frozenset(rule.conditions), rule.actions)
        if by is not None:
            yield from _shadowed(place, rule, by)
        elif does_leave and is_certain(rule):
            earlier[host_and_port(rule)].append((age if is_volatile(rule) else -1, rule))
        elif rule.actions and not does_leave and not chooses(rule):
            if has_volatile and changed != same and changes(rule, table):
                age, changed = age + 1, same
            first = seen.setdefault((age, *same), rule)
            if first is not rule:
                yield place.remark("duplicate", "low", f"does again what line {first.line} does", rule)


def _covering(
    earlier: dict[tuple[int | None, int | None], list[tuple[int, Rule]]], rule: Rule, age: int
) -> Rule | None:
    """Return an earlier rule that takes all that a rule asks for, by marks and lists as they still are."""
    host, port = host_and_port(rule)
    keys = {(host, port), (host, None), (None, port), (None, None)} if earlier else ()
    found = (e for key in keys for since, e in earlier.get(key, ()) if since in (-1, age))
    return next((e for e in found if covers(e, rule)), None)


def _dead(place: Place, rule: Rule, position: int) -> Remark:
    n, by = len(place.chain.rules) - position - 1, f"line {rule.line}"
    said = (
        f", like all {n} rules after {by}, which takes every packet"
        if n > 1
        else f": {by} takes every packet"
    )
    return place.remark("dead", "medium", f"never reached{said}", place.chain.rules[position + 1])


def _shadowed(place: Place, rule: Rule, by: Rule) -> Iterator[Remark]:
    is_same = set(by.conditions) == set(rule.conditions) and by.actions == rule.actions
    what = "asks and does the same as" if is_same else "matches only what is taken before by"
    kind, severity = ("duplicate", "low") if is_same else ("shadowed", "medium")
    if not (is_same and by.comment.endswith(TWICE) and rule.comment.endswith(TWICE)):
        yield place.remark(kind, severity, f"{what} line {by.line} ({by.text}), and is never reached", rule)


def unhooked(rules: RuleSet) -> Iterator[Remark]:
    """Yield the hooks from which endpoints must be reached and are not; nothing for a text with parts missing."""
    bases = base_chains(rules)
    kinds: dict[str, type[Action]] = {"prerouting": Dnat, "output": Dnat, "postrouting": Masquerade}
    tables = [table for table in rules.tables.values() if _does(table, table.chains, Dnat)]
    for hook, kind in kinds.items() if tables and not rules.missing else ():
        nat = [base for base in bases[hook] if base.is_nat]
        if not any(_does(base.table, [base.chain.name], kind) for base in nat):
            where = (nat[0].table, nat[0].chain) if nat else (tables[0], Chain(hook.upper()))
            yield Place(rules, *where).remark("missing hook", "medium", LACKS[hook])


def _does(table: Table, starts: Iterable[str], kind: type[Action]) -> bool:
    """Return whether a packet that enters by some chains may be translated; one from a certain port does not count."""
    found = (rule for name in reached(table, starts) for rule in rules_of(table, name))
    return any(
        isinstance(action, kind)
        for rule in found
        if not any(condition.asks is Asks.SOURCE_PORT for condition in rule.conditions)
        for action in plain_actions(table, rule.actions)
    )


def orphans(rules: RuleSet) -> Iterator[Remark]:
    """Yield chains with rules that nobody jumps to."""
    bases = {(base.table.name, base.chain.name) for found in base_chains(rules).values() for base in found}
    for table in rules.tables.values() if not rules.missing else ():
        used = {
            to
            for chain in table.chains.values()
            for rule in chain.rules
            for to in targets(table, rule.actions)
        }
        used |= {*READY_MADE, *(chain for name, chain in bases if name == table.name)}
        for chain in table.chains.values():
            if chain.rules and chain.name not in used:
                n = len(chain.rules)
                said = f"nobody jumps to this chain: its {'rule does' if n == 1 else f'{n} rules do'} nothing"
                yield Place(rules, table, chain).remark("nobody jumps here", "low", said)
