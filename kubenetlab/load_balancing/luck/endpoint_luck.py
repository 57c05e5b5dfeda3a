"""What chance gives each endpoint of a Service, beside what was counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kubenetlab.load_balancing.luck.checked_counts import (
    assumptions_of,
    chance_words,
    check_comparable,
    check_level,
    name_of,
    overload_factors,
    shares_and_counts,
)
from kubenetlab.load_balancing.luck.extremes import endpoint_p_values, luck_band
from kubenetlab.load_balancing.luck.null_distribution import LEAST_P, NullDistribution, null_distribution
from kubenetlab.objects.connection_counts import EndpointCounts
from kubenetlab.result import Basis, Result


def endpoint_luck(counts: EndpointCounts, *, alpha: float = 0.05, seed: int = 1) -> Result:
    """Return for each endpoint of one Service what chance makes likely, and what was counted.

    Parameters
    ----------
    counts
        Of one Service port with at least two endpoints.
    alpha
        Chance leaves the bands of luck, all taken together, with at most this probability.
    seed
        Of the test, where it is simulated.

    Returns
    -------
    A Result; its frame has one row an endpoint: endpoint, share (of the rules, else 1 / n), fair_share (1 / n), expected
    (connections), low and high (the band of luck, both included), counted, counted_share, overload_factor (counted /
    expected), p_value (of this endpoint alone, binomial, two-sided), is_odd (outside the band). ``because`` begins with
    how likely chance alone brings counts that are as far from the expected ones (from five endpoints on: at most).

    Raises
    ------
    ValueError
        If the counts cannot be judged, are all zero, or there is only one endpoint.
    """
    check_comparable([counts])
    check_level(alpha)
    shares, counted = shares_and_counts(counts)
    total, n = int(counted.sum()), len(counted)
    low, high = luck_band(total, shares, alpha)
    is_odd = (counted < low) | (counted > high)
    columns = {
        "endpoint": pd.array(counts.endpoints, dtype="str"),
        "share": shares,
        "fair_share": 1 / n,
        "expected": shares * total,
        "low": low,
        "high": high,
        "counted": counted,
        "counted_share": counted / total,
        "overload_factor": overload_factors(shares, counted),
        "p_value": np.maximum(endpoint_p_values(total, shares, counted), LEAST_P),
        "is_odd": is_odd,
    }
    p_value, null = judged(counts, seed)
    likely = chance_words(p_value, "at most " * (null is not None and null.has_extremes))
    because = (
        f"{total:,} {counts.counted}: chance alone brings counts as far from the expected ones, or farther, {likely}.",
        f"{int(is_odd.sum()):,} of {n:,} endpoints are outside of the band of luck, which chance leaves, with any endpoint, "
        f"in at most {100 * alpha:g} % of cases.",
        *assumptions_of([counts]),
    )
    title = f"Luck of the endpoints of {name_of(counts)}"
    return Result(title=title, _frame=pd.DataFrame(columns), because=because, basis=Basis.SOURCE)


def judged(counts: EndpointCounts, seed: int = 1) -> tuple[float, NullDistribution | None]:
    """Return the p-value of counts that are not all 0, and its distribution.

    There is none where an endpoint got connections though its share is 0: that is no chance. Rounded counts are taken as
    even as they can have been.
    """
    shares, counted = shares_and_counts(counts)
    if counted[shares == 0].any():
        return LEAST_P, None
    if any("rounded" in note for note in counts.notes):
        counted = _unrounded(shares, counted)
    null = null_distribution(int(counted.sum()), shares, seed=seed)
    return float(null.p_values(counted[shares > 0])), null


def _unrounded(shares: NDArray[np.float64], counted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the counts nearest to the shares among those that are printed so (from 100,000 on in K, M or G).

    >>> _unrounded(np.array([0.5, 0.5]), np.array([151_000, 149_000])).tolist()
    [150500, 149500]
    """
    unit = np.ones_like(counted)
    for size in (1_000, 1_000_000, 1_000_000_000):
        unit[(counted >= 100_000) & (counted % size == 0)] = size
    even = np.rint(shares * counted.sum()).astype(np.int64)
    nearest: NDArray[np.int64] = np.clip(even, counted - unit // 2, counted + unit // 2)
    return nearest
