"""Synthetic histories: pods of a cluster whose demand follows a trend, wanders, and varies from day to day."""

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

FIRST_DAY = date(2025, 1, 6)


class Kind(NamedTuple):
    """How histories come about: standard deviations of the logarithm of the demand, a day."""

    walk: float
    noise: float
    n_seen: int
    step_days: int
    horizon_days: int


def history(kind, seed, pods=2000):
    """The counts that are seen, and the one at the horizon, which is held out."""
    rng = np.random.default_rng([seed, 1])
    last = (kind.n_seen - 1) * kind.step_days
    n_days = last + kind.horizon_days
    drift = rng.uniform(0, 0.4) / 365.25
    level = np.log(pods) + (drift + kind.walk * rng.standard_normal(n_days + 1)).cumsum()
    counts = rng.poisson(np.exp(level + kind.noise * rng.standard_normal(n_days + 1)))
    seen = [(FIRST_DAY + timedelta(day), int(counts[day])) for day in range(0, last + 1, kind.step_days)]
    return seen, int(counts[-1])
