"""How unevenly connections lie on endpoints: four numbers that people use, and how many endpoints have none."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: The measures, in the order in which `imbalance` returns them.
MEASURES: Final = ("max_over_mean", "cv", "jain", "gini", "idle_endpoints")


def imbalance(counts: NDArray[np.int64]) -> tuple[float, float, float, float, float]:
    """Return how unevenly connections lie.

    Parameters
    ----------
    counts
        Connections of each endpoint; shape (n_endpoints,).

    Returns
    -------
    ``max_over_mean`` (1 is even); ``cv``, the standard deviation over the mean (0 is even); Jain's fairness index
    ``jain`` (1 is even, 1/n is all on one; Jain, Chiu and Hawe 1984); ``gini`` (0 is even); ``idle_endpoints``.
    The first four are NaN where there is no connection.

    Examples
    --------
    >>> imbalance(np.array([2, 2, 2])), imbalance(np.array([6, 0, 0]))[:3]
    ((1.0, 0.0, 1.0, 0.0, 0.0), (3.0, 1.4142135623730951, 0.3333333333333333))
    """
    n, total = counts.size, float(counts.sum())
    idle = float(n - np.count_nonzero(counts))
    if not total:
        return np.nan, np.nan, np.nan, np.nan, idle
    mean = total / n
    jain = total * total / (n * float(np.square(counts, dtype=np.float64).sum()))
    ranks = 2.0 * np.arange(1, n + 1) - n - 1
    gini = float(ranks @ np.sort(counts)) / (n * total)
    return float(counts.max()) / mean, float(counts.std()) / mean, jain, gini, idle
