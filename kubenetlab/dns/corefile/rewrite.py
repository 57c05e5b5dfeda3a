"""Plugin rewrite: questions that change on their way in, and records that change back on their way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce

from kubenetlab.dns.corefile.go_regex import compiled, replaced
from kubenetlab.dns.corefile.question import Acted, Next, NotModelledError, Plugin, Question, Server
from kubenetlab.dns.records.zones import absolute
from kubenetlab.objects.corefile import Directive
from kubenetlab.objects.dns_message import NAMES_IN_DATA, Record, Reply

_Text = Callable[[str], str | None]  # None: no match
_Change = Callable[[Record], Record]
_Act = Callable[[Question], tuple[Question, Sequence[_Change]] | None]

#: How a name matches, and what becomes of it (CoreDNS, plugin/rewrite/name.go).
_MATCHES: dict[str, Callable[[str, str, str], str | None]] = {
    "exact": lambda name, old, new: new if name == old else None,
    "prefix": lambda name, old, new: new + name.removeprefix(old) if name.startswith(old) else None,
    "suffix": lambda name, old, new: name.removesuffix(old) + new if name.endswith(old) else None,
    "substring": lambda name, old, new: name.replace(old, new) if old in name else None,
}
#: Which word of a record's data is a name that an answer rule may change.
_TARGET = {"NAPTR": 5} | {kind: places[0] for kind, places in NAMES_IN_DATA.items()}


def rewrite(directives: Sequence[Directive], _: Server) -> Plugin:
    """Return plugin rewrite with all of a server block's rules, in their order.

    Fields name, type and ttl; ``edns0`` changes nothing that a modelled plugin reads; ``class``, ``cname`` and ``rcode``
    are not modelled. Names in rules are lower case with a dot at their end, also prefixes and substrings; changes of the
    answer are made in reverse order. Source: CoreDNS, plugin/rewrite.
    """
    rules = [_rule(directive) for directive in directives]

    def serve(question: Question, next_: Next) -> Acted | str:
        changed, lines = question, list[str]()
        changes: list[_Change] = []
        for directive, (goes_on, act) in zip(directives, rules, strict=True):
            done = act(changed)
            if done is not None:
                changed, changes = done[0], [*changes, *done[1]]
                lines.append(f"line {directive.line}")
                if not goes_on:
                    break
        if not lines:
            return "no rule matches"
        did = f"rewrites to {changed.name} {changed.type}" if changed != question else "rewrites the answer"
        return Acted(did, ", ".join(lines), _reverted(next_(changed), changes[::-1]))

    return serve


def _reverted(reply: Reply, changes: Sequence[_Change]) -> Reply:
    def back(records: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(reduce(lambda record, change: change(record), changes, record) for record in records)

    old = reply.answer
    sections = back(old.answer), back(old.authority), back(old.additional)
    new = old._replace(answer=sections[0], authority=sections[1], additional=sections[2])
    return reply._replace(answer=new)


def _rule(directive: Directive) -> tuple[bool, _Act]:
    """Return whether later rules apply too, and what the rule does."""
    words = [*directive.args, *(word for option in directive.block for word in (option.name, *option.args))]
    modes = [word.lower() for word in words[:1] if word.lower() in ("continue", "stop")]
    field, *args = words[len(modes) :] or [""]
    try:
        return modes == ["continue"], _FIELDS[field.lower()](directive, args)
    except (IndexError, KeyError, ValueError):
        raise NotModelledError(directive, f"the rule {' '.join(words)[:80]!r}") from None


def _match(directive: Directive, kind: str, old: str, new: str) -> _Text:
    new = absolute(new.lower())
    if kind == "regex":
        search = compiled(old, directive)
        return lambda name: replaced(match, new) if (match := search(name)) else None
    matches, old = _MATCHES[kind], absolute(old.lower())
    return lambda name: matches(name, old, new)


def _name_rule(directive: Directive, args: list[str]) -> _Act:
    kind, old, new, *rest = ["exact", *args] if len(args) == 2 else [args[0].lower(), *args[1:]]
    match = _match(directive, kind, old, new)
    fixed = list(_answer_rules(directive, [word for word in rest if word != "answer"]))
    if "auto" in rest and kind == "suffix":
        fixed = [*_both(_match(directive, "suffix", new, old)), *fixed]

    def act(question: Question) -> tuple[Question, Sequence[_Change]] | None:
        name = match(question.lower)
        if name is None:
            return None
        is_auto = kind == "exact" or ("auto" in rest and kind != "suffix")
        back = partial(_remapped, name, question.lower)
        return question._replace(name=name), [*(_both(back) if is_auto else ()), *fixed]

    return act


def _remapped(new: str, old: str, text: str) -> str | None:
    """Turn a rewritten name, and names below it, back."""
    return old if text == new else _MATCHES["suffix"](text, f".{new}", f".{old}")


def _both(text: _Text) -> list[_Change]:
    return [_owner(text), _value(text)]


def _owner(text: _Text) -> _Change:
    return lambda record: record._replace(name=text(record.name) or record.name)


def _value(text: _Text) -> _Change:
    def change(record: Record) -> Record:
        if record.type not in _TARGET:
            return record
        words, position = record.data.split(), _TARGET[record.type]
        words[position] = text(words[position]) or words[position]
        return record._replace(data=" ".join(words))

    return change


def _answer_rules(directive: Directive, words: list[str]) -> Iterator[_Change]:
    """Return ``answer name FROM TO`` and ``answer value FROM TO`` as changes of records."""
    while words:
        kind = words.pop(0)
        if kind != "auto":
            change = {"name": _owner, "value": _value}[kind]
            yield change(_match(directive, "regex", words.pop(0), words.pop(0)))


def _type_rule(_: Directive, args: list[str]) -> _Act:
    old, new = (arg.upper() for arg in args)
    return lambda question: (question._replace(type=new), []) if question.type == old else None


def _ttl_rule(directive: Directive, args: list[str]) -> _Act:
    kind, old, text = ["exact", *args] if len(args) == 2 else [args[0].lower(), *args[1:]]
    match = _match(directive, kind, old, ".")
    low, dash, high = text.partition("-")
    least, most = int(low or 0), int((high or 2**31 - 1) if dash else low)

    def change(record: Record) -> Record:
        return record._replace(ttl=min(max(record.ttl, least), most))

    return lambda question: None if match(question.lower) is None else (question, [change])


_FIELDS: dict[str, Callable[[Directive, list[str]], _Act]] = {"name": _name_rule, "type": _type_rule}
_FIELDS |= {"ttl": _ttl_rule, "edns0": lambda *_: lambda _: None}
