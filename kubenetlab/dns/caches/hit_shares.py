"""How often a cache answers Poisson questions itself, in closed form.

An entry lives for its TTL from the answer that filled it, whatever is asked meanwhile, so of the questions between two
fills one is a miss: h = λT / (1 + λT) (Jung, Berger, Balakrishnan: Modeling TTL-based Internet caches, 2003).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_BISECTIONS = 80


def cache_hit_share(rate_per_s: float, ttl_s: float) -> float:
    """Return the share of one name's questions that a cache answers itself, 0 to 1.

    Parameters
    ----------
    rate_per_s
        Questions of one name and type at one cache. [1/s]
    ttl_s
        How long the cache keeps the answer (`effective_ttl`). [s]

    Raises
    ------
    ValueError
        For a negative number or none.

    Examples
    --------
    >>> round(cache_hit_share(2.0, 30), 3)
    0.984
    """
    load = rate_per_s * ttl_s
    if not (rate_per_s >= 0 and ttl_s >= 0 and load < np.inf):
        raise ValueError(f"rate_per_s is {rate_per_s} and ttl_s {ttl_s}, expected finite numbers from 0")
    return load / (1 + load)


def cache_hit_shares(
    rates_per_s: ArrayLike, ttls_s: ArrayLike, *, shard_size: int | None = None, shards: ArrayLike = 0
) -> Floats:
    """Return the hit share of many names that share a cache, each 0 to 1.

    Parameters
    ----------
    rates_per_s, ttls_s
        Of each name; one number stands for all.
    shard_size
        Entries that a shard holds (`Store.shard_size`); None for room for all.
    shards
        The shard of each name (`shard_of`); by default all lie in one.

    Raises
    ------
    ValueError
        For a negative number or none.

    Notes
    -----
    A full shard throws out a random entry, stale or not. In the manner of Che's approximation (for random replacement:
    Martina, Garetto, Leonardi 2014) an entry is thrown out after an exponential time with a mean τ that solves
    Σ λτ / (1 + λτ) = size; it is then fresh for F = τ (1 - exp(-T/τ)) on average, and h = λF / (1 + λF).
    """
    arguments = np.asarray(rates_per_s, float), np.asarray(ttls_s, float), np.asarray(shards, np.int64)
    rates, ttls, places = np.broadcast_arrays(*arguments)
    if any(not np.isfinite(values).all() or (values < 0).any() for values in (rates, ttls, places)):
        raise ValueError("rates_per_s, ttls_s and shards must be finite and not negative")
    fresh_s = ttls if shard_size is None else _fresh_s(rates, ttls, shard_size, places)
    load = rates * fresh_s
    shares: Floats = load / (1 + load)
    return shares


def _fresh_s(rates: Floats, ttls: Floats, shard_size: int, shards: NDArray[np.int64]) -> Floats:
    """Mean time from a fill until the entry's end or its eviction [s]; bisection over log τ in all shards at once."""
    if shard_size < 1:
        raise ValueError(f"shard_size is {shard_size}, expected at least 1")
    flat, where = rates.ravel(), shards.ravel()
    low, high = np.full(where.max() + 1, -60.0), np.full(where.max() + 1, 60.0)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        load = flat * np.exp(middle)[where]
        is_over = np.bincount(where, load / (1 + load), middle.size) > shard_size
        low, high = np.where(is_over, low, middle), np.where(is_over, middle, high)
    tau = np.exp(low)[shards]
    fresh: Floats = -tau * np.expm1(-ttls / tau)
    return fresh
