"""Regular expressions of Corefiles: Go's syntax read by Python, refused where Python's matcher might need very long."""

from __future__ import annotations

import re
from collections.abc import Callable

from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.objects.corefile import Directive

_MAX_LENGTH = 1000
_MAX_STEPS = 10**8  # about a second
_UNIT = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_GROUP_HEAD = re.compile(r"\(\?(?:P?<\w+>|\w*:?)")
_PLAIN_GROUP = re.compile(r"\([^(*)+?|{}]*\)")
#: A label and its dot: there is one way only to match it, so repeating it costs no more than a single character.
_LABEL = re.compile(r"\[\^\\?\.\][+*](?:\\\.|\[\.\])")


def compiled(pattern: str, directive: Directive) -> Callable[[str], re.Match[str] | None]:
    """Return what searches a name for a Go regular expression (RE2).

    Go's matcher is linear, Python's not: a repeated group that holds a choice or a repeat (other than of a label with its
    dot) is refused, and so is a name that is too long for the number of repeats. Then what is returned raises
    NotModelledError, as where Python cannot read the pattern: for the names that meet it, not for others.
    """
    bare = _PLAIN_GROUP.sub("x", _GROUP_HEAD.sub("(", _UNIT.sub("x", _LABEL.sub("x", pattern))))
    n_repeats, n_options = sum(map(bare.count, "*+{")), bare.count("?") + bare.count("|")
    error = NotModelledError(directive, f"the regular expression {pattern[:80]!r}, which may take long")
    is_slow, regex = len(pattern) > _MAX_LENGTH or any(f"){repeat}" in bare for repeat in "*+{"), None
    try:
        regex = None if is_slow else re.compile(pattern.replace(r"\z", r"\Z"))
    except (re.error, OverflowError, RecursionError) as fault:
        error = NotModelledError(directive, f"the regular expression {pattern!r} ({fault})")

    def search(name: str) -> re.Match[str] | None:
        if regex is None or len(name) ** n_repeats * 2**n_options > _MAX_STEPS:
            raise error
        return regex.search(name)

    return search


def replaced(match: re.Match[str], replacement: str) -> str:
    """Return a replacement with ``{0}``, ``{1}`` … put in (CoreDNS, plugin/rewrite/name.go)."""
    for number, text in enumerate((match[0], *match.groups())):
        replacement = replacement.replace(f"{{{number}}}", text or "")
    return replacement
