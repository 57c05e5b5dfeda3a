"""How numbers and names are written in pictures and reports."""

from __future__ import annotations

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MAX_DIGITS_LIMIT = 10**12


def count_text(n: int) -> str:
    """Write a count: with commas, and from 10^12 on as a power.

    >>> count_text(65536), count_text(2**72), count_text(2**72 - 5)
    ('65,536', '2⁷²', '4.72·10²¹')
    """
    if n < _MAX_DIGITS_LIMIT:
        return f"{n:,}"
    if n & (n - 1) == 0:
        return "2" + str(n.bit_length() - 1).translate(_SUPERSCRIPTS)
    mantissa, exponent = f"{n:.2e}".split("e+")
    return f"{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def share_text(share: float) -> str:
    """Write a share of 0 to 1 as a percentage; what is not nothing never reads as 0, and not full never as 100.

    >>> [share_text(share) for share in (0, 0.00002, 0.0196, 0.5, 0.99999, 1)]
    ['0 %', 'below 0.1 %', '2.0 %', '50.0 %', 'above 99.9 %', '100 %']
    """
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    if share < 0.001:
        return "below 0.1 %"
    if 0.999 < share < 1:
        return "above 99.9 %"
    return f"{share * 100:.1f} %"


def plural(n: int, noun: str) -> str:
    """Write a count and its noun.

    >>> plural(1, "node"), plural(2000, "node"), plural(2, "address")
    ('1 node', '2,000 nodes', '2 addresses')
    """
    ending = "es" if noun.endswith(("s", "x")) else "s"
    return f"{count_text(n)} {noun}" if n == 1 else f"{count_text(n)} {noun}{ending}"


def label_text(name: str, max_length: int = 48) -> str:
    """Write a name as the label of a picture: one line, glyphs that every font has, shortened in the middle.

    Tables beside a picture show names whole.

    >>> label_text("worker-1"), label_text("a" * 30 + "b" * 30, 11)
    ('worker-1', 'aaaaa…bbbbb')
    """
    drawable = "".join(c if c.isascii() and c.isprintable() else "?" for c in name)
    if len(drawable) <= max_length:
        return drawable
    half = (max_length - 1) // 2
    return f"{drawable[:half]}…{drawable[-half:]}"
