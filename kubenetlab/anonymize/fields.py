"""One object's fields, with every name and address replaced: a table of what is not simply a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kubenetlab.anonymize import well_known, well_known_settings
from kubenetlab.anonymize.config_maps import config_map_data, setting
from kubenetlab.anonymize.names import Names
from kubenetlab.objects import Kind

_FLAG = re.compile(r"(-{1,2})([A-Za-z][\w.-]*)(?:(=)(.*))?", re.DOTALL)
_IMAGE = re.compile(r"(?P<repository>[^:@]+(?::\d+/[^:@]+)?)(?::(?P<tag>[^@]*))?(?:@.*)?")
_TAG = re.compile(r"v?\d+(?:\.\d+)+(?:-(?:eksbuild\.\d+|minimal-eksbuild\.\d+|\d+))?")
_SPACES = re.compile(r"(\s+)")
Walk = Callable[[str, Any, Names], Any]


def shared_object(kind: Kind, plain: dict[str, Any], names: Names) -> dict[str, Any]:
    """Return one object with apiVersion and kind, every name and address replaced."""
    shared: dict[str, Any] = _fields("", plain, names)
    if kind.kind == "ConfigMap":
        data = config_map_data(plain["metadata"]["name"], plain.get("data", {}), names)
        shared |= {"data": data} if data else {}
        if plain["metadata"]["name"] in well_known_settings.CONFIG_MAPS:
            shared["metadata"]["name"] = plain["metadata"]["name"]
    if kind.kind == "IPAMBlock":  # Calico names a block after its range
        shared["metadata"]["name"] = re.sub("[.:/]", "-", shared["spec"]["cidr"])
    group = kind.groups[0]
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind.kind, **shared}


def _fields(parent: str, plain: Mapping[str, Any], names: Names) -> dict[str, Any]:
    shared = {key: _field(parent, key, value, names) for key, value in plain.items() if key != "data"}
    if "key" in plain:  # of a taint, a toleration or a label selector's requirement
        shared |= _keyed(plain["key"], plain, names)
    return shared


def _field(parent: str, key: str, value: Any, names: Names) -> Any:
    if key in _FIELDS:
        return _FIELDS[key](parent, value, names)
    if isinstance(value, dict):
        return _fields(key, value, names)
    if isinstance(value, list | tuple):
        return [
            _field(parent, key, item, names) if not isinstance(item, dict) else _fields(key, item, names)
            for item in value
        ]
    return _scalar(parent, key, value, names) if isinstance(value, str) else value


def _scalar(parent: str, key: str, text: str, names: Names) -> str:
    is_word = key in well_known.ENUMERATED or (parent, key) in well_known.ENUMERATED_NAMES
    if is_word and text in well_known.ENUMERATIONS:
        return text
    if key in well_known.VERSIONED:
        return _version(key, text, names)
    return names.text(text) if key in well_known.TEXTS else names.name(text)


def _version(key: str, text: str, names: Names) -> str:
    """A version, date or operating system as it is; what somebody put after a component's version is replaced."""
    runtime = well_known.RUNTIME.match(text)
    scheme = runtime[0] if runtime and key == "containerRuntimeVersion" else ""
    version = text.removeprefix(scheme)
    if well_known.VERSION.fullmatch(version) or well_known.OPERATING_SYSTEM.fullmatch(text):
        return text
    start = well_known.VERSION_START.match(version) if key.endswith("Version") else None
    shared = start[0] + names.text(version[start.end() :]) if start else names.name(version)
    return f"{scheme}{shared}"


def label_key(key: str, names: Names) -> str:
    """Return a label's key, as it is where its domain is Kubernetes' or a CNI's."""
    domain, slash, name = key.rpartition("/")
    if domain == "node-role.kubernetes.io" and name not in well_known.ROLES:
        return f"{domain}/{names.text(name)}"
    if well_known.DOMAINS.fullmatch(domain) or (not slash and name in well_known.KEYS):
        return key
    return names.text(key)


def label_value(key: str, value: str, names: Names) -> str:
    """Return a label's value, as it is where the key is one whose values are Kubernetes' own words."""
    return value if _stays(key, value) else names.name(value)


def _stays(key: str, value: str) -> bool:
    return key in well_known.VALUE_KEYS and bool(well_known.VALUES.fullmatch(value))


def image(text: str, names: Names) -> str:
    """Return an image; the components that models look for keep their repository and version."""
    match = _IMAGE.fullmatch(text)
    if not match:
        return names.text(text)
    repository, tag = match["repository"], match["tag"] or ""
    known = next((r for r in well_known.REPOSITORIES if f"/{repository}".endswith(f"/{r}")), "")
    before = repository.removesuffix(known)
    registry, slash, path = before.partition("/")
    shown = registry if registry in well_known.REGISTRIES else names.text(registry)
    tag = tag if known and _TAG.fullmatch(tag) else names.text(tag)
    return f"{shown}{slash}{names.text(path)}{known}" + (f":{tag}" if match["tag"] else "")


def _keyed(key: str, plain: Mapping[str, Any], names: Names) -> dict[str, Any]:
    shared: dict[str, Any] = {"key": label_key(key, names)}
    if "values" in plain:
        shared["values"] = [label_value(key, value, names) for value in plain["values"]]
    if "value" in plain:
        shared["value"] = label_value(key, plain["value"], names)
    return shared


def _labels(_: str, labels: Mapping[str, str], names: Names) -> dict[str, str]:
    return {label_key(key, names): label_value(key, value, names) for key, value in labels.items()}


def _selector(parent: str, selector: Any, names: Names) -> Any:
    is_structured = "matchLabels" in selector or "matchExpressions" in selector
    return _fields(parent, selector, names) if is_structured else _labels(parent, selector, names)


def _annotations(_: str, annotations: Mapping[str, str], names: Names) -> dict[str, str]:
    shared = {key: _annotation(key, value, names) for key, value in annotations.items()}
    return {key: value for key, value in shared.items() if value is not None}


def _annotation(key: str, value: str, names: Names) -> str | None:
    if _stays(key, value):
        return value
    if key in well_known.ANNOTATIONS | well_known.VALUE_KEYS:
        return names.text(value)
    return "" if key.startswith(well_known.PLATFORM_ANNOTATIONS) else None


def _arguments(_: str, arguments: list[str], names: Names) -> list[str]:
    """Flags of components stay, also those inside one text for a shell."""
    shared, flag = [], ""
    for argument in arguments:
        pieces = []
        for piece in _SPACES.split(argument):
            new, flag = _argument(piece, flag, names)
            pieces.append(new)
        shared.append("".join(pieces))
    return shared


def _argument(piece: str, flag: str, names: Names) -> tuple[str, str]:
    """Return the replacement of one word of a command line, and the known flag whose value may follow."""
    if not piece.strip():
        return piece, flag
    match = _FLAG.fullmatch(piece)
    if not match:
        return setting(piece, names) if flag else names.text(piece), ""
    dashes, name, equals, value = match.groups(default="")
    if name not in well_known_settings.FLAGS:
        return f"{dashes}{names.text(name)}{equals}{names.text(value)}", ""
    return f"{dashes}{name}{equals}{setting(value, names)}", "" if equals else name


def _environment(_: str, variables: list[dict[str, str]], names: Names) -> list[dict[str, str]]:
    return [_variable(variable.get("name", ""), variable, names) for variable in variables]


def _variable(name: str, variable: Mapping[str, str], names: Names) -> dict[str, str]:
    if well_known_settings.VARIABLES.fullmatch(name):
        return {**variable, "value": setting(variable.get("value", ""), names)}
    return {key: names.name(value) for key, value in variable.items()}


def _holders(_: str, holders: Mapping[str, str], names: Names) -> dict[str, str]:
    return {
        key if key in ("namespace", "node", "pod") else names.text(key): names.name(v)
        for key, v in holders.items()
    }


def _affinity(_: str, text: str, names: Names) -> str:
    kind, colon, name = text.partition(":")
    return f"{kind}:{names.name(name)}" if colon and kind in ("host", "virtual") else names.name(text)


def _controller(_: str, value: Any, names: Names) -> Any:
    return label_key(value, names) if isinstance(value, str) else value


def _image(_: str, text: str, names: Names) -> str:
    return image(text, names)


def _provider_id(_: str, text: str, names: Names) -> str:
    scheme, separator, rest = text.partition("://")
    scheme = scheme if scheme in well_known.PROVIDERS else names.name(scheme)
    return f"{scheme}{separator}{names.text(rest)}"


#: Fields that are not simply a name.
_FIELDS: dict[str, Walk] = {
    "labels": _labels,
    "matchLabels": _labels,
    "deprecatedTopology": _labels,
    "selector": _selector,
    "annotations": _annotations,
    "command": _arguments,
    "args": _arguments,
    "env": _environment,
    "secondary": _holders,
    "affinity": _affinity,
    "controller": _controller,
    "loadBalancerClass": _controller,
    "image": _image,
    "providerID": _provider_id,
}
