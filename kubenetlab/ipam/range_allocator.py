"""Which pod CIDRs a node gets from kube-controller-manager, one of each cluster CIDR: two sets, index by index.

Source: kubernetes, pkg/controller/nodeipam/ipam/range_allocator.go (NewCIDRRangeAllocator, AllocateOrOccupyCIDR,
ReleaseCIDR); the error texts are the component's own. Basis: *source*; the sets themselves are *ran* (`node_cidrs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import netaddr

from kubenetlab.ipam.cidr_arguments import network_of
from kubenetlab.ipam.cluster_cidr_flags import mask_sizes
from kubenetlab.ipam.node_cidrs import NodeCidrSet, PoolExhaustedError


class RangeAllocator:
    """The cluster CIDRs and the pod CIDRs of nodes, from one start of the component to its next.

    Where the first family gave a node a CIDR and the second has none left, the node gets none and the first CIDR stays
    marked: it is lost until a restart, which marks only what nodes have. Each try of the node loses another.

    Parameters
    ----------
    cluster_cidrs
        ``--cluster-cidr``: one range, or one of each family.
    mask_size, mask_size_ipv6
        ``--node-cidr-mask-size-ipv4`` and ``--node-cidr-mask-size-ipv6``; None means 24 and 64.
    service_cidrs
        ``--service-cluster-ip-range`` and the secondary one.
    pod_cidrs
        ``spec.podCIDRs`` of the nodes that there are at the start, by name.

    Raises
    ------
    ValueError
        With the component's text where it exits: for the ranges, the masks, or a node with a CIDR outside of the ranges.

    Examples
    --------
    >>> allocator = RangeAllocator(["10.244.0.0/22", "fd00::/63"])
    >>> [" ".join(map(str, allocator.allocate(node))) for node in ("a", "b")]
    ['10.244.0.0/24 fd00::/64', '10.244.1.0/24 fd00:0:0:1::/64']
    >>> allocator.allocate("c")
    Traceback (most recent call last):
    kubenetlab.ipam.node_cidrs.PoolExhaustedError: failed to allocate cidr from cluster cidr at idx:1: CIDR allocation failed; \
there are no remaining CIDRs left to allocate in the accepted range
    >>> allocator.n_leaked
    (1, 0)
    """

    def __init__(
        self,
        cluster_cidrs: Sequence[str | netaddr.IPNetwork],
        mask_size: int | None = None,
        mask_size_ipv6: int | None = None,
        *,
        service_cidrs: Iterable[str | netaddr.IPNetwork] = (),
        pod_cidrs: Mapping[str, Sequence[str | netaddr.IPNetwork]] | None = None,
    ) -> None:
        networks = [network_of(cidr) for cidr in cluster_cidrs]
        sizes = mask_sizes(networks, mask_size_ipv4=mask_size, mask_size_ipv6=mask_size_ipv6)
        self.sets = tuple(map(NodeCidrSet, networks, sizes))
        self._leaked = [0] * len(self.sets)
        self._held: dict[str, tuple[netaddr.IPNetwork, ...]] = {}
        for service_cidr in service_cidrs:
            for cidrs in self.sets:
                cidrs.filter_out_service_range(service_cidr)
        for node, texts in (pod_cidrs or {}).items():
            self.occupy(node, texts)

    def allocate(self, node: str) -> tuple[netaddr.IPNetwork, ...]:
        """Return a node's CIDRs, in the order of the cluster CIDRs: those it has, else new ones.

        Raises
        ------
        PoolExhaustedError
            If a set is full (event ``CIDRNotAvailable``); what the sets before it gave is lost.
        """
        if node not in self._held:
            found: list[netaddr.IPNetwork] = []
            for index, cidrs in enumerate(self.sets):
                try:
                    found.append(cidrs.allocate())
                except PoolExhaustedError as error:
                    self._leaked[:index] = [n + 1 for n in self._leaked[:index]]
                    words = f"failed to allocate cidr from cluster cidr at idx:{index}: {error}"
                    raise PoolExhaustedError(words) from error
            self._held[node] = tuple(found)
        return self._held[node]

    def occupy(self, node: str, pod_cidrs: Sequence[str | netaddr.IPNetwork]) -> None:
        """Note the CIDRs that a node has already.

        Raises
        ------
        ValueError
            If one lies outside of its cluster CIDR, or there are more than cluster CIDRs.
        """
        networks = tuple(network_of(cidr) for cidr in pod_cidrs)
        for index, network in enumerate(networks):
            if index >= len(self.sets):
                raise ValueError(
                    f"node:{node} has an allocated cidr: {network} at index:{index} "
                    "that does not exist in cluster cidrs configuration"
                )
            try:
                self.sets[index].occupy(network)
            except ValueError as error:
                words = (
                    f"failed to mark cidr[{network}] at idx [{index}] as occupied for node: {node}: {error}"
                )
                raise ValueError(words) from error
        self._held[node] = networks

    def release(self, node: str) -> None:
        """Take a node's CIDRs back; unknown nodes are no error."""
        for cidrs, network in zip(self.sets, self._held.pop(node, ()), strict=False):
            cidrs.release(network)

    @property
    def n_leaked(self) -> tuple[int, ...]:
        """CIDRs of each range that no node has and none gets before a restart."""
        return tuple(self._leaked)
