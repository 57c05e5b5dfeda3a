"""What an unquoted YAML word means to kubectl: YAML 1.1 without base-60 numbers and dates.

Source: sigs.k8s.io/yaml, goyaml.v2/resolve.go (``22:22`` stays text, ``0o17`` and ``017`` are octal, ``yes`` is true).
"""

import re
from collections.abc import Callable

_BOOLEANS = {
    word: value
    for value, words in ((True, "true yes on"), (False, "false no off"))
    for base in words.split()
    for word in (base, base.capitalize(), base.upper())
}
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_NUMBER_START = frozenset("+-.0123456789")


def _octal(text: str) -> int:
    return int(text.replace("o", ""), 8)


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"[-+]?(?:0|[1-9]\d{0,17})\Z", re.ASCII), int),
    (re.compile(r"[-+]?0x[0-9a-fA-F]{1,15}\Z"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?0o?[0-7]{1,20}\Z"), _octal),
    (re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?\Z", re.ASCII), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z"), lambda text: float(text.replace(".", ""))),
)


def plain_value(text: str) -> str | int | float | bool | None:
    """Return what an unquoted scalar stands for.

    Examples
    --------
    >>> [plain_value(text) for text in ("22:22", "2026-01-01", "0777", "yes", "1e3", "10.0.0.1", "~", "08")]
    ['22:22', '2026-01-01', 511, True, 1000.0, '10.0.0.1', None, 8.0]
    """
    if text[:1] in _NUMBER_START:
        return next((convert(text) for pattern, convert in _NUMBERS if pattern.match(text)), text)
    if text in _NULLS:
        return None
    return _BOOLEANS.get(text, text)
