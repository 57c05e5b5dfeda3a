"""Plugin template: answers written from patterns in the Corefile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kubenetlab.dns.corefile.go_regex import compiled
from kubenetlab.dns.corefile.question import Acted, NotModelledError, Plugin, Question, Server, falls_through
from kubenetlab.dns.corefile.zone_file import entries, record_of
from kubenetlab.dns.records.zones import zone_of
from kubenetlab.objects.corefile import Directive
from kubenetlab.objects.dns_message import Answer, Rcode, Record

_ACTION = re.compile(r"(?:\s*\{\{-\s|\{\{)(.*?)(?:\s-\}\}\s*|\}\})")


def template(directives: Sequence[Directive], server: Server) -> Plugin:
    """Return plugin template with all templates of a server block, in their order.

    Of Go's template language: the fields Zone, Name, Class, Type, Regex, Remote, Match, Group and Question.Name, and
    ``index``; other actions are not modelled. Where zone, class and type fit and no pattern does, the answer is SERVFAIL,
    or with ``fallthrough`` the next template's. Source: CoreDNS, plugin/template.
    """
    patterns = [[compiled(text, one) for text in _texts(one, "match") or [".*"]] for one in directives]

    def serve(question: Question, _: object) -> Acted | str:
        for directive, searches in zip(directives, patterns, strict=True):
            zone = zone_of(server.zones_of(directive.args[2:]), question.lower)
            if not zone or not _fits(directive, question.type):
                continue
            match = next(filter(None, (search(question.lower) for search in searches)), None)
            if match is not None:
                return _answered(directive, question, match, zone, server)
            if not falls_through(directive, question.lower):
                return Acted.answers(f"line {directive.line}: no pattern matches, and no fallthrough")
        return "no template matches"

    return serve


def _texts(directive: Directive, name: str) -> list[str]:
    return [text for option in directive.block if option.name == name for text in option.args]


def _fits(directive: Directive, kind: str) -> bool:
    asked = [arg.upper() for arg in directive.args[:2]]
    return asked[0] in ("IN", "ANY") and (asked[1] in (kind, "ANY") or kind == "ANY")


def _answered(
    directive: Directive, question: Question, match: re.Match[str], zone: str, server: Server
) -> Acted:
    because = f"line {directive.line}: pattern {match.re.pattern!r} matches"
    rcode = (_texts(directive, "rcode") or ["NOERROR"])[-1].upper()
    if rcode not in Rcode.__members__:
        raise NotModelledError(directive, f"rcode {rcode}")
    names = (".Name", ".Zone", ".Class", ".Type", ".Regex", ".Remote", ".Question.Name")
    values = (question.lower, zone, "IN", question.type, match.re.pattern, question.source, question.name)
    fields = dict(zip(names, values, strict=True))
    try:
        answer, authority, additional = (
            tuple(_record(text, directive, fields, match) for text in _texts(directive, section))
            for section in ("answer", "authority", "additional")
        )
    except (ValueError, IndexError):
        return Acted.answers(f"{because}, and makes no record")
    if rcode == Rcode.SERVFAIL:
        return Acted.answers(because)
    if question.type in ("A", "AAAA"):
        targets = [record.data for record in answer if record.type == "CNAME"]
        answer += tuple(found for target in targets for found in server.look_up(target, question.type).answer)
    return Acted.answers(because, Answer(Rcode(rcode), answer, authority, additional, is_authoritative=True))


def _record(text: str, directive: Directive, fields: Mapping[str, str], match: re.Match[str]) -> Record:
    filled = _ACTION.sub(lambda action: _value(action[1], directive, fields, match), text)
    return record_of([word for _, words in entries(filled) for word in words])


def _value(action: str, directive: Directive, fields: Mapping[str, str], match: re.Match[str]) -> str:
    words = action.split()
    if len(words) == 1 and words[0] in fields:
        return fields[words[0]]
    found = re.fullmatch(r'\.Group\.(\w+)|index \.(?:Match|Group) "?(\w+)"?', " ".join(words))
    if found is None:
        raise NotModelledError(directive, f"the action {action[:80]!r}")
    key = found[1] or found[2]
    if key in match.re.groupindex or (key.isdigit() and int(key) <= match.re.groups):
        return match[int(key) if key.isdigit() else key] or ""
    return "<no value>"  # what Go writes for a key that a map does not have
