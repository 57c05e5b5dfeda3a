"""Caddy's lexer and parser in plain Python, character by character and token by token: obvious, not fast.

Source: coredns/caddy v1.1.1, caddyfile/lexer.go (``next``) and caddyfile/parse.go, their functions by their names.
"""

from typing import NamedTuple

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


class RefusedError(Exception):
    """Caddy's parser returns an error."""


class Word(NamedTuple):
    text: str
    line: int


def all_tokens(text):  # noqa: C901, PLR0912, PLR0915 - as lexer.go has it
    tokens, value, line, start = [], "", 1, 1
    comment = quoted = escaped = False
    for ch in text.removeprefix("\ufeff"):
        if quoted:
            if not escaped and ch == "\\":
                escaped = True
                continue
            if not escaped and ch == '"':
                tokens.append(Word(value, start))
                value, quoted = "", False
                continue
            line += ch == "\n"
            value += "\\" + ch if escaped and ch != '"' else ch
            escaped = False
            continue
        if ch in SPACES:
            if ch == "\r":
                continue
            if ch == "\n":
                line += 1
                comment = False
            if value:
                tokens.append(Word(value, start))
                value, comment = "", False
            continue
        comment = comment or ch == "#"
        if comment:
            continue
        if not value:
            start = line
            if ch == '"':
                quoted = True
                continue
        value += ch
    return [*tokens, Word(value, start)] if value else tokens


class Parser:
    """One Corefile without imports and environment variables."""

    def __init__(self, text, directives):
        self.tokens, self.cursor, self.directives = all_tokens(text), -1, directives
        self.snippets = {}

    def next(self):
        if self.cursor < len(self.tokens) - 1:
            self.cursor += 1
            return True
        return False

    def val(self):
        return self.tokens[self.cursor].text if 0 <= self.cursor < len(self.tokens) else ""

    def is_new_line(self):
        if self.cursor < 1:
            return True
        before = self.tokens[self.cursor - 1]
        return before.line + before.text.count("\n") < self.tokens[self.cursor].line

    def parse_all(self):
        blocks = []
        while self.next():
            keys, directives = self.begin()
            if keys:
                blocks.append((keys, directives))
        return blocks

    def begin(self):
        keys, is_eof = self.addresses()
        if is_eof:
            return keys, []
        if len(keys) == 1 and keys[0].startswith("(") and keys[0].endswith(")"):
            self.snippet()
            return [], []
        is_braced = self.val() == "{"
        if not is_braced:
            self.cursor -= 1
        directives = []
        while self.next() and self.val() != "}":
            directives.append(self.directive())
        if is_braced and self.val() != "}":
            raise RefusedError
        return keys, directives

    def addresses(self):
        keys, expecting = [], False
        while True:
            token = self.val()
            if token == "{":
                if expecting:
                    raise RefusedError
                return keys, False
            if token:
                expecting = token.endswith(",")
                keys.append(token.removesuffix(","))
            has_next = self.next()
            if expecting and not has_next:
                raise RefusedError
            if not has_next:
                return keys, True
            if not expecting and self.is_new_line():
                return keys, False

    def snippet(self):
        if self.val() != "{":
            raise RefusedError
        depth = 1
        while self.next():
            depth += {"{": 1, "}": -1}.get(self.val(), 0)
            if not depth:
                return
        raise RefusedError

    def directive(self):
        words, nesting = [self.val()], 0
        if self.val() not in self.directives:
            raise RefusedError
        while self.next():
            if self.val() == "{":
                nesting += 1
            elif self.is_new_line() and not nesting:
                self.cursor -= 1
                break
            elif self.val() == "}" and nesting:
                nesting -= 1
            elif self.val() == "}":
                raise RefusedError
            words.append(self.val())
        if nesting:
            raise RefusedError
        return words
