"""Why an item does not decode: msgspec's and the objects' messages as field, found and expected."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

_MAX_FOUND = 80
_PATH = re.compile(r"(?s)(.*) - at `(?:key in )?\$(.*)`")
_OWN = re.compile(r"(?s)([\w.]+): found (.*), expected (.*)")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_EXPECTED = re.compile(r"(?s)Expected `?([^`]*)`?( [<>]=? \S+| matching regex .*)?(?:, got `?([^`]*)`?)?")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_WORDS = {
    "int": "a whole number",
    "str": "text",
    "object": "a map",
    "array": "a list",
    "bool": "true or false",
}
_JSON_NAMES = {
    dict: "object",
    list: "array",
    str: "str",
    bool: "bool",
    int: "int",
    float: "float",
    type(None): "null",
}


class FieldError(NamedTuple):
    """A field as the API writes its path, what was found there, and the rule it breaks."""

    field: str
    found: str
    expected: str


def field_error(message: str, item: Any) -> FieldError:
    """Return what a validation message says about an item.

    Examples
    --------
    >>> field_error("Expected `int` <= 65535 - at `$.ports[0].port`", {"ports": [{"port": 70000}]})
    FieldError(field='ports[0].port', found='70000', expected='a whole number <= 65535')
    """
    at = _PATH.fullmatch(message)
    text, path = (at[1], at[2]) if at else (message, "")
    own = _OWN.fullmatch(text)
    if own:
        return FieldError(_joined(path, own[1]), own[2].strip("'\""), own[3])
    missing = _MISSING.fullmatch(text)
    if missing:
        return FieldError(_joined(path, missing[1]), "nothing", "a value")
    expected = _EXPECTED.fullmatch(text)
    place, value = _look_up(item, path, expected[3] if expected else None)
    return FieldError(place or "the item", shown(value), _in_words(expected) if expected else text)


def shown(value: Any) -> str:
    """Return a value as JSON of at most 80 characters.

    >>> shown({"a": [1, None]})
    '{"a":[1,null]}'
    """
    text = msgspec.json.encode(value).decode() if not isinstance(value, float) else repr(value)
    return text if len(text) <= _MAX_FOUND else text[: _MAX_FOUND - 1] + "…"


def _joined(path: str, field: str) -> str:
    return f"{path}.{field}".lstrip(".")


def _in_words(expected: re.Match[str]) -> str:
    words = [_WORDS.get(word, word) for word in expected[1].split(" | ") if word != "null"]
    return " or ".join(words) + (expected[2] or "")


def _look_up(item: Any, path: str, got: str | None) -> tuple[str, Any]:
    """Follow a path; where msgspec names no key (``[...]``), take the first one of the kind it complains about."""
    place = ""
    for name, index in _STEP.findall(path):
        key = _key(item, name, index, got)
        place += f"[{key}]" if isinstance(item, list) else f".{key}"
        try:
            item = item[key]
        except (KeyError, IndexError, TypeError):
            item = None
    return place.lstrip("."), item


def _key(item: Any, name: str, index: str, got: str | None) -> Any:
    if name:
        return name
    if index != "...":
        return int(index)
    entries = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    return next((key for key, value in entries if got is None or _JSON_NAMES.get(type(value)) == got), index)
