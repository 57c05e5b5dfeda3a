"""The generator of Go's math/rand (`rand.New(rand.NewSource(seed))`), as far as Calico's choice of blocks needs it.

Source: go, src/math/rand/rng.go and gen_cooked.go, math/big/nat.go (`random`). An additive lagged Fibonacci generator,
y(n) = y(n - 607) + y(n - 273) modulo 2^64. Go ships its state after 7.8e12 steps as a table of 607 numbers
(`rngCooked`); the steps are linear, so the same numbers are computed here as x^7.8e12 modulo x^607 - x^334 - 1.
Basis: *ran* (24 numbers of the real generator, `make golden`, addressing/calico-first-block).
"""

from collections.abc import Iterator
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

LENGTH, TAP = 607, 273
COOKING_STEPS = 7_800_000_000_000

_SEED_MODULUS = (1 << 31) - 1
_SEED_MULTIPLIER = 48271
_SEED_FOR_ZERO = 89482311
_WORD = (1 << 64) - 1


@lru_cache(maxsize=65_536)  # seeding takes longer than all the rest
def random_below(seed: int, limit: int) -> int:
    """Return the first `new(big.Int).Rand(rand.New(rand.NewSource(seed)), limit)`, an integer in [0, limit).

    Raises
    ------
    ValueError
        If ``limit`` is not positive.

    Examples
    --------
    >>> random_below(568266918, 1024)
    159
    """
    if limit < 1:
        raise ValueError(f"limit {limit} is not positive")
    numbers = uint64s(seed)
    bits = limit.bit_length()
    halves = 2 * -(-bits // 64)
    while True:
        drawn = sum((next(numbers) << 1 & _WORD) >> 32 << (32 * half) for half in range(halves))
        if (below := drawn & ((1 << bits) - 1)) < limit:
            return below


def uint64s(seed: int) -> Iterator[int]:
    """Yield what `rand.NewSource(seed)` gives from call to call of its `Uint64`, without end."""
    state = [word ^ cooked for word, cooked in zip(_seeded(seed, 40, 20), cooked_state(), strict=True)]
    call = 0
    while True:
        call += 1
        feed = (LENGTH - TAP - call) % LENGTH
        state[feed] = (state[feed] + state[-call % LENGTH]) & _WORD
        yield state[feed]


@cache
def cooked_state() -> tuple[int, ...]:
    """Return Go's table `rngCooked`: the state seeded with 1 after 7.8e12 steps."""
    seeded = _seeded(1, 20, 10)
    # Step n writes place (334 - n) mod 607, so the places in order of time are the latest 607 numbers.
    place = [(LENGTH - TAP - step) % LENGTH for step in range(1 - LENGTH, 1)]
    history = np.array([seeded[index] for index in place], dtype=np.uint64)
    power = _power(COOKING_STEPS)
    state = [0] * LENGTH
    for step in range(COOKING_STEPS + 1 - LENGTH, COOKING_STEPS + 1):
        state[(LENGTH - TAP - step) % LENGTH] = int((power * history).sum())
        power = _reduced(np.concatenate([np.zeros(1, dtype=np.uint64), power]))
    return tuple(state)


def _seeded(seed: int, first_shift: int, second_shift: int) -> list[int]:
    x = seed % _SEED_MODULUS or _SEED_FOR_ZERO
    x = x * pow(_SEED_MULTIPLIER, 20, _SEED_MODULUS) % _SEED_MODULUS
    words = []
    for _ in range(LENGTH):
        word = 0
        for shift in (first_shift, second_shift, 0):
            x = x * _SEED_MULTIPLIER % _SEED_MODULUS
            word ^= x << shift
        words.append(word & _WORD)
    return words


def _power(exponent: int) -> NDArray[np.uint64]:
    """Coefficients of x^exponent modulo the generator's polynomial, lowest first, modulo 2^64."""
    power = np.zeros(LENGTH, dtype=np.uint64)
    power[0] = 1
    for bit in f"{exponent:b}":
        power = _reduced(np.convolve(power, power))
        if bit == "1":
            power = _reduced(np.concatenate([np.zeros(1, dtype=np.uint64), power]))
    return power


def _reduced(polynomial: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Replace x^607 by x^334 + 1 until the degree is below 607."""
    while len(polynomial) > LENGTH:
        high = polynomial[LENGTH:]
        folded = np.zeros(max(LENGTH, len(high) + LENGTH - TAP), dtype=np.uint64)
        folded[:LENGTH] = polynomial[:LENGTH]
        folded[: len(high)] += high
        folded[LENGTH - TAP : LENGTH - TAP + len(high)] += high
        polynomial = folded
    return polynomial
