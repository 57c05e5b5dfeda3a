"""Numbers that a request writes: counts, shares and rates of growth, within their bounds."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

from kubenetlab.ipam.forecast.growth import Growth
from kubenetlab.ipam.planner.given_ranges import Place
from kubenetlab.readers.plan_request import Rate

_MAX_RATE = 10.0


class _Number(NamedTuple):
    """A count or a time: what it is where nobody says, and between which bounds it lies."""

    default: float | None
    lowest: float
    highest: float
    what: str


NUMBERS: dict[str, _Number] = {
    "nodes": _Number(None, 1, 1_000_000, "how many nodes it has now"),
    "pods_per_node": _Number(None, 1, 1_024, "how many pods a node has now"),
    "services": _Number(250, 0, 1_000_000, "how many Services it has now"),
    "horizon_years": _Number(3, 0, 50, "the years that the ranges must last"),
    "zones": _Number(1, 1, 16, "in how many zones its nodes are"),
    "max_pods": _Number(None, 1, 1_024, "the kubelet's maxPods"),
    "node_cidr_mask_size": _Number(None, 8, 30, "a prefix length"),
    "node_cidr_mask_size_ipv6": _Number(None, 16, 126, "a prefix length"),
    "block_size": _Number(None, 20, 32, "a prefix length"),
}


def number(value: Any, name: str, place: Place) -> Any:
    """Return a count or a time of a cluster, or its default.

    Raises
    ------
    ManifestError
        If it is missing without a default, no finite number, or out of bounds.
    """
    rule = NUMBERS[name]
    if value is None:
        if rule.default is None and name in ("nodes", "pods_per_node"):
            raise place.refused(name, "nothing", rule.what)
        return rule.default
    if not (isfinite(value) and rule.lowest <= value <= rule.highest):
        raise place.refused(name, value, f"{rule.what}: {rule.lowest:,} to {rule.highest:,}")
    return value


def rate(value: str | float, place: Place, name: str) -> float:
    """Return a share such as ``20%`` or 0.2 as a number.

    Raises
    ------
    ManifestError
        If it is no number, below 0 or above 1,000 %.
    """
    text = str(value).strip()
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = float("nan")
    if not 0 <= share <= _MAX_RATE:
        raise place.refused(name, value, "a share from 0% to 1000%, such as 20% or 0.2")
    return share


def growth(value: Rate, place: Place) -> Growth:
    """Return a growth from one rate a year, or from a lower and an upper one.

    Raises
    ------
    ManifestError
        If a rate is none, or the lower one is above the upper.
    """
    bounds = value if isinstance(value, tuple) else (value, value)
    if len(bounds) != 2:
        raise place.refused("growth", list(bounds), "one rate a year, or the lower and the upper one")
    low, high = (rate(bound, place, "growth") for bound in bounds)
    if low > high:
        raise place.refused("growth", f"{bounds[0]} to {bounds[1]}", "the lower rate first")
    return Growth(low, high)


def surge(value: int | str, place: Place) -> int | float:
    """Return the nodes that an upgrade adds: a number, or a share of the nodes.

    Raises
    ------
    ManifestError
        If it is neither, or out of bounds.
    """
    if isinstance(value, str) and not value.strip().isdigit():
        return rate(value, place, "max_surge")
    if not 0 <= int(value) <= 10_000:
        raise place.refused("max_surge", value, "0 to 10,000 nodes, or a share such as 10%")
    return int(value)
