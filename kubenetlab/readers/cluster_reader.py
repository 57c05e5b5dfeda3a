"""Text in, a Cluster out."""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import IO, Any, NamedTuple

from kubenetlab.cluster import Cluster, Provenance, SourceFile
from kubenetlab.errors import ManifestError, Refusal, UnreadableError
from kubenetlab.objects.listings import Listings
from kubenetlab.readers.daemon_nodes import without_affinity
from kubenetlab.readers.dump_files import HOST_LOCAL, Progress, add_file
from kubenetlab.readers.host_local_files import files_of_directories, is_host_local_file, is_lock
from kubenetlab.readers.items import ItemReader
from kubenetlab.readers.planned_pods import planned_pods
from kubenetlab.readers.settings import find_settings
from kubenetlab.readers.sources import Content, Source, digest_of, open_source, source_entries

_BLOCK = 4096


class _File(NamedTuple):
    """A file that was read; its digest may still be being computed."""

    name: str
    format: str
    n_bytes: int
    digest: Future[str]


def read_cluster(source: Source, strict: bool = False, progress: Progress | None = None) -> Cluster:
    """Read a cluster from dumps or manifests.

    Parameters
    ----------
    source
        A file, a directory (every file in it that is not hidden, in sorted order), ``-`` for standard input,
        an open file, or several of these. JSON or YAML, gzipped or not, UTF-8, UTF-16 or UTF-32: what ``kubectl get … -o json``, ``-o yaml``
        or ``kubectl get --raw`` prints, manifests, and several of these one after the other. Beside them: what
        ``aws ec2 describe-subnets``, ``describe-network-interfaces``, ``describe-instance-types``, ``az aks show``, ``az network vnet subnet
        show``, ``gcloud container clusters describe`` and ``gcloud compute networks subnets describe`` print, and
        host-local's data directory of a node (a copy, or what ls, find or ``grep -r .`` print of it).
    strict
        Whether the first item that the API would not accept ends the reading. Otherwise such items, and
        unreadable files among readable ones, are left out and listed in ``provenance.refused``.
    progress
        Called now and then with the file's name, bytes done and bytes in all.

    Returns
    -------
    A Cluster; of several objects of one kind and name the last counts. Secrets are never decoded.

    Raises
    ------
    UnreadableError
        If nothing can be read: the message names the file, what was found and what was expected. Files above
        8 GiB, YAML above 64 MiB, and gzip or standard input above 2 GiB are refused.
    ManifestError
        If ``strict`` and an item is not what the API allows.
    TypeError
        If the source is none of these.
    """
    return _read((_content(name) for name in source_entries(source)), strict, progress)


def read_bytes(name: str, data: bytes, strict: bool = False) -> Cluster:
    """Read a cluster from the bytes of one dump held in memory; ``name`` stands in messages. See `read_cluster`."""
    return _read([Content(name, data)], strict)


def _content(name: str | IO[Any]) -> Content | UnreadableError:
    try:
        return open_source(name)
    except UnreadableError as error:
        return error


def _read(
    contents: Iterable[Content | UnreadableError], strict: bool, progress: Progress | None = None
) -> Cluster:
    reader = ItemReader(strict)
    unreadable: list[UnreadableError] = []
    files: list[_File] = []
    directories: list[tuple[str, bytes]] = []
    with _no_garbage_collection(), ThreadPoolExecutor(1) as beside:
        for content in contents:
            try:
                if isinstance(content, UnreadableError):
                    raise content
                digest = beside.submit(digest_of, content)
                file_format = _add(content, reader, directories, progress)
                files.append(_File(content.name, file_format, len(content.data), digest))
            except UnreadableError as error:
                unreadable.append(error)
                if strict:
                    raise
        for directory in files_of_directories(directories):
            reader.add_listings("host-local files", Listings(host_local=(directory,)))
        _check_something_was_read(reader, files, unreadable)
        return _cluster(reader, files, unreadable)


def _add(
    content: Content, reader: ItemReader, directories: list[tuple[str, bytes]], progress: Progress | None
) -> str:
    """Read a file as what it is; files of a copied data directory of host-local are collected."""
    if is_host_local_file(content.name):
        directories.append((content.name, bytes(content.data[:_BLOCK])))
        return HOST_LOCAL
    if is_lock(content.name) and not len(content.data):
        return HOST_LOCAL
    return add_file(content, reader, progress)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Objects decoded here hold no cycles, and looking for some would take most of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _check_something_was_read(
    reader: ItemReader, files: list[_File], unreadable: list[UnreadableError]
) -> None:
    if not files:
        more = f" (and {len(unreadable) - 1} more unreadable files)" if len(unreadable) > 1 else ""
        raise UnreadableError(f"{unreadable[0]}{more}")
    left_out = {**reader.skipped, "Secret": reader.n_secrets}
    if reader.read or not (any(left_out.values()) or reader.refused or unreadable):
        return
    if reader.refused or unreadable:
        first, n_more = [*reader.refused, *unreadable][0], reader.n_refused + len(unreadable) - 1
        raise UnreadableError(
            f"{first}{f' (and {n_more:,} more)' if n_more else ''}; nothing else could be read"
        )
    kinds = ", ".join(f"{n} of kind {kind}" for kind, n in sorted(left_out.items()) if n)
    never = "; Secrets are never read" if reader.n_secrets else ""
    raise UnreadableError(f"{files[0].name}: found only {kinds}, expected pods, Services, nodes …{never}")


def _cluster(reader: ItemReader, files: list[_File], unreadable: list[UnreadableError]) -> Cluster:
    objects: dict[str, Any] = {plural: tuple(by_name.values()) for plural, by_name in reader.objects.items()}
    read = reader.read
    bare = Cluster(**objects, listings=reader.listings)
    planned = planned_pods(bare, files[0].name if len(files) == 1 else "")
    settings = find_settings(bare)
    if reader.is_strict and planned.refused:
        raise ManifestError(planned.refused[0])
    provenance = Provenance(
        files=tuple(_source_files(files)),
        read=read,
        skipped=dict(sorted(reader.skipped.items())),
        refused=(*map(_file_refusal, unreadable), *reader.refused, *planned.refused),
        n_secrets=reader.n_secrets,
        notes=(*_notes(reader), *planned.notes, *settings.notes),
    )
    objects["pods"] += planned.pods
    objects["daemon_sets"] = tuple(map(without_affinity, bare.daemon_sets))
    return Cluster(**objects, listings=reader.listings, settings=settings.settings, provenance=provenance)


def _source_files(files: list[_File]) -> Iterator[SourceFile]:
    """Yield what was read; the files of a copied data directory of host-local count as one, under its folder's name."""
    for (folder, _), group in groupby(enumerate(files), key=_place):
        members = [file for _, file in group]
        digests = [file.digest.result() for file in members]
        if folder:
            digest = hashlib.sha256("".join(digests).encode()).hexdigest()
            yield SourceFile(folder, HOST_LOCAL, sum(file.n_bytes for file in members), digest)
        else:
            yield SourceFile(*members[0][:3], digests[0])


def _place(entry: tuple[int, _File]) -> tuple[str, int]:
    """Return the folder of a file of a data directory, or what no other file has."""
    index, file = entry
    is_part = file.format == HOST_LOCAL and (is_host_local_file(file.name) or is_lock(file.name))
    return (os.path.dirname(file.name) or ".", -1) if is_part else ("", index)


def _file_refusal(error: UnreadableError) -> Refusal:
    file, _, reason = str(error).partition(": ")
    before, _, expected = reason.partition(", expected ")
    place, _, found = before.partition("found ")
    return Refusal(file, "file", place.rstrip(": ") or "the text", found, expected or "JSON or YAML")


def _notes(reader: ItemReader) -> Iterator[str]:
    if reader.n_secrets:
        yield f"{reader.n_secrets} Secrets were skipped unread"
    if reader.n_without_namespace:
        yield f"{reader.n_without_namespace} objects without a namespace are taken as in namespace default"
    if reader.repeated:
        example, times = next(iter(reader.repeated.items()))
        n_repeats = sum(reader.repeated.values())
        yield f"{n_repeats} objects repeat an earlier one of the same kind and name; the last counts ({example}: {times + 1} times)"
    if reader.n_refused > len(reader.refused):
        yield f"{reader.n_refused} items were refused; the first {len(reader.refused)} are listed"
