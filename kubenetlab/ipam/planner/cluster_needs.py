"""What one cluster of a request needs, with its defaults filled in and every value checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import netaddr

from kubenetlab.ipam.forecast.growth import DAYS_PER_YEAR, Growth
from kubenetlab.ipam.instance_types import INSTANCE_TYPES, InstanceType
from kubenetlab.ipam.planner.given_instance import AWS_VPC_CNI, instance_of, max_pods_of_node
from kubenetlab.ipam.planner.given_numbers import NUMBERS, growth, number, rate, surge
from kubenetlab.ipam.planner.given_ranges import Place, networks
from kubenetlab.ipam.planner.platform_rules import refuse_values
from kubenetlab.ipam.planner.platforms import (
    DATA_PLANES,
    FIXED_FIELDS,
    IPAMS,
    IPAMS_OF_CNI,
    PLATFORM_OF_CLOUD,
    PLATFORMS,
    Ipam,
    Platform,
)
from kubenetlab.readers.plan_request import ClusterRequest, Shared, suggestion

_NAME_RULE = "1 to 63 letters, digits, '-', '_' or '.', the first a letter or digit"
_FAMILIES = {"ipv4": 4, "ipv6": 6}
_RUNTIMES = ("containerd", "cri-o", "docker")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterNeeds:
    """One cluster: what it is, what it needs now and later, and which ranges it has already.

    Attributes
    ----------
    families
        4, 6 or both, in the order of the cluster's first family.
    surge
        Nodes that an upgrade adds: a number, or a share of the nodes.
    fixed
        By role, the ranges that must stay as they are.
    peers, mesh
        Names of the clusters whose ranges must be apart from this one's, and of the group of such clusters.
    defaulted
        Fields that neither the cluster nor ``defaults`` says, with the value that was taken.
    """

    name: str
    platform: str
    cni: str
    ipam: str
    families: tuple[int, ...]
    nodes: int
    pods_per_node: int
    services: int
    growth: Growth
    horizon_years: float
    surge: int | float
    head_room: float
    zones: int
    max_pods: int
    node_cidr_mask_size: int | None = None
    node_cidr_mask_size_ipv6: int | None = None
    block_size: int | None = None
    instance_type: str | None = None
    instance: InstanceType | None = None
    prefix_delegation: bool = False
    custom_networking: bool = False
    routable_pods: bool = False
    container_runtime: str = "containerd"
    fixed: Mapping[str, tuple[netaddr.IPNetwork, ...]] = field(default_factory=dict)
    peers: frozenset[str] = frozenset()
    mesh: str = ""
    defaulted: tuple[tuple[str, object], ...] = ()

    @property
    def rules(self) -> Platform:
        """What the platform allows."""
        return PLATFORMS[self.platform]

    @property
    def ipam_rules(self) -> Ipam:
        """What the IPAM needs."""
        return IPAMS[self.ipam]

    @property
    def max_surge(self) -> int:
        """Nodes that an upgrade adds at the horizon."""
        return self.surge if isinstance(self.surge, int) else ceil(self.nodes_at_horizon * self.surge)

    @property
    def nodes_at_horizon(self) -> int:
        """Nodes after the horizon at the upper bound of growth and with the head-room, without surge."""
        return self._at_horizon(self.nodes)

    @property
    def nodes_needed(self) -> int:
        """Nodes that must have addresses: those of the horizon, and the surge."""
        return self.nodes_at_horizon + self.max_surge

    @property
    def pods_needed(self) -> int:
        """Pods that must have addresses at the horizon; an upgrade moves pods and adds none."""
        return self._at_horizon(self.nodes * self.pods_per_node)

    @property
    def services_needed(self) -> int:
        """Services at the horizon."""
        return self._at_horizon(self.services)

    def _at_horizon(self, n: int) -> int:
        factor = self.growth.factor(self.horizon_years * DAYS_PER_YEAR, 1.0) * (1 + self.head_room)
        return ceil(n * factor - 1e-9)  # 3 * 1.4**2 is 5.88, but 10 * 1.1 is 11.000000000000002


def cluster_needs(
    cluster: ClusterRequest,
    defaults: Shared,
    file: str,
    instance_types: Mapping[str, InstanceType] = INSTANCE_TYPES,
) -> ClusterNeeds:
    """Return what a cluster needs.

    Raises
    ------
    ManifestError
        If a value is missing, is not allowed, or contradicts another.
    """
    place = Place(file, f"cluster {cluster.name}")
    _check_name(cluster.name, place)
    said = {
        name: value
        for name in Shared.__struct_fields__
        if (value := _said(cluster, defaults, name)) is not None
    }
    values: dict[str, Any] = {"name": cluster.name, **_software(said, place)}
    rules = PLATFORMS[values["platform"]]
    values |= {name: number(said.get(name), name, place) for name in NUMBERS}
    values["zones"] = number(said.get("zones", rules.fewest_zones), "zones", place)
    values["growth"] = growth(said.get("growth", "0%"), place)
    values["head_room"] = rate(said.get("head_room", 0.0), place, "head_room")
    values["surge"] = surge(said.get("max_surge", max(1, rules.surge_per_zone * values["zones"])), place)
    values["fixed"] = _fixed(cluster, place)
    values["families"] = _families(said, values, place)
    _drop_without_effect(cluster, values, place)
    values |= instance_of(said, values, place, instance_types)
    values["max_pods"] = max_pods_of_node(values, place)
    values["routable_pods"] = said.get(
        "routable_pods", IPAMS[values["ipam"]].is_routable and not values.get("custom_networking")
    )
    values["mesh"] = said.get("mesh", "")
    values["container_runtime"] = _runtime(said, place)
    asked = ("max_pods", "services", "growth", "horizon_years", "max_surge", "head_room", "zones")
    defaulted = tuple((name, values.get(name, values["surge"])) for name in asked if name not in said)
    needs = ClusterNeeds(**values, defaulted=defaulted)
    refuse_values(needs, place)
    return needs


def _runtime(said: dict[str, Any], place: Place) -> str:
    runtime = str(said.get("container_runtime", _RUNTIMES[0])).lower()
    if runtime not in _RUNTIMES:
        raise place.refused("container_runtime", runtime, suggestion(runtime, list(_RUNTIMES)))
    return runtime


#: Fields that not every IPAM has a use for: whether it has, and what does.
_USES: dict[str, tuple[Callable[[str], bool], str]] = {
    "node_cidr_mask_size": (lambda ipam: IPAMS[ipam].node_mask is not None, "whose nodes have pod CIDRs"),
    "node_cidr_mask_size_ipv6": (lambda ipam: bool(IPAMS[ipam].node_mask_ipv6), "whose nodes have IPv6 pod CIDRs"),
    "block_size": (lambda ipam: ipam == "calico", "with blocks: calico"),
    "prefix_delegation": (lambda ipam: ipam == AWS_VPC_CNI, f"of AWS: {AWS_VPC_CNI}"),
    "custom_networking": (lambda ipam: ipam == AWS_VPC_CNI, f"of AWS: {AWS_VPC_CNI}"),
}  # fmt: skip


def has_use(name: str, ipam: str) -> bool:
    """Return whether an IPAM has a use for a field of a cluster."""
    return name not in _USES or _USES[name][0](ipam)


def _drop_without_effect(cluster: ClusterRequest, values: dict[str, Any], place: Place) -> None:
    """Refuse a field of the cluster itself that its IPAM has no use for; what ``defaults`` says is for the others."""
    for name, (_, what) in _USES.items():
        if has_use(name, values["ipam"]):
            continue
        own = getattr(cluster, name)
        if own:
            raise place.refused(name, own, f"nothing with {values['ipam']}; it is for an IPAM {what}")
        if name in NUMBERS:
            values[name] = None


def _said(cluster: ClusterRequest, defaults: Shared, name: str) -> Any:
    own = getattr(cluster, name)
    return own if own is not None else getattr(defaults, name)


def _check_name(name: str, place: Place) -> None:
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not (len(name) <= 63 and name[:1].isalnum() and name.isascii() and plain.isalnum()):
        raise place.refused("name", repr(name), _NAME_RULE)


def _software(said: dict[str, Any], place: Place) -> dict[str, str]:
    """Return platform, CNI plugin and IPAM, each from the one before where the request leaves it open."""
    platform = _platform(said.get("platform"), said.get("cloud"), place)
    cnis = PLATFORMS[platform].cnis
    cni = said.get("cni", cnis[0])
    if cni not in cnis:
        same = (
            f"; {cni} as its data plane is planned the same" if cni in DATA_PLANES.get(platform, ()) else ""
        )
        raise place.refused("cni", cni, f"{suggestion(cni, list(cnis))} on {platform}{same}")
    ipams = IPAMS_OF_CNI[cni]
    ipam = said.get("ipam", ipams[0])
    if ipam not in ipams:
        raise place.refused("ipam", ipam, f"{suggestion(ipam, list(ipams))} with {cni}")
    return {"platform": platform, "cni": cni, "ipam": ipam}


def _platform(platform: str | None, cloud: str | None, place: Place) -> str:
    """Return the platform that is said, or the one of the cloud; other platforms may run in a cloud, too."""
    if cloud is not None and cloud not in PLATFORM_OF_CLOUD:
        raise place.refused("cloud", cloud, suggestion(cloud, list(PLATFORM_OF_CLOUD)))
    found = platform or PLATFORM_OF_CLOUD[cloud or "none"]
    if found not in PLATFORMS:
        raise place.refused("platform", found, suggestion(found, list(PLATFORMS)))
    home = next(
        (name for name, managed in PLATFORM_OF_CLOUD.items() if managed == found and name != "none"), cloud
    )
    if cloud is not None and cloud != home:
        raise place.refused("cloud", cloud, f"{home}, where {found} runs")
    return found


def _fixed(cluster: ClusterRequest, place: Place) -> dict[str, tuple[netaddr.IPNetwork, ...]]:
    found = {role: networks(getattr(cluster, name), place, name) for role, name in FIXED_FIELDS.items()}
    return {role: ranges for role, ranges in found.items() if ranges}


def _families(said: dict[str, Any], values: dict[str, Any], place: Place) -> tuple[int, ...]:
    words = said.get("families", ("ipv4", "ipv6") if said.get("dual_stack") else ("ipv4",))
    for word in words:
        if word.lower() not in _FAMILIES:
            raise place.refused("families", word, suggestion(word, list(_FAMILIES)))
    versions = tuple(dict.fromkeys(_FAMILIES[word.lower()] for word in words))
    if not versions:
        raise place.refused("families", "nothing", "ipv4, ipv6 or both")
    planned = PLATFORMS[values["platform"]].families
    if not set(versions) <= set(planned):
        expected = f"ipv4 alone: the cloud chooses the IPv6 ranges of {values['platform']} itself, nobody can plan them"
        raise place.refused("families", ", ".join(words), expected)
    _check_fixed_families(values, versions, place)
    return versions


def _check_fixed_families(values: dict[str, Any], versions: tuple[int, ...], place: Place) -> None:
    for role, ranges in values["fixed"].items():
        for fixed in ranges:
            if fixed.version not in versions:
                expected = f"a range of IPv{versions[0]}; say dual_stack: true for both families"
                raise place.refused(FIXED_FIELDS[role], fixed, expected)


__all__ = ["FIXED_FIELDS", "ClusterNeeds", "cluster_needs", "has_use"]
