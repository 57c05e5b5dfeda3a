from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from kubenetlab.ipam.forecast.fitted_growth import MAX_DAYS_SEEN, fit_growth
from tests.ipam.forecast.histories import FIRST_DAY, Kind, history

YEAR = [(FIRST_DAY + timedelta(7 * week), 100 * 1.3 ** (7 * week / 365.25)) for week in range(53)]


def test_fit_growth__finds_the_growth_of_an_exact_history():
    growth = fit_growth(YEAR)

    assert growth.per_year == pytest.approx(0.3, rel=1e-6)
    assert growth.words == "+30 % a year, fitted to 53 days"


def test_fit_growth__finds_shrinking():
    assert fit_growth([(when, 1 / count * 1e5) for when, count in YEAR]).per_year == pytest.approx(
        1 / 1.3 - 1
    )


def test_fit_growth__does_not_depend_on_the_order():
    one, other = fit_growth(YEAR), fit_growth(YEAR[::-1])

    paths = [growth.log_factors(30, np.random.default_rng(1)).tolist() for growth in (one, other)]
    assert paths[0] == paths[1]


def test_fit_growth__takes_the_highest_count_of_a_day_in_utc():
    evening = datetime.fromisoformat("2025-01-05T23:30:00-05:00")  # the 6th, in UTC
    same_day = [(evening, 50.0), (datetime(2025, 1, 6, 1, tzinfo=UTC), 90.0), (datetime(2025, 1, 6, 9), 70.0)]

    growth = fit_growth([*same_day, *YEAR[1:]])

    assert growth.n_days_seen == 53
    assert growth.per_year == pytest.approx(fit_growth([(date(2025, 1, 6), 90.0), *YEAR[1:]]).per_year)


def test_fit_growth__thins_long_histories():
    history = [(FIRST_DAY + timedelta(day), 100 * 1.0005**day) for day in range(5000)]

    growth = fit_growth(history)

    assert growth.n_days_seen == MAX_DAYS_SEEN
    assert growth.last_count == history[-1][1]
    assert growth.per_year == pytest.approx(1.0005**365.25 - 1)


@pytest.mark.parametrize("count", [0, -1, float("nan"), float("inf")])
def test_fit_growth__refuses_counts_without_logarithm(count):
    with pytest.raises(ValueError, match="expected a finite number of at least 1"):
        fit_growth([*YEAR, (FIRST_DAY, count)])


def test_fit_growth__refuses_short_histories():
    with pytest.raises(ValueError, match="has 4 days with a count, expected at least 5; give a range"):
        fit_growth(YEAR[:4])


def test_log_factors__starts_at_the_latest_count_where_nothing_is_noise():
    path = fit_growth(YEAR).log_factors(365, np.random.default_rng(1))

    assert path[0] == pytest.approx(0, abs=5e-3)
    assert path[-1] == pytest.approx(np.log(1.3), abs=0.01)


def test_log_factors__are_wider_for_shorter_histories():
    rng = np.random.default_rng(1)
    seen, _ = history(Kind(0.005, 0.01, 52, 7, 1), 3)

    spreads = [
        np.std([fit_growth(part).log_factors(90, rng)[-1] for _ in range(300)]) for part in (seen[-8:], seen)
    ]

    assert spreads[0] > spreads[1]


def coverage(kind):
    """Share of 400 histories whose held-out count lies in the 80 % band."""
    n_covered = 0
    for seed in range(400):
        seen, held_out = history(kind, seed)
        growth, rng = fit_growth(seen), np.random.default_rng([seed, 2])
        targets = [
            growth.last_count * np.exp(growth.log_factors(kind.horizon_days, rng)[-1]) for _ in range(99)
        ]
        low, high = np.quantile(rng.poisson(targets), [0.1, 0.9])
        n_covered += low <= held_out <= high
    return n_covered / 400


# 400 histories: the share that an 80 % band covers has a standard error of 2 %.
@pytest.mark.jit_only  # for its size; there is no kernel in it
@pytest.mark.parametrize(
    "kind",
    [
        Kind(0.005, 0.03, n_seen=100, step_days=7, horizon_days=180),
        Kind(0.01, 0.02, n_seen=180, step_days=1, horizon_days=180),
        Kind(0.008, 0.01, n_seen=18, step_days=30, horizon_days=180),
    ],
)
def test_log_factors__the_80_percent_band_covers_75_to_85_percent_of_held_out_histories(kind):
    assert 0.75 <= coverage(kind) <= 0.85


def test_log_factors__the_band_errs_on_the_wide_side_where_a_count_only_follows_its_trend():
    assert coverage(Kind(0, 0.05, n_seen=52, step_days=7, horizon_days=90)) > 0.8


@pytest.mark.parametrize(
    ("seen", "message"),
    [
        (7, "history is 7, expected dates and counts"),
        ([1, 2], r"history\[0\] is 1, expected a date and a count"),
        ([("2026-01-01", 1)], r"history\[0\] is \('2026-01-01', 1\), expected a date and a count"),
        ([(date(2026, 1, 1), "x")], "the history counts 'x' at 2026-01-01: expected a finite number"),
    ],
)
def test_fit_growth__says_which_row_is_no_count(seen, message):
    with pytest.raises(ValueError, match=message):
        fit_growth(seen)
