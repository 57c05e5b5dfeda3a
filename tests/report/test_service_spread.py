import pytest

from kubenetlab.load_balancing.chance.connection_spread import connection_spread
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.sections.service_spread import _near, spread
from kubenetlab.report.sections.services import services
from tests.builders import cluster, endpoint, endpoint_slice, service


def evidence(*parts, mode="iptables"):
    return Evidence(cluster(*parts, settings={"proxy_mode": mode}), seed=1)


def pods(name, *nodes, start=0):
    """A slice with a ready endpoint on each of the nodes."""
    listed = (endpoint(f"10.244.{start}.{n}", node_name=node) for n, node in enumerate(nodes))
    return endpoint_slice(*listed, of=f"shop/{name}")


def cart(name="cart", number=10, **spec):
    return service(f"shop/{name}", cluster_ip=f"10.96.0.{number}", **spec)


def rows(found):
    (table,), _ = found
    return [[cell.text for cell in row] for row in table.rows]


def headings(found):
    (table,), _ = found
    return [column.heading for column in table.headings]


def test_spread__says_what_chance_does_to_a_thousand_connections():
    found = spread(evidence(cart(), pods("cart", "a", "b", "c")))

    chance = connection_spread(1000, 3).frame.iloc[0]
    busiest = f"{chance['max_over_mean_p05']:.2f} to {chance['max_over_mean_p95']:.2f} times"
    assert rows(found) == [["shop/cart", "3", busiest, "900 connections"]]
    assert "kube-proxy in mode iptables draws" in found[1][0]
    assert len(found[1]) == 1


def test_spread__services_with_as_many_endpoints_share_a_row():
    parts = [part for n in range(5) for part in (cart(f"s{n}", 10 + n), pods(f"s{n}", "a", "b", start=n))]

    assert rows(spread(evidence(*parts)))[0][:2] == ["shop/s0, shop/s1, shop/s2 and 2 more", "2"]


def test_spread__policy_local_has_its_factor():
    local = cart(type="LoadBalancer", external_traffic_policy="Local")

    found = spread(evidence(local, pods("cart", "a", "a", "b")))

    # A published case (kubernetes issue 97147): 25, 25 and 50 % of the traffic; a fair share is 33.3 %.
    assert rows(found)[0][-1] == "1.5 times"
    assert headings(found)[-1] == "Busiest by policy Local"
    assert "as much to every node with a ready pod" in found[1][1]


@pytest.mark.parametrize(("mode", "remembered"), [("iptables", "200"), ("nftables", "131,070")])
def test_spread__affinity_has_its_limit(mode, remembered):
    found = spread(evidence(cart(session_affinity="ClientIP"), pods("cart", "a", "b"), mode=mode))

    assert rows(found)[0][-1] == remembered
    assert headings(found)[-1] == "Clients that a node remembers"
    assert found[1][-1].startswith("sessionAffinity ClientIP: each node remembers")


def test_spread__of_many_kinds_some_are_shown_the_special_ones_all():
    parts = [
        part for n in range(2, 32) for part in (cart(f"s{n}", n), pods(f"s{n}", *map(str, range(n)), start=n))
    ]
    sticky = cart("sticky", 99, session_affinity="ClientIP"), pods("sticky", "a", "b", start=99)

    found = spread(evidence(*parts, *sticky))

    assert rows(found)[0][0] == "shop/sticky"
    assert rows(found)[1][1] == "31"
    assert len(rows(found)) == 11
    assert found[0][0].caption == "How evenly Services can share, 11 of 31 kinds"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([], id="no Services"),
        pytest.param([cart()], id="no endpoints in the dump"),
        pytest.param([cart(), pods("cart", "a")], id="one endpoint"),
        pytest.param([service("shop/cart", cluster_ip="None"), pods("cart", "a", "b")], id="headless"),
    ],
)
def test_spread__where_nothing_is_shared_there_is_no_table(parts):
    assert spread(evidence(*parts)) == ((), ())


@pytest.mark.parametrize("mode", ["ipvs", "none"])
def test_spread__where_nothing_is_drawn_there_is_no_table(mode):
    assert spread(evidence(cart(), pods("cart", "a", "b"), mode=mode)) == ((), ())


@pytest.mark.parametrize("n_endpoints", [2, 3, 10, 100, 500])
def test_near__is_where_the_busiest_endpoint_is_within_ten_percent(n_endpoints):
    found = connection_spread(_near(n_endpoints), n_endpoints).frame.iloc[0]

    assert found["max_over_mean_p95"] == pytest.approx(1.1, abs=0.005)


def test_services__show_the_short_table_above_the_endpoints():
    part = services(evidence(cart(), pods("cart", "a", "b")))

    assert part.tables[0].caption == "How evenly Services can share"
