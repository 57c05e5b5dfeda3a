"""How a count grows: a range of yearly rates that is given; `fit_growth` finds one with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam.number_arguments import is_finite, shown

DAYS_PER_YEAR = 365.25


class GrowthPaths(Protocol):
    """Where a demand may go: what a forecast asks of a growth."""

    def log_factors(self, n_days: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return one possible path: the logarithm of what a count is multiplied by, for each of ``n_days`` + 1 days."""
        ...

    @property
    def words(self) -> str:
        """The growth in a few words."""
        ...


@dataclass(frozen=True, slots=True)
class Growth:
    """Compound growth by a fraction a year that lies between two bounds: 0.2 to 0.4 is 20 % to 40 % a year.

    Raises
    ------
    ValueError
        If a bound is not a finite number of at least 0, or ``low`` is above ``high``.
    """

    low_per_year: float
    high_per_year: float

    def __post_init__(self) -> None:
        low, high = self.low_per_year, self.high_per_year
        if not (is_finite(low, 0) and is_finite(high, low)):
            raise ValueError(
                f"growth of {shown(low)} to {shown(high)} a year: two finite numbers expected, 0 <= low <= high"
            )

    def factor(self, days: float, share: float = 1.0) -> float:
        """Return what a count is multiplied by after ``days``.

        Parameters
        ----------
        days
            Days from now.
        share
            Which rate between the bounds: 0 is the lowest, 1 the highest.

        Examples
        --------
        >>> round(Growth(0.2, 0.4).factor(2 * DAYS_PER_YEAR), 2)
        1.96
        """
        rate = self.low_per_year + share * (self.high_per_year - self.low_per_year)
        return float((1 + rate) ** (days / DAYS_PER_YEAR))

    def log_factors(self, n_days: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return one possible path; every rate between the bounds is as likely as any other."""
        rate = rng.uniform(self.low_per_year, self.high_per_year)
        path: NDArray[np.float64] = np.arange(n_days + 1) * (np.log1p(rate) / DAYS_PER_YEAR)
        return path

    @property
    def words(self) -> str:
        """The growth in a few words.

        >>> Growth(0.2, 0.4).words, Growth(0.3, 0.3).words
        ('20 % to 40 % a year', '30 % a year')
        """
        low, high = (f"{rate * 100:.3g} %" for rate in (self.low_per_year, self.high_per_year))
        return f"{low} a year" if low == high else f"{low} to {high} a year"
