"""How evenly each Service can share its connections: what chance does to them, policy Local, and session affinity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pandas as pd

from kubenetlab.findings.wording import first_few
from kubenetlab.load_balancing.affinity.modes import memory_of
from kubenetlab.load_balancing.chance.connection_spread import connection_spread
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Table, number, table

_MOST_PLAIN = 8
_NAMED = 3
_COLUMNS = {
    "services": Column("Services"),
    "n_ready": number("Ready"),
    "busiest": Column("Busiest endpoint of 1,000 connections", kind="code"),
    "near": Column("Within 10 % of the average from", kind="code"),
    "policy": Column("Busiest by policy Local", kind="code"),
    "remembered": Column("Clients that a node remembers", kind="code"),
}
_NOTE = (
    "kube-proxy in mode {} draws the endpoint of every new connection anew, so counts differ by chance alone: the busiest "
    "endpoint gets so many times the average in 90 % of cases, and is within 10 % of it, in 95 % of cases, from so many "
    "connections on. Requests of connections that stay open differ more."
)
_POLICY_NOTE = (
    "By policy Local: times a fair share, where a load balancer sends as much to every node with a ready pod."
)
_AFFINITY_NOTE = "sessionAffinity ClientIP: each node remembers {:,} addresses for each endpoint, and draws for others anew."

_Key = tuple[str, str, int]


def spread(evidence: Evidence) -> tuple[tuple[Table, ...], tuple[str, ...]]:
    """Return the table, with its notes; nothing where kube-proxy does not draw or no Service has two endpoints."""
    setting = evidence.cluster.settings.get("proxy_mode")
    mode = str(setting.value) if setting else ""
    groups = _groups(evidence, memory_of(mode).capacity) if mode in ("iptables", "nftables") else {}
    if not groups:
        return (), ()
    rows = pd.DataFrame([_row(key, groups[key]) for key in _shown(groups)])
    some = f", {len(rows)} of {len(groups)} kinds" if len(rows) < len(groups) else ""
    columns = {name: column for name, column in _COLUMNS.items() if rows[name].astype(bool).any()}
    notes = [_NOTE.format(mode)] + [_POLICY_NOTE] * ("policy" in columns)
    notes += [_AFFINITY_NOTE.format(memory_of(mode).capacity)] * ("remembered" in columns)
    return (table(f"How evenly Services can share{some}", rows, columns),), tuple(notes)


def _groups(evidence: Evidence, capacity: int) -> dict[_Key, list[str]]:
    """Return the names of Services that share alike: by policy, affinity and number of ready endpoints."""
    services = {service.metadata.full_name: service for service in evidence.cluster.services}
    unequal = {found.object.removeprefix("Service ") for found in evidence.findings_by_code.get("KNL401", [])}
    groups: dict[_Key, list[str]] = defaultdict(list)
    rows: Iterator[Any] = evidence.services.frame.dropna(subset=["n_ready"]).itertuples()
    for row in rows:
        service, n_ready = services[row.service], int(row.n_ready)
        if n_ready > 1 and service.cluster_ips:
            is_sticky = service.spec.session_affinity == "ClientIP"
            policy = (
                f"{n_ready / (row.n_nodes * row.min_per_node):.3g} times" if row.service in unequal else ""
            )
            groups[policy, f"{n_ready * capacity:,}" * is_sticky, n_ready].append(row.service)
    return groups


def _shown(groups: dict[_Key, list[str]]) -> Iterator[_Key]:
    """Yield the groups with a policy or affinity, then some of the others, from the most endpoints to the fewest."""
    ordered = sorted(groups, key=lambda key: (not key[0], not key[1], -key[2]))
    plain = [key for key in ordered if not any(key[:2])]
    yield from ordered[: len(ordered) - len(plain)]
    yield from plain[:: max(1, len(plain) // _MOST_PLAIN)]


def _row(key: _Key, names: list[str]) -> dict[str, Any]:
    policy, remembered, n_ready = key
    chance = connection_spread(1000, n_ready).frame.iloc[0]
    busiest = f"{chance['max_over_mean_p05']:.2f} to {chance['max_over_mean_p95']:.2f} times"
    values = (
        first_few(names, _NAMED),
        n_ready,
        busiest,
        f"{_near(n_ready):,} connections",
        policy,
        remembered,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _near(n_endpoints: int) -> int:
    """Return from how many connections on the busiest endpoint is within 10 % in 95 % of cases; two digits of it.

    Of normal counts the largest of n stays below z standard deviations with probability P(z)^n; the deviation over the
    mean is sqrt((n - 1) / connections). With ``connection_spread`` this agrees to 1 %.

    >>> _near(2), _near(100)
    (380, 110000)
    """
    from scipy.stats import norm

    z = float(norm.ppf(0.95 ** (1 / n_endpoints)))
    return int(float(f"{(n_endpoints - 1) * (z / 0.1) ** 2:.1e}"))
