"""The words of one rule, and what they mean."""

from __future__ import annotations

import re
from typing import NamedTuple

from kubenetlab.objects.packet_rules import Action, Asks, Condition, Goto, Jump
from kubenetlab.readers.rules.iptables_matches import ALIASES, CORE, MATCHES, MAY_BE_SILENT
from kubenetlab.readers.rules.iptables_options import Given, Meaning, Options
from kubenetlab.readers.rules.iptables_targets import TARGETS, Target
from kubenetlab.readers.rules.iptables_words import WrongWord, unquoted

_LOADS = frozenset({"-m", "-j", "-g"})
MAX_WORDS = 255  # of iptables-restore (MAX_ARGC, iptables 1.8.9)
_IS_OPTION = re.compile(r"--?[A-Za-z0-9]")
_CHAIN = Target(None, {})
_ORDER = [*CORE]  # in which the kernel asks what needs no match (ip_packet_match)


class RuleMeaning(NamedTuple):
    """What the words of a rule, or some of them, mean."""

    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    comment: str = ""


class _Part(NamedTuple):
    """A match (``-m``), a target (``-j``, ``-g``) or what needs none of them, with the options given to it."""

    kind: str
    name: str
    options: Options | None  # None: any
    given: list[Given]
    others: dict[str, tuple[str, ...]]

    @property
    def text(self) -> str:
        """Its name and options."""
        return " ".join((self.name, *(given.text for given in self.given)))


def rule_meaning(words: list[str], version: int) -> RuleMeaning:
    """Return what the words after ``-A CHAIN`` mean in a rule of IPv4 or IPv6.

    Raises
    ------
    WrongWord
        If a word cannot be.
    """
    core, *parts = _parts(words, version)
    targets = [part for part in parts if part.kind != "-m"]
    if len(targets) > 1:
        raise WrongWord(targets[1].kind, targets[1].name, "one target")
    in_order = sorted(core.given, key=lambda given: _ORDER.index(given.option))
    meant = [item for given in in_order for item in CORE[given.option].means(given)]
    meant += [item for part in parts if part.kind == "-m" for item in _match(part)]
    meant += [_action(part, version) for part in targets]
    return RuleMeaning(
        tuple([item for item in meant if isinstance(item, Condition)]),
        tuple([item for item in meant if isinstance(item, Action)]),
        " ".join(given.value for part in parts if part.name == "comment" for given in part.given),
    )


def _parts(words: list[str], version: int) -> list[_Part]:
    """Return what needs no match, what ``-p`` loads by itself, and every match and target in order."""
    if len(words) > MAX_WORDS:
        raise WrongWord("the rule", f"{len(words):,} words", f"at most {MAX_WORDS}")
    parts = [_Part("", "", CORE, [], {})]
    rest = words[::-1]
    while rest:
        is_negated, option = _option(rest)
        part = _owner(parts, option)
        n_values = -1 if part.options is None else part.options[option].n_values
        if n_values > 0 and rest and rest[-1] == "!":  # before iptables 1.4.3: -s ! 10.0.0.1
            is_negated = not is_negated
            rest.pop()
        values = _values(option, n_values, rest)
        if option in _LOADS:
            if is_negated:
                raise WrongWord(option, "!", "no negation")
            parts.append(_loaded(option, values[0]))
            continue
        if option in part.others and part.options is not None:
            raise WrongWord(option, "it twice", "it once for a match")
        part.others[option] = values
        part.given.append(Given(option, values, is_negated, part.others, version))
        if option == "-p" and values[0] in MATCHES:
            parts.insert(1, _loaded("-m", values[0]))
    return parts


def _option(rest: list[str]) -> tuple[bool, str]:
    """Take the next option and the signs before it; ``--option=value`` becomes two words."""
    is_negated = False
    word = rest.pop()
    while word == "!":
        is_negated = not is_negated
        word = rest.pop() if rest else "nothing"
    if word[:1] != "-" or len(word) < 2:
        raise WrongWord("the rule", word, "an option such as -s, -m or -j")
    if "=" in word and word[1] == "-":
        word, _, value = word.partition("=")
        rest.append(value)
    return is_negated, ALIASES.get(word, word)


def _owner(parts: list[_Part], option: str) -> _Part:
    if option in CORE:
        return parts[0]
    for part in reversed(parts):
        if part.options is None or option in part.options:
            return part
    expected = "an option of iptables or of a match before it (-p tcp, -m tcp for --dport)"
    raise WrongWord(option, "it", expected)


def _values(option: str, n_values: int, rest: list[str]) -> tuple[str, ...]:
    """Take the words that follow an option; ``n_values`` -1: all up to the next option."""
    if n_values > len(rest):
        raise WrongWord(option, "the end of the line", f"{n_values} words after it")
    if n_values < 0:
        ends = (n for n, word in enumerate(reversed(rest)) if word == "!" or _IS_OPTION.match(word))
        n_values = next(ends, len(rest))
    return tuple([unquoted(rest.pop()) for _ in range(n_values)])


def _loaded(kind: str, name: str) -> _Part:
    options = MATCHES.get(name) if kind == "-m" else TARGETS.get(name, _CHAIN).options
    return _Part(kind, name, options, [], {})


def _match(part: _Part) -> Meaning:
    if part.options is None:
        return (Condition(Asks.OPAQUE, f"-m {part.text}"),)
    meaning = tuple(item for given in part.given for item in part.options[given.option].means(given))
    if not meaning and part.name not in MAY_BE_SILENT:
        raise WrongWord(f"-m {part.name}", "it alone", "an option that asks, of " + ", ".join(part.options))
    return meaning


def _action(part: _Part, version: int) -> Action:
    for given in part.given:
        if given.is_negated:
            raise WrongWord(given.option, given.text, "no negation")
    does = TARGETS.get(part.name, _CHAIN).does
    if does is None:
        return Jump(part.name) if part.kind == "-j" else Goto(part.name)
    if part.kind == "-g":
        raise WrongWord("-g", part.name, "a chain")
    return does(Given("-j", (part.text,), False, part.others, version))
