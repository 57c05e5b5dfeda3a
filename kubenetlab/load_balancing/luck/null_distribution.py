"""How far from their shares the counts of independent connections come, by chance alone.

The distance is Pearson's chi-square, ``sum((count - expected)**2 / expected)``: with equal shares it is a whole number
of pairs, so that its whole distribution can be had exactly for far more endpoints and connections than outcomes can be
listed; G has no such lattice. Three ways, tried in this order:

exact
    All outcomes listed (up to 300,000): right to ten digits, also of 1e-300. Or, for equal shares, the lattice of
    pairs: right to 1e-9, which is added, so that a far smaller probability is told by the farthest count (below).
simulated
    Unequal shares and less than 20 expected connections: 1 + as far or farther of B = 5,000,000 / n seeded draws, over
    B + 1; with the noise of these draws.
chi-square
    Many connections: a gamma distribution with the exact mean and variance of the distance under the multinomial,
    n - 1 and 2 (n - 1) + (sum(1 / share) - n**2 - 2 n + 2) / N (J. Haldane, Biometrika 29, 1937). Its tail is too thin
    where few connections are expected somewhere, for one count that is far out. So with unequal shares each endpoint
    with less than 1,000 (of the 30 smallest shares) has its binomial count put in, the gamma being for the others only;
    what that changes is added up, each times 1 - share. Against all outcomes listed, of 1,000 connections, a probability
    is right to 6 % of itself from 5 % to 1e-6 and to 15 % at 1e-8 (the gamma alone: to a factor of 13 and of 106).

Of many endpoints a single one that gets nothing hides in that sum: 99 endpoints with 100 connections each and one with
none are a distance that chance exceeds every second time. So from five endpoints on the farthest single count is tested
too, with a fifth of the level, and the distance with the rest: the p-value is the lesser of the distance's / 0.8 and n
times the farthest count's (binomial) / 0.2, so chance alone brings one as small in at most that part of cases. The
level that both together attain is computed (``levels``).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from math import comb
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kubenetlab.load_balancing.luck.extremes import Band, endpoint_p_values, quantiles
from kubenetlab.load_balancing.luck.pair_lattice import pair_probabilities

LEAST_P: Final = sys.float_info.min  # a probability is never 0; below 2.2e-308 this is given
OF_EXTREMES: Final = 0.2  # of the level
_FOR_EXTREMES: Final = 5  # endpoints: of fewer, the distance sees a single odd one as well
_UNKNOWN: Final = 1e-9  # the error of the lattice
_SAME_SHARES: Final = 1e-3  # a non-centrality that no test sees
_MOST_LISTED, _LEAST_EXPECTED, _DRAWN_CELLS = 300_000, 20, 5_000_000
_FEW_EXPECTED, _MOST_SKEWED = 1_000, 30  # connections: with more, a count is near enough to normal; shares
_POINTS: Final = 400  # between them a probability is right to 1 %


Floats = NDArray[np.float64]


class LuckTest(StrEnum):
    """The way the distance's probability was had; the farthest count's is always exact (binomial)."""

    EXACT = "exact"
    SIMULATED = "simulated"
    CHI_SQUARE = "chi-square"


class Tail(NamedTuple):
    """Distances, ascending, and the probability of each or a greater one; what is not known lies at infinity."""

    distances: Floats
    probabilities: Floats


@dataclass(frozen=True, eq=False)
class NullDistribution:
    """For one number of connections and shares: made once, asked for many counts.

    ``shares`` are all positive; ``tail`` is None for the chi-square way. ``skewed`` are endpoints, one for each share,
    whose counts that way takes as binomial.
    """

    n_connections: int
    shares: Floats
    test: LuckTest
    tail: Tail | None = None
    skewed: tuple[int, ...] = ()

    def distances(self, counts: ArrayLike) -> Floats:
        """Return Pearson's chi-square of counts, shape (..., n_endpoints)."""
        expected = self.n_connections * self.shares
        return ((np.asarray(counts, float) - expected) ** 2 / expected).sum(-1)  # type: ignore[no-any-return]

    def p_values(self, counts: ArrayLike) -> Floats:
        """Return the p-values of the whole test, never 0: chance alone brings one as small in at most that part of cases.

        Below five endpoints it is how likely chance alone is as far from the shares, or farther.
        """
        found = self.distance_p_values(counts)
        if self.has_extremes:
            farthest = endpoint_p_values(self.n_connections, self.shares, counts).min(-1) * len(self.shares)
            found = np.minimum(np.minimum(found / (1 - OF_EXTREMES), farthest / OF_EXTREMES), 1.0)
        return np.maximum(found, LEAST_P)

    def rejects(self, counts: ArrayLike, alpha: float) -> NDArray[np.bool_]:
        """Return whether the p-values are at most ``alpha``; fast for many counts."""
        (low, high), counted = self.bounds(alpha), np.asarray(counts)
        is_far = self.distance_p_values(counted) <= self.distance_level(alpha)
        return is_far | ((counted < low) | (counted > high)).any(-1)

    @property
    def has_extremes(self) -> bool:
        """Whether the farthest single count is tested too."""
        return len(self.shares) >= _FOR_EXTREMES

    def distance_level(self, alpha: float) -> float:
        """Return the part of the level that the distance has."""
        return alpha * (1 - OF_EXTREMES) if self.has_extremes else alpha

    def bounds(self, alpha: float) -> Band:
        """Return the least and the most count of each endpoint that the test of the farthest count does not reject."""
        level = alpha * OF_EXTREMES / len(self.shares) if self.has_extremes else 0.0
        return quantiles(self.n_connections, self.shares, level)

    def distance_p_values(self, counts: ArrayLike) -> Floats:
        """Return the p-values of the distance alone."""
        distances = self.distances(counts)
        if self.tail is None:
            return np.exp(np.interp(distances, *self._curve))
        places = np.searchsorted(self.tail.distances, distances - _rounding(distances))
        return np.append(self.tail.probabilities, 0.0)[places]

    def critical(self, alpha: float) -> tuple[float, float]:
        """Return the least distance with at most that probability, and its probability; infinity and 0 without one."""
        if self.tail is None:
            distances, logarithms = self._curve
            return float(np.interp(-np.log(alpha), -logarithms, distances)), alpha
        ends = np.append(self.tail.distances, np.inf), np.append(self.tail.probabilities, 0.0)
        place = int(np.argmax(ends[1] <= alpha))
        return float(ends[0][place]), float(ends[1][place])

    @cached_property
    def _curve(self) -> Tail:
        """Distances, dense near the mean, and the logarithms of the probabilities of each or a greater one."""
        from scipy.stats import binom

        total, (mean, variance) = self.n_connections, chance_moments(self.n_connections, self.shares)
        distances = (mean + variance**0.5 * np.sinh(np.linspace(-3, 7.8, _POINTS))).clip(0)
        near = _gamma_beyond(distances, total, self.shares).clip(LEAST_P)
        more = np.zeros(_POINTS)
        for endpoint in self.skewed:
            share = float(self.shares[endpoint])
            reach = 12 * (total * share) ** 0.5 + 100  # beyond it less than 1e-30
            counts = np.arange(max(0, int(total * share - reach)), min(total, int(total * share + reach)) + 1)
            beyond = self.beyond_given(endpoint, counts, distances[:, None]) @ binom.pmf(counts, total, share)
            more += (beyond - near) * (1 - share) * np.count_nonzero(self.shares == share)
        found = more.clip(0) + near * np.exp(np.minimum(more / near, 0))
        return Tail(distances, np.log(found.clip(LEAST_P, 1.0)))

    def beyond_given(self, endpoint: int, counts: NDArray[np.int64], distances: ArrayLike) -> Floats:
        """Return how likely the distance is as great where an endpoint's count is given: a gamma for the others."""
        total, share = self.n_connections, self.shares[endpoint]
        expected, rest = total * share, total * (1 - share)
        ratio = (total - counts) / rest  # of what is left for the others to what they should get
        room = distances - (counts - expected) ** 2 / expected - rest * (ratio - 1) ** 2
        if len(self.shares) == 2:  # the other's count is what is left
            return np.where(room <= 0, 1.0, 0.0)
        others = np.delete(self.shares, endpoint) / (1 - share)
        return _gamma_beyond(np.maximum(room, 0.0) / np.maximum(ratio, 1e-300), total, others)


def _gamma_beyond(distances: Floats, n_connections: int, shares: Floats) -> Floats:
    from scipy.special import gammaincc

    mean, variance = chance_moments(n_connections, shares)
    return np.asarray(gammaincc(mean**2 / variance, distances * mean / variance), np.float64)


def chance_moments(n_connections: int, shares: Floats) -> tuple[float, float]:
    """Return mean and variance of Pearson's chi-square under the multinomial, both exact.

    Examples
    --------
    >>> chance_moments(1, np.array([0.5, 0.5]))  # one connection: the distance is always 1
    (1.0, 0.0)
    """
    n = len(shares)
    return n - 1.0, 2 * (n - 1) + (float((1 / shares).sum()) - n * n - 2 * n + 2) / n_connections


def null_distribution(n_connections: int, shares: ArrayLike, *, seed: int = 1) -> NullDistribution:
    """Return the distribution of Pearson's chi-square of independent connections.

    Parameters
    ----------
    n_connections
        From 1 on.
    shares
        Of the endpoints; those without a share are left out. Shares that differ less than any test could see count as
        equal: kube-proxy's are off by less than 3e-6 of themselves (10 digits of a probability, thresholds of 2**-31).
    seed
        Of the simulated way.
    """
    share = np.asarray(shares, float)
    share = share[share > 0] / share.sum()
    n = len(share)
    if n_connections * n * float(((share - 1 / n) ** 2).sum()) < _SAME_SHARES:
        share = np.full(n, 1 / n)
    return _distribution(n_connections, tuple(share.tolist()), seed)


@lru_cache(maxsize=64)
def _distribution(n_connections: int, of_each: tuple[float, ...], seed: int) -> NullDistribution:
    n, shares = len(of_each), np.array(of_each)
    null = NullDistribution(n_connections, shares, LuckTest.CHI_SQUARE)
    if comb(n_connections + n - 1, n - 1) <= _MOST_LISTED:
        return replace(null, test=LuckTest.EXACT, tail=_listed(null))
    if np.ptp(shares) == 0 and (found := pair_probabilities(n_connections, shares)) is not None:
        pairs = found[0] + np.arange(len(found[1]))
        distances = (n * (2 * pairs + n_connections) - n_connections**2) / n_connections
        tail = _tail(np.append(distances, np.inf), np.append(found[1], _UNKNOWN))
        return replace(null, test=LuckTest.EXACT, tail=tail)
    if np.ptp(shares) == 0 or n_connections * shares.min() >= _LEAST_EXPECTED:
        first = np.unique(shares, return_index=True)[1][:_MOST_SKEWED] if np.ptp(shares) else ()
        return replace(null, skewed=tuple(int(i) for i in first if n_connections * shares[i] < _FEW_EXPECTED))
    n_draws = _DRAWN_CELLS // n
    draws = np.random.default_rng(seed).multinomial(n_connections, shares, n_draws)
    tail = _tail(np.append(null.distances(draws), np.inf), np.full(n_draws + 1, 1 / (n_draws + 1)))  # never 0
    return replace(null, test=LuckTest.SIMULATED, tail=tail)


def _listed(null: NullDistribution) -> Tail:
    """All outcomes: endpoint after endpoint, every count that the ones before it leave."""
    from scipy.special import gammaln

    factorials = gammaln(np.arange(null.n_connections + 1) + 1.0)  # logarithms
    counts, left = np.zeros((1, 0), np.int64), np.array([null.n_connections])
    for _ in null.shares[:-1]:
        rows = np.repeat(np.arange(len(left)), left + 1)
        count = np.arange(len(rows)) - np.repeat(np.cumsum(left + 1) - left - 1, left + 1)
        counts, left = np.column_stack([counts[rows], count]), left[rows] - count
    counts = np.column_stack([counts, left])
    logs = factorials[-1] + counts @ np.log(null.shares) - factorials[counts].sum(1)
    return _tail(null.distances(counts), np.exp(logs))


def _tail(distances: Floats, probabilities: Floats) -> Tail:
    """Sort, take equal distances together, and add from the far end: small probabilities keep their digits."""
    order = np.argsort(distances, kind="stable")
    ordered = distances[order]
    tail = np.minimum(np.cumsum(probabilities[order][::-1])[::-1], 1.0)
    with np.errstate(invalid="ignore"):
        is_first = np.append(True, ordered[1:] - ordered[:-1] > _rounding(ordered[:-1]))
    return Tail(ordered[is_first], tail[is_first])


def _rounding(distances: Floats) -> Floats:
    """What floating point may make of a distance."""
    return 1e-9 * (1 + distances)
