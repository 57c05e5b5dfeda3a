from fractions import Fraction

import numpy as np
import pytest

from kubenetlab.load_balancing.luck.levels import acceptance, of_one
from kubenetlab.load_balancing.luck.null_distribution import null_distribution
from kubenetlab.load_balancing.luck.power import connections_needed, luck_power, overloaded
from tests.load_balancing.luck import reference

THIRDS = [1 / 3] * 3


@pytest.mark.parametrize(
    ("n_connections", "published"), [(20, 0.27), (50, 0.59), (80, 0.81), (100, 0.89), (200, 0.996)]
)
def test_luck_power__of_the_first_examples_rules_is_about_the_published_one(n_connections, published):
    # the published test is the chi-square's, whose level is a little above 5 % for few connections
    assert luck_power(n_connections, THIRDS, [0.30, 0.21, 0.49]) == pytest.approx(published, abs=0.02)


@pytest.mark.parametrize(("n", "n_connections"), [(2, 12), (3, 7), (4, 6)])
def test_luck_power__is_that_of_all_outcomes(n, n_connections):
    even, hot = [Fraction(1, n)] * n, [Fraction(3, 2 * n), *[(1 - Fraction(3, 2 * n)) / (n - 1)] * (n - 1)]

    found = luck_power(n_connections, [1 / n] * n, 1.5, alpha=0.2)

    expected = reference.rejection_probability(n_connections, even, hot, Fraction(2, 10))
    assert found == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize(
    ("n", "n_connections", "overload"),
    [
        (2, 40, 1.5),
        (3, 100, 1.5),
        (5, 200, 1.5),
        (10, 500, 1.5),
        (50, 3_000, 1.5),
        (100, 200, 5),
        (20, 50_000, 1.08),
    ],
)
def test_luck_power__agrees_with_simulation(n, n_connections, overload):
    shares = np.full(n, 1 / n)
    null = null_distribution(n_connections, shares)
    draws = np.random.default_rng(4).multinomial(n_connections, overloaded(shares, overload), 20_000)

    seen = null.rejects(draws, 0.05).mean()

    assert luck_power(n_connections, shares, overload) == pytest.approx(seen, abs=0.015)


def test_luck_power__of_uneven_shares_agrees_with_simulation():
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    draws = np.random.default_rng(4).multinomial(400, overloaded(shares, 1.5), 20_000)

    seen = null_distribution(400, shares).rejects(draws, 0.05).mean()

    assert luck_power(400, shares, 1.5) == pytest.approx(seen, abs=0.015)


@pytest.mark.parametrize(("n", "n_connections"), [(10, 80), (40, 400), (10, 1_000)])
def test_luck_power__of_a_dead_endpoint_agrees_with_simulation(n, n_connections):
    real = [1 / (n - 1)] * (n - 1) + [0]
    draws = np.random.default_rng(4).multinomial(n_connections, real, 20_000)

    seen = null_distribution(n_connections, [1 / n] * n).rejects(draws, 0.05).mean()

    assert luck_power(n_connections, [1 / n] * n, real) == pytest.approx(seen, abs=0.015)


def test_luck_power__leaves_out_who_has_no_share():
    assert luck_power(60, [0.5, 0.5, 0], [0.7, 0.3, 0]) == luck_power(60, [0.5, 0.5], [0.7, 0.3])


def test_luck_power__of_few_connections_over_uneven_shares_is_simulated_and_grows():
    shares = np.linspace(1, 3, 30) / 60

    assert 0.05 < luck_power(60, shares, 6) < luck_power(150, shares, 6) <= 1


def test_of_one__is_close_to_the_exact_acceptance_where_both_can_be_had():
    null = null_distribution(400, np.full(20, 0.05))
    for overload in (1, 1.3, 1.6):
        exact = acceptance(null, overloaded(null.shares, overload), 0.05)

        approximate = of_one(null, 0, 0.05 * overload, 0.05, inside=True)

        # of the other endpoints' counts, too, some are out of bounds: at most their part of the level
        assert exact - 1e-3 < approximate < exact + 0.2 * 0.05 + 1e-3


def test_luck_power__is_0_where_nothing_can_be_seen():
    assert luck_power(3, [0.5, 0.5], 1.5) == pytest.approx(
        0, abs=1e-9
    )  # three of three come by chance in 25 % of cases


@pytest.mark.parametrize(("n", "alpha"), [(2, 0.05), (3, 0.05), (10, 0.01), (100, 0.05)])
def test_connections_needed__have_the_power_asked_for_and_a_tenth_less_have_not(n, alpha):
    shares = np.full(n, 1 / n)

    needed = connections_needed(shares, 1.5, alpha, power=0.8)

    assert luck_power(needed, shares, 1.5, alpha) >= 0.79
    assert luck_power(int(0.85 * needed), shares, 1.5, alpha) < 0.8


@pytest.mark.parametrize("shares", [[2 / 3, 1 / 3], [0.99, 0.01], [0.9, 0.05, 0.05], [0.3, 0.21, 0.49]])
def test_connections_needed__of_uneven_shares_have_the_power_asked_for(shares):
    needed = connections_needed(shares, 1.5)

    assert luck_power(needed, shares, 1.5) == pytest.approx(0.8, abs=0.05)


def test_connections_needed__of_an_overload_that_is_none_are_too_many():
    assert connections_needed([0.5, 0.5], overload=1 + 1e-9) == 10**9


@pytest.mark.parametrize("shares", [[1.0], [], [0.5, -0.5, 1.0], [float("nan"), 1.0], [0.0, 1.0]])
def test_luck_power__refuses_shares_without_a_choice(shares):
    with pytest.raises(ValueError, match="expected numbers from 0 on, at least two above 0"):
        luck_power(10, shares)


@pytest.mark.parametrize("arguments", [{"alpha": 0}, {"overload": 1}, {"power": 1.5}])
def test_connections_needed__refuses_arguments_out_of_range(arguments):
    with pytest.raises(ValueError, match="found"):
        connections_needed([0.5, 0.5], **arguments)


@pytest.mark.parametrize(
    "overload",
    [float("nan"), 0, -1, [0.5, 0.5], [0.5, 0.5, float("nan"), 0], [1, 1, 1, -1], [0] * 4, [0.2] * 4],
)
def test_luck_power__refuses_what_cannot_be_true(overload):
    with pytest.raises(ValueError, match=r"overload: found .*, expected"):
        luck_power(10, [0.5, 0.2, 0.3, 0], overload)


@pytest.mark.parametrize(
    ("n_connections", "alpha"), [(0, 0.05), (10, 1), (2.5, 0.05), ("10", 0.05), (None, 0.05)]
)
def test_luck_power__refuses_arguments_out_of_range(n_connections, alpha):
    with pytest.raises(ValueError, match="found"):
        luck_power(n_connections, [0.5, 0.5], alpha=alpha)
