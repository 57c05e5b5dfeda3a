"""Who connects when: the input of every model of session affinity, and the usual orders in which clients come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kubenetlab.load_balancing.affinity._kernels_affinity import Floats, Ints
from kubenetlab.load_balancing.affinity.modes import DEFAULT_TIMEOUT_S, check_number

_MOST = 100_000_000
ORDERS = ("cyclic", "shuffled rounds", "uniform", "zipf")


@dataclass(frozen=True, slots=True, eq=False)
class ClientConnections:
    """New connections to one Service port that come in by one node, in order of time.

    Attributes
    ----------
    clients
        Number of the client of each connection, from 0: of its address as the node sees it,
        so clients that share one (NAT) are one.
    times_s
        When each connection begins, in seconds; never falling.
    n_endpoints
        Endpoints of the Service port, numbered from 0 in kube-proxy's order: by the text ``IP:port``.
    changes
        (time_s, endpoint, comes) of endpoints that come (True) or go, as the node's rules show it. An endpoint whose
        first change is to come is not there before. One that goes takes its list along; the other lists stay.
    timeout_s
        sessionAffinityConfig.clientIP.timeoutSeconds; every new connection of a client starts it again.
    """

    clients: Ints
    times_s: Floats
    n_endpoints: int
    changes: Sequence[tuple[float, int, bool]] = ()
    timeout_s: float = DEFAULT_TIMEOUT_S

    def __post_init__(self) -> None:
        """Check and convert.

        Raises
        ------
        ValueError
            With the argument's name and what was expected.
        """
        check_number("n_endpoints", self.n_endpoints, 100_000)
        check_number("timeout_s", self.timeout_s, 1e18, False, 1e-9)
        clients, times_s = whole_numbers("clients", self.clients, _MOST), np.asarray(self.times_s, float)
        changes = sorted(self.changes, key=lambda change: change[0])
        check_number("the number of connections", clients.size, _MOST)
        whole_numbers("changes", [change[1] for change in changes], self.n_endpoints)
        moments = np.append(times_s, [change[0] for change in changes])
        if times_s.shape != clients.shape or not np.isfinite(moments).all() or (np.diff(times_s) < 0).any():
            raise ValueError("times_s: expected finite numbers, one a connection, that never fall")
        for name, value in (("clients", clients), ("times_s", times_s), ("changes", changes)):
            object.__setattr__(self, name, value)


def whole_numbers(name: str, found: ArrayLike, end: int) -> Ints:
    """Return a row of whole numbers from 0 to below ``end``.

    Raises
    ------
    ValueError
        For anything else.
    """
    numbers = np.asarray(found)
    is_whole = numbers.ndim == 1 and (numbers.dtype.kind in "iu" or not numbers.size)
    if not is_whole or not ((numbers >= 0) & (numbers < end)).all():
        raise ValueError(f"{name}: expected whole numbers from 0 to {end - 1:,}")
    return numbers.astype(np.int64)


def client_sequence(
    n_clients: int, n_connections: int, *, order: str = "uniform", skew: float = 1.0, seed: int = 1
) -> Ints:
    """Return the client of each connection.

    Parameters
    ----------
    order
        ``cyclic``: all in the same order again and again, the worst case of a list that drops its oldest entry;
        ``shuffled rounds``: all once a round, each round in another order; ``uniform``: each connection is anybody's;
        ``zipf``: client k, counted from 1, has a weight of k^-skew (`zipf_weights`), as
        the addresses of clients behind NAT.

    Raises
    ------
    ValueError
        For another order, or numbers out of bounds.
    """
    check_number("n_clients", n_clients, _MOST)
    check_number("n_connections", n_connections, _MOST)
    if order not in ORDERS:
        raise ValueError(f"order is {str(order)[:100]!r}, expected one of {', '.join(ORDERS)}")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))  # no other draws the same
    if order in ORDERS[:2]:
        rounds = np.tile(np.arange(n_clients), (-(-n_connections // n_clients), 1))
        return (rounds if order == "cyclic" else rng.permuted(rounds, axis=1)).ravel()[:n_connections]
    weights = zipf_weights(n_clients, skew if order == "zipf" else 0.0)
    return np.searchsorted(np.cumsum(weights)[:-1], rng.random(n_connections), side="right")


def zipf_weights(n: int, skew: float) -> Floats:
    """Return n weights that fall as k^-skew and sum to 1.

    >>> zipf_weights(3, 1.0).round(3).tolist()
    [0.545, 0.273, 0.182]

    Raises
    ------
    ValueError
        For a skew that is no number from 0 to 10.
    """
    check_number("skew", skew, 10, False, 0)
    weights: Floats = np.arange(1, n + 1, dtype=np.float64) ** -float(skew)
    return weights / float(weights.sum())
