"""When a cluster's addresses run out: growth and churn on the real allocators, many times over."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kubenetlab.ipam.forecast.churn import Churn
from kubenetlab.ipam.forecast.events import Story
from kubenetlab.ipam.forecast.growth import GrowthPaths
from kubenetlab.ipam.forecast.load import MAX_COUNT, Load, load_of
from kubenetlab.ipam.forecast.neighbours import with_neighbours
from kubenetlab.ipam.forecast.pools import BlockPool, CountPool, PrefixPool, bounds_of
from kubenetlab.ipam.forecast.replicates import Refusal, Replicates, Scenario, play
from kubenetlab.ipam.forecast.runs import Runs
from kubenetlab.ipam.number_arguments import is_finite, shown
from kubenetlab.result import Basis, Origin, Result, Setting

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster

__all__ = ["ANY_LIMIT", "QUANTILES", "Forecast", "Runs", "forecast", "forecast_of"]

QUANTILES = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95}
ANY_LIMIT = "any"
_REPLICATES_A_CALL = 20
_BASIS = {CountPool: Basis.DOCS, BlockPool: Basis.SOURCE, PrefixPool: Basis.UNCHECKED}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecast(Result):
    """What a forecast found: ``frame`` how much is in use by day, and when something is refused for the first time.

    ``frame`` has one row a day and quantity: day (0 is today), date (missing where no start was given), quantity
    (``pods``, ``nodes``, ``Services``; ``blocks`` and ``addresses`` of Calico; what a node takes of a subnet or pool),
    p05, p10, p25, p50, p75, p90, p95 (of the replicates: whole numbers, the most of each day) and capacity (missing
    where nothing is known to bound it). ``pods`` and ``Services`` are what is wanted, the others what is given.
    """

    _first_refusals: pd.DataFrame = field(repr=False)
    n_replicates: int
    n_days: int
    start: date | None = None

    @property
    def first_refusals(self) -> pd.DataFrame:
        """The first refusal of each replicate.

        Columns: replicate, day and date (missing where nothing was refused), limit (what refused; empty where nothing
        was), is_fragmented (addresses were free, but no block that could be given), n_free (addresses that were free
        then; missing where the limit does not count addresses).
        """
        return self._first_refusals.copy()

    @property
    def refusals(self) -> pd.DataFrame:
        """Probability of a first refusal by day: one row a day and limit, ``any`` first.

        Columns: day, date, limit, n_refused (replicates whose first refusal, by this limit, was on that day or before),
        probability.
        """
        frame = self._first_refusals
        limits = [ANY_LIMIT, *sorted(set(frame["limit"]) - {""})]
        days = np.arange(self.n_days + 1)
        parts = [self._refusals_by(frame, limit, days) for limit in limits]
        return pd.concat(parts, ignore_index=True)

    def _refusals_by(self, frame: pd.DataFrame, limit: str, days: Any) -> pd.DataFrame:
        of_limit = frame["day"].notna() & ((frame["limit"] == limit) | (limit == ANY_LIMIT))
        counts = np.bincount(frame.loc[of_limit, "day"].astype("int64"), minlength=len(days)).cumsum()
        columns = {"day": days, "date": _dates(self.start, days), "limit": limit, "n_refused": counts}
        return pd.DataFrame(columns | {"probability": counts / self.n_replicates})

    def refused_by(self, probability: float) -> int | None:
        """Return the first day by which something was refused with at least this probability; None where there is none.

        Raises
        ------
        ValueError
            If it is not a probability above 0.
        """
        if not (is_finite(probability, 0, 1) and probability):
            raise ValueError(f"probability {shown(probability)}: expected a number above 0, at most 1")
        days = self._first_refusals["day"].dropna().sort_values().astype("int64").tolist()
        needed = int(np.ceil(probability * self.n_replicates))
        return days[needed - 1] if needed <= len(days) else None


def forecast(
    load: Load, growth: GrowthPaths, churn: Churn, runs: Runs, *, executor: Executor | None = None
) -> Forecast:
    """Return how much of a cluster's ranges will be in use, and when something is refused for the first time.

    Parameters
    ----------
    load
        The set-up, and what is in it today.
    growth
        A range of rates, or what `fit_growth` found in a history.
    churn
        How fast pods and nodes are replaced.
    runs
        Days, replicates and seed.
    executor
        Plays replicates side by side: any of ``concurrent.futures`` or of its kind (processes are to be spawned). The
        result does not depend on it, nor on the number of its workers.

    Raises
    ------
    ValueError
        As `all_limits` does for a set-up that cannot be; if the load is more pods a node than one can have.

    Notes
    -----
    Nodes join and leave, blocks and prefixes are taken and given back one by one, in this order on each day: nodes join
    that are needed; pods end; pods start; rolling updates; superfluous nodes leave; nodes are replaced. Pod events are
    summed per day where the allocator's outcome does not depend on their order: in everything but Calico's blocks,
    where pods come and go one by one. A peak of hours between two days is not seen, except the surges.

    Calico: pods go to the emptier of two nodes; a host's walk over the blocks starts anywhere (the hash of its name is
    not known beforehand); each node has one address for a tunnel; pods pin blocks. Prefixes: EC2 does not document which
    free address or /28 it gives, so any is as likely; a node keeps its prefixes until it goes (one pod pins one).
    Subnets of several zones count as one. Leaks are not modelled; what else lives in a cloud's subnet stays as it is
    (``load.held_by_others``).

    Examples
    --------
    >>> from kubenetlab.ipam.forecast.growth import Growth
    >>> from kubenetlab.ipam.set_up import SetUp
    >>> load = Load(set_up=SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/18",)), pods=1000, nodes=40)
    >>> found = forecast(load, Growth(0.2, 0.4), Churn(), Runs(n_days=730, n_replicates=50, seed=1))
    >>> found.because[0]
    '82.0 % of 50 replicates refuse a node, a pod or a Service within 730 days; half of all by day 608.'
    """
    scenario = _scenario(load, growth, churn, runs)
    played = list(_played(scenario, runs, executor))
    counts = np.concatenate([part.counts for part in played], axis=1)
    refusals = [refusal for part in played for refusal in part.refusals]
    first_refusals = _first_refusals(refusals, runs.start)
    result = Forecast(
        title=f"Forecast for {load.set_up.ipam}, {runs.n_days:,} days",
        _frame=_use(scenario, counts, runs.start),
        _first_refusals=first_refusals,
        n_replicates=runs.n_replicates,
        n_days=runs.n_days,
        start=runs.start,
        assumptions=tuple(_assumptions(scenario, runs)),
        basis=_BASIS.get(type(scenario.bounds.pool), Basis.DOCS),
    )
    return replace(result, because=tuple(_because(result, scenario)))


def forecast_of(
    cluster: Cluster, growth: GrowthPaths, churn: Churn, runs: Runs, *, executor: Executor | None = None
) -> Forecast:
    """Return the forecast for a cluster that exists, from what its dump says; see `forecast`.

    It starts with as many nodes, pods and Services as there are, placed anew: how its blocks are pinned today is not
    taken over. Where the cloud's listings tell how full its subnets are, ``because`` says what others hold of them, and
    whether that is counted: where pods or their nodes' interfaces take single addresses or prefixes it is.

    Raises
    ------
    ValueError
        As `load_of` and `forecast` do.
    """
    load, words = with_neighbours(cluster, load_of(cluster))
    found = forecast(load, growth, churn, runs, executor=executor)
    first, *others = found.because
    return replace(found, because=(first, *([words] if words else []), *others))


def _check(name: str, found: object, is_fine: bool, expected: str) -> None:
    if not is_fine:
        raise ValueError(f"{name} is {shown(found)}, expected {expected}")


def _scenario(load: Load, growth: GrowthPaths, churn: Churn, runs: Runs) -> Scenario:
    _check("load", load, isinstance(load, Load), "a Load")
    _check(
        "growth",
        growth,
        hasattr(growth, "log_factors"),
        "growth by the year: a Growth, or what fit_growth found",
    )
    _check("churn", churn, isinstance(churn, Churn), "a Churn")
    _check("runs", runs, isinstance(runs, Runs), "Runs")
    bounds = bounds_of(load)
    per_node = bounds.pods_per_node
    if per_node and load.pods > per_node.n * load.nodes:
        raise ValueError(
            f"{load.pods:,} pods on {load.nodes:,} nodes: expected at most {per_node.n:,} a node ({per_node.name})"
        )
    most_pods = MAX_COUNT
    if isinstance(bounds.pool, BlockPool):  # what is far beyond the pool is not played pod by pod
        most_pods = max(load.pods, 2 * bounds.pool.n_blocks * bounds.pool.block_size)
    return Scenario(Story(load, growth, churn, runs.n_days, most_pods), bounds, runs.seed)


def _played(scenario: Scenario, runs: Runs, executor: Executor | None) -> Iterator[Replicates]:
    """Play all replicates in portions that do not depend on who plays them, and yield them in order."""
    starts = range(0, runs.n_replicates, _REPLICATES_A_CALL)
    ends = [min(start + _REPLICATES_A_CALL, runs.n_replicates) for start in starts]
    run = executor.map if executor else map
    for end, part in zip(ends, run(play, repeat(scenario), starts, ends), strict=True):
        if runs.progress:
            runs.progress(end, runs.n_replicates)
        yield part


def _use(scenario: Scenario, counts: np.ndarray[Any, Any], start: date | None) -> pd.DataFrame:
    days = np.arange(counts.shape[2])
    parts = []
    for quantity, capacity, found in zip(scenario.quantities, scenario.capacities, counts, strict=True):
        values = np.quantile(found, list(QUANTILES.values()), axis=0, method="inverted_cdf")
        columns = {"day": days, "date": _dates(start, days), "quantity": quantity}
        part = pd.DataFrame(columns | dict(zip(QUANTILES, values, strict=True)))
        parts.append(part.assign(capacity=pd.Series([capacity] * len(days), dtype="object")))
    return pd.concat(parts, ignore_index=True).astype({"quantity": "str"})


def _dates(start: date | None, days: Any) -> Any:
    if start is None:
        return pd.Series([None] * len(days), dtype="object")
    return pd.Series([start + timedelta(int(day)) for day in days], dtype="object")


def _first_refusals(refusals: list[Refusal | None], start: date | None) -> pd.DataFrame:
    days = pd.array([r.day if r else None for r in refusals], dtype="Int64")
    dates = [start + timedelta(r.day) if r and start else None for r in refusals]
    free = pd.array([r.n_free if r and r.n_free >= 0 else None for r in refusals], dtype="Int64")
    return pd.DataFrame(
        {
            "replicate": np.arange(len(refusals)),
            "day": days,
            "date": pd.Series(dates, dtype="object"),
            "limit": pd.Series([r.limit if r else "" for r in refusals], dtype="str"),
            "is_fragmented": [bool(r and r.is_fragmented) for r in refusals],
            "n_free": free,
        }
    )


def _because(result: Forecast, scenario: Scenario) -> Iterator[str]:
    frame = result.first_refusals
    n_refused = int(frame["day"].notna().sum())
    share = n_refused / result.n_replicates
    half = result.refused_by(0.5)
    when = f"; half of all by day {half:,}" if half is not None else ""
    yield f"{share * 100:.1f} % of {result.n_replicates:,} replicates refuse a node, a pod or a Service within {result.n_days:,} days{when}."
    for limit, n in frame.loc[frame["limit"] != "", "limit"].value_counts(sort=True).items():
        yield f"{limit}: the first to refuse in {n:,} replicates."
    n_fragmented = int(frame["is_fragmented"].sum())
    if n_fragmented:
        yield f"In {n_fragmented:,} replicates addresses were free, but no block of them that could be given."
    bounds = scenario.bounds
    yield from (x.words for x in (bounds.nodes, bounds.pods, bounds.pods_per_node, bounds.services) if x)


def _assumptions(scenario: Scenario, runs: Runs) -> Iterator[Setting]:
    load, churn = scenario.story.load, scenario.story.churn
    given = "given by the caller"
    yield Setting("ipam", load.set_up.ipam, Origin.READ, given)
    yield Setting("growth", scenario.story.growth.words, Origin.READ, given)
    for value, names in ((load, ("pods", "nodes", "services", "held_by_others")), (churn, Churn.__slots__)):
        usual = {field.name: field.default for field in fields(value)}
        for name in names:
            is_usual = getattr(value, name) == usual[name]
            origin, evidence = (
                (Origin.DEFAULT, "assumed where nobody says otherwise") if is_usual else (Origin.READ, given)
            )
            yield Setting(name, getattr(value, name), origin, evidence)
    for name in ("n_days", "n_replicates", "seed"):
        yield Setting(name, getattr(runs, name), Origin.READ, given)
