"""Which address the next container gets from CNI host-local (bridge, Flannel, kindnet, kubenet), and what stays on disk.

Source: containernetworking/plugins 1.1.1, plugins/ipam/host-local (main.go, backend/allocator/allocator.go,
backend/disk/backend.go); the error texts are the component's own. Basis: *ran*, every answer of 30 sequences and
the files left behind (`make golden`, component host-local).

The files survive a reboot and a lost DEL: an address whose container is gone stays taken until somebody removes its
file ("no IP addresses available in range set" on a node with few pods).
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.cidr_arguments import network_of
from kubenetlab.ipam.cluster_cidr_flags import DEFAULT_MASK_SIZES, check_cluster_cidrs
from kubenetlab.ipam.host_local_config import Address, AddressRange, HostLocalConfig, RangeSet
from kubenetlab.ipam.node_cidr_limits import NodeCidrRule, node_cidr_limits
from kubenetlab.ipam.node_subnets import node_subnet_limits
from kubenetlab.ipam.set_up import Limit, SetUp
from kubenetlab.result import Basis

#: kube-controller-manager's node CIDRs, with host-local on each node.
NODE_CIDRS = NodeCidrRule(
    ipam="host-local",
    basis=Basis.RAN,
    source="kubernetes, pkg/controller/nodeipam/ipam/cidrset/cidr_set.go and range_allocator.go",
    avoids_services=True,
    mask_sizes=DEFAULT_MASK_SIZES,
)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds nodes with a pod CIDR of kube-controller-manager, and their pods.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, or kube-controller-manager refuses the ranges or a mask size.

    Examples
    --------
    >>> set_up = SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/16",), service_cidrs=("10.244.2.16/28",))
    >>> for limit in limits(set_up):
    ...     print(limit.n, limit.words)
    255 10.244.0.0/16 holds 256 node CIDRs of /24, 1 of which Service ranges touch.
    253 A node's /24 has 256 addresses, no pod gets 3 of them: room for 253 pods.
    """
    check_cluster_cidrs([network_of(cidr) for cidr in set_up.pod_cidrs])
    yield from node_cidr_limits(set_up, NODE_CIDRS)
    yield from node_subnet_limits(set_up)


class HostLocalError(KubenetlabError):
    """host-local refuses an ADD or a CHECK; the text is its own."""

    #: CNI's code for an error of the plug-in itself.
    code = 999


class Allocation(NamedTuple):
    """An address with the prefix length of its subnet, and the gateway."""

    address: Address
    prefix_length: int
    gateway: Address

    def __str__(self) -> str:
        """The address as the CNI result writes it."""
        return f"{self.address}/{self.prefix_length}"


class _Owner(NamedTuple):
    container_id: str
    interface: str


class HostLocal:
    """The data directory of one network on one node, and the three commands that work on it.

    Addresses are handed out in a circle that starts behind the address reserved last, so a freed address is used again
    last. Where several requested addresses lie in one range set, host-local takes any of them and this model the first.

    Examples
    --------
    >>> from kubenetlab.ipam.host_local_config import load_config
    >>> config = load_config({"ipam": {"subnet": "10.244.3.0/24"}})
    >>> node = HostLocal()
    >>> [str(node.add(config, container)[0]) for container in ("a", "b")]
    ['10.244.3.2/24', '10.244.3.3/24']
    >>> node.delete("a")
    >>> str(node.add(config, "c")[0])
    '10.244.3.4/24'
    """

    def __init__(self) -> None:
        self._owners: dict[Address, _Owner] = {}
        self._held: dict[_Owner, list[Address]] = {}
        self._last_reserved: dict[int, Address] = {}

    def add(
        self, config: HostLocalConfig, container_id: str, interface: str = "eth0"
    ) -> tuple[Allocation, ...]:
        """Reserve one address of every range set.

        Raises
        ------
        HostLocalError
            If a set has no address left, a requested address cannot be had, or the container has one already.
            Then everything of the container is released, except where the first set was the one that failed.
        """
        owner = _Owner(container_id, interface)
        requested = list(dict.fromkeys(config.requested))
        allocations: list[Allocation] = []
        for index, range_set in enumerate(config.range_sets):
            wanted = next((address for address in requested if range_set.range_of(address)), None)
            requested = [address for address in requested if address != wanted]
            try:
                allocations.append(self._add_from(range_set, index, owner, wanted))
            except HostLocalError as error:
                self._release_after(allocations, owner)
                raise HostLocalError(f"failed to allocate for range {index}: {error}") from None
        if requested:
            self._release_after(allocations, owner)
            raise HostLocalError(f"failed to allocate all requested IPs: {' '.join(map(str, requested))}")
        return tuple(allocations)

    def delete(self, container_id: str, interface: str = "eth0") -> None:
        """Free every address of a container's interface; unknown containers are no error."""
        for address in self._held.pop(_Owner(container_id, interface), ()):
            del self._owners[address]

    def check(self, container_id: str, interface: str = "eth0") -> None:
        """Do nothing where the container's interface has an address.

        Raises
        ------
        HostLocalError
            If it has none.
        """
        if _Owner(container_id, interface) not in self._held:
            raise HostLocalError(f"host-local: Failed to find address added by container {container_id}")

    @property
    def files(self) -> dict[str, str]:
        """The files of the data directory: one an address in use, and where the next search starts."""
        reserved = {str(address): "\r\n".join(owner) for address, owner in self._owners.items()}
        return reserved | {f"last_reserved_ip.{i}": str(ip) for i, ip in self._last_reserved.items()}

    @property
    def n_reserved(self) -> int:
        """Addresses in use, of all range sets."""
        return len(self._owners)

    def _add_from(self, range_set: RangeSet, index: int, owner: _Owner, wanted: Address | None) -> Allocation:
        if wanted is None:
            address, held = self._next_free(range_set, index, owner)
        else:
            address, held = wanted, self._range_of_free(range_set, wanted)
        self._owners[address] = owner
        self._held.setdefault(owner, []).append(address)
        self._last_reserved[index] = address
        return Allocation(address, held.subnet.network.prefixlen, held.gateway)

    def _range_of_free(self, range_set: RangeSet, wanted: Address) -> AddressRange:
        held = range_set.range_of(wanted)
        if held is None or wanted == held.gateway:
            raise HostLocalError(f"requested ip {wanted} is subnet's gateway")
        if wanted in self._owners:
            raise HostLocalError(f"requested IP address {wanted} is not available in range set {range_set}")
        return held

    def _next_free(self, range_set: RangeSet, index: int, owner: _Owner) -> tuple[Address, AddressRange]:
        for address in sorted(
            self._held.get(owner, ()), key=str
        ):  # files are read in the order of their names
            if range_set.range_of(address):
                raise HostLocalError(
                    f"{address} has been allocated to {owner.container_id}, duplicate allocation is not allowed"
                )
        for address, held in _circle(range_set, self._last_reserved.get(index)):
            if address != held.gateway and address not in self._owners:
                return address, held
        raise HostLocalError(f"no IP addresses available in range set: {range_set}")

    def _release_after(self, allocations: list[Allocation], owner: _Owner) -> None:
        if allocations:
            self.delete(*owner)


def _circle(range_set: RangeSet, last_reserved: Address | None) -> Iterator[tuple[Address, AddressRange]]:
    """Every address of a set once, from the one behind ``last_reserved`` on; from the first where that is outside."""
    ranges = range_set.ranges
    at = next((i for i, held in enumerate(ranges) if last_reserved and held.holds(last_reserved)), None)
    if at is None or last_reserved is None:
        for held in ranges:
            yield from _addresses(held, int(held.start), int(held.end))
        return
    yield from _addresses(ranges[at], int(last_reserved) + 1, int(ranges[at].end))
    for held in (*ranges[at + 1 :], *ranges[:at]):
        yield from _addresses(held, int(held.start), int(held.end))
    yield from _addresses(ranges[at], int(ranges[at].start), int(last_reserved))


def _addresses(held: AddressRange, first: int, last: int) -> Iterator[tuple[Address, AddressRange]]:
    address_type = IPv4Address if held.start.version == 4 else IPv6Address
    return ((address_type(number), held) for number in range(first, last + 1))
