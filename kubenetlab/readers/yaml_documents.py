"""YAML as kubectl means it, built from the parser's events: no tags that run code, no duplicate keys, no bombs.

Depth and size are counted while events arrive, before anything is built from them: libyaml's own composer
recurses in C and ends the process on 100,000 nested brackets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from kubenetlab.errors import UnreadableError
from kubenetlab.readers.text_encoding import Bytes
from kubenetlab.readers.yaml_scalars import plain_value

MAX_YAML_BYTES = 64 << 20  # about half a minute; kubectl prints big dumps as JSON just as well
MAX_DEPTH = 200
_SPARE_NODES = 100_000  # a text of n characters has at most n nodes of its own; more come from aliases only
_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset((_TAG + "str", _TAG + "binary", _TAG + "timestamp", "!"))
_PLAIN_TAGS = frozenset(_TAG + name for name in ("int", "float", "bool", "null"))
_COLLECTION_TAGS = frozenset((None, "!", _TAG + "map", _TAG + "seq"))
_MERGE = "<<"
_ADVICE = "mend it there, or print the dump again with kubectl get -o json"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Anchored(NamedTuple):
    value: Any
    n_nodes: int


class _Documents:
    """Builds plain values from YAML events; one instance reads one text."""

    def __init__(self, text: Bytes) -> None:
        self._loader = _LOADER(bytes(text))
        self._anchors: dict[str, _Anchored] = {}
        self._n_nodes = 0
        self._max_nodes = len(text) + _SPARE_NODES

    def __iter__(self) -> Iterator[Any]:
        while not self._loader.check_event(yaml.StreamEndEvent):
            event = self._loader.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                yield self._node(self._loader.get_event(), 0)

    def _node(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._anchor(event, _scalar(event), 1)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        if event.tag not in _COLLECTION_TAGS:
            raise _refused(event, f"the tag {event.tag}")
        if depth >= MAX_DEPTH:
            raise _refused(event, f"nesting deeper than {MAX_DEPTH} levels")
        before = self._n_nodes
        build = self._mapping if kind is yaml.MappingStartEvent else self._sequence
        return self._anchor(event, build(depth + 1), self._n_nodes - before + 1)

    def _anchor(self, event: Any, value: Any, n_nodes: int) -> Any:
        self._count(event, 1)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, n_nodes)
        return value

    def _alias(self, event: Any) -> Any:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            raise _refused(event, f"the alias *{event.anchor} before its anchor is complete")
        self._count(event, anchored.n_nodes)
        return anchored.value

    def _count(self, event: Any, n_nodes: int) -> None:
        self._n_nodes += n_nodes
        if self._n_nodes > self._max_nodes:
            raise _refused(event, "aliases that multiply the document (a YAML bomb)")

    def _sequence(self, depth: int) -> list[Any]:
        values = []
        while type(event := self._loader.get_event()) is not yaml.SequenceEndEvent:
            values.append(self._node(event, depth))
        return values

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[Any] = []
        while type(event := self._loader.get_event()) is not yaml.MappingEndEvent:
            key = self._key(event)
            value = self._node(self._loader.get_event(), depth)
            if key == _MERGE and event.implicit[0]:
                merged.append((event, value))
            elif key in values:
                raise _refused(event, f"the key {key!r} twice in one map")
            else:
                values[key] = value
        for event, value in merged:
            self._merge(event, values, value)
        return values

    def _key(self, event: Any) -> str:
        if type(event) is not yaml.ScalarEvent:
            raise _refused(event, "a map, list or alias as a key")
        key = self._node(event, 0)
        return str(key).lower() if isinstance(key, bool) else event.value

    def _merge(self, event: Any, values: dict[str, Any], parents: Any) -> None:
        for parent in parents if isinstance(parents, list) else [parents]:
            if not isinstance(parent, dict):
                raise _refused(event, "<< with something that is not a map")
            self._count(event, len(parent))
            for key, value in parent.items():
                values.setdefault(key, value)


def _scalar(event: Any) -> Any:
    if event.tag is None or event.tag in _PLAIN_TAGS:
        return plain_value(event.value) if event.implicit[0] or event.tag else event.value
    if event.tag not in _TEXT_TAGS:
        raise _refused(event, f"the tag {event.tag}")
    return event.value


def _refused(event: Any, found: str) -> UnreadableError:
    return UnreadableError(
        f"line {event.start_mark.line + 1}: found {found}, expected plain YAML as kubectl prints it"
    )


def yaml_documents(text: Bytes) -> Iterator[Any]:
    r"""Yield the documents of a YAML text as plain values; keys are text, empty documents are left out.

    Raises
    ------
    UnreadableError
        If the text is not YAML, is above 64 MiB, repeats a key, nests deeper than 200 levels, has a tag beyond
        YAML's own scalars, or multiplies itself with aliases. The message starts with the line.

    Examples
    --------
    >>> list(yaml_documents(b"ports: [22:22]\n---\nreplicas: 3"))
    [{'ports': ['22:22']}, {'replicas': 3}]
    """
    if len(text) > MAX_YAML_BYTES:
        raise UnreadableError(
            f"found {len(text):,} bytes of YAML, expected at most {MAX_YAML_BYTES:,}; print it with -o json"
        )
    try:
        yield from (document for document in _Documents(text) if document is not None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise UnreadableError(
            f"{line}found malformed YAML ({error.problem or error.context}), expected JSON or YAML; {_ADVICE}"
        ) from None
    except yaml.YAMLError as error:
        raise UnreadableError(
            f"found malformed YAML ({' '.join(str(error).split())}), expected JSON or YAML; {_ADVICE}"
        ) from None
