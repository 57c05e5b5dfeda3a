"""The recorded node of tests/golden/counters: the verdicts that its README gives, from each of its files."""

from pathlib import Path

import pytest

from kubenetlab.load_balancing.luck.causes import likely_causes
from kubenetlab.load_balancing.luck.counts_of_rules import counts_between, counts_of_rules
from kubenetlab.load_balancing.luck.verdict import luck
from kubenetlab.readers.counts import read_counts
from kubenetlab.readers.rules import rules_from_text
from kubenetlab.samples import sample_rules

RECORDED = Path(__file__).parents[1] / "golden" / "counters"
CHANCE, NOT_CHANCE, UNKNOWN = "consistent with chance", "not chance", "cannot tell yet"
LATER = counts_of_rules(sample_rules("node-after-a-day"))
EARLIER = counts_of_rules(rules_from_text((RECORDED / "node-earlier.save").read_text("utf-8"), "earlier"))
ANSWERS = str(RECORDED / "node-answers.csv")
#: By Service, the verdict on its new connections, and on the requests that were answered.
VERDICTS = {
    "shop/cart:http": (CHANCE, CHANCE),
    "shop/catalog:http": (CHANCE, CHANCE),
    "kube-system/kube-dns:dns-tcp": (CHANCE, CHANCE),
    "edge/traefik:websecure": (CHANCE, CHANCE),
    "payments/gateway:https": (CHANCE, NOT_CHANCE),
    "shop/checkout:https": (CHANCE, NOT_CHANCE),
    "shop/session:http": (UNKNOWN, NOT_CHANCE),
    "data/cache:redis": (UNKNOWN, CHANCE),
    "data/orders-db:postgres": (UNKNOWN, NOT_CHANCE),
    "shop/search:http": (CHANCE, NOT_CHANCE),
    "monitoring/prometheus:web": (UNKNOWN, UNKNOWN),
    "shop/reviews:http": (UNKNOWN, UNKNOWN),
}


def verdicts(counts):
    frame = luck(counts).frame
    return dict(zip(frame["service"], frame["verdict"], strict=True))


def by_service(counts):
    return {one.service: one for one in counts}


def test_luck__of_the_rules_counters_is_what_the_readme_says():
    assert verdicts(LATER) == {service: verdict for service, (verdict, _) in VERDICTS.items()}


def test_luck__of_the_answered_requests_is_what_the_readme_says():
    found = verdicts(read_counts(ANSWERS, count="requests"))

    assert found == {service: verdict for service, (_, verdict) in VERDICTS.items()}


@pytest.mark.parametrize(
    ("service", "cause"),
    [
        ("shop/checkout:https", "dead or unready endpoint"),
        ("shop/session:http", "session affinity (ClientIP)"),
        ("data/orders-db:postgres", "keep-alive or few clients"),
        ("shop/search:http", "old connections after a roll-out"),
        ("shop/search:http", "one endpoint is counted for a shorter time"),
    ],
)
def test_likely_causes__of_the_answered_requests_has_what_was_done(service, cause):
    found = likely_causes(by_service(read_counts(ANSWERS, count="requests"))[service]).frame

    assert dict(zip(found["cause"], found["fits"], strict=True))[cause] == "fits"


def test_likely_causes__of_rules_changed_by_hand_has_them():
    found = likely_causes(by_service(LATER)["payments/gateway:https"]).frame

    assert dict(zip(found["cause"], found["fits"], strict=True))["uneven rules"] == "fits"


def test_luck__of_conntrack_finds_the_dead_endpoint_and_the_affinity():
    found = luck(read_counts(str(RECORDED / "node-conntrack.txt.gz"))).frame

    odd = found[found["verdict"] == NOT_CHANCE].set_index("service")["odd_endpoints"]
    assert set(odd.index) == {"10.96.90.3:8443/TCP", "10.96.5.61:80/TCP"}
    assert odd["10.96.90.3:8443/TCP"].startswith("10.244.3.23:8443 (0 for ")


def test_luck__of_rules_changed_by_hand_is_not_chance_by_even_shares():
    gateway = by_service(LATER)["payments/gateway:https"]

    assert gateway.shares == pytest.approx((1 / 3, 2 / 9, 4 / 9), abs=1e-9)
    assert (
        luck(gateway.__class__("", gateway.endpoints, gateway.counts)).frame.loc[0, "verdict"] == NOT_CHANCE
    )


@pytest.mark.parametrize("service", sorted(VERDICTS.keys() - {"shop/search:http"}))
def test_counts_of_rules__are_the_connections_that_clients_saw(service):
    counts = by_service(LATER)[service]
    answered = by_service(read_counts(ANSWERS, count="connections"))[service]
    pairs = list(zip(counts.endpoints, counts.counts, answered.counts, strict=True))

    if service == "shop/session:http":  # the rest came again, to the endpoint that they had
        assert (sum(counts.counts), sum(answered.counts)) == (13, 2500)
    else:
        assert [at for at, seen, known in pairs if seen != known] == ["10.244.3.23:8443"] * (
            service == "shop/checkout:https"
        )


def test_counts_between__two_saves_begins_anew_where_a_chain_was_rewritten():
    between = by_service(counts_between(EARLIER, LATER))
    before, after = by_service(EARLIER), by_service(LATER)

    assert len(before["shop/search:http"].endpoints) == 3
    assert between["shop/search:http"].counts == after["shop/search:http"].counts
    for service in VERDICTS.keys() - {"shop/search:http"}:
        sums = zip(between[service].counts, before[service].counts, strict=True)
        assert tuple(map(sum, sums)) == after[service].counts
