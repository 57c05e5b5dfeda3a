"""NaN and infinity, which YAML can write and the Kubernetes API cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any

from kubenetlab.readers.refused_fields import FieldError

Refuse = Callable[[str, FieldError], None]


def without_non_finite(document: Any, refuse: Refuse) -> Any:
    """Return a document without the items that hold NaN or infinity, or None if it is one itself.

    >>> without_non_finite({"kind": "Pod", "spec": {"n": float("nan")}}, lambda name, error: print(name, error.field))
    Pod document spec.n
    """
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        return document if _is_finite(document, "document", refuse) else None
    return {
        **document,
        "items": [item for i, item in enumerate(items) if _is_finite(item, f"items[{i}]", refuse)],
    }


def _is_finite(item: Any, place: str, refuse: Refuse) -> bool:
    for path, value in _non_finite(item, ""):
        refuse(_name(item, place), FieldError(path.lstrip("."), repr(value), "a finite number"))
        return False
    return True


def _non_finite(value: Any, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        if not isfinite(value):
            yield path, value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _non_finite(entry, f"{path}.{key}")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _non_finite(entry, f"{path}[{index}]")


def _name(item: Any, place: str) -> str:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{item.get('kind') or ''} {name or place}".strip() if isinstance(item, dict) else place
