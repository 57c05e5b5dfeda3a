"""How much shares differ by the digits that kube-proxy writes: no drift."""

from functools import lru_cache

from kubenetlab.load_balancing.dyadic import ONE


@lru_cache(maxsize=4096)
def rounding(n_endpoints: int, digits: int) -> float:
    """Return how far an endpoint's share may be from ``1 / n_endpoints`` by the rounding of probabilities.

    kube-proxy writes 1/n, 1/(n-1) … with some digits; the kernel keeps multiples of 2**-31.

    >>> rounding(2, 10) < 1e-8, round(rounding(3000, 5) * 3000, 3)
    (True, 0.015)
    """
    left, worst = 1.0, 0.0
    for n_left in range(n_endpoints, 0, -1):
        chance = round(1 / n_left, digits)
        worst = max(worst, abs(left * chance - 1 / n_endpoints))
        left *= 1 - chance
    return worst + 8 / ONE


def is_coarse(chance: int) -> bool:
    """Return whether a chance was written with five digits: the nearest such number is within the kernel's step."""
    probability = chance / ONE
    return abs(round(probability, 5) - probability) <= 1.01 / ONE
