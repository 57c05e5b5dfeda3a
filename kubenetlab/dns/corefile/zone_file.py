"""Zone files: their records, by owner and type (RFC 1035, section 5)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.objects.corefile import Directive
from kubenetlab.objects.dns_message import NAMES_IN_DATA, Record

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;[^\n]*|[()\n]|[^\s;()"]+|[ \t]+', re.DOTALL)
_TIME = re.compile(r"(?:[0-9]{1,10}[smhdw]?){1,9}", re.IGNORECASE)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DEFAULT_TTL = 3600


class Zone(NamedTuple):
    """A zone: its apex, and its records by owner and type."""

    origin: str
    records: dict[str, dict[str, list[Record]]]

    def of(self, name: str, kind: str) -> tuple[Record, ...]:
        """Return the records of a name and type."""
        return tuple(self.records.get(name, {}).get(kind, ()))


def record_of(words: Sequence[str], origin: str = ".", ttl: int = _DEFAULT_TTL) -> Record:
    """Return a record from its words: owner, then TTL and class in any order or left out, type and data.

    Raises
    ------
    ValueError, IndexError
        If it is none.
    """
    owner, *rest = words
    while rest[0].upper() == "IN" or rest[0][0].isdigit():
        word = rest.pop(0)
        ttl = ttl if word.upper() == "IN" else _seconds(word)
    kind, data = rest[0].upper(), rest[1:]
    for position in NAMES_IN_DATA.get(kind, ()):
        data[position] = _full(data[position], origin)
    if kind == "SOA":
        data[2:] = [str(_seconds(data[position])) for position in range(2, 7)]
    if kind in ("A", "AAAA"):
        data = [str(ip_address(data[0]))]
    if not data:
        raise ValueError("no data")
    return Record(_full(owner, origin), kind, ttl, " ".join(data))


def zone_from_text(text: str, origin: str, directive: Directive) -> Zone:
    """Return the zone that a file holds.

    Raises
    ------
    NotModelledError
        If a line is no record, or is ``$INCLUDE`` or ``$GENERATE``.
    """
    records: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    here, ttl, owner = origin, _DEFAULT_TTL, origin
    for number, words in entries(text):
        try:
            if words[0].upper() == "$ORIGIN":
                here = _full(words[1], here)
            elif words[0].upper() == "$TTL":
                ttl = _seconds(words[1])
            else:
                record = record_of([words[0] or owner, *words[1:]], here, ttl)
                owner = record.name
                records[owner.lower()][record.type].append(record)
        except (ValueError, IndexError):
            reason = f"line {number} of the zone file: {' '.join(words)[:80]!r}"
            raise NotModelledError(directive, reason) from None
    return Zone(origin, records)


def _seconds(text: str) -> int:
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    return sum(int(number) * _SECONDS[unit.lower()] for number, unit in re.findall(r"(\d+)(\D?)", text))


def _full(name: str, origin: str) -> str:
    if name == "@":
        return origin
    return name if name.endswith(".") else f"{name}.{origin.lstrip('.')}"


def entries(text: str) -> Iterator[tuple[int, list[str]]]:
    """Return the line number and words of each entry; the first word is empty where a line begins with a blank."""
    words: list[str] = []
    n_open, number = 0, 1
    for token in _TOKEN.findall(text + "\n"):
        if token == "\n" and not n_open:
            if any(words):
                yield number, words
            words = []
        elif token in "()":
            n_open += 1 if token == "(" else -1
        elif not token.isspace():
            words += [token] if token[0] != ";" else []
        elif not words:
            words = [""]
        number += token.count("\n")
