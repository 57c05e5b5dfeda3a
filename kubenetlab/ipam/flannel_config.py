"""How Flannel's ``net-conf.json`` is checked and completed, and how many subnets it leaves to nodes.

Source: flannel cdf7605, pkg/subnet/config.go (CheckNetworkConfig); the error texts are the component's own. Basis: *ran*,
21 cases (`make golden`, component addressing). With ``--kube-subnet-mgr`` Flannel checks nothing of this.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, NamedTuple

import msgspec

from kubenetlab.objects.address_text import is_cidr

Address = IPv4Address | IPv6Address
Subnet = IPv4Network | IPv6Network


@dataclass(frozen=True)
class SubnetRange:
    """The subnets of one family that nodes can lease."""

    network: Subnet
    subnet_length: int
    subnet_min: Address
    subnet_max: Address

    @property
    def capacity(self) -> int:
        """Nodes that can lease a subnet; 0 where SubnetMin lies behind SubnetMax, which Flannel accepts."""
        return max(0, (int(self.subnet_max) - int(self.subnet_min)) // self._step + 1)

    @property
    def what_binds(self) -> str:
        """What is full first, in one sentence."""
        span = f"{self.subnet_min} to {self.subnet_max}"
        return f"The subnets {span} of /{self.subnet_length} are all leased at {self.capacity} nodes."

    def free(self, leased: set[Subnet]) -> Iterator[Subnet]:
        """Yield the subnets that are not leased, ascending."""
        for first in range(int(self.subnet_min), int(self.subnet_max) + 1, self._step):
            subnet = type(self.network)((first, self.subnet_length))
            if subnet not in leased:
                yield subnet

    def fits(self, subnet: Subnet) -> bool:
        """Whether a subnet leased earlier can be leased again under this configuration."""
        is_inside = int(self.subnet_min) <= int(subnet.network_address) <= int(self.subnet_max)
        return subnet.version == self.network.version and subnet.prefixlen == self.subnet_length and is_inside

    @property
    def _step(self) -> int:
        return 1 << (self.network.max_prefixlen - self.subnet_length)


@dataclass(frozen=True)
class FlannelConfig:
    """A checked ``net-conf.json`` with its defaults filled in; a family that is off is None."""

    ipv4: SubnetRange | None
    ipv6: SubnetRange | None
    backend_type: str


class _Family(NamedTuple):
    """How the check treats one family: the first part of its field names, and its numbers."""

    prefix: str
    network_type: type[IPv4Network] | type[IPv6Network]
    longest_subnet: int
    longest_network: int
    default_subnet: int
    network_in_text: str


_IPV4 = _Family("", IPv4Network, 30, 28, 24, "network")
_IPV6 = _Family("IPv6", IPv6Network, 126, 124, 64, "IPv6Network")


class _Fields(msgspec.Struct, rename="pascal"):
    network: str = ""
    subnet_len: int = 0
    subnet_min: str = ""
    subnet_max: str = ""


class _Backend(msgspec.Struct, rename="pascal"):
    type: str = ""


class _Switches(msgspec.Struct):
    enable_ipv4: bool = msgspec.field(default=True, name="EnableIPv4")
    enable_ipv6: bool = msgspec.field(default=False, name="EnableIPv6")
    backend: _Backend = msgspec.field(default_factory=lambda: _Backend("udp"), name="Backend")


def parse_config(text: str) -> FlannelConfig:
    """Check a ``net-conf.json`` and fill in what it leaves out.

    Parameters
    ----------
    text
        The JSON text, as etcd or the ConfigMap ``kube-flannel-cfg`` holds it.

    Raises
    ------
    ValueError
        With Flannel's own text where Flannel checks it; also if the text is no JSON object, a network no range of its
        family, or a number negative.

    Notes
    -----
    The first subnet of the network is left out. Without ``Backend`` the type is ``udp``; Flannel's documentation says
    ``vxlan``, its code does not.

    Examples
    --------
    >>> config = parse_config('{"Network": "10.244.0.0/16"}')
    >>> config.ipv4.what_binds
    'The subnets 10.244.1.0 to 10.244.255.0 of /24 are all leased at 255 nodes.'
    """
    fields = msgspec.json.decode(text, type=dict[str, Any])
    switches = msgspec.convert(fields, _Switches)
    ipv4 = _subnet_range(fields, _IPV4) if switches.enable_ipv4 else None
    ipv6 = _subnet_range(fields, _IPV6) if switches.enable_ipv6 else None
    return FlannelConfig(ipv4, ipv6, switches.backend.type)


def _subnet_range(fields: dict[str, Any], family: _Family) -> SubnetRange:
    names = ("Network", "SubnetLen", "SubnetMin", "SubnetMax")
    own = {name: fields[family.prefix + name] for name in names if family.prefix + name in fields}
    given = msgspec.convert(own, _Fields)
    if given.network and not is_cidr(given.network):
        raise ValueError(f"invalid CIDR address: {given.network}")
    network = family.network_type(given.network or (0, 0), strict=False)
    if network.prefixlen == 0 and int(network.network_address) == 0:
        raise ValueError(f"please define a correct {family.prefix}Network parameter in the flannel config")
    length = _subnet_length(given.subnet_len, network, family)
    size = 1 << (network.max_prefixlen - length)
    first, last = network.network_address + size, network.broadcast_address - (size - 1)
    subnet_min = _bound("SubnetMin", given.subnet_min, first, network, family)
    subnet_max = _bound("SubnetMax", given.subnet_max, last, network, family)
    for name, bound in (("SubnetMin", subnet_min), ("SubnetMax", subnet_max)):
        if int(bound) % size:
            raise ValueError(f"{family.prefix}{name} is not on a SubnetLen boundary: {bound}")
    return SubnetRange(network, length, subnet_min, subnet_max)


def _subnet_length(given: int, network: Subnet, family: _Family) -> int:
    if given < 0:
        raise ValueError(f"{family.prefix}SubnetLen {given} is negative")
    if given > family.longest_subnet:
        raise ValueError(f"SubnetLen must be less than /{family.longest_subnet + 1}")
    if given and given < network.prefixlen + 2:
        raise ValueError("network must be able to accommodate at least four subnets")
    if not given and network.prefixlen > family.longest_network:
        text = f"{family.network_in_text} is too small. Minimum useful network prefix is"
        raise ValueError(f"{text} /{family.longest_network}")
    return given or max(family.default_subnet, network.prefixlen + 2)


def _bound(name: str, given: str, default: Address, network: Subnet, family: _Family) -> Address:
    bound = ip_address(given) if given else None
    if not bound or int(bound) == 0:
        return default
    if bound not in network:
        raise ValueError(f"{family.prefix}{name} is not in the range of the {family.prefix}Network")
    return bound
