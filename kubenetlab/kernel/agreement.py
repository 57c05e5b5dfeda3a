"""Whether counts agree with exact probabilities: chi-square, corrected for the number of questions asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

MIN_EXPECTED = 5.0  # flows; rarer outcomes are counted together
Key = TypeVar("Key")


def p_value(expected: Mapping[Key, float], observed: Mapping[Key, int]) -> float:
    """Return how probable counts at least as far off as these are, 0 if something impossible happened.

    Parameters
    ----------
    expected
        Flows by outcome; outcomes of fewer than 5 are counted together, the rarest first.
    observed
        Flows by outcome.

    Notes
    -----
    Pearson's chi-square with one degree of freedom less than outcomes; Pearson, K., 1900, Philosophical Magazine 50.

    Examples
    --------
    >>> round(p_value({"a": 50.0, "b": 50.0}, {"a": 60, "b": 40}), 4)
    0.0455
    >>> p_value({"a": 50.0, "b": 0.0}, {"a": 49, "b": 1})
    0.0
    """
    if any(count and not expected.get(outcome) for outcome, count in observed.items()):
        return 0.0
    is_rare = {outcome: flows < MIN_EXPECTED for outcome, flows in expected.items()}
    cells = [(expected[outcome], observed.get(outcome, 0)) for outcome in expected if not is_rare[outcome]]
    rare = [(expected[outcome], observed.get(outcome, 0)) for outcome in expected if is_rare[outcome]]
    cells.append((sum(want for want, _ in rare), sum(got for _, got in rare)))
    if len(cells) > 1 and cells[-1][0] < MIN_EXPECTED:
        cells.sort()
        cells[:2] = [(cells[0][0] + cells[1][0], cells[0][1] + cells[1][1])]
    if len(cells) < 2:
        return 1.0
    from scipy.stats import chi2

    return float(chi2.sf(sum((got - want) ** 2 / want for want, got in cells), len(cells) - 1))


def corrected(p_values: Sequence[float]) -> list[float]:
    """Return p values that may each be held against the level of the whole family.

    Notes
    -----
    Holm, S., 1979, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> corrected([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    result, largest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - place)))
        result[index] = largest
    return result
