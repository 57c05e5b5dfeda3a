"""How likely the test of luck sees that one endpoint gets too much, and how many connections that takes."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kubenetlab.load_balancing.luck.checked_counts import check_level
from kubenetlab.load_balancing.luck.levels import acceptance, of_one
from kubenetlab.load_balancing.luck.null_distribution import LuckTest, NullDistribution, null_distribution

Floats = NDArray[np.float64]
MOST_CONNECTIONS: Final = 10**9
_EXACT_BELOW: Final = 300  # connections


def luck_power(
    n_connections: int,
    shares: ArrayLike,
    overload: float | ArrayLike = 1.5,
    alpha: float = 0.05,
    seed: int = 1,
) -> float:
    """Return the probability that the test of luck says "not chance" where it should.

    Parameters
    ----------
    n_connections
        Independent connections that are counted.
    shares
        What is tested: the part of each endpoint.
    overload
        What is true: the endpoint with the smallest share (where it is hardest to see) gets so many times its share,
        at most everything, and the others the rest in proportion. Or the true shares themselves, one for each of
        ``shares``; 0 where an endpoint is dead.
    alpha
        Level of the test.
    seed
        Of the simulation, where there is one.

    Returns
    -------
    Exact for equal shares unless there are very many connections; from there on, and for other shares, a seeded
    simulation of up to 20,000 draws, right to 0.01 up to 200 endpoints (three standard errors).

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> round(luck_power(80, [1 / 3] * 3, overload=[0.30, 0.21, 0.49]), 2)
    0.8
    """
    check_level(alpha)
    if not isinstance(n_connections, int | np.integer) or n_connections < 1:
        raise ValueError(f"n_connections: found {n_connections!r:.60}, expected a whole number from 1 on")
    share = positive_shares(shares)
    real = _real(share, np.asarray(shares, float) > 0, np.asarray(overload, float))
    null = null_distribution(n_connections, share, seed=seed)
    if (accepted := acceptance(null, real, alpha)) is not None:
        return 1 - accepted
    n_draws = min(20_000, max(1_000, 4_000_000 // len(real)))
    draws = np.random.default_rng(seed).multinomial(n_connections, real, n_draws)
    return float(null.rejects(draws, alpha).mean())


def _real(share: Floats, is_tested: NDArray[np.bool_], overload: Floats) -> Floats:
    """Return what is true of each endpoint that has a share."""
    if overload.ndim == 0 and overload > 0:
        return overloaded(share, float(overload))
    is_shape = overload.shape == is_tested.shape and 0 < overload.sum() < np.inf
    if not is_shape or (overload < 0).any() or overload[~is_tested].any():
        expected = f"a number above 0 or {len(is_tested)} true shares from 0 on, 0 where none is tested"
        raise ValueError(f"overload: found {overload.tolist()!r:.60}, expected {expected}")
    return overload[is_tested] / overload.sum()  # type: ignore[no-any-return]


def connections_needed(
    shares: ArrayLike, overload: float = 1.5, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return how many connections it takes to see an overload of one endpoint.

    Parameters
    ----------
    shares, overload, alpha
        As for ``luck_power``.
    power
        The probability with which the test shall see it; above 0 and below 1.

    Returns
    -------
    A number with about that power: at least that where it is below 300, else by the approximation of ``levels``, right
    to 0.02 of power, with two very unequal shares to 0.05. 10**9 where that is too few. Power goes up and down by a
    little from one number of connections to the next, because counts are whole numbers.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> connections_needed([0.5, 0.5])
    30
    """
    check_level(alpha)
    check_relevant(overload, power)
    return _needed(tuple(positive_shares(shares).tolist()), overload, alpha, power)


@lru_cache(maxsize=512)
def _needed(of_each: tuple[float, ...], overload: float, alpha: float, power: float) -> int:
    share = np.array(of_each)
    hot = int(np.argmin(share))
    own = float(overloaded(share, overload)[hot])

    def misses(n_connections: int) -> bool:
        null = NullDistribution(n_connections, share, LuckTest.CHI_SQUARE)
        return 1 - of_one(null, hot, own, alpha, inside=True) < power

    low, high = 1, 2
    while high < MOST_CONNECTIONS and misses(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if misses(middle) else (low, middle)
    while high < _EXACT_BELOW and luck_power(high, share, overload, alpha) < power:
        high += 1
    return min(high, MOST_CONNECTIONS)


def check_relevant(overload: float, power: float) -> None:
    """Refuse an overload that is none, or a power that cannot be (ValueError)."""
    if not (overload > 1 and 0 < power < 1):
        found = f"found overload {overload!r} and power {power!r}"
        raise ValueError(f"{found}, expected a number above 1 and a probability above 0 and below 1")


def overloaded(shares: Floats, overload: float) -> Floats:
    """Return the shares where the endpoint with the smallest one gets ``overload`` times its share.

    >>> overloaded(np.array([0.25, 0.25, 0.5]), 2).round(4).tolist()
    [0.5, 0.1667, 0.3333]
    """
    hot = int(np.argmin(shares))
    own = min(1.0, float(shares[hot]) * overload)
    real: Floats = shares * (1 - own) / (1 - shares[hot])
    real[hot] = own
    return real


def positive_shares(shares: ArrayLike) -> Floats:
    """Return the shares above 0, scaled so that they add to 1.

    Raises
    ------
    ValueError
        If less than two are above 0, or one is no number from 0 on.
    """
    share = np.asarray(shares, float)
    if not np.all(share >= 0) or not np.isfinite(share).all() or (share > 0).sum() < 2:
        raise ValueError(f"shares: found {shares!r:.60}, expected numbers from 0 on, at least two above 0")
    share = share[share > 0]
    return share / share.sum()  # type: ignore[no-any-return]
