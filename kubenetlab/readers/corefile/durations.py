"""Durations as Go reads them (time.ParseDuration), as they stand in Corefiles: ``30s``, ``1h20m``, ``1.5s``, ``0``."""

from __future__ import annotations

import re
from typing import Final

_PART = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h)"
#: A duration that is not negative.
DURATION: Final = rf"\+?(?:0|(?:{_PART})+)"


def duration_fault(text: str) -> str:
    """Return Go's words for a text that is no duration, else an empty text.

    Examples
    --------
    >>> duration_fault("1h5"), duration_fault("5x"), duration_fault("-1h20m")
    ('time: missing unit in duration "1h5"', 'time: unknown unit "x" in duration "5x"', '')
    """
    if re.fullmatch(DURATION, text.removeprefix("-")):
        return ""
    rest = re.match(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)([^0-9.]*)", re.sub(rf"^[+-]?(?:{_PART})*", "", text))
    found = f'unknown unit "{rest[1]}" in' if rest and rest[1] else "missing unit in" if rest else "invalid"
    return f'time: {found} duration "{text}"'
