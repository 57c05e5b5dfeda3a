import numpy as np
import pytest

from kubenetlab.ipam.forecast.growth import DAYS_PER_YEAR, Growth


@pytest.mark.parametrize(
    ("low", "high"),
    [(-0.1, 0.2), (0.3, 0.2), (float("nan"), 1), (0, float("nan")), (0, float("inf")), ("a", "b"), (None, 1)],
)
def test_growth__refuses_what_is_no_range_of_rates(low, high):
    with pytest.raises(
        ValueError, match=r"growth of .* a year: two finite numbers expected, 0 <= low <= high"
    ):
        Growth(low, high)


def test_log_factors__agrees_with_factor():
    path = Growth(0.3, 0.3).log_factors(800, np.random.default_rng(1))

    expected = [Growth(0.3, 0.3).factor(day) for day in range(801)]
    np.testing.assert_allclose(np.exp(path), expected, rtol=1e-12)


def test_log_factors__draws_every_rate_of_the_range():
    rng = np.random.default_rng(1)

    rates = [np.expm1(Growth(0.2, 0.4).log_factors(400, rng)[-1] * DAYS_PER_YEAR / 400) for _ in range(2000)]

    assert 0.2 <= min(rates) < 0.202
    assert 0.398 < max(rates) <= 0.4
    assert abs(np.mean(rates) - 0.3) < 4 * 0.2 / np.sqrt(12 * 2000)
