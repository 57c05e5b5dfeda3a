"""``gcloud container clusters describe`` and ``gcloud compute networks subnets describe`` (or an entry of ``list``).

Source: Google Kubernetes Engine API v1, Cluster and NodePool; Compute Engine API v1, Subnetwork. int64 values are text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from kubenetlab.objects.listings import CloudSubnet, Listings, NodePool, StatedSetting
from kubenetlab.readers.cloud.checks import check_networks

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
_MAX_DIGITS = 9


class _Listing(msgspec.Struct, frozen=True, rename="camel"):
    """A value of Google's API; only the fields that are used."""


class _AllocationPolicy(_Listing, frozen=True):
    cluster_ipv4_cidr_block: str = ""
    services_ipv4_cidr_block: str = ""
    cluster_secondary_range_name: str = ""
    services_secondary_range_name: str = ""

    def __post_init__(self) -> None:
        check_networks(4, clusterIpv4CidrBlock=self.cluster_ipv4_cidr_block)
        check_networks(4, servicesIpv4CidrBlock=self.services_ipv4_cidr_block)


class _PodsConstraint(_Listing, frozen=True):
    max_pods_per_node: _Count | str | None = None

    def __post_init__(self) -> None:
        text = self.max_pods_per_node
        if isinstance(text, str) and not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
            raise ValueError(f"maxPodsPerNode: found {text[:40]!r}, expected a whole number")


class _NodeNetwork(_Listing, frozen=True):
    pod_range: str = ""
    pod_ipv4_cidr_block: str = ""

    def __post_init__(self) -> None:
        check_networks(4, podIpv4CidrBlock=self.pod_ipv4_cidr_block)


class _Autoscaling(_Listing, frozen=True):
    enabled: bool = False
    max_node_count: _Count | None = None
    total_max_node_count: _Count | None = None

    def most(self, n_zones: int) -> int | None:
        """Most nodes of the pool: ``maxNodeCount`` is of each zone."""
        if not self.enabled:
            return None
        of_zones = self.max_node_count and self.max_node_count * n_zones
        return self.total_max_node_count or of_zones


class _NodePool(_Listing, frozen=True):
    name: str = ""
    max_pods_constraint: _PodsConstraint = _PodsConstraint()
    network_config: _NodeNetwork = _NodeNetwork()
    autoscaling: _Autoscaling = _Autoscaling()
    locations: tuple[str, ...] = ()
    pod_ipv4_cidr_size: _Count | None = None


class _Cluster(_Listing, frozen=True):
    ip_allocation_policy: _AllocationPolicy = _AllocationPolicy()
    node_pools: tuple[_NodePool, ...] = ()
    name: str = ""
    cluster_ipv4_cidr: str = ""
    services_ipv4_cidr: str = ""
    subnetwork: str = ""
    locations: tuple[str, ...] = ()
    default_max_pods_constraint: _PodsConstraint = _PodsConstraint()

    def __post_init__(self) -> None:
        check_networks(4, clusterIpv4Cidr=self.cluster_ipv4_cidr, servicesIpv4Cidr=self.services_ipv4_cidr)


class _SecondaryRange(_Listing, frozen=True):
    range_name: str = ""
    ip_cidr_range: str = ""

    def __post_init__(self) -> None:
        check_networks(4, ipCidrRange=self.ip_cidr_range)


class _Subnetwork(_Listing, frozen=True):
    ip_cidr_range: str
    name: str = ""
    region: str = ""
    network: str = ""
    secondary_ip_ranges: tuple[_SecondaryRange, ...] = ()

    def __post_init__(self) -> None:
        check_networks(4, ipCidrRange=self.ip_cidr_range)


def cluster(value: object) -> Listings:
    """Return what a GKE cluster says of its ranges and node pools."""
    found = msgspec.convert(value, _Cluster)
    ranges = tuple(dict.fromkeys(_ranges(found)))
    evidence = f"gcloud container clusters describe {found.name}".rstrip()
    by_role = {
        "cluster_cidr": [r.cidr for r in ranges if r.role == "pod range"],
        "service_cidr": [r.cidr for r in ranges if r.role == "Service range"],
    }
    settings = tuple(
        StatedSetting(name, tuple(v), evidence, found.name, "gcp") for name, v in by_role.items() if v
    )
    pools = tuple(_pool(pool, found) for pool in found.node_pools)
    return Listings(subnets=ranges, node_pools=pools, settings=settings)


def _ranges(found: _Cluster) -> Iterator[CloudSubnet]:
    policy = found.ip_allocation_policy
    if pods := policy.cluster_ipv4_cidr_block or found.cluster_ipv4_cidr:
        yield CloudSubnet("gcp", policy.cluster_secondary_range_name or "pods", pods, role="pod range")
    for pool in found.node_pools:
        network = pool.network_config
        if network.pod_ipv4_cidr_block and network.pod_ipv4_cidr_block != pods:
            name = network.pod_range or f"pods of {pool.name}"
            yield CloudSubnet("gcp", name, network.pod_ipv4_cidr_block, role="pod range")
    if services := policy.services_ipv4_cidr_block or found.services_ipv4_cidr:
        name = policy.services_secondary_range_name or "services"
        yield CloudSubnet("gcp", name, services, role="Service range")


def _pool(pool: _NodePool, found: _Cluster) -> NodePool:
    network, n_zones = pool.network_config, len(pool.locations or found.locations) or 1
    max_pods = pool.max_pods_constraint.max_pods_per_node
    default = found.default_max_pods_constraint.max_pods_per_node
    max_pods = default if max_pods is None else max_pods
    return NodePool(
        "gcp",
        pool.name,
        max_nodes=pool.autoscaling.most(n_zones),
        max_pods=None if max_pods is None else int(max_pods),
        subnet=found.subnetwork,
        pod_subnet=network.pod_range or found.ip_allocation_policy.cluster_secondary_range_name,
        cluster=found.name,
    )


def subnetwork(value: object) -> Listings:
    """Return a subnet and its secondary ranges."""
    found = msgspec.convert(value, _Subnetwork)
    region, network = _short(found.region), _short(found.network)
    primary = CloudSubnet("gcp", found.name, found.ip_cidr_range, region, network=network)
    secondary = (
        CloudSubnet("gcp", r.range_name, r.ip_cidr_range, region, "secondary range", network=network)
        for r in found.secondary_ip_ranges
    )
    return Listings(subnets=(primary, *secondary))


def _short(resource: str) -> str:
    return resource.rstrip("/").rpartition("/")[2]
