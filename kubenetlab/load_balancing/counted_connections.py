"""What a node counted beside what its rules make likely: whether chance explains the difference."""

from __future__ import annotations

import pandas as pd

from kubenetlab.load_balancing.packet import Fate, Step, Walk, Way
from kubenetlab.load_balancing.walk_tree import packet_text
from kubenetlab.result import Basis, Result


def counted_connections(walk: Walk) -> Result:
    """Return how many connections each endpoint got, by the counters of the rules (``iptables-save -c``).

    Parameters
    ----------
    walk
        Of rules with counters.

    Returns
    -------
    A Result; its frame has one row an endpoint: endpoint, share (of the rules, 0 to 1), fair_share (one by the number
    of endpoints), expected (connections, by the share), counted (connections), counted_share. ``because`` says how
    likely chance alone brings counts that are as far from the expected ones, or farther (chi-square test).

    Raises
    ------
    ValueError
        If a rule that chooses an endpoint has no counter, or none of them counted a connection.

    Notes
    -----
    Counters begin when a rule is written: kube-proxy writes the rules of a Service anew when its endpoints change.
    """
    ways = [way for way in walk.ways if way.is_translated and way.fate is Fate.DELIVERED]
    counts = [step.rule.packets for step in _own_steps(ways)]
    if None in counts or not any(counts):
        raise ValueError("the rules have no counts of connections; iptables-save -c prints them")
    frame = pd.DataFrame({"endpoint": [way.destination for way in ways]}, dtype="str")
    frame["share"] = [float(way.probability) for way in ways]
    frame["fair_share"] = 1 / len(ways)
    frame["counted"] = pd.Series(counts, dtype="int64")
    frame.insert(3, "expected", frame["share"] * frame["counted"].sum())
    frame["counted_share"] = frame["counted"] / frame["counted"].sum()
    title = f"Connections counted for {packet_text(walk)}"
    return Result(title=title, _frame=frame, because=(_verdict(frame),), basis=Basis.SOURCE)


def _own_steps(ways: list[Way]) -> list[Step]:
    """Return of each way the first rule that not all others match too."""
    depths = zip(*(way.steps for way in ways), strict=False)
    for steps in depths:
        if len({(step.table, step.chain, step.rule.line) for step in steps}) == len(ways) > 1:
            return list(steps)
    return []


def _verdict(frame: pd.DataFrame) -> str:
    from scipy.stats import chi2

    distance = float(((frame["counted"] - frame["expected"]) ** 2 / frame["expected"]).sum())
    p_value = float(chi2.sf(distance, len(frame) - 1))
    total = int(frame["counted"].sum())
    often = f"in {p_value * 100:.2g} % of cases" if p_value > 1e-6 else "less than once in a million cases"
    return f"{total:,} connections: chance alone brings counts as far from the expected ones, or farther, {often}."
