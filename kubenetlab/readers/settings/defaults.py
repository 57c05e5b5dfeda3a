"""Documented defaults: of components everywhere, of platforms only where the platform was recognised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from kubenetlab.readers.settings.clues import Clue
from kubenetlab.result import Origin

POD_RANGE_SETTINGS = frozenset(("cluster_cidr", "node_cidr_mask_size", "node_cidr_mask_size_ipv6"))

# IPAMs whose pods take addresses of the cloud's subnets: there is no pod range of the cluster's own.
SUBNET_IPAM = {
    "aws-vpc-cni": "pods take addresses of the VPC's subnets, which a dump cannot hold",
    "cilium-eni": "pods take addresses of the VPC's subnets, which a dump cannot hold",
    "azure-node-subnet": "pods take addresses of the nodes' subnet, which a dump cannot hold",
    "azure-pod-subnet": "pods take addresses of a subnet of the virtual network, which a dump cannot hold",
}

_OF_COMPONENTS: tuple[tuple[str, object, str], ...] = (
    ("node_port_range", "30000-32767", "kube-apiserver's default (--service-node-port-range)"),
    ("cluster_domain", "cluster.local", "the default of kubeadm and of every distribution known here"),
    ("proxy_mode", "iptables", "kube-proxy's default on Linux; the dump says no mode"),
)

# facts: kubeadm constants.go; k3s and rke2 server defaults; kind defaults.go; OpenShift Network defaults; AKS documentation.
_OF_PLATFORMS: dict[str, dict[str, Any]] = {
    "kubeadm": {"service_cidr": ("10.96.0.0/12",)},
    "k3s": {
        "cluster_cidr": ("10.42.0.0/16",),
        "service_cidr": ("10.43.0.0/16",),
        "cluster_dns": "10.43.0.10",
    },
    "rke2": {
        "cluster_cidr": ("10.42.0.0/16",),
        "service_cidr": ("10.43.0.0/16",),
        "cluster_dns": "10.43.0.10",
    },
    "kind": {
        "cluster_cidr": ("10.244.0.0/16",),
        "service_cidr": ("10.96.0.0/16",),
        "cluster_dns": "10.96.0.10",
    },
    "openshift": {
        "cluster_cidr": ("10.128.0.0/14",),
        "node_cidr_mask_size": 23,
        "service_cidr": ("172.30.0.0/16",),
    },
    "aks": {"service_cidr": ("10.0.0.0/16",), "cluster_dns": "10.0.0.10"},
}
_AKS_OVERLAY: dict[str, Any] = {"cluster_cidr": ("10.244.0.0/16",), "node_cidr_mask_size": 24}


def clues(found: Mapping[str, Clue]) -> Iterator[Clue]:
    """Yield the defaults that fit what was found.

    A platform's default range is left out where the dump shows a range or an address beyond it.
    """
    platform = found["platform"].value if "platform" in found else None
    ipam = found["ipam"].value if "ipam" in found else None
    defaults = dict(_OF_PLATFORMS.get(platform or "", {}))
    if platform == "aks" and ipam == "azure-overlay":
        defaults |= _AKS_OVERLAY
    if "service_cidr" in found and not is_within(
        found["service_cidr"].value, defaults.get("service_cidr", ())
    ):
        defaults.pop("cluster_dns", None)
    for setting, value in defaults.items():
        if not (setting in POD_RANGE_SETTINGS and ipam in SUBNET_IPAM):
            yield Clue(
                setting,
                value,
                f"the default of {platform}; nothing in the dump says otherwise",
                Origin.DEFAULT,
            )
    for setting, value, evidence in _OF_COMPONENTS:
        yield Clue(setting, value, evidence, Origin.DEFAULT)
    if ipam not in SUBNET_IPAM:
        yield from _mask_sizes(found)


def is_better(default: Clue, inferred: Clue) -> bool:
    """Whether a platform's default range replaces one that the dump implies: if it holds all of it."""
    is_range = default.setting in ("cluster_cidr", "service_cidr")
    return is_range and inferred.origin is Origin.INFERRED and is_within(inferred.value, default.value)


def is_within(narrow: tuple[str, ...], wide: tuple[str, ...]) -> bool:
    """Whether each of some ranges lies in one of others."""
    holders: list[Any] = [ip_network(text) for text in wide]
    held: list[Any] = [ip_network(text) for text in narrow]
    return all(any(h.version == w.version and h.subnet_of(w) for w in holders) for h in held)


def _mask_sizes(found: Mapping[str, Clue]) -> Iterator[Clue]:
    """kube-controller-manager's node mask sizes, for the families that the pod range has."""
    ranges = found["cluster_cidr"].value if "cluster_cidr" in found else ()
    for setting, length, is_ipv6 in (
        ("node_cidr_mask_size", 24, False),
        ("node_cidr_mask_size_ipv6", 64, True),
    ):
        if any((":" in cidr) is is_ipv6 for cidr in ranges):
            yield Clue(setting, length, f"kube-controller-manager's default (/{length})", Origin.DEFAULT)
