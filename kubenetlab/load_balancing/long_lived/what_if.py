"""What another chooser, more endpoints or a maximum age of connections would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from kubenetlab.load_balancing.long_lived.load import LOAD_FIELDS, ConnectionLoad
from kubenetlab.load_balancing.long_lived.simulated import simulate_connections
from kubenetlab.result import Basis, Result
from kubenetlab.visible_text import visible

AS_IT_IS: Final = "as it is"
_COLUMNS: Final = (
    "max_over_mean", "max_over_mean_p95", "cv", "idle_endpoints", "rebalance_s", "reconnects_per_s", "connections",
)  # fmt: skip


def compare_choices(
    load: ConnectionLoad,
    what_if: Mapping[str, Mapping[str, Any]],
    *,
    chooser: str = "random",
    seed: int = 1,
    n_runs: int = 1,
) -> Result:
    """Compare scenarios that meet the same sessions.

    Parameters
    ----------
    load, chooser
        How it is.
    what_if
        Scenario by name: fields of the load to change, and ``chooser``.
    seed, n_runs
        As for `simulate_connections`.

    Returns
    -------
    One row a scenario, first ``as it is``: scenario, chooser, changes, max_over_mean, max_over_mean_p95, cv, idle_endpoints,
    rebalance_s (NA: without events, or not before the end), reconnects_per_s, connections; means over the runs.

    Raises
    ------
    ValueError
        If a scenario changes what is no field, or to what the load refuses.

    Examples
    --------
    >>> load = ConnectionLoad(n_endpoints=10, duration_s=1000, mean_lifetime_s=1e9, n_clients=1000)
    >>> table = compare_choices(load, {"least connections": {"chooser": "ipvs-lc"}}).frame
    >>> table[["scenario", "max_over_mean"]].round(2).values.tolist()
    [['as it is', 1.15], ['least connections', 1.0]]
    """
    rows, because, bases = [], dict[str, None](), []
    for name, changes in {AS_IT_IS: {}, **what_if}.items():
        if not isinstance(changes, Mapping) or not {*changes} <= {*LOAD_FIELDS, "chooser"}:
            said = visible(f"scenario {name!r}: {changes!r}"[:200])
            raise ValueError(f"{said}: expected fields of ConnectionLoad by name, or 'chooser'")
        used = changes.get("chooser", chooser)
        scenario = replace(load, **{field: value for field, value in changes.items() if field != "chooser"})
        measures = simulate_connections(scenario, chooser=used, seed=seed, n_runs=n_runs).measures
        because[measures.because[0]] = None
        bases.append(measures.basis)
        values = measures.frame.set_index("measure")["mean"]
        words = ", ".join(f"{field} {value}" for field, value in changes.items())
        rows.append([name, used, words, *values[list(_COLUMNS)]])
    frame = pd.DataFrame(rows, columns=["scenario", "chooser", "changes", *_COLUMNS])
    same = "all scenarios meet the same sessions, as far as they have the same clients and lifetimes"
    basis = max(bases, key=list(Basis).index)
    return Result(title="What would change the balance", _frame=frame, because=(*because, same), basis=basis)
