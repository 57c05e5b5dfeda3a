"""Numbers that somebody gave as an argument: another type, NaN or what is out of bounds is refused by the argument's name."""

from __future__ import annotations

from math import inf, isfinite
from numbers import Integral, Real


def is_whole(found: object, least: float = -inf, most: float = inf) -> bool:
    """Return whether an argument is a whole number between two bounds; also numpy's, but no truth value and no 24.0.

    >>> is_whole(24, 0, 32), is_whole(33, 0, 32), is_whole(24.0), is_whole(True), is_whole("24")
    (True, False, False, False, False)
    """
    return isinstance(found, Integral) and not isinstance(found, bool) and least <= int(found) <= most


def is_finite(found: object, least: float = -inf, most: float = inf) -> bool:
    """Return whether an argument is a finite number between two bounds.

    >>> is_finite(0.5, 0, 1), is_finite(float("nan")), is_finite(float("inf")), is_finite("0.5")
    (True, False, False, False)
    """
    return isinstance(found, Real) and is_number(found) and isfinite(found) and least <= float(found) <= most


def is_number(found: object) -> bool:
    """Return whether an argument is a number, finite or not."""
    return isinstance(found, Real) and not isinstance(found, bool)


def check_whole(name: str, found: object, least: int, most: int, where: str = "") -> None:
    """Refuse an argument that is no whole number between two bounds.

    Raises
    ------
    ValueError
        With the argument's name, its value and the bounds.

    Examples
    --------
    >>> check_whole("prefix_length", 33, 8, 32, " in 10.0.0.0/8")
    Traceback (most recent call last):
    ValueError: prefix_length is 33, expected a whole number of 8 to 32 in 10.0.0.0/8
    """
    if not is_whole(found, least, most):
        raise ValueError(f"{name} is {shown(found)}, expected a whole number of {least:,} to {most:,}{where}")


def shown(found: object) -> str:
    """Return an argument as an error shows it, at most 100 characters."""
    return repr(found)[:100] if not is_number(found) else str(found)
