"""When the ranges of a dump run out at a given growth: arithmetic without churn (forecast/ has the allocators in it)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite, log
from typing import Any, NamedTuple

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.cloud_subnets import subnet_use
from kubenetlab.ipam.forecast.growth import DAYS_PER_YEAR, Growth
from kubenetlab.ipam.range_use import range_use
from kubenetlab.ipam.scale_limits import TESTED_NODES, TESTED_PODS
from kubenetlab.result import Basis, Result

_COLUMNS = ["what", "role", "unit", "n_used", "n_usable", "days_low", "days_high", "lasts"]
_LONG = 100 * DAYS_PER_YEAR
#: Beyond this a number of days says no more than "never".
_MOST_DAYS = 2**53
_TESTED = "tested size of a cluster"


@dataclass(frozen=True, slots=True)
class PerDay:
    """Linear growth: between ``low`` and ``high`` more a day, of whatever a range is given in.

    Raises
    ------
    ValueError
        If a bound is not a finite number of at least 0, or ``low`` is above ``high``.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high < inf:
            raise ValueError(
                f"growth of {self.low} to {self.high} a day: two finite numbers expected, 0 <= low <= high"
            )

    @property
    def words(self) -> str:
        """The growth in a few words.

        >>> PerDay(2, 5).words
        '2 to 5 a day'
        """
        return f"{self.low:g} a day" if self.low == self.high else f"{self.low:g} to {self.high:g} a day"


def days_left(cluster: Cluster, growth: Growth | PerDay) -> Result:
    """Return how long each range of a cluster, and the tested size of a cluster, last.

    Parameters
    ----------
    cluster
        The cluster.
    growth
        Compound growth a year, or more a day: of the parts that nodes get (node pod CIDRs, Calico blocks) where a range
        is given in parts, else of addresses.

    Returns
    -------
    A Result; its frame has one row a range, one a listed subnet of the cloud that holds nodes or pods, and one each for
    nodes and pods: what (the range, ``nodes`` or ``pods``),
    role, unit (``parts of /24``, ``addresses``, ``nodes``, ``pods``), n_used, n_usable, days_low and days_high (whole
    days until nothing is free at the highest and the lowest growth; missing where that never happens or nothing is
    known), lasts (the same in words). Rows are in the order of `range_use`; the soonest is first in ``because``.

    Notes
    -----
    Not modelled: churn, surge and fragmentation, which make a range run out sooner. A Calico pool ends when its blocks
    are gone only for nodes that may not borrow addresses (strictAffinity).

    Examples
    --------
    >>> from kubenetlab.samples import sample
    >>> frame = days_left(sample("platform"), Growth(0.5, 1.0)).frame
    >>> frame["lasts"].tolist()[0]
    '1,225 to 2,095 days'
    """
    rows = [_row(count, growth) for count in _counts(cluster)]
    frame = pd.DataFrame(rows, columns=_COLUMNS, dtype="object").astype(
        dict.fromkeys(("what", "role", "unit", "lasts"), "str")
        | dict.fromkeys(("days_low", "days_high"), "Int64")
    )
    first = frame.dropna(subset=["days_low"]).sort_values("days_low", kind="stable").head(1)
    because = tuple(
        f"first to run out: {what} ({lasts})"
        for what, lasts in zip(first["what"], first["lasts"], strict=True)
    )
    return Result(title="Days left", _frame=frame, because=because, basis=Basis.SOURCE)


class _Count(NamedTuple):
    """What may run out; used and usable are missing where unknown."""

    what: str
    role: str
    unit: str
    n_used: Any
    n_usable: Any


def _counts(cluster: Cluster) -> Iterator[_Count]:
    columns = ["range", "role", "part", "n_parts", "n_parts_free", "n_used", "n_usable"]
    frame = range_use(cluster).frame[columns]
    for text, role, part, n_parts, n_parts_free, n_used, n_usable in frame.itertuples(index=False, name=None):
        if part is not pd.NA and n_parts_free is not pd.NA:
            yield _Count(text, role, f"parts of {part}", n_parts - n_parts_free, n_parts)
        else:
            yield _Count(text, role, "addresses", n_used, n_usable)
    yield from _subnets(cluster)
    if cluster.nodes:
        yield _Count("nodes", _TESTED, "nodes", len(cluster.nodes), TESTED_NODES)
    if cluster.pods:
        n_pods = sum(not pod.has_finished for pod in cluster.pods)
        yield _Count("pods", _TESTED, "pods", n_pods, TESTED_PODS)


def _subnets(cluster: Cluster) -> Iterator[_Count]:
    """Yield the listed subnets of the cloud that hold nodes or pods; all where the dump has neither."""
    frame = subnet_use(cluster).frame
    in_use = frame[(frame["n_nodes"] > 0) | (frame["n_pods"] > 0) | (not cluster.nodes and not cluster.pods)]
    columns = in_use[["subnet", "range", "n_used", "n_usable"]]
    for name, text, n_used, n_usable in columns.itertuples(index=False, name=None):
        yield _Count(text, f"cloud subnet {name}", "addresses", n_used, n_usable)


def _row(count: _Count, growth: Growth | PerDay) -> tuple[Any, ...]:
    if count.n_used is pd.NA or count.n_usable is pd.NA:
        return (*count, None, None, "unknown")
    soon, late = (_days(count.n_used, count.n_usable, growth, share) for share in (1.0, 0.0))
    return (*count, _whole(soon), _whole(late), lasting(soon, late))


def _whole(days: float) -> int | None:
    return int(days) if days < _MOST_DAYS else None


def _days(n_used: int, n_usable: int, growth: Growth | PerDay, share: float) -> float:
    """Return the days until a count that grows reaches what is usable; infinite where it never does."""
    if n_used >= n_usable:
        return 0.0
    if isinstance(growth, PerDay):
        rate = growth.low + share * (growth.high - growth.low)
        return (n_usable - n_used) / rate if rate else inf
    factor = growth.factor(DAYS_PER_YEAR, share)
    if not n_used or factor <= 1:
        return inf
    return DAYS_PER_YEAR * (log(n_usable) - log(n_used)) / log(factor)


def lasting(soon: float, late: float) -> str:
    """Write how long something lasts.

    >>> lasting(0, 0), lasting(10.5, 20), lasting(400, float("inf")), lasting(0.3, 1.5)
    ('nothing is free', '10 to 20 days', '400 days or more', '0 to 1 day')
    """
    if soon <= 0:
        return "nothing is free"
    if soon > _LONG:
        return "more than 100 years"
    days = "day" if int(min(late, _LONG)) == 1 else "days"
    if int(soon) == (int(late) if isfinite(late) else None):
        return f"{int(soon):,} {days}" if soon >= 1 else "less than a day"
    return f"{int(soon):,} days or more" if late > _LONG else f"{int(soon):,} to {int(late):,} {days}"
