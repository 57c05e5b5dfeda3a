"""The exact distribution of the number of pairs of connections that share an endpoint.

With equal shares Pearson's chi-square of n endpoints and N connections is ``(n * (2 * pairs + N) - N**2) / N``: a
whole number, the pairs, says it all. The counts are independent Poisson counts given their sum (B. Levin, Annals of
Statistics 9, 1981), so the joint transform of sum and pairs is a product over endpoints, and a discrete Fourier
transform back gives every probability, right to 1e-9. Sums and pairs are taken modulo a length beyond which less lies.
"""

from __future__ import annotations

from math import ceil, comb, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MOST_CELLS: Final = 400_000  # of the transform: about 20 ms
_CELLS_AT_ONCE: Final = 50_000


def pair_probabilities(
    n_connections: int, shares: NDArray[np.float64], low: int = 0, high: int | None = None
) -> tuple[int, NDArray[np.float64]] | None:
    """Return the least number of pairs, and the probability of it and of each greater one.

    Parameters
    ----------
    n_connections
        Independent connections, from 1 on.
    shares
        Of the endpoints; they add to 1. Equal ones cost one transform.
    low, high
        Only outcomes in which each endpoint's count lies between these, both included, are added.

    Returns
    -------
    None where it is too much work. Pairs more than 9 standard deviations (and 60) below the mean or 16 above are left out.

    Examples
    --------
    >>> first, probabilities = pair_probabilities(2, np.array([0.5, 0.5]))
    >>> first, probabilities.round(9).tolist()
    (0, [0.5, 0.5])
    """
    from scipy.fft import ifft, next_fast_len
    from scipy.stats import poisson

    first, last = _window(n_connections, shares)
    length, of_sum = next_fast_len(last - first + 1), int(7 * sqrt(n_connections) + 30) | 1
    frequencies = np.arange(of_sum // 2 + 1)
    if length * len(frequencies) > _MOST_CELLS:
        return None
    angles = 2 * np.pi * frequencies / of_sum
    weights = np.where(frequencies == 0, 1, 2) * np.exp(-1j * angles * n_connections)
    groups = list(zip(*np.unique(shares * n_connections, return_counts=True), strict=True))
    total, step = np.zeros(length, complex), max(1, _CELLS_AT_ONCE // length)
    for start in range(0, len(angles), step):
        block = slice(start, start + step)
        product = np.repeat(weights[block, None], length, axis=1)
        for mean, size in groups:
            product *= _power(
                _transform(mean, (low, high or n_connections), angles[block], length), int(size)
            )
        total += product.sum(0)  # a product of matrices would start threads for it
    found = ifft(total).real / (of_sum * poisson.pmf(n_connections, n_connections))
    return first, np.roll(found, -(first % length))[: last - first + 1].clip(0)


def _window(n_connections: int, shares: NDArray[np.float64]) -> tuple[int, int]:
    """Mean and variance of a sum over pairs (W. Hoeffding, Annals of Mathematical Statistics 19, 1948)."""
    squares, cubes = float((shares**2).sum()), float((shares**3).sum())
    two, three = comb(n_connections, 2), comb(n_connections, 3)
    deviation = sqrt(max(0.0, two * (squares - squares**2) + 6 * three * (cubes - squares**2)))
    return max(0, int(two * squares - 9 * deviation - 60)), min(
        two, ceil(two * squares + 16 * deviation + 60)
    )


def _transform(
    mean: float, counts: tuple[int, int], angles: NDArray[np.float64], length: int
) -> NDArray[np.complex128]:
    """The transform of one endpoint's count and pairs: shape (angles, length)."""
    from scipy.fft import fft
    from scipy.stats import poisson

    reach = 10 * sqrt(mean) + 30
    count = np.arange(max(counts[0], int(mean - reach)), min(counts[1], ceil(mean + reach)) + 1)
    cells = np.zeros((length, len(angles)), complex)
    np.add.at(
        cells,
        count * (count - 1) // 2 % length,
        (poisson.pmf(count, mean) * np.exp(1j * np.outer(angles, count))).T,
    )
    return fft(cells.T, axis=1)


def _power(base: NDArray[np.complex128], exponent: int) -> NDArray[np.complex128]:
    """By squaring: numpy's complex power takes logarithms."""
    if exponent == 1:
        return base
    half = _power(base, exponent // 2)
    return half * half * base if exponent % 2 else half * half
