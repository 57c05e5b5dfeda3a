r"""host-local's data directory on a node (/var/lib/cni/networks): a copy of it, or what ls, find or grep print of it.

Source: containernetworking/plugins 1.1.1, plugins/ipam/host-local/backend/disk/backend.go: a file for each reserved
address, whose name is the address and whose text is ``containerID\r\nifname``; ``last_reserved_ip.N`` for the N-th
range set; ``lock``. Files of releases before 0.8 hold the container's ID alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from kubenetlab.objects.address_text import is_address
from kubenetlab.objects.listings import HostLocalFile, HostLocalFiles

_LAST = re.compile(r"last_reserved_ip\.\d{1,4}\Z")
_LOCK = "lock"
_MODE = re.compile(r"[-dlbcps][-rwxsStT]{9}")  # how a line of ls -l starts
_MAX_TEXT = 128  # characters of a container's ID or an interface's name
_MAX_NAME = 100
_MAX_LINE = 4096
_MAX_COLONS = 16
_HEAD = 64  # lines that tell what a text is


class _Line(NamedTuple):
    """A directory's name, a file of it, and one line of its text."""

    network: str
    name: str
    text: str


def is_lock(path: str) -> bool:
    """Whether a file is called as the one that host-local locks, which holds nothing."""
    return os.path.basename(path) == _LOCK


def is_host_local_file(path: str) -> bool:
    """Whether a file's name is one that host-local gives: an address, or last_reserved_ip.N.

    >>> is_host_local_file("networks/cbr0/10.244.1.7"), is_host_local_file("dump.json")
    (True, False)
    """
    name = os.path.basename(path)
    return len(name) < _MAX_NAME and (is_address(name) or bool(_LAST.match(name)))


def files_of_directories(entries: Iterable[tuple[str, bytes]]) -> Iterator[HostLocalFiles]:
    """Yield the data directory of each network whose files are given by path and bytes."""
    ordered = sorted(entries, key=lambda entry: (os.path.dirname(entry[0]), entry[0]))
    for folder, group in groupby(ordered, key=lambda entry: os.path.dirname(entry[0])):
        network = os.path.basename(folder)[:_MAX_NAME]
        lines = (
            _Line(network, os.path.basename(path), line)
            for path, data in group
            for line in data[:_MAX_LINE].decode("utf-8", "replace").splitlines() or [""]
        )
        yield from _collected(folder[:_MAX_LINE], lines)


def files_in_text(source: str, data: bytes) -> list[HostLocalFiles]:
    """Return the data directories that a text lists: ``grep -r . DIR``, ``ls``, ``ls -l``, ``ls -R`` or ``find DIR``."""
    text = data.decode("utf-8", "replace")
    return list(_collected(source, _lines(line[:_MAX_LINE] for line in text.split("\n"))))


def is_host_local_text(head: bytes) -> bool:
    r"""Whether the start of a text is such a listing: at least half of its entries are files that host-local makes.

    >>> is_host_local_text(b"/var/lib/cni/networks/cbr0/10.244.1.7:0a1b2c\r"), is_host_local_text(b"kind: Pod")
    (True, False)
    """
    lines = head.decode("utf-8", "replace").split("\n")[:_HEAD]
    entries = [line[:_MAX_LINE] for line in lines if not _is_about_directories(line.split())]
    n_files = sum(bool(_files_in(line)) for line in entries)
    return n_files > 0 and 2 * n_files >= len(entries)


def _is_about_directories(words: list[str]) -> bool:
    if not words:
        return True
    is_heading = words[0] == "total" or (
        len(words) == 1 and words[0].endswith(":") and not _file_in(words[0])
    )
    is_alone = len(words) == 1 or bool(_MODE.match(words[0]))
    return is_heading or words[0].startswith("d") or (is_alone and os.path.basename(words[-1]) == _LOCK)


def _lines(lines: Iterable[str]) -> Iterator[_Line]:
    """Yield the files that lines name; a line ``PATH:`` of ls -R names the directory of those that follow."""
    network = ""
    for line in lines:
        stripped = line.strip()
        files = _files_in(stripped)
        if not files and stripped.endswith(":"):
            network = os.path.basename(stripped[:-1].rstrip("/"))[:_MAX_NAME]
        yield from (file._replace(network=file.network or network) for file in files)


def _files_in(line: str) -> list[_Line]:
    """Return the files that a line names: one (ls -l, find, grep), or several side by side (ls)."""
    words = line.split()
    if words and _MODE.match(words[0]):
        words = words[-1:]
    files = [_file_in(word) for word in words if word != _LOCK]
    return [] if None in files else [file for file in files if file]


def _file_in(word: str) -> _Line | None:
    """Return the file that a word names, with what grep shows of its text behind a colon."""
    folder, _, entry = word.rpartition("/")
    name, text = _name_and_text(entry)
    return _Line(os.path.basename(folder)[:_MAX_NAME], name, text) if name else None


def _name_and_text(entry: str) -> tuple[str, str]:
    """Split ``NAME:TEXT``; an IPv6 address has colons too, so the longest name that is one counts."""
    colons = [place for place, character in enumerate(entry[:_MAX_LINE]) if character == ":"][:_MAX_COLONS]
    names = ((entry[:end], entry[end + 1 :]) for end in (len(entry), *reversed(colons)))
    return next(
        ((n, t) for n, t in names if len(n) < _MAX_NAME and (is_address(n) or _LAST.match(n))), ("", "")
    )


def _collected(source: str, lines: Iterable[_Line]) -> Iterator[HostLocalFiles]:
    """Put the lines of each file together, and the files of each network."""
    texts: dict[str, dict[str, list[str]]] = {}
    for line in lines:
        shown = texts.setdefault(line.network, {}).setdefault(line.name, [])
        if text := _printable(line.text):
            shown.append(text)
    for network, files in texts.items():
        kept = tuple(_file(name, shown) for name, shown in files.items() if not _LAST.match(name))
        last = tuple(
            shown[0] for name, shown in files.items() if _LAST.match(name) and shown and is_address(shown[0])
        )
        yield HostLocalFiles(source, _printable(network), kept, last)


def _file(address: str, texts: list[str]) -> HostLocalFile:
    container, interface, *_ = (*texts, "", "")
    return HostLocalFile(address, container, interface)


def _printable(text: str) -> str:
    """Return the start of a text that somebody else chose, on one line."""
    return "".join(c if c.isprintable() else " " for c in text[:_MAX_TEXT]).strip()
