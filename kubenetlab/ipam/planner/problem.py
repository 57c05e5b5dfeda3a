"""The planner's question without Kubernetes: which ranges must be placed, where, and apart from what."""

from __future__ import annotations

from typing import NamedTuple

import netaddr

#: The domain of an obstacle or demand that must be apart from everything.
EVERYWHERE = "everywhere"
#: Ranges of the domain ``not X`` must be apart from those of the domain ``X``, though not from one another.
NOT = "not "


class Demand(NamedTuple):
    """One range to place.

    Attributes
    ----------
    name
        Unique, such as ``prod-eu/pods``.
    version, prefix_length
        Family and size of the range.
    parents
        The ranges it may lie in, the best liked first; all of the same family.
    domains
        Two demands must not overlap if they share a domain. Ranges of one cluster share the cluster's domain, routable
        ranges share ``routable``, clusters that are peers share one of their own. Ranges that are not routable have
        ``not routable``, which they may share: they may repeat one another, but no routable range. Nobody has both.
    at
        Where it must lie exactly (fixed by the request), or None.
    stays
        Where it lay in an earlier plan: it stays there unless that is impossible; or None.
    requirement
        The line of the request that asks for it, in words, for the explanation of an impossible request.
    """

    name: str
    version: int
    prefix_length: int
    parents: tuple[netaddr.IPNetwork, ...]
    domains: frozenset[str]
    at: netaddr.IPNetwork | None = None
    stays: netaddr.IPNetwork | None = None
    requirement: str = ""


class Obstacle(NamedTuple):
    """A range that no demand of its domains may touch; the domain ``everywhere`` means none at all.

    ``name`` says what it is (``docker0``, ``in use: office``), ``requirement`` the line of the request behind it;
    ``is_law`` is true where nobody can waive it (link-local, multicast, loopback).
    """

    name: str
    network: netaddr.IPNetwork
    domains: frozenset[str] = frozenset({EVERYWHERE})
    requirement: str = ""
    is_law: bool = False
