"""The network configuration of CNI host-local, checked as the plug-in checks it: range sets and requested addresses.

Source: containernetworking/plugins 1.1.1, plugins/ipam/host-local/backend/allocator (config.go, range.go, range_set.go);
the error texts are the component's own. Basis: *ran* (`make golden`, component host-local); without recording:
``runtimeConfig.ipRanges``, CNI versions below 0.3.0, and texts that are no addresses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address, ip_interface
from itertools import combinations
from typing import Any

import msgspec

from kubenetlab.objects.address_text import is_address, is_cidr

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, kw_only=True)
class AddressRange:
    """One range: the addresses from ``start`` to ``end``, both inside; nobody gets the gateway."""

    subnet: IPv4Interface | IPv6Interface
    gateway: Address
    start: Address
    end: Address

    def holds(self, address: Address) -> bool:
        """Whether the address lies between start and end."""
        return address.version == self.start.version and int(self.start) <= int(address) <= int(self.end)

    def overlaps(self, other: "AddressRange") -> bool:
        """Whether the two share an address."""
        return any((self.holds(other.start), self.holds(other.end), other.holds(self.start)))

    @property
    def n_usable(self) -> int:
        """Addresses that containers can get."""
        return int(self.end) - int(self.start) + 1 - self.holds(self.gateway)

    def __str__(self) -> str:
        """``start-end``, as the error texts write a range."""
        return f"{self.start}-{self.end}"


@dataclass(frozen=True)
class RangeSet:
    """Ranges of one family; a container gets one address of each set."""

    ranges: tuple[AddressRange, ...]

    def range_of(self, address: Address) -> AddressRange | None:
        """Return the range that holds an address."""
        return next((held for held in self.ranges if held.holds(address)), None)

    def overlaps(self, other: "RangeSet") -> bool:
        """Whether the two sets share an address."""
        return any(one.overlaps(another) for one in self.ranges for another in other.ranges)

    @cached_property
    def n_usable(self) -> int:
        """Addresses that containers can get."""
        return sum(held.n_usable for held in self.ranges)

    def __str__(self) -> str:
        """The ranges, as the error texts write a set."""
        return ",".join(map(str, self.ranges))


@dataclass(frozen=True, kw_only=True)
class HostLocalConfig:
    """What one call of the plug-in works with: range sets in order, addresses asked for, routes handed through."""

    range_sets: tuple[RangeSet, ...]
    requested: tuple[Address, ...] = ()
    routes: tuple[Any, ...] = ()

    @property
    def capacity(self) -> int:
        """Containers that fit: the smallest range set decides."""
        return min(range_set.n_usable for range_set in self.range_sets)

    @property
    def what_binds(self) -> str:
        """The set that is full first, in one sentence."""
        index = min(range(len(self.range_sets)), key=lambda i: self.range_sets[i].n_usable)
        range_set = self.range_sets[index]
        return f"Range set {index} ({range_set}) is full at {range_set.n_usable} containers of this network."


class _RangeText(msgspec.Struct, rename="camel"):
    subnet: str | None = None
    range_start: str = ""
    range_end: str = ""
    gateway: str = ""


class _Ipam(_RangeText, rename="camel"):
    ranges: list[list[_RangeText]] = msgspec.field(default_factory=list)
    routes: list[Any] = msgspec.field(default_factory=list)


class _RuntimeConfig(msgspec.Struct, rename="camel"):
    ip_ranges: list[list[_RangeText]] = msgspec.field(default_factory=list)
    ips: list[str] = msgspec.field(default_factory=list)


class _CniArguments(msgspec.Struct):
    ips: list[str] = msgspec.field(default_factory=list)


class _Arguments(msgspec.Struct):
    cni: _CniArguments | None = None


class _Network(msgspec.Struct, rename="camel"):
    cni_version: str = ""
    ipam: _Ipam | None = None
    runtime_config: _RuntimeConfig = msgspec.field(default_factory=_RuntimeConfig)
    args: _Arguments | None = None


def load_config(config: Mapping[str, Any], cni_args: str = "") -> HostLocalConfig:
    """Check a network configuration.

    Parameters
    ----------
    config
        The whole configuration of the calling plug-in, as JSON has it; the address part stands under ``ipam``.
    cni_args
        The environment variable ``CNI_ARGS``; of its ``KEY=VALUE`` pairs, parted by ``;``, only ``IP`` is read.

    Raises
    ------
    ValueError
        With the plug-in's own text, if it refuses the configuration.

    Examples
    --------
    >>> config = load_config({"ipam": {"subnet": "10.244.3.0/24"}})
    >>> config.capacity, str(config.range_sets[0])
    (253, '10.244.3.1-10.244.3.254')
    """
    network = msgspec.convert(config, _Network)
    if network.ipam is None:
        raise ValueError("IPAM config missing 'ipam' key")
    requested = tuple(map(_address, _requested(network, cni_args)))
    sets = [*network.runtime_config.ip_ranges, *_single_range(network.ipam), *network.ipam.ranges]
    if not sets:
        raise ValueError("no IP ranges specified")
    range_sets = tuple(_numbered_set(index, texts) for index, texts in enumerate(sets))
    _check_families(range_sets, network.cni_version)
    for (i, one), (j, other) in combinations(enumerate(range_sets), 2):
        if one.overlaps(other):
            raise ValueError(f"range set {i} overlaps with {j}")
    return HostLocalConfig(range_sets=range_sets, requested=requested, routes=tuple(network.ipam.routes))


def _requested(network: _Network, cni_args: str) -> Iterator[str]:
    pairs = dict(pair.partition("=")[::2] for pair in cni_args.split(";"))
    if pairs.get("IP"):
        yield pairs["IP"]
    if network.args is not None and network.args.cni is not None:
        yield from network.args.cni.ips
    yield from (text.partition("/")[0] for text in network.runtime_config.ips)


def _single_range(ipam: _Ipam) -> Iterator[list[_RangeText]]:
    """The older style: one range beside ``type``; it comes before the range sets."""
    if ipam.subnet is not None:
        yield [ipam]


def _numbered_set(index: int, texts: list[_RangeText]) -> RangeSet:
    try:
        return _range_set(texts)
    except ValueError as error:
        raise ValueError(f"invalid range set {index}: {error}") from None


def _range_set(texts: list[_RangeText]) -> RangeSet:
    if not texts:
        raise ValueError("empty range set")
    ranges = tuple(map(_range, texts))
    if len({held.start.version for held in ranges}) > 1:
        raise ValueError("mixed address families")
    for one, other in combinations(ranges, 2):
        if one.overlaps(other):
            raise ValueError(f"subnets {one} and {other} overlap")
    return RangeSet(ranges)


def _range(texts: _RangeText) -> AddressRange:
    subnet = _subnet(texts.subnet)
    first, last = subnet.network.network_address, subnet.network.broadcast_address
    gateway = _address(texts.gateway) if texts.gateway else first + 1
    start = _address(texts.range_start) if texts.range_start else None
    end = _address(texts.range_end) if texts.range_end else None
    if start is not None and not (start in subnet.network and int(start) <= int(end or last)):
        raise ValueError(f"RangeStart {start} not in network {subnet}")
    start = start or first + 1
    if end is not None and not (end in subnet.network and int(start) <= int(end)):
        raise ValueError(f"RangeEnd {end} not in network {subnet}")
    default_end = last - 1 if subnet.version == 4 else last
    return AddressRange(subnet=subnet, gateway=gateway, start=start, end=end or default_end)


def _subnet(text: str | None) -> IPv4Interface | IPv6Interface:
    if text is None:
        raise ValueError("IP <nil> not v4 nor v6")
    if not is_cidr(text):
        raise ValueError(f"invalid CIDR address: {text}")
    subnet = ip_interface(text)
    length, network_address = subnet.network.prefixlen, subnet.network.network_address
    if length > subnet.max_prefixlen - 2:
        raise ValueError(f"Network {subnet} too small to allocate from")
    if subnet.ip != network_address:
        raise ValueError(
            f"Network has host bits set. For a subnet mask of length {length} the network address is {network_address}"
        )
    return subnet


def _address(text: str) -> Address:
    if not is_address(text):
        raise ValueError(f"invalid IP address: {text}")
    return ip_address(text)


def _check_families(range_sets: tuple[RangeSet, ...], cni_version: str) -> None:
    """CNI 0.2.0 and below know one address a family."""
    versions = [range_set.ranges[0].start.version for range_set in range_sets]
    is_old = cni_version in {"", "0.1.0", "0.2.0"}
    if is_old and len(versions) > len(set(versions)):
        raise ValueError(f"CNI version {cni_version} does not support more than 1 address per family")
