"""Who else lives in the cloud's subnets of a cluster, as the cloud's listings tell, and whether a forecast counts that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.cloud_subnets import subnet_use
from kubenetlab.ipam.forecast.load import MAX_COUNT, Load, subnet_cidrs
from kubenetlab.ipam.forecast.pools import CountPool, PrefixPool, bounds_of
from kubenetlab.ipam.node_pod_ranges import FLAT_IPAMS

_NOT_COUNTED = "What others hold of the subnets is not counted"


class _Listed(NamedTuple):
    """How many IPv4 subnets there are, of how many the use is listed, and the addresses of those in use and in all."""

    n_subnets: int
    n_known: int
    n_used: int
    n_usable: int


def with_neighbours(cluster: Cluster, load: Load) -> tuple[Load, str]:
    """Return a cluster's load with what others hold of its subnets today, and a sentence about that.

    Others hold what is in use, less what the model gives this cluster's nodes today. The sentence is empty where pods
    and nodes live in no subnet of a cloud that is known.
    """
    set_up, pool = load.set_up, bounds_of(load).pool
    is_counted = isinstance(pool, CountPool | PrefixPool) and "subnet addresses" in pool.units
    listed = _listed(cluster, subnet_cidrs(set_up) if is_counted else (*set_up.pod_cidrs, *set_up.node_cidrs))
    if not listed.n_known:
        is_flat = listed.n_subnets and set_up.ipam in FLAT_IPAMS
        return load, f"{_NOT_COUNTED}: no listing tells how full they are." if is_flat else ""
    if not is_counted or not isinstance(pool, CountPool | PrefixPool):
        return (
            load,
            f"{_NOT_COUNTED}: {listed.n_used:,} of {listed.n_usable:,} addresses are in use there today.",
        )
    own = _today(pool, load)
    others = min(max(0, listed.n_used - own), MAX_COUNT)
    return replace(load, held_by_others=others), " ".join(_words(pool, listed, own, others))


def _listed(cluster: Cluster, cidrs: Iterable[str]) -> _Listed:
    ranges = {cidr for cidr in cidrs if ":" not in cidr}
    frame = subnet_use(cluster).frame
    frame = frame.sort_values(
        ["n_nodes", "n_pods"], ascending=False, kind="stable"
    )  # other networks have 0 of both
    known = frame[frame["range"].isin(ranges) & frame["n_used"].notna()].drop_duplicates("range")
    return _Listed(len(ranges), len(known), int(known["n_used"].sum()), int(known["n_usable"].sum()))


def _today(pool: CountPool | PrefixPool, load: Load) -> int:
    """Return how many addresses of the subnets the nodes take today: pods lie evenly on them."""
    fewer, n_more = divmod(load.pods, load.nodes)
    return (load.nodes - n_more) * pool.of_node(fewer) + n_more * pool.of_node(fewer + 1)


def _words(pool: CountPool | PrefixPool, listed: _Listed, own: int, others: int) -> Iterator[str]:
    used = f"{listed.n_used:,} of {listed.n_usable:,} addresses of the subnets are in use today"
    yield f"{used}; this cluster's nodes take {own:,}, so others hold {others:,}, and keep them."
    if listed.n_known < listed.n_subnets:
        yield f"The use of only {listed.n_known} of {listed.n_subnets} subnets is listed: the others count as empty."
    if others and isinstance(pool, PrefixPool):
        yield "Those are taken to lie side by side, so that they break as few /28s as can be."
