"""What a whole request means: its clusters, the ranges that they may lie in, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import netaddr

from kubenetlab.ipam.instance_types import INSTANCE_TYPES, InstanceType
from kubenetlab.ipam.planner.cluster_needs import FIXED_FIELDS, ClusterNeeds, cluster_needs
from kubenetlab.ipam.planner.given_ranges import Fixed, Place, networks, refuse_overlaps
from kubenetlab.ipam.planner.obstacles import cluster_domain, law_obstacles, request_obstacles
from kubenetlab.ipam.planner.platform_rules import may_share_vpc, refuse_name, service_parents
from kubenetlab.ipam.planner.platforms import GOOGLE_SERVICES, NODES, PODS, ROLES, SERVICES
from kubenetlab.ipam.planner.problem import NOT, Obstacle
from kubenetlab.readers.instance_types import read_instance_types
from kubenetlab.readers.plan_request import (
    ClusterRequest,
    NamedRange,
    Parents,
    PlanRequest,
    RequestFile,
    suggestion,
)

ROUTABLE = "routable"
_LAST_DAY = date(2999, 12, 31)  # ranges run out up to a thousand years later, and years have four digits
_MAX_NAMED = 20
_MAX_PEERS = 20_000
_KINDS = (PODS, SERVICES, NODES, ROUTABLE)
#: Where a range may lie: the parents of its own kind, or else of the next.
_FALLBACKS = {PODS: (PODS,), SERVICES: (SERVICES,), NODES: (NODES, ROUTABLE), ROUTABLE: (ROUTABLE, PODS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request with everything filled in and checked.

    Attributes
    ----------
    parents
        By ``pods``, ``services``, ``nodes`` and ``routable``, the ranges that may hold ranges of that kind.
    as_of
        The day of the counts; None where the request names none.
    in_use
        By name, the ranges that the request has in use.
    """

    name: str
    sha256: str
    clusters: tuple[ClusterNeeds, ...]
    parents: Mapping[str, tuple[netaddr.IPNetwork, ...]]
    obstacles: tuple[Obstacle, ...]
    as_of: date | None = None
    in_use: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def parents_of(self, cluster: ClusterNeeds, role: str, version: int) -> tuple[netaddr.IPNetwork, ...]:
        """Return the ranges of a family that may hold a cluster's range."""
        kind = ROUTABLE if role == PODS and cluster.routable_pods else role
        choices = (self.parents[name] for name in _FALLBACKS[kind])
        found = (tuple(n for n in choice if n.version == version) for choice in choices)
        parents = next((networks for networks in found if networks), ())
        if role == PODS and cluster.custom_networking:
            nodes = cluster.fixed.get(NODES) or self.parents_of(cluster, NODES, version)
            return tuple(parent for parent in parents if all(may_share_vpc(parent, other) for other in nodes))
        return service_parents(cluster, parents) if role == SERVICES and version == 4 else parents

    def domains(self, cluster: ClusterNeeds, role: str) -> frozenset[str]:
        """Return what a cluster's range must be apart in: its cluster, what is routable, and its peers."""
        return range_domains(cluster, role)


def checked_request(file: RequestFile) -> Request:
    """Return what a request means.

    Raises
    ------
    ManifestError
        For the first thing that cannot be: a value, a name that is there twice, fixed ranges that overlap.
    """
    request, name = file.request, file.name
    _refuse_duplicates(request.clusters, name)
    types = INSTANCE_TYPES | _more_types(file)
    needs = [cluster_needs(cluster, request.defaults, name, types) for cluster in request.clusters]
    for cluster in needs:
        refuse_name(cluster, Place(name, f"cluster {cluster.name}"))
    clusters = _with_peers(needs, request, name)
    fixed = list(_fixed(clusters))
    refuse_overlaps(fixed, name)
    own = (entry.network for entry in fixed)
    obstacles = (*law_obstacles(clusters), *request_obstacles(request, name, file.folder, own))
    return Request(
        name=name, sha256=file.sha256, clusters=clusters, parents=_parents(request, name), obstacles=obstacles,
        as_of=_day(request.as_of, name), in_use=_in_use(request),
    )  # fmt: skip


def _in_use(request: PlanRequest) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in request.in_use:
        if isinstance(entry, NamedRange) and entry.range and entry.name:
            found[entry.name] = (*found.get(entry.name, ()), entry.range)
    return found


def _more_types(file: RequestFile) -> dict[str, InstanceType]:
    listing = file.request.instance_types
    return read_instance_types(file.folder / listing) if listing else {}


def range_domains(cluster: ClusterNeeds, role: str) -> frozenset[str]:
    """Return what a cluster's range must be apart in: its cluster, what is routable or not, and its peers.

    A range that is not routable may repeat others of its kind, but no routable one: its pods could not reach that.
    """
    is_routable = {
        NODES: True, PODS: cluster.routable_pods, SERVICES: cluster.rules.has_service_subnets and not _is_google(cluster),
    }[role]  # fmt: skip
    routable = ROUTABLE if is_routable else NOT + ROUTABLE
    mesh = (f"mesh {cluster.mesh}",) if cluster.mesh else ()
    peers = ("peers " + " and ".join(sorted((cluster.name, peer))) for peer in cluster.peers)
    return frozenset((cluster_domain(cluster.name), routable, *mesh, *peers))


def _is_google(cluster: ClusterNeeds) -> bool:
    return all(
        network in netaddr.IPNetwork(GOOGLE_SERVICES) for network in cluster.fixed.get(SERVICES, ("::",))
    )


def _refuse_duplicates(clusters: Sequence[ClusterRequest], file: str) -> None:
    seen: set[str] = set()
    for number, cluster in enumerate(clusters, start=1):
        if cluster.name in seen:
            found = f"the name of an earlier cluster (cluster {number} is a second one)"
            raise Place(file, f"cluster {cluster.name}").refused("name", found, "a name of its own")
        seen.add(cluster.name)


def _with_peers(needs: list[ClusterNeeds], request: PlanRequest, file: str) -> tuple[ClusterNeeds, ...]:
    """Return the clusters with their peers, which hold both ways."""
    names = [cluster.name for cluster in needs]
    peers: dict[str, set[str]] = {name: set() for name in names}
    n_peers = sum(len(cluster.peers) for cluster in request.clusters if not isinstance(cluster.peers, str))
    if n_peers > _MAX_PEERS:
        expected = f"at most {_MAX_PEERS:,} in all; clusters of one mesh are peers, too"
        raise Place(file, "the request").refused("peers", f"{n_peers:,}", expected)
    for cluster in request.clusters:
        for peer in _peers(cluster, names, Place(file, f"cluster {cluster.name}")):
            peers[cluster.name].add(peer)
            peers[peer].add(cluster.name)
    return tuple(replace(cluster, peers=frozenset(peers[cluster.name])) for cluster in needs)


def _peers(cluster: ClusterRequest, names: list[str], place: Place) -> Iterable[str]:
    asked = (cluster.peers,) if isinstance(cluster.peers, str) else cluster.peers
    known = set(names) - {cluster.name}
    for peer in filter(None, asked):
        if peer not in known:
            others = sorted(known)[:_MAX_NAMED]
            raise place.refused(
                "peers", peer, suggestion(peer, others) if others else "no peers: there is one cluster"
            )
        yield peer


def _fixed(clusters: Iterable[ClusterNeeds]) -> Iterator[Fixed]:
    for cluster in clusters:
        for role, found in cluster.fixed.items():
            named = FIXED_FIELDS[role]
            domains = range_domains(cluster, role)
            yield from (Fixed(cluster.name, named, network, domains) for network in found)


def _parents(request: PlanRequest, file: str) -> dict[str, tuple[netaddr.IPNetwork, ...]]:
    place = Place(file, "the request")
    if not isinstance(request.parents, Parents):
        everywhere = networks(request.parents, place, "parents")
        return dict.fromkeys(_KINDS, everywhere)
    return {kind: networks(getattr(request.parents, kind), place, f"parents.{kind}") for kind in _KINDS}


def _day(text: str, file: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.max
    if day > _LAST_DAY:
        expected = f"a day such as 2026-11-21, at most {_LAST_DAY}"
        raise Place(file, "the request").refused("as_of", text, expected)
    return day


__all__ = ["ROLES", "ROUTABLE", "Request", "checked_request", "range_domains"]
