"""Which pod CIDR the next node gets from Cilium's operator (IPAM mode ``cluster-pool``): a list of ranges, in its order.

Source: cilium, pkg/ipam/allocator/podcidr/podcidr.go (allocateFirstFreeCIDR, allocateNext), clusterpool/cidralloc
(NewCIDRSets) and pkg/ipam/cidrset, a copy of kube-controller-manager's CIDR set (*ran*, `make golden`, component
node-cidrs); defaults of the Helm chart. Basis: *source*. Cilium looks at no Service range.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import netaddr

from kubenetlab.ipam.cidr_arguments import networks_by_version
from kubenetlab.ipam.node_cidr_limits import NodeCidrRule, node_cidr_limits
from kubenetlab.ipam.node_cidrs import NodeCidrSet, PoolExhaustedError
from kubenetlab.ipam.node_subnets import node_subnet_limits
from kubenetlab.ipam.set_up import Limit, SetUp
from kubenetlab.result import Basis

#: Prefix lengths of the Helm chart: clusterPoolIPv4MaskSize, clusterPoolIPv6MaskSize.
DEFAULT_MASK_SIZES = {4: 24, 6: 120}

_NODE_CIDRS = NodeCidrRule(
    ipam="cilium-cluster-pool",
    basis=Basis.SOURCE,
    source="cilium, pkg/ipam/allocator/podcidr/podcidr.go and pkg/ipam/cidrset",
    mask_sizes=DEFAULT_MASK_SIZES,
)


class CidrList:
    """Ranges of one family: a CIDR comes from the first that has one left, and within it next-fit.

    Raises
    ------
    ValueError
        If two ranges overlap, or the mask size does not fit one.
    """

    def __init__(self, networks: Sequence[netaddr.IPNetwork], mask_size: int) -> None:
        for one, other in pairwise(sorted(networks)):
            if other in one:
                raise ValueError(f"requested CIDR {other} collides with {one}")
        self._sets = [NodeCidrSet(network, mask_size) for network in networks]

    def allocate(self) -> netaddr.IPNetwork:
        """Return the next CIDR.

        Raises
        ------
        PoolExhaustedError
            If every range is full.
        """
        for held in self._sets:
            if held.allocated < held.max_cidrs:
                return held.allocate()
        texts = ", ".join(str(held.cluster_cidr) for held in self._sets)
        raise PoolExhaustedError(f"{texts}: no node CIDR of /{self._sets[0].node_cidr_mask_size} is left")

    def occupy(self, cidr: netaddr.IPNetwork) -> None:
        """Mark a CIDR as in use; one of no range is left out."""
        for held in self._holders(cidr):
            held.occupy(cidr)

    def release(self, cidr: netaddr.IPNetwork) -> None:
        """Take a CIDR back; one of no range is left out."""
        for held in self._holders(cidr):
            held.release(cidr)

    @property
    def free(self) -> int:
        """CIDRs that are left."""
        return sum(held.max_cidrs - held.allocated for held in self._sets)

    def _holders(self, cidr: netaddr.IPNetwork) -> list[NodeCidrSet]:
        return [held for held in self._sets if cidr in held.cluster_cidr]


class ClusterPool:
    """The ranges of ``clusterPoolIPv4PodCIDRList`` and ``clusterPoolIPv6PodCIDRList``; a node gets one CIDR a family.

    Parameters
    ----------
    pod_cidrs
        The ranges of both lists, each family in its order.
    mask_sizes
        Prefix length of a node's CIDR by IP version; the chart's where it is not given.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, two overlap, or a mask size does not fit.

    Examples
    --------
    >>> pool = ClusterPool(["10.0.0.0/24", "10.9.0.0/16"])
    >>> [str(cidr) for node in ("a", "b", "a", "c") for cidr in pool.allocate(node)]
    ['10.0.0.0/24', '10.9.0.0/24', '10.0.0.0/24', '10.9.1.0/24']
    """

    def __init__(
        self, pod_cidrs: Iterable[str | netaddr.IPNetwork], mask_sizes: Mapping[int, int] | None = None
    ) -> None:
        sizes = {**DEFAULT_MASK_SIZES, **(mask_sizes or {})}
        by_version = networks_by_version(pod_cidrs)
        self._lists = {
            version: CidrList(networks, sizes[version]) for version, networks in by_version.items()
        }
        self._held: dict[str, tuple[netaddr.IPNetwork, ...]] = {}

    def allocate(self, node: str) -> tuple[netaddr.IPNetwork, ...]:
        """Return a node's CIDRs, one of each family, IPv4 first: those it has, else new ones.

        Raises
        ------
        PoolExhaustedError
            If a family has none left; then the node gets none.
        """
        if node not in self._held:
            found: list[netaddr.IPNetwork] = []
            try:
                found.extend(cidrs.allocate() for cidrs in self._lists.values())
            except PoolExhaustedError:
                self._release(found)
                raise
            self._held[node] = tuple(found)
        return self._held[node]

    def occupy(self, node: str, cidrs: Iterable[str | netaddr.IPNetwork]) -> None:
        """Note the CIDRs that a node has already (``CiliumNode.spec.ipam.podCIDRs``)."""
        held = tuple(network for networks in networks_by_version(cidrs).values() for network in networks)
        for cidr in held:
            self._lists[cidr.version].occupy(cidr)
        self._held[node] = held

    def release(self, node: str) -> None:
        """Take the CIDRs of a node back; unknown nodes are no error."""
        self._release(self._held.pop(node, ()))

    @property
    def free(self) -> int:
        """Nodes that still get a CIDR of every family."""
        return min((cidrs.free for cidrs in self._lists.values()), default=0)

    def _release(self, cidrs: Iterable[netaddr.IPNetwork]) -> None:
        for cidr in cidrs:
            self._lists[cidr.version].release(cidr)


def limits(set_up: SetUp) -> Iterator[Limit]:
    """Yield what bounds nodes with a CIDR of the pool, and pods with an address of Cilium's agent.

    Raises
    ------
    ValueError
        If a range is no CIDR or has host bits, or a mask size does not fit it.

    Examples
    --------
    >>> for limit in limits(SetUp(ipam="cilium-cluster-pool", pod_cidrs=("10.0.0.0/24", "10.9.0.0/16"))):
    ...     print(limit.n, limit.words)
    257 10.0.0.0/24 and 10.9.0.0/16 hold 257 node CIDRs of /24.
    252 A node's /24 has 256 addresses, no pod gets 4 of them: room for 252 pods.
    """
    yield from node_cidr_limits(set_up, _NODE_CIDRS)
    yield from node_subnet_limits(set_up)
