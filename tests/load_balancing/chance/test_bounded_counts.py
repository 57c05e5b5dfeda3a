from fractions import Fraction
from itertools import product
from math import factorial, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from kubenetlab.load_balancing.chance.bounded_counts import RELATIVE_ERROR, probability_within


def enumerated(n_connections, weights, low, high):
    """The probability in fractions, outcome by outcome."""
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    outcomes = product(*(range(max(a, 0), b + 1) for a, b in zip(low, high, strict=True)))
    return sum(
        Fraction(factorial(n_connections), prod(map(factorial, counts)))
        * prod(share**count for share, count in zip(shares, counts, strict=True))
        for counts in outcomes
        if sum(counts) == n_connections
    )


def of_equal_shares(n_connections, n_endpoints, low, high):
    """The probability as a ratio of whole numbers: a coefficient of a power, read from the digits of one large number."""
    terms = [factorial(high) // factorial(count) if count >= low else 0 for count in range(high + 1)]
    bits = n_endpoints * sum(terms).bit_length() + 64
    power = sum(term << (bits * count) for count, term in enumerate(terms)) ** n_endpoints
    coefficient = (power >> (bits * n_connections)) & ((1 << bits) - 1)
    return Fraction(
        coefficient * factorial(n_connections),
        factorial(high) ** n_endpoints * n_endpoints**n_connections,
    )


@st.composite
def bounded(draw):
    """Connections, weights, and bounds of each endpoint."""
    n_connections = draw(st.integers(0, 8))
    weights = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4).filter(any))
    low = [draw(st.integers(-1, 3)) for _ in weights]
    return n_connections, weights, low, [a + draw(st.integers(-1, 6)) for a in low]


@given(bounded())
def test_probability_within__is_that_of_all_outcomes(case):
    n_connections, weights, low, high = case

    found = probability_within(n_connections, np.array(weights) / sum(weights), low, high)

    assert found == pytest.approx(float(enumerated(*case)), rel=1e-12)


@pytest.mark.parametrize(
    ("n_connections", "n_endpoints", "low", "high"),
    [(500, 50, 0, 20), (500, 50, 0, 10), (400, 200, 0, 2), (300, 30, 9, 11), (1000, 3, 0, 340)],
)
def test_probability_within__is_exact_also_where_it_is_tiny(n_connections, n_endpoints, low, high):
    shares = np.full(n_endpoints, 1 / n_endpoints)

    found = probability_within(n_connections, shares, low, high)

    ratio = Fraction(found) / of_equal_shares(n_connections, n_endpoints, low, high)
    assert abs(float(ratio - 1)) < 1e-12


@pytest.mark.parametrize("n_connections", [10**3, 10**6, 10**8])
@pytest.mark.parametrize("share", [0.5, 0.001])
@pytest.mark.parametrize("deviations", [-2, 0, 6])
def test_probability_within__of_one_endpoint_is_binomial(n_connections, share, deviations):
    count = int(n_connections * share + deviations * (n_connections * share * (1 - share)) ** 0.5)
    expected = [binom.pmf(count, n_connections, share), binom.cdf(count, n_connections, share)]

    found = [
        probability_within(n_connections, [share, 1 - share], [low, 0], [count, n_connections])
        for low in (count, 0)
    ]

    assert found == pytest.approx(expected, rel=RELATIVE_ERROR)


@given(st.integers(0, 3000), st.lists(st.integers(1, 9), min_size=2, max_size=6), st.data())
def test_probability_within__of_an_event_and_its_opposite_add_to_one(n_connections, weights, data):
    count = data.draw(st.integers(-1, n_connections))
    shares = np.array(weights) / sum(weights)
    rest = [n_connections] * (len(weights) - 1)

    at_most = probability_within(n_connections, shares, 0, [count, *rest])
    more = probability_within(n_connections, shares, [count + 1, *[0] * len(rest)], n_connections)

    assert at_most + more == pytest.approx(1, abs=1e-10)


@given(st.integers(0, 2000), st.integers(1, 40), st.integers(0, 300))
def test_probability_within__grows_with_the_bounds(n_connections, n_endpoints, high):
    shares = np.full(n_endpoints, 1 / n_endpoints)

    narrow, wide = (probability_within(n_connections, shares, 0, bound) for bound in (high, high + 1))

    assert 0 <= narrow <= wide * (1 + 1e-10) <= 1 + 1e-10


def test_probability_within__order_of_endpoints_does_not_matter():
    shares, low, high = np.array([0.2, 0.5, 0.3]), np.array([1, 30, 5]), np.array([30, 60, 40])

    found = [probability_within(100, shares[o], low[o], high[o]) for o in ([0, 1, 2], [2, 0, 1])]

    assert found[0] == pytest.approx(found[1], rel=1e-13)


@pytest.mark.parametrize(
    ("n_connections", "shares", "low", "high", "probability"),
    [
        (0, [0.5, 0.5], 0, 0, 1),
        (0, [0.5, 0.5], 1, 5, 0),
        (7, [1.0], 7, 7, 1),
        (7, [1.0], 0, 6, 0),
        (7, [0.5, 0.5], -5, 99, 1),
        (7, [0.5, 0.5], 0, 3, 0),
        (7, [0.5, 0.5], 4, 7, 0),
        (7, [1.0, 0.0], [0, 0], [7, 0], 1),
        (7, [1.0, 0.0], [0, 1], 7, 0),
        (7, [0.5, 0.5], [5, 0], [4, 7], 0),
        (2, [0.5, 0.5], 0.5, 1.5, 0.5),
    ],
)
def test_probability_within__at_the_edges(n_connections, shares, low, high, probability):
    assert probability_within(n_connections, shares, low, high) == pytest.approx(probability, rel=1e-13)


def test_probability_within__keeps_its_promise_with_many_groups():
    rng = np.random.default_rng(5)
    shares = rng.dirichlet(np.full(200, 3.0))
    draws = rng.multinomial(20_000, shares, size=4000)
    high = np.ceil(20_000 * shares + 2.5 * np.sqrt(20_000 * shares))

    found = probability_within(20_000, shares, 0, high)

    seen = np.all(draws <= high, axis=1).mean()
    assert abs(seen - found) < 4 * (found * (1 - found) / 4000) ** 0.5


@pytest.mark.parametrize(
    ("n_connections", "shares", "message"),
    [
        (-1, [1.0], "n_connections is -1, expected a whole number from 0"),
        (1.5, [1.0], r"n_connections is 1\.5"),
        (float("nan"), [1.0], "n_connections is nan"),
        (10**11, [1.0], "n_connections is 100000000000"),
        ("5", [1.0], "n_connections is 5, expected a whole number"),
        (True, [1.0], "n_connections is True, expected a whole number"),
        (1, [], "shares: they add to 0, expected numbers from 0 on that add to 1"),
        (1, [0.5, 0.4], "shares: they add to 0.9"),
        (1, [1.5, -0.5], "expected numbers from 0 on"),
        (1, [float("nan"), 1.0], "shares: they add to nan"),
        (1, [[0.5, 0.5]], "shares"),
    ],
)
def test_probability_within__refuses(n_connections, shares, message):
    with pytest.raises(ValueError, match=message):
        probability_within(n_connections, shares, 0, 1)
