"""Which pod CIDRs a node gets from Cilium's pools (IPAM mode ``multi-pool``), and which pool a pod takes.

Source: cilium, operator/pkg/ipam/allocator/multipool/pool_allocator.go (AllocateToNode, allocateCIDRs, addrsInPrefix),
pkg/ipam/multipool.go (neededIPCeil), Documentation "Multi-Pool". Basis: *source*. Not modelled: CIDRs that an agent
gives back, pools that change or go, and requests that expire.
"""

from collections.abc import Iterable, Iterator, Mapping

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.cidr_arguments import counted, named, networks_by_version
from kubenetlab.ipam.cilium_cluster_pool import CidrList
from kubenetlab.ipam.cilium_host_scope import ADDRESSES_OF_CILIUM
from kubenetlab.ipam.node_cidr_limits import after_surge, mask_size_of, n_accepted_node_cidrs
from kubenetlab.ipam.node_subnets import node_subnet_limits
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis

#: The annotation of a pod or a namespace that names a pool, and the pool where neither has it.
POOL_ANNOTATION = "ipam.cilium.io/ip-pool"
DEFAULT_POOL = "default"
#: ``ipam-multi-pool-pre-allocation``: default=8.
PRE_ALLOCATE = 8

_SOURCE = "cilium, operator/pkg/ipam/allocator/multipool/pool_allocator.go and pkg/ipam/multipool.go"


class UnknownPoolError(KubenetlabError):
    """A node asks for addresses of a pool that does not exist."""


def needed_addresses(in_use: int, pending: int = 0, pre_allocate: int = PRE_ALLOCATE) -> int:
    """Return how many addresses of a pool an agent asks for: a multiple of ``pre_allocate`` with so many to spare.

    Raises
    ------
    ValueError
        If a number is negative.

    Examples
    --------
    >>> needed_addresses(0), needed_addresses(8), needed_addresses(10, 1), needed_addresses(16)
    (8, 16, 24, 24)
    """
    if min(in_use, pending, pre_allocate) < 0:
        raise ValueError(f"in_use {in_use}, pending {pending} or pre_allocate {pre_allocate} is negative")
    wanted = in_use + pending
    return (-(-wanted // pre_allocate) + 1) * pre_allocate if pre_allocate else wanted


def pool_of_pod(annotations: Mapping[str, str], namespace_annotations: Mapping[str, str]) -> str:
    """Return the pool that a pod takes its addresses from: the pod's annotation, else the namespace's, else ``default``.

    Examples
    --------
    >>> pool_of_pod({}, {"ipam.cilium.io/ip-pool": "red"}), pool_of_pod({}, {})
    ('red', 'default')
    """
    named_pools = (annotations.get(POOL_ANNOTATION), namespace_annotations.get(POOL_ANNOTATION))
    return next(filter(None, named_pools), DEFAULT_POOL)


def usable_addresses(cidr: netaddr.IPNetwork) -> int:
    """Return how many addresses Cilium counts in a node's CIDR: two fewer than there are, where there are more than two.

    Examples
    --------
    >>> usable_addresses(netaddr.IPNetwork("10.10.0.0/27")), usable_addresses(netaddr.IPNetwork("10.10.0.0/31"))
    (30, 2)
    """
    return int(cidr.size if cidr.size <= 2 else cidr.size - 2)


class MultiPool:
    """The CiliumPodIPPools of a cluster, and the CIDRs that nodes have of them.

    Examples
    --------
    >>> pools = MultiPool()
    >>> pools.add_pool("red", ["10.20.0.0/16"], {4: 27})
    >>> [str(cidr) for cidr in pools.request("node-a", "red", needed_addresses(30))]
    ['10.20.0.0/27', '10.20.0.32/27']
    """

    def __init__(self) -> None:
        self._pools: dict[str, dict[int, CidrList]] = {}
        self._held: dict[tuple[str, str], list[netaddr.IPNetwork]] = {}

    def add_pool(
        self, pool: str, cidrs: Iterable[str | netaddr.IPNetwork], mask_sizes: Mapping[int, int]
    ) -> None:
        """Add a pool.

        Parameters
        ----------
        cidrs
            ``spec.ipv4.cidrs`` and ``spec.ipv6.cidrs``.
        mask_sizes
            ``maskSize`` of each by IP version.

        Raises
        ------
        ValueError
            If there is such a pool, a CIDR is none or has host bits, two overlap, or a mask size is missing or does
            not fit.
        """
        by_version = networks_by_version(cidrs)
        missing = [version for version in by_version if version not in mask_sizes]
        if pool in self._pools or missing:
            reason = f"has no mask size for IPv{missing[0]}" if missing else "is there already"
            raise ValueError(f"pool {pool!r} {reason}")
        self._pools[pool] = {v: CidrList(networks, mask_sizes[v]) for v, networks in by_version.items()}

    def request(self, node: str, pool: str, needed: int) -> tuple[netaddr.IPNetwork, ...]:
        """Give a node CIDRs of a pool until each family has so many addresses; return all that it has of the pool then.

        Raises
        ------
        UnknownPoolError
            If there is no such pool.
        PoolExhaustedError
            If the pool has too little; the node keeps what it got.
        """
        if pool not in self._pools:
            raise UnknownPoolError(f"cannot allocate from non-existing pool: {pool}")
        held = self._held.setdefault((node, pool), [])
        for version, cidr_list in self._pools[pool].items():
            missing = needed - sum(usable_addresses(cidr) for cidr in held if cidr.version == version)
            while missing > 0:
                cidr = cidr_list.allocate()
                held.append(cidr)
                missing -= usable_addresses(cidr)
        return tuple(held)

    def remove(self, node: str) -> None:
        """Take back everything that a node has; unknown nodes are no error."""
        for owner, pool in [key for key in self._held if key[0] == node]:
            for cidr in self._held.pop((owner, pool)):
                self._pools[pool][cidr.version].release(cidr)

    def free(self, pool: str) -> int:
        """Return how many CIDRs a pool has left, of the family with the fewest."""
        return min((cidr_list.free for cidr_list in self._pools[pool].values()), default=0)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what one pool bounds: full nodes, and pods; without a mask size, which every pool states, only addresses.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, or a mask size does not fit it.

    Examples
    --------
    >>> set_up = SetUp(ipam="cilium-multi-pool", pod_cidrs=("10.10.0.0/16",), node_cidr_mask_size=27)
    >>> for limit in limits(set_up):
    ...     print(limit.n, limit.words)
    512 10.10.0.0/16 has 2,048 CIDRs of /27 with 30 addresses; a node with 110 pods takes 4.
    61440 10.10.0.0/16 has 2,048 CIDRs of /27 with 30 addresses; every node takes 2 addresses for itself.
    """
    given = {4: set_up.node_cidr_mask_size, 6: set_up.node_cidr_mask_size_ipv6}
    for version, networks in networks_by_version(set_up.pod_cidrs).items():
        if given[version] is None:
            n = sum(network.size for network in networks)
            words = (
                f"{named(networks, 'has', 'have')} {counted(n)} addresses; the pool's maskSize is not known."
            )
            yield Limit(Quantity.PODS, n, "pool", words, Basis.SOURCE, _SOURCE)
        else:
            yield from _of_pool(set_up, networks, mask_size_of(set_up, version, 0))
    yield from node_subnet_limits(set_up)


def _of_pool(set_up: SetUp, networks: list[netaddr.IPNetwork], mask_size: int) -> Iterator[Limit]:
    n_all = sum(n_accepted_node_cidrs(network, mask_size) for network in networks)
    addresses = usable_addresses(netaddr.IPNetwork((0, mask_size), version=networks[0].version))
    text = f"{named(networks, 'has', 'have')} {counted(n_all)} CIDRs of /{mask_size} with {counted(addresses)} addresses"
    needed = -(-needed_addresses(set_up.max_pods + ADDRESSES_OF_CILIUM) // addresses)
    n_nodes, surge = after_surge(n_all // needed, set_up)
    words = f"{text}; a node with {set_up.max_pods} pods takes {needed}{surge}."
    yield Limit(Quantity.NODES, n_nodes, "pool", words, Basis.SOURCE, _SOURCE)
    words = f"{text}; every node takes {ADDRESSES_OF_CILIUM} addresses for itself."
    yield Limit(Quantity.PODS, n_all * addresses, "pool", words, Basis.SOURCE, _SOURCE)
