"""An inventory of names: which pods look up which name how often; a YAML document in, checked values out."""

from __future__ import annotations

import os
from typing import Any

import msgspec

from kubenetlab.errors import UnreadableError
from kubenetlab.objects.name_inventory import NameInventory, NameRate
from kubenetlab.readers.plan_request import bounded_source, refused, suggestion
from kubenetlab.readers.refused_fields import field_error
from kubenetlab.readers.text_encoding import utf8_text
from kubenetlab.readers.yaml_documents import yaml_documents

MAX_BYTES = 8 << 20
MAX_NAMES = 50_000
_EXAMPLE = "one map, such as names: [{name: www.example.com, rate_per_s: 2, pods: 10}]"


def read_inventory(source: str | os.PathLike[str]) -> NameInventory:
    """Read an inventory of names from a YAML (or JSON) file, also gzipped; ``-`` is standard input.

    Raises
    ------
    UnreadableError
        If it cannot be read, is no YAML, above 8 MiB, or not exactly one map.
    ManifestError
        If a field is unknown, missing, of the wrong type or out of bounds; the message names file, entry, field, found, expected.
    """
    name, data = bounded_source(source, MAX_BYTES, "an inventory of names")
    return inventory_from_bytes(data, name)


def inventory_from_bytes(data: bytes, source: str = "-") -> NameInventory:
    r"""Read an inventory from the bytes of a YAML document: a map whose ``names`` is a list of entries with ``NameRate``'s fields.

    What entries share can be said once with YAML's anchors: ``- &shop {name: web, …}`` and ``- {<<: *shop, name: api}``. Raises as
    ``read_inventory``.

    Examples
    --------
    >>> text = b"names: [{name: web.pay, rate_per_s: 2, pods: 3}]"
    >>> inventory_from_bytes(text).entries[0].lookups_per_s
    6.0
    """
    try:
        documents = list(yaml_documents(utf8_text(data)))
    except UnreadableError as error:
        raise UnreadableError(f"{source}: {str(error).partition(';')[0]}") from None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise UnreadableError(
            f"{source}: found {len(documents)} YAML documents or no map, expected {_EXAMPLE}"
        )
    _known(documents[0], ("names",), "the inventory", source)
    names = documents[0].get("names")
    if not isinstance(names, list) or not 1 <= len(names) <= MAX_NAMES:
        found = f"{len(names):,} entries" if isinstance(names, list) else "no list"
        raise refused(source, "the inventory", "names", found, f"a list of 1 to {MAX_NAMES:,} entries")
    entries = tuple(_entry(entry, f"entry {at}", source) for at, entry in enumerate(names, 1))
    return NameInventory(entries=entries, source=source)


def _known(entry: dict[str, Any], fields: tuple[str, ...], place: str, source: str) -> None:
    for key in entry:
        if key not in fields:
            raise refused(source, place, key, "an unknown field", suggestion(key, list(fields)))


def _entry(entry: Any, place: str, source: str) -> NameRate:
    if isinstance(entry, dict):
        _known(entry, NameRate.__struct_fields__, place, source)
        place += f" ({entry['name']})" if isinstance(entry.get("name"), str) else ""
        entry = {**entry, "resolver": "cares"} if entry.get("resolver") == "c-ares" else entry
    try:
        return msgspec.convert(entry, NameRate)
    except (msgspec.ValidationError, OverflowError) as error:
        raise refused(source, place, *field_error(str(error), entry)) from None
