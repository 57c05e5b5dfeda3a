"""Counters that the real kernel made, and what ``luck`` says of them.

Verdicts are asked for at one in a million, so that chance alone fails less than one of 100,000 runs of all these tests;
connections are so many that an overload of 1.5 is seen even so.
"""

from collections import Counter

import pytest

from kubenetlab import iptables_save
from kubenetlab.kernel.loading import load, loadable
from kubenetlab.kernel.namespace import Namespace
from kubenetlab.kernel.network import build, send_flows
from kubenetlab.kernel.packets import Flow
from kubenetlab.kernel.replay import Connection, replay
from kubenetlab.kernel.sources import node_of
from kubenetlab.load_balancing.luck.causes import likely_causes
from kubenetlab.load_balancing.luck.counts_of_rules import counts_of_rules
from kubenetlab.load_balancing.luck.verdict import luck
from kubenetlab.load_balancing.survey import Survey
from kubenetlab.objects.connection_counts import Counted, EndpointCounts
from kubenetlab.readers.counts import counts_from_text
from kubenetlab.readers.rules import rules_from_text
from tests.kernel.golden_rules import SEEDS
from tests.kernel.nodes import SETTINGS, proxied, traffic, where

pytestmark = pytest.mark.requires("kernel")

LEVEL = 1e-6
TOOLS = ["iptables-nft", "iptables-legacy"]
CART = proxied("shop/cart", "10.96.0.20", [f"10.244.2.{10 + i}" for i in range(3)])
CATALOG = proxied("shop/catalog", "10.96.0.30", [f"10.244.3.{10 + i}" for i in range(10)])
FAIR = iptables_save((CART, CATALOG), SETTINGS)
SEED_0 = (SEEDS / "000-statistic-example.rules").read_text("utf-8")


def visits(to, n):
    return [Connection(f"10.244.1.{number % 250}", to) for number in range(n)]


def pods(to, n, *, requests=1, stays=False):
    """The same for ``traffic``."""
    return [(f"10.244.1.{20 + number % 40}", to, requests, stays) for number in range(n)]


def counted(text):
    """The counts of each Service by the rules' counters."""
    return {counts.service: counts for counts in counts_of_rules(rules_from_text(text))}


def fitting(counts):
    """The causes that fit counts."""
    frame = likely_causes(counts).frame
    return set(frame.loc[frame["fits"] == "fits", "cause"])


def verdict(counts):
    return luck(counts, alpha=LEVEL).frame.loc[0, "verdict"]


@pytest.mark.parametrize("tool", TOOLS)
def test_luck__fair_rules_are_consistent_with_chance(tool):
    asked = [*visits("10.96.0.20:80/tcp", 2000), *visits("10.96.0.30:80/tcp", 4000)]

    done = replay(FAIR, asked, tool=tool)

    counts = counted(done.counters)
    seen = Counter(done.endpoints)
    assert {name: sum(one.counts) for name, one in counts.items()} == {
        "shop/cart:http": 2000,
        "shop/catalog:http": 4000,
    }
    assert {
        endpoint: count
        for one in counts.values()
        for endpoint, count in zip(one.endpoints, one.counts, strict=True)
    } == seen
    assert set(luck(list(counts.values()), alpha=LEVEL).frame["verdict"]) == {"consistent with chance"}


@pytest.mark.parametrize("tool", TOOLS)
def test_luck__the_first_examples_counts_are_chance_by_its_rules_and_not_by_even_shares(tool):
    done = replay(SEED_0, visits("172.17.0.1:80/tcp", 3000), tool=tool)

    (counts,) = counts_of_rules(rules_from_text(done.counters))
    even = EndpointCounts(counts.service, counts.endpoints, counts.counts)
    assert counts.shares == pytest.approx((0.30, 0.21, 0.49))
    assert verdict(counts) == "consistent with chance"
    assert verdict(even) == "not chance"
    assert luck(even).frame.loc[0, "worst_endpoint"] == "172.16.0.3:8080"
    assert "uneven rules" in fitting(counts)


def test_luck__a_dead_endpoint_is_seen_in_conntrack_and_not_in_the_rules():
    alive, dead = where(CART)[:2], where(CART)[2]

    (done,) = traffic(FAIR, [pods("10.96.0.20:80", 900)], live=alive, dead=[dead.partition(":")[0]])

    by_rules = counted(done["counters"])["shop/cart:http"]
    (by_conntrack,) = counts_from_text(done["conntrack"])
    assert sum(by_rules.counts) == 900
    assert verdict(by_rules) == "consistent with chance"
    assert dict(zip(by_conntrack.endpoints, by_conntrack.counts, strict=True))[dead] == 0
    assert by_conntrack.counted is Counted.FLOWS  # they are closed
    assert verdict(by_conntrack) == "not chance"
    assert dead in luck(by_conntrack, alpha=LEVEL).frame.loc[0, "odd_endpoints"]
    assert "dead or unready endpoint" in fitting(by_conntrack)


def test_luck__requests_over_connections_that_are_kept_are_not_chance_while_the_rules_cannot_tell():
    # 7 connections to 3 endpoints are never even: at best 3, 2 and 2 of them, 300 requests over each

    (done,) = traffic(FAIR, [pods("10.96.0.20:80", 7, requests=300, stays=True)], live=where(CART))

    by_rules = counted(done["counters"])["shop/cart:http"]
    answered = done["requests"]["10.96.0.20:80"]
    counts = tuple(answered.get(endpoint, 0) for endpoint in where(CART))
    by_requests = EndpointCounts("shop/cart:http", tuple(where(CART)), counts, counted=Counted.REQUESTS)
    assert tuple(count * 300 for count in by_rules.counts) == counts
    assert verdict(by_rules) == "cannot tell yet"
    assert verdict(by_requests) == "not chance"
    assert "keep-alive or few clients" in fitting(by_requests)


def test_counts_of_rules__are_the_same_from_nft_and_from_iptables_save():
    _, rules, _ = loadable(FAIR)
    node = node_of(rules, Survey(rules))
    flows = [
        Flow(4, "tcp", 0x0AF40100 + number % 200, 2000 + number, 0x0A600014, 80, number)
        for number in range(1, 600)
    ]
    with Namespace() as own:
        build(own, node)
        load(own, FAIR, "iptables-nft", 4)
        send_flows(own, node, node.pod_interface, flows)
        saved = own.run("iptables-nft-save", "-c")
        listed = own.run("nft", "list", "ruleset")

    by_save, by_list = counted(saved), counted(listed)
    assert sum(by_save["shop/cart:http"].counts) == len(flows)
    # nft 1.0.6 prints no comments of iptables' rules: it calls the Service by its address
    assert {(one.endpoints, one.counts) for one in by_list.values()} == {
        (one.endpoints, one.counts) for one in by_save.values()
    }
