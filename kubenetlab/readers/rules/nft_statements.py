"""nft text as statements: words, and for tables, chains and sets the statements between their braces.

Source: nftables, src/scanner.l and src/parser_bison.y: a statement ends with its line, at ``;`` or at the brace that closes
its block; inside the braces of a list a line may only end after a comma or a brace. Basis: *ran* (nft 1.0.6).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from kubenetlab.errors import ManifestError, Refusal

_TOKEN = re.compile(r'"[^"\n]*"|#[^\n]*|[{},;"\n]|[^\s{},;"#]+')
#: A shell's prompt, alone or before ``nft list``, on a line of its own.
_PROMPT = re.compile(
    r'^[^\s"{}]{0,99}[@:~][^\s"{}]{0,99}[#$>] *(?:(?:sudo )?nft [^\n"{}]*list[^\n"{}]*)?$', re.M
)
_GOES_ON = re.compile(r"[ \t]*(?:[}\n#]|\Z)")


class Statement(NamedTuple):
    """A statement: its line, words (``{ } ,`` are words, texts keep their quotes), and text or, of a block, body."""

    line: int
    words: list[str]
    text: str
    body: list[Statement]


class Statements(NamedTuple):
    """The statements of a text, what it lacks, and the number of a last line without an end (0: there is none)."""

    body: list[Statement]
    missing: tuple[str, ...]
    cut_line: int


def refused(source: str, line: int, field: str, found: str, expected: str) -> ManifestError:
    """Return the error for a line that cannot be."""
    return ManifestError(Refusal(source, f"line {line}", field, repr(found[:80]), expected))


def statements(text: str, source: str = "-") -> Statements:
    """Return the statements of a listing or a file of commands.

    A text that ends inside a table is said in ``missing``; if its last line is cut off as well, that is left out.

    Raises
    ------
    ManifestError
        For a brace or quote that is too many or not closed.

    Examples
    --------
    >>> statements("table ip x { chain y { tcp dport { 80, 81 } drop; } }").body[0].body[0].body[0].words
    ['tcp', 'dport', '{', '80', ',', '81', '}', 'drop']
    """
    return _Scanner(_PROMPT.sub("", text), source).read()


class _Scanner:
    def __init__(self, text: str, source: str) -> None:
        self.text, self.source, self.line, self.depth = text, source, 1, 0
        self.words: list[str] = []
        self.first_line = self.start = self.end = 0
        self.opened = [Statement(0, [], "", [])]

    def read(self) -> Statements:
        body = self.opened[0].body
        for match in _TOKEN.finditer(self.text):
            token = match[0]
            if token in _SIGNS:
                _SIGNS[token](self, match)
            elif token[0] != "#":
                self._add(match)
            elif len(self.opened) == 1 and not self.words:
                body.append(Statement(self.line, [token], token, []))
        missing = self._cut() if self.depth or len(self.opened) > 1 else ()
        self._finish()
        return Statements(body, missing, self.line if self.text[-1:] != "\n" else 0)

    def _add(self, match: re.Match[str]) -> None:
        if not self.words:
            self.start, self.first_line = match.start(), self.line
        self.words.append(match[0])
        self.end = match.end()

    def _finish(self) -> None:
        if self.words:
            text = self.text[self.start : self.end]
            text = " ".join(self.words) if "\n" in text else text
            self.opened[-1].body.append(Statement(self.first_line, self.words, text, []))
            self.words = []

    def _newline(self, match: re.Match[str]) -> None:
        if not self.depth:
            self._finish()
        elif self.words[-1] not in {",", "{"} and not _GOES_ON.match(self.text, match.end()):
            raise self._refused("a comma or a closing brace at its end")
        self.line += 1

    def _semicolon(self, _match: re.Match[str]) -> None:
        if self.depth:
            raise self._refused("a closing brace before ;")
        self._finish()

    def _open(self, match: re.Match[str]) -> None:
        level, words = len(self.opened), self.words
        in_table = level == 2 and "table" in self.opened[1].words[:2]
        if not words or (level == 3 and words[0] in {"chain", "set", "map"}):
            raise self._refused("braces closed before this one")
        if self.depth or not (in_table or (level == 1 and {"element", "rule"}.isdisjoint(words[:2]))):
            self.depth += 1
            self._add(match)
            return
        block = Statement(self.first_line, words, "", [])
        self.opened[-1].body.append(block)
        self.opened.append(block)
        self.words = []

    def _close(self, match: re.Match[str]) -> None:
        if self.depth:
            self.depth -= 1
            self._add(match)
            return
        self._finish()
        if len(self.opened) == 1:
            raise self._refused("no closing brace without an opening one")
        self.opened.pop()

    def _quote(self, match: re.Match[str]) -> None:
        if len(self.opened) == 1 or "\n" in self.text[match.end() :]:
            raise self._refused("every quote closed on its line")
        self._add(match)

    def _refused(self, expected: str) -> ManifestError:
        return refused(
            self.source,
            self.line,
            "the line",
            self.text.split("\n", self.line)[self.line - 1].strip(),
            expected,
        )

    def _cut(self) -> tuple[str, ...]:
        """Leave out a last line that is not whole, but keep the whole elements of a list; say where the text ends."""
        where = ", ".join(" ".join(block.words) for block in self.opened[1:]) or "a list in braces"
        is_list = self.depth and self.words[0] == "elements" and "," in self.words
        self.words = [*self.words[: -1 - self.words[::-1].index(",")], "}"] if is_list else []
        line = self.line - (self.text[-1:] == "\n")
        return (f"the text ends at line {line} inside {where}: what follows is not known",)


_SIGNS: dict[str, Callable[[_Scanner, re.Match[str]], None]] = {
    "{": _Scanner._open, "}": _Scanner._close, ";": _Scanner._semicolon, "\n": _Scanner._newline, '"': _Scanner._quote
}  # fmt: skip
