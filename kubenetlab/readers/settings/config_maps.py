"""Settings in the ConfigMaps of kubeadm, kube-proxy, the kubelet, CoreDNS, Flannel, Cilium and OVN-Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from kubenetlab.cluster import Cluster
from kubenetlab.errors import UnreadableError
from kubenetlab.objects import ConfigMap, object_name
from kubenetlab.readers.settings.clues import Clue, Clues, is_system_namespace
from kubenetlab.readers.settings.command_lines import proxy_reads_file
from kubenetlab.readers.settings.corefile_zone import cluster_zone
from kubenetlab.readers.yaml_documents import yaml_documents

Reader = Callable[[str, str], Clues]
MAX_TEXT = 1 << 20

# (where in a YAML or JSON document, setting); a list of texts is joined where a setting takes several.
_KUBEADM = (
    ("networking.podSubnet", "cluster_cidr"),
    ("networking.serviceSubnet", "service_cidr"),
    ("networking.dnsDomain", "cluster_domain"),
    ("kubernetesVersion", "kubernetes_version"),
    ("apiServer.extraArgs.service-node-port-range", "node_port_range"),
    ("controllerManager.extraArgs.node-cidr-mask-size", "node_cidr_mask_size"),
    ("controllerManager.extraArgs.node-cidr-mask-size-ipv4", "node_cidr_mask_size"),
    ("controllerManager.extraArgs.node-cidr-mask-size-ipv6", "node_cidr_mask_size_ipv6"),
)
_KUBE_PROXY = (("mode", "proxy_mode"), ("clusterCIDR", "cluster_cidr"))
_KUBELET = (("clusterDNS", "cluster_dns"), ("clusterDomain", "cluster_domain"), ("maxPods", "max_pods"))
_FLANNEL = (("Network", "cluster_cidr"), ("IPv6Network", "cluster_cidr"))
_CONTROLLER_MANAGER = (
    ("extendedArguments.cluster-cidr", "cluster_cidr"),
    ("extendedArguments.service-cluster-ip-range", "service_cidr"),
)
_OVN = (
    (re.compile(r'^[ \t]*cluster-subnets[ \t]*=[ \t]*"?([^"\n]+)', re.MULTILINE), "cluster_cidr"),
    (re.compile(r'^[ \t]*service-cidrs[ \t]*=[ \t]*"?([^"\n]+)', re.MULTILINE), "service_cidr"),
)
_OVN_SUBNET = re.compile(r"([0-9a-fA-F.:]+/\d+)(?:/(\d+))?")


def clues(cluster: Cluster) -> Clues:
    """Yield what ConfigMaps with network settings say; a text that cannot be parsed becomes a note."""
    unread = "kube-proxy" if proxy_reads_file(cluster) is False else None
    for config_map in cluster.config_maps:
        name = config_map.metadata.name
        if not is_system_namespace(config_map.metadata.namespace):
            continue
        for prefix, key, read in READERS:
            if name.startswith(prefix) and prefix != unread and key in config_map.data:
                yield from _read(read, config_map, key)
        if name == "cilium-config" and config_map.data.get("kube-proxy-replacement") in ("true", "strict"):
            evidence = f"{object_name(config_map)} kube-proxy-replacement: Cilium does the work of kube-proxy"
            yield Clue("proxy_mode", "none", evidence)


def _read(read: Reader, config_map: ConfigMap, key: str) -> Clues:
    place = f"{object_name(config_map)} {key}"
    text = config_map.data[key]
    if len(text) > MAX_TEXT:
        yield f"{place}: found {len(text):,} characters, expected at most {MAX_TEXT:,}; ignored"
        return
    try:
        yield from list(read(text, place))
    except UnreadableError as error:
        yield f"{place}: {error}; ignored"
    except (msgspec.DecodeError, RecursionError) as error:
        yield f"{place}: found malformed JSON ({error}); ignored"


def first_document(text: str) -> Any:
    """Return the first document of a JSON or YAML text."""
    if text.lstrip().startswith("{"):
        with suppress(msgspec.DecodeError):  # YAML may start with a brace too
            return msgspec.json.decode(text)
    return next(yaml_documents(text.encode()), None)


def value_at(document: Any, path: str) -> Any:
    """Follow a dotted path; lists of ``{name, value}`` (kubeadm v1beta4's extraArgs) are read as maps."""
    for step in path.split("."):
        if isinstance(document, list):
            document = {
                entry.get("name"): entry.get("value") for entry in document if isinstance(entry, dict)
            }
        document = document.get(step) if isinstance(document, dict) else None
    return document


def _fields(paths: tuple[tuple[str, str], ...]) -> Reader:
    def read(text: str, place: str) -> Clues:
        document = first_document(text)
        if not isinstance(document, dict):
            yield f"{place}: found {str(document)[:80]!r}, expected a map; ignored"
            return
        for setting in dict.fromkeys(setting for _, setting in paths):
            found = {path: value_at(document, path) for path, s in paths if s == setting}
            given = {path: value for path, value in found.items() if value not in (None, "", [])}
            if given:
                yield Clue(setting, _one(list(given.values())), f"{place} {', '.join(given)}")

    return read


def _one(values: list[Any]) -> Any:
    """Return one value: the only one given, or several ranges together."""
    flat = [entry for value in values for entry in (value if isinstance(value, list) else [value])]
    return (
        flat[0] if len(flat) == 1 else ",".join(map(str, flat)) if all("/" in str(f) for f in flat) else flat
    )


def _corefile(text: str, place: str) -> Clues:
    zone = cluster_zone(text)
    if zone:
        yield Clue("cluster_domain", zone, f"{place}, the kubernetes plugin's zone")


def _ovn(text: str, place: str) -> Clues:
    for pattern, setting in _OVN:
        line = pattern.search(text)
        subnets = _OVN_SUBNET.findall(line[1]) if line else []
        if subnets:
            yield Clue(setting, ",".join(cidr for cidr, _ in subnets), place)
        for cidr, length in subnets:
            if length:
                family = "node_cidr_mask_size_ipv6" if ":" in cidr else "node_cidr_mask_size"
                yield Clue(family, length, f"{place} cluster-subnets")


READERS: tuple[tuple[str, str, Reader], ...] = (
    ("kubeadm-config", "ClusterConfiguration", _fields(_KUBEADM)),
    ("kubelet-config", "kubelet", _fields(_KUBELET)),
    ("kube-proxy", "config.conf", _fields(_KUBE_PROXY)),
    ("kube-proxy", "config", _fields(_KUBE_PROXY)),
    ("coredns", "Corefile", _corefile),
    ("rke2-coredns", "Corefile", _corefile),
    ("dns-default", "Corefile", _corefile),
    ("node-local-dns", "Corefile", _corefile),
    ("kube-flannel-cfg", "net-conf.json", _fields(_FLANNEL)),
    ("canal-config", "net-conf.json", _fields(_FLANNEL)),
    ("rke2-canal-config", "net-conf.json", _fields(_FLANNEL)),
    ("config", "config.yaml", _fields(_CONTROLLER_MANAGER)),
    ("ovnkube-config", "ovnkube.conf", _ovn),
)
