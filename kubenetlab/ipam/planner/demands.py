"""From what clusters need to ranges that must be placed: one demand a range, with the line of the request that asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import netaddr

from kubenetlab.errors import KubenetlabError
from kubenetlab.ipam.planner.cluster_needs import FIXED_FIELDS, ClusterNeeds
from kubenetlab.ipam.planner.given_ranges import Place
from kubenetlab.ipam.planner.platform_rules import no_parent_words
from kubenetlab.ipam.planner.platforms import NODES, PODS, SERVICES
from kubenetlab.ipam.planner.problem import Demand
from kubenetlab.ipam.planner.request import Request
from kubenetlab.ipam.planner.sizes import (
    allowed_lengths,
    candidate,
    needs,
    node_mask,
    own_limits,
    pods_of_mask,
    prefix_length,
    roles,
)

_FEWEST_SERVICES = 4


class Wanted(NamedTuple):
    """A range of a cluster that is to be placed, and its demand."""

    cluster: ClusterNeeds
    role: str
    demand: Demand


def wanted_ranges(request: Request, kept: Mapping[str, netaddr.IPNetwork]) -> Iterator[Wanted]:
    """Yield every range that the clusters need, fixed ones included.

    Parameters
    ----------
    kept
        Ranges of an earlier plan by name: they stay if they are large enough.

    Raises
    ------
    ManifestError
        If a range has no parents, or no allowed size is enough.
    """
    for cluster in request.clusters:
        _check_mask(cluster, Place(request.name, f"cluster {cluster.name}"))
        for role in roles(cluster):
            for version in cluster.families:
                fixed = [n for n in cluster.fixed.get(role, ()) if n.version == version]
                demands = (
                    _fixed(request, cluster, role, fixed)
                    if fixed
                    else _free(request, cluster, (role, version), kept)
                )
                yield from (Wanted(cluster, role, demand) for demand in demands)


def _check_mask(cluster: ClusterNeeds, place: Place) -> None:
    """Refuse more pods of a node than its CIDR can hold with the mask of the request, or with the largest CIDR allowed."""
    mask = node_mask(cluster)
    holds = pods_of_mask(cluster.ipam, cluster.max_pods, mask) if mask else cluster.max_pods
    if holds < cluster.pods_per_node:
        expected = f"at most {holds}, what a node's /{mask} has room for"
        raise place.refused("pods_per_node", cluster.pods_per_node, expected)


def range_name(cluster: str, role: str, version: int, number: int = 1) -> str:
    """Return the name of a range in plans.

    >>> range_name("prod", "pods", 4), range_name("prod", "pods", 6, 2)
    ('prod/pods', 'prod/pods-ipv6-2')
    """
    return f"{cluster}/{role}" + ("-ipv6" if version == 6 else "") + (f"-{number}" if number > 1 else "")


def _fixed(
    request: Request, cluster: ClusterNeeds, role: str, ranges: list[netaddr.IPNetwork]
) -> Iterator[Demand]:
    place = Place(request.name, f"cluster {cluster.name}")
    for number, network in enumerate(ranges, start=1):
        parents = (network, *request.parents_of(cluster, role, network.version))
        _check_fixed(cluster, role, network, place)
        name = range_name(cluster.name, role, network.version, number)
        yield Demand(
            name, network.version, network.prefixlen, parents, request.domains(cluster, role), at=network,
            requirement=f"cluster {cluster.name} has {network} for its {role}",
        )  # fmt: skip


def _check_fixed(cluster: ClusterNeeds, role: str, network: netaddr.IPNetwork, place: Place) -> None:
    """Refuse a range that the cluster's own components refuse, with their words, and one without an address for DNS."""
    if role == SERVICES and network.size < _FEWEST_SERVICES:
        raise place.refused(FIXED_FIELDS[role], network, f"a range of at least {_FEWEST_SERVICES} addresses")
    try:
        own_limits(cluster, role, [network])
    except (KubenetlabError, ValueError) as error:
        raise place.refused(FIXED_FIELDS[role], network, f"what {cluster.ipam} accepts: {error}") from None


def _free(
    request: Request, cluster: ClusterNeeds, what: tuple[str, int], kept: Mapping[str, netaddr.IPNetwork]
) -> Iterator[Demand]:
    role, version = what
    place = Place(request.name, f"cluster {cluster.name}")
    parents = request.parents_of(cluster, role, version)
    if not parents:
        if role == NODES and not (cluster.rules.has_node_ranges and version == 4):
            return  # its nodes live in networks that are there already
        expected = (
            f"an IPv{version} range in parents for {'routable ' if _is_routed(cluster, role) else ''}{role}"
        )
        raise place.refused(f"{role} (IPv{version})", "no parents", expected + no_parent_words(cluster, role))
    length = prefix_length(cluster, role, version)
    if length is None:
        raise _too_much(cluster, role, version, place)
    name = range_name(cluster.name, role, version)
    old = kept.get(name)
    stays = old if old is not None and old.version == version and old.prefixlen <= length else None
    length = stays.prefixlen if stays is not None else length
    yield Demand(
        name, version, length, parents, request.domains(cluster, role), stays=stays,
        requirement=f"cluster {cluster.name} needs a /{length} for {_words(cluster, role)}",
    )  # fmt: skip


def _is_routed(cluster: ClusterNeeds, role: str) -> bool:
    return cluster.routable_pods and role == PODS


def _words(cluster: ClusterNeeds, role: str) -> str:
    counts = " and ".join(f"{n:,} {quantity}" for quantity, n in needs(cluster, role).items())
    return f"its {role} ({counts} after {cluster.horizon_years:g} years)"


def _too_much(cluster: ClusterNeeds, role: str, version: int, place: Place) -> Exception:
    """Return the error for a need that no allowed range is enough for, with the limit that stays too low."""
    shortest = allowed_lengths(cluster, role, version).shortest
    wanted = needs(cluster, role)
    short = [
        limit
        for limit in own_limits(cluster, role, [candidate(version, shortest)])
        if limit.n < wanted[limit.quantity]
    ]
    worst = min(short, key=lambda limit: limit.n / wanted[limit.quantity])
    found = f"a need for {wanted[worst.quantity]:,} {worst.quantity} after {cluster.horizon_years:g} years"
    return place.refused(
        role, found, f"at most {worst.n:,}, what a /{shortest} holds, the largest range allowed"
    )
