"""Calico pools that have no block left to give."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted
from kubenetlab.ipam.ranges import range_of
from kubenetlab.objects import IPPool, object_name

_DEFAULT_BLOCK_SIZES = {4: 26, 6: 122}


class _Use(NamedTuple):
    """A pool, how many blocks it has, how many are in use, and the addresses in use of them."""

    pool: IPPool
    block_size: int
    n_blocks: int
    n_used: int
    n_held: int

    @property
    def version(self) -> int:
        """IP version of the pool."""
        return range_of(self.pool.spec.cidr).version

    @property
    def is_full(self) -> bool:
        """Whether every block has an address in use."""
        return 0 < self.n_blocks <= self.n_used


@rule(
    "KNL209",
    Severity.MEDIUM,
    title="Calico pool without a free block",
    advice="Add an IPPool, or free blocks that one address pins (calicoctl ipam check): the next node gets no block of "
    "its own, and its pods borrow single addresses, or get none with strict affinity.",
    documentation="https://docs.tigera.io/calico/latest/networking/ipam/get-started-ip-addresses",
)
def pool_without_free_block(cluster: Cluster) -> Iterator[Hit]:
    """Find pools for pods in which every block has an address in use, and no pool for all nodes helps out.

    An empty block does not count as in use: other nodes claim it. (calico, libcalico-go/lib/ipam/ipam.go)
    """
    uses = [_use(cluster, pool) for pool in cluster.ip_pools if pool.serves_pods and pool.spec.cidr]
    spare = {use.version for use in uses if not use.is_full and use.pool.spec.node_selector in ("", "all()")}
    for use in uses:
        if use.is_full and use.version not in spare:
            cidr = use.pool.spec.cidr
            blocks = counted(use.n_blocks, "block")
            message = f"All {blocks} of /{use.block_size} of {cidr} are in use, with {counted(use.n_held, 'address')}."
            size = range_of(cidr).size
            evidence = (f"spec.cidr: {cidr}", f"IPAMBlocks: {use.n_held:,} of {size:,} addresses in use")
            yield Hit(object_name(use.pool), message, evidence)


def _use(cluster: Cluster, pool: IPPool) -> _Use:
    whole = ip_network(pool.spec.cidr, strict=False)
    size = pool.spec.block_size or _DEFAULT_BLOCK_SIZES[whole.version]
    is_sound = whole.prefixlen <= size <= whole.max_prefixlen
    inside = range_of(pool.spec.cidr)
    held = {
        block.spec.cidr: block.n_allocated
        for block in cluster.ipam_blocks
        if block.spec.cidr.endswith(f"/{size}")
        and inside.holds(range_of(block.spec.cidr))
        and not block.spec.deleted
        and block.n_allocated
    }
    n_blocks = 1 << (size - whole.prefixlen) if is_sound else 0
    return _Use(pool, size, n_blocks, len(held), sum(held.values()))
