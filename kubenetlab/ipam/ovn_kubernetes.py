"""Which subnet the next node gets from OVN-Kubernetes (OpenShift): ranges in order, a cursor each, an owner a subnet.

Source: ovn-kubernetes, go-controller/pkg/clustermanager/node/subnet_allocator.go; the error texts are the
component's own. Basis: *ran*, 14 sequences of allocate and release (`make golden`, component addressing); without
recording: several ranges, subnets marked as taken, and release of everything an owner has.
"""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from itertools import chain

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.cidr_arguments import networks_by_version
from kubenetlab.ipam.node_cidr_limits import NodeCidrRule, node_cidr_limits
from kubenetlab.ipam.node_subnets import node_subnet_limits
from kubenetlab.ipam.ovn_subnet_range import Subnet, SubnetRange
from kubenetlab.ipam.set_up import Limit, SetUp
from kubenetlab.result import Basis

__all__ = ["SubnetAllocator", "SubnetRange", "SubnetsError", "limits"]


class SubnetsError(KubenetlabError):
    """The component refuses an allocation or a release; the text is its own."""


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


def _n_node_subnets(network: netaddr.IPNetwork, mask_size: int) -> int:
    return SubnetRange(str(network), mask_size).capacity


_NODE_SUBNETS = NodeCidrRule(
    ipam="ovn-kubernetes",
    basis=Basis.RAN,
    source="ovn-kubernetes, go-controller/pkg/clustermanager/node/subnet_allocator.go",
    mask_sizes={4: 23, 6: 64},
    count=_n_node_subnets,
)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds nodes with a subnet of the cluster network, and their pods.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, a subnet would hold one address only or be larger than a range.

    Examples
    --------
    >>> [limit.n for limit in limits(SetUp(ipam="ovn-kubernetes", pod_cidrs=("10.128.0.0/14",)))]
    [512, 507]
    """
    is_list = any(len(networks) > 1 for networks in networks_by_version(set_up.pod_cidrs).values())
    rule = replace(_NODE_SUBNETS, basis=Basis.SOURCE) if is_list else _NODE_SUBNETS
    yield from node_cidr_limits(set_up, rule)
    yield from node_subnet_limits(set_up)
