"""Simulated session affinity: who finds the endpoint of the last connection again, and how uneven it makes the load."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kubenetlab.load_balancing.affinity import _kernels_affinity as kernels
from kubenetlab.load_balancing.affinity._kernels_affinity import Bools, Ints
from kubenetlab.load_balancing.affinity.client_connections import ClientConnections, whole_numbers
from kubenetlab.load_balancing.affinity.modes import EVERY, Modes, affinity_result, memory_of
from kubenetlab.result import Result


def affinity_choices(
    connections: ClientConnections,
    mode: str = "iptables",
    *,
    taken: ArrayLike | None = None,
    capacity: int | None = None,
    seed: int = 1,
) -> tuple[Ints, Ints, Ints]:
    """Return each connection's endpoint, the endpoint that memory bound it to, and the lengths of the lists at the end.

    -1: there was no endpoint, or no bond. In iptables mode lists still hold expired addresses that nothing pushed out.

    Parameters
    ----------
    mode
        iptables, nftables, ipvs or none (`MODES`).
    taken
        Number of the endpoint that each connection really got; None: choose it here.
    capacity
        Addresses that a node remembers for each endpoint; None: the mode's own number.

    Raises
    ------
    ValueError
        For arguments out of bounds.
    """
    memory, clients, n = memory_of(mode, capacity), connections.clients, connections.n_endpoints
    found = np.full(clients.size, -1) if taken is None else whole_numbers("taken", taken, n)
    if found.size != clients.size:
        raise ValueError(f"taken: expected {clients.size:,} endpoints, one a connection")
    times_s, endpoints, comes = zip(*connections.changes, strict=True) if connections.changes else ((),) * 3
    changes = np.array(times_s, np.float64), np.array(endpoints, np.int64), np.array(comes, np.bool_)
    is_up = np.ones(n, dtype=np.bool_)
    is_up[changes[1][::-1]] = ~changes[2][::-1]  # as before its first change
    lasting_s = connections.timeout_s if memory.evicts else np.nextafter(connections.timeout_s, 0)
    rules = (memory.capacity, float(lasting_s), memory.evicts, memory.takes_turns)
    each = (clients, connections.times_s, found)
    return kernels.affinity_choices(each, changes, is_up, rules, np.random.default_rng(seed))


def replay_affinity(
    connections: ClientConnections, taken: ArrayLike, mode: str = "iptables", *, capacity: int | None = None
) -> Ints:
    """Return the endpoint that each connection was bound to, given the endpoints that a node really took; -1: it was free.

    A node that works as the model says took the bound endpoint wherever there is one, and endpoints evenly else.

    Raises
    ------
    ValueError
        For arguments out of bounds (`affinity_choices`).
    """
    return affinity_choices(connections, mode, taken=taken, capacity=capacity)[1]


def simulate_affinity(
    connections: ClientConnections, mode: Modes = EVERY, *, capacity: int | None = None, seed: int = 1
) -> Result:
    """Return what sessionAffinity ClientIP does with these connections, in one mode of kube-proxy or several.

    Parameters
    ----------
    mode, capacity
        As of `affinity_choices`, which answers connection by connection.

    Returns
    -------
    Result
        One row a mode: mode, n_connections, n_returns (connections of clients that had one before), kept_share and
        moved_share of the returns (same endpoint as the client's last connection, by memory or by chance), bound_share of
        all connections (memory decided), n_remembered (entries of all lists at the end), longest_list, max_over_mean
        (connections of the busiest endpoint).

    Raises
    ------
    ValueError
        For arguments out of bounds.
    """
    modes, rows = [mode] if isinstance(mode, str) else list(mode), []
    for one in modes:
        endpoints, bonds, n_remembered = affinity_choices(connections, one, capacity=capacity, seed=seed)
        is_kept = kept(connections.clients, endpoints)
        kept_share = is_kept.mean() if is_kept.size else np.nan
        loads = np.bincount(endpoints[endpoints >= 0], minlength=connections.n_endpoints)
        row = {"mode": one, "n_connections": endpoints.size, "n_returns": is_kept.size}
        row |= {"kept_share": kept_share, "moved_share": 1 - kept_share, "bound_share": (bonds >= 0).mean()}
        row |= {"n_remembered": n_remembered.sum(), "longest_list": n_remembered.max()}
        rows.append(row | {"max_over_mean": loads.max() / loads.mean() if loads.any() else np.nan})
    title = f"sessionAffinity ClientIP, {connections.n_endpoints} endpoints"
    # the kernel was not compared where endpoints come and go
    return affinity_result(title, pd.DataFrame(rows), connections.timeout_s, modes, not connections.changes)


def kept(clients: Ints, endpoints: Ints) -> Bools:
    """Return, for each return of a client, whether it got the endpoint of its last connection; refused ones do not count."""
    served = np.flatnonzero(endpoints >= 0)
    order = served[np.argsort(clients[served], kind="stable")]
    is_same: Bools = (np.diff(endpoints[order]) == 0)[np.diff(clients[order]) == 0]
    return is_same
