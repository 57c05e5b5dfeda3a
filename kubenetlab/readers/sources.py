"""Where the bytes of a dump come from: files, directories, standard input, gzip; with bounds."""

from __future__ import annotations

import gzip
import hashlib
import io
import mmap
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any, BinaryIO, NamedTuple, TypeAlias

from kubenetlab.errors import UnreadableError
from kubenetlab.readers.host_local_files import is_host_local_file

MAX_FILE_BYTES = 8 << 30  # a file that is mapped, not copied
MAX_HELD_BYTES = 2 << 30  # what must be held in memory: standard input, pipes, unpacked gzip
MAX_FILES = 10_000
STDIN = "-"
_GZIP = b"\x1f\x8b"
_NOT_NAMES = (bytes, bytearray, memoryview)

Source: TypeAlias = "str | os.PathLike[str] | IO[Any] | Iterable[str | os.PathLike[str] | IO[Any]]"
Buffer: TypeAlias = "bytes | bytearray | mmap.mmap"


class Content(NamedTuple):
    """The bytes of a source as they stand there."""

    name: str
    data: Buffer
    path: str = ""


def digest_of(content: Content) -> str:
    """Return the SHA-256 of a source's bytes; a mapped file is read anew, so that no page of it stays in memory."""
    if not isinstance(content.data, mmap.mmap):
        return hashlib.sha256(content.data).hexdigest()
    try:
        with open(content.path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableError(
            f"{content.name}: found it gone while it was read ({error.strerror}), expected a file"
        ) from None


def source_names(source: Source) -> list[str]:
    """Return the files of a source without open files among them; otherwise as `source_entries`."""
    entries = source_entries(source)
    for entry in entries:
        if not isinstance(entry, str):
            raise _not_a_source(entry)
    return [entry for entry in entries if isinstance(entry, str)]


def source_entries(source: Source) -> list[str | IO[Any]]:
    """Return the files of a source: itself, the files below a directory in sorted order, or those of each entry.

    Hidden files are left out.

    Raises
    ------
    TypeError
        If it is anything else.
    UnreadableError
        If a path does not exist, a directory holds no file, or there are more than 10,000 files.
    """
    is_one = isinstance(source, (str, os.PathLike)) or hasattr(source, "read")
    if not is_one and (isinstance(source, _NOT_NAMES) or not isinstance(source, Iterable)):
        raise _not_a_source(source)
    entries: list[Any] = [source] if is_one else list(source)  # type: ignore[arg-type]
    names = [name for entry in entries for name in _names(entry)]
    if not names:
        raise UnreadableError("no source given; expected a file, a directory or -")
    return names


def _not_a_source(source: object) -> TypeError:
    advice = "; read_bytes takes bytes" if isinstance(source, _NOT_NAMES) else ""
    return TypeError(
        "read_cluster takes a path, a directory, '-', an open file, or a list of these, "
        f"not {type(source).__name__}{advice}"
    )


def _names(entry: Any) -> list[Any]:
    if hasattr(entry, "read"):
        return [entry]
    if not isinstance(entry, (str, os.PathLike)):
        raise _not_a_source(entry)
    return list(_expanded(os.fspath(entry)))


def _expanded(name: str) -> list[str]:
    if name == STDIN or not os.path.isdir(name):
        return [name]
    try:
        files = sorted(islice(_files_below(name), MAX_FILES + 1))
    except OSError as error:
        reason = error.strerror or error
        raise UnreadableError(
            f"{shown_name(name)}: found no readable directory ({reason}), expected dumps"
        ) from None
    if not files:
        raise UnreadableError(
            f"{shown_name(name)}: found a directory without files, expected dumps (kubectl get … -o json)"
        )
    if len(files) > MAX_FILES:
        raise UnreadableError(
            f"{shown_name(name)}: found more than {MAX_FILES:,} files, expected fewer; name one directory of dumps"
        )
    return files


def _files_below(name: str) -> Iterator[str]:
    def fail(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(name, onerror=fail):
        folders[:] = [entry for entry in folders if not entry.startswith(".")]
        paths = (os.path.join(folder, file) for file in files if not file.startswith("."))
        yield from (path for path in paths if os.path.isfile(path) and not _is_strange_link(path))


def _is_strange_link(path: str) -> bool:
    """Whether a file of host-local's data directory is a link: host-local makes none, and it may lead anywhere."""
    return is_host_local_file(path) and os.path.islink(path)


def shown_name(name: str) -> str:
    """Return a file's name as text that any stream can print, also where its bytes are not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def open_source(name: str | IO[Any]) -> Content:
    """Return the bytes of a file (mapped into memory), of standard input, or what is left of an open file.

    Raises
    ------
    UnreadableError
        If it cannot be opened or is larger than the bounds above.
    """
    if not isinstance(name, str):
        return _rest_of(name)
    try:
        if name == STDIN:
            return Content("standard input", _all_of(sys.stdin.buffer, "standard input"))
        with open(name, "rb") as file:
            return Content(shown_name(name), _contents(file, shown_name(name)), name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableError(
            f"{shown_name(name)}: found no readable file ({reason}), expected a file, a directory or -"
        ) from None


def _rest_of(file: IO[Any]) -> Content:
    name = getattr(file, "name", None)
    shown = shown_name(name) if isinstance(name, str) else "the open file"
    try:
        data = _all_of(file, shown)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{shown}: found no readable file ({error}), expected an open file") from None
    return Content(shown, data)


def _contents(file: BinaryIO, name: str) -> Buffer:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        return _all_of(file, name)
    if status.st_size > MAX_FILE_BYTES:
        raise UnreadableError(
            f"{name}: found {status.st_size:,} bytes, expected at most {MAX_FILE_BYTES:,}; split it by kind"
        )
    if not status.st_size:  # empty, or a file of /proc that does not tell its size
        return _all_of(file, name)
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _all_of(file: IO[Any], name: str) -> bytes:
    data: bytes | str = file.read(MAX_HELD_BYTES + 1)
    if len(data) > MAX_HELD_BYTES:
        raise UnreadableError(
            f"{name}: found more than {MAX_HELD_BYTES:,} bytes, expected fewer; save it as a file first"
        )
    return data.encode("utf-8", "replace") if isinstance(data, str) else data


def unpacked(data: Buffer) -> Buffer:
    """Return the bytes of a gzip text, or what is not gzip as it is.

    Raises
    ------
    UnreadableError
        If the gzip data is damaged or unpacks to more than 2 GiB.
    """
    if data[:2] != _GZIP:
        return data
    try:
        return _whole(data)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError(
            f"found damaged gzip data ({error}), expected a whole file; copy it again"
        ) from None


def _whole(data: Buffer) -> bytearray:
    text = bytearray()
    with gzip.GzipFile(fileobj=io.BytesIO(data) if not isinstance(data, mmap.mmap) else data) as file:
        while block := file.read(1 << 24):
            text += block
            if len(text) > MAX_HELD_BYTES:
                raise UnreadableError(
                    f"found gzip that unpacks to more than {MAX_HELD_BYTES:,} bytes, expected less; split it by kind"
                )
    return text
