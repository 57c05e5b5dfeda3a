"""What Flannel's ConfigMap and annotations say about MTUs and tunnels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.mtu_overheads import OVERHEADS
from kubenetlab.ipam.mtu_statements import MtuSettings, Statement, Tunnel, config_map_named, stated, unknown
from kubenetlab.objects import ConfigMap, object_name
from kubenetlab.result import Origin

_T = TypeVar("_T")
_MAX_TEXT = 1 << 20
#: Backends that leave packets as they are.
_ROUTES = frozenset({"host-gw", "alloc", "gce", "aws-vpc", "ali-vpc", "tencent-vpc"})
_BACKEND_TYPE = "flannel.alpha.coreos.com/backend-type"


class _Backend(msgspec.Struct):
    type: str = msgspec.field(name="Type", default="udp")  # flannel, parseBackendType
    mtu: int = msgspec.field(name="MTU", default=0)
    udp_encap: bool = msgspec.field(name="UDPEncap", default=False)


class _NetConf(msgspec.Struct):
    backend: _Backend = msgspec.field(name="Backend", default_factory=_Backend)
    enable_ipv4: bool = msgspec.field(name="EnableIPv4", default=True)


class _Delegate(msgspec.Struct):
    mtu: int = 0


class _CniPlugin(msgspec.Struct):
    delegate: _Delegate = msgspec.field(default_factory=_Delegate)


class _CniConf(msgspec.Struct):
    plugins: list[_CniPlugin] = []


def _decoded(config_map: ConfigMap | None, key: str, kind: type[_T]) -> _T | None:
    text = config_map.data.get(key, "") if config_map else ""
    try:
        return msgspec.json.decode(text, type=kind) if 0 < len(text) <= _MAX_TEXT else None
    except (msgspec.DecodeError, RecursionError):
        return None  # the readers have a note on it


def flannel(cluster: Cluster) -> MtuSettings:
    """Source: flannel, Documentation/backends.md (MTU is that of the network), cmd/flannel CNI plugin (delegate.mtu)."""
    config_map = config_map_named(cluster, "kube-flannel-cfg", "canal-config", "rke2-canal-config")
    statements = tuple(_flannel_statements(config_map))
    place, conf = _flannel_backend(cluster, config_map)
    if conf is None:
        return unknown("no net-conf.json and no annotation of a node names Flannel's backend", statements)
    name = "ipsec-udp" if conf.backend.type == "ipsec" and conf.backend.udp_encap else conf.backend.type
    evidence = f"{place}: backend {name}"
    if name in _ROUTES:
        return MtuSettings("native", (), Origin.READ, evidence, statements)
    if ("flannel", name) not in OVERHEADS:
        return unknown(evidence, statements)
    tunnels = (Tunnel((name,), 4 if conf.enable_ipv4 else 6),)
    return MtuSettings("flannel", tunnels, Origin.READ, evidence, statements)


def _flannel_backend(cluster: Cluster, config_map: ConfigMap | None) -> tuple[str, _NetConf | None]:
    conf = _decoded(config_map, "net-conf.json", _NetConf)
    if conf and config_map:
        return f"{object_name(config_map)} net-conf.json", conf
    for node in cluster.nodes:
        if kind := node.metadata.annotations.get(_BACKEND_TYPE):
            return f"{_BACKEND_TYPE} of {object_name(node)}", _NetConf(_Backend(kind))
    return "", None


def _flannel_statements(config_map: ConfigMap | None) -> Iterator[Statement]:
    if config_map is None:
        return
    place = object_name(config_map)
    conf, cni = (
        _decoded(config_map, "net-conf.json", _NetConf),
        _decoded(config_map, "cni-conf.json", _CniConf),
    )
    if conf:
        yield from stated("network", conf.backend.mtu, f"{place} net-conf.json Backend.MTU")
    for plugin in cni.plugins if cni else ():
        yield from stated("pods", plugin.delegate.mtu, f"{place} cni-conf.json delegate.mtu")
