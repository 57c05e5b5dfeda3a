"""Who looks up which name when: the input of a simulation of caches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
MOST_LOOKUPS = 100_000_000


@dataclass(frozen=True, slots=True, eq=False)
class LookupTrace:
    """Lookups in order of time [s, from 0], each with the numbers of its name, its client and the client's node.

    Raises
    ------
    ValueError
        For columns of different lengths, times out of order, or negative numbers.
    """

    times_s: NDArray[np.float64]
    names: Ints
    clients: Ints
    nodes: Ints

    def __post_init__(self) -> None:
        columns = self.times_s, self.names, self.clients, self.nodes
        is_table = len({column.shape for column in columns}) == self.times_s.ndim == 1
        if not is_table or any((column < 0).any() for column in columns):
            raise ValueError("times_s, names, clients and nodes must be of one length and not negative")
        if (np.diff(self.times_s) < 0).any() or not np.isfinite(self.times_s).all():
            raise ValueError("times_s must be finite and not fall")


def poisson_trace(
    rates_per_s: ArrayLike, duration_s: float, *, n_nodes: int = 1, clients_per_node: int = 1, seed: int = 1
) -> LookupTrace:
    """Draw lookups that do not wait for each other, by clients that all ask alike.

    Parameters
    ----------
    rates_per_s
        Of each name, over all clients. [1/s]
    duration_s
        How long. [s]
    n_nodes, clients_per_node
        Where the clients are.

    Raises
    ------
    ValueError
        For negative or endless rates, no node or client, or more than 100 million lookups to be expected.
    """
    rates = np.asarray(rates_per_s, np.float64).ravel()
    if not (rates >= 0).all() or not 0 < rates.sum() * duration_s <= MOST_LOOKUPS:
        raise ValueError(f"rates and duration_s must be positive and mean at most {MOST_LOOKUPS:,} lookups")
    if min(n_nodes, clients_per_node) < 1:
        raise ValueError(f"n_nodes is {n_nodes}, clients_per_node {clients_per_node}, expected at least 1")
    rng = np.random.default_rng(seed)
    per_name = rng.poisson(rates * duration_s)
    names = rng.permutation(np.repeat(np.arange(rates.size), per_name))
    times_s = np.sort(rng.random(names.size)) * duration_s
    clients = rng.integers(n_nodes * clients_per_node, size=names.size)
    return LookupTrace(times_s, names, clients, clients // clients_per_node)
