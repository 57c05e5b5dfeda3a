"""CoreDNS' Corefile: its grammar stays; zones, names and addresses are replaced, comments go.

The grammar is that of Caddy's lexer (coredns/caddy v1.1.1, caddyfile/lexer.go): words between spaces, quotes, ``{``
and ``}`` as words of their own, comments from ``#`` on. Inside words there may be templates of Go, regular expressions
(RE2) and expressions of the *view* plugin: their syntax stays, names and addresses in them are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kubenetlab.anonymize import well_known_corefile
from kubenetlab.anonymize.names import Names

_DOT = r"(?:\\\.|\[\.\])"  # a dot in a regular expression
_TEMPLATE = r"\{\{.*?\}\}"
_GROUP = r"\(\?P?<\w+>"
_ADDRESS = rf"(?<!\d)\d{{1,3}}(?:{_DOT}\d{{1,3}}){{3}}(?!\d)"
_SYNTAX = "|".join(
    (
        rf"(?:cluster{_DOT}local|in-addr{_DOT}arpa|ip6{_DOT}arpa)(?!\w)",
        r"\[\^?(?:\\.|[A-Za-z0-9]-[A-Za-z0-9]|\[:\^?[a-z]+:\]|[^\w\s\[\]\\]|_)+\]",
        r"\(\?[a-zA-Z-]+[:)]",
        r"\\(?:[pP]\{\w+\}|.)",
        rf"\b(?:{'|'.join(sorted(well_known_corefile.FUNCTIONS))})\(",
        r"[\s\"]+|[{}]|://",
    )
)
_PART = re.compile(f"({_TEMPLATE}|{_GROUP}|{_ADDRESS}|{_SYNTAX})")
_EDGE = re.compile(r"(?:[\s\"]+|[{}]|://)?")
_COMMENT = re.compile(r'((?:"(?:\\.|[^"\\])*"|[^#])*)(#.*)?', re.DOTALL)
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?(?:[nmu]?s|[mhd]|[KMGkmg]B?|%)?)+|:\d+")
_FIELD = re.compile(
    rf"(\.(?:{'|'.join(sorted(well_known_corefile.TEMPLATE_FIELDS))})\b|[^\w.:-]+|(?<=[\w.]) )"
)
_SHORT = 2  # letters of a name that says nothing: regular expressions' groups are often called a, b


def corefile(text: str, names: Names) -> str:
    """Return a Corefile that can be shared, line by line."""
    return "".join(_line(line, names) for line in text.splitlines(keepends=True))


def _line(line: str, names: Names) -> str:
    body = line.rstrip("\r\n")
    match = _COMMENT.fullmatch(body)
    code, comment = match.groups(default="") if match else (body, "")
    shared, is_head = [], True
    parts = _PART.split(code)
    for before, part, after in zip(["", *parts], parts, [*parts[1:], ""], strict=False):
        is_word = _EDGE.fullmatch(before) and _EDGE.fullmatch(after)
        known = well_known_corefile.WORDS | (well_known_corefile.HEADS if is_head else frozenset())
        shared.append(part if is_word and part in known else _part(part, names))
        is_head = part == "{" or (is_head and not part.strip())
    return "".join(shared) + comment[:1] + line[len(body) :]


def _part(part: str, names: Names) -> str:
    if _NUMBER.fullmatch(part):
        return part
    return next(
        (replace(part, names) for shape, replace in _SHAPES if shape.fullmatch(part)), names.text(part)
    )


def _kept(part: str, _: Names) -> str:
    return part


def _template(part: str, names: Names) -> str:
    return "".join(
        word
        if _FIELD.fullmatch(word) or word in well_known_corefile.TEMPLATE_WORDS
        else _group_name(word, names)
        for word in _FIELD.split(part)
    )


def _group(part: str, names: Names) -> str:
    syntax, name = part[:-1].split("<")
    return f"{syntax}<{_group_name(name, names)}>"


def _group_name(name: str, names: Names) -> str:
    return name if len(name.strip(".")) <= _SHORT else names.text(name)


def _address(part: str, names: Names) -> str:
    """An address in a regular expression, with the dots as they are written there."""
    dots = re.findall(_DOT, part)
    octets = names.text(re.sub(_DOT, ".", part)).split(".")
    return "".join(octet + dot for octet, dot in zip(octets, [*dots, ""], strict=True))


#: How parts that are not simply words are replaced, by their shape.
_SHAPES: tuple[tuple[re.Pattern[str], Callable[[str, Names], str]], ...] = (
    (re.compile(_TEMPLATE), _template),
    (re.compile(_GROUP), _group),
    (re.compile(_ADDRESS), _address),
    (re.compile(_SYNTAX), _kept),
)


def is_corefile(text: str) -> bool:
    r"""Whether a text is a Corefile from its first line on: blocks of servers or snippets that hold plugins.

    >>> is_corefile(".:53 {\n    errors\n    forward . /etc/resolv.conf\n}"), is_corefile('{"kind": "List"}')
    (True, False)
    """
    depth, has_plugin = 0, False
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        is_block = words[-1] == "{" or (depth == 0 and words[-1].endswith("{"))
        if depth == 0 and not _is_outside(words, is_block):
            return False
        has_plugin = has_plugin or words[0] in (_PLUGINS if depth else {"kubernetes"})
        depth += words.count("{") + (is_block and words[-1] != "{") - words.count("}")
        if depth < 0:
            return False
    return has_plugin and depth == 0


def starts_as_corefile(text: str) -> bool:
    """Whether the first line that says something opens a block of a Corefile."""
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    words = next((words for words in lines if words), [])
    return bool(words) and words[-1].endswith("{") and _is_outside(words, is_block=True)


def _is_outside(words: list[str], is_block: bool) -> bool:
    """Whether a line can stand outside of blocks: zones that open one, or an import."""
    zones = [word.rstrip(",{") for word in words]
    return (is_block and bool(zones[0]) and all(_ZONE.fullmatch(zone) for zone in zones)) or words[
        0
    ] == "import"


_PLUGINS = well_known_corefile.PLUGINS
_ZONE = re.compile(
    r"|\([\w.-]+\)|(?:[a-z0-9]+://)?(?:[\w.*{$%-][\w.*/:{}$%-]*|\[[0-9A-Fa-f:]+\](?::\d+)?)(?<!:)"
)
