"""The words of a Corefile, each with its line, and how a word is written so that it is read back the same.

Source: coredns/caddy v1.1.1, caddyfile/lexer.go (``next``), caddyfile/dispenser.go (``NextArg``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from kubenetlab.errors import ManifestError, Refusal
from kubenetlab.visible_text import visible

#: What Go's unicode.IsSpace takes for a space.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
#: A quoted word (without an end it goes to the end of the file), a word, a comment. A # inside a word ends it, and the
#: comment ends at the next space; a carriage return inside a word is dropped.
_WORD = re.compile(
    rf'"((?:[^"\\]|\\.)*)(?:"|\\?\Z)|([^{_SPACE}#"](?:[^{_SPACE}#]|\r)*)(?:#(?:[^{_SPACE}]|\r)*)?|#[^\n]*',
    re.DOTALL,
)
#: What Caddy replaces by an environment variable.
ENVIRONMENT = re.compile(r"\{\$[^{}]+\}|\{%(?:(?!\{%).)+?%\}", re.DOTALL)
#: A word that must be quoted, and one that cannot be: a backslash would take the quote after it for its own.
_ODD = re.compile(rf'^$|^"|[{_SPACE}#]')
_UNQUOTABLE = re.compile(r'(?<!\\)(?:\\\\)*\\(?:"|\Z)')
_LONGEST = 100


class Token(NamedTuple):
    """A word: ``line`` in its ``file``; ``at`` the line of the first import that led there, 0 without one."""

    text: str
    line: int
    file: str
    at: int = 0

    def precedes(self, after: Token) -> bool:
        """Whether the next word stands on the line where it ends."""
        return self.file == after.file and self.line + self.text.count("\n") == after.line

    def refused(self, found: str, expected: str) -> ManifestError:
        """Return the error that names its file and line, and itself."""
        texts = (self.file, f"line {self.line}", self.text or '""', found, expected)
        shown = (visible(text if len(text) < _LONGEST else f"{text[:_LONGEST]}…") for text in texts)
        return ManifestError(Refusal(*shown))


def tokens_of(text: str, file: str, at: int = 0) -> list[Token]:
    r"""Return the words of a text, imported ``at`` a line.

    Examples
    --------
    >>> [token.text for token in tokens_of('a "b \\"c\\"" # d\ne#f', "-")]
    ['a', 'b "c"', 'e']
    """
    tokens, line, place = [], 1, 0
    for match in _WORD.finditer(text.removeprefix("\ufeff")):
        line += match.string.count("\n", place, match.start())
        place = match.start()
        if match[1] or match[0] == '""' or match[2]:
            word = match[2].replace("\r", "") if match[2] else match[1].replace('\\"', '"')
            tokens.append(Token(word, line, file, at))
    return tokens


def quoted(word: str, braces: str = "{}") -> str:
    """Return a word as a Corefile writes it; only as a zone it may be a closing brace.

    Raises
    ------
    ValueError
        If no Corefile can hold it.
    """
    is_odd = _ODD.search(word)
    if word in [*braces] or ENVIRONMENT.search(word) or (is_odd and _UNQUOTABLE.search(word)):
        raise ValueError(f"{visible(word)!r:.60} cannot be a word of a Corefile")
    return '"' + word.replace('"', '\\"') + '"' if is_odd else word
