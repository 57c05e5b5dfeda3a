"""Both stages together: every endpoint's share of connections, what goes to other nodes and zones, and what is lost."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from kubenetlab.load_balancing.paths.stages import Pick, SendsTo, Stages, picks_of_nodes, weights_of_nodes
from kubenetlab.result import Basis, Origin, Result, Setting

_NUMBERS: Final = ("share", "fair_share", "overload_factor", "cross_node_share", "cross_zone_share")
COLUMNS: Final = ("node", "zone", "endpoint", *_NUMBERS)


def path_shares(stages: Stages, sends_to: SendsTo, title: str) -> Result:
    """Return the Result that ``traffic_paths`` describes; ``sends_to`` are weights of nodes or one of ``SENDS_TO``."""
    if sends_to is None:
        sends_to = "nodes with endpoints" if stages.is_local else "all nodes"
    picks = list(picks_of_nodes(stages))
    frame = _frame(stages, sends_to, picks)
    way = sends_to if isinstance(sends_to, str) else "nodes by weight"
    assumptions = (Setting("connections come to", way, Origin.INFERRED, "what was asked for, or the policy"),)
    because = (*_shares_said(frame), *_picks_said(stages, picks))
    return Result(title=title, _frame=frame, assumptions=assumptions, because=because, basis=Basis.SOURCE)


def _frame(stages: Stages, sends_to: str | Mapping[str, float], picks: list[Pick]) -> pd.DataFrame:
    weights, names = weights_of_nodes(stages, sends_to), stages.names
    home = np.array([endpoint.node_name for endpoint in stages.endpoints], str)
    home_zone, zones = stages.zones_of(home.tolist()), stages.zones_of(names)
    share, cross_node, cross_zone = np.zeros((3, home.size))
    lost = 0.0 if weights.any() else 1.0
    for name, zone, weight, (numbers, _) in zip(names, zones, weights, picks, strict=True):
        each = weight / max(numbers.size, 1)
        share[numbers] += each
        cross_node[numbers] += each * (home[numbers] != name)
        cross_zone[numbers] += each * (home_zone[numbers] != zone)
        lost += 0.0 if numbers.size else weight
    if not (home_zone.all() and zones.all()):
        cross_zone[:] = np.nan
    is_row = (share > 0) | np.array([endpoint.is_ready for endpoint in stages.endpoints], bool)
    n_rows, where = max(int(is_row.sum()), 1), [endpoint.where for endpoint in stages.endpoints]
    fair = np.full(home.size, 1 / n_rows)
    values = (home, home_zone, where, share, fair, share * n_rows, cross_node, cross_zone)
    frame: pd.DataFrame = pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))
    frame = frame.loc[is_row, list(COLUMNS)].reset_index(drop=True)
    if lost:
        row = pd.DataFrame([("", "", "", lost, np.nan, np.nan, 0.0, 0.0)], columns=COLUMNS)
        frame = pd.concat([frame, row], ignore_index=True)
    frame["source_address_kept"] = stages.is_local or not stages.is_outside
    return frame


def _shares_said(frame: pd.DataFrame) -> Iterator[str]:
    delivered, lost = frame[frame["endpoint"] != ""], frame.loc[frame["endpoint"] == "", "share"].sum()
    if delivered["share"].any():
        worst = delivered.iloc[delivered["share"].argmax()]
        place = f"{worst['endpoint']} on {worst['node'] or 'no known node'}"
        times = f"{worst['overload_factor']:.2f} times its fair share"
        yield f"no endpoint gets more than {place}: {worst['share']:.1%}, {times}"
    if lost:
        yield f"{lost:.1%} of connections reach no endpoint"
    nodes, zones = (frame[name].sum(skipna=False) for name in ("cross_node_share", "cross_zone_share"))
    yield f"{nodes:.1%} of connections go on to another node"
    yield "no telling zones: some are unknown" if np.isnan(zones) else f"{zones:.1%} go on to another zone"


def _picks_said(stages: Stages, picks: list[Pick]) -> Iterator[str]:
    obeyed, n_nodes = Counter(mode for _, mode in picks if mode), len(picks)
    yield from (f"{n} of {n_nodes} nodes obey the hints ({mode})" for mode, n in sorted(obeyed.items()))
    if any(e.zone_hints or e.node_hints for e in stages.endpoints) and obeyed.total() < n_nodes:
        why = "policy Local has none" if stages.is_local else "a ready endpoint has none, or none is for them"
        yield f"{n_nodes - obeyed.total()} of {n_nodes} nodes ignore the hints: {why}"
    n_empty = sum(not numbers.size for numbers, _ in picks)
    if stages.is_outside and stages.is_local and n_empty:
        lost = f"until their health checks fail, a balancer that sends to all nodes loses {n_empty / n_nodes:.1%}"
        yield f"{n_empty} of {n_nodes} nodes have no endpoint: {lost}"
