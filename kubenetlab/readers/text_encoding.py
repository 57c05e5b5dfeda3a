"""Which bytes are the text: byte order marks, UTF-16 as PowerShell's ``>`` writes it, and what is no text at all."""

from __future__ import annotations

import codecs
import mmap
from typing import TypeAlias

from kubenetlab.errors import UnreadableError

Bytes: TypeAlias = "bytes | bytearray | memoryview | mmap.mmap"

_SAMPLE = 4096
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ARCHIVES = {b"PK\x03\x04": "a zip archive", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def encoding_of(data: Bytes) -> tuple[str, int]:
    r"""Return the encoding of a text and the length of its byte order mark.

    Without a mark, UTF-16 is told by every other byte of the first characters being zero, as in ``{\0"\0``.

    Raises
    ------
    UnreadableError
        If the bytes are no text: an archive, or zero bytes anywhere else.

    Examples
    --------
    >>> encoding_of(b"\xff\xfe{\0}\0"), encoding_of(b"\0{\0}"), encoding_of(b"{}")
    (('utf-16-le', 2), ('utf-16-be', 0), ('utf-8', 0))
    """
    sample = bytes(data[:_SAMPLE])
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding, len(mark)
    for magic, name in _ARCHIVES.items():
        if sample.startswith(magic):
            raise UnreadableError(f"found {name}, expected JSON or YAML (also gzipped); unpack it first")
    return (_unmarked(sample), 0) if b"\0" in sample else ("utf-8", 0)


def _unmarked(sample: bytes) -> str:
    start = sample[:16]
    if not any((*start[1::4], *start[2::4], *start[3::4])) and all(start[::4]) and len(start) > 3:
        return "utf-32-le"
    if not any((*start[::4], *start[1::4], *start[2::4])) and all(start[3::4]) and len(start) > 3:
        return "utf-32-be"
    if not any(start[1::2]) and all(start[::2]):
        return "utf-16-le"
    if not any(start[::2]) and all(start[1::2]):
        return "utf-16-be"
    raise UnreadableError(f"found binary data (a zero byte at {sample.index(0)}), expected JSON or YAML")


def utf8_text(data: Bytes) -> Bytes:
    """Return a text as UTF-8 without a byte order mark; UTF-8 is not copied.

    Raises
    ------
    UnreadableError
        If the bytes are no text.
    """
    encoding, n_mark = encoding_of(data)
    body = memoryview(data)[n_mark:]
    if encoding == "utf-8":
        return body
    try:
        return str(body, encoding).encode()
    except UnicodeError as error:
        raise UnreadableError(
            f"found {encoding} text that breaks off ({error}), expected JSON or YAML"
        ) from None
