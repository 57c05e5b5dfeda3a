"""``az aks show`` (or an entry of ``az aks list``), and ``az network vnet subnet show`` (or an entry of ``list``).

Source: Azure REST API, ManagedCluster and Subnet; azure-cli prints ``vnetSubnetId`` where the API says
``vnetSubnetID``, so both are read. A cluster names its subnets without their ranges.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from kubenetlab.objects.address_text import check_addresses, check_cidrs
from kubenetlab.objects.listings import CloudSubnet, Listings, NodePool, StatedSetting
from kubenetlab.readers.cloud.checks import check_no_host_bits, check_room

#: Addresses of a subnet that Azure keeps: the first four and the last (azure-aks-docs fb060ab).
_RESERVED = 5
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**31)]


class _Listing(msgspec.Struct, frozen=True, rename="camel"):
    """A value of Azure's API; only the fields that are used."""


class _NetworkProfile(_Listing, frozen=True):
    pod_cidr: str = ""
    pod_cidrs: tuple[str, ...] = ()
    service_cidr: str = ""
    service_cidrs: tuple[str, ...] = ()
    dns_service_ip: str = ""
    dns_service_ip_of_api: str = msgspec.field(default="", name="dnsServiceIP")

    def __post_init__(self) -> None:
        check_cidrs(podCidr=self.pod_cidr, podCidrs=self.pod_cidrs)
        check_cidrs(serviceCidr=self.service_cidr, serviceCidrs=self.service_cidrs)
        check_addresses(dnsServiceIp=self.dns_service_ip, dnsServiceIP=self.dns_service_ip_of_api)


class _AgentPool(_Listing, frozen=True):
    name: str = ""
    count: _Count | None = None
    max_count: _Count | None = None
    max_pods: _Count | None = None
    vnet_subnet_id: str = ""
    vnet_subnet_id_of_api: str = msgspec.field(default="", name="vnetSubnetID")
    pod_subnet_id: str = ""
    pod_subnet_id_of_api: str = msgspec.field(default="", name="podSubnetID")


class _Cluster(_Listing, frozen=True):
    agent_pool_profiles: tuple[_AgentPool, ...]
    name: str = ""
    network_profile: _NetworkProfile = _NetworkProfile()


class _Subnet(_Listing, frozen=True):
    id: str
    address_prefix: str = ""
    address_prefixes: tuple[str, ...] = ()
    ip_configurations: tuple[object, ...] | None = None

    def __post_init__(self) -> None:
        check_cidrs(addressPrefix=self.address_prefix, addressPrefixes=self.address_prefixes)
        check_no_host_bits(addressPrefix=self.address_prefix, addressPrefixes=self.address_prefixes)
        if self.ip_configurations is not None and len(self.cidrs) == 1:
            check_room("ipConfigurations", len(self.ip_configurations), self.cidrs[0], _RESERVED)

    @property
    def cidrs(self) -> tuple[str, ...]:
        return self.address_prefixes or tuple(filter(None, (self.address_prefix,)))


def cluster(value: object) -> Listings:
    """Return what an AKS cluster says of its ranges and node pools."""
    found = msgspec.convert(value, _Cluster)
    pools = tuple(_pool(pool)._replace(cluster=found.name) for pool in found.agent_pool_profiles)
    names = dict.fromkeys(name for pool in pools for name in (pool.subnet, pool.pod_subnet) if name)
    subnets = tuple(CloudSubnet("azure", _short(name), "", network=_network(name)) for name in names)
    pools = tuple(p._replace(subnet=_short(p.subnet), pod_subnet=_short(p.pod_subnet)) for p in pools)
    return Listings(subnets=subnets, node_pools=pools, settings=tuple(_settings(found)))


def _pool(pool: _AgentPool) -> NodePool:
    return NodePool(
        "azure",
        pool.name,
        n_nodes=pool.count,
        max_nodes=pool.max_count,
        max_pods=pool.max_pods,
        subnet=pool.vnet_subnet_id or pool.vnet_subnet_id_of_api,
        pod_subnet=pool.pod_subnet_id or pool.pod_subnet_id_of_api,
    )


def _settings(found: _Cluster) -> list[StatedSetting]:
    profile, evidence = found.network_profile, f"az aks show of {found.name or 'the cluster'}"
    values = {
        "cluster_cidr": profile.pod_cidrs or tuple(filter(None, (profile.pod_cidr,))),
        "service_cidr": profile.service_cidrs or tuple(filter(None, (profile.service_cidr,))),
        "cluster_dns": profile.dns_service_ip or profile.dns_service_ip_of_api,
    }
    return [StatedSetting(name, v, evidence, found.name, "azure") for name, v in values.items() if v]


def subnet(value: object) -> Listings:
    """Return a subnet of a virtual network; its IP configurations are its addresses in use."""
    found = msgspec.convert(value, _Subnet)
    cidrs = found.cidrs
    n_used = None if found.ip_configurations is None or len(cidrs) != 1 else len(found.ip_configurations)
    name, network = _short(found.id), _network(found.id)
    return Listings(
        subnets=tuple(CloudSubnet("azure", name, c, n_used=n_used, network=network) for c in cidrs)
    )


def _short(resource: str) -> str:
    """Return the last part of a resource's ID."""
    return resource.rstrip("/").rpartition("/")[2]


def _network(resource: str) -> str:
    """Return the virtual network of a subnet's ID: /subscriptions/…/virtualNetworks/NETWORK/subnets/SUBNET."""
    parts = resource.split("/")
    return parts[-3] if len(parts) > 2 else ""
