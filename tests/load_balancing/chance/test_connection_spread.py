from itertools import product
from math import comb, factorial, pi, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from kubenetlab.load_balancing.chance.connection_spread import connection_spread, draw_counts

QUANTILES = {"p05": 0.05, "p50": 0.5, "p95": 0.95, "p99": 0.99}
#: Endpoints, connections, expected max/mean, its 95th percentile, probability that a pod is idle: found apart from this
#: library by Monte Carlo, 20,000 multinomial draws each, and noted with two digits (idle with one).
MONTE_CARLO = [
    (3, 30, 1.27, 1.60, 0.0),
    (10, 100, 1.51, 1.80, 0.0004),
    (50, 500, 1.78, 2.10, 0.002),
    (100, 1000, 1.88, 2.20, 0.005),
    (10, 1000, 1.16, 1.25, 0.0),
    (100, 10000, 1.26, 1.34, 0.0),
    (50, 50, 3.81, 5.0, 1.0),
]


def row(n_connections, n_endpoints=None, shares=None):
    return connection_spread(n_connections, n_endpoints, shares=shares).frame.iloc[0]


def enumerated(n_connections, shares):
    """Overload of the worst endpoint and probability of each outcome."""
    expected = n_connections * np.array(shares)
    for counts in product(range(n_connections + 1), repeat=len(shares)):
        if sum(counts) == n_connections:
            ways = factorial(n_connections) // prod(map(factorial, counts))
            yield (
                max(np.array(counts) / expected),
                ways * prod(s**c for s, c in zip(shares, counts, strict=True)),
                counts,
            )


@pytest.mark.parametrize(("n_endpoints", "n_connections", "mean", "p95", "idle"), MONTE_CARLO)
def test_connection_spread__agrees_with_monte_carlo(n_endpoints, n_connections, mean, p95, idle):
    found = row(n_connections, n_endpoints)

    probability = found["idle_probability"]
    assert found["max_over_mean_mean"] == pytest.approx(mean, abs=0.005 + 4 * 0.35 / 20_000**0.5)
    assert found["max_over_mean_p95"] == pytest.approx(p95, abs=0.005)
    assert probability == pytest.approx(
        idle, abs=0.0005 + 4 * (probability * (1 - probability) / 20_000) ** 0.5
    )
    assert (found["method"], found["error_bound"] < 1e-8) == ("exact", True)


@pytest.mark.parametrize(
    ("n_connections", "shares"),
    [
        (1, (0.5, 0.5)),
        (6, (1 / 3,) * 3),
        (9, (0.25, 0.25, 0.5)),
        (8, (0.1, 0.2, 0.3, 0.4)),
        (11, (0.15, 0.85)),
    ],
)
def test_connection_spread__is_that_of_all_outcomes(n_connections, shares):
    overload, probability, counts = map(np.array, zip(*enumerated(n_connections, shares), strict=True))
    order = np.argsort(overload)
    reached = np.cumsum(probability[order])
    spread = (probability @ ((counts - n_connections / len(shares)) ** 2)).mean()

    found = row(n_connections, shares=shares)

    assert found["max_over_mean_mean"] == pytest.approx(overload @ probability, rel=1e-9)
    for name, share in QUANTILES.items():
        expected = overload[order][np.searchsorted(reached, share - 1e-12)]
        assert found[f"max_over_mean_{name}"] == pytest.approx(expected, rel=1e-9)
    idle = probability[(counts == 0).any(axis=1)].sum()
    assert found["idle_probability"] == pytest.approx(idle, abs=1e-9)
    assert found["cv_rms"] == pytest.approx(spread**0.5 / (n_connections / len(shares)), rel=1e-9)


@given(st.integers(1, 12), st.integers(0, 60))
def test_connection_spread__idle_by_inclusion_and_exclusion(n_endpoints, n_connections):
    ways = sum(
        (-1) ** empty * comb(n_endpoints, empty) * (n_endpoints - empty) ** n_connections
        for empty in range(n_endpoints + 1)
    )

    found = row(n_connections, n_endpoints)

    assert found["idle_probability"] == pytest.approx(1 - ways / n_endpoints**n_connections, abs=1e-9)


@given(st.integers(1, 60), st.lists(st.integers(1, 3), min_size=1, max_size=5))
def test_connection_spread__more_connections_are_never_less_even(n_connections, weights):
    shares = np.array(weights) / sum(weights)

    fewer, more = connection_spread([n_connections, n_connections + 7], shares=shares).frame.to_dict(
        "records"
    )

    # counts over their sum are a reverse martingale, and the largest of them is a convex function
    error = fewer["error_bound"] + more["error_bound"]
    assert 1 <= more["max_over_mean_mean"] <= fewer["max_over_mean_mean"] + error
    assert 0 <= more["idle_probability"] <= fewer["idle_probability"] + error <= 1 + error
    assert more["cv_rms"] <= fewer["cv_rms"] + 1e-12
    quantiles = [fewer[f"max_over_mean_{name}"] for name in QUANTILES]
    assert quantiles == sorted(quantiles)
    assert fewer["count_p05"] <= fewer["count_p50"] <= fewer["count_p95"]


def test_connection_spread__of_unequal_shares_agrees_with_draws():
    shares = np.array([0.4, 0.2, 0.2, 0.1, 0.1])
    overload = (draw_counts(2000, shares, 20_000, seed=4) / (2000 * shares)).max(axis=1)

    found = row(2000, shares=shares)

    error = found["error_bound"] + 4 * overload.std() / 20_000**0.5
    assert abs(found["max_over_mean_mean"] - overload.mean()) < error
    for name, share in QUANTILES.items():
        below, reached = ((overload <= found[f"max_over_mean_{name}"] + d).mean() for d in (-1e-9, 1e-9))
        assert below - 0.015 < share < reached + 0.015
    assert (found["mean_count"], found["count_p50"], found["n_endpoints"]) == (800, 800, 5)


@pytest.mark.parametrize("n_connections", [10**6, 10**8, 10**10])
def test_connection_spread__of_two_endpoints_and_many_connections_is_normal(n_connections):
    found = row(n_connections, 2)

    # the difference of the counts over their sum has standard deviation 1 / sqrt(connections), and its size is folded
    deviation, slack = n_connections**-0.5, found["error_bound"] + 2 / n_connections
    assert abs(found["max_over_mean_mean"] - 1 - (2 / pi) ** 0.5 * deviation) < slack
    for name, share in QUANTILES.items():
        assert abs(found[f"max_over_mean_{name}"] - 1 - norm.ppf((1 + share) / 2) * deviation) < slack
    assert found["error_bound"] < deviation / 10
    assert found["method"] == ("exact" if n_connections == 10**6 else "approximate")


def test_connection_spread__many_connections_with_many_shares_stay_within_the_error():
    shares = np.random.default_rng(8).dirichlet(np.full(300, 5.0))
    overload = (draw_counts(10**7, shares, 2000, seed=3) / (1e7 * shares)).max(axis=1)

    found = row(10**7, shares=shares)

    assert found["method"] == "approximate"
    error = found["error_bound"] + 4 * overload.std() / 2000**0.5
    assert abs(found["max_over_mean_mean"] - overload.mean()) < error < 0.1


def test_connection_spread__of_very_many_endpoints_agrees_with_draws():
    most = draw_counts(10**6, np.full(10_000, 1e-4), 200, seed=2).max(axis=1) / 100

    found = row(10**6, 10_000)

    assert abs(found["max_over_mean_mean"] - most.mean()) < 4 * most.std() / 200**0.5
    assert found["error_bound"] < 1e-8


def test_connection_spread__takes_steps_between_where_there_are_too_many():
    shares = np.random.default_rng(8).dirichlet(np.full(100, 5.0))

    found = row(10**9, shares=shares)

    assert 1 < found["max_over_mean_p05"] < found["max_over_mean_p99"] < 1.01


def of_independent_pair(n_connections, share):
    """Expected overload and its quantiles of one small share and the rest, from the one's binomial count."""
    counts = np.arange(60)
    probability = binom.pmf(counts, n_connections, share)
    both = counts / share, (n_connections - counts) / (1 - share)
    overload = np.maximum(*both) / n_connections
    order = np.argsort(overload)
    at = np.searchsorted(np.cumsum(probability[order]), list(QUANTILES.values()))
    return overload @ probability, overload[order][at]


@pytest.mark.parametrize(
    ("n_connections", "share"), [(10, 1e-6), (1000, 1e-6), (1000, 1e-4), (10**6, 1e-7), (10**6, 1e-5)]
)
def test_connection_spread__counts_of_a_small_share_are_all_among_the_steps(n_connections, share):
    mean, quantiles = of_independent_pair(n_connections, share)

    found = row(n_connections, shares=[share, 1 - share])

    assert found["method"] == "exact"
    assert found[[f"max_over_mean_{name}" for name in QUANTILES]].tolist() == pytest.approx(
        quantiles, rel=1e-9
    )
    assert found["max_over_mean_mean"] == pytest.approx(mean, abs=found["error_bound"] + 1e-9)
    assert found["error_bound"] < 1e-3


def test_connection_spread__a_small_share_beside_large_ones_is_exact():
    # 0.99 % of all have a connection on the small one: 100 times its share, or more
    shares = [1e-5, 0.5, 0.49999]
    overload = (draw_counts(1000, shares, 400_000, seed=6) / (1000 * np.array(shares))).max(axis=1)

    found = row(1000, shares=shares)

    assert (found["method"], found["error_bound"] < 1e-3) == ("exact", True)
    assert abs(found["max_over_mean_mean"] - overload.mean()) < 4 * overload.std() / 400_000**0.5
    for name in ("p05", "p50", "p95"):
        below, reached = ((overload <= found[f"max_over_mean_{name}"] + d).mean() for d in (-1e-9, 1e-9))
        assert below - 0.003 < QUANTILES[name] < reached + 0.003


def test_connection_spread__one_row_a_number_of_connections():
    frame = connection_spread([0, 1, 1000], 1).frame

    assert frame["n_connections"].tolist() == [0, 1, 1000]
    assert frame["max_over_mean_mean"].tolist()[1:] == [1, 1]
    assert np.isnan(frame.loc[0, ["max_over_mean_mean", "max_over_mean_p95", "cv_rms"]].astype(float)).all()
    assert frame["idle_probability"].tolist() == [1, 0, 0]
    assert frame["count_p95"].tolist() == [0, 1, 1000]


def test_connection_spread__leaves_endpoints_without_share_out():
    left_out, equal = row(100, shares=[0.5, 0.0, 0.5]), row(100, 2)

    assert left_out.equals(equal)


def test_connection_spread__says_what_it_assumes():
    result = connection_spread(10, 4)

    assert (str(result.basis), result.title) == ("source", "Spread by chance over 4 endpoints")
    assert [setting.text for setting in result.assumptions] == ["independent"]
    assert "count over expected count" in " ".join(result.because)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_connections": 1}, r"n_endpoints: found None, expected 1 to 10\*\*5, or shares instead"),
        ({"n_connections": 1, "n_endpoints": True}, "n_endpoints: found True"),
        ({"n_connections": 1, "n_endpoints": "2"}, "n_endpoints: found '2'"),
        ({"n_connections": "5", "n_endpoints": 2}, "n_connections is 5, expected a whole number from 0"),
        ({"n_connections": True, "n_endpoints": 2}, "n_connections is True"),
        ({"n_connections": 1, "shares": []}, "shares: they add to 0"),
        ({"n_connections": 1, "n_endpoints": 2, "shares": [1.0]}, "n_endpoints: found 2, expected 1 to"),
        ({"n_connections": 1, "n_endpoints": 0}, "n_endpoints: found 0"),
        ({"n_connections": 1, "n_endpoints": -3}, "n_endpoints: found -3"),
        ({"n_connections": 1, "n_endpoints": 2.5}, "n_endpoints: found 2.5"),
        ({"n_connections": [5, -1], "n_endpoints": 2}, "n_connections is -1"),
        ({"n_connections": 1, "shares": [0.5]}, "shares: they add to 0.5"),
    ],
)
def test_connection_spread__refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        connection_spread(**arguments)


def test_draw_counts__same_seed_same_counts():
    first, again, other = (draw_counts(1000, [0.5, 0.3, 0.2], 5, seed=seed) for seed in (1, 1, 2))

    assert first.tolist() == again.tolist() != other.tolist()
    assert (first.shape, first.sum(axis=1).tolist()) == ((5, 3), [1000] * 5)
