"""Texts that people hand in by mistake, and what to do instead: a table."""

import re
from typing import NamedTuple

from kubenetlab.readers.pasted_text import looks_like_rules


class Mistake(NamedTuple):
    """How a text starts, what it is, and what to do."""

    start: re.Pattern[bytes]
    found: str
    advice: str


MISTAKES: tuple[Mistake, ...] = tuple(
    Mistake(re.compile(start), found, advice)
    for start, found, advice in (
        (
            rb"NAME(?:SPACE)?[ \t]{2,}[A-Z]",
            "a table as kubectl prints it for people",
            "run the command again with -o json",
        ),
        (rb"Name:[ \t]{2,}\S", "the text of kubectl describe", "use kubectl get with -o json"),
        (
            rb"No resources found",
            "kubectl's 'No resources found'",
            "ask for another namespace, or all with -A",
        ),
        (
            rb"error:|Error from server|Unable to connect|The connection to the server",
            "an error message of kubectl",
            "mend the command and run it again",
        ),
        (rb"Warning: ", "warnings of kubectl before the dump", "run the command again without 2>&1"),
        (rb"(?i)<!doctype|<html|<\?xml", "a web page or XML", "save the JSON or YAML itself"),
        (rb"\{\{", "a template", "render it first (helm template)"),
    )
)


RULES = Mistake(
    re.compile(b""), "rules of iptables, nftables or ipvs", "read them with `kubenetlab rules shares FILE`"
)


def mistake_in(text: bytes) -> Mistake | None:
    """Return the first known mistake that the start of a text matches.

    >>> mistake_in(b"NAMESPACE   NAME   READY").advice
    'run the command again with -o json'
    """
    start = text[:4096].lstrip()
    mistakes = (mistake for mistake in MISTAKES if mistake.start.match(start))
    return next(mistakes, RULES if looks_like_rules(start.decode("utf-8", "replace")) else None)
