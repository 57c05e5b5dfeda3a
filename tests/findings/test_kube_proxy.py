"""KNL302 and KNL303; KNL301 is in test_routing."""

import pytest
from msgspec.structs import replace

from kubenetlab.findings import check
from kubenetlab.objects.service import (
    EndpointHints,
    LoadBalancerIngress,
    LoadBalancerStatus,
    ServicePort,
    ServiceStatus,
    ZoneHint,
)
from tests.builders import cluster, endpoint, endpoint_slice, node, service

ZONE1 = {"topology.kubernetes.io/zone": "z1"}
SHARED = {"external_ips": ("198.51.100.7",)}
NEAR = service(traffic_distribution="PreferClose", cluster_ip="10.96.0.9")


def objects(code, *values):
    return [finding.object for finding in check(cluster(*values), [code])]


def cart(name, number, **spec):
    return service(f"shop/{name}", cluster_ip=f"10.96.0.{number}", **spec)


def balanced(name, number, ip_mode=""):
    status = ServiceStatus(LoadBalancerStatus((LoadBalancerIngress("198.51.100.7", ip_mode=ip_mode),)))
    return replace(cart(name, number, type="LoadBalancer"), status=status)


def hinted(address, *zones, **fields):
    return replace(endpoint(address, **fields), hints=EndpointHints(tuple(map(ZoneHint, zones))))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(cart("b", 2, **SHARED), id="the same external IP"),
        pytest.param(balanced("b", 2), id="the address of its load balancer"),
        pytest.param(service("shop/b", cluster_ip="198.51.100.7"), id="its ClusterIP"),
    ],
)
def test_knl302__fires_for_each_service_with_one_address_and_port(other):
    assert objects("KNL302", cart("a", 1, **SHARED), other) == ["Service shop/a", "Service shop/b"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(cart("b", 2, ports=((8080, None),), **SHARED), id="another port"),
        pytest.param(cart("b", 2, external_ips=("198.51.100.8",)), id="another address"),
        pytest.param(balanced("b", 2, "Proxy"), id="a load balancer that kube-proxy does not answer for"),
        pytest.param(service("shop/b", cluster_ip="None", **SHARED), id="headless"),
        pytest.param(cart("a", 1, **SHARED), id="the same Service twice in the dump"),
    ],
)
def test_knl302__is_silent_on_neighbours(other):
    assert objects("KNL302", cart("a", 1, **SHARED), other) == []


def test_knl302__says_the_place_and_the_other():
    v6 = {"cluster_ips": ("fd00::1",), "ip_families": ("IPv6",), "external_ips": ("2001:db8::7",)}
    values = [
        service(f"shop/{name}", cluster_ip=ip, **v6) for name, ip in (("a", "fd00::1"), ("b", "fd00::1"))
    ]

    first, _ = check(cluster(*values), ["KNL302"])

    assert first.message == "[fd00::1]:80/TCP also belongs to Service shop/b."


@pytest.mark.parametrize("address_type", ["IPv4", "IPv6"])
def test_knl303__fires_where_some_ready_endpoints_have_hints_and_some_have_none(address_type):
    ip = {"IPv4": "10.244.0.{}", "IPv6": "fd00::{}"}[address_type]
    piece = endpoint_slice(
        hinted(ip.format(1), "z1"), hinted(ip.format(2), node_name="b"), address_type=address_type
    )

    near = (
        NEAR if address_type == "IPv4" else service(traffic_distribution="PreferClose", cluster_ip="fd00::9")
    )

    (finding,) = check(cluster(near, piece), ["KNL303"])

    assert finding.object == "Service shop/cart"
    assert finding.message == "1 of 2 ready endpoints lacks a zone hint, so traffic is spread over all zones."
    assert finding.evidence == (
        "spec.trafficDistribution: PreferClose",
        "without hint: " + ("10.244.0.2:8080" if address_type == "IPv4" else "[fd00::2]:8080"),
        "on b",
    )


@pytest.mark.parametrize(
    "endpoints",
    [
        pytest.param([hinted("10.244.0.1", "z1"), hinted("10.244.0.2", "z2")], id="all have some"),
        pytest.param([hinted("10.244.0.1"), hinted("10.244.0.2")], id="none has any"),
        pytest.param([hinted("10.244.0.1", "z1"), hinted("10.244.0.2", ready=False)], id="one is not ready"),
        pytest.param([], id="no endpoints"),
    ],
)
def test_knl303__is_silent_on_neighbours(endpoints):
    assert objects("KNL303", NEAR, endpoint_slice(*endpoints)) == []


def test_knl303__is_silent_where_nobody_asked_for_it():
    assert (
        objects("KNL303", service(), endpoint_slice(hinted("10.244.0.1", "z1"), hinted("10.244.0.2"))) == []
    )


PARTLY = endpoint_slice(hinted("10.244.0.1", "z1"), hinted("10.244.0.2"))


def by_node(address, node_name, *zones):
    hints = EndpointHints(tuple(map(ZoneHint, zones)), (ZoneHint(node_name),))
    return replace(endpoint(address, node_name=node_name), hints=hints)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([NEAR, PARTLY, node("n1")], id="no node is in a zone with hints"),
        pytest.param([service(cluster_ip="None", traffic_distribution="PreferClose"), PARTLY], id="headless"),
        pytest.param(
            [
                service(
                    traffic_distribution="PreferClose",
                    cluster_ip="10.96.0.9",
                    internal_traffic_policy="Local",
                ),
                PARTLY,
            ],
            id="only local endpoints count",
        ),
        pytest.param(
            [
                NEAR,
                endpoint_slice(by_node("10.244.0.1", "n1", "z1"), by_node("10.244.0.2", "n2")),
                node("n1", labels=ZONE1),
            ],
            id="the node goes by its own hint",
        ),
    ],
)
def test_knl303__is_silent_where_no_node_would_obey_the_hints(values):
    assert objects("KNL303", *values) == []


def test_knl303__counts_a_node_without_an_endpoint_of_its_own():
    piece = endpoint_slice(by_node("10.244.0.1", "n1", "z1"), by_node("10.244.0.2", "n2"))

    assert objects("KNL303", NEAR, piece, node("n3", labels=ZONE1)) == ["Service shop/cart"]


def test_knl303__counts_the_annotation_of_older_releases():
    annotated = service(cluster_ip="10.96.0.9", annotations={"service.kubernetes.io/topology-mode": "Auto"})

    (finding,) = check(cluster(annotated, PARTLY), ["KNL303"])

    assert finding.evidence[0] == "annotation service.kubernetes.io/topology-mode"


def test_knl303__says_whose_traffic_is_spread():
    spec = {"type": "NodePort", "ports": (ServicePort(80, node_port=30080),)}
    outer = service(
        traffic_distribution="PreferClose",
        cluster_ip="10.96.0.9",
        internal_traffic_policy="Local",
        **spec,
    )

    (finding,) = check(cluster(outer, PARTLY), ["KNL303"])

    assert "so traffic from outside is spread" in finding.message


@pytest.mark.parametrize("code", ["KNL302", "KNL303"])
def test_knl302_and_knl303__are_silent_where_kube_proxy_does_not_run(code):
    values = (cart("a", 1, **SHARED), cart("b", 2, **SHARED), NEAR, PARTLY)

    assert check(cluster(*values, settings={"proxy_mode": "none"}), [code]).frame.empty
    assert len(check(cluster(*values, settings={"proxy_mode": "nftables"}), [code])) > 0


def test_knl302__says_which_of_them_has_endpoints():
    piece = endpoint_slice(endpoint("10.244.0.1"), of="shop/b")

    first, _ = check(cluster(cart("a", 1, **SHARED), cart("b", 2, **SHARED), piece), ["KNL302"])

    assert first.evidence == ("address: 198.51.100.7:80/TCP", "with endpoints: Service shop/b")
    assert "while two of them have endpoints" in first.advice
