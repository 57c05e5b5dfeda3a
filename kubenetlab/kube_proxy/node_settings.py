"""How kube-proxy runs on one node of a cluster, and where each setting comes from.

Source: Kubernetes v1.36.2, cmd/kube-proxy/app/server_linux.go (getLocalDetectors, platformSetup).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kubenetlab.cluster import Cluster
from kubenetlab.errors import NotFoundError, SettingError
from kubenetlab.kube_proxy.proxy_settings import PRIMARY, DetectLocalMode, ProxySettings
from kubenetlab.objects import Node
from kubenetlab.readers.proxy_configuration import ProxyConfiguration, proxy_configuration
from kubenetlab.result import Origin, Setting
from kubenetlab.visible_text import visible

_DEFAULT: Final = "kube-proxy's default"
_SHOWN_NODES: Final = 10
MODES: Final = ("iptables", "nftables", "ipvs")
#: Setting, its path in the KubeProxyConfiguration (where mode nftables has a section of its own), kube-proxy's default.
_PLAIN: Final[tuple[tuple[str, str, Any], ...]] = (
    ("masquerade_all", "{}.masqueradeAll", False),
    ("masquerade_bit", "{}.masqueradeBit", 14),
    ("localhost_node_ports", "iptables.localhostNodePorts", True),
    ("conntrack_tcp_be_liberal", "conntrack.tcpBeLiberal", False),
    ("ipvs_scheduler", "ipvs.scheduler", "rr"),
)
#: What no dump can hold, and what is taken instead.
_OF_THE_KERNEL: Final[tuple[tuple[str, Any, str], ...]] = (
    ("random_fully", True, "iptables is 1.6.2 or newer"),
    ("is_nfacct", True, "the kernel has the module nfnetlink_acct"),
)
_NOT_IPVS: Final = ("iptables", "nftables")
#: How people know a setting, and the modes whose rules depend on it.
KNOWN_AS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "masquerade_all": ("masqueradeAll", _NOT_IPVS),
    "masquerade_bit": ("masqueradeBit", _NOT_IPVS),
    "localhost_node_ports": ("iptables.localhostNodePorts", ("iptables",)),
    "conntrack_tcp_be_liberal": ("conntrack.tcpBeLiberal", ("iptables",)),
    "detect_local_mode": ("detectLocalMode", _NOT_IPVS),
    "detect_local_value": ("range or interface of pods", _NOT_IPVS),
    "node_port_addresses": ("nodePortAddresses", (*_NOT_IPVS, "ipvs")),
    "random_fully": ("MASQUERADE --random-fully", ("iptables",)),
    "is_nfacct": ("nfacct counters", ("iptables",)),
    "service_cidrs": ("range of Services", ("nftables",)),
    "ipvs_scheduler": ("ipvs.scheduler", ("ipvs",)),
}
_DETECTED: Final[Mapping[str, str]] = {
    DetectLocalMode.CLUSTER_CIDR: "clusterCIDR",
    DetectLocalMode.BRIDGE_INTERFACE: "detectLocal.bridgeInterface",
    DetectLocalMode.INTERFACE_NAME_PREFIX: "detectLocal.interfaceNamePrefix",
}


def proxy_settings(cluster: Cluster, node_name: str, *, mode: str = "", **given: Any) -> ProxySettings:
    """Return how kube-proxy runs on a node; ``settings_with_origins`` says where each setting comes from.

    Parameters
    ----------
    cluster
        The cluster: its kube-proxy ConfigMap counts, else the flags of kube-proxy, else kube-proxy's defaults.
    node_name
        The node.
    mode
        ``iptables``, ``nftables`` or ``ipvs``; empty for the cluster's own. Mode nftables has other settings.
    **given
        Fields of ``ProxySettings`` that are known better; they win.

    Raises
    ------
    NotFoundError
        If the cluster has no such node.
    SettingError
        If a given value is not what it should be.
    """
    return settings_with_origins(cluster, node_name, mode=mode, **given)[0]


def settings_with_origins(
    cluster: Cluster, node_name: str, *, mode: str = "", **given: Any
) -> tuple[ProxySettings, tuple[Setting, ...]]:
    """Return what ``proxy_settings`` does, and each setting with its origin and evidence.

    Raises
    ------
    NotFoundError
        If the cluster has no such node.
    SettingError
        If ``mode`` is none of these.
    """
    if mode not in ("", *MODES):
        raise SettingError(f"mode: found {visible(f'{mode!r:.40}')}, expected {', '.join(MODES)}")
    node, configuration = _node(cluster, node_name), proxy_configuration(cluster)
    mode = mode or proxy_mode(cluster)
    section = "nftables" if mode == "nftables" else "iptables"
    found = [
        *(_plain(configuration, name, path.format(section), default) for name, path, default in _PLAIN),
        *_detect_local(cluster, node, configuration),
        _node_port_addresses(configuration, mode),
        _service_cidrs(cluster),
        *(Setting(name, value, Origin.DEFAULT, evidence) for name, value, evidence in _OF_THE_KERNEL),
    ]
    settings = {s.name: s for s in found}
    for name in settings.keys() & given.keys():
        settings[name] = Setting(name, given[name], Origin.READ, "given by the caller")
    values: dict[str, Any] = {"node_ips": node_ips(node), "node_labels": node.metadata.labels}
    values |= {setting.name: setting.value for setting in settings.values()} | given
    return ProxySettings(node_name=node_name, **values), tuple(settings.values())


def proxy_mode(cluster: Cluster) -> str:
    """Return the mode of a cluster's kube-proxy; ``iptables``, its default, where the dump does not say."""
    setting = cluster.settings.get("proxy_mode")
    known = setting is not None and setting.value in MODES
    return str(setting.value) if setting is not None and known else "iptables"


def node_ips(node: Node) -> tuple[str, ...]:
    """Return the addresses that kube-proxy takes for its node's: the InternalIPs, or the ExternalIPs of a node without."""
    external = (a.address for a in node.status.addresses if a.type == "ExternalIP")
    return node.internal_ips or tuple(external)


def _node(cluster: Cluster, name: str) -> Node:
    by_name = {node.metadata.name: node for node in cluster.nodes}
    if name not in by_name:
        more = f" and {len(by_name) - _SHOWN_NODES} more" if len(by_name) > _SHOWN_NODES else ""
        known = ", ".join(list(by_name)[:_SHOWN_NODES]) or "none"
        raise NotFoundError(visible(f"nodes: {name:.253} is not in the dump; there are {known}{more}"))
    return by_name[name]


def _plain(configuration: ProxyConfiguration, name: str, path: str, default: Any) -> Setting:
    if path in configuration.values:
        return Setting(name, configuration.values[path], Origin.READ, f"{configuration.place} {path}")
    notes = (
        f"{configuration.place} {n}; {_DEFAULT}" for n in configuration.notes if n.startswith(f"{path}:")
    )
    return Setting(name, default, Origin.DEFAULT, next(notes, _DEFAULT))


def _detect_local(cluster: Cluster, node: Node, configuration: ProxyConfiguration) -> tuple[Setting, Setting]:
    stated = configuration.values.get("detectLocalMode", DetectLocalMode.CLUSTER_CIDR)
    mode = next((m for m in DetectLocalMode if m == stated), DetectLocalMode.CLUSTER_CIDR)
    value = _local_value(cluster, node, configuration, mode)
    if not value.value:  # kube-proxy warns, and detects nothing
        mode = DetectLocalMode.NONE
    named = _plain(configuration, "detect_local_mode", "detectLocalMode", mode)
    return named._replace(value=mode), value


def _local_value(
    cluster: Cluster, node: Node, configuration: ProxyConfiguration, mode: DetectLocalMode
) -> Setting:
    name = "detect_local_value"
    if mode == DetectLocalMode.NODE_CIDR:
        evidence = f"Node {node.metadata.name} spec.podCIDRs"
        return Setting(name, ",".join(node.spec.ranges), Origin.READ, evidence)
    inferred = cluster.settings.get("cluster_cidr")
    if mode == DetectLocalMode.CLUSTER_CIDR and not configuration.place and inferred and inferred.value:
        # The dump has no word of kube-proxy's own: whoever set it up gave it the cluster's pod range.
        return Setting(name, ",".join(inferred.value), Origin.INFERRED, inferred.evidence)
    return _plain(configuration, name, _DETECTED.get(mode, ""), "")


def _node_port_addresses(configuration: ProxyConfiguration, mode: str) -> Setting:
    setting = _plain(configuration, "node_port_addresses", "nodePortAddresses", ())
    if mode == "nftables" and not setting.value:
        return setting._replace(value=PRIMARY, evidence="mode nftables: the node's primary addresses")
    return setting


def _service_cidrs(cluster: Cluster) -> Setting:
    setting = cluster.settings.get("service_cidr")
    if setting is not None and setting.value:
        return setting._replace(name="service_cidrs")
    return Setting("service_cidrs", (), Origin.DEFAULT, "the dump names no range of Services")
