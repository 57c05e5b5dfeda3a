"""The certificate of a plan: what was asked, where everything lies, and the facts that make it a plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import netaddr

from kubenetlab.ipam.planner.problem import EVERYWHERE, Demand, Obstacle


def certificate(
    demands: Sequence[Demand],
    obstacles: Sequence[Obstacle],
    placed: Mapping[str, netaddr.IPNetwork],
    inequalities: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return facts, as values that JSON can hold, that ``kubenetlab.ipam.planner.checker`` verifies without the planner.

    Parameters
    ----------
    demands, obstacles, placed
        What ``pack`` was given, and what it returned.
    inequalities
        What a range is enough for: its ``name``, how many are ``needed`` of a ``quantity``, how many it ``holds``, and why, in
        ``words``.

    Returns
    -------
    ``demands``, ``obstacles`` and ``ranges`` say what is claimed. ``blocks`` has the containment and alignment of every range:
    first and last address, size, and the parent it lies in. ``apart`` lists for every domain its ranges in order of address:
    each ends before the next one starts, so one fact a range stands for all pairs; those of a domain ``not X`` may overlap, but
    none of X. ``inequalities`` have a left side, a
    relation and a right side, and say what they mean. ``sha256`` is the digest of all the rest.
    """
    facts: dict[str, Any] = {
        "demands": [_asked(demand) for demand in demands],
        "obstacles": [_forbidden(obstacle) for obstacle in obstacles],
        "ranges": {demand.name: str(placed[demand.name]) for demand in demands},
        "blocks": [_block(demand, placed[demand.name]) for demand in demands],
        "apart": _chains(demands, placed),
        "inequalities": [_inequality(**inequality) for inequality in inequalities],
    }
    return sealed(facts)


def sealed(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts with a digest of them all, ``sha256``: whoever changes one of them is seen, unless they change it, too."""
    text = json.dumps(facts, sort_keys=True, default=str)
    return {**facts, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def _asked(demand: Demand) -> dict[str, Any]:
    return {
        "name": demand.name,
        "version": demand.version,
        "prefix_length": demand.prefix_length,
        "parents": [str(parent) for parent in demand.parents],
        "domains": sorted(demand.domains),
        "at": None if demand.at is None else str(demand.at),
        "requirement": demand.requirement,
    }


def _forbidden(obstacle: Obstacle) -> dict[str, Any]:
    return {
        "name": obstacle.name,
        "network": str(obstacle.network),
        "domains": sorted(obstacle.domains),
        "requirement": obstacle.requirement,
    }


def _block(demand: Demand, network: netaddr.IPNetwork) -> dict[str, Any]:
    return {
        "name": demand.name,
        "range": str(network),
        "first": int(network.first),
        "last": int(network.last),
        "size": int(network.size),
        "parent": next((str(parent) for parent in demand.parents if network in parent), ""),
    }


def _chains(demands: Sequence[Demand], placed: Mapping[str, netaddr.IPNetwork]) -> dict[str, list[str]]:
    """Return the ranges of every domain in order of address."""
    order = {name: (n.version, int(n.first), int(n.last), name) for name, n in placed.items()}
    chains: dict[str, list[str]] = {EVERYWHERE: []}
    for demand in sorted(demands, key=lambda demand: order[demand.name]):
        for domain in sorted(demand.domains):
            chains.setdefault(domain, []).append(demand.name)
    return chains


def _inequality(*, name: str, quantity: str, needed: int, holds: int, words: str) -> dict[str, Any]:
    says = f"{needed} <= {holds}: {quantity} of {name}. {words}"
    return {"range": name, "left": needed, "relation": "<=", "right": holds, "says": says}
