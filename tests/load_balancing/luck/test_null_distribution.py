from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, multinomial

from kubenetlab.load_balancing.luck.levels import attained_level
from kubenetlab.load_balancing.luck.null_distribution import LEAST_P, chance_moments, null_distribution
from tests.load_balancing.luck import reference

UNEVEN = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
SEED_0 = [Fraction(30, 100), Fraction(21, 100), Fraction(49, 100)]
FOUR = [Fraction(1, 10), Fraction(2, 10), Fraction(3, 10), Fraction(4, 10)]
N_SIMULATIONS = 20_000
GRID = [
    (n, connections)
    for n in (2, 3, 5, 10, 50, 500)
    for connections in (5, 20, 100, 1_000, 10_000, 100_000)
    if n < 500 or connections in (5, 1_000, 100_000)
]


def even(n):
    return [Fraction(1, n)] * n


def floats(shares):
    return [float(share) for share in shares]


@pytest.mark.parametrize(
    ("n_connections", "shares"),
    [
        (1, even(2)),
        (9, even(2)),
        (7, even(3)),
        (6, even(4)),
        (4, even(5)),
        (8, UNEVEN),
        (7, SEED_0),
        (6, FOUR),
    ],
)
def test_p_values__are_those_of_all_outcomes_in_fractions(n_connections, shares):
    every = [counts for counts, _ in reference.outcomes(n_connections, shares)]

    found = null_distribution(n_connections, floats(shares)).p_values(np.array(every))

    expected = [float(reference.p_value(counts, shares)) for counts in every]
    np.testing.assert_allclose(found, expected, rtol=1e-8)


@given(st.integers(2, 40), st.integers(1, 3_000), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_p_values__do_not_depend_on_the_order_and_are_probabilities(n, n_connections, seed):
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n_connections, np.full(n, 1 / n))
    null = null_distribution(n_connections, np.full(n, 1 / n))

    found = null.p_values(np.array([counts, rng.permutation(counts)]))

    assert 0 < found[0] <= 1
    assert found[0] == pytest.approx(found[1])


@pytest.mark.parametrize(
    ("n", "n_connections"), [(2, 50), (3, 90), (6, 60), (40, 30), (40, 400), (200, 2_000), (3, 50_000)]
)
def test_rejects__where_the_p_value_is_at_most_alpha(n, n_connections):
    null = null_distribution(n_connections, np.full(n, 1 / n))
    draws = np.random.default_rng(2).multinomial(n_connections, null.shares, 1_000)

    for alpha in (0.05, 0.2):
        np.testing.assert_array_equal(null.rejects(draws, alpha), null.p_values(draws) <= alpha)


@pytest.mark.parametrize(("n", "n_connections"), GRID)
def test_rejects__by_chance_alone_as_often_as_the_attained_level_says(n, n_connections):
    null = null_distribution(n_connections, np.full(n, 1 / n))
    level = attained_level(null, 0.05)
    rng = np.random.default_rng([n, n_connections])

    draws = (rng.multinomial(n_connections, null.shares, N_SIMULATIONS // 4) for _ in range(4))
    seen = np.mean([null.rejects(some, 0.05).mean() for some in draws])

    noise = (level * (1 - level) / N_SIMULATIONS) ** 0.5
    assert level <= 0.05 + 1e-9
    assert abs(seen - level) <= 4 * noise + 0.0005 * (null.tail is None)


@pytest.mark.parametrize("n_connections", [12, 200, 3_000])
def test_rejects__uneven_shares_by_chance_alone_not_more_often_than_alpha(n_connections):
    shares = np.array([0.4, 0.3, 0.1, 0.1, 0.05, 0.05])
    null = null_distribution(n_connections, shares)
    level = attained_level(null, 0.05)

    seen = null.rejects(
        np.random.default_rng(9).multinomial(n_connections, shares, N_SIMULATIONS), 0.05
    ).mean()

    noise = (0.05 * 0.95 / N_SIMULATIONS) ** 0.5
    assert seen <= 0.05 + 4 * noise
    assert seen == pytest.approx(level, abs=6 * noise)


def tail_of_all(n_connections, shares):
    """Counts, the farthest first, and the probability of them or farther ones; of all but the last endpoint 0 to 90 or +-180."""
    means = n_connections * shares[:-1]
    ranges = [np.arange(91) if mean < 50 else np.arange(int(mean) - 180, int(mean) + 181) for mean in means]
    first = np.stack([part.ravel() for part in np.meshgrid(*ranges)], 1)
    counts = np.column_stack([first, n_connections - first.sum(1)])
    distances = ((counts - n_connections * shares) ** 2 / (n_connections * shares)).sum(1)
    order = np.argsort(-distances)
    mass = multinomial.pmf(counts[order], n_connections, shares)
    return counts[order], np.cumsum(mass)


@pytest.mark.parametrize("shares", [[0.02, 0.02, 0.02, 0.94], [0.02, 0.49, 0.49], [0.05, 0.05, 0.9]])
def test_distance_p_values__of_uneven_shares_are_right_far_out(shares):
    counts, expected = tail_of_all(1_000, np.array(shares))
    null = null_distribution(1_000, shares)
    places = np.searchsorted(expected, [0.05, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8])

    found = [float(null.distance_p_values(counts[place])) for place in places]

    assert null.test == "chi-square"
    np.testing.assert_allclose(found[:-1], expected[places[:-1]], rtol=0.06)
    assert found[-1] == pytest.approx(expected[places[-1]], rel=0.15)


def test_distance_p_values__of_many_counts_are_those_of_each():
    null = null_distribution(1_000, [0.02, 0.02, 0.02, 0.94])
    draws = np.random.default_rng(3).multinomial(1_000, null.shares, 2_000)

    found = null.distance_p_values(draws)[:50]

    np.testing.assert_allclose(
        found, [float(null.distance_p_values(counts)) for counts in draws[:50]], rtol=1e-3
    )


@pytest.mark.parametrize("endpoints", [[0.02, 0.02, 0.02, 0.94], [1 / 3] * 3])
def test_p_values__of_500_fair_services_one_is_below_the_level_at_most_every_twentieth_time(endpoints):
    n_nodes, n_services, n_connections = 3_000, 500, 1_000 if len(endpoints) == 4 else 90
    null, rng = null_distribution(n_connections, endpoints), np.random.default_rng(5)

    draws = (rng.multinomial(n_connections, endpoints, (100, n_services)) for _ in range(n_nodes // 100))
    alarms = np.concatenate([null.p_values(some).min(1) * n_services <= 0.05 for some in draws])

    assert alarms.mean() <= 0.05 + 3 * (0.05 * 0.95 / n_nodes) ** 0.5


def test_attained_level__of_the_simulated_test_is_right_also_where_it_is_small():
    null = null_distribution(500, [0.005] * 20 + [0.9])
    rng = np.random.default_rng(8)

    seen = np.mean([null.rejects(rng.multinomial(500, null.shares, 50_000), 0.001).mean() for _ in range(8)])

    assert null.test == "simulated"
    assert attained_level(null, 0.001) == pytest.approx(seen, abs=2e-4)
    assert attained_level(null, 0.05) == pytest.approx(0.0406, abs=2e-3)
    assert attained_level(null, 1e-4) > 5e-5


def test_p_values__of_four_endpoints_are_those_of_the_distance_and_of_five_are_bounds():
    every = {n: np.array([counts for counts, _ in reference.outcomes(5, even(n))]) for n in (4, 5)}
    four, five = (null_distribution(5, [1 / n] * n) for n in (4, 5))

    np.testing.assert_array_equal(four.p_values(every[4]), four.distance_p_values(every[4]))
    assert (five.p_values(every[5]) >= five.distance_p_values(every[5]) - 1e-12).all()


@pytest.mark.parametrize("n", [2, 3])
def test_distance_p_values__beyond_all_exact_sizes_are_within_a_thousandth_of_the_exact_ones(n):
    n_connections = {2: 1_000_000, 3: 1_500}[n]
    null = null_distribution(n_connections, np.full(n, 1 / n))

    assert null.test == "chi-square"
    assert float(null.distance_p_values(exactly(n, n_connections)[0])) == pytest.approx(
        exactly(n, n_connections)[1], abs=1e-3
    )


def exactly(n, total):
    """Counts near the 5 % point, and the exact probability of counts as far or farther."""
    from scipy.stats import binom

    if n == 2:
        first = total // 2 - round(0.98 * total**0.5)
        return (first, total - first), 2 * binom.cdf(first, total, 0.5)
    first = np.arange(total + 1)
    second = np.arange(total + 1)[:, None]
    third = total - first - second
    squares = first**2 + second**2 + third**2
    with np.errstate(invalid="ignore"):
        mass = binom.pmf(first, total, 1 / 3) * binom.pmf(second, total - first, 0.5)
    seen = (total // 3 + 55, total // 3 - 20, total // 3 - 35)
    return seen, mass[(third >= 0) & (squares >= sum(count**2 for count in seen))].sum()


def test_chance_moments__are_those_of_all_outcomes():
    every = [(reference.distance(counts, UNEVEN), p) for counts, p in reference.outcomes(7, UNEVEN)]
    mean = sum(distance * p for distance, p in every)

    found = chance_moments(7, np.array(floats(UNEVEN)))

    assert found == pytest.approx((float(mean), float(sum((d - mean) ** 2 * p for d, p in every))))


def test_p_values__of_all_connections_at_one_of_two_endpoints_are_exact():
    # kubernetes issue 78685: 2 pods, 1,000 requests, all to one: 2 * 0.5**1000
    assert float(null_distribution(1000, [0.5, 0.5]).p_values([1000, 0])) == pytest.approx(
        2 * 0.5**1000, rel=1e-9
    )


@pytest.mark.parametrize("n", [2, 3, 4, 100, 5_000])
def test_p_values__are_never_0(n):
    counts = np.zeros(n, int)
    counts[0] = 100_000

    assert LEAST_P <= float(null_distribution(100_000, np.full(n, 1 / n)).p_values(counts)) < 1e-300


def test_p_values__see_one_endpoint_of_a_hundred_that_gets_nothing():
    counts = [100] * 99 + [0]

    null = null_distribution(9_900, np.full(100, 0.01))

    assert chi2.sf(float(null.distances(counts)), 99) > 0.4
    assert float(null.p_values(counts)) < 1e-30


def test_null_distribution__takes_kube_proxys_shares_for_equal():
    shares = np.array([0.3333333334885538, 0.33333333325572313, 0.3333333332557231])

    assert null_distribution(1_000_000, shares).shares.tolist() == [1 / 3] * 3


def test_null_distribution__few_connections_over_uneven_shares_are_simulated_with_the_seed():
    shares, counts = np.linspace(1, 3, 30) / 60, [8] + [1] * 29

    first, same, other = (null_distribution(37, shares, seed=seed) for seed in (1, 1, 2))

    assert first.test == "simulated"
    assert float(first.distance_p_values(counts)) == float(same.distance_p_values(counts))
    assert float(first.distance_p_values(counts)) == pytest.approx(
        float(other.distance_p_values(counts)), abs=2e-3
    )
