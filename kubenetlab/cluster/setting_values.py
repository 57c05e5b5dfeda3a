"""The values that each setting may have; a table says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

from kubenetlab.errors import SettingError
from kubenetlab.objects.address_text import is_address, is_cidr

_VERSION = re.compile(r"v?(\d+\.\d+(?:\.\d+)?)(?:[-+].*)?")
_PORTS = re.compile(r"(\d{1,5})-(\d{1,5})", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
_CLOUD = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NAMED_UNKNOWN = frozenset(("cni", "ipam", "platform"))  # their list of values has the word itself
_MAX_SHOWN = 100

PROXY_MODES = ("iptables", "nftables", "ipvs", "none")
CNIS = (
    "flannel", "calico", "cilium", "canal", "aws-vpc-cni", "azure-cni", "gke", "ovn-kubernetes", "kindnet",
    "weave", "antrea", "kube-router", "unknown",
)  # fmt: skip
IPAMS = (
    "host-local", "calico", "cilium-kubernetes", "cilium-cluster-pool", "cilium-multi-pool", "cilium-eni",
    "aws-vpc-cni", "azure-overlay", "azure-node-subnet", "azure-pod-subnet", "gke", "ovn-kubernetes", "unknown",
)  # fmt: skip
PLATFORMS = (
    "eks", "aks", "gke", "openshift", "k3s", "rke2", "kind", "minikube", "kubeadm", "unknown",
)  # fmt: skip

Check = Callable[[Any], Any]


def _cidrs(value: Any) -> tuple[str, ...]:
    texts = (
        [str(v).strip() for v in value]
        if isinstance(value, tuple | list)
        else re.split(r"[\s,]+", str(value).strip())
    )
    if not texts or not all(map(is_cidr, texts)):
        raise ValueError("a CIDR such as 10.244.0.0/16, or a tuple of them")
    return tuple(dict.fromkeys(str(ip_network(text, strict=False)) for text in texts))


def _number(lowest: int, highest: int) -> Check:
    def check(value: Any) -> int:
        is_number = hasattr(value, "__index__") and not isinstance(value, bool)
        if not (is_number and lowest <= int(value) <= highest):
            raise ValueError(f"a whole number from {lowest} to {highest}")
        return int(value)

    return check


def _one_of(values: tuple[str, ...]) -> Check:
    def check(value: Any) -> str:
        text = value.strip().lower() if isinstance(value, str) else ""
        if text not in values:
            raise ValueError(f"one of {', '.join(values)}")
        return text

    return check


def _matching(pattern: re.Pattern[str], rule: str) -> Check:
    def check(value: Any) -> str:
        found = pattern.fullmatch(value.strip()) if isinstance(value, str) else None
        if not found:
            raise ValueError(rule)
        return found[1] if pattern is _VERSION else found[0]

    return check


def _port_range(value: Any) -> str:
    ports = _PORTS.fullmatch(value.strip()) if isinstance(value, str) else None
    if not ports or not 0 < int(ports[1]) <= int(ports[2]) <= 65535:
        raise ValueError("a port range such as 30000-32767")
    return ports[0]


def _address(value: Any) -> str:
    text = str(value).strip()
    if not is_address(text):
        raise ValueError("an IP address such as 10.96.0.10")
    return text


_WORDS = _matching(re.compile(r"\S.{0,252}"), "a text that is not empty")

CHECKS: Mapping[str, Check] = {
    "cluster_cidr": _cidrs,
    "service_cidr": _cidrs,
    "node_cidr": _cidrs,
    "node_cidr_mask_size": _number(1, 128),
    "node_cidr_mask_size_ipv6": _number(1, 128),
    "node_port_range": _port_range,
    "cluster_domain": _matching(_DOMAIN, "a domain such as cluster.local"),
    "cluster_dns": _address,
    "proxy_mode": _one_of(PROXY_MODES),
    "cni": _one_of(CNIS),
    "ipam": _one_of(IPAMS),
    "cloud": _matching(_CLOUD, "a cloud's name such as aws, azure, gcp or none"),
    "platform": _one_of(PLATFORMS),
    "kubernetes_version": _matching(_VERSION, "a version such as 1.34.2"),
    "container_runtime": _WORDS,
    "max_pods": _number(1, 2**31 - 1),
    "vpc_subnets": _cidrs,
    "load_balancer": _WORDS,
}


def checked_value(name: str, value: Any) -> Any:
    """Return a setting's value in its one form; None stands for unknown.

    Raises
    ------
    SettingError
        If there is no such setting, or it cannot have that value.

    Examples
    --------
    >>> checked_value("cluster_cidr", "10.244.7.0/16")
    ('10.244.0.0/16',)
    """
    if name not in CHECKS:
        raise SettingError(f"settings[{name!r}]: there is no such setting; there are {', '.join(CHECKS)}")
    if value is None:
        return "unknown" if name in _NAMED_UNKNOWN else None
    try:
        return CHECKS[name](value)
    except ValueError as error:
        raise SettingError(f"settings[{name!r}]: found {value!r:.{_MAX_SHOWN}}, expected {error}") from None
