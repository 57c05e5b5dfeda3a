"""The range(s) that pods' addresses come from, as the pools of the detected IPAM name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kubenetlab.cluster import Cluster
from kubenetlab.objects import object_name
from kubenetlab.readers.settings.address_managers import cilium_config_map
from kubenetlab.readers.settings.clues import Clue, Clues, smallest_ranges
from kubenetlab.readers.settings.nodes import pod_ranges
from kubenetlab.result import Origin

_MANY_NAMES = 5


def clues(cluster: Cluster, ipam: str) -> Clues:
    """Yield the pod ranges and mask sizes of an IPAM's own pools; of other IPAMs' pools nothing: they are left over."""
    if ipam in _POOLS:
        yield from _POOLS[ipam](cluster)


def _calico(cluster: Cluster) -> Clues:
    pools = [pool for pool in cluster.ip_pools if pool.serves_pods]
    if pools:
        names = _names(pool.metadata.name for pool in pools)
        yield Clue("cluster_cidr", [pool.spec.cidr for pool in pools], f"Calico IPPool {names}")
    elif cluster.ipam_blocks:
        blocks = smallest_ranges([block.spec.cidr for block in cluster.ipam_blocks])
        evidence = f"the smallest range that holds the {len(cluster.ipam_blocks)} IPAMBlocks of the dump; the real one is at least this"
        yield Clue("cluster_cidr", blocks, evidence, Origin.INFERRED)


def _cluster_pool(cluster: Cluster) -> Clues:
    config_map = cilium_config_map(cluster)
    if config_map:
        yield from _cilium_lists(config_map.data, object_name(config_map))
    yield from _cilium_nodes(cluster)


def _cilium_lists(data: Mapping[str, str], place: str) -> Clues:
    """Source: cilium pkg/option (cluster-pool-ipv4-cidr and its like are lists, one family each)."""
    used = {
        family: data[f"cluster-pool-{family}-cidr"]
        for family in ("ipv4", "ipv6")
        if data.get(f"cluster-pool-{family}-cidr", "").strip()
        and data.get(f"enable-{family}", "true") == "true"
    }
    if used:
        keys = ", ".join(f"cluster-pool-{family}-cidr" for family in used)
        yield Clue("cluster_cidr", " ".join(used.values()), f"{place} {keys}")
    for family in used:
        key = f"cluster-pool-{family}-mask-size"
        if data.get(key):
            setting = "node_cidr_mask_size" + ("_ipv6" if family == "ipv6" else "")
            yield Clue(setting, data[key], f"{place} {key}")


def _multi_pool(cluster: Cluster) -> Clues:
    pools = cluster.cilium_pod_ip_pools
    ranges = [r for pool in pools for r in (*pool.spec.ipv4.cidrs, *pool.spec.ipv6.cidrs)]
    if ranges:
        names = _names(pool.metadata.name for pool in pools)
        yield Clue("cluster_cidr", ranges, f"CiliumPodIPPool {names}")
    yield from _cilium_nodes(cluster)


def _cilium_nodes(cluster: Cluster) -> Clues:
    ranges = [cidr for node in cluster.cilium_nodes for cidr in node.spec.ipam.pod_cidrs]
    yield from pod_ranges(ranges, "CiliumNode pod CIDRs")


def _names(names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - _MANY_NAMES} more" if len(shown) > _MANY_NAMES else ""
    return ", ".join(shown[:_MANY_NAMES]) + more


_POOLS: dict[str, Callable[[Cluster], Clues]] = {
    "calico": _calico,
    "cilium-cluster-pool": _cluster_pool,
    "cilium-multi-pool": _multi_pool,
    "cilium-kubernetes": _cilium_nodes,
}
