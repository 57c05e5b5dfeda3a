"""JSON documents one after the other, as one ``kubectl get`` or several append them; items stay raw bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

import msgspec

from kubenetlab.errors import UnreadableError
from kubenetlab.objects import KINDS
from kubenetlab.readers.text_encoding import Bytes

RawItem = msgspec.Raw | memoryview | bytes

_BETWEEN = re.compile(rb"[\s\0]*(?:---[ \t]*(?=\r|\n|\Z)\s*)*")
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_PLACE = re.compile(r"(?:JSON is malformed: )?(.*) \(byte (\d+)\)")
_BLOCK = 1 << 20


class _Outside(msgspec.Struct, rename="camel"):
    kind: str | None = None
    api_version: str | None = None
    items: list[msgspec.Raw] | None = None


class Document(NamedTuple):
    """A list with its raw items, or (``items`` is None) a single raw object."""

    kind: str
    api_version: str
    items: list[msgspec.Raw] | None
    raw: memoryview


_KNOWN_LISTS = frozenset(("", *(kind.kind for kind in KINDS)))
_outside = msgspec.json.Decoder(_Outside)
_array = msgspec.json.Decoder(list[msgspec.Raw])
_anything = msgspec.json.Decoder(msgspec.Raw)


def json_documents(text: Bytes) -> Iterator[Document]:
    """Yield the documents of a text: lists, arrays of objects, single objects, with ``---`` or nothing between.

    Raises
    ------
    UnreadableError
        If the text is not JSON, breaks off, or nests too deeply; the message starts with line and byte.
    """
    view = memoryview(text)
    start = _next_start(view, 0)
    while start < len(view):
        end = len(view)
        try:
            document = _document(view[start:])
        except msgspec.DecodeError as error:
            trailing = _TRAILING.search(str(error))
            if not trailing:
                _refuse(view, start, str(error))
            end = start + int(trailing[1]) - 1  # msgspec counts the byte it stopped at
            document = _document(view[start:end])
        except RecursionError:
            raise UnreadableError(
                "found nesting deeper than 900 levels, expected a Kubernetes object or list"
            ) from None
        except UnicodeDecodeError as error:
            raise UnreadableError(
                f"found bytes that are not UTF-8 ({error.reason}), expected UTF-8 or UTF-16 text"
            ) from None
        yield document
        start = _next_start(view, end)


def _document(view: memoryview) -> Document:
    """Decode a document's outside; what is neither a list nor an array of items stays one raw value."""
    try:
        outside = _outside.decode(view)
        kind, items = outside.kind or "", outside.items
        if kind.removesuffix("List") in _KNOWN_LISTS and kind.endswith("List"):
            items = items or []
        elif not (kind or "List").endswith("List"):
            items = None
        return Document(kind, outside.api_version or "", items, view)
    except msgspec.ValidationError:
        pass
    try:
        return Document("List", "v1", _array.decode(view), view)
    except msgspec.ValidationError:
        _anything.decode(view)
        return Document("", "", None, view)


def _next_start(view: memoryview, start: int) -> int:
    between = _BETWEEN.match(view, start)
    return between.end() if between else start


def _refuse(view: memoryview, start: int, message: str) -> NoReturn:
    place = _PLACE.fullmatch(message)
    if place is None:
        line = _line(view, len(view))
        raise UnreadableError(
            f"line {line}: found a JSON document that breaks off after {len(view):,} bytes, expected its end; "
            "run the command that wrote it again"
        )
    offset = start + int(place[2])
    raise UnreadableError(
        f"line {_line(view, offset)}, byte {offset}: found malformed JSON ({place[1]}), expected JSON as kubectl prints it"
    )


def _line(view: memoryview, offset: int) -> int:
    blocks = range(0, offset, _BLOCK)
    return 1 + sum(bytes(view[block : min(block + _BLOCK, offset)]).count(b"\n") for block in blocks)
