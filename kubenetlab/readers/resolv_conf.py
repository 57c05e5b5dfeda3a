"""A resolv.conf as it is given: its lines, kept exactly; what each resolver makes of them is the resolvers' own affair.

Source: resolv.conf(5), man-pages 6.9: the keywords, and that comments begin with ; or # in the first column.
"""

from __future__ import annotations

from typing import NamedTuple

from kubenetlab.errors import ManifestError, Refusal

MAX_CHARACTERS = 1 << 20


class ResolvConfLine(NamedTuple):
    """A line as it stands there, its keyword and values (none for a blank line or a comment), and its number."""

    text: str
    keyword: str
    values: tuple[str, ...]
    line: int


class ResolvConfLines(NamedTuple):
    """A resolv.conf; ``source`` says where it stood."""

    lines: tuple[ResolvConfLine, ...]
    source: str = "-"


def resolv_conf_from_text(text: str, name: str = "-") -> ResolvConfLines:
    r"""Return the lines of a resolv.conf; odd ones are no error, because resolvers take none for one.

    Raises
    ------
    ManifestError
        If it is longer than 1,048,576 characters, or holds a NUL, so is no text; it names the line.

    Examples
    --------
    >>> resolv_conf_from_text("search a.test b.test\nnameserver 10.0.0.10\n").lines[0].values
    ('a.test', 'b.test')
    """
    wrong = MAX_CHARACTERS if len(text) > MAX_CHARACTERS else text.find("\0")
    if wrong >= 0:
        place, found = f"line {text.count(chr(10), 0, wrong) + 1}", f"a NUL, or {len(text):,} characters"
        raise ManifestError(Refusal(name, place, "resolv.conf", found, "text of at most a mebibyte"))
    lines = enumerate(text.split("\n"), 1)
    return ResolvConfLines(tuple(_line(line, number) for number, line in lines), name)


def _line(text: str, number: int) -> ResolvConfLine:
    keyword, *values = ("" if text.startswith(("#", ";")) else text).split() or [""]
    return ResolvConfLine(text, keyword, tuple(values), number)


def format_resolv_conf(lines: ResolvConfLines) -> str:
    """Return the text of a resolv.conf, the same that was read."""
    return "\n".join(line.text for line in lines.lines)
