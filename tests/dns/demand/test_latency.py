import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.dns.demand.demand import dns_demand
from kubenetlab.dns.demand.latency import NEGLIGIBLE, mixed, outcomes, quantile
from kubenetlab.dns.demand.servers import Client
from kubenetlab.dns.demand.setup import Latencies
from kubenetlab.objects.dns_message import Answer, Rcode, Record, Reply
from kubenetlab.objects.name_inventory import NameInventory, NameRate
from tests.dns.demand.recorded_lookups import UPSTREAM, cluster

_CONF = (
    "search app.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
)


def _ask(sent):
    """Only names with few labels exist."""
    if sent.name.count(".") > 2:
        return Reply(Answer(Rcode.NXDOMAIN), 0.001)
    return Reply(
        Answer(answer=(Record(sent.name, sent.type, 30, "::" if sent.type == "AAAA" else "0.0.0.0"),)), 0.001
    )


def _client(resolver, *, family="unspec", conf=_CONF):
    return Client("example.com", conf, resolver, family, "", False)


def _demand(loss=0.0, resolver="glibc", **options):
    entry = NameRate(name="www.example.com", rate_per_s=1.0, namespace="app", resolver=resolver)
    return dns_demand(cluster(), NameInventory(entries=(entry,)), upstream=UPSTREAM, loss=loss, **options)


def _assumptions(demand):
    return {setting.name: setting for setting in demand.assumptions}


@pytest.mark.parametrize(("resolver", "wait_s"), [("glibc", 5.0), ("musl", 2.5), ("go", 5.0)])
def test_outcomes__one_lost_query_costs_a_timeout(resolver, wait_s):
    # recordings, set loss: one lost UDP packet costs 5.0 s in glibc and Go, 2.5 s in musl
    ways = outcomes(_client(resolver), _ask, 0.001)

    one_lost = ways[1:9]
    assert [way.took_s - ways[0].took_s for way in one_lost] == pytest.approx([wait_s] * 8, abs=0.01)


@pytest.mark.parametrize("resolver", ["glibc", "musl", "go", "cares"])
@pytest.mark.parametrize("loss", [0.0, 1e-4, 1e-3, 5e-3])
def test_outcomes__of_little_loss__are_all_there_is(resolver, loss):
    total = sum(way.chance for way in outcomes(_client(resolver), _ask, loss))

    assert 1 - NEGLIGIBLE <= total <= 1 + 1e-12


def test_outcomes__chance_of_no_loss_is_that_of_two_packets_a_query():
    first = outcomes(_client("musl"), _ask, 0.01)[0]

    assert first.chance == pytest.approx(0.99 ** (2 * 8))


def test_outcomes__tcp_loses_nothing():
    ways = outcomes(_client("glibc", conf=f"{_CONF}options use-vc\n"), _ask, 0.2)

    assert [way.chance for way in ways] == [1.0]


@pytest.mark.parametrize("resolver", ["glibc", "musl", "go", "cares"])
def test_outcomes__agree_with_lookups_that_lose_packets_at_random(resolver):
    loss, n_lookups = 0.03, 800
    rng = np.random.default_rng(7)

    def lossy(sent):
        return None if rng.random() < loss or rng.random() < loss else _ask(sent)

    drawn = [_client(resolver).look_up(lossy) for _ in range(n_lookups)]

    ways = outcomes(_client(resolver), _ask, loss)
    followed = sum(way.chance for way in ways)
    for limit_s in (1.0, 3.0, 6.0):
        expected = sum(way.chance for way in ways if way.took_s > limit_s)
        share = sum(found.took_s > limit_s for found in drawn) / n_lookups
        sigma = math.sqrt(expected * (1 - expected) / n_lookups)
        assert expected - 4 * sigma <= share <= expected + (1 - followed) + 4 * sigma
    failed = sum(way.chance for way in ways if not way.is_found)
    share = sum(not found.addresses for found in drawn) / n_lookups
    assert failed - 4 * math.sqrt(failed / n_lookups) <= share
    assert share <= failed + (1 - followed) + 4 * math.sqrt(max(failed, 1e-3) / n_lookups)


def test_latency__without_loss__adds_the_round_trips_of_the_candidates():
    trips = Latencies(coredns_s=0.001, upstream_s=0.030)

    frame = _demand(round_trips=trips, n_replicas=1).latency((0.5, 0.9999)).frame

    # three misses and the answer, from CoreDNS' cache (one query a second, kept 30 s) or from outside
    assert frame["within_ms"].tolist() == pytest.approx([4.0, 34.0])
    assert _demand(round_trips=trips, n_replicas=1).share_above(0.01) == pytest.approx(1 / 31)


def test_latency__behind_a_node_cache__is_its_own_time_on_a_hit():
    trips = Latencies(node_local_s=0.0001, coredns_s=0.001, upstream_s=0.030)

    frame = _demand(round_trips=trips, node_local=True).latency((0.01, 1.0)).frame

    assert frame["within_ms"].tolist() == pytest.approx([0.4, 3 * 1.1 + 30.1])


def test_latency__loss_makes_the_tail_of_5_s():
    demand = _demand(loss=0.001)

    assert demand.share_above(1.0) == pytest.approx(1 - 0.999 ** (2 * 8), rel=0.01)
    assert demand.share_above(4.9) == pytest.approx(demand.share_above(1.0), rel=0.01)
    assert demand.latency((0.99,)).frame["within_ms"].iloc[0] > 5000
    assert "take more than 4.9 s" in demand.latency().because[2]


def test_latency__of_musl__has_a_tail_of_2_5_s():
    demand = _demand(loss=0.001, resolver="musl")

    assert demand.share_above(2.4) == pytest.approx(1 - 0.999 ** (2 * 8), rel=0.01)
    assert demand.share_above(4.9) < 0.001


@pytest.mark.parametrize(("resolver", "loss"), [("glibc", 0.05), ("glibc", 0.3), ("musl", 0.1), ("go", 0.1)])
def test_latency__says_how_many_names_are_not_found_however_much_is_lost(resolver, loss):
    demand = _demand(loss=loss, resolver=resolver)
    (asking,) = demand.asking
    rng, ask = np.random.default_rng(3), demand.server.ask_of(asking.client)

    def lossy(sent):
        return None if sent.transport == "udp" and (rng.random() < loss or rng.random() < loss) else ask(sent)

    drawn = [asking.client.look_up(lossy) for _ in range(1000)]

    share = float(demand.latency().because[3].partition("%")[0]) / 100
    assert share == pytest.approx(sum(not found.addresses for found in drawn) / 1000, abs=0.05)
    assert demand.share_above(4.9) == pytest.approx(
        sum(found.took_s > 4.9 for found in drawn) / 1000, abs=0.05
    )
    assert demand.latency().because[4].startswith("lost queries: 1,000 lookups of each kind")


def test_latency__says_at_least_where_combinations_are_not_followed():
    (*late, nothing, _) = _demand(loss=0.015).latency().because

    assert nothing.startswith("at least ")
    assert all(words.startswith("at most ") for words in late)


def test_outcomes__that_are_drawn__are_always_the_same():
    assert outcomes(_client("glibc"), _ask, 0.2) == outcomes(_client("glibc"), _ask, 0.2)
    assert sum(way.chance for way in outcomes(_client("go"), _ask, 0.2)) == pytest.approx(1)


def test_latency__behind_a_node_cache__loses_no_packet_on_the_way():
    # facts: the pod asks its own node, which asks CoreDNS over TCP
    assert _demand(loss=0.05, node_local=True).share_above(1.0) == pytest.approx(0, abs=1e-12)
    assert (
        "NodeLocal DNSCache, over TCP" in _assumptions(_demand(loss=0.05, node_local=True))["loss"].evidence
    )
    assert "loss" not in _assumptions(_demand())


def test_latency__of_pods_with_other_servers__loses_packets_beside_a_node_cache():
    entry = NameRate(name="www.example.com", rate_per_s=1.0, dns_policy="Default")

    demand = dns_demand(
        cluster(), NameInventory(entries=(entry,)), upstream=UPSTREAM, loss=0.01, node_local=True
    )

    assert demand.share_above(1.0) > 0.03


def test_latency__walks_lookups_of_the_same_kind_once(monkeypatch):
    n_walked = []
    look_up = Client.look_up
    monkeypatch.setattr(Client, "look_up", lambda *args: n_walked.append(1) or look_up(*args))
    entries = tuple(NameRate(name=f"name-{n}.example.com", rate_per_s=1.0) for n in range(20))

    dns_demand(cluster(), NameInventory(entries=entries), loss=0.001).latency()

    assert len(n_walked) < 100


def test_latency__more_loss_is_never_faster():
    shares = [_demand(loss=loss).share_above(1.0) for loss in (0.0, 0.001, 0.01, 0.05)]

    assert shares == sorted(shares)


_CHANCES = st.dictionaries(
    st.integers(0, 50).map(lambda n: n / 10), st.floats(0.01, 1), min_size=1, max_size=6
)


@given(chances=_CHANCES, share=st.floats(0.0, 1.0))
def test_quantile__agrees_with_the_sorted_list(chances, share):
    total = sum(chances.values())
    chances = {time: chance / total for time, chance in chances.items()}

    found = quantile(chances, share)

    below = sum(chance for time, chance in chances.items() if time < found)
    assert below <= share + 1e-9
    assert sum(chance for time, chance in chances.items() if time <= found) >= share - 1e-9


def test_quantile__beyond_what_was_followed__is_infinite():
    assert quantile({0.1: 0.9}, 0.95) == math.inf


def test_mixed__weighs_and_rounds_to_the_microsecond():
    assert mixed([(0.25, {1.00000001: 1.0}), (0.75, {1.0: 0.5, 2.0: 0.5})]) == {1.0: 0.625, 2.0: 0.375}
