"""A rate of growth as it is typed: ``20%``, ``20-40%`` (a year) or ``2-5/day``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kubenetlab.ipam.days_left import PerDay
    from kubenetlab.ipam.forecast.growth import Growth

_NUMBER = r"(\d{1,7}(?:\.\d{1,6})?)"
_TO = r"\s*(?:-|to|\.\.)\s*"
_RATE = re.compile(
    rf"{_NUMBER}(?:%?{_TO}{_NUMBER})?\s*%(?:/year)?|{_NUMBER}(?:{_TO}{_NUMBER})?\s*/day",
    re.ASCII,
)


def growth_given(context: click.Context, option: click.Parameter, text: str | None) -> Growth | PerDay | None:
    """Return the growth that an option gives, or None.

    Raises
    ------
    click.BadParameter
        If the text is no rate, or its lower bound is above the upper one.
    """
    if text is None:
        return None
    from kubenetlab.ipam.days_left import PerDay
    from kubenetlab.ipam.forecast.growth import Growth

    found = _RATE.fullmatch(text.strip())
    if not found:
        raise click.BadParameter(f"found {text[:40]!r}, expected 20%, 20-40% (a year) or 2-5/day")
    is_per_day = found[1] is None
    first, second = found.groups()[2:] if is_per_day else found.groups()[:2]
    low, high = float(first), float(second or first)
    try:
        return PerDay(low, high) if is_per_day else Growth(low / 100, high / 100)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
