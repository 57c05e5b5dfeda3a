"""Plain-Python twins of the test of luck: every outcome listed, in exact fractions."""

from fractions import Fraction
from itertools import product
from math import comb, factorial, prod


def outcomes(n_connections, shares):
    """Each outcome and its exact probability."""
    for counts in product(range(n_connections + 1), repeat=len(shares)):
        if sum(counts) == n_connections:
            ways = factorial(n_connections) // prod(map(factorial, counts))
            yield counts, ways * prod(share**count for share, count in zip(shares, counts, strict=True))


def distance(counts, shares):
    total = sum(counts)
    return sum(
        (count - total * share) ** 2 / (total * share) for count, share in zip(counts, shares, strict=True)
    )


def farthest(counts, shares):
    """The least two-sided binomial p-value of an endpoint."""
    total = sum(counts)
    return min(
        min(
            1,
            2
            * min(
                sum(_binomial(total, share, range(count + 1))),
                sum(_binomial(total, share, range(count, total + 1))),
            ),
        )
        for count, share in zip(counts, shares, strict=True)
    )


def _binomial(total, share, counts):
    return [comb(total, k) * share**k * (1 - share) ** (total - k) for k in counts]


def p_value(counts, shares):
    """As the module says: the distance's, and from five endpoints on the farthest count's too."""
    seen = distance(counts, shares)
    of_distance = sum(p for other, p in outcomes(sum(counts), shares) if distance(other, shares) >= seen)
    if len(shares) < 5:
        return of_distance
    return min(1, of_distance / Fraction(8, 10), len(shares) * farthest(counts, shares) / Fraction(2, 10))


def rejection_probability(n_connections, shares, real, alpha):
    """How likely the p-value is at most ``alpha`` where the shares are ``real``."""
    return sum(p for counts, p in outcomes(n_connections, real) if p_value(counts, shares) <= alpha)
