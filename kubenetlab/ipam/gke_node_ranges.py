"""Which part of the pod ranges GKE's nodes take where node pools differ in their maximum of pods.

Source: Google Cloud, GKE, "Configure maximum Pods per node" and "Add Pod IPv4 address ranges" (discontiguous multi-Pod
CIDR). Basis: *docs* for the sizes; *unchecked* for the place: which free range Google takes is not documented. Here it is
the lowest of the smallest free ones (`buddy`), of the first range that has one. Whatever the choice, nodes of many sizes
can leave room that fits none: that is what this shows.
"""

from collections.abc import Iterable
from contextlib import suppress

import netaddr

from kubenetlab.ipam.buddy import AddressPool
from kubenetlab.ipam.cidr_arguments import named, network_of
from kubenetlab.ipam.gke import MAX_PODS, node_cidr_mask_size
from kubenetlab.ipam.node_cidrs import PoolExhaustedError

#: Prefix length of the smallest part, that of a node with 8 pods.
FINEST = node_cidr_mask_size(MAX_PODS[0])


class NodeRanges:
    """The pod ranges of a cluster or node pool, and the part of each node.

    Parameters
    ----------
    pod_cidrs
        IPv4 ranges, in the order in which they are used.

    Raises
    ------
    ValueError
        If one is no IPv4 CIDR, has host bits, or is smaller than a /28.

    Examples
    --------
    >>> ranges = NodeRanges(["10.4.0.0/23"])
    >>> [str(ranges.allocate(node, max_pods)) for node, max_pods in (("a", 110), ("b", 16))]
    ['10.4.0.0/24', '10.4.1.0/27']
    >>> ranges.allocate("c", 110)
    Traceback (most recent call last):
    kubenetlab.ipam.node_cidrs.PoolExhaustedError: 10.4.0.0/23 has no free /24 for node c with 110 pods
    """

    def __init__(self, pod_cidrs: Iterable[str | netaddr.IPNetwork]) -> None:
        self._networks = [network_of(cidr) for cidr in pod_cidrs]
        wrong = [n for n in self._networks if n.version != 4 or n.prefixlen > FINEST]
        if wrong or not self._networks:
            found = f"{wrong[0]} is" if wrong else "there is"
            raise ValueError(f"{found} no IPv4 pod range of /{FINEST} or larger")
        self._pools = [AddressPool(network, FINEST) for network in self._networks]
        self._held: dict[str, tuple[AddressPool, netaddr.IPNetwork]] = {}

    def allocate(self, node: str, max_pods: int) -> netaddr.IPNetwork:
        """Return the range of a node: the one that it has, else a free one for its maximum of pods.

        Raises
        ------
        PoolExhaustedError
            If no range is free that is large enough.
        ValueError
            If GKE does not accept the maximum.
        """
        mask_size = node_cidr_mask_size(max_pods)
        if node in self._held:
            return self._held[node][1]
        for pool in (pool for pool in self._pools if pool.parent.prefixlen <= mask_size):
            with suppress(PoolExhaustedError):
                self._held[node] = pool, pool.allocate(mask_size)
                return self._held[node][1]
        raise PoolExhaustedError(
            f"{named(self._networks, 'has', 'have')} no free /{mask_size} for node {node} with {max_pods} pods"
        )

    def release(self, node: str) -> None:
        """Take the range of a node back; unknown nodes are no error."""
        if node in self._held:
            pool, network = self._held.pop(node)
            pool.release(network)
