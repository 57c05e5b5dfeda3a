"""What Python's json module writes beyond JSON: NaN, Infinity, and halves of UTF-16 pairs."""

from __future__ import annotations

import json
import re
from typing import Any

from kubenetlab.readers.text_encoding import Bytes

MAX_BYTES = 512 << 20  # this way is slow and holds every value in memory
_BEYOND = re.compile(rb"\bNaN\b|\bInfinity\b|\\u[dD][89a-fA-F]")
_BETWEEN = re.compile(r"\s*(?:---[ \t]*(?=\r|\n|\Z)\s*)*")
_MAX_DIGITS = 18


def _whole_number(text: str) -> int | float:
    return int(text) if len(text) <= _MAX_DIGITS else float(text)


_decoder = json.JSONDecoder(parse_int=_whole_number)


def python_documents(text: Bytes) -> list[Any] | None:
    """Return the documents of a text that Python's json module reads, or None if nothing in it is of that kind.

    >>> python_documents(b'{"a": NaN}---'), python_documents(b'{"a": nan}')
    ([{'a': nan}], None)
    """
    if len(text) > MAX_BYTES or not _BEYOND.search(text):
        return None
    try:
        return _documents(bytes(text).decode())
    except (ValueError, RecursionError):
        return None


def _documents(text: str) -> list[Any]:
    documents = []
    start = _next(text, 0)
    while start < len(text):
        document, end = _decoder.raw_decode(text, start)
        documents.append(document)
        start = _next(text, end)
    return documents


def _next(text: str, start: int) -> int:
    between = _BETWEEN.match(text, start)
    return between.end() if between else start
