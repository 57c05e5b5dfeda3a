"""``aws ec2 describe-subnets``, ``describe-network-interfaces`` and ``describe-instance-types``.

Source: EC2 API reference, Subnet and NetworkInterface. AvailableIpAddressCount counts the unused IPv4 addresses;
addresses of stopped instances are in use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from kubenetlab.objects.address_text import check_addresses
from kubenetlab.objects.listings import CloudInterface, CloudSubnet, Listings, NamedInstanceType
from kubenetlab.readers.cloud.checks import check_networks, check_room
from kubenetlab.readers.instance_types import InstanceTypeInfo, instance_type

#: Addresses of a subnet that AWS keeps: the first four and the last (Amazon VPC User Guide, subnet sizing).
_RESERVED = 5
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**32)]


class _Listing(msgspec.Struct, frozen=True, rename="pascal"):
    """A value of EC2's API; only the fields that are used."""


class _Ipv6Association(_Listing, frozen=True):
    ipv6_cidr_block: str = ""

    def __post_init__(self) -> None:
        check_networks(6, Ipv6CidrBlock=self.ipv6_cidr_block)


class _Subnet(_Listing, frozen=True):
    subnet_id: str
    cidr_block: str = ""
    availability_zone: str = ""
    vpc_id: str = ""
    available_ip_address_count: _Count | None = None
    ipv6_cidr_block_association_set: tuple[_Ipv6Association, ...] = ()

    def __post_init__(self) -> None:
        check_networks(4, CidrBlock=self.cidr_block)
        count = self.available_ip_address_count
        if self.cidr_block and count is not None:
            check_room("AvailableIpAddressCount", count, self.cidr_block, _RESERVED)


class _Subnets(_Listing, frozen=True):
    subnets: tuple[_Subnet, ...]


class _PrivateAddress(_Listing, frozen=True):
    private_ip_address: str = ""

    def __post_init__(self) -> None:
        check_addresses(PrivateIpAddress=self.private_ip_address)


class _Ipv4Prefix(_Listing, frozen=True):
    ipv4_prefix: str = ""

    def __post_init__(self) -> None:
        check_networks(4, Ipv4Prefix=self.ipv4_prefix)


class _Ipv6Address(_Listing, frozen=True):
    ipv6_address: str = ""

    def __post_init__(self) -> None:
        check_addresses(Ipv6Address=self.ipv6_address)


class _Ipv6Prefix(_Listing, frozen=True):
    ipv6_prefix: str = ""

    def __post_init__(self) -> None:
        check_networks(6, Ipv6Prefix=self.ipv6_prefix)


class _Interface(_Listing, frozen=True):
    subnet_id: str = ""
    private_ip_addresses: tuple[_PrivateAddress, ...] = ()
    ipv4_prefixes: tuple[_Ipv4Prefix, ...] = ()
    ipv6_addresses: tuple[_Ipv6Address, ...] = ()
    ipv6_prefixes: tuple[_Ipv6Prefix, ...] = ()

    @property
    def texts(self) -> Iterator[str]:
        """All addresses and prefixes."""
        yield from (a.private_ip_address for a in self.private_ip_addresses)
        yield from (p.ipv4_prefix for p in self.ipv4_prefixes)
        yield from (a.ipv6_address for a in self.ipv6_addresses)
        yield from (p.ipv6_prefix for p in self.ipv6_prefixes)


class _Interfaces(_Listing, frozen=True):
    network_interfaces: tuple[_Interface, ...]


def subnets(value: object) -> Listings:
    """Return the subnets of a region, both families."""
    listed = msgspec.convert(value, _Subnets).subnets
    return Listings(subnets=tuple(found for subnet in listed for found in _ranges(subnet)))


def _ranges(subnet: _Subnet) -> Iterator[CloudSubnet]:
    texts = [subnet.cidr_block, *(a.ipv6_cidr_block for a in subnet.ipv6_cidr_block_association_set)]
    for text in filter(None, texts):
        n_used = _n_used(subnet) if text == subnet.cidr_block else None
        zone, network = subnet.availability_zone, subnet.vpc_id
        yield CloudSubnet("aws", subnet.subnet_id, text, zone, n_used=n_used, network=network)


def _n_used(subnet: _Subnet) -> int | None:
    if subnet.available_ip_address_count is None or not subnet.cidr_block:
        return None
    size = 1 << (32 - int(subnet.cidr_block.partition("/")[2]))
    return max(0, size - _RESERVED - subnet.available_ip_address_count)


def interfaces(value: object) -> Listings:
    """Return the network interfaces of a region."""
    listed = msgspec.convert(value, _Interfaces).network_interfaces
    found = (CloudInterface(i.subnet_id, tuple(filter(None, i.texts))) for i in listed)
    return Listings(interfaces=tuple(found))


class _InstanceTypes(_Listing, frozen=True):
    instance_types: tuple[InstanceTypeInfo, ...]


def instance_types(value: object) -> Listings:
    """Return what instance types allow a node."""
    listed = msgspec.convert(value, _InstanceTypes).instance_types
    return Listings(
        instance_types=tuple(NamedInstanceType(i.instance_type, instance_type(i)) for i in listed)
    )
