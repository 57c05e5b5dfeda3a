"""Growth found in a history of counts, with how far it can be trusted.

The logarithm of the count is taken as a random walk with drift that is seen with noise: how fast the trend is, how
much it wanders, and how much of what is seen is noise are all unknown. The ratio of noise to wandering is weighed on a
grid by its restricted likelihood, variance and trend are drawn from their exact distributions given the ratio, so
short histories give wide forecasts. The extremes are the log-linear trend (all noise) and the pure random walk. A short
history cannot tell them apart, so ratios with little walk count less beforehand (the square root of the walk's share of
the variance): the band errs on the wide side where a count only follows its trend. Seasons are not modelled.

References
----------
.. [1] A. C. Harvey, "Forecasting, Structural Time Series Models and the Kalman Filter", 1989, local level with drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve_banded, cholesky_banded

from kubenetlab.ipam.forecast.growth import DAYS_PER_YEAR
from kubenetlab.ipam.number_arguments import is_finite, shown

#: A count and when it was seen; a datetime without zone is read as UTC.
DatedCount = tuple[date, float]

MIN_DAYS_SEEN = 5
#: More days are thinned evenly: the first and the last stay.
MAX_DAYS_SEEN = 4000

_SECONDS_PER_DAY = 86_400
#: Variance of the walk in one step, in units of the variance of the noise.
_RATIOS = np.logspace(-4, 4, 33)
_Floats = NDArray[np.float64]


class _Fit(NamedTuple):
    """What one ratio of walk to noise makes of a history; variances are in units of the noise's."""

    log_weight: float
    drift: float  # a day
    drift_variance: float
    noise: float  # in the last count
    noise_by_drift: float  # how that changes with the drift
    noise_variance: float
    walk_variance: float  # a day
    sum_of_squares: float


@dataclass(frozen=True, slots=True, eq=False)
class FittedGrowth:
    """Growth as a history shows it.

    Attributes
    ----------
    n_days_seen
        How many days with a count were used.
    last_count
        The latest count, which the forecast's factors refer to.
    """

    n_days_seen: int
    last_count: float
    _fits: tuple[_Fit, ...]
    _weights: _Floats

    def log_factors(self, n_days: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return one possible path: a trend, a wandering and noise that the history allows.

        Noise of counts themselves (a Poisson count of n has variance n) is left out: who draws counts adds it.
        """
        fit = self._fits[int(np.searchsorted(self._weights, rng.random(), side="right"))]
        variance = fit.sum_of_squares / rng.chisquare(self.n_days_seen - 2)
        more_drift = np.sqrt(variance * fit.drift_variance) * rng.standard_normal()
        last_noise = np.sqrt(variance * fit.noise_variance) * rng.standard_normal()
        path = np.zeros(n_days + 1)
        path[1:] = np.sqrt(variance * fit.walk_variance) * rng.standard_normal(n_days).cumsum()
        path += (fit.drift + more_drift) * np.arange(n_days + 1)
        path -= fit.noise + fit.noise_by_drift * more_drift + last_noise
        noise = max(0.0, variance - 1 / self.last_count)
        path += np.sqrt(noise) * rng.standard_normal(n_days + 1)
        return path

    @property
    def per_year(self) -> float:
        """The likeliest growth, as a fraction a year."""
        weights = np.diff(self._weights, prepend=0.0)
        drift = float(np.dot(weights, [fit.drift for fit in self._fits]))
        return float(np.expm1(drift * DAYS_PER_YEAR))

    @property
    def words(self) -> str:
        """The growth in a few words."""
        return f"{self.per_year * 100:+.3g} % a year, fitted to {self.n_days_seen} days"


def fit_growth(history: Iterable[DatedCount]) -> FittedGrowth:
    """Return the growth that a history of counts shows, with its uncertainty.

    Parameters
    ----------
    history
        Counts with the date or time when they were seen, in any order, as `kubenetlab.readers.prometheus` reads them;
        of several on one day (UTC) the highest is used.

    Raises
    ------
    ValueError
        If a row is no date with a count, a count is not a finite number of at least 1, or fewer than 5 days have one.

    Examples
    --------
    >>> from datetime import date
    >>> history = [(date(2026, month, 1), 100 * 1.05**month) for month in range(1, 13)]
    >>> fit_growth(history).words
    '+79.7 % a year, fitted to 12 days'
    """
    days, counts = _by_day(history)
    rounding = float(np.mean(1 / counts**2)) / 12  # counts are whole numbers
    fits = tuple(_fit(np.diff(days), np.diff(np.log(counts)), ratio, rounding) for ratio in _RATIOS)
    log_weights = np.array([fit.log_weight for fit in fits])
    weights = np.exp(log_weights - log_weights.max()).cumsum()
    return FittedGrowth(len(days), float(counts[-1]), fits, weights / weights[-1])


def _fit(steps: _Floats, changes: _Floats, ratio: float, rounding: float) -> _Fit:
    """Fit changes over steps of days: each is drift, walk, and the noise of its end less that of its start.

    Only the last change holds the last noise, and holds it once.
    """
    walk = ratio / steps.mean()
    banded = np.stack([np.full(len(steps), -1.0), walk * steps + 2])
    root = cholesky_banded(banded)
    last = np.zeros(len(steps))
    last[-1] = 1
    of_steps, of_changes, of_last = cho_solve_banded(
        (root, False), np.stack([steps, changes, last], axis=1)
    ).T
    information = float(steps @ of_steps)
    drift = float(steps @ of_changes) / information
    n_free = len(steps) - 1
    sum_of_squares = float((changes - drift * steps) @ (of_changes - drift * of_steps)) + n_free * rounding
    log_determinants = 2 * np.log(root[1]).sum() + np.log(information)
    return _Fit(
        log_weight=-0.5
        * float(log_determinants + n_free * np.log(sum_of_squares) - np.log(ratio / (1 + ratio))),
        drift=drift,
        drift_variance=1 / information,
        noise=float(of_last @ (changes - drift * steps)),
        noise_by_drift=-float(of_last @ steps),
        noise_variance=max(0.0, 1 - float(of_last[-1])),
        walk_variance=float(walk),
        sum_of_squares=sum_of_squares,
    )


def _by_day(history: Iterable[DatedCount]) -> tuple[_Floats, _Floats]:
    highest: dict[int, float] = {}
    for when, count in _checked(history):
        day = _day(when)
        highest[day] = max(count, highest.get(day, 0.0))
    if len(highest) < MIN_DAYS_SEEN:
        raise ValueError(
            f"the history has {len(highest)} days with a count, expected at least {MIN_DAYS_SEEN}; "
            "give a range of growth instead"
        )
    days = sorted(highest)
    if len(days) > MAX_DAYS_SEEN:
        days = [days[round(i)] for i in np.linspace(0, len(days) - 1, MAX_DAYS_SEEN)]
    return np.array(days, dtype=float), np.array([highest[day] for day in days])


def _checked(history: Iterable[DatedCount]) -> Iterator[DatedCount]:
    if not isinstance(history, Iterable):
        raise ValueError(
            f"history is {shown(history)}, expected dates and counts, such as [(date(2026, 1, 1), 40)]"
        )
    for row, seen in enumerate(history):
        if not (isinstance(seen, tuple | list) and len(seen) == 2 and isinstance(seen[0], date)):
            raise ValueError(f"history[{row}] is {shown(seen)}, expected a date and a count")
        when, count = seen
        if not is_finite(count, 1):
            raise ValueError(
                f"the history counts {shown(count)} at {when}: expected a finite number of at least 1"
            )
        yield when, count


def _day(when: date) -> int:
    if not isinstance(when, datetime):
        return when.toordinal()
    return (when if when.tzinfo is None else when.astimezone(UTC)).date().toordinal()
