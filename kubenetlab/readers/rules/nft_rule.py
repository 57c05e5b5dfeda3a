"""One nft rule: text in, conditions and actions out. What is not understood becomes opaque, with its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from kubenetlab.objects import packet_rules as rules
from kubenetlab.readers.rules.iptables_words import WrongWord
from kubenetlab.readers.rules.nft_actions import dnat, numgen, set_mark
from kubenetlab.readers.rules.nft_conditions import comparison, look
from kubenetlab.readers.rules.nft_values import LIST, SELECTORS, WORD, NotUnderstoodError, verdict, whole

Part: TypeAlias = "rules.Condition | rules.Action"
Match: TypeAlias = "re.Match[str]"
PartReader: TypeAlias = Callable[[Match, int, Mapping[str, rules.NamedSet]], Iterable[Part]]

_MOST_PARTS = 500
_CHANCES = 2**31
_COUNTER = re.compile(r'("[^"]*"?)|\bcounter packets ([0-9]{1,20}) bytes ([0-9]{1,20})')
_COMMENT = re.compile(r'(?:^| )comment ("[^"]*"|[^\s"]+)$')
_WORDS = re.compile(r'"[^"\n]*"|[{},]|[^\s{},"]+')


def _random(match: Match, *_: object) -> list[rules.Condition]:
    """``meta random & 2147483647 < q``, as iptables-nft writes ``--probability``."""
    limit = whole("random", match[2], _CHANCES, "a number")
    return [rules.Condition(rules.Asks.CHANCE, limit, match[1] == ">=")]


_PART = f"(?:{'|'.join(sorted(SELECTORS, key=len, reverse=True))})"
_KEY = rf"({_PART}(?: \. {_PART})*)"
_CHOICE = rf"numgen (random|inc) mod ({WORD})"
_FLAGS = "((?: (?:random|fully-random|persistent|,)(?= |$))*)"
#: The forms of statements by their first word, and what they mean; the first that fits is taken.
_FORMS: tuple[tuple[str, str, PartReader], ...] = (
    ("accept drop return continue", WORD, lambda m, *_: [verdict(m[0])]),
    ("jump goto", rf"{WORD} {WORD}", lambda m, *_: [verdict(m[0])]),
    ("notrack", "notrack", lambda *_: [rules.Untrack()]),
    ("counter", rf"counter(?: name {WORD})?", lambda *_: []),
    ("reject", "reject ?(.*)", lambda m, *_: [rules.Reject(m[1])]),
    ("log", rf"log(?: (?:prefix|level|group|snaplen|queue-threshold|flags) {WORD})*", lambda m, *_: [rules.Continue(m[0])]),
    ("masquerade", rf"masquerade(?: to {WORD})?{_FLAGS}", lambda m, *_: [rules.Masquerade("random" in m[1])]),
    ("update add", rf"{WORD} @({WORD}) \{{ ip6? saddr (?!\.)[^{{}}]*\}}", lambda m, *_: [rules.Remember(m[1])]),
    ("update add delete", rf"{WORD} @{WORD} {LIST}", lambda m, *_: [rules.Continue(m[0])]),
    ("dnat", rf"dnat(?: (ip6?))?(?: addr \. port)? to (?:{_CHOICE} map {LIST}|({WORD}(?: \. {WORD})?)){_FLAGS}", dnat),
    ("numgen", rf"{_CHOICE} vmap {LIST}", numgen),
    ("meta", rf"meta random & 2147483647 (<|>=) ({WORD})", _random),
    ("meta mark", r"(?:meta )?mark set (?:(?:meta )?mark ([|&^]|or|and|xor) )?((?:0x)?[0-9a-fA-F]+)", set_mark),
    ("meta mark", rf"(?:meta )?mark set ct mark(?: (?:and|&) {WORD})?", lambda *_: [rules.SetMark(0, 0xFFFFFFFF)]),  # 0 at first
    ("ct", rf"ct mark set (?:(?:ct |meta )?mark(?: (?:[|&^]|or|and|xor) {WORD})*|{WORD})", lambda m, *_: [rules.Continue(m[0])]),
    ("meta", rf"meta (?:nftrace|priority) set {WORD}", lambda m, *_: [rules.Continue(m[0])]),
    ("xt", r'xt match "?(?:comment|nfacct)"?', lambda *_: []),
    ("xt", rf"xt match {WORD}", lambda m, *_: [rules.Condition(rules.Asks.OPAQUE, m[0])]),
    ("xt", rf"xt target {WORD}", lambda m, *_: [rules.Opaque(m[0])]),
    ("", rf"{_KEY} vmap (?:@({WORD})|{LIST})", look),
    ("", rf"{_KEY}(?: (?:&|and) ({WORD}))?( !=| ==)? (?:@({WORD})|{LIST}|((?!set |map |vmap |[<>]){WORD}(?: , {WORD})*))",
     comparison),
)  # fmt: skip
_COMPILED = [(words.split(), re.compile(rf"{form}(?= |$)"), reader) for words, form, reader in _FORMS]
_GENERAL = [row[1:] for row in _COMPILED if not row[0]]
_BY_WORD = {
    word: [row[1:] for row in _COMPILED if word in row[0]] + _GENERAL
    for words, *_ in _COMPILED
    for word in words
}
#: Statements that do something to a packet; the words of one that is not understood end before the next.
_DOING = (
    "accept|drop|return|continue|jump|goto|counter|reject|log|masquerade|update|add|delete|dnat|snat|redirect|tproxy|queue"
    "|dup|fwd|notrack|synproxy|flow"
)
_PIECE = rf'(?:{WORD}|\{{(?:"[^"]*"|[^"{{}}]++|\{{(?:"[^"]*"|[^"{{}}]++)*\}})*\}})'
_UNKNOWN = re.compile(rf"{_PIECE}(?: (?!(?:{_DOING})(?: |$)){_PIECE})*")
_CHANGES = re.compile(r"(?:^| )(?:set|map|vmap)(?: |$)")


def nft_rule(text: str, version: int, sets: Mapping[str, rules.NamedSet], line: int) -> rules.Rule:
    """Return the rule of a text; ``sets`` are those its table holds before it.

    Raises
    ------
    WrongWord
        For a value that cannot be: port 70000, ``numgen`` with a number twice.
    """
    found = [match for match in _COUNTER.finditer(text) if match[2]] if "counter packets" in text else []
    if found:
        text = _COUNTER.sub(lambda match: match[1] or "counter", text)
    packets, size = map(int, found[0].group(2, 3)) if found else (None, None)
    plain = " ".join(_WORDS.findall(text))
    comment = _COMMENT.search(plain)
    parts = _parts(plain[: comment.start()] if comment else plain, version, sets)
    return rules.Rule(
        tuple(part for part in parts if isinstance(part, rules.Condition)),
        tuple(part for part in parts if not isinstance(part, rules.Condition)),
        comment[1].strip('"') if comment else "",
        text,
        line,
        packets,
        size,
    )


def _parts(text: str, version: int, sets: Mapping[str, rules.NamedSet]) -> list[Part]:
    """Return what a rule asks and does; a condition behind an action would be asked too early, and is left opaque."""
    parts: list[Part] = []
    at, acts = 0, False
    while at < len(text):
        found, end = _statement(text, at, version, sets)
        if acts and any(isinstance(part, rules.Condition) for part in found):
            return [*parts, rules.Opaque(text[at:])]
        parts += [part for part in found if not (part in parts and _is_protocol(part))]
        acts = acts or any(not isinstance(part, (rules.Condition, rules.Continue)) for part in found)
        at = end + 1
        if len(parts) > _MOST_PARTS:
            raise WrongWord("rule", text, f"at most {_MOST_PARTS} conditions and actions")
    return parts


def _is_protocol(part: Part) -> bool:
    return isinstance(part, rules.Condition) and part.asks is rules.Asks.PROTOCOL


def _statement(
    text: str, at: int, version: int, sets: Mapping[str, rules.NamedSet]
) -> tuple[list[Part], int]:
    """Return what the statement at a place asks and does, and where it ends."""
    word = text[at : (text.find(" ", at) + 1 or len(text) + 1) - 1]
    for form, reader in _BY_WORD.get(word, _GENERAL):
        match = form.match(text, at)
        if match:
            try:
                return list(reader(match, version, sets)), match.end()
            except NotUnderstoodError:
                break
    unknown = _UNKNOWN.match(text, at)
    words = unknown[0] if unknown else text[at:]
    acts = re.fullmatch(_DOING, word) or _CHANGES.search(words)
    return [rules.Opaque(words) if acts else rules.Condition(rules.Asks.OPAQUE, words)], at + len(words)
