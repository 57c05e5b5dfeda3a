"""Rules read in pieces that many rules share: the words without comment and varying value, and the target."""

from __future__ import annotations

import re
from typing import TypeAlias

from kubenetlab.objects.packet_rules import Action, Asks, Condition, Dnat, Jump, Remember
from kubenetlab.readers.rules.iptables_rule import rule_meaning
from kubenetlab.readers.rules.iptables_values import address_range, address_ranges, translation
from kubenetlab.readers.rules.iptables_words import WrongWord, words_of

_MORE = re.compile('"|--comment')
_COMMENT = ' -m comment --comment "'
#: The value in the words of kube-proxy that each rule has of its own: an address, or the name of a list of clients.
_VARIES = re.compile(r"((?:.* )?(-d|--name) |(-s) )([^ ,]+)( .*)?")
_ANY = {4: "0.0.0.0,0.0.0.0", 6: "::,::"}  # stands for that value: an address as well as a name
#: Targets of which each rule has its own.
_OWN_TARGET = re.compile(r"(KUBE-SEP-[A-Z0-9]+)|DNAT --to-destination (\S+)")

#: Conditions, actions and comment, as ``RuleMeaning``, which takes longer to make.
Meaning: TypeAlias = tuple[tuple[Condition, ...], tuple[Action, ...], str]


class RulePieces:
    """Reads rules of one family, every shared piece once."""

    def __init__(self, version: int) -> None:
        self._version, self._any = version, _ANY[version]
        self._any_ranges = address_ranges("-d", self._any, version)
        self._words: dict[str, Meaning] = {}
        self._targets: dict[str, tuple[Action, ...]] = {}

    def read(self, text: str) -> tuple[str, Meaning | None]:
        """Return the chain and the meaning of ``-A CHAIN …``; None for a rule that is not made of such pieces."""
        comment = ""
        if '"' in text:
            before, _, text = text.partition(_COMMENT)
            comment, closed, after = text.partition('"')
            text = before + after
            if not closed or after[:1] not in {"", " "} or "\\" in comment or _MORE.search(text):
                return "", None
        words, jump, target = text.partition(" -j ")
        chain, _, words = words[3:].partition(" ")
        try:
            conditions, remembers, said = self._words.get(words) or self._meaning(words)
            actions = (self._targets.get(target) or self._actions(target)) if jump else ()
        except WrongWord:  # an option may stand elsewhere, or the rule is wrong
            return "", None
        return chain, (conditions, remembers + actions, comment or said)

    def _meaning(self, words: str) -> Meaning:
        varies = None if self._any in words else _VARIES.fullmatch(words)
        if varies:
            before, option, source, value, after = varies.groups("")
            shared = before + self._any + after
            return self._filled(self._words.get(shared) or self._meaning(shared), option or source, value)
        meaning = rule_meaning(words_of(words), self._version)
        if not all(isinstance(action, Remember) for action in meaning.actions):
            raise WrongWord("the rule", words, "no target")
        if self._any in words and any(asked.asks is Asks.OPAQUE for asked in meaning.conditions):
            raise WrongWord("the rule", words, "words that are understood")
        self._words[words] = meaning
        return meaning

    def _filled(self, shared: Meaning, option: str, value: str) -> Meaning:
        """Give shared words the value of one rule."""
        if option == "--name":
            name, old = value, self._any
            done = [Remember(name) if each == Remember(old) else each for each in shared[1]]
            return tuple([_named(each, old, name) for each in shared[0]]), tuple(done), shared[2]
        one = address_range(option, value, self._version)
        if one is None:
            raise WrongWord(option, value, "a mask without holes")
        asked = [
            Condition(each.asks, (one,), each.is_negated) if each.operand == self._any_ranges else each
            for each in shared[0]
        ]
        return tuple(asked), shared[1], shared[2]

    def _actions(self, text: str) -> tuple[Action, ...]:
        own = _OWN_TARGET.fullmatch(text)
        if own:
            chain, place = own.groups()
            return (Jump(chain) if chain else Dnat(*translation("--to-destination", place, self._version)),)
        meaning = rule_meaning(["-j", *words_of(text)], self._version)
        if meaning.conditions or meaning.comment:
            raise WrongWord("the rule", text, "matches before the target")
        self._targets[text] = meaning.actions
        return meaning.actions


def _named(asked: Condition, old: str, name: str) -> Condition:
    is_it = asked.asks is Asks.REMEMBERED and asked.operand[0] == old
    return Condition(asked.asks, (name, asked.operand[1]), asked.is_negated) if is_it else asked
