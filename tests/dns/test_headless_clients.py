from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.dns.headless_clients import CLIENTS, headless_spread


def row(*args, **options):
    return headless_spread(*args, **options).frame.iloc[0]


@pytest.mark.parametrize("client", ["first", "random"])
@pytest.mark.parametrize(("n_endpoints", "n_clients"), [(2, 5), (3, 6), (4, 4)])
def test_headless_spread__is_what_counting_every_outcome_gives(client, n_endpoints, n_clients):
    outcomes = [Counter(choice) for choice in product(range(n_endpoints), repeat=n_clients)]
    largest = np.mean([max(counts.values()) for counts in outcomes]) * n_endpoints / n_clients
    idle = np.mean([n_endpoints - len(counts) for counts in outcomes])

    found = row(n_endpoints, n_clients, client=client)

    assert found["max_over_mean_mean"] == pytest.approx(largest, rel=1e-9)
    assert found["idle_endpoints"] == pytest.approx(idle, rel=1e-9)


def test_headless_spread__one_order_for_all_sends_every_first_choice_to_one_endpoint():
    found = row(5, 20, clients_per_answer=20)

    assert (found["n_reachable"], found["max_over_mean_mean"], found["idle_endpoints"]) == (1, 5, 4)


def test_headless_spread__clients_that_keep_all_addresses_are_even():
    found = row(5, 20, client="all")

    assert (found["n_connections"], found["max_over_mean_p95"], found["idle_endpoints"]) == (100, 1, 0)


def test_headless_spread__a_truncated_answer_in_one_order_leaves_the_others_out():
    # 29 of 200: golden/coredns, headless Service with 200 endpoints over UDP
    found = row(200, 50, client="all", clients_per_answer=50, n_seen=29)

    assert (found["n_reachable"], found["n_connections"], found["idle_endpoints"]) == (29, 50 * 29, 171)
    assert found["max_over_mean_mean"] == pytest.approx(200 / 29)


def test_headless_spread__truncated_answers_that_are_shuffled_reach_all():
    assert row(200, 50, n_seen=29)["n_reachable"] == 200


@pytest.mark.parametrize(
    ("n_endpoints", "groups"), [(5, (3, 3, 1)), (3, (4, 4, 2)), (4, (2, 2, 2, 1)), (3, (5, 2))]
)
def test_headless_spread__counts_a_last_group_that_is_not_full(n_endpoints, groups):
    n_clients, each = sum(groups), []
    for choice in product(range(n_endpoints), repeat=len(groups)):
        counts = Counter()
        for endpoint, size in zip(choice, groups, strict=True):
            counts[endpoint] += size
        each.append(max(counts.values()) * n_endpoints / n_clients)

    found = row(n_endpoints, n_clients, clients_per_answer=groups[0])

    assert found["max_over_mean_mean"] == pytest.approx(np.mean(each), rel=1e-9)
    assert found["max_over_mean_p95"] == pytest.approx(np.quantile(each, 0.95, method="inverted_cdf"))


@given(
    n_endpoints=st.integers(1, 30),
    n_clients=st.integers(1, 60),
    client=st.sampled_from(sorted(CLIENTS)),
    shared=st.integers(1, 60),
)
def test_headless_spread__sharing_answers_never_spreads_better(n_endpoints, n_clients, client, shared):
    alone, together = (row(n_endpoints, n_clients, client=client, clients_per_answer=k) for k in (1, shared))

    assert together["max_over_mean_mean"] >= alone["max_over_mean_mean"] - 1e-9
    assert 1 - 1e-9 <= together["max_over_mean_mean"] <= n_endpoints + 1e-9
    assert 0 <= together["idle_endpoints"] <= n_endpoints - 1 + 1e-9


@pytest.mark.parametrize(
    "arguments",
    [{"client": "nearest"}, {"n_seen": 4}, {"n_seen": 0}, {"clients_per_answer": 0}, {"n_clients": 0}],
)
def test_headless_spread__refuses_what_cannot_be(arguments):
    with pytest.raises(ValueError, match="headless_spread: found"):
        headless_spread(**{"n_endpoints": 3, "n_clients": 5} | arguments)
