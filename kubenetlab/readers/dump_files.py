"""One file of a dump: its text is found, its documents are split, its items go to an ItemReader."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from kubenetlab.errors import UnreadableError
from kubenetlab.objects.listings import Listings
from kubenetlab.readers.host_local_files import files_in_text, is_host_local_text
from kubenetlab.readers.items import ItemReader
from kubenetlab.readers.json_documents import Document, json_documents
from kubenetlab.readers.non_finite import without_non_finite
from kubenetlab.readers.not_dumps import mistake_in
from kubenetlab.readers.python_json import python_documents
from kubenetlab.readers.sources import Buffer, Content, unpacked
from kubenetlab.readers.text_encoding import Bytes, utf8_text
from kubenetlab.readers.yaml_documents import MAX_YAML_BYTES, yaml_documents

Progress = Callable[[str, int, int], None]

_SPACE = b" \t\r\n"
_BLOCK = 4096
# What an error about YAML quotes of it: left out where the text may hold a Secret.
_ECHO = re.compile(
    r"(?<=the key ).*(?= twice)|(?<=the alias ).*(?= before)|(?<=the tag ).*(?=, expected)|'.*'|\".*\""
)
_MAX_TEMPLATE = 1 << 20
_MAX_LISTING_BYTES = 64 << 20
HOST_LOCAL = "host-local"


def add_file(content: Content, reader: ItemReader, progress: Progress | None = None) -> str:
    """Give a file's items to a reader and return the file's format: ``json``, ``yaml`` or ``host-local``.

    All documents are found before the first item is decoded, so a file that is refused adds nothing.

    Raises
    ------
    UnreadableError
        If the file is not a dump; the message starts with the file's name.
    """
    try:
        text = utf8_text(unpacked(content.data))
        is_json = _first_byte(text) in b"{["
        if not is_json and is_host_local_text(bytes(text[:_BLOCK])):
            reader.add_listings("host-local files", host_local_in(content.name, text))
            return HOST_LOCAL
        n_refused = reader.n_refused
        documents = list((_from_json if is_json else _from_yaml)(text, content.name, reader))
        if not documents and reader.n_refused == n_refused:
            raise UnreadableError(
                "found nothing but comments and separators, expected a Kubernetes object or list"
            )
    except UnreadableError as error:
        raise UnreadableError(f"{content.name}: {error}") from None
    n_done = 0
    for index, document in enumerate(documents):
        place = f"document {index + 1}" if len(documents) > 1 else ""
        for n_bytes in reader.add(document, content.name, place):
            n_done += n_bytes
            _forget(content.data, n_done)
            if progress:
                progress(content.name, n_done, len(text))
    return "json" if is_json else "yaml"


def host_local_in(name: str, text: Bytes) -> Listings:
    """Return the data directories of host-local that a text lists.

    Raises
    ------
    UnreadableError
        If the text is larger than 64 MiB.
    """
    if len(text) > _MAX_LISTING_BYTES:
        raise UnreadableError(
            f"found a listing of {len(text):,} bytes, expected at most {_MAX_LISTING_BYTES:,}"
        )
    return Listings(host_local=tuple(files_in_text(name, bytes(text))))


def _first_byte(text: Bytes) -> bytes:
    """Return the first byte that is no space; refuse what is empty or a known mistake."""
    for start in range(0, len(text), _BLOCK):
        block = bytes(text[start : start + _BLOCK]).lstrip(_SPACE)
        mistake = mistake_in(block)
        if mistake:
            raise UnreadableError(f"found {mistake.found}, expected JSON or YAML; {mistake.advice}")
        if block:
            return block[:1]
    raise UnreadableError("found an empty file, expected JSON or YAML; did the command that wrote it fail?")


def _from_json(text: Bytes, file: str, reader: ItemReader) -> Iterator[Document]:
    """Read JSON; where it is JSON only to Python's json module (NaN, half characters), by way of that."""
    try:
        return iter(list(json_documents(text)))
    except UnreadableError:
        values = python_documents(text)
        if values is None:
            raise
    return _fit(values, file, reader)


def _fit(values: Iterable[Any], file: str, reader: ItemReader) -> Iterator[Document]:
    for value in values:
        fit = without_non_finite(value, lambda name, error: reader.refuse(file, name, error))
        if fit is not None:
            yield from json_documents(msgspec.json.encode(fit))


def _from_yaml(text: Bytes, file: str, reader: ItemReader) -> Iterator[Document]:
    try:
        yield from _fit(yaml_documents(text), file, reader)
    except UnreadableError as error:
        is_template = b"{{" in bytes(text[:_MAX_TEMPLATE])
        reason = _ECHO.sub("…", str(error)) if b"Secret" in bytes(text[:MAX_YAML_BYTES]) else str(error)
        raise UnreadableError(
            f"{reason}{'; render a template first (helm template)' if is_template else ''}"
        ) from None


def _forget(data: Buffer, n_bytes: int) -> None:
    """Hand the pages of a mapped file that were read back to the system; they are read again if needed."""
    whole_pages = n_bytes - n_bytes % mmap.PAGESIZE
    if whole_pages and isinstance(data, mmap.mmap) and hasattr(data, "madvise"):
        data.madvise(mmap.MADV_DONTNEED, 0, whole_pages)
