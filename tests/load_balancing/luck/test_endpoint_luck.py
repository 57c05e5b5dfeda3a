import numpy as np
import pytest
from scipy.stats import binomtest

from kubenetlab.load_balancing.luck.endpoint_luck import endpoint_luck
from kubenetlab.load_balancing.luck.extremes import luck_band
from kubenetlab.objects.connection_counts import Counted, EndpointCounts
from tests.load_balancing.luck import reference


def counts_of(*counts, shares=()):
    return EndpointCounts(
        "shop/web:http", tuple(f"10.0.0.{i}:80" for i in range(len(counts))), counts, shares
    )


def test_endpoint_luck__frame_has_a_row_for_each_endpoint():
    frame = endpoint_luck(counts_of(30, 21, 49, shares=(0.3, 0.21, 0.49))).frame

    assert frame["endpoint"].tolist() == ["10.0.0.0:80", "10.0.0.1:80", "10.0.0.2:80"]
    assert frame["expected"].tolist() == pytest.approx([30, 21, 49])
    assert frame["fair_share"].tolist() == [1 / 3] * 3
    assert frame["overload_factor"].tolist() == pytest.approx([1, 1, 1])
    assert frame["counted_share"].sum() == 1
    assert not frame["is_odd"].any()


def test_endpoint_luck__marks_those_outside_of_the_band():
    frame = endpoint_luck(counts_of(60, 10, 7, 3, 6, 4, 10)).frame

    assert frame["is_odd"].tolist() == [True, False, False, True, False, True, False]
    assert (frame["is_odd"] == ((frame["counted"] < frame["low"]) | (frame["counted"] > frame["high"]))).all()


def test_endpoint_luck__p_values_are_binomial():
    frame = endpoint_luck(counts_of(60, 40)).frame

    expected = binomtest(60, 100, 0.5).pvalue  # symmetric: both tails are the same
    assert frame["p_value"].tolist() == pytest.approx([expected] * 2)


def test_endpoint_luck__begins_with_the_verdict_of_the_test():
    result = endpoint_luck(EndpointCounts("s", ("a", "b"), (610, 390), counted=Counted.NEW_CONNECTIONS))

    assert result.because[0].startswith("1,000 new connections: chance alone brings counts as far")
    assert "less than once in 10^11 cases" in result.because[0]


@pytest.mark.parametrize(("counts", "words"), [((9, 5, 3, 3), "in 21 %"), ((9, 5, 3, 3, 5), "in at most ")])
def test_endpoint_luck__says_from_five_endpoints_on_that_the_probability_is_a_bound(counts, words):
    # of 9/5/3/3 all outcomes listed: 0.2092
    assert f"or farther, {words}" in endpoint_luck(counts_of(*counts)).because[0]


@pytest.mark.parametrize("counts", [(7,), (0, 0), (1, -1)])
def test_endpoint_luck__refuses_what_cannot_be_compared(counts):
    with pytest.raises(ValueError, match="found"):
        endpoint_luck(counts_of(*counts))


def test_endpoint_luck__refuses_a_level_that_is_none():
    with pytest.raises(ValueError, match="alpha: found 2"):
        endpoint_luck(counts_of(1, 2), alpha=2)


@pytest.mark.parametrize("n_connections", [1, 5, 9])
def test_luck_band__keeps_all_outcomes_but_five_percent(n_connections):
    shares = [0.5, 0.25, 0.25]

    low, high = luck_band(n_connections, np.array(shares), 0.05)

    kept = sum(
        p
        for counts, p in reference.outcomes(n_connections, shares)
        if all(low <= counts) and all(counts <= high)
    )
    assert kept >= 0.95


@pytest.mark.parametrize(("n", "n_connections"), [(2, 1_000), (10, 300), (200, 5_000)])
def test_luck_band__is_left_by_chance_at_most_in_five_percent_and_not_much_less(n, n_connections):
    shares = np.full(n, 1 / n)
    low, high = luck_band(n_connections, shares, 0.05)
    draws = np.random.default_rng(1).multinomial(n_connections, shares, 20_000)

    left = ((draws < low) | (draws > high)).any(1).mean()

    assert 0.02 < left <= 0.05 + 4 * (0.05 * 0.95 / 20_000) ** 0.5
