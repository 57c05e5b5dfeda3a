"""nft commands: what each statement of a listing or a command file adds, deletes or flushes, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubenetlab.readers.rules.nft_statements import Statement

#: The IP versions whose packets a family's tables meet; those of the last three have hooks of their own.
FAMILIES = {"ip": (4,), "ip6": (6,), "inet": (4, 6), "arp": (4, 6), "bridge": (4, 6), "netdev": (4, 6)}
VERBS = frozenset({"add", "create", "insert", "delete", "destroy", "flush"})
_DECLARES = frozenset(
    {"type", "policy", "comment", "flags", "devices"}
)  # begin the lines of a chain that are no rules
_N_NAMES = {"ruleset": 0, "table": 1}


class Command(NamedTuple):
    """One command: what is done to which object; ``kind`` may be nonsense that ``Tables`` refuses.

    ``text`` is a rule's text, elements in braces, or the lines that declare an object. A line of comment is a ``verb``.
    """

    verb: str
    kind: str = ""
    family: str = ""
    table: str = ""
    name: str = ""
    text: str | tuple[str, ...] = ()
    line: int = 0

    @property
    def versions(self) -> tuple[int, ...]:
        """The IP versions whose rules it may change."""
        return FAMILIES.get(self.family, (4, 6))


def commands(statement: Statement) -> Iterator[Command]:
    """Return the commands of one statement: one, or as many as a table has objects, rules and lists of elements."""
    words, line = statement.words, statement.line
    if words[0][0] == "#":
        yield Command(words[0], line=line)
        return
    verb, kind, *rest = words if words[0] in VERBS and len(words) > 1 else ["add", *words]
    family = rest.pop(0) if rest and rest[0] in FAMILIES else "ip" * (kind != "ruleset")
    n_names = _N_NAMES.get(kind, 2)
    table, name, *_ = [*rest[:n_names], "", ""]
    head = Command(verb, kind, family, table, name, line=line)
    if kind == "table":
        yield from _table(head, statement.body)
    elif kind in {"rule", "element"}:
        n_before = len(words) - len(rest) + n_names
        text = statement.text.split(maxsplit=n_before)[n_before:] or [""]
        yield head._replace(text=text[0] if kind == "rule" else " ".join(rest[n_names:]))
    else:
        yield from _object(head, statement.body)


def _table(head: Command, body: list[Statement]) -> Iterator[Command]:
    lines = [inner for inner in body if inner.text and inner.words[0] in {"comment", "flags"}]
    yield head._replace(text=tuple(inner.text for inner in lines))
    for inner in body:
        if inner not in lines:
            kind, *rest = inner.words
            made = head._replace(verb="add", kind=kind, name=" ".join(rest), line=inner.line)
            yield from _object(made, inner.body)


def _object(head: Command, body: list[Statement]) -> Iterator[Command]:
    kinds = [_content(head.kind, inner.words[0]) for inner in body]
    yield head._replace(text=tuple(inner.text for inner, kind in zip(body, kinds, strict=True) if not kind))
    for inner, kind in zip(body, kinds, strict=True):
        if kind:
            text = inner.text if kind == "rule" else " ".join(inner.words[2:])
            yield head._replace(kind=kind, text=text, line=inner.line)


def _content(kind: str, word: str) -> str:
    """Return what a line inside an object is: a rule, elements, or empty for what declares it."""
    if kind == "chain":
        return "" if word in _DECLARES else "rule"
    return "element" if word == "elements" and kind in {"set", "map"} else ""
