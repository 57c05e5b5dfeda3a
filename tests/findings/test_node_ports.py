"""KNL104 and KNL105: node ports that clash or lie outside the range."""

import pytest

from kubenetlab.findings import check
from kubenetlab.objects import ServicePort
from kubenetlab.result import Origin
from tests.builders import cluster, service


def objects(code, *values, **settings):
    return [finding.object for finding in check(cluster(*values, settings=settings), [code])]


def node_port(name, *ports, **spec):
    listed = tuple(
        ServicePort(80 + i, node_port=number, protocol=protocol) for i, (number, protocol) in enumerate(ports)
    )
    return service(f"shop/{name}", ports=listed, **{"type": "NodePort", **spec})


def test_knl104__names_both_services():
    values = node_port("a", (30001, "TCP")), node_port("b", (30001, "TCP"), type="LoadBalancer")

    first, second = check(cluster(*values), ["KNL104"])

    assert (first.object, second.object) == ("Service shop/a", "Service shop/b")
    assert first.message == "Node port 30001 is also used by Service shop/b."


def test_knl104__fires_on_one_service_with_the_port_twice():
    assert objects("KNL104", node_port("a", (30001, "TCP"), (30001, "TCP"))) == ["Service shop/a"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(node_port("b", (30002, "TCP")), id="another port"),
        pytest.param(node_port("b", (30002, "TCP"), (30002, "UDP")), id="two protocols of one Service"),
        pytest.param(node_port("b", (30001, "TCP"), type="ClusterIP"), id="ClusterIP"),
        pytest.param(node_port("b", (0, "TCP")), id="none"),
    ],
)
def test_knl104__is_silent_on_neighbours(other):
    assert objects("KNL104", node_port("a", (30001, "TCP"), (0, "TCP")), other) == []


CHECKED = {"type": "LoadBalancer", "external_traffic_policy": "Local", "health_check_node_port": 30001}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(node_port("b", (30001, "UDP")), id="another protocol"),
        pytest.param(node_port("b", (30002, "TCP"), **CHECKED), id="a health check node port"),
    ],
)
def test_knl104__a_number_is_of_one_service(other):
    assert objects("KNL104", node_port("a", (30001, "TCP")), other) == ["Service shop/a", "Service shop/b"]


def test_knl104__a_health_check_node_port_clashes_with_a_port_of_its_service():
    (finding,) = check(cluster(node_port("a", (30001, "TCP"), **CHECKED)), ["KNL104"])

    assert finding.message == "Node port 30001 is there twice for one protocol."


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (None, (30000, 32767), (29999, 32768)),
        ("30000-30999", (30000, 30999), (31000,)),
        ("20000+100", (20000, 20100), (20101, 30000)),
        ("30080", (30080,), (30081,)),
        ("nonsense", (30000,), (29999,)),
    ],
)
def test_knl105__knows_the_range(text, inside, outside):
    settings = {"node_port_range": text} if text else {}
    values = [node_port(str(port), (port, "TCP")) for port in (*inside, *outside)]

    assert objects("KNL105", *values, **settings) == [f"Service shop/{port}" for port in sorted(outside)]


def test_knl105__includes_the_health_check_node_port():
    spec = {"type": "LoadBalancer", "external_traffic_policy": "Local", "health_check_node_port": 29999}

    assert objects("KNL105", node_port("a", (30000, "TCP"), **spec)) == ["Service shop/a"]


@pytest.mark.parametrize(
    ("origin", "cluster_ip", "found"),
    [
        pytest.param(Origin.READ, "10.96.0.9", ["Service shop/a"], id="a stated range"),
        pytest.param(Origin.DEFAULT, "10.96.0.9", [], id="deployed: the range is another"),
        pytest.param(Origin.DEFAULT, "", ["Service shop/a"], id="a manifest"),
    ],
)
def test_knl105__judges_deployed_services_by_a_stated_range_only(origin, cluster_ip, found):
    value = node_port("a", (20080, "TCP"), cluster_ip=cluster_ip)
    dump = cluster(value, settings={"node_port_range": "30000-32767"}, origin=origin)

    assert [finding.object for finding in check(dump, ["KNL105"])] == found
