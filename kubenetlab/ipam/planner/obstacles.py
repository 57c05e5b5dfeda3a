"""What is in the way of a plan: ranges that nobody can have, that a platform or runtime takes, and that the request names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import netaddr

from kubenetlab.ipam.planner.cluster_needs import ClusterNeeds
from kubenetlab.ipam.planner.given_ranges import Place, network
from kubenetlab.ipam.planner.problem import EVERYWHERE, Obstacle
from kubenetlab.readers.netbox_csv import read_netbox_prefixes
from kubenetlab.readers.plan_request import NamedRange, PlanRequest


class Law(NamedTuple):
    """A range that nobody can plan with, or only some clusters: ``applies`` says which; None means none at all can."""

    range: str
    name: str
    source: str
    applies: Callable[[ClusterNeeds], bool] | None = None


def _runs_docker(cluster: ClusterNeeds) -> bool:
    return cluster.container_runtime == "docker"


def _is_ovn(cluster: ClusterNeeds) -> bool:
    return cluster.cni == "ovn-kubernetes"


def _is_aks(cluster: ClusterNeeds) -> bool:
    return cluster.platform == "aks"


def _is_gke(cluster: ClusterNeeds) -> bool:
    return cluster.platform == "gke"


def _is_not_gke(cluster: ClusterNeeds) -> bool:
    return cluster.platform != "gke"


_AKS = "azure-aks-docs, configure-azure-cni: ranges that must not be used"
_OVN = "ovn-kubernetes, go-controller/pkg/config/config.go"

LAWS: tuple[Law, ...] = (
    Law("0.0.0.0/8", "this network", "RFC 1122 section 3.2.1.3"),
    Law("127.0.0.0/8", "loopback", "RFC 1122 section 3.2.1.3"),
    Law("169.254.0.0/16", "link-local", "RFC 3927"),
    Law("224.0.0.0/4", "multicast", "RFC 5771"),
    Law("255.255.255.255/32", "broadcast", "RFC 919"),
    Law(
        "240.0.0.0/4",
        "class E, which most hosts drop",
        "RFC 1112 section 4; GKE alone routes it",
        _is_not_gke,
    ),
    Law("::/96", "unspecified, loopback and IPv4-compatible addresses", "RFC 4291 section 2.5"),
    Law("::ffff:0:0/96", "IPv4-mapped addresses", "RFC 4291 section 2.5.5.2"),
    Law("fe80::/10", "link-local", "RFC 4291 section 2.5.6"),
    Law("ff00::/8", "multicast", "RFC 4291 section 2.7"),
    Law("172.17.0.0/16", "docker0", "Docker, default-address-pools", _runs_docker),
    Law("172.17.0.0/16", "docker0 on GKE's nodes", "GKE, alias IPs: defaults and limits", _is_gke),
    Law("100.64.0.0/16", "OVN-Kubernetes' join switch", _OVN, _is_ovn),
    Law("100.88.0.0/16", "OVN-Kubernetes' transit switch", _OVN, _is_ovn),
    Law("fd98::/64", "OVN-Kubernetes' join switch", _OVN, _is_ovn),
    Law("fd97::/64", "OVN-Kubernetes' transit switch", _OVN, _is_ovn),
    Law("fd69::/112", "OVN-Kubernetes' masquerade range", _OVN, _is_ovn),
    Law("172.30.0.0/16", "what AKS keeps for itself", _AKS, _is_aks),
    Law("172.31.0.0/16", "what AKS keeps for itself", _AKS, _is_aks),
    Law("192.0.2.0/24", "what AKS keeps for itself", _AKS, _is_aks),
)


def cluster_domain(name: str) -> str:
    """Return the domain that all ranges of one cluster share."""
    return f"cluster {name}"


def law_obstacles(clusters: Sequence[ClusterNeeds]) -> Iterator[Obstacle]:
    """Yield the ranges that these clusters cannot have, whatever the request says."""
    for law in LAWS:
        held = law.applies
        domains = (
            frozenset({EVERYWHERE}) if held is None
            else frozenset(cluster_domain(cluster.name) for cluster in clusters if held(cluster))
        )  # fmt: skip
        if domains:
            requirement = f"{law.range} is {law.name} ({law.source})"
            yield Obstacle(law.name, netaddr.IPNetwork(law.range), domains, requirement, is_law=True)


def request_obstacles(
    request: PlanRequest, file: str, folder: Path, fixed: Iterable[netaddr.IPNetwork]
) -> Iterator[Obstacle]:
    """Yield what the request forbids, reserves or has in use.

    A range in use that lies in a fixed range of a cluster of the request is that cluster's own, and is left out.

    Raises
    ------
    ManifestError
        If an entry is no range, or says neither ``range`` nor ``netbox``, or both.
    """
    own = netaddr.IPSet(fixed) if request.in_use else netaddr.IPSet()
    for field, word in (("forbidden", "forbidden"), ("reserved", "reserved"), ("in_use", "in use")):
        for name, found, where in _entries(getattr(request, field), field, file, folder):
            if field != "in_use" or found not in own:
                text = f"{word}: {name}" if name else word
                yield Obstacle(text, found, requirement=f"{where}: {found} is {text}")


def _entries(
    entries: Iterable[str | NamedRange], field: str, file: str, folder: Path
) -> Iterator[tuple[str, netaddr.IPNetwork, str]]:
    place = Place(file, "the request")
    for number, entry in enumerate(entries):
        where = f"{field}[{number}]"
        named = NamedRange(range=entry) if isinstance(entry, str) else entry
        if bool(named.range) == bool(named.netbox):
            found = "both range and netbox" if named.range else "neither range nor netbox"
            raise place.refused(where, found, "range: a range, or netbox: a CSV file")
        if named.range:
            yield named.name, network(named.range, place, where), where
            continue
        for prefix in read_netbox_prefixes(folder / named.netbox):
            yield (
                prefix.name or prefix.status,
                netaddr.IPNetwork(prefix.range),
                f"{named.netbox} line {prefix.line}",
            )
