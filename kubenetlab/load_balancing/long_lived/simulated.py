"""Simulate long-lived connections: how they lie on the endpoints over time, and how evenly."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from numbers import Integral
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kubenetlab.load_balancing.long_lived.choosers import chooser_named
from kubenetlab.load_balancing.long_lived.imbalance import MEASURES, imbalance
from kubenetlab.load_balancing.long_lived.load import ConnectionLoad
from kubenetlab.load_balancing.long_lived.replicate import FLOWS, Played, play, sample_times
from kubenetlab.result import Basis, Result
from kubenetlab.visible_text import visible

#: Most runs times samples times endpoints.
MOST_CELLS: Final = 100_000_000
_EMPTY: Final = (
    "it begins without connections: after the warm-up {:.0f} % of the long run's are still missing"
)
#: What ``measures`` holds, and what each is.
MEANINGS: Final = {
    "connections": "open connections, mean over time",
    "max_over_mean": "connections of the fullest endpoint over the mean, mean over time",
    "max_over_mean_p95": "the same, which it is below 95 % of the time",
    "cv": "standard deviation over mean of the connections, mean over time",
    "jain": "Jain's fairness index, mean over time",
    "gini": "Gini's index, mean over time",
    "idle_endpoints": "endpoints without a connection, mean over time",
    "rebalance_s": "from the first endpoint event until max over mean, after the last one, is as low as in 95 % of the time before",
    "opened_per_s": "connections that open, reconnects too",
    "reconnects_per_s": "connections whose client came back because its connection was closed for age or broke",
    "cut": "connections that broke because their endpoint went",
    "refused": "connections that found no endpoint",
    "requests_per_s": "requests of all open connections, mean over time",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedConnections:
    """What some runs of the simulator saw; the same load, chooser and seed give the same numbers."""

    load: ConnectionLoad
    chooser: str
    runs: tuple[Played, ...]

    @cached_property
    def over_time(self) -> Result:
        """One row a moment: time_s, n_endpoints, and connections, max_over_mean, cv, jain, gini, idle_endpoints.

        Each is the mean over the runs, with ``_p05`` and ``_p95`` beside it. Measures of imbalance are taken of the
        endpoints that are chosen then; those that only keep old connections count in ``connections`` alone.
        """
        columns = {"time_s": sample_times(self.load), "n_endpoints": self._is_live.sum(axis=1)}
        for name, values in self._over_time.items():
            columns |= _over_runs(name, values)
        return self._result("Connections over time", pd.DataFrame(columns))

    @cached_property
    def by_endpoint(self) -> Result:
        """One row an endpoint: endpoint, in_s, out_s, mean_connections (_p05, _p95), max_connections, opened, requests_per_s.

        ``in_s`` and ``out_s`` are when it began and ceased to be chosen (NA: never). Means are over the time after the
        warm-up, also over the part in which the endpoint was not there, so that they add up to all open connections;
        ``max_connections`` is the most at any moment of ``over_time`` after the warm-up, in any run.
        """
        times = {(change.deed, change.endpoint): change.time_s for change in self.load.changes}
        endpoints, mean = range(self.load.n_known), pd.DataFrame([run.mean for run in self.runs])
        columns = {
            "endpoint": endpoints,
            "in_s": [times.get(("in", endpoint), 0.0) for endpoint in endpoints],
            "out_s": pd.array([times.get(("out", endpoint)) for endpoint in endpoints], dtype="Float64"),
            **_over_runs("mean_connections", mean),
            "max_connections": np.max(
                [run.samples[self._is_measured].max(axis=0) for run in self.runs], axis=0
            ),
            "opened": np.mean([run.opened for run in self.runs], axis=0),
            "requests_per_s": mean.mean().to_numpy() * self.load.requests_per_connection_per_s,
        }
        return self._result("Connections by endpoint", pd.DataFrame(columns))

    @cached_property
    def measures(self) -> Result:
        """One row a measure: measure, mean, p05, p95 (over the runs), n_runs (in which it has a value), meaning."""
        frame = pd.DataFrame(_over_runs("mean", self.values.T)).set_axis(["mean", "p05", "p95"], axis=1)
        frame.insert(0, "measure", list(MEANINGS))
        frame["n_runs"], frame["meaning"] = self.values.count(axis=1).to_numpy(), list(MEANINGS.values())
        return self._result("Measures of imbalance", frame)

    @cached_property
    def values(self) -> pd.DataFrame:
        """Each measure (row) of each run (column)."""
        load, flows = self.load, pd.DataFrame([run.flows for run in self.runs], columns=FLOWS, dtype=float)
        after = {name: values.loc[:, self._is_measured] for name, values in self._over_time.items()}
        columns = {name: values.mean(axis=1) for name, values in after.items()}
        columns["connections"] = pd.Series([run.mean.sum() for run in self.runs])
        columns["max_over_mean_p95"] = after["max_over_mean"].quantile(0.95, axis=1)
        columns["rebalance_s"] = self._over_time["max_over_mean"].apply(self._rebalance_s, axis=1)
        columns |= {
            f"{name}_per_s": flows[name] / (load.duration_s - load.warm_up_s)
            for name in ("opened", "reconnects")
        }
        columns["requests_per_s"] = columns["connections"] * load.requests_per_connection_per_s
        return pd.DataFrame({**columns, "cut": flows["cut"], "refused": flows["refused"]})[list(MEANINGS)].T

    def _rebalance_s(self, fullest: pd.Series) -> float:
        """Seconds until max over mean is as low as usual; NaN without events, samples before them, or an end in sight."""
        times, changes = sample_times(self.load), self.load.changes
        if not changes:
            return np.nan
        usual = fullest[self._is_measured & (times <= changes[0].time_s)].quantile(0.95)
        after = times[(times > changes[-1].time_s) & (fullest.to_numpy() <= usual)]
        return float(after[0]) - changes[0].time_s if after.size else np.nan

    @cached_property
    def _is_measured(self) -> NDArray[np.bool_]:
        """Which moments are after the warm-up."""
        return sample_times(self.load) > self.load.warm_up_s

    @cached_property
    def _is_live(self) -> NDArray[np.bool_]:
        """Which endpoints are chosen just before each moment."""
        times = sample_times(self.load)
        is_live = np.tile(np.arange(self.load.n_known) < self.load.n_endpoints, (times.size, 1))
        for change in self.load.changes:
            if change.deed != "cut":
                is_live[times > change.time_s, change.endpoint] = change.deed == "in"
        return is_live

    @cached_property
    def _over_time(self) -> dict[str, pd.DataFrame]:
        """Connections and measures of imbalance: runs in rows, moments in columns."""
        moments = [zip(run.samples, self._is_live, strict=True) for run in self.runs]
        found = np.array([[(n.sum(), *imbalance(n[live])) for n, live in run] for run in moments])
        return {name: pd.DataFrame(found[:, :, i]) for i, name in enumerate(("connections", *MEASURES))}

    def _result(self, title: str, frame: pd.DataFrame) -> Result:
        chooser, load = chooser_named(self.chooser), self.load
        because = (
            f"{self.chooser}: {chooser.used_by} ({chooser.source}); state: {chooser.state}",
            f"{len(self.runs):,} runs of {load.duration_s:g} s, measured from {load.warm_up_s:g} s on",
            "arrivals, lifetimes and even requests on each connection are assumptions; open connections never move",
            *[_EMPTY.format(100 * load.missing_share)] * (load.missing_share > 0.05),
        )
        # only the choice was compared with a kernel
        basis = max(chooser.basis, Basis.SOURCE, key=list(Basis).index)
        return Result(title=f"{title} ({self.chooser})", _frame=frame, because=because, basis=basis)


def simulate_connections(
    load: ConnectionLoad, *, chooser: str = "random", seed: int = 1, n_runs: int = 1, workers: int = 1
) -> SimulatedConnections:
    """Simulate connections that stay, event by event.

    Parameters
    ----------
    load
        What comes, how long it stays, and what happens to the endpoints.
    chooser
        A name of `CHOOSERS`.
    seed
        Run i draws from ``SeedSequence(seed, spawn_key=(i,))``; sessions are the same for all choosers.
    n_runs, workers
        How often, and on how many threads; the numbers are the same for any number of threads.

    Raises
    ------
    ValueError
        If an argument is out of its bounds, or the nodes' lists of endpoints do not fit into memory.

    Examples
    --------
    >>> load = ConnectionLoad(n_endpoints=3, duration_s=100, mean_lifetime_s=1e9, n_clients=30)
    >>> simulate_connections(load, chooser="ipvs-rr").by_endpoint.frame["max_connections"].tolist()
    [10, 10, 10]
    """
    runs = simulated_runs(load, chooser=chooser, seed=seed, n_runs=n_runs, workers=workers)
    return SimulatedConnections(load=load, chooser=chooser, runs=tuple(runs))


def simulated_runs(
    load: ConnectionLoad, *, chooser: str = "random", seed: int = 1, n_runs: int = 1, workers: int = 1
) -> Iterator[Played]:
    """Yield the runs of `simulate_connections` one after another, as they are done: for those who show progress."""
    for name, found, least in (("seed", seed, 0), ("n_runs", n_runs, 1), ("workers", workers, 1)):
        if not isinstance(found, Integral) or isinstance(found, bool) or found < least:
            raise ValueError(f"{name} is {visible(repr(found)[:100])}, expected a whole number from {least}")
    rule, n_cells = chooser_named(chooser), n_runs * load.n_samples * load.n_known
    if n_cells > MOST_CELLS:
        what = f"{n_runs:,} runs of {load.n_samples:,} samples of {load.n_known:,} endpoints"
        raise ValueError(f"{what}: expected at most {MOST_CELLS:,} in all")
    with ThreadPoolExecutor(workers) as executor:
        yield from executor.map(partial(play, load, rule, seed), range(n_runs))


def _over_runs(name: str, values: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Mean and quantiles over the rows."""
    low, high = (values.quantile(q).to_numpy() for q in (0.05, 0.95))
    return {name: values.mean().to_numpy(), f"{name}_p05": low, f"{name}_p95": high}
