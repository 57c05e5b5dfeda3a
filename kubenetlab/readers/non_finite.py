"""NaN, infinity and half characters, which YAML and Python's json write and the Kubernetes API cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any

from kubenetlab.readers.refused_fields import FieldError

Refuse = Callable[[str, FieldError], None]


def without_non_finite(document: Any, refuse: Refuse) -> Any:
    """Return a document without the items that hold NaN, infinity or half characters, or None if it is one itself.

    Of a Secret nothing but its kind is kept, so that it is counted and none of it is shown.

    >>> without_non_finite({"kind": "Pod", "spec": {"n": float("nan")}}, lambda name, error: print(name, error.field))
    Pod document spec.n
    """
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        return _kept(document, "document", refuse)
    if _is_secret(document):
        return {"kind": "SecretList", "items": [{} for _ in items]}
    outside = _kept({key: value for key, value in document.items() if key != "items"}, "document", refuse)
    kept = ((item, _kept(item, f"items[{i}]", refuse)) for i, item in enumerate(items))
    fit = [value for item, value in kept if value is not None or item is None]
    return None if outside is None else {**outside, "items": fit}


def _is_secret(item: Any) -> bool:
    kind = item.get("kind") if isinstance(item, dict) else None
    return kind in ("Secret", "SecretList") if isinstance(kind, str) else "Secret" in str(kind)


def _kept(item: Any, place: str, refuse: Refuse) -> Any:
    for path, found, expected in _unfit(item, ""):
        if _is_secret(item):
            return {"kind": "Secret"}
        refuse(_name(item, place), FieldError(_whole(path.lstrip(".")), found, expected))
        return None
    return item


def _unfit(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _unfit_scalar(key, path)
            yield from _unfit(entry, f"{path}.{key}")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _unfit(entry, f"{path}[{index}]")
    else:
        yield from _unfit_scalar(value, path)


def _unfit_scalar(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, float) and not isfinite(value):
        yield path, repr(value), "a finite number"
    elif isinstance(value, str) and not _is_whole(value):
        yield path, ascii(value)[:80], "text of whole characters"


def _is_whole(text: str) -> bool:
    """Whether a text has no half of a UTF-16 pair on its own."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _name(item: Any, place: str) -> str:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    text = f"{item.get('kind') or ''} {name or place}".strip() if isinstance(item, dict) else place
    return _whole(text)


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
