"""The node subnets of one range of OVN-Kubernetes' cluster network, in the order in which nodes get them.

Source: ovn-kubernetes, go-controller/pkg/clustermanager/node/subnet_allocator.go. Basis: *ran*, with the allocator
(`ovn_kubernetes`).
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import chain

from kubenetlab.ipam.pod_cidr_capacity import pods_per_node_cidr

Subnet = IPv4Network | IPv6Network

#: Most subnets of one range that the component ever tries.
MAX_SUBNETS = 1 << 24
_LOW_WORD = 0xFFFF


class SubnetRange:
    """The node subnets of one range of ``--cluster-subnets``.

    Parameters
    ----------
    network
        The range, without host bits.
    host_subnet_length
        Prefix length of every node's subnet.

    Raises
    ------
    ValueError
        If a subnet would hold one address only, or be larger than the range.

    Notes
    -----
    Where the subnet number of an IPv4 range reaches into the octet of the host bits, its bits are rotated, so that the
    subnets with zeros in the shared octet come first. IPv6 ranges of 2^16 subnets and more leave out every subnet
    number whose low 16 bits are zero.

    Examples
    --------
    >>> subnets = SubnetRange("10.128.0.0/14", 23)
    >>> [str(subnets.subnet(number)) for number in range(5)]
    ['10.128.0.0/23', '10.129.0.0/23', '10.130.0.0/23', '10.131.0.0/23', '10.128.2.0/23']
    """

    def __init__(self, network: str | Subnet, host_subnet_length: int) -> None:
        self.network = ip_network(network)
        self.host_subnet_length = host_subnet_length
        if host_subnet_length >= self.network.max_prefixlen:
            raise ValueError("host capacity cannot be zero")
        if host_subnet_length < self.network.prefixlen:
            raise ValueError("subnet capacity cannot be larger than number of networks available")
        self.owners: dict[Subnet, str] = {}
        self._held: dict[str, list[Subnet]] = {}
        self._host_bits = self.network.max_prefixlen - host_subnet_length
        self._subnet_bits = host_subnet_length - self.network.prefixlen
        self._left_shift = self._rotated_bits()
        self._next = 0

    @property
    def count(self) -> int:
        """Subnets of the range, as the component counts them."""
        return 1 << self._subnet_bits

    @property
    def capacity(self) -> int:
        """Nodes that can get a subnet of the range."""
        tried = min(self.count, MAX_SUBNETS)
        return tried - (tried >> 16) if self._leaves_out_zero_words else tried

    @property
    def pods_per_node(self) -> int | None:
        """Pods that one subnet holds; None where that is not known."""
        return pods_per_node_cidr(str(self.subnet(0)), "ovn-kubernetes")

    def allocate(self, owner: str) -> Subnet | None:
        """Return the subnet that the owner has, else the next free one, else None."""
        if owner in self._held:
            return self._held[owner][0]
        tried = min(self.count, MAX_SUBNETS)
        cursor = self._next % tried
        for number in chain(range(cursor, tried), range(cursor)):
            subnet = self.subnet(number)
            if not self._is_left_out(number) and subnet not in self.owners:
                self.take(owner, subnet)
                self._next = number + 1
                return subnet
        self._next = 0
        return None

    def take(self, owner: str, subnet: Subnet) -> None:
        """Note a subnet without owner as the owner's."""
        self.owners[subnet] = owner
        self._held.setdefault(owner, []).append(subnet)

    def free(self, subnet: Subnet) -> None:
        """Take a subnet from its owner."""
        owner = self.owners.pop(subnet)
        self._held[owner].remove(subnet)
        if not self._held[owner]:
            del self._held[owner]

    def free_all(self, owner: str) -> None:
        """Take all subnets from an owner; nothing happens where it has none."""
        for subnet in self._held.pop(owner, ()):
            del self.owners[subnet]

    def subnet(self, number: int) -> Subnet:
        """Return the subnet that is tried at a position of the cursor."""
        if self._left_shift:
            kept = (number << self._left_shift) & ((1 << self._subnet_bits) - 1)
            number = kept | number >> (self._subnet_bits - self._left_shift)
        first = self.network.network_address + (number << self._host_bits)
        return ip_network((first, self.host_subnet_length))

    def holds(self, subnet: Subnet) -> bool:
        """Whether the first address of a subnet lies in the range."""
        return subnet.network_address in self.network

    @property
    def _leaves_out_zero_words(self) -> bool:
        return self.network.version == 6 and self._subnet_bits >= 16

    def _is_left_out(self, number: int) -> bool:
        return self._leaves_out_zero_words and number & _LOW_WORD == 0

    def _rotated_bits(self) -> int:
        last_bit = self._host_bits + self._subnet_bits - 1
        shares_octet = self._host_bits % 8 != 0 and (self._host_bits - 1) // 8 != last_bit // 8
        return 8 - self._host_bits % 8 if self.network.version == 4 and shares_octet else 0
