"""Items of dumps become objects: each is decoded by its kind, counted as skipped, or refused with the reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from kubenetlab.errors import ManifestError, Refusal
from kubenetlab.objects import KINDS, ApiObject, Kind, kind_of
from kubenetlab.objects.listings import Listings
from kubenetlab.readers.cloud import Shape, shape_of
from kubenetlab.readers.json_documents import Document, RawItem
from kubenetlab.readers.refused_fields import FieldError, field_error

# kubectl prints keys in this order, so most items tell their kind in the first bytes.
_KIND_OR_LISTING = (
    "the kind of a Kubernetes object, or a whole listing of a cloud's command (without --query or --format)"
)
_HEAD = re.compile(rb'\s*\{\s*"apiVersion"\s*:\s*"([^"\\]*)"\s*,\s*"kind"\s*:\s*"([^"\\]*)"')
_STEP = 1000
_MAX_NAME = 253
_MAX_KINDS = 500
_MAX_REFUSED = 10_000
_SECRETS = frozenset(("Secret", "SecretList"))
_CLUSTER_SCOPED = frozenset(
    (
        *("Node", "Namespace", "IngressClass", "ServiceCIDR", "IPAddress", "IPPool", "IPAMBlock"),
        *("CiliumNode", "CiliumPodIPPool", "ENIConfig", "CNINode"),
    )
)
_KNOWN = frozenset(kind.kind for kind in KINDS)


class _Probe(msgspec.Struct, rename="camel"):
    kind: str | None = None
    api_version: str | None = None


_probe = msgspec.json.Decoder(_Probe)
_anything = msgspec.json.Decoder(float_hook=float)
_MAX_MESSAGE = 300
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
Decode = Callable[[Any], ApiObject]


class _Status(msgspec.Struct):
    status: str | None = None
    message: str | None = None


_status = msgspec.json.Decoder(_Status)


class _Route(NamedTuple):
    """Where items of a kind go; without a kind they are counted under ``label``."""

    label: str
    kind: Kind | None
    decode: Decode


@lru_cache(maxsize=4096)
def _route(kind_text: str, api_version: str) -> _Route:
    kind = kind_of(kind_text, api_version)
    group = api_version.rpartition("/")[0]
    label = f"{kind_text}.{group}" if kind is None and group and kind_text in _KNOWN else kind_text
    return _Route(label, kind, msgspec.json.Decoder(kind.type if kind else ApiObject).decode)


class ItemReader:
    """Collects the objects of any number of documents; the last of several objects of one name counts."""

    def __init__(self, strict: bool = False) -> None:
        self.objects: dict[str, dict[tuple[str, str], ApiObject]] = {kind.plural: {} for kind in KINDS}
        self.skipped: Counter[str] = Counter()
        self.repeated: Counter[str] = Counter()
        self.refused: list[Refusal] = []
        self.n_refused = 0
        self.n_secrets = 0
        self.n_without_namespace = 0
        self.is_strict = strict
        self.listings = Listings()
        self.listed: Counter[str] = Counter()

    def add(self, document: Document, file: str, place: str) -> Iterator[int]:
        """Decode the items of a list, or a single object; yield now and then how many bytes are done with."""
        if document.items is None:
            self._add_item(document.raw, "", "", file, place or "document")
            yield len(document.raw)
            return
        n_bytes = 0
        kind = document.kind.removesuffix("List")
        for index, item in enumerate(document.items):
            self._add_item(
                item, kind, document.api_version if kind else "", file, f"{place} items[{index}]".strip()
            )
            n_bytes += len(memoryview(item))
            if index % _STEP == _STEP - 1:
                yield n_bytes
                n_bytes = 0
        yield n_bytes

    def _add_item(self, raw: RawItem, kind: str, api_version: str, file: str, place: str) -> None:
        if not kind:
            try:
                kind, api_version = _head(raw)
            except _UNDECODABLE:
                found = _start(raw)
                if found.startswith("{"):  # it may be a Secret
                    found = "an object whose kind or apiVersion is no text"
                self.refuse(file, place, FieldError("the item", found, "an object with kind and apiVersion"))
                return
        route = _route(kind[:_MAX_NAME], api_version[:_MAX_NAME])
        if kind in _SECRETS:
            self.n_secrets += 1
        elif kind == "Status" and (answer := _failure(raw)):
            self.refuse(file, place, answer)
        elif route.kind is not None:
            self._decode(raw, route.kind, route.decode, file, place)
        elif not api_version and (shape := shape_of(raw)):
            self._add_listing(raw, shape, file, place)
        else:
            self._skip(kind, route.label, file, place)

    def _skip(self, kind: str, label: str, file: str, place: str) -> None:
        """Count an item of a kind that no model uses; refuse what has no kind."""
        if not kind:
            self.refuse(file, place, FieldError("kind", "nothing", _KIND_OR_LISTING))
            return
        is_new = label not in self.skipped and len(self.skipped) >= _MAX_KINDS
        self.skipped["other kinds" if is_new else label] += 1

    def add_listings(self, kind: str, listings: Listings) -> None:
        """Add what something beside Kubernetes objects says."""
        self.listings = self.listings.plus(listings)
        self.listed[kind] += 1

    def _add_listing(self, raw: RawItem, shape: Shape, file: str, place: str) -> None:
        try:
            value = _without_nulls(_anything.decode(raw))
            self.add_listings(shape.command, shape.read(value))
        except msgspec.ValidationError as error:
            self.refuse(file, f"{shape.command} {place}", field_error(str(error), value))
        except _UNDECODABLE as error:
            self.refuse(
                file, f"{shape.command} {place}", FieldError("the item", _start(raw), f"JSON ({error})")
            )

    def _decode(self, raw: RawItem, kind: Kind, decode: Decode, file: str, place: str) -> None:
        try:
            self._keep(kind, decode(raw))
        except _UNDECODABLE:
            self._decode_slowly(raw, kind, file, place)

    def _decode_slowly(self, raw: RawItem, kind: Kind, file: str, place: str) -> None:
        """Decode an item without its nulls, or say which field is wrong."""
        try:
            item = _without_nulls(_anything.decode(raw))
        except _UNDECODABLE as error:
            self.refuse(file, f"{kind.kind} {place}", FieldError("the item", _start(raw), f"JSON ({error})"))
            return
        try:
            self._keep(kind, msgspec.convert(item, kind.type))
        except msgspec.ValidationError as error:
            self.refuse(file, _object_name(kind.kind, item, place), field_error(str(error), item))

    def _keep(self, kind: Kind, value: Any) -> None:
        metadata = value.metadata
        if not metadata.namespace and kind.kind not in _CLUSTER_SCOPED:
            self.n_without_namespace += 1
            metadata = msgspec.structs.replace(metadata, namespace="default")
            value = msgspec.structs.replace(value, metadata=metadata)
        by_name = self.objects[kind.plural]
        key = (metadata.namespace, metadata.name)
        if key in by_name:
            self.repeated[f"{kind.kind} {metadata.full_name}"] += 1
        by_name[key] = value

    def refuse(self, file: str, name: str, error: FieldError) -> None:
        """Leave an item out and say why; the first 10,000 refusals are listed, the rest counted."""
        refusal = Refusal(file, *(_printable(text) for text in (name, *error)))
        if self.is_strict:
            raise ManifestError(refusal)
        self.n_refused += 1
        if self.n_refused <= _MAX_REFUSED:
            self.refused.append(refusal)

    @property
    def read(self) -> dict[str, int]:
        """Objects read, by kind, and listings by what prints them."""
        kinds = {kind.kind: len(self.objects[kind.plural]) for kind in KINDS if self.objects[kind.plural]}
        return kinds | dict(sorted(self.listed.items()))


def _head(raw: RawItem) -> tuple[str, str]:
    """Return kind and apiVersion of a raw item; msgspec raises an error if it is no object."""
    head = _HEAD.match(memoryview(raw))
    if head:
        return str(head[2], "utf-8", "replace"), str(head[1], "utf-8", "replace")
    probe = _probe.decode(raw)
    return probe.kind or "", probe.api_version or ""


def _failure(raw: RawItem) -> FieldError | None:
    """Return what the API server answered instead of objects, or None where a Status tells of no failure."""
    try:
        answer = _status.decode(raw)
    except _UNDECODABLE:
        return None
    if answer.status != "Failure":
        return None
    message = (answer.message or "no message")[:_MAX_MESSAGE]
    expected = "Kubernetes objects; mend the command or its permissions and run it again"
    return FieldError("Status", f"the API server's refusal: {message}", expected)


def _without_nulls(value: Any) -> Any:
    """Return a value without the map entries that are null: the API reads null as absent."""
    if isinstance(value, dict):
        return {key: _without_nulls(entry) for key, entry in value.items() if entry is not None}
    return [_without_nulls(entry) for entry in value] if isinstance(value, list) else value


def _object_name(kind: str, item: Any, place: str) -> str:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    namespace, name = (
        metadata.get(key) if isinstance(metadata, dict) else None for key in ("namespace", "name")
    )
    if not (isinstance(name, str) and name):
        return f"{kind} {place}"
    return f"{kind} {namespace}/{name}" if isinstance(namespace, str) and namespace else f"{kind} {name}"


def _printable(text: str) -> str:
    """Return a text on one line, without characters that would move a terminal's cursor."""
    return "".join(character if character.isprintable() else " " for character in text)


def _start(raw: RawItem) -> str:
    text = bytes(memoryview(raw)[:81])
    return (text[:80].decode("utf-8", "replace") + ("…" if len(text) > 80 else "")).strip()
