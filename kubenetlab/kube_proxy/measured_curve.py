"""A quantity between measured sizes: interpolated, never claimed to follow a law."""

from __future__ import annotations

from itertools import pairwise
from math import exp, log, nan
from typing import Final

_FAR: Final = 2  # times the largest measured size


class MeasuredCurve:
    """A line through measured points, straight in log-log between two neighbours.

    It is level below the smallest size, goes on to twice the largest one, and is not known beyond.
    """

    def __init__(self, points: list[tuple[float, float]]) -> None:
        if not points or min(map(min, points)) <= 0 or len(dict(points)) < len(points):
            raise ValueError(
                f"a measurement needs different sizes, and sizes and times above 0, got {points}"
            )
        self.points = sorted(points)

    def at(self, x: float) -> float:
        """Return the height at a size; not a number where it is not known."""
        x = max(x, self.points[0][0])
        if x > _FAR * self.points[-1][0]:
            return nan
        pairs = list(pairwise(self.points)) or [
            (self.points[0], (_FAR * self.points[0][0], self.points[0][1]))
        ]
        (x0, y0), (x1, y1) = next((pair for pair in pairs if x <= pair[1][0]), pairs[-1])
        return y0 * exp(log(y1 / y0) * log(x / x0) / log(x1 / x0))

    def is_outside(self, x: float) -> bool:
        """Whether a size lies outside what was measured."""
        return not self.points[0][0] <= x <= self.points[-1][0]

    @property
    def error_factor(self) -> float:
        """Return by which factor, at worst, a measured point is missed if it is left out; no number without inner ones."""
        factors = [
            exp(abs(log(MeasuredCurve(self.points[:i] + self.points[i + 1 :]).at(x) / y)))
            for i, (x, y) in enumerate(self.points[1:-1], 1)
        ]
        return max(factors, default=nan)
