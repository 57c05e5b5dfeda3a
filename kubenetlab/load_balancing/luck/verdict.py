"""Is this imbalance chance or not: the verdict on the counts of one Service or of all of a node."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kubenetlab.load_balancing.luck.checked_counts import (
    assumptions_of,
    chance_words,
    check_comparable,
    check_level,
    overload_factors,
    shares_and_counts,
)
from kubenetlab.load_balancing.luck.endpoint_luck import judged
from kubenetlab.load_balancing.luck.extremes import luck_band
from kubenetlab.load_balancing.luck.levels import attained_level
from kubenetlab.load_balancing.luck.null_distribution import LEAST_P, LuckTest
from kubenetlab.load_balancing.luck.power import check_relevant, connections_needed
from kubenetlab.objects.connection_counts import EndpointCounts
from kubenetlab.result import Basis, Result

_SHOWN: Final = 5


class Verdict(StrEnum):
    """What can be said of the counts of a Service."""

    NOT_CHANCE = "not chance"
    CONSISTENT = "consistent with chance"
    CANNOT_TELL = "cannot tell yet"


def luck(
    counts: EndpointCounts | Sequence[EndpointCounts],
    *,
    alpha: float = 0.05,
    relevant_overload: float = 1.5,
    power: float = 0.8,
    seed: int = 1,
) -> Result:
    """Judge whether the counts of each Service differ from its shares by more than chance.

    Parameters
    ----------
    counts
        Of one Service port, or of several that are tested together.
    alpha
        Probability of a false alarm, over all Services together at most this.
    relevant_overload
        What is worth knowing: one endpoint gets so many times its share.
    power
        "Consistent with chance" is said only where that overload would have been seen with this probability.
    seed
        Of the simulated test.

    Returns
    -------
    A Result; its frame has one row a Service, the most suspicious first: service, where, counted (what), n_endpoints,
    n_counted, worst_endpoint (the most overloaded), overload_factor (its count / the expected one), p_value (of the
    whole test: chance alone brings one as small in at most that part of cases), p_value_corrected (Holm, over the
    Services), attained_level (the probability of a false alarm that the test of this Service alone has at ``alpha``),
    test (how the probability of the distance was had: exact, simulated, chi-square; from five endpoints on p_value is a
    bound also where it is exact), verdict, more_connections (how many more would
    settle it; missing where it is settled), odd_endpoints (outside of the band of luck), chi_square (Pearson's) and
    chi_square_p_value (by the chi-square distribution, as published elsewhere; far out it is wrong by many powers of
    ten for few connections, ``p_value`` is not).
    A Service with one endpoint, or of which nothing was counted, is a row without a test: "cannot tell yet".

    Raises
    ------
    ValueError
        If counts cannot be judged (each names service, endpoint, what was found and what was expected), nothing was
        counted, no Service has two endpoints, or an argument is out of its range.

    Examples
    --------
    >>> counted = EndpointCounts("shop/web:http", ("a:80", "b:80"), (520, 480))
    >>> luck(counted).frame.loc[0, "verdict"]
    'consistent with chance'
    """
    every = [counts] if isinstance(counts, EndpointCounts) else list(counts)
    check_comparable(every)
    check_level(alpha)
    check_relevant(relevant_overload, power)
    frame = pd.DataFrame([_row(each, alpha, seed) for each in every])
    frame["p_value_corrected"] = corrected = _holm(frame["p_value"].to_numpy(float))
    is_odd = corrected <= alpha
    level = alpha / max(1, int((corrected > alpha).sum()))
    needed = pd.array([_needed(each, relevant_overload, level, power) for each in every], dtype="Int64")
    more = (needed - frame["n_counted"]).clip(lower=0).mask(is_odd)
    is_settled = (more == 0).fillna(False).to_numpy(bool)
    frame["verdict"] = np.select(
        [is_odd, is_settled], [Verdict.NOT_CHANCE, Verdict.CONSISTENT], Verdict.CANNOT_TELL
    )
    frame["more_connections"] = more.mask(is_settled)
    frame["odd_endpoints"] = [
        _odd(each, alpha) if odd else "" for each, odd in zip(every, is_odd, strict=True)
    ]
    ranked = ["p_value_corrected", "p_value", "overload_factor"]
    frame = frame.sort_values(ranked, ascending=[True, True, False], kind="stable", ignore_index=True)
    frame = frame.astype(dict.fromkeys(("service", "where", "counted", "test", "verdict"), "str"))
    because = (*_effects(frame), *_meanings(frame, alpha, relevant_overload, power), *assumptions_of(every))
    return Result(
        title="Chance or not: the counts of each Service", _frame=frame, because=because, basis=Basis.SOURCE
    )


def _row(counts: EndpointCounts, alpha: float, seed: int) -> dict[str, Any]:
    """What is known of one Service alone, in the order of the columns."""
    from scipy.stats import chi2

    shares, counted = shares_and_counts(counts)
    is_testable = counted.any() and ((shares > 0).sum() > 1 or counted[shares == 0].any())
    p_value, null = judged(counts, seed) if is_testable else (np.nan, None)
    factors = overload_factors(shares, counted)
    distance = float(null.distances(counted[shares > 0])) if null else np.nan
    return {
        "service": counts.service,
        "where": counts.where,
        "counted": str(counts.counted),
        "n_endpoints": len(counted),
        "n_counted": int(counted.sum()),
        "worst_endpoint": counts.endpoints[int(np.argmax(factors))] if is_testable else "",
        "overload_factor": float(factors.max()) if is_testable else np.nan,
        "p_value": p_value,
        "p_value_corrected": np.nan,
        "attained_level": attained_level(null, alpha) if null else np.nan,
        "test": str(null.test if null else LuckTest.EXACT) if is_testable else "",
        "verdict": "",
        "more_connections": None,
        "odd_endpoints": "",
        "chi_square": distance,
        "chi_square_p_value": float(chi2.sf(distance, len(shares[shares > 0]) - 1)),
    }


def _holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corrected p-values (S. Holm, 1979); those that are missing are no tests."""
    corrected, order = p_values.copy(), np.argsort(p_values)
    order = order[: int((~np.isnan(p_values)).sum())]
    scaled = p_values[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return corrected


def _needed(counts: EndpointCounts, overload: float, level: float, power: float) -> int | None:
    shares = shares_and_counts(counts)[0]
    return connections_needed(shares, overload, level, power) if (shares > 0).sum() > 1 else None


def _odd(counts: EndpointCounts, alpha: float) -> str:
    """The endpoints outside of the band of luck, the farthest first."""
    shares, counted = shares_and_counts(counts)
    expected = shares * counted.sum()
    low, high = luck_band(int(counted.sum()), shares, alpha)
    order = np.argsort(-abs(counted - expected), kind="stable")
    odd = [i for i in order if not low[i] <= counted[i] <= high[i]]
    shown = [f"{counts.endpoints[i]} ({counted[i]:,} for {expected[i]:,.1f})" for i in odd[:_SHOWN]]
    shown += [f"{len(odd) - _SHOWN:,} more"] if len(odd) > _SHOWN else []
    return ", ".join(shown) or "no single one: all together"


def _effects(frame: pd.DataFrame) -> list[str]:
    """What the first few Services that have a verdict show."""
    told = frame[frame["verdict"] != Verdict.CANNOT_TELL].head(_SHOWN).to_dict("records")
    return [
        f"{row['service'] or row['where'] or 'the Service'}: {row['verdict']}. {row['worst_endpoint']} got "
        f"{row['overload_factor']:.3g} times its share of {row['n_counted']:,} {row['counted']}"
        f"{'; outside of what chance leaves: ' * bool(row['odd_endpoints'])}{row['odd_endpoints']}. Chance alone gives "
        f"such counts, or stranger ones, {chance_words(row['p_value'], 'at most ')}."
        for row in told
    ] + [sentence for row in told if (sentence := _published(row))]


def _published(row: Any) -> str:
    """Why the p-value that others publish is another one; empty where it is not."""
    published = max(row["chi_square_p_value"], LEAST_P)
    if row["verdict"] != Verdict.NOT_CHANCE or not abs(np.log(published / row["p_value"])) > np.log(3):
        return ""
    why = "it is right for many counts, not far out, and one odd endpoint may hide in its sum"
    name = row["service"] or row["where"] or "the Service"
    return f"{name}: by the chi-square distribution, as often published, p is {published:.1g}: {why}."


def _meanings(frame: pd.DataFrame, alpha: float, overload: float, power: float) -> list[str]:
    """What the verdicts mean that were given."""
    n_tested, verdicts = int(frame["p_value"].notna().sum()), set(frame["verdict"])
    said = {
        f"{n_tested:,} Services are tested together (Holm's correction): with at most {100 * alpha:g} % probability "
        "chance alone makes any of them 'not chance'.": n_tested > 1,
        f"'consistent with chance': had one endpoint {overload:g} times its share, it would have been seen with about "
        f"{100 * power:g} % probability or more.": Verdict.CONSISTENT in verdicts,
        "'cannot tell yet': too few were counted, more_connections says how many more it takes; with one endpoint there "
        "is nothing to compare.": Verdict.CANNOT_TELL in verdicts,
    }
    return [sentence for sentence, applies in said.items() if applies]
