"""Tables of iptables while they are read: built-in chains, what is declared, deleted, jumped to and missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec.structs import replace

from kubenetlab.objects.packet_rules import Chain, Goto, Jump, Rule, Table
from kubenetlab.readers.rules.iptables_words import WrongWord

_ALL = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
#: Built-in chains of the tables (iptables(8)), and their priority; nat has one for each direction.
BUILT_IN: dict[str, dict[str, int]] = {
    "raw": dict.fromkeys(("PREROUTING", "OUTPUT"), -300),
    "mangle": dict.fromkeys(_ALL, -150),
    "nat": {"PREROUTING": -100, "INPUT": 100, "OUTPUT": -100, "POSTROUTING": 100},
    "filter": dict.fromkeys(("INPUT", "FORWARD", "OUTPUT"), 0),
    "security": dict.fromkeys(("INPUT", "FORWARD", "OUTPUT"), 50),
}
_KINDS = {
    (table, chain): "nat" if table == "nat" else "filter" for table in BUILT_IN for chain in BUILT_IN[table]
}
_KINDS["mangle", "OUTPUT"] = "route"
_SAID = re.compile(r"\s*(-|[A-Z]+)(?:\s+\[([0-9]+):([0-9]+)\])?\s*")
_MAX_NAMED = 10


class DraftTable:
    """A table while it is read: its chains without rules, and their rules."""

    def __init__(self, name: str, is_part: bool) -> None:
        self.name, self.is_part, self.is_committed = name, is_part, False
        self.chains: dict[str, Chain] = {}
        self.rules: dict[str, list[Rule]] = {}
        self.deleted: dict[str, int] = {}

    def _policies(self) -> list[str]:
        """Return the policies of the built-in chains that lines declare."""
        chains = map(self.chains.get, BUILT_IN[self.name])
        return [chain.policy for chain in chains if chain and chain.line]

    @property
    def is_whole(self) -> bool:
        """Whether it has its built-in chains, so that no chain of it is elsewhere."""
        return not self.is_part and bool(self._policies())

    @property
    def is_saved(self) -> bool:
        """Whether it looks as iptables-save prints it: built-in chains with policies, or no rules at all."""
        policies = self._policies()
        return not self.deleted and (all(policies) if policies else not any(self.rules.values()))

    def declare(self, text: str, line: int) -> None:
        """Make or empty a chain."""
        name, _, said = text[1:].partition(" ")
        declared = _said(said)
        if not name or not declared:
            raise WrongWord("the chain", text, ":NAME POLICY [PACKETS:BYTES]")
        if declared[0] and (declared[0] not in {"ACCEPT", "DROP"} or name not in BUILT_IN[self.name]):
            expected = "ACCEPT or DROP for a built-in chain, - for every other"
            raise WrongWord("the policy", declared[0], expected)
        self._add(name, line, *declared)

    def _add(self, name: str, line: int, policy: str, packets: int | None, n_bytes: int | None) -> None:
        priority = BUILT_IN[self.name].get(name, 0)
        kind = _KINDS.get((self.name, name), "")
        hook = name.lower() if kind else ""
        self.chains[name] = Chain(name, (), hook, priority, policy, kind, packets, n_bytes, line)
        self.rules[name] = []
        self.deleted.pop(name, None)

    def rules_of(self, chain: str) -> list[Rule]:
        """Return the list of a chain's rules, also of one that only a part of the rules does not declare."""
        if chain not in self.rules:
            if self.is_whole and chain not in BUILT_IN[self.name]:
                raise WrongWord("the chain", chain, f"a chain of table {self.name}")
            self._add(chain, 0, "", None, None)
        return self.rules[chain]

    def table(self) -> Table:
        """Return the finished table."""
        for name, chain in self.chains.items():
            rules = tuple(self.rules.pop(name))  # not all rules twice in memory
            self.chains[name] = replace(chain, rules=rules, deleted=self.deleted.get(name, 0))
        return Table(self.name, self.chains)


@lru_cache(maxsize=256)
def _said(text: str) -> tuple[str, int | None, int | None] | None:
    """Return policy, packets and bytes of a chain's line ``:NAME POLICY [PACKETS:BYTES]``."""
    match = _SAID.fullmatch(text)
    if not match:
        return None
    policy = match[1].replace("-", "")
    return (policy, int(match[2]), int(match[3])) if match[2] else (policy, None, None)


def missing_text(table: str, missing: dict[str, Rule]) -> str:
    """Return the chains that are jumped to and not there in words."""
    named = [f"{chain} (line {rule.line})" for chain, rule in [*missing.items()][:_MAX_NAMED]]
    more = f" and {len(missing) - _MAX_NAMED:,} more" if len(missing) > _MAX_NAMED else ""
    return f"table {table}: not in the text, but jumped to: {', '.join(named)}{more}"


def jump_faults(rules: dict[str, list[Rule]]) -> tuple[tuple[str, Rule] | None, dict[str, Rule]]:
    """Return a jump that closes a loop, if there is one; and chains that are jumped to and not there, with a rule that does."""
    missing: dict[str, Rule] = {}
    begun: set[str] = set()
    for start, first in rules.items():
        path = {} if start in begun else {start: _jumps(first)}
        begun.add(start)
        while path:
            for target, rule in path[next(reversed(path))]:
                if target in path:
                    return (target, rule), missing
                if target not in rules:
                    missing[target] = min(missing.get(target, rule), rule, key=lambda rule: rule.line)
                elif target not in begun:
                    begun.add(target)
                    path[target] = _jumps(rules[target])
                    break
            else:
                path.popitem()
    return None, dict(sorted(missing.items(), key=lambda pair: pair[1].line))


def _jumps(rules: Iterable[Rule]) -> Iterator[tuple[str, Rule]]:
    for rule in rules:
        action = rule.actions[-1] if rule.actions else None
        if isinstance(action, (Jump, Goto)):
            yield action.chain, rule
