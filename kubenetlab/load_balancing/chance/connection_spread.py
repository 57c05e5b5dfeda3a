"""How far apart the counts of endpoints fall by chance alone when every connection is spread by itself.

So kube-proxy spreads in modes iptables (kernel, xt_statistic.c, mode random) and nftables (nft_numgen.c): each new
connection anew, whatever went before. Counts are multinomial then, and all of this is arithmetic: no simulation.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlog1py
from scipy.stats import binom

from kubenetlab.load_balancing.chance import bounded_counts as bounded
from kubenetlab.result import Basis, Origin, Result, Setting

_COLUMNS: Final = (
    "n_connections n_endpoints mean_count count_p05 count_p50 count_p95 max_over_mean_mean max_over_mean_p05 max_over_mean_p50 "
    "max_over_mean_p95 max_over_mean_p99 idle_probability cv_rms method error_bound"
)
_QUANTILES: Final = (0.05, 0.5, 0.95, 0.99)
_NEGLIGIBLE: Final = 1e-13
_ALL_MS: Final = 700  # of one row; the method is approximate where that is too little for 70 probabilities
_ASSUMED: Final = Setting("choice", "independent", Origin.DEFAULT, "kube-proxy's modes iptables and nftables")
_BECAUSE: Final = (
    "every new connection is spread by itself: kernel, xt_statistic.c (mode random), nft_numgen.c (random)",
    "max_over_mean is the largest of count over expected count; for equal shares the largest count over the mean",
)

_Found = tuple[NDArray[np.float64], float]  # expected value and quantiles, and how far they may be off


class _Spread(NamedTuple):
    """Connections over endpoints; endpoints with the same share are one group."""

    n_connections: int
    share: NDArray[np.float64]
    size: NDArray[np.int64]

    def most(self, overload: float) -> NDArray[np.float64]:
        """The largest counts that do not exceed an overload."""
        return np.floor(overload * self.n_connections * self.share * (1 + 1e-13) + 1e-9)

    def within(self, overload: float) -> float:
        """The probability that no endpoint exceeds an overload."""
        groups = np.array([self.share, np.zeros_like(self.share), self.most(overload)])
        return bounded.probability_of_groups(self.n_connections, groups, self.size)

    def bounds(self, overload: float) -> tuple[float, float]:
        """Bounds of it: Bonferroni's, and the probability for independent counts, as these are negatively associated.

        K. Joag-Dev and F. Proschan, Negative association of random variables, Annals of Statistics 11, 1983.
        """
        beyond = binom.sf(self.most(overload), self.n_connections, self.share)
        return max(0.0, 1 - float(self.size @ beyond)), float(np.exp(xlog1py(self.size, -beyond).sum()))


def connection_spread(
    n_connections: int | Sequence[int], n_endpoints: int | None = None, *, shares: ArrayLike | None = None
) -> Result:
    """Return how far apart the counts of endpoints are expected to fall by chance.

    Parameters
    ----------
    n_connections
        Independent connections, 0 to 10**10; several numbers give several rows.
    n_endpoints
        Endpoints with equal shares, 1 to 10**5; or give ``shares``.
    shares
        Which part of the connections each endpoint gets; adds to 1. Endpoints without a share are left out.

    Returns
    -------
    A Result; its frame has one row a number of connections: n_connections, n_endpoints (with a share), mean_count,
    count_p05, count_p50, count_p95 (expected count and quantiles of one endpoint: the one with the largest share),
    max_over_mean_mean, max_over_mean_p05, _p50, _p95, _p99 (expected value and quantiles of the overload factor of the
    worst endpoint, the largest of count over expected count), idle_probability (that some endpoint gets none), cv_rms
    (standard deviation over mean of the endpoints' counts, root of the expected square), method, error_bound (how far,
    at most, any of the columns max_over_mean and idle_probability is off).

    With method ``exact`` every probability is Levin's (``bounded_counts``), and the quantiles are found among all counts,
    so they are exact; the expected value is too, up to some thousand steps of the distribution, and lies between two sums
    beyond: error_bound is its error then. Where that would take seconds (many millions of connections, or many different
    shares), ``approximate`` values are the middle between Bonferroni's bound and that for independent counts, and some
    counts are skipped. Without connections there is no overload: NaN.

    Raises
    ------
    ValueError
        If a number of connections or a share is out of its range, or endpoints and shares are both given or both missing.

    Examples
    --------
    >>> connection_spread(30, 3).frame[["max_over_mean_mean", "max_over_mean_p95", "idle_probability"]].round(4)
       max_over_mean_mean  max_over_mean_p95  idle_probability
    0              1.2717                1.6               0.0
    """
    import pandas as pd

    is_count = n_endpoints in range(1, 10**5 + 1) and n_endpoints is not True
    if (n_endpoints is None) == (shares is None) or not (n_endpoints is None or is_count):
        raise ValueError(f"n_endpoints: found {n_endpoints!r:.100}, expected 1 to 10**5, or shares instead")
    share = bounded.checked_shares(np.full(int(n_endpoints), 1 / n_endpoints) if n_endpoints else shares)
    share = share[share > 0]
    rows = [_row(bounded.checked_connections(n), share) for n in np.atleast_1d(n_connections).tolist()]
    frame = pd.DataFrame(rows, columns=_COLUMNS.split())
    title = f"Spread by chance over {share.size} endpoints"
    return Result(title=title, _frame=frame, assumptions=(_ASSUMED,), because=_BECAUSE, basis=Basis.SOURCE)


def draw_counts(n_connections: int, shares: ArrayLike, n_draws: int, seed: int) -> NDArray[np.int64]:
    """Draw the counts of endpoints.

    Returns
    -------
    Shape (n_draws, n_endpoints); every row adds to ``n_connections``.

    Raises
    ------
    ValueError
        If the number of connections or a share is out of its range.
    """
    share = bounded.checked_shares(shares)
    return np.random.default_rng(seed).multinomial(bounded.checked_connections(n_connections), share, n_draws)


def _row(n_connections: int, share: NDArray[np.float64]) -> tuple[Any, ...]:
    expected, largest = n_connections * share, float(share.max())
    variance = np.mean(expected * (1 - share)) + np.var(expected)
    cv = float(np.sqrt(variance) / expected.mean()) if n_connections else np.nan
    counts = np.atleast_1d(binom.ppf([0.05, 0.5, 0.95], n_connections, largest)).astype(int).tolist()
    overload, error, method = _overload(_Spread(n_connections, *np.unique(share, return_counts=True)))
    idle, idle_error = _idle(n_connections, share, is_exact=method == "exact")
    of_one = n_connections, share.size, n_connections * largest, *counts
    return *of_one, *overload.tolist(), idle, cv, method, max(error, idle_error)


def _overload(spread: _Spread) -> tuple[NDArray[np.float64], float, str]:
    """Expected value and quantiles of the worst endpoint's overload factor, how far they may be off, and the method."""
    if not spread.n_connections:
        return np.full(1 + len(_QUANTILES), np.nan), 0.0, "exact"
    steps, gap = _steps(spread)
    cost_ms = 0.2 + spread.share.size * (0.03 + 0.001 * spread.n_connections**0.5)  # measured, roughly
    if (n_samples := int(_ALL_MS / cost_ms)) >= 70 and not gap:
        found, error = _summary(steps, spread.within, n_samples)
        return found, error + bounded.RELATIVE_ERROR * float(steps[-1]), "exact"
    most, error = _summary(steps, lambda overload: spread.bounds(overload)[0], 1000)
    least, _ = _summary(steps, lambda overload: spread.bounds(overload)[1], 1000)
    return (least + most) / 2, float(np.max(most - least)) / 2 + error + gap, "approximate"


def _steps(spread: _Spread) -> tuple[NDArray[np.float64], float]:
    """The overloads that matter, and how far apart they are where there are too many to take all.

    Endpoints have as many steps as their own counts vary: a small share has few, and all of them are taken.
    """
    n_connections, share, size = spread
    expected = n_connections * share
    first = np.max((binom.ppf(_NEGLIGIBLE ** (1 / size), n_connections, share) - 1) / expected, initial=1.0)
    beyond = max(_NEGLIGIBLE / size.sum(), 1e-15)  # scipy has no smaller one
    most = np.maximum(binom.isf(beyond, n_connections, share), 1)
    strides = 1 + np.maximum(most - first * expected, 0) * share.size // 100_000
    every = zip(expected, most, strides, strict=True)
    jumps = [np.arange(int(first * mean), last + stride, stride) / mean for mean, last, stride in every]
    return np.unique(np.concatenate(jumps)), float(np.max((strides - 1) / expected))


def _summary(steps: NDArray[np.float64], within: Callable[[float], float], n_samples: int) -> _Found:
    """Expected value and quantiles of a distribution on steps, and how far the expected value may be off.

    Where there are more steps than samples, it lies between the sums that take the lower and the upper end of each
    interval, as probabilities only grow. The widest steps are all among the samples.
    """
    at = cache(lambda step: within(float(steps[step])))
    places = [bisect_left(range(steps.size), share, key=at) for share in _QUANTILES]
    some = np.unique(np.linspace(0, steps.size - 1, min(steps.size, n_samples)).astype(int))
    wide = np.argsort(np.diff(steps), kind="stable")[-(n_samples // 8) :]
    some = np.unique(np.concatenate([some, wide, wide + 1]))
    beyond = 1 - np.array([at(step) for step in some.tolist()])
    width = np.diff(steps[some])
    error = float(width @ -np.diff(beyond)) / 2 if some.size < steps.size else 0.0
    return np.array([steps[0] + width @ beyond[:-1] - error, *steps[places]]), error


def _idle(n_connections: int, share: NDArray[np.float64], *, is_exact: bool) -> tuple[float, float]:
    """The probability that some endpoint gets nothing, and how far it may be off."""
    if n_connections < share.size:
        return 1.0, 0.0
    each = np.exp(xlog1py(n_connections, -share))
    least, most = -float(np.expm1(np.log1p(-each).sum())), min(1.0, float(each.sum()))
    if is_exact and most - least > bounded.RELATIVE_ERROR:
        return 1 - bounded.probability_within(n_connections, share, 1, n_connections), bounded.RELATIVE_ERROR
    return (least + most) / 2, (most - least) / 2
