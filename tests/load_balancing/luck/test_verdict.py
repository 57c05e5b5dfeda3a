import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, chisquare

from kubenetlab.load_balancing.luck.null_distribution import LEAST_P, null_distribution
from kubenetlab.load_balancing.luck.power import connections_needed
from kubenetlab.load_balancing.luck.verdict import luck
from kubenetlab.objects.connection_counts import Counted, EndpointCounts

COLUMNS = [
    "service", "where", "counted", "n_endpoints", "n_counted", "worst_endpoint", "overload_factor", "p_value",
    "p_value_corrected", "attained_level", "test", "verdict", "more_connections", "odd_endpoints", "chi_square",
    "chi_square_p_value",
]  # fmt: skip


def counts_of(*counts, service="shop/web:http", shares=(), counted=Counted.GIVEN, **others):
    endpoints = tuple(f"10.0.0.{i}:80" for i in range(len(counts)))
    return EndpointCounts(service, endpoints, counts, shares, counted, **others)


def row(*counts, **others):
    return luck(counts_of(*counts, **others)).frame.iloc[0]


def test_luck__seven_pods_with_a_hundred_requests():
    # kubernetes issue 37932: chi-square 173.7 with 6 degrees of freedom, p = 7e-35
    found = row(60, 10, 7, 3, 6, 4, 10)

    assert found["chi_square"] == pytest.approx(173.7)
    assert found["chi_square_p_value"] == pytest.approx(7.4e-35, rel=0.01)
    assert found["p_value"] == pytest.approx(7 * 2 * binom.sf(59, 100, 1 / 7) / 0.2, rel=1e-9)  # the 60's
    assert found["verdict"] == "not chance"
    assert (found["worst_endpoint"], found["overload_factor"]) == ("10.0.0.0:80", pytest.approx(4.2))
    assert found["odd_endpoints"].startswith("10.0.0.0:80 (60 for 14.3)")


def test_luck__a_thousand_requests_to_one_of_two_pods():
    # kubernetes issue 78685
    found = row(1000, 0)

    assert found["p_value"] == pytest.approx(2 * 0.5**1000)
    assert found["verdict"] == "not chance"
    assert found["more_connections"] is pd.NA


def test_luck__ipvs_after_a_restart():
    # kubernetes issue 126378: active connections 13/2/12, chi-square p = 0.016
    found = row(13, 2, 12)

    assert found["chi_square_p_value"] == pytest.approx(0.0164, abs=5e-5)
    assert found["p_value"] == pytest.approx(0.0192, abs=5e-5)
    assert found["verdict"] == "not chance"


def test_luck__local_policy_with_unequal_pods_per_node():
    # kubernetes issue 97147: 25/25/50 % over two nodes with 2 and 1 pods
    shares = (0.25, 0.25, 0.5)

    assert row(250, 250, 500)["verdict"] == "not chance"
    assert row(250, 250, 500, shares=shares)["verdict"] == "consistent with chance"


def test_luck__frame_has_the_documented_columns():
    assert list(luck(counts_of(1, 2)).frame.columns) == COLUMNS


def test_luck__chi_square_is_scipys():
    found, expected = row(310, 350, 340), chisquare([310, 350, 340])

    assert (found["chi_square"], found["chi_square_p_value"]) == pytest.approx(
        (expected.statistic, expected.pvalue)
    )


def test_luck__few_connections_cannot_tell_and_the_missing_ones_can():
    found = row(6, 4)

    assert found["verdict"] == "cannot tell yet"
    assert found["more_connections"] == connections_needed([0.5, 0.5]) - 10
    n_settled = 10 + found["more_connections"]
    assert row(n_settled // 2, n_settled - n_settled // 2)["verdict"] == "consistent with chance"


def test_luck__the_most_suspicious_service_is_first_and_those_without_a_test_last():
    services = [
        counts_of(0, 0, service="idle"),
        counts_of(510, 490, service="fair"),
        counts_of(7, service="single"),
        counts_of(900, 100, service="odd"),
    ]

    frame = luck(services).frame

    assert frame["service"].tolist() == ["odd", "fair", "idle", "single"]
    assert frame["verdict"].tolist() == ["not chance", "consistent with chance"] + ["cannot tell yet"] * 2
    assert frame["p_value"].isna().tolist() == [False, False, True, True]


def test_luck__several_services_are_corrected_by_holm():
    services = [counts_of(*counts) for counts in ((62, 38), (70, 30), (55, 45), (50, 50))]

    frame = luck(services).frame

    p = frame["p_value"].to_numpy()
    holm = np.minimum(1, np.maximum.accumulate(p * [4, 3, 2, 1]))
    np.testing.assert_allclose(frame["p_value_corrected"], holm)


def test_luck__of_many_services_those_are_not_chance_whose_corrected_p_value_is_at_most_the_level():
    # how often that is by chance alone: test_p_values__of_500_fair_services
    draws = np.random.default_rng(1).multinomial(90, [1 / 3] * 3, 40).tolist()

    frame = luck([counts_of(*counts) for counts in (*draws, (50, 20, 20), (52, 19, 19))]).frame

    is_odd = frame["verdict"] == "not chance"
    assert is_odd.sum() == 2
    assert (is_odd == (frame["p_value_corrected"] <= 0.05)).all()


def test_luck__connections_of_an_endpoint_without_a_share_are_no_chance():
    found = row(100, 1, shares=(1.0, 0.0))

    assert (found["p_value"], found["verdict"], found["test"]) == (LEAST_P, "not chance", "exact")
    assert (found["worst_endpoint"], found["overload_factor"]) == ("10.0.0.1:80", np.inf)


def test_luck__of_one_endpoint_with_all_the_share_there_is_nothing_to_test():
    found = luck([counts_of(5, 0, shares=(1.0, 0.0)), counts_of(1, 1)]).frame

    assert found["test"].tolist() == ["exact", ""]
    assert found["verdict"].tolist() == ["cannot tell yet"] * 2


def test_luck__counts_that_are_odd_as_a_whole_name_no_single_endpoint():
    found = row(*[130, 70] * 20)

    assert found["verdict"] == "not chance"
    assert found["odd_endpoints"]
    assert row(*[58, 42] * 40)["odd_endpoints"] in ("no single one: all together",)


def test_luck__names_five_odd_endpoints_and_how_many_more():
    assert row(*[200, 10] * 5)["odd_endpoints"].endswith(", 5 more")


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (
            Counted.NEW_CONNECTIONS,
            "the first of each connection), not requests",
        ),
        (Counted.OPEN_CONNECTIONS, "open at one moment"),
        (Counted.REQUESTS, "keep-alive"),
        (Counted.FLOWS, "seen once"),
        (Counted.GIVEN, "is not said"),
    ],
)
def test_luck__says_what_was_counted_and_assumed(counted, words):
    because = luck(counts_of(60, 40, counted=counted, notes=("from noon",))).because

    assert any(words in sentence for sentence in because)
    assert "from noon" in because
    assert any("Equal shares are assumed" in sentence for sentence in because)


def test_luck__says_how_far_and_how_likely():
    (effect, *_) = luck(counts_of(60, 10, 7, 3, 6, 4, 10)).because

    assert "10.0.0.0:80 got 4.2 times its share of 100 counts" in effect
    assert effect.endswith("Chance alone gives such counts, or stranger ones, less than once in 10^23 cases.")


def test_luck__the_probability_is_said_to_be_a_bound_and_is_one():
    (effect, *_) = luck(counts_of(90, 60, 60, 60, 60)).because
    bound = float(effect.partition("in at most ")[2].split()[0]) / 100
    counts = np.array([90, 60, 60, 60, 60])
    null = null_distribution(330, [0.2] * 5)
    draws = np.random.default_rng(1).multinomial(330, null.shares, 50_000)

    stranger = (null.p_values(draws) <= float(null.p_values(counts))).mean()

    assert stranger <= bound + 4 * (bound / 50_000) ** 0.5


def test_luck__counts_like_the_shares_come_in_all_cases():
    assert luck(counts_of(100, 100, 100)).because[0].endswith("in at most 100 % of cases.")


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((60, 10, 7, 3, 6, 4, 10), "p is 7e-35: it is right for many counts, not far out"),
        ((1000, 0), "p is 2e-219: it is right for many counts, not far out"),
        ((*[100] * 99, 0), "p is 0.5: it is right for many counts"),
    ],
)
def test_luck__says_why_the_published_probability_is_another(counts, words):
    assert any(
        "by the chi-square distribution, as often published, " + words in each
        for each in luck(counts_of(*counts)).because
    )


@pytest.mark.parametrize("counts", [(13, 2, 12), (51, 49)])
def test_luck__does_not_speak_of_a_published_probability_that_is_near(counts):
    assert not any("as often published" in each for each in luck(counts_of(*counts)).because)


def test_luck__is_the_same_for_the_same_seed():
    shares = tuple((np.linspace(1, 3, 30) / 60).tolist())
    counts = counts_of(8, *[1] * 29, shares=shares)

    assert luck(counts, seed=3).frame.equals(luck(counts, seed=3).frame)
    assert luck(counts, seed=3).frame["test"].tolist() == ["simulated"]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (counts_of(1, -3), r"shop/web:http: endpoint 10\.0\.0\.1:80: found -3, expected a whole number"),
        (counts_of(1, 2.5), "found 2.5, expected a whole number"),
        (counts_of(1, float("nan")), "found nan, expected a whole number"),
        (counts_of(1, float("inf")), "found inf, expected a whole number"),
        (counts_of(1, "7"), "found '7', expected a whole number"),
        (counts_of(1, 10**13), "expected a whole number from 0 to"),
        (counts_of(9 * 10**9, 9 * 10**9), "found counts that add to 1.8e\\+10, expected at most"),
        (counts_of(0, 0), "nothing was counted: found only counts of 0"),
        (counts_of(7), "nothing to compare: found no Service with two endpoints"),
        (counts_of(1, 2, shares=(0.5,)), "found 2 counts and 1 shares"),
        (
            counts_of(1, 2, shares=(0.5, 0.6)),
            r"found shares \(0\.5, 0\.6\), expected numbers from 0 on that add to 1",
        ),
        (counts_of(1, 2, shares=(-0.5, 1.5)), "expected numbers from 0 on that add to 1"),
        (counts_of(1, 2, shares=(float("nan"), 1.0)), "expected numbers from 0 on that add to 1"),
        (EndpointCounts("s", ("a", "a"), (1, 2)), "s: endpoint a stands 2 times, expected once"),
        (EndpointCounts("", ("a", "b"), (1,), where="column"), "column: found 1 counts and 0 shares"),
    ],
)
def test_luck__refuses_counts_that_cannot_be_judged(counts, words):
    with pytest.raises(ValueError, match=words):
        luck(counts)


@pytest.mark.parametrize("arguments", [{"alpha": 0}, {"alpha": 1.5}, {"relevant_overload": 1}, {"power": 1}])
def test_luck__refuses_arguments_out_of_range(arguments):
    with pytest.raises(ValueError, match="found"):
        luck(counts_of(1, 2), **arguments)


def test_luck__judges_as_many_as_a_node_can_count():
    counts = counts_of(*[10**10 // 3] * 3)

    assert luck(counts).frame.loc[0, "verdict"] == "consistent with chance"


def test_luck__texts_of_the_frame_are_plain():
    frame = luck([counts_of(60, 40), counts_of(1, 0)]).frame

    texts = frame[["service", "where", "counted", "worst_endpoint", "test", "verdict", "odd_endpoints"]]
    assert {type(value) for value in texts.to_numpy().ravel()} == {str}


def test_luck__refuses_no_counts_at_all():
    with pytest.raises(ValueError, match="found no Service with two endpoints"):
        luck([])


def test_luck__rounded_counts_are_as_even_as_they_can_have_been():
    counts = (151_000, 149_000)
    rounded = EndpointCounts("rounded", ("a", "b"), counts, notes=("counters are rounded (K, M, G)",))

    frame = luck([rounded, EndpointCounts("exact", ("a", "b"), counts)]).frame.set_index("service")

    assert frame["verdict"].to_dict() == {"rounded": "consistent with chance", "exact": "not chance"}
