"""What a dump says of kube-proxy's configuration: the KubeProxyConfiguration of its ConfigMap, or its flags.

Source: Kubernetes v1.36.2, k8s.io/kube-proxy/config/v1alpha1/types.go; cmd/kube-proxy/app/options.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from kubenetlab.cluster import Cluster
from kubenetlab.errors import UnreadableError
from kubenetlab.objects import ConfigMap, object_name
from kubenetlab.readers.settings.clues import cidrs, is_system_namespace
from kubenetlab.readers.settings.command_lines import flags_by_owner, proxy_reads_file
from kubenetlab.readers.settings.config_maps import MAX_TEXT, first_document, value_at

_KEYS, _KIND = ("config.conf", "config"), "KubeProxyConfiguration"
_TRUTHS = {"": True, "true": True, "false": False}  # a flag without value is true
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_MAX_INTERFACE = 15  # characters (Linux, IFNAMSIZ)


class ProxyConfiguration(NamedTuple):
    """What was configured: values by their path (``iptables.masqueradeBit``), the place, and what was not usable.

    Both are empty where the dump says nothing of kube-proxy.
    """

    values: dict[str, Any]
    place: str = ""
    notes: tuple[str, ...] = ()


def _truth(value: Any) -> bool:
    truth = value if isinstance(value, bool) else _TRUTHS.get(str(value).lower())
    if truth is None:
        raise ValueError("true or false")
    return truth


def _bit(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,2}", text, re.ASCII) or int(text) > 31:
        raise ValueError("a number from 0 to 31")
    return int(text)


def _word(value: Any) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise ValueError("a name")
    return value


def _interface(value: Any) -> str:
    if len(_word(value)) > _MAX_INTERFACE:
        raise ValueError(f"a name of at most {_MAX_INTERFACE} characters")
    return _word(value)


def _node_port_addresses(value: Any) -> tuple[str, ...]:
    texts = tuple(value) if isinstance(value, list) else tuple(str(value).split(","))
    return texts if texts == ("primary",) else cidrs(list(texts))


def _ranges(value: Any) -> str:
    cidrs(value)
    texts = value if isinstance(value, list) else re.split(r"[\s,]+", str(value).strip())
    return ",".join(texts)  # kube-proxy writes it into its rules as it was given


#: Path in the KubeProxyConfiguration, the flag that says the same, and what its value may be.
FIELDS: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("mode", "proxy-mode", _word),
    ("clusterCIDR", "cluster-cidr", _ranges),
    ("detectLocalMode", "detect-local-mode", _word),
    ("detectLocal.bridgeInterface", "pod-bridge-interface", _interface),
    ("detectLocal.interfaceNamePrefix", "pod-interface-name-prefix", _interface),
    ("iptables.masqueradeAll", "masquerade-all", _truth),
    ("iptables.masqueradeBit", "iptables-masquerade-bit", _bit),
    ("iptables.localhostNodePorts", "iptables-localhost-nodeports", _truth),
    ("nftables.masqueradeAll", "masquerade-all", _truth),
    ("nftables.masqueradeBit", "", _bit),
    ("nodePortAddresses", "nodeport-addresses", _node_port_addresses),
    ("conntrack.tcpBeLiberal", "conntrack-tcp-be-liberal", _truth),
    ("ipvs.scheduler", "ipvs-scheduler", _word),
)


def proxy_configuration(cluster: Cluster) -> ProxyConfiguration:
    """Return what a dump says of kube-proxy's configuration.

    The flags of its containers count where they are shown and have no ``--config``; in every other case its ConfigMap.
    """
    found = _flags(cluster) if proxy_reads_file(cluster) is False else _config_maps(cluster)
    return next(found, ProxyConfiguration({}))


def _config_maps(cluster: Cluster) -> Iterator[ProxyConfiguration]:
    for config_map in cluster.config_maps:
        about = config_map.metadata
        is_named = about.name.startswith("kube-proxy") and "windows" not in about.name
        if is_named and is_system_namespace(about.namespace):
            for key in _KEYS:
                document = _document(config_map, key)
                if isinstance(document, dict) and document.get("kind", _KIND) == _KIND:
                    given = {path: value_at(document, path) for path, *_ in FIELDS}
                    yield _checked(given, f"{object_name(config_map)} {key}")


def _document(config_map: ConfigMap, key: str) -> Any:
    text = config_map.data.get(key, "")
    if 0 < len(text) <= MAX_TEXT:
        with suppress(UnreadableError, msgspec.DecodeError, RecursionError):
            return first_document(text)
    return None


def _flags(cluster: Cluster) -> Iterator[ProxyConfiguration]:
    for owner, flags in flags_by_owner(cluster, "kube-proxy"):
        given = {path: flags[flag] for path, flag, _ in FIELDS if flag in flags}
        if given:
            yield _checked(given, f"the flags of kube-proxy in {object_name(owner)}")


def _checked(given: dict[str, Any], place: str) -> ProxyConfiguration:
    values, notes = {}, []
    for path, _, check in FIELDS:
        value = given.get(path)
        if value not in (None, []) and not (value == "" and check is not _truth):
            try:
                values[path] = check(value)
            except ValueError as error:
                notes.append(f"{path}: found {str(value)[:80]!r}, expected {error}; ignored")
    return ProxyConfiguration(values, place, tuple(notes))
