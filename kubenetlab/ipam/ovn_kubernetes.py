"""Which subnet the next node gets from OVN-Kubernetes (OpenShift): ranges in order, a cursor each, an owner a subnet.

Source: ovn-kubernetes, go-controller/pkg/clustermanager/node/subnet_allocator.go; the error texts are the
component's own. Basis: *ran*, 14 sequences of allocate and release (`make golden`, component addressing); without
recording: several ranges, subnets marked as taken, and release of everything an owner has.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import chain

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.pod_cidr_capacity import pods_per_node_cidr

Subnet = IPv4Network | IPv6Network

#: Most subnets of one range that the component ever tries.
MAX_SUBNETS = 1 << 24
_LOW_WORD = 0xFFFF


class SubnetsError(KubenetlabError):
    """The component refuses an allocation or a release; the text is its own."""


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


class SubnetAllocator:
    """The ranges of a cluster network; a node gets one subnet of each family that has a range.

    Examples
    --------
    >>> allocator = SubnetAllocator()
    >>> allocator.add_network_range("10.128.0.0/14", 23)
    >>> [str(subnet) for node in ("a", "b", "a") for subnet in allocator.allocate(node)]
    ['10.128.0.0/23', '10.129.0.0/23', '10.128.0.0/23']
    """

    def __init__(self) -> None:
        self._ranges: dict[int, list[SubnetRange]] = {4: [], 6: []}

    def add_network_range(self, network: str | Subnet, host_subnet_length: int) -> None:
        """Append a range; ranges are used in the order in which they were added.

        Raises
        ------
        ValueError
            As `SubnetRange` does.
        """
        subnets = SubnetRange(network, host_subnet_length)
        self._ranges[subnets.network.version].append(subnets)

    def allocate(self, owner: str) -> tuple[Subnet, ...]:
        """Return one subnet of each family for an owner.

        Raises
        ------
        SubnetsError
            If a family has none left; then the owner keeps none of this call.
        """
        allocated: list[Subnet] = []
        for ranges in filter(None, self._ranges.values()):
            subnet = next((found for held in ranges if (found := held.allocate(owner))), None)
            if subnet is None:
                self.release(owner, *allocated)
                raise SubnetsError("no subnets available")
            allocated.append(subnet)
        return tuple(allocated)

    def mark_allocated(self, owner: str, *subnets: str | Subnet) -> None:
        """Note subnets as the owner's, all of them or none; cursors stay where they are.

        Raises
        ------
        SubnetsError
            If one has another owner, or lies in no range.
        """
        networks = [ip_network(subnet) for subnet in subnets]
        for marked, subnet in enumerate(networks):
            held = next((held for held in self._ranges[subnet.version] if held.holds(subnet)), None)
            existing_owner = owner if held is None else held.owners.get(subnet, owner)
            if held is None or existing_owner != owner:
                self.release(owner, *networks[:marked])
                raise SubnetsError(_outside(subnet) if held is None else _owned(subnet, existing_owner))
            if subnet not in held.owners:
                held.take(owner, subnet)

    def release(self, owner: str, *subnets: str | Subnet) -> None:
        """Free subnets of an owner, each that can be freed.

        Raises
        ------
        SubnetsError
            If one has another owner or none.
        """
        refusals = [text for subnet in map(ip_network, subnets) if (text := self._release(owner, subnet))]
        if refusals:
            raise SubnetsError(refusals[0] if len(refusals) == 1 else f"[{', '.join(refusals)}]")

    def release_all(self, owner: str) -> None:
        """Free everything that an owner has."""
        for held in chain(*self._ranges.values()):
            held.free_all(owner)

    @property
    def count(self) -> tuple[int, int]:
        """IPv4 and IPv6 subnets, used or not, as the component counts them."""
        ipv4, ipv6 = (sum(held.count for held in ranges) for ranges in self._ranges.values())
        return ipv4, ipv6

    @property
    def usage(self) -> tuple[int, int]:
        """IPv4 and IPv6 subnets that have an owner."""
        ipv4, ipv6 = (sum(len(held.owners) for held in ranges) for ranges in self._ranges.values())
        return ipv4, ipv6

    @property
    def capacity(self) -> int:
        """Nodes that get a subnet of each family; 0 without ranges."""
        return min((n for _, n in self._nodes_by_version()), default=0)

    @property
    def what_binds(self) -> str:
        """The family that is full first, in one sentence."""
        version, n_nodes = min(self._nodes_by_version(), key=lambda pair: pair[1])
        texts = ", ".join(f"{held.network}/{held.host_subnet_length}" for held in self._ranges[version])
        return f"The IPv{version} cluster subnets {texts} are full at {n_nodes} nodes."

    def _nodes_by_version(self) -> list[tuple[int, int]]:
        return [(v, sum(held.capacity for held in ranges)) for v, ranges in self._ranges.items() if ranges]

    def _release(self, owner: str, subnet: Subnet) -> str:
        """Free one subnet, or say why not (of an IPv6 subnet with another owner the component says both texts)."""
        held = next((held for held in self._ranges[subnet.version] if subnet in held.owners), None)
        if held is None:
            return _outside(subnet)
        if held.owners[subnet] != owner:
            return _owned(subnet, held.owners[subnet])
        held.free(subnet)
        return ""


def _owned(subnet: Subnet, owner: str) -> str:
    return f"network {subnet} already owned by {owner}"


def _outside(subnet: Subnet) -> str:
    return f"network {subnet} does not belong to any known range"
