"""Dumps, rule texts and Corefiles in, the same with other names and addresses out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

import msgspec

from kubenetlab.anonymize.addresses import Addresses
from kubenetlab.anonymize.corefile import corefile, is_corefile, starts_as_corefile
from kubenetlab.anonymize.dumps import known_ranges, plain_objects, shared_dump
from kubenetlab.anonymize.names import Names
from kubenetlab.anonymize.rules import RuleText, is_rule_text, starts_as_rule_text
from kubenetlab.anonymize.written_addresses import found
from kubenetlab.cluster import Cluster, Provenance
from kubenetlab.dns.top_level_domains import TOP_LEVEL_DOMAINS
from kubenetlab.errors import UnreadableError
from kubenetlab.readers import read_bytes, read_cluster
from kubenetlab.readers.sources import STDIN, Source, open_source, shown_name, source_names, unpacked
from kubenetlab.readers.text_encoding import utf8_text

Progress: TypeAlias = Callable[[str, int, int], None]

_WORD = re.compile(r"[^\W_]+")
_SAMPLE = 1 << 16
_DUMP = "cluster.json"
MAX_TEXT_BYTES = 1 << 28

#: Texts other than dumps: what they are called, whether a start is one's, whether a whole text is one.
_SPECIAL: tuple[tuple[str, Callable[[str], bool], Callable[[str], bool]], ...] = (
    ("rules", starts_as_rule_text, is_rule_text),
    ("a Corefile", starts_as_corefile, is_corefile),
)

#: What a refusal calls a whole file or a whole document of one.
_WHOLE = ("file", "document")
_MAX_LISTED = 20


class _RefusedTextError(UnreadableError):
    """A text that begins like rules or a Corefile and goes on as something else."""


class SharedFile(NamedTuple):
    """A file that can be shared: a name for it, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymized:
    """What came out.

    ``files`` can be shared. ``mapping`` is private: it holds every replaced word and address. ``notes`` say what
    was left out.
    """

    files: tuple[SharedFile, ...]
    mapping: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...] = ()


class _Sources(NamedTuple):
    """What was read: texts by the name of their file, and a cluster if there is one."""

    rules: dict[str, str]
    corefiles: dict[str, str]
    cluster: Cluster | None
    digests: list[str]
    refused: tuple[str, ...] = ()

    @property
    def texts(self) -> dict[str, str]:
        """Rule texts and Corefiles."""
        return {**self.rules, **self.corefiles}


def anonymize(source: Source, key: str = "", progress: Progress | None = None) -> Anonymized:
    """Replace names, labels, annotations, free texts and addresses, consistently over all files of a source.

    Parameters
    ----------
    source
        What ``read_cluster`` takes; among the files there may also be rule texts (iptables-save, nft list,
        ipvsadm -S) and Corefiles.
    key
        What the replacements depend on. Without one it is computed from the input: the same input then gives the
        same output, and who can guess the whole input can check the guess.
    progress
        As for ``read_cluster``.

    Returns
    -------
    One file for all dumps (``cluster.json``), one for every rule text and Corefile.

    Raises
    ------
    UnreadableError
        If nothing can be read.

    Notes
    -----
    Kept: what Kubernetes itself names (kube-system, kube-dns, kubernetes.io/… keys), kinds, types and policies,
    ports and other numbers, versions, times, counts and order. Only fields that kubenetlab reads are written, so
    environment, volumes, managedFields and unknown kinds are gone. Secrets are never read.
    """
    sources = _read(source, progress)
    objects = [plain for _, plain in plain_objects(sources.cluster)] if sources.cluster else []
    texts = {piece for plain in objects for piece in msgspec.json.encode(plain).decode().split('"')}
    texts |= {line for text in sources.texts.values() for line in text.splitlines()}
    secret = blake2b(
        (key or " ".join(sources.digests)).encode(), digest_size=32, person=b"kubenetlab"
    ).digest()
    addresses = Addresses.hiding(secret, texts, known_ranges(sources.cluster) if sources.cluster else ())
    words = {word for text in texts for word in _WORD.findall(text)}
    names = Names(secret, addresses, words, TOP_LEVEL_DOMAINS)
    files = tuple(_files(sources, names, addresses, secret))
    originals, _ = found(texts)
    mapping = {"addresses": {text: addresses.address(text) for text in originals}, "words": names.mapping}
    return Anonymized(files=files, mapping=mapping, notes=tuple(_notes(sources, addresses.reused(originals))))


def _read(source: Source, progress: Progress | None) -> _Sources:
    names = source_names(source)
    if STDIN in names:
        return _read_standard_input(names)
    rules: dict[str, str] = {}
    corefiles: dict[str, str] = {}
    digests: list[str] = []
    dumps: list[str] = []
    refused: list[str] = []
    for name in names:
        try:
            text = _special_text(unpacked(open_source(name).data))
        except _RefusedTextError as error:
            refused.append(f"{shown_name(name)}: {error}")
            continue
        except UnreadableError:  # read_cluster says so
            text = None
        if text is None:
            dumps.append(name)
            continue
        (rules if is_rule_text(text) else corefiles)[name] = text
        digests.append(blake2b(text.encode()).hexdigest())
    cluster = _cluster(dumps, refused, progress, is_needed=not (rules or corefiles))
    if not (rules or corefiles or cluster):
        raise UnreadableError("; ".join(refused[:_MAX_LISTED]))
    digests += [cluster.provenance.digest] if cluster else []
    return _Sources(rules, corefiles, cluster, digests, tuple(refused))


def _cluster(
    dumps: list[str], refused: list[str], progress: Progress | None, *, is_needed: bool
) -> Cluster | None:
    """The cluster of the dumps; without one, why there is none is added to what was refused."""
    try:
        return read_cluster(dumps, progress=progress) if dumps else None
    except UnreadableError as error:
        if is_needed and not refused:
            raise
        refused.append(str(error))
        return None


def _read_standard_input(names: list[str]) -> _Sources:
    if len(names) > 1:
        raise UnreadableError("found - among other sources, expected - alone or files alone")
    data = bytes(unpacked(open_source(STDIN).data))
    text = _special_text(data)
    if text is None:
        cluster = read_bytes("standard input", data)
        return _Sources({}, {}, cluster, [cluster.provenance.digest])
    digest = blake2b(text.encode()).hexdigest()
    is_rules = is_rule_text(text)
    return _Sources({STDIN: text} if is_rules else {}, {} if is_rules else {STDIN: text}, None, [digest])


def _special_text(data: object) -> str | None:
    """The text if it is a rule text or a Corefile, None if it should be a dump."""
    body = utf8_text(data)  # type: ignore[arg-type]
    start = bytes(body[:_SAMPLE]).decode(errors="replace")
    kind = next((what for what, starts, _ in _SPECIAL if starts(start)), "")
    if not kind:
        return None
    if len(body) > MAX_TEXT_BYTES:
        raise _RefusedTextError(f"found {len(body):,} bytes of {kind}, expected at most {MAX_TEXT_BYTES:,}")
    text = bytes(body).decode(errors="replace")
    if not any(is_whole(text) for _, _, is_whole in _SPECIAL):
        raise _RefusedTextError(f"found a text that only begins like {kind}, expected {kind} to its end")
    return text


def _files(sources: _Sources, names: Names, addresses: Addresses, secret: bytes) -> Iterator[SharedFile]:
    if sources.cluster:
        yield SharedFile(_DUMP, shared_dump(sources.cluster, names, addresses))
    rule_text = RuleText(list(sources.rules.values()), names, secret)
    for index, text in enumerate(sources.rules.values(), 1):
        yield SharedFile(f"rules-{index}.txt", rule_text.replaced(text).encode())
    for index, text in enumerate(sources.corefiles.values(), 1):
        yield SharedFile(f"Corefile-{index}", corefile(text, names).encode())


def _notes(sources: _Sources, reused: tuple[str, ...]) -> Iterator[str]:
    yield from _listed(sources.refused)
    if sources.cluster:
        yield from _cluster_notes(sources.cluster.provenance)
    if reused:
        yield f"{len(reused)} addresses also stand in the output, as replacements of others: their private ranges are nearly full"


def _listed(reasons: tuple[str, ...]) -> Iterator[str]:
    yield from (f"left out: {reason}" for reason in reasons[:_MAX_LISTED])
    if len(reasons) > _MAX_LISTED:
        yield f"left out: {len(reasons) - _MAX_LISTED} more files"


def _cluster_notes(provenance: Provenance) -> Iterator[str]:
    whole = [refusal for refusal in provenance.refused if refusal.object in _WHOLE]
    items = [refusal for refusal in provenance.refused if refusal.object not in _WHOLE]
    left_out = {
        "Secrets were never read": provenance.n_secrets,
        "objects of kinds that kubenetlab does not read were left out": sum(provenance.skipped.values()),
        f"items that the API would not accept were left out, the first: {items[0] if items else ''}": len(
            items
        ),
    }
    yield from _listed(tuple(map(str, whole)))
    yield from (f"{n} {what}" for what, n in left_out.items() if n)
