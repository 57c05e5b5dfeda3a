"""Counts that can be judged: whole numbers, one for each endpoint; and what they mean, in words."""

from __future__ import annotations

from collections import Counter
from math import log10
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kubenetlab.objects.connection_counts import Counted, EndpointCounts

MOST_COUNTED: Final = 10**10  # of a Service; what its band of luck can be computed for
MEANINGS: Final = {
    Counted.NEW_CONNECTIONS: "Counted are new connections (packets of the nat table, the first of each connection), not "
    "requests.",
    Counted.OPEN_CONNECTIONS: "Counted are connections open at one moment: long-lived ones weigh more, and stay where they "
    "are when endpoints come or go.",
    Counted.REQUESTS: "Counted are requests: those of one connection go where it goes, so 'not chance' may mean keep-alive.",
    Counted.FLOWS: "Counted are flows that an observer saw: each is a connection only if it was seen once.",
    Counted.GIVEN: "What was counted is not said: each count is taken for an independent choice of an endpoint.",
}


def check_comparable(every: list[EndpointCounts]) -> None:
    """Refuse counts that are wrong, or none of which can be compared.

    Raises
    ------
    ValueError
        If a count is no whole number from 0 on, an endpoint stands twice, numbers are missing, shares are none; if
        nothing was counted, or no Service has two endpoints.
    """
    for counts in every:
        for problem in _problems(counts):
            raise ValueError(f"{name_of(counts)}: {problem}")
    if not any(len(counts.endpoints) > 1 for counts in every):
        raise ValueError(
            f"nothing to compare: found no Service with two endpoints (of {len(every)}), expected one"
        )
    if not any(any(counts.counts) for counts in every):
        raise ValueError("nothing was counted: found only counts of 0")


def _problems(counts: EndpointCounts) -> list[str]:
    n, shares = len(counts.endpoints), counts.shares
    if len(counts.counts) != n or len(shares) not in (0, n):
        return [
            f"found {len(counts.counts)} counts and {len(shares)} shares, expected one for each of {n} endpoints"
        ]
    found = [
        f"endpoint {name} stands {k} times, expected once"
        for name, k in Counter(counts.endpoints).items()
        if k > 1
    ]
    found += [
        f"endpoint {name}: found {count!r:.40}, expected a whole number from 0 to 10**10"
        for name, count in zip(counts.endpoints, counts.counts, strict=True)
        if not _is_count(count)
    ]
    if not found and sum(counts.counts) > MOST_COUNTED:
        found.append(f"found counts that add to {sum(counts.counts):.4g}, expected at most 10**10")
    if shares and not (min(shares) >= 0 and abs(sum(shares) - 1) <= 1e-6):
        found.append(f"found shares {shares!r:.60}, expected numbers from 0 on that add to 1")
    return found


def _is_count(count: Any) -> bool:
    is_number = isinstance(count, int | float | np.integer)
    return is_number and bool(0 <= count <= MOST_COUNTED) and bool(count == int(count))


def check_level(alpha: float) -> None:
    """Refuse a level that is not above 0 and below 1 (ValueError)."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: found {alpha!r}, expected a probability above 0 and below 1")


def name_of(counts: EndpointCounts) -> str:
    """Return what to call the Service."""
    return counts.service or counts.where or "the Service"


def shares_and_counts(counts: EndpointCounts) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the shares to test, those of the rules or else equal ones, which add to 1; and the counts."""
    n = len(counts.endpoints)
    shares = np.array(counts.shares or [1 / n] * n, float)
    return shares / shares.sum(), np.array(counts.counts, dtype=np.int64)


def overload_factors(shares: NDArray[np.float64], counted: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return counted / expected; infinite where an endpoint that should get nothing got something."""
    expected = shares * counted.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counted == expected, 1.0, counted / expected)


def chance_words(probability: float, at_most: str = "") -> str:
    """Return how often something happens by chance; ``at_most``: the words for a probability that is a bound.

    >>> chance_words(0.0164), chance_words(1.6e-25), chance_words(1.0, "at most ")
    ('in 1.6 % of cases', 'less than once in 10^24 cases', 'in at most 100 % of cases')
    """
    if probability >= 1e-4:
        return f"in {at_most}{100 * probability:.{2 if probability < 0.995 else 3}g} % of cases"
    return f"less than once in 10^{int(-log10(probability))} cases"


def assumptions_of(every: list[EndpointCounts]) -> list[str]:
    """Return, in sentences, what was counted, which shares were tested, and what the texts say."""
    n_without = sum(not counts.shares for counts in every)
    of_which = f" of {n_without:,} of {len(every):,} Services" * (n_without < len(every))
    shares = f"Equal shares{of_which} are assumed: nothing says which part an endpoint should get."
    meanings = dict.fromkeys(MEANINGS[counts.counted] for counts in every)
    notes = dict.fromkeys(note for counts in every for note in counts.notes)
    return [
        *meanings,
        shares if n_without else "Expected are the shares that the rules give.",
        *list(notes)[:5],
    ]
