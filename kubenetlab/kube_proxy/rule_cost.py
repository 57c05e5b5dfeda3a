"""What rules cost: the first packet of a connection, and a sync; interpolated between measured points.

A user replaces the measurement by his own (``benchmarks/bench_rule_cost.py`` prints it in this form).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, nan
from typing import Final, NamedTuple

import pandas as pd

from kubenetlab.kube_proxy.measured_curve import MeasuredCurve
from kubenetlab.result import Basis, Origin, Result, Setting


class Measured(NamedTuple):
    """One measurement: a tool, and a cluster of ClusterIP Services with two endpoints each.

    Attributes
    ----------
    tool
        ``iptables-legacy``, ``iptables-nft`` or ``nftables``.
    n_services, n_rules
        Services, and the iptables rules that they need (also for nftables, as the size of the same cluster).
    first_us, last_us
        A UDP packet of a new flow to the Service whose rule stands first, and last, in KUBE-SERVICES, with its socket
        [µs]; not a number where so few rules cannot be told from noise.
    full_s, partial_s
        Loading all rules, and what a sync writes when one Service changed [s].
    """

    tool: str
    n_services: int
    n_rules: int
    first_us: float
    last_us: float
    full_s: float
    partial_s: float


MEASURED_ON: Final = "2 shared cores, iptables 1.8.9, nft 1.0.6, kernel 6.18"
# Below 1,000 Services: medians of 10 runs of benchmarks/bench_rule_cost.py beside much other load (at 1,000 Services
# those took 1.2 to 1.7 times what stands here to load, and iptables-nft 2 to 5 times for the walk). From 1,000 on: one
# series beside little other load.
MEASURED: Final = (
    Measured("iptables-legacy", 10, 103, nan, nan, 0.0052, 0.0037),
    Measured("iptables-legacy", 30, 263, nan, nan, 0.0077, 0.0059),
    Measured("iptables-legacy", 100, 823, nan, nan, 0.014, 0.0094),
    Measured("iptables-legacy", 300, 2_423, nan, nan, 0.031, 0.020),
    Measured("iptables-legacy", 1_000, 8_023, 10.3, 14.7, 0.08, 0.04),
    Measured("iptables-legacy", 5_000, 40_023, 10.1, 31.4, 0.45, 0.23),
    Measured("iptables-legacy", 10_000, 80_023, 10.7, 170.0, 1.1, 0.48),
    Measured("iptables-legacy", 20_000, 160_023, 10.4, 463.0, 3.7, 1.1),
    Measured("iptables-nft", 10, 103, nan, nan, 0.023, 0.031),
    Measured("iptables-nft", 30, 263, nan, nan, 0.035, 0.031),
    Measured("iptables-nft", 100, 823, nan, nan, 0.055, 0.035),
    Measured("iptables-nft", 300, 2_423, nan, nan, 0.11, 0.050),
    Measured("iptables-nft", 1_000, 8_023, 11.5, 18.7, 0.32, 0.06),
    Measured("iptables-nft", 5_000, 40_023, 12.9, 59.8, 8.3, 0.28),
    Measured("iptables-nft", 10_000, 80_023, 11.1, 119.0, 89.0, 0.83),
    Measured("nftables", 10, 103, nan, nan, 0.020, 0.016),
    Measured("nftables", 30, 263, nan, nan, 0.021, 0.015),
    Measured("nftables", 100, 823, nan, nan, 0.037, 0.016),
    Measured("nftables", 300, 2_423, nan, nan, 0.053, 0.020),
    Measured("nftables", 1_000, 8_023, 10.2, 10.5, 0.14, 0.014),
    Measured("nftables", 5_000, 40_023, 11.0, 10.5, 2.7, 0.045),
    Measured("nftables", 10_000, 80_023, 11.6, 11.0, 12.0, 0.081),
)

_MEASURED_ENDPOINTS: Final = 2
_CONSTANT: Final = "nftables"  # looks a Service up in a map, wherever it stands
_LEAST_NS: Final = 0.1  # a rule that costs less cannot be told from noise


def first_packet_cost(
    position: int,
    n_services: int,
    n_endpoints: int = _MEASURED_ENDPOINTS,
    *,
    has_affinity: bool = False,
    measured: tuple[Measured, ...] = MEASURED,
) -> Result:
    """Return what the first packet of a connection costs, for each tool.

    Parameters
    ----------
    position
        Place of the Service's rule in KUBE-SERVICES, from 1. kube-proxy draws it anew at every sync.
    n_services
        Rules in KUBE-SERVICES: service ports with endpoints, and one more for every external address of theirs.
    n_endpoints
        Endpoints of the Service.
    has_affinity
        Session affinity, with a client that is not remembered: one rule more for each endpoint.
    measured
        Measured points; several of a tool have different sizes.

    Returns
    -------
    A Result; its frame has one row a tool: tool, rules_walked (in the mean, through all chains; missing for nftables,
    which walks none), us (at this position) [µs], us_first and us_last (at the first and the last position) [µs],
    error_factor (at worst, of the time for a rule, at a measured point that is left out), is_extrapolated (outside
    the measured sizes: below them the times of the smallest, beyond twice the largest none).

    Raises
    ------
    ValueError
        If the position is not one of 1 to n_services, there is no endpoint, a measured value is not above 0, or two
        points of a tool have one size.
    """
    if not 1 <= position <= n_services or n_endpoints < 1:
        raise ValueError(
            f"position {position} of {n_services} with {n_endpoints} endpoints: none may be below 1"
        )
    n_chosen = (n_endpoints + 1) / 2 + n_endpoints * has_affinity
    rows = []
    for tool, points in _by_tool(measured).items():
        walks = [m for m in points if not isnan(m.first_us + m.last_us)]
        first = MeasuredCurve([(m.n_services, m.first_us) for m in walks])
        per_rule = MeasuredCurve([(m.n_services, _ns_per_rule(m)) for m in walks])
        ns = 0.0 if tool == _CONSTANT else per_rule.at(n_services)
        start = first.at(n_services) + (n_chosen - (_MEASURED_ENDPOINTS + 1) / 2) * ns / 1000
        times = [start + (place - 1) * ns / 1000 for place in (position, 1, n_services)]
        walked = None if tool == _CONSTANT else position + 1 + n_chosen + 2
        curve = first if tool == _CONSTANT else per_rule
        rows.append((tool, walked, *times, curve.error_factor, curve.is_outside(n_services)))
    columns = ["tool", "rules_walked", "us", "us_first", "us_last", "error_factor", "is_extrapolated"]
    return _result(f"First packet to Service {position:,} of {n_services:,}", rows, columns, measured)


def sync_cost(n_services: int, n_rules: int, measured: tuple[Measured, ...] = MEASURED) -> Result:
    """Return how long rules take to load, all of them or after a change of one Service, for each tool.

    Parameters
    ----------
    n_services
        Service ports: a partial sync of iptables rewrites a rule for each.
    n_rules
        iptables rules of both tables (``rule_counts``); for nftables too, as the size of the cluster.
    measured
        Measured points.

    Returns
    -------
    A Result; its frame has one row a tool: tool, full_s and partial_s [s], full_error_factor and partial_error_factor
    (at worst, at a measured point that is left out), is_extrapolated (outside the measured sizes: below them the times of
    the smallest, beyond twice the largest none).

    Raises
    ------
    ValueError
        If a number or a measured value is not above 0, or two points of a tool have one size.
    """
    if min(n_services, n_rules) < 1:
        raise ValueError(f"{n_services} Services with {n_rules} rules: none may be below 1")
    rows = []
    for tool, points in _by_tool(measured).items():
        full = MeasuredCurve([(m.n_rules, m.full_s) for m in points])
        partial = MeasuredCurve([(m.n_services, m.partial_s) for m in points])
        is_outside = full.is_outside(n_rules) or partial.is_outside(n_services)
        errors = full.error_factor, partial.error_factor
        rows.append((tool, full.at(n_rules), partial.at(n_services), *errors, is_outside))
    columns = ["tool", "full_s", "partial_s", "full_error_factor", "partial_error_factor", "is_extrapolated"]
    return _result(f"Loading {n_rules:,} rules of {n_services:,} Services", rows, columns, measured)


def _by_tool(measured: tuple[Measured, ...]) -> dict[str, list[Measured]]:
    return {tool: [m for m in measured if m.tool == tool] for tool in dict.fromkeys(m.tool for m in measured)}


def _ns_per_rule(m: Measured) -> float:
    return max((m.last_us - m.first_us) / max(m.n_services - 1, 1) * 1000, _LEAST_NS)


def _result(
    title: str, rows: Sequence[tuple[object, ...]], columns: list[str], measured: tuple[Measured, ...]
) -> Result:
    given = Setting("measurement", f"{len(measured)} points", Origin.READ, "given")
    if measured is MEASURED:
        evidence = "beside other load: shapes hold, absolute values are of that machine"
        given = Setting("measurement", MEASURED_ON, Origin.DEFAULT, evidence)
    evidence = "of every measured Service; other rules are taken to cost as much"
    assumptions = (given, Setting("endpoints", _MEASURED_ENDPOINTS, Origin.DEFAULT, evidence))
    because = (
        "between measured sizes times are interpolated, straight in log-log: no law is claimed",
        "iptables walks KUBE-SERVICES rule by rule, in an order that every sync draws anew; nftables looks a key up",
    )
    frame = pd.DataFrame(rows, columns=columns)
    return Result(title=title, _frame=frame, assumptions=assumptions, because=because, basis=Basis.RAN)
