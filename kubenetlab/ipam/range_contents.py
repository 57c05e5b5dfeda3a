"""What is in the ranges of a cluster: the parts that nodes were given, and the addresses that something holds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from kubenetlab.cluster import AddressUse, Cluster
from kubenetlab.cluster import addresses as cluster_addresses
from kubenetlab.ipam.node_pod_ranges import FLAT_IPAMS, ipam_of, node_pod_ranges
from kubenetlab.ipam.ranges import Interval, Range, outermost, range_of
from kubenetlab.objects import IPAMBlock
from kubenetlab.readers.settings.cloud_listings import subnets_in_use
from kubenetlab.result import Origin

_POD_ROLES = ("pod range", "Calico pool")


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeContents:
    """One range, whose owner is what names it, and what is in it.

    ``given`` are the disjoint ranges that nodes have as pod CIDRs or Calico blocks; ``held`` the addresses that
    pods, Services or nodes have, or that Calico's blocks say are in use, ascending, or None where the dump holds
    none of the objects that could say so. ``n_owned`` counts those of them that an object of the dump has (None as
    before); ``is_by_blocks`` is whether blocks say so.
    """

    range: Range
    role: str
    is_inferred: bool
    given: tuple[Range, ...]
    held: tuple[int, ...] | None
    n_owned: int | None
    is_by_blocks: bool

    @property
    def n_given(self) -> int:
        """Addresses given to nodes."""
        return sum(part.size for part in self.given)

    def count_held(self, interval: Interval) -> int:
        """Addresses of an interval that something holds."""
        return len(_inside(self.held or (), *interval))

    def count_given(self, interval: Interval) -> int:
        """Addresses of an interval that were given to nodes."""
        first, last = interval
        return sum(max(0, min(part.last, last) - max(part.first, first) + 1) for part in self.given)


def contents_of_ranges(cluster: Cluster) -> list[RangeContents]:
    """Return every pod, Service, node and load balancer range that a cluster names, each once.

    Not among them: ranges that a dump cannot hold, such as the subnets of a cloud's network, and disabled pools.
    """
    uses: dict[tuple[int, int, int, bool], AddressUse] = {}
    for use in (use for use in cluster_addresses.ranges(cluster) if use.role in _HOLDERS):
        key = (*range_of(use.range)[:3], use.role in _POD_ROLES)
        if key not in uses or _is_inferred(uses[key]):
            uses[key] = use
    roles = {use.role for use in uses.values()}
    holders = {texts: _by_version(texts(cluster)) for role, texts in _HOLDERS.items() if role in roles}
    parts = _Parts(cluster)
    return [_contents(use, holders[_HOLDERS[use.role]], parts) for use in uses.values()]


def contents_of_subnets(cluster: Cluster) -> list[RangeContents]:
    """Return the listed subnets of the cloud that hold nodes or pods, as node ranges: held is what nodes and pods have.

    Only where pods have addresses of these subnets too.
    """
    if ipam_of(cluster) not in FLAT_IPAMS or not (cluster.nodes or cluster.pods):
        return []
    held = _by_version([*(_node_ips(cluster) or ()), *(_pod_ips(cluster) or ())]) or {}
    subnets = dict.fromkeys((s.cidr, f"{s.cloud} {s.name}") for s in subnets_in_use(cluster))
    return [_of_subnet(range_of(text, name), held) for text, name in subnets]


def _of_subnet(whole: Range, held: Mapping[int, list[int]]) -> RangeContents:
    inside = tuple(_inside(held[whole.version], whole.first, whole.last))
    return RangeContents(
        range=whole,
        role="node range",
        is_inferred=False,
        given=(),
        held=inside,
        n_owned=len(inside),
        is_by_blocks=False,
    )


def _is_inferred(use: AddressUse) -> bool:
    return use.object.endswith(f"({Origin.INFERRED})")


class _Parts:
    """Parts of pod ranges that nodes have: Calico's blocks, with the addresses in use, or pod CIDRs."""

    def __init__(self, cluster: Cluster) -> None:
        self.blocks = [(range_of(b.spec.cidr), b) for b in cluster.ipam_blocks if b.spec.cidr]
        self.pod_cidrs = [r for ranges in node_pod_ranges(cluster).values() for r in ranges]
        self.is_calico = ipam_of(cluster) == "calico"

    def of(self, role: str, whole: Range) -> tuple[tuple[Range, ...], tuple[int, ...] | None]:
        """Return the parts inside a range, and the addresses in use where they are blocks."""
        if role == "Calico pool" or (role == "pod range" and self.is_calico):
            blocks = [(inside, block) for inside, block in self.blocks if whole.holds(inside)]
            in_use = {address for inside, block in blocks for address in _allocated(inside, block)}
            return tuple(outermost(inside for inside, _ in blocks)), tuple(sorted(in_use)) if blocks else None
        inside = (r for r in self.pod_cidrs if whole.holds(r)) if role == "pod range" else ()
        return tuple(outermost(inside)), None


def _contents(use: AddressUse, holders: Mapping[int, list[int]] | None, parts: _Parts) -> RangeContents:
    whole = range_of(use.range, use.object)
    given, allocated = parts.of(use.role, whole)
    owned = None if holders is None else tuple(_inside(holders[whole.version], whole.first, whole.last))
    held = owned if allocated is None else allocated
    return RangeContents(
        range=whole,
        role=use.role,
        is_inferred=_is_inferred(use),
        given=given,
        held=held,
        n_owned=None if owned is None or held is None else len(set(owned) & set(held)),
        is_by_blocks=allocated is not None,
    )


def allocated_in(block: IPAMBlock) -> list[Range]:
    """Return the addresses that a Calico block says are in use."""
    inside = range_of(block.spec.cidr)
    return [Range(inside.version, n, n, "", block.node_name) for n in _allocated(inside, block)]


def _allocated(inside: Range, block: IPAMBlock) -> Iterator[int]:
    """Yield the addresses that a block's allocations, one entry an address, say are in use."""
    entries = block.spec.allocations[: inside.size]
    return (inside.first + place for place, entry in enumerate(entries) if entry is not None)


def _inside(addresses: Sequence[int], first: int, last: int) -> Sequence[int]:
    return addresses[bisect_left(addresses, first) : bisect_right(addresses, last)]


def _by_version(texts: Iterable[str] | None) -> dict[int, list[int]] | None:
    if texts is None:
        return None
    different = set(texts) - {""}
    by_version = {
        4: [int(IPv4Address(text)) for text in different if ":" not in text],
        6: [int(IPv6Address(text)) for text in different if ":" in text],
    }
    return {version: sorted(set(addresses)) for version, addresses in by_version.items()}


def _pod_ips(cluster: Cluster) -> Iterable[str] | None:
    running = (p for p in cluster.pods if not p.spec.host_network and not p.has_finished)
    return (ip for pod in running for ip in pod.ips) if any(not p.is_planned for p in cluster.pods) else None


def _service_ips(cluster: Cluster) -> Iterable[str] | None:
    taken = [value.metadata.name for value in cluster.ip_addresses]
    taken += [ip for service in cluster.services for ip in service.cluster_ips]
    return taken if cluster.services or cluster.ip_addresses else None


def _node_ips(cluster: Cluster) -> Iterable[str] | None:
    return [ip for node in cluster.nodes for ip in node.internal_ips] if cluster.nodes else None


def _load_balancer_ips(cluster: Cluster) -> Iterable[str] | None:
    ingresses = (i for service in cluster.services for i in service.status.load_balancer.ingress)
    return (ingress.ip for ingress in ingresses if ingress.ip) if cluster.services else None


_HOLDERS: dict[str, Callable[[Cluster], Iterable[str] | None]] = {
    "node range": _node_ips,
    "pod range": _pod_ips,
    "Calico pool": _pod_ips,
    "Service range": _service_ips,
    "load balancer pool": _load_balancer_ips,
}
