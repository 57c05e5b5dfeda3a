import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from kubenetlab.kernel.agreement import corrected, p_value


@given(st.lists(st.integers(5, 500), min_size=2, max_size=20), st.integers(0, 99))
def test_p_value__is_that_of_scipy(wanted, seed):
    observed = np.random.default_rng(seed).multinomial(sum(wanted), np.array(wanted) / sum(wanted))

    actual = p_value(dict(enumerate(map(float, wanted))), dict(enumerate(observed.tolist())))

    assert actual == pytest.approx(chisquare(observed, wanted).pvalue)


def test_p_value__counts_rare_outcomes_together():
    expected = {"a": 90.0, **{f"rare {index}": 1.0 for index in range(10)}}

    together = p_value(expected, {"a": 80, "rare 3": 20})

    assert together == pytest.approx(chisquare([80, 20], [90, 10]).pvalue)


def test_p_value__puts_what_is_rare_even_together_to_the_smallest_outcome():
    expected = {"a": 60.0, "b": 38.0, "rare": 2.0}

    assert p_value(expected, {"a": 50, "b": 50}) == pytest.approx(chisquare([50, 50], [60, 40]).pvalue)


@pytest.mark.parametrize("expected", [{"a": 3.0}, {"a": 100.0}, {"a": 1.0, "b": 1.5}, {}])
def test_p_value__is_one_where_nothing_is_left_to_chance(expected):
    assert p_value(expected, {"a": 3} if expected else {}) == 1.0


@pytest.mark.parametrize("expected", [{"a": 10.0}, {"a": 10.0, "b": 0.0}])
def test_p_value__is_zero_if_something_impossible_happened(expected):
    assert p_value(expected, {"a": 9, "b": 1}) == 0.0


def test_p_value__is_below_a_level_as_often_as_the_level_says():
    rng, shares = np.random.default_rng(7), np.array([0.3, 0.21, 0.49])
    expected = dict(enumerate((2000 * shares).tolist()))
    runs = [p_value(expected, dict(enumerate(rng.multinomial(2000, shares).tolist()))) for _ in range(2000)]

    share_below = float(np.mean(np.array(runs) < 0.05))

    assert abs(share_below - 0.05) < 4 * (0.05 * 0.95 / 2000) ** 0.5


@given(st.lists(st.floats(0, 1), max_size=8))
def test_corrected__is_holms_step_down(p_values):
    actual = corrected(p_values)

    for p, adjusted in zip(p_values, actual, strict=True):
        below = [other for other in p_values if other <= p]
        steps = [min(1.0, (len(p_values) - sum(x < q for x in p_values)) * q) for q in below]
        assert adjusted == pytest.approx(max(steps))
