"""How many returning clients find their endpoint again with sessionAffinity ClientIP, in closed form, in the long run.

What a returning client needs is that its entry is still there: then it is bound to its endpoint. Without one it is drawn
anew, and finds its endpoint by chance, once in ``n_endpoints`` times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom

from kubenetlab.load_balancing.affinity import modes as table
from kubenetlab.load_balancing.affinity.client_connections import zipf_weights
from kubenetlab.load_balancing.chance.bounded_counts import probability_within
from kubenetlab.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientReturns:
    """How clients come back.

    Attributes
    ----------
    skew
        Each connection is of a client drawn at random, client k, counted from 1, with a weight of k^-skew; 0: all equally busy.
    is_cyclic
        Whether all come in the same order again and again instead: the worst case.
    connections_per_s
        New connections of all clients together; infinity: all come back before the timeout.
    n_nodes
        Nodes that clients come in by; each remembers for itself.
    keeps_node
        Whether a client always comes in by the same node, any of them as likely, whatever node others have (as behind a
        balancer that hashes addresses); else each connection comes in by any.
    """

    skew: float = 0.0
    is_cyclic: bool = False
    connections_per_s: float = np.inf
    timeout_s: float = table.DEFAULT_TIMEOUT_S
    n_nodes: int = 1
    keeps_node: bool = True

    def __post_init__(self) -> None:
        """Check.

        Raises
        ------
        ValueError
            With the argument's name, what was found and what was expected.
        """
        table.check_number("n_nodes", self.n_nodes, 100_000)
        table.check_number("connections_per_s", self.connections_per_s, np.inf, False, 1e-9)
        table.check_number("timeout_s", self.timeout_s, 1e18, False, 1e-9)
        if self.is_cyclic and not self.keeps_node:
            raise ValueError("keeps_node is False, expected True where is_cyclic is")


def affinity_retention(
    n_clients: int | Sequence[int],
    n_endpoints: int,
    *,
    mode: table.Modes = table.EVERY,
    returns: ClientReturns | None = None,
    capacity: int | None = None,
) -> Result:
    """Return the share of connections of returning clients that reach the client's last endpoint.

    Parameters
    ----------
    n_clients
        Addresses of clients as the nodes see them (all that share one are one); one number or several.
    returns
        How they come back; by default all equally busy, by one node, before the timeout.
    capacity
        Addresses that a node remembers for each endpoint; None: the mode's own number.

    Returns
    -------
    Result
        One row a number of clients and mode: mode, n_clients, n_endpoints, n_nodes, capacity (addresses of all lists; NA
        without limit), bound_share (memory decides: of all connections, as that of `simulate_affinity`), kept_share (those
        that memory binds to the last endpoint, and those that find it by chance), moved_share, method.

    Raises
    ------
    ValueError
        For arguments out of bounds.

    Notes
    -----
    N clients by one node, C entries in its lists. Equally busy: bound = min(1, C/N), whatever lists drop. Skewed (Che,
    Tung, Wang, Hierarchical Web Caching Systems, IEEE JSAC 20(7), 2002): the time t that an entry lasts without a
    connection solves sum(1 - exp(-rate_i t)) = C, and bound_i = 1 - exp(-rate_i min(t, timeout)). Cyclic: with N above C,
    clients leave only lists that more than their capacity were drawn to, so the numbers drawn to each list are
    multinomial, given that each is the capacity or more; lists with just that many keep theirs. Several nodes that clients
    keep: the mean over N (to 0.00001), which is 1 and a binomial number of others (skewed: about as busy as all are), so
    that some are forgotten before all lists together are full. Differences seen to the exact simulation, chance in it
    included: skews up to 1.4 0.003, timeouts 0.01, full sets of nftables that expire 0.04, cyclic 0.006; several nodes
    no more than chance explains. The kernel was compared with one node, equally busy clients and no timeouts alone: the
    basis is *ran* for these, else *source*.
    """
    returns, modes = returns or ClientReturns(), [mode] if isinstance(mode, str) else list(mode)
    table.check_number("n_endpoints", n_endpoints, 100_000)
    rows, is_plain = [], not returns.skew and returns.connections_per_s == np.inf and returns.keeps_node
    method = "lists in balance" if returns.is_cyclic else "exact" if is_plain else "Che's approximation"
    method += ", clients hashed to nodes" * (returns.n_nodes > 1 and returns.keeps_node)
    numbers: Any = n_clients if np.ndim(n_clients) else [n_clients]
    table.check_number("the number of n_clients and modes", len(numbers) * len(modes), 1_000_000)
    for number, one in product(numbers, modes):
        table.check_number("n_clients", number, 10_000_000)
        memory = table.memory_of(one, capacity)
        bound, kept = np.round(remembered(memory, number, n_endpoints, returns), 12).tolist()
        moved = (1 - kept) * (1 - 1 / n_endpoints)
        room = memory.capacity * n_endpoints * returns.n_nodes if memory.capacity < table.ANY_NUMBER else None
        row = {"mode": one, "n_clients": number, "n_endpoints": n_endpoints, "n_nodes": returns.n_nodes}
        row |= {"capacity": room, "bound_share": bound, "kept_share": 1 - moved, "moved_share": moved}
        rows.append(row | {"method": method if 0 < memory.capacity < table.ANY_NUMBER else "exact"})
    title = f"Clients that keep their endpoint, sessionAffinity ClientIP, {n_endpoints} endpoints"
    frame = pd.DataFrame(rows).astype({"capacity": "Int64"})
    return table.affinity_result(title, frame, returns.timeout_s, modes, method == "exact")


def remembered(memory: table.Memory, n: int, n_lists: int, returns: ClientReturns) -> tuple[float, float]:
    """Return the shares of connections that some fresh entry binds, and that the entry of the client's last one binds.

    These differ where the ``n`` clients change nodes: an older entry of the node then binds to any endpoint.
    """
    # a client's node has others of those whom a hash spreads over nodes; time is counted in connections
    n_homes = returns.n_nodes if returns.keeps_node else 1
    others, timeout = binom(n - 1, 1 / n_homes), returns.timeout_s * returns.connections_per_s
    loads = np.unique(np.linspace(others.ppf(1e-12), others.isf(1e-12), 600).round())
    chances = np.diff(others.cdf((loads[1:] + loads[:-1]) // 2), prepend=0.0, append=1.0)
    if returns.is_cyclic:
        shares = [cyclic_bound_share(memory, int(load) + 1, n_lists) for load in loads]
        return (float(chances @ shares) * (n <= timeout),) * 2
    # clients that are about equally busy are one group
    edges = np.unique(np.geomspace(1, n + 1, 600).round().astype(int)) - 1
    sizes = np.diff(edges)
    rates = np.add.reduceat(zipf_weights(n, returns.skew), edges[:-1]) / sizes
    # which part of its clients a node lists, and how long an entry lasts in it
    room = np.minimum(memory.capacity * n_lists / (loads + 1), 1 - 1e-16)
    times = np.append(0, np.geomspace(1e-3, 50 / rates.min(), 2_000))
    listed = -np.expm1(-np.outer(times, rates)) @ sizes / n
    lasts = np.interp(room, listed, times) if returns.skew else -n * np.log1p(-room)
    same_node = n_homes / returns.n_nodes
    gaps = np.minimum(lasts / same_node, timeout)
    bonds = (chances @ -np.expm1(-np.outer(gaps, rates * part)) @ (rates * sizes) for part in (same_node, 1))
    return float(next(bonds)), same_node * float(next(bonds))


def cyclic_bound_share(memory: table.Memory, n_clients: int, n_lists: int) -> float:
    """Return the share of clients whose list keeps them when all come in the same order again and again.

    More than 50 lists are counted as 50 with as many clients each (with 60 and 120, the share was off by 0.003).

    >>> [round(cyclic_bound_share(table.MODES["iptables"], n_clients, 2), 3) for n_clients in (200, 202, 250)]
    [1.0, 0.329, 0.0]
    """
    capacity = memory.capacity
    if n_lists > 50:
        n_clients, n_lists = -(-n_clients * 50 // n_lists), 50
    if n_clients <= n_lists * capacity or not memory.evicts:
        return min(1.0, n_lists * capacity / n_clients)
    shares, low, high = (np.full(n_lists, value) for value in (1 / n_lists, capacity, n_clients))
    all_full = probability_within(n_clients, shares, low, high)
    high[0] = capacity
    return n_lists * capacity / n_clients * probability_within(n_clients, shares, low, high) / all_full
