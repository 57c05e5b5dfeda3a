"""What is there after nft commands: tables with their chains, rules, sets and elements."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from kubenetlab.objects.packet_rules import Chain, NamedSet, Rule, Table
from kubenetlab.readers.rules.iptables_words import WrongWord
from kubenetlab.readers.rules.nft_commands import VERBS, Command
from kubenetlab.readers.rules.nft_rule import nft_rule
from kubenetlab.readers.rules.nft_sets import add_elements, named_set, remove_elements

#: Names of priorities (nft(8), "Standard priority names").
_PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
_PRIORITY = rf"(?:({'|'.join(_PRIORITIES)})(?= |$))? ?([+-]? ?[0-9]{{1,10}})?"
_HOOK = re.compile(rf"type (\S+) hook (\S+) (?:device \S+ )?priority (?=\S){_PRIORITY}")
#: Families whose hooks are not those of IP packets.
_OTHER_HOOKS = frozenset({"arp", "bridge", "netdev"})
#: Kinds that commands name, and what a table holds them as.
_HELD_AS = {
    **dict.fromkeys(("chain", "rule"), "chain"),
    **dict.fromkeys(("set", "map", "element"), "set"),
    **dict.fromkeys(("flowtable", "counter", "quota", "ct", "limit", "secmark", "synproxy"), "other"),
}
_ADDS, _DELETES = frozenset({"add", "create"}), frozenset({"delete", "destroy"})
#: The verbs of kinds that not all go with.
_VERBS = {"ruleset": {"flush"}, "rule": _ADDS | {"insert"}, "element": _ADDS | _DELETES}
_EXPECTED = "table, chain, rule, set, map or element, after add, create, insert, delete, destroy or flush"


class Draft:
    """A table while commands are applied: what it holds by kind and name, rules by chain, and what it lacks by line."""

    def __init__(self, family: str, name: str, version: int) -> None:
        self.family, self.name, self.version, self.is_made = family, name, version, False
        self.properties: tuple[str, ...] = ()
        self.held: dict[str, dict[str, Any]] = {"chain": {}, "set": {}, "other": {}}
        self.rules: dict[str, list[Rule]] = {}
        self.absent: dict[str, int] = {}

    def table(self) -> Table:
        """Return the table that is there."""
        chains = {
            name: replace(chain, rules=tuple(self.rules.get(name, ())))
            for name, chain in self.held["chain"].items()
        }
        return Table(self.name, chains, self.held["set"], self.family, self.properties, self.held["other"])

    def change(self, command: Command) -> None:
        """Do what a command says; see ``apply``."""
        verb, kind = command.verb, command.kind
        if kind == "table":
            self._change_table(command)
            return
        held = self.held[_HELD_AS[kind]]
        name = command.name if _HELD_AS[kind] != "other" else f"{kind} {command.name}"
        if verb in _ADDS and kind not in _VERBS:
            held[name] = held[name] if name in held else _declared(command)
        elif name not in held:
            self._lack(command)
        elif kind == "element":
            self._change_elements(command, held[name])
        elif kind != "rule":
            self._empty(command, held, name)
        if kind == "rule":
            self._add_rule(command)

    def _change_table(self, command: Command) -> None:
        if command.verb == "flush":
            self.rules.clear()
        else:
            self.is_made, self.properties = True, self.properties or tuple(command.text)

    def _change_elements(self, command: Command, held: NamedSet) -> None:
        if command.verb in _ADDS:
            add_elements(held, str(command.text))
        elif remove_elements(held, str(command.text)):
            self._lack(command)

    def _empty(self, command: Command, held: dict[str, Any], name: str) -> None:
        if command.kind == "chain":
            self.rules.pop(name, None)
        if command.verb in _DELETES:
            del held[name]
        elif isinstance(held[name], NamedSet):
            held[name] = replace(held[name], elements={}, notes={})

    def _add_rule(self, command: Command) -> None:
        self.held["chain"].setdefault(command.name, Chain(command.name, line=command.line))
        rules = self.rules.setdefault(command.name, [])
        rule = nft_rule(str(command.text), self.version, self.held["set"], command.line)
        rules.insert(0 if command.verb == "insert" else len(rules), rule)

    def _lack(self, command: Command) -> None:
        kind = {"rule": "chain", "map": "set"}.get(command.kind, command.kind)
        if self.is_made and command.verb != "destroy":
            raise WrongWord(command.kind, command.name, f"a {kind} of table {self.family} {self.name}")
        self.absent.setdefault(f"{kind} {command.name}", command.line)


def apply(command: Command, drafts: dict[tuple[str, str], Draft], version: int) -> None:
    """Do what a command says to tables, by family and name.

    Raises
    ------
    WrongWord
        If there is no such command, or it changes what a table that the text made does not hold.
    """
    verb, kind, family, table, name = command[:5]
    if verb not in _VERBS.get(kind, VERBS) or kind not in {"ruleset", "table", *_HELD_AS}:
        raise WrongWord("command", " ".join(filter(None, command[:5])), _EXPECTED)
    if kind == "ruleset":
        for place in [place for place in drafts if family in {"", place[0]}]:
            del drafts[place]
    elif not table or (kind != "table" and not name):
        raise WrongWord("command", f"{kind} {table}", f"{kind} [FAMILY] TABLE NAME, or a whole table")
    elif kind == "table" and verb in _DELETES:
        drafts.pop((family, table), None)
    else:
        drafts.setdefault((family, table), Draft(family, table, version)).change(command)


def _declared(command: Command) -> Any:
    lines = tuple(command.text)
    if command.kind == "chain":
        return _chain(command, lines)
    is_set = command.kind in _HELD_AS and _HELD_AS[command.kind] == "set"
    return named_set(command.name, command.kind == "map", lines, command.line) if is_set else lines


def _chain(command: Command, lines: tuple[str, ...]) -> Chain:
    fields = {line.split()[0]: " ".join(line.split()) for line in lines}
    bare = Chain(command.name, line=command.line, properties=lines)
    if "type" not in fields:
        return bare
    found, policy = _HOOK.fullmatch(fields["type"]), fields.get("policy", "policy accept")
    if not found:
        raise WrongWord(
            "chain", fields["type"], "type TYPE hook HOOK priority NUMBER, or a standard priority"
        )
    if policy not in {"policy accept", "policy drop"}:
        raise WrongWord("policy", policy[7:], "accept or drop")
    kind, hook, name, offset = found.groups()
    hook = f"{command.family} {hook}" if command.family in _OTHER_HOOKS else hook
    priority = _PRIORITIES.get(name, 0) + int((offset or "0").replace(" ", ""))
    return replace(bare, hook=hook, priority=priority, policy=policy[7:].upper(), type=kind)
