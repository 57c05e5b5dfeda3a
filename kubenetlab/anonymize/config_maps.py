"""ConfigMaps with network settings: known keys stay, their names and addresses are replaced, the rest goes.

Other ConfigMaps keep nothing but their (replaced) name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import yaml

from kubenetlab.anonymize import well_known, well_known_settings
from kubenetlab.anonymize.corefile import corefile
from kubenetlab.anonymize.names import Names
from kubenetlab.errors import UnreadableError
from kubenetlab.readers.yaml_documents import yaml_documents

_SEPARATORS = re.compile(r"([\s,;=\"']+)")
_API_VERSION = re.compile(r"(?:[a-z]+\.)*k8s\.io/v\d\w*|[A-Z]\w+Configuration|[A-Z]\w+Status")


def config_map_data(name: str, data: dict[str, str], names: Names) -> dict[str, str]:
    """Return what may be shared of a ConfigMap's texts."""
    if not any(
        name == known or (known != "config" and name.startswith(f"{known}-"))
        for known in well_known_settings.CONFIG_MAPS
    ):
        return {}
    shared = {
        key: _text(key, text, names) for key, text in data.items() if key in well_known_settings.CONFIG_KEYS
    }
    return {key: text for key, text in shared.items() if text}


def setting(text: str, names: Names) -> str:
    """Return a setting's value with names and addresses replaced; words that components know stay.

    Numbers, versions, ``ipvs``, ``cluster-pool`` and so on are such words.
    """
    return "".join(part if _is_known(part) else names.text(part) for part in _SEPARATORS.split(text))


def _is_known(part: str) -> bool:
    return part in well_known_settings.CONFIGURATION or bool(well_known.VERSION.fullmatch(part))


def _text(key: str, text: str, names: Names) -> str:
    return _READERS.get(key, _structured)(text, names)


def _structured(text: str, names: Names) -> str:
    """YAML or JSON with its known keys; any other text is one setting."""
    try:
        documents = [_shared("", document, names) for document in yaml_documents(text.encode())]
    except UnreadableError:
        return ""
    if not any(isinstance(document, dict | list) for document in documents):
        return setting(text, names)
    if text.lstrip()[:1] in "{[":
        return "\n".join(
            msgspec.json.format(msgspec.json.encode(document)).decode() for document in documents
        )
    return str(yaml.safe_dump_all(documents, sort_keys=False))


def _shared(key: str, value: Any, names: Names) -> Any:
    if isinstance(value, dict):
        known = well_known_settings.CONFIG_KEYS | well_known_settings.FLAGS
        return {k: _shared(k, v, names) for k, v in value.items() if k in known}
    if isinstance(value, list):
        return [_shared(key, item, names) for item in value]
    return _scalar(key, value, names) if isinstance(value, str) else value


def _scalar(key: str, value: str, names: Names) -> str:
    is_version = key in ("apiVersion", "kind") and _API_VERSION.fullmatch(value)
    is_flag = key == "name" and value in well_known_settings.FLAGS
    return value if is_version or is_flag else setting(value, names)


def _ini(text: str, names: Names) -> str:
    settings = [line.partition("=") for line in text.splitlines() if "=" in line]
    kept = [
        (key.strip(), value) for key, _, value in settings if key.strip() in well_known_settings.OVN_SETTINGS
    ]
    return "".join(f"{key}={setting(value, names)}\n" for key, value in kept)


_READERS: dict[str, Callable[[str, Names], str]] = {
    "Corefile": corefile,
    "Corefile.base": corefile,
    "ovnkube.conf": _ini,
}
