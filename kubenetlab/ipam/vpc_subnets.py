"""Which addresses of a VPC subnet are left: AWS keeps five, and a delegated prefix needs a free /28 that is aligned.

Source: AWS, EC2 API CreateSubnet (the first four addresses and the last); amazon-vpc-cni-k8s b52188387,
docs/prefix-and-ip-target.md and README.md (contiguous /28; "InsufficientCidrBlocks"). Basis: *docs*. Which free address
or prefix EC2 gives is not documented: the lowest here, so what follows from scattered addresses must be put there with
`take`.
"""

from collections.abc import Iterable

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.cidr_arguments import network_of
from kubenetlab.ipam.node_subnets import AWS

#: Prefix length and addresses of a delegated IPv4 prefix.
PREFIX_LENGTH = 28
ADDRESSES_PER_PREFIX = 16
#: Shortest and longest prefix of an IPv4 subnet.
SUBNET_LENGTHS = range(16, 29)

_N_KEPT_AT_THE_START = 4


class SubnetFullError(KubenetlabError):
    """The subnet has no free address, or no free aligned /28."""


class VpcSubnet:
    """The addresses of one IPv4 subnet of a VPC.

    Raises
    ------
    ValueError
        If it is no CIDR, has host bits, or is not a size that AWS allows.

    Examples
    --------
    >>> subnet = VpcSubnet("10.0.0.0/27")
    >>> subnet.take("10.0.0.20")
    >>> subnet.n_free, subnet.n_free_prefixes
    (26, 0)
    >>> subnet.allocate_prefix()
    Traceback (most recent call last):
    kubenetlab.ipam.vpc_subnets.SubnetFullError: InsufficientCidrBlocks: 10.0.0.0/27 has 26 free addresses and no free aligned /28
    """

    def __init__(self, cidr: str | netaddr.IPNetwork) -> None:
        self.network = network_of(cidr)
        if self.network.version != 4 or self.network.prefixlen not in SUBNET_LENGTHS:
            raise ValueError(
                f"{cidr} is no IPv4 subnet of /{SUBNET_LENGTHS[0]} to /{SUBNET_LENGTHS[-1]}, as AWS allows"
            )
        self._used = bytearray(self.network.size)
        self._used[:_N_KEPT_AT_THE_START] = b"\1" * _N_KEPT_AT_THE_START
        self._used[-1] = 1

    def take(self, *addresses: str | netaddr.IPAddress | netaddr.IPNetwork) -> None:
        """Mark addresses or prefixes as in use, whoever has them.

        Raises
        ------
        ValueError
            If one is not in the subnet.
        """
        for address in addresses:
            begin, end = self._places(address)
            self._used[begin:end] = b"\1" * (end - begin)

    def release(self, *addresses: str | netaddr.IPAddress | netaddr.IPNetwork) -> None:
        """Take addresses or prefixes back; those that AWS keeps stay in use.

        Raises
        ------
        ValueError
            If one is not in the subnet.
        """
        for address in addresses:
            begin, end = self._places(address)
            begin, end = max(begin, _N_KEPT_AT_THE_START), min(end, len(self._used) - 1)
            self._used[begin:end] = bytes(max(0, end - begin))

    def allocate(self) -> netaddr.IPAddress:
        """Return a free address, the lowest.

        Raises
        ------
        SubnetFullError
            If there is none.
        """
        index = self._used.find(0)
        if index < 0:
            raise SubnetFullError(f"InsufficientFreeAddressesInSubnet: {self.network} has no free address")
        self._used[index] = 1
        return netaddr.IPAddress(self.network.first + index)

    def allocate_prefix(self) -> netaddr.IPNetwork:
        """Return a free aligned /28, the lowest.

        Raises
        ------
        SubnetFullError
            If there is none, however many addresses are free.
        """
        index = next((index for index in self._free_prefixes()), None)
        if index is None:
            raise SubnetFullError(
                f"InsufficientCidrBlocks: {self.network} has {self.n_free} free addresses and no free aligned /{PREFIX_LENGTH}"
            )
        self._used[index : index + ADDRESSES_PER_PREFIX] = b"\1" * ADDRESSES_PER_PREFIX
        return netaddr.IPNetwork((self.network.first + index, PREFIX_LENGTH))

    @property
    def n_free(self) -> int:
        """Free addresses."""
        return self._used.count(0)

    @property
    def n_free_prefixes(self) -> int:
        """Free aligned /28 prefixes."""
        return len(self._free_prefixes())

    def _free_prefixes(self) -> list[int]:
        starts = range(0, len(self._used), ADDRESSES_PER_PREFIX)
        return [start for start in starts if not any(self._used[start : start + ADDRESSES_PER_PREFIX])]

    def _places(self, address: str | netaddr.IPAddress | netaddr.IPNetwork) -> tuple[int, int]:
        network = netaddr.IPNetwork(address)
        if network not in self.network:
            raise ValueError(f"{address} is not in the subnet {self.network}")
        return network.first - self.network.first, network.last - self.network.first + 1


def n_whole_prefixes(subnet: netaddr.IPNetwork) -> int:
    """Return how many aligned /28 prefixes of an empty subnet hold no address that AWS keeps.

    Examples
    --------
    >>> n_whole_prefixes(netaddr.IPNetwork("10.0.0.0/24"))
    14
    """
    return int(max(0, subnet.size // ADDRESSES_PER_PREFIX - 2))


def n_nodes(subnets: Iterable[netaddr.IPNetwork], addresses: int, prefixes: int = 0) -> int:
    """Return how many nodes empty subnets hold, each with so many single addresses and prefixes of one subnet.

    It is the most there can be: single addresses lie where no prefix can be, as far as there is room.

    Examples
    --------
    >>> n_nodes([netaddr.IPNetwork("10.0.0.0/24")], addresses=30)
    8
    >>> n_nodes([netaddr.IPNetwork("10.0.0.0/24"), netaddr.IPNetwork("10.0.1.0/24")], addresses=1, prefixes=2)
    14
    """
    return sum(_n_nodes(subnet, addresses, prefixes) for subnet in subnets)


def _n_nodes(subnet: netaddr.IPNetwork, addresses: int, prefixes: int) -> int:
    by_addresses = AWS.usable([subnet]) // (prefixes * ADDRESSES_PER_PREFIX + addresses)
    return min(by_addresses, n_whole_prefixes(subnet) // prefixes) if prefixes else by_addresses
