"""Rule sets of nftables as text again: as ``nft list`` prints them, as a dump of ``add`` lines, or as commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain as chained

from kubenetlab.objects.packet_rules import Chain, NamedSet, Rule, RuleSet, Table
from kubenetlab.readers.rules.nft_commands import Command
from kubenetlab.readers.rules.nft_sets import element_texts, part_types

#: Elements on one line of ``nft list`` by the type of a plain key; others stand alone (nftables 1.0.6, expression.c).
_PER_LINE = {"ipv4_addr": 2, "inet_proto": 5, "inet_service": 5, "mark": 5}
_COUNTER = re.compile(r'"[^"]*"?|\bcounter\b(?! name)')


def format_nft(rules: RuleSet) -> str:
    """Return nft rules as text: a listing for ``nft list``; else the commands, or ``add`` lines if there were no others.

    Reading the text gives the rule set again. Declarations and rules are kept as they were read; all that stands between
    them and the elements are written anew, as nft 1.0.6 and kube-proxy's own dump do.
    """
    if rules.form == "nft list":
        return "".join(map(_listed, rules.tables.values()))
    text = ""
    is_comment = False
    for command in rules.commands or chained.from_iterable(map(_dumped, rules.tables.values())):
        was_comment, is_comment = is_comment, command.verb[0] == "#"
        text += "\n" * (was_comment and is_comment) + _line(command)
    return text + "\n" * is_comment


def _listed(table: Table) -> str:
    blocks = [_block(name, lines) for name, lines in table.others.items()]
    blocks += [_block(f"{_kind(held)} {held.name}", _set_lines(held)) for held in table.sets.values()]
    blocks += [_block(f"chain {chain.name}", _chain_lines(chain)) for chain in table.chains.values()]
    body = _lines(1, table.properties) + "\n".join(blocks)
    return f"table {table.family} {table.name} {{\n{body}}}\n"


def _block(head: str, lines: Iterable[str]) -> str:
    return f"\t{head} {{\n{_lines(2, lines)}\t}}\n"


def _lines(depth: int, lines: Iterable[str]) -> str:
    return "".join("\t" * depth + f"{line}\n" for line in lines)


def _kind(held: NamedSet) -> str:
    return "map" if held.is_map else "set"


def _set_lines(held: NamedSet) -> Iterator[str]:
    yield from held.properties
    types, _data = part_types(held)
    per_line = _PER_LINE.get(types[0], 1) if len(types) == 1 else 1
    texts = element_texts(held)
    rows = [", ".join(texts[at : at + per_line]) for at in range(0, len(texts), per_line)]
    if rows:
        yield "elements = { " + ",\n\t\t\t     ".join(rows) + " }"


def _chain_lines(chain: Chain) -> Iterator[str]:
    hooked = [line for line in chain.properties if line.startswith(("type ", "policy "))]
    yield from (line for line in chain.properties if line not in hooked)
    if hooked:
        yield "; ".join(hooked) + ";"
    yield from map(_rule, chain.rules)


def _rule(rule: Rule) -> str:
    if rule.packets is None:
        return rule.text
    counted = f"counter packets {rule.packets} bytes {rule.bytes}"
    return _COUNTER.sub(lambda match: match[0] if match[0][0] == '"' else counted, rule.text)


def _dumped(table: Table) -> Iterator[Command]:
    place = (table.family, table.name)
    yield Command("add", "table", *place, text=table.properties)
    for chain in table.chains.values():
        yield Command("add", "chain", *place, chain.name, chain.properties)
    for held in table.sets.values():
        yield Command("add", _kind(held), *place, held.name, held.properties)
    for chain in table.chains.values():
        for rule in chain.rules:
            yield Command("add", "rule", *place, chain.name, _rule(rule))
    for held in table.sets.values():
        for text in element_texts(held):
            yield Command("add", "element", *place, held.name, f"{{ {text} }}")


def _line(command: Command) -> str:
    text = command.text
    if text and not isinstance(text, str):
        text = f"{{ {' ; '.join(text)} ; }}"
    return " ".join(word for word in (*map(str, command[:5]), str(text or "")) if word) + "\n"
