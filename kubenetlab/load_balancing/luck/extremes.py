"""The band of luck: between which counts chance keeps every endpoint, and how far out one is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kubenetlab.load_balancing.chance.bounded_counts import probability_within

Band = tuple[NDArray[np.int64], NDArray[np.int64]]
_MOST_STEPS = 50


def luck_band(n_connections: int, shares: NDArray[np.float64], alpha: float) -> Band:
    """Return the least and the most connections of each endpoint; chance leaves them with probability ``alpha`` at most.

    The bounds are binomial quantiles, of all endpoints at one level: the largest with which chance keeps all counts
    within at once, computed exactly (``probability_within``).

    Examples
    --------
    >>> low, high = luck_band(100, np.full(4, 0.25), alpha=0.05)
    >>> low.tolist(), high.tolist()
    ([15, 15, 15, 15], [36, 36, 36, 36])
    """
    kept, left = alpha / len(shares) / 2, min(1.0, 2 * alpha)
    band, outer = quantiles(n_connections, shares, kept), quantiles(n_connections, shares, left)
    for _ in range(_MOST_STEPS):
        if np.array_equal(band, outer):
            break
        middle = (kept * left) ** 0.5
        between = quantiles(n_connections, shares, middle)
        if probability_within(n_connections, shares, *between) >= 1 - alpha:
            kept, band = middle, between
        else:
            left, outer = middle, between
    return band


def endpoint_p_values(
    n_connections: int, shares: NDArray[np.float64], counts: ArrayLike
) -> NDArray[np.float64]:
    """Return of each endpoint alone the probability of a count as far out (binomial, twice the lesser tail)."""
    from scipy.stats import binom

    counted = np.asarray(counts)
    below, above = binom.cdf(counted, n_connections, shares), binom.sf(counted - 1, n_connections, shares)
    return np.minimum(2 * np.minimum(below, above), 1.0)  # type: ignore[no-any-return]


def quantiles(n_connections: int, shares: NDArray[np.float64], level: float) -> Band:
    """Return of each endpoint the binomial quantiles that leave ``level / 2`` on either side."""
    from scipy.stats import binom

    low = np.asarray(binom.ppf(level / 2, n_connections, shares))
    high = np.asarray(binom.isf(level / 2, n_connections, shares))
    return low.clip(0).astype(np.int64), high.astype(np.int64)
