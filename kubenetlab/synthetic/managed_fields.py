"""The managedFields of an object: which fields a manager owns, in the API's FieldsV1 form (structured-merge-diff)."""

import json
from typing import Any

Json = dict[str, Any]

#: Lists that server-side apply merges by key; every other list is owned as a whole.
_LIST_KEYS: dict[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "hostIPs": ("ip",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "podIPs": ("ip",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}


def fields_of(value: Json, depth: int) -> Json:
    """Return the FieldsV1 of a part of an object, down to ``depth`` levels."""
    return {f"f:{key}": _field(key, entry, depth - 1) for key, entry in value.items()}


def entry(manager: str, time: str, fields: Json, subresource: str = "") -> Json:
    """Return one entry of managedFields."""
    found: Json = {
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        "manager": manager,
        "operation": "Update",
        "time": time,
    }
    if subresource:
        found["subresource"] = subresource
    return found


def list_key(item: Json, names: tuple[str, ...]) -> str:
    """Return the key of a list's item, such as ``k:{"name":"web"}``."""
    return "k:" + json.dumps({name: item[name] for name in names if name in item}, separators=(",", ":"))


def _field(name: str, value: object, depth: int) -> Json:
    if not depth or not value:
        return {}
    if isinstance(value, dict):
        return {".": {}, **fields_of(value, depth)}
    keys = _LIST_KEYS.get(name)
    if isinstance(value, list) and keys:
        return {".": {}, **{list_key(item, keys): {".": {}, **fields_of(item, depth)} for item in value}}
    return {}
