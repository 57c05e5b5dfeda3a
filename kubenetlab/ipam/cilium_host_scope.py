"""Which address a pod gets from a Cilium agent, and node CIDRs of Kubernetes for it (IPAM mode ``kubernetes``).

Source: cilium, pkg/ipam/service/ipallocator (a copy of the Services' allocator) and Documentation, "Kubernetes Host
Scope"; issue 46598 (254 addresses of a /24, two of them the router's and the health endpoint's). Basis: *source*
for the allocator. The address is chosen at random there and by a seeded generator here: the set is the component's, the single address is not.
"""

from collections.abc import Iterator
from dataclasses import replace

import netaddr
import numpy as np

from kubenetlab.ipam.bands import next_free
from kubenetlab.ipam.cidr_arguments import network_of
from kubenetlab.ipam.cluster_cidr_flags import check_cluster_cidrs
from kubenetlab.ipam.host_local import NODE_CIDRS
from kubenetlab.ipam.node_cidr_limits import node_cidr_limits
from kubenetlab.ipam.node_subnets import node_subnet_limits
from kubenetlab.ipam.pod_cidr_capacity import POD_CIDR_RULES
from kubenetlab.ipam.set_up import Limit, SetUp

#: Addresses of every node that no pod gets: Cilium's router and its health endpoint.
ADDRESSES_OF_CILIUM = 2


class HostScope:
    """The addresses of one pod CIDR of a node; neither its first nor its last address is handed out.

    Of an IPv6 CIDR the lowest 65,536 addresses count.

    Parameters
    ----------
    pod_cidr
        The node's pod CIDR.
    seed
        Of the random place where the search for a free address starts.

    Raises
    ------
    AddressError
        If the pod CIDR is no CIDR or has host bits.

    Examples
    --------
    >>> agent = HostScope("10.0.3.0/24", seed=1)
    >>> agent.capacity, agent.free
    (254, 252)
    """

    def __init__(self, pod_cidr: str | netaddr.IPNetwork, seed: int) -> None:
        self.network = network_of(pod_cidr)
        self.capacity = max(0, POD_CIDR_RULES["cilium-kubernetes"].considered(self.network) - 2)
        self._used: set[int] = set()
        self._generator = np.random.default_rng(seed)
        self.own = tuple(self.allocate() for _ in range(min(ADDRESSES_OF_CILIUM, self.capacity)))

    def allocate(self) -> netaddr.IPAddress:
        """Hand out an address.

        Raises
        ------
        RangeFullError
            If all are in use.
        """
        number = next_free(self.network.first + 1, self.capacity, 0, self._used, self._generator)
        self._used.add(number)
        return netaddr.IPAddress(number, self.network.version)

    def release(self, address: str | netaddr.IPAddress) -> None:
        """Take an address of a pod back; nothing happens where it is not in use, or Cilium's own."""
        released = netaddr.IPAddress(address)
        if released not in self.own:
            self._used.discard(int(released))

    @property
    def free(self) -> int:
        """Addresses that nobody has."""
        return self.capacity - len(self._used)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds nodes with a pod CIDR of kube-controller-manager, and pods with an address of Cilium's agent.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, or kube-controller-manager refuses the ranges or a mask size.

    Examples
    --------
    >>> [limit.n for limit in limits(SetUp(ipam="cilium-kubernetes", pod_cidrs=("10.244.0.0/16",)))]
    [256, 252]
    """
    check_cluster_cidrs([network_of(cidr) for cidr in set_up.pod_cidrs])
    yield from node_cidr_limits(set_up, replace(NODE_CIDRS, ipam="cilium-kubernetes"))
    yield from node_subnet_limits(set_up)
