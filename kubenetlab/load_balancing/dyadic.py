"""Exact probabilities with large denominators, without a greatest common divisor at every step.

A chance in iptables is q / 2**31, so the last of a thousand endpoints has a denominator of 31,000 bits.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from numbers import Rational
from typing import Final, NamedTuple

ONE: Final = 1 << 31  # a chance that always hits
MAX_EXACT_BITS: Final = 4096  # a longer denominator is not written out


class _Reduced(NamedTuple):
    numerator: int
    denominator: int


Rational.register(_Reduced)  # Fraction takes such a number as it is, without a common divisor


def halved(numerator: int, denominator: int) -> tuple[int, int]:
    """Return a fraction without the factors of two that both sides share.

    >>> halved(12, 64), halved(0, 64)
    ((3, 16), (0, 1))
    """
    if not numerator:
        return 0, 1
    both = numerator | denominator
    twos = (both & -both).bit_length() - 1
    return numerator >> twos, denominator >> twos


def exact(numerator: int, denominator: int) -> Fraction:
    """Return a fraction, quickly where the denominator is a power of two."""
    numerator, denominator = halved(numerator, denominator)
    if denominator & (denominator - 1):
        return Fraction(numerator, denominator)
    return Fraction(_Reduced(numerator, denominator))  # type: ignore[call-overload, no-any-return]


class Share(NamedTuple):
    """An endpoint's part of what enters a fan, and how far it is from the fair part, relative to that."""

    share: float
    exact: str
    relative_difference: float


@lru_cache(maxsize=4096)
def shares_of(
    chances: tuple[int, ...], n: int, numerator: int = 1, denominator: int = 1
) -> tuple[Share, ...]:
    """Return the share of every endpoint of a fan that is reached with a probability, next to 1 / ``n``."""
    return tuple([share(*weight, n) for weight in weights(chances, numerator, denominator)])


def weights(chances: tuple[int, ...], numerator: int, denominator: int) -> Iterator[tuple[int, int]]:
    """Yield, as a fraction, how likely a packet that enters a fan with a probability meets each of its endpoints."""
    for chance in chances:
        if chance < 0:
            yield from [(numerator, denominator * -chance)] * -chance
            return
        denominator *= ONE
        yield numerator * chance, denominator
        numerator *= ONE - chance


def added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Return the sum of two fractions.

    >>> added((1, 4), (1, 4))
    (1, 2)
    """
    return halved(one[0] * other[1] + other[0] * one[1], one[1] * other[1])


@lru_cache(maxsize=4096)
def rest_of(chances: tuple[int, ...]) -> tuple[int, int]:
    """Return the probability, as a fraction, that a packet gets past a fan.

    >>> rest_of((ONE // 2, ONE)), rest_of((ONE // 4,)), rest_of((-3,))
    ((0, 1), (3, 4), (0, 1))
    """
    numerator, denominator = 1, 1
    for chance in chances:
        numerator, denominator = halved(numerator * (0 if chance < 0 else ONE - chance), denominator * ONE)
    return numerator, denominator


def share(numerator: int, denominator: int, n_endpoints: int) -> Share:
    """Return a fraction as a share, next to 1 / ``n_endpoints``."""
    numerator, denominator = halved(numerator, denominator)
    difference = (numerator * n_endpoints - denominator) / denominator if n_endpoints else float("nan")
    bits = denominator.bit_length() - 1
    below = f"2^{bits}" if denominator == 1 << bits and bits else str(denominator)
    exact = "" if bits > MAX_EXACT_BITS else f"{numerator}/{below}"
    return Share(numerator / denominator, exact, difference)
