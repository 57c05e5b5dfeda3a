"""What binds first, and when: how long a limit is enough for a count that grows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from math import log
from typing import NamedTuple

from kubenetlab.ipam.forecast.growth import DAYS_PER_YEAR
from kubenetlab.ipam.planner.cluster_needs import ClusterNeeds
from kubenetlab.ipam.set_up import Limit, Quantity

_MAX_YEARS = 1_000.0


class Binding(NamedTuple):
    """The limit that is reached first, what is needed of it at the horizon, and after how many years it is full.

    Years are None where that never happens; ``years_low`` belongs to the lower bound of growth and is the later one.
    """

    limit: Limit
    needed: int
    years_low: float | None
    years_high: float | None


def binding(cluster: ClusterNeeds, limits: Iterable[Limit]) -> Binding | None:
    """Return the limit that a growing cluster reaches first; None if there is none."""
    counted = [limit for limit in limits if limit.quantity in _COUNTS]
    if not counted:
        return None
    first = min(counted, key=lambda limit: (_room(cluster, limit), limit.n))
    bounds = (cluster.growth.low_per_year, cluster.growth.high_per_year)
    low, high = (_years(_room(cluster, first), rate) for rate in bounds)
    return Binding(first, _COUNTS[first.quantity][1](cluster), low, high)


def day(as_of: date, years: float | None) -> str:
    """Return the day after some years as text; "" for never, and for what is centuries away or beyond the calendar.

    >>> day(date(2026, 1, 1), 1.5), day(date(2026, 1, 1), None)
    ('2027-07-02', '')
    """
    if years is None or years > _MAX_YEARS:
        return ""
    found = as_of.toordinal() + int(years * DAYS_PER_YEAR)
    return str(date.fromordinal(found)) if found <= date.max.toordinal() else ""


def _room(cluster: ClusterNeeds, limit: Limit) -> float:
    """How many times today's count fits, the nodes of an upgrade apart."""
    now = _COUNTS[limit.quantity][0](cluster)
    n: float = limit.n
    if limit.quantity == Quantity.NODES:
        n = n - cluster.surge if isinstance(cluster.surge, int) else n / (1 + cluster.surge)
    return max(0.0, n) / now if now else float("inf")


def _years(room: float, rate: float) -> float | None:
    if room < 1:
        return 0.0
    if rate == 0 or room == float("inf"):
        return None
    years = log(room) / log(1 + rate)
    return years if years <= _MAX_YEARS else None


#: By quantity: the count now, and the count at the horizon.
_COUNTS = {
    Quantity.NODES: (lambda c: c.nodes, lambda c: c.nodes_needed),
    Quantity.PODS: (lambda c: c.nodes * c.pods_per_node, lambda c: c.pods_needed),
    Quantity.SERVICES: (lambda c: c.services, lambda c: c.services_needed),
}
