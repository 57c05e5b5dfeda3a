"""Words of a line of iptables rules, quoted and spaced as iptables-save and kube-proxy write them."""

from __future__ import annotations

import re

from kubenetlab.errors import KubenetlabError

#: One word: quoted with backslashes, or without any quote.
WORD = r'(?:"[^"\\]*+(?:\\.[^"\\]*+)*"|[^\s"]++)'
_WORD = re.compile(rf'{WORD}|"')
_SPACED = re.compile(rf"\s*+(?:{WORD}(?:\s++|$))*")
_ESCAPED = re.compile(r"\\(.)")
#: What iptables-save, and what kube-proxy leaves without quotes.
_PLAIN, _GIVEN = re.compile(r"[A-Za-z0-9_-]+"), re.compile(r'[^\s"]+')
#: Options whose value iptables-save sets off by two spaces (libxt_nfacct, iptables 1.8).
_WIDE = frozenset({"--nfacct-name"})
_SAVE_QUOTED = frozenset({"--comment", "--log-prefix", "--nflog-prefix", "--nfacct-name"})


class WrongWord(KubenetlabError):  # noqa: N818 - it is the word that is wrong
    """A word of a rule that cannot be; the reader adds file and line."""

    def __init__(self, field: str, found: str, expected: str) -> None:
        super().__init__(f"{field}: found {found}, expected {expected}")
        self.field, self.found, self.expected = field, found, expected


def words_of(text: str) -> list[str]:
    r"""Return the words of a line; quoted words keep their quotes.

    Raises
    ------
    WrongWord
        If a quote is not closed.

    Examples
    --------
    >>> words_of('-m comment --comment "a \\"b\\" c" -j X')
    ['-m', 'comment', '--comment', '"a \\"b\\" c"', '-j', 'X']
    """
    if '"' in text and not _SPACED.fullmatch(text):
        raise WrongWord("the rule", text, "every quote closed, and a space after it")
    return _WORD.findall(text)


def unquoted(word: str) -> str:
    """Return the value of a word."""
    return _ESCAPED.sub(r"\1", word[1:-1]) if word.startswith('"') else word


def saved_line(words: list[str]) -> str:
    """Return words as iptables-save writes them: texts quoted where they hold more than letters, digits, - and _."""
    parts = []
    for before, word in zip(["", *words], words, strict=False):
        is_text = before in _SAVE_QUOTED or word[0] == '"'
        parts.append((" " if before in _WIDE else "") + (_saved(unquoted(word)) if is_text else word))
    return " ".join(parts)


def _saved(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else quoted(value, r"\"\\'")


def restore_line(words: list[str]) -> str:
    """Return words as kube-proxy gives them to iptables-restore: quoted only where they hold spaces or quotes."""
    values = map(unquoted, words)
    return " ".join(value if _GIVEN.fullmatch(value) else quoted(value) for value in values)


def quoted(value: str, escaped: str = r"\"\\") -> str:
    """Return a value as a quoted word, a backslash before all of the ``escaped`` characters."""
    return '"' + re.sub(f"([{escaped}])", r"\\\1", value) + '"'
