"""How a Corefile's words become server blocks and directives: Caddy's parser, with bounds.

Source: coredns/caddy v1.1.1, caddyfile/parse.go and caddyfile/dispenser.go; what is refused has their words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from kubenetlab.objects.corefile import Directive, ServerBlock
from kubenetlab.readers.corefile.tokens import ENVIRONMENT, Token, tokens_of

#: Plugins in the order in which a query meets them, whatever their order in the file (coredns v1.13.1, plugin.cfg).
_IN_ORDER = """
root metadata geoip cancel tls quic timeouts multisocket reload nsid bufsize bind debug trace ready health pprof
prometheus errors log dnstap local dns64 acl any chaos loadbalance tsig cache rewrite header dnssec autopath minimal
template transfer hosts route53 azure clouddns k8s_external kubernetes file auto secondary etcd loop forward grpc
erratic whoami on sign view nomad
"""
DIRECTIVES: Final = tuple(_IN_ORDER.split())
MAX_TOKENS, MAX_DEPTH, MAX_IMPORTS = 100_000, 16, 1000  # the last is parse.go's maxSnippetExpansions
_DEPTHS = {"{": 1, "}": -1}
_EOF, _ODD = "Unexpected EOF, expecting '}'", "Unexpected token"


class Parser:
    """The words of a Corefile and the place of the one that is read now."""

    def __init__(self, text: str, name: str, imports: Mapping[str, str]) -> None:
        self._tokens = tokens_of(text, name)
        self._end = Token("end of the file", text.count("\n") + 1, name)
        self._place = self._n_imports = 0
        self._imports = imports
        self._snippets: dict[str, Sequence[Token]] = {}
        self.missing: dict[str, None] = {}  # imports with a * that mean no file

    def blocks(self) -> tuple[ServerBlock, ...]:
        """Return its server blocks; one without a key is none."""
        found = []
        while self._token is not self._end:
            found.append(self._block())
        return tuple(block for block in found if block.keys)

    @property
    def _token(self) -> Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else self._end

    @property
    def _is_on_line(self) -> bool:
        """Whether the word stands on the line of the one before it."""
        return 0 < self._place < len(self._tokens) and self._tokens[self._place - 1].precedes(self._token)

    def _take(self) -> Token:
        token = self._token
        if ENVIRONMENT.search(token.text):
            raise token.refused("an environment variable", "its value: no environment is read")
        if len(self._tokens) > MAX_TOKENS:
            raise token.refused(f"{len(self._tokens):,} words", f"at most {MAX_TOKENS:,}, with imports")
        self._place += 1
        return token

    def _block(self) -> ServerBlock:
        keys = self._keys()
        names = tuple(key.text for key in keys)
        if len(names) == 1 and names[0].startswith("(") and names[0].endswith(")"):
            self._snippets[names[0][1:-1]] = self._snippet(keys[0])
            return ServerBlock((), ())
        is_braced = self._token.text == "{"
        self._place += is_braced
        directives = self._lines(0)
        if is_braced and self._tokens[min(self._place, len(self._tokens) - 1)].text != "}":
            raise self._end.refused(_EOF, f"the end of block {' '.join(names):.60}")
        self._place += 1
        return ServerBlock(names, directives, keys[0].at or keys[0].line if keys else 0)

    def _keys(self) -> list[Token]:
        keys: list[Token] = []
        goes_on = True  # at first, and after a comma
        while self._token.text != "{" and self._token is not self._end and (goes_on or self._is_on_line):
            if self._token.text == "import" and not self._is_on_line:
                self._import()
                continue
            token = self._take()
            goes_on = token.text.endswith(",") if token.text else goes_on
            keys += [token._replace(text=token.text.removesuffix(","))] * bool(token.text)
        if keys and (goes_on or keys[0].text == "import"):
            raise self._token.refused("Expected another address", "zones, with commas between them")
        return keys

    def _snippet(self, name: Token) -> Sequence[Token]:
        """Return the words of a snippet, for those who import it."""
        first, depth = self._place + 1, _DEPTHS.get(self._token.text, 0)
        while depth > 0 and self._token is not self._end:
            self._place += 1
            depth += _DEPTHS.get(self._token.text, 0)
        if self._place < first or self._token is self._end or name.text[1:-1] in self._snippets:
            raise name.refused("a snippet again, or without its braces", "each snippet once, in its braces")
        self._place += 1
        return self._tokens[first : self._place - 1]

    def _lines(self, depth: int) -> tuple[Directive, ...]:
        """Take what stands in braces, or to the end of the file."""
        found = []
        while self._token.text != "}" and self._token is not self._end:
            if self._token.text == "import" and (not depth or not self._is_on_line):
                self._import()
            else:
                found.append(self._directive(depth))
        return tuple(found)

    def _directive(self, depth: int) -> Directive:
        """Take a directive or an option of one, as plugins do with ``RemainingArgs`` and ``NextBlock``."""
        head, args = self._take(), list[str]()
        options: tuple[Directive, ...] = ()
        if head.text in ("{", "import") if depth else head.text not in DIRECTIVES:
            raise head.refused(f"Unknown directive '{head.text}'", "a plugin of CoreDNS 1.13, or its option")
        while self._is_on_line and self._token.text not in _DEPTHS:
            args.append(self._take().text)
        if self._is_on_line and self._token.text == "{" and depth < MAX_DEPTH:
            self._place += 1
            options = self._lines(depth + 1)
            if self._token is self._end:
                raise self._end.refused(_EOF, f"the end of {head.text:.60}, line {head.line}")
            self._place += 1
        if self._is_on_line and not (depth and options):
            raise self._token.refused(_ODD, f"a line of its own, braces at most {MAX_DEPTH} deep")
        return Directive(head.text, tuple(args), options, head.at or head.line)

    def _import(self) -> None:
        """Put what is imported in the place of the two words that ask for it."""
        first, head = self._place, self._take()
        words = []
        while self._is_on_line:
            words.append(self._take().text)
        self._n_imports += 1
        if len(words) != 1 or self._n_imports > MAX_IMPORTS:
            found = f"{len(words)} words after it, import {self._n_imports:,}"
            raise head.refused(found, f"one word, at most {MAX_IMPORTS:,} imports")
        known = self._snippets.get(words[0])
        self._tokens[first : self._place] = self._files(head, words[0]) if known is None else known
        self._place = first

    def _files(self, head: Token, pattern: str) -> list[Token]:
        names = sorted(name for name in self._imports if _is_match(name.split("/"), pattern.split("/")))
        if pattern.count("*") > 1 or pattern.count("?") > 1 or "[" in pattern:
            raise head.refused(f"Glob pattern may only contain one wildcard (*): {pattern}", "one *")
        if not names and not {"*", "?"} & {*pattern}:
            raise head.refused(f"File to import not found: {pattern}", "a snippet, or a text handed in")
        self.missing |= {} if names else {pattern: None}
        texts = ((self._imports[name], name, head.at or head.line) for name in names)
        return [token for text in texts for token in tokens_of(*text)]


def _is_match(name: list[str], pattern: list[str]) -> bool:
    """Whether a glob means a path; only as many parts from its end are compared as the path has."""
    return len(name) <= len(pattern) and all(map(fnmatchcase, name, pattern[-len(name) :]))
