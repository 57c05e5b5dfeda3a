"""How far a forecast looks, and how often it plays the future."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from math import inf

from kubenetlab.ipam.number_arguments import is_whole, shown

MAX_DAYS = 36_525
#: Most replicates times days of one forecast.
MAX_CELLS = 50_000_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """How far a forecast looks, and how often it plays.

    Attributes
    ----------
    n_days
        Days to look ahead.
    n_replicates
        How often the future is played.
    seed
        Replicate i draws from ``SeedSequence(seed, spawn_key=(i,))``.
    start
        The date of the first day; without one the results count days.
    progress
        Called with how many replicates are done and how many there are.

    Raises
    ------
    ValueError
        If a field is of another type, there is no day or no replicate, or more of them than fit into memory, or the last
        day is after the year 9999.
    """

    n_days: int = 730
    n_replicates: int = 500
    seed: int
    start: date | None = None
    progress: Progress | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for name, least, most in (("n_days", 1, MAX_DAYS), ("n_replicates", 1, MAX_CELLS), ("seed", 0, inf)):
            found = getattr(self, name)
            if not is_whole(found, least, most):
                bounds = f"of at least {least}" if most == inf else f"of {least} to {most:,}"
                raise ValueError(f"{name} {shown(found)}: expected a whole number {bounds}")
        if self.start is not None and not isinstance(self.start, date):
            raise ValueError(f"start {shown(self.start)}: expected a datetime.date or None")
        if self.progress is not None and not callable(self.progress):
            raise ValueError(f"progress {shown(self.progress)}: expected a function of two numbers or None")
        self._check_last_day()

    def _check_last_day(self) -> None:
        if self.n_days * self.n_replicates > MAX_CELLS:
            raise ValueError(
                f"{self.n_replicates:,} replicates of {self.n_days:,} days: expected at most {MAX_CELLS:,} days in all"
            )
        if (
            self.start
            and self.n_days > (date.max - date(self.start.year, self.start.month, self.start.day)).days
        ):
            raise ValueError(f"start {self.start}: expected a date with {self.n_days:,} days after it")
