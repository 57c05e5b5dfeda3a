"""How often the test of luck says "not chance": by chance alone (its level), and where one endpoint is overloaded.

Equal shares: exact, from the lattice of pairs with the counts kept in their bounds. Beyond its size one endpoint's count
is taken as given: binomial, and the distance of the others is a gamma with exact mean and variance. Tests compare both
with each other and with seeded simulations.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

from kubenetlab.load_balancing.luck.null_distribution import NullDistribution
from kubenetlab.load_balancing.luck.pair_lattice import pair_probabilities


def attained_level(null: NullDistribution, alpha: float) -> float:
    """Return the probability of a false alarm of the whole test: at most ``alpha``, less where counts leave no finer step.

    Exact for the exact test of equal shares and below five endpoints. Else computed by a gamma in place of the distance of
    the other endpoints: for the chi-square test right to 6 % of itself (at 5 %: 0.001). The simulated one adds the noise of
    the draws that its critical distance comes from, 5,000,000 / n_endpoints of them: with 21 endpoints 0.002 at 5 %
    and 0.0002 at 0.1 % (three standard errors).
    """
    if not null.has_extremes:
        return null.critical(alpha)[1]
    if (accepted := acceptance(null, null.shares, alpha)) is not None:
        return 1 - accepted
    shares, first, sizes = np.unique(null.shares, return_index=True, return_counts=True)
    beyond = [of_one(null, i, s, alpha, inside=False) for i, s in zip(first, shares, strict=True)]
    return null.critical(null.distance_level(alpha))[1] + float(np.dot(beyond, sizes))


def acceptance(null: NullDistribution, real: NDArray[np.float64], alpha: float) -> float | None:
    """Return how likely the test does not reject where the shares are ``real``: exact, or None where that is too much."""
    n, total = len(null.shares), null.n_connections
    low, high = (int(bound[0]) for bound in null.bounds(alpha))
    if np.ptp(null.shares) > 0 or (found := pair_probabilities(total, real, low, high)) is None:
        return None
    pairs = found[0] + np.arange(len(found[1]))
    distances = (n * (2 * pairs + total) - total**2) / total
    is_near = distances < null.critical(null.distance_level(alpha))[0] - 1e-6 * n / total
    return min(1.0, float(found[1][is_near].sum()))


def of_one(null: NullDistribution, endpoint: int, own: float, alpha: float, *, inside: bool) -> float:
    """Return how likely the distance does not reject while one endpoint's count is inside of its bounds, or outside.

    Its share is ``own``, the others have the rest in proportion.
    """
    from scipy.stats import binom

    total, (low, high) = null.n_connections, null.bounds(alpha)
    reach = 10 * (total * own * (1 - own)) ** 0.5 + 30
    counts = np.arange(max(0, int(total * own - reach)), min(total, ceil(total * own + reach)) + 1)
    counts = counts[((counts >= low[endpoint]) & (counts <= high[endpoint])) == inside]
    beyond = null.beyond_given(endpoint, counts, null.critical(null.distance_level(alpha))[0])
    return float(binom.pmf(counts, total, own) @ (1 - beyond))
