"""What a what-if may change: kinds of objects, and settings; checked at once, not where it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubenetlab.cluster.provenance import Provenance
from kubenetlab.cluster.setting_values import checked_value
from kubenetlab.objects import KINDS
from kubenetlab.objects.listings import Listings
from kubenetlab.result import Origin, Setting, Settings

_TYPES = {kind.plural: kind.type for kind in KINDS}
_WHOLE: dict[str, type] = {"provenance": Provenance, "listings": Listings}
_MAX_SHOWN = 100


def with_settings(before: Settings, given: Mapping[str, Any]) -> Settings:
    """Return settings with some of them replaced; None makes one unknown, a Setting keeps its origin and evidence.

    Raises
    ------
    SettingError
        If there is no such setting, or it cannot have that value.
    TypeError
        If ``given`` is no mapping.
    """
    if not isinstance(given, Mapping):
        raise TypeError(f"settings: found {_shown(given)}, expected a mapping of names to values")
    return Settings(
        tuple({**before, **{name: _setting(name, value) for name, value in given.items()}}.values())
    )


def _setting(name: str, given: Any) -> Setting:
    if isinstance(given, Setting):
        return given._replace(name=name, value=checked_value(name, given.value))
    value = checked_value(name, given)
    origin = Origin.UNKNOWN if value in (None, "unknown") else Origin.READ
    return Setting(name, value, origin, "given in with_()")


def checked_objects(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a Cluster to replace, lists as tuples.

    Raises
    ------
    TypeError
        If a Cluster has no such attribute, or it cannot hold that.
    """
    return {name: _checked(name, value) for name, value in changes.items()}


def _checked(name: str, value: Any) -> Any:
    if isinstance(value, _WHOLE.get(name, ())):
        return value
    if name not in _TYPES:
        raise TypeError(
            f"with_({name}=...): found {_shown(value)}; there are settings, provenance, listings, {', '.join(sorted(_TYPES))}"
        )
    kind = _TYPES[name]
    if not isinstance(value, tuple | list):
        raise TypeError(f"{name}: found {_shown(value)}, expected a tuple of {kind.__name__} objects")
    for place, one in enumerate(value):
        if not isinstance(one, kind):
            raise TypeError(f"{name}[{place}]: found {_shown(one)}, expected a {kind.__name__}")
    return tuple(value)


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"[:_MAX_SHOWN]
