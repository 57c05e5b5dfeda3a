"""All clues of a dump, and which of them counts for each setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.readers.settings import (
    cloud_listings,
    command_lines,
    config_maps,
    defaults,
    network_plugins,
    node_arguments,
    nodes,
    platforms,
    proxy_modes,
    services,
)
from kubenetlab.readers.settings.clues import Clue, checked
from kubenetlab.result import Origin, Setting, Settings

UNKNOWN_BECAUSE: dict[str, str] = {
    "cluster_cidr": "no flag, ConfigMap, pool or node pod CIDR in the dump says it",
    "service_cidr": "no flag, ConfigMap, ServiceCIDR or ClusterIP in the dump says it",
    "node_cidr": "no node of the dump has an InternalIP",
    "node_cidr_mask_size": "no flag, ConfigMap or node pod CIDR in the dump says it",
    "node_cidr_mask_size_ipv6": "no flag, ConfigMap or IPv6 node pod CIDR in the dump says it",
    "node_port_range": "",
    "cluster_domain": "",
    "cluster_dns": "neither the kubelet's configuration nor the DNS Service is in the dump",
    "proxy_mode": "",
    "cni": "no pod, DaemonSet, ConfigMap, annotation or address object of a known network plugin is in the dump",
    "ipam": "the network plugin is unknown, or says nothing about who gives addresses",
    "cloud": "the dump has no node and no cloud's network plugin",
    "platform": "nothing in the dump names a distribution or managed service",
    "kubernetes_version": "the dump has no node, API server pod or kubeadm-config",
    "container_runtime": "the dump has no node that reports it",
    "max_pods": "no node of the dump reports its capacity",
    "vpc_subnets": "a dump cannot hold it: subnets belong to the cloud's network",
    "load_balancer": "a dump cannot hold it: how a load balancer chooses nodes is set at the cloud or device",
}
_NAMED_UNKNOWN = frozenset(("cni", "ipam", "platform"))  # their list of values has the word itself

# In this order: the first place that names a setting counts. The network plugin comes first: pods' addresses come
# from the pools of the IPAM in use, whatever other components were told.
_PLACES = (
    network_plugins.clues,
    proxy_modes.clues,
    command_lines.clues,
    node_arguments.clues,
    config_maps.clues,
    cloud_listings.clues,
    services.clues,
    nodes.clues,
    platforms.clues,
    command_lines.proxy_version,
)


class FoundSettings(NamedTuple):
    """The ledger, and notes on what could not be used or disagrees."""

    settings: Settings
    notes: tuple[str, ...] = ()


def find_settings(cluster: Cluster) -> FoundSettings:
    """Find every setting in a cluster's objects.

    A value that stands in the dump counts before one that its objects imply, and that before a documented default;
    but a platform's default range counts before an inferred one that it holds, since that is only a lower bound.
    What a dump cannot hold is unknown, with the reason.
    """
    found: dict[str, Clue] = {}
    notes: list[str] = []
    unusable: dict[str, str] = {}
    for place in _PLACES:
        for clue in place(cluster):
            usable = checked(clue) if isinstance(clue, Clue) else clue
            if isinstance(clue, Clue) and isinstance(usable, str):
                unusable.setdefault(clue.setting, usable.removesuffix("; ignored"))
            _take(usable, found, notes)
    _drop_cloud_ranges(found)
    reasons = UNKNOWN_BECAUSE | {"proxy_mode": proxy_modes.unknown_because(cluster)}
    for default in defaults.clues(found):
        is_open = default.setting not in found and not (
            default.setting == "proxy_mode" and reasons["proxy_mode"]
        )
        if is_open or (default.setting in found and defaults.is_better(default, found[default.setting])):
            found[default.setting] = default
    settings = (_with_unusable(s, unusable.get(s.name, ""), notes) for s in _settings(found, reasons))
    return FoundSettings(Settings(settings), tuple(dict.fromkeys(notes)))


def _with_unusable(setting: Setting, unusable: str, notes: list[str]) -> Setting:
    """Say in the evidence of what was not read that the dump holds something that could not be used."""
    if setting.origin is Origin.READ:
        return setting
    evidence = setting.evidence
    if unusable or any(note.endswith("; ignored") for note in notes):
        evidence = evidence.replace("nothing in the dump", "nothing usable in the dump")
    return setting._replace(evidence=f"{evidence} (not usable: {unusable})" if unusable else evidence)


def _take(clue: Clue | str, found: dict[str, Clue], notes: list[str]) -> None:
    if isinstance(clue, str):
        notes.append(clue)
        return
    earlier = found.get(clue.setting)
    if earlier is None or (_is_surer(clue, earlier) and not _is_elsewhere(clue, earlier)):
        found[clue.setting] = clue
    elif clue.origin is Origin.READ and clue.value != earlier.value:
        notes.append(
            f"{clue.setting}: {earlier.evidence} says {_text(earlier.value)}, {clue.evidence} says {_text(clue.value)}; the first counts"
        )


def _is_surer(clue: Clue, earlier: Clue) -> bool:
    return clue.origin is Origin.READ and earlier.origin is not Origin.READ


def _is_elsewhere(stated: Clue, given: Clue) -> bool:
    """Whether a stated pod range leaves out ranges that the IPAM in use has given to nodes: it is another component's."""
    return stated.setting == "cluster_cidr" and not defaults.is_within(given.value, stated.value)


def _drop_cloud_ranges(found: dict[str, Clue]) -> None:
    """Forget pod ranges inferred from nodes where pods take addresses of the cloud's own subnets."""
    ipam = found.get("ipam")
    reason = defaults.SUBNET_IPAM.get(ipam.value) if ipam else None
    for setting in ("cluster_cidr", "node_cidr_mask_size", "node_cidr_mask_size_ipv6"):
        if reason and setting in found and found[setting].origin is not Origin.READ:
            del found[setting]


def _settings(found: dict[str, Clue], reasons: Mapping[str, str]) -> Iterator[Setting]:
    ipam = found.get("ipam")
    for name, reason in reasons.items():
        clue = found.get(name)
        if clue:
            yield Setting(name, clue.value, clue.origin, clue.evidence)
        else:
            subnets = (
                defaults.SUBNET_IPAM.get(ipam.value, "")
                if ipam and name in defaults.POD_RANGE_SETTINGS
                else ""
            )
            yield Setting(
                name, "unknown" if name in _NAMED_UNKNOWN else None, Origin.UNKNOWN, subnets or reason
            )


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
