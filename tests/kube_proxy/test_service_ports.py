import pytest
from msgspec.structs import replace

from kubenetlab.kube_proxy.service_ports import service_ports
from kubenetlab.objects import Service, ServicePort
from kubenetlab.objects.service import LoadBalancerIngress, LoadBalancerStatus, ServiceStatus
from tests.builders import service

V4 = {"cluster_ip": "10.96.0.9", "cluster_ips": ("10.96.0.9",), "ip_families": ("IPv4",)}
DUAL = {
    "cluster_ip": "10.96.0.9",
    "cluster_ips": ("10.96.0.9", "fd00:10:96::9"),
    "ip_families": ("IPv4", "IPv6"),
}


def only(value: Service, version=4):
    (port,) = service_ports([value], version)
    return port


def labelled(value, **labels):
    return replace(value, metadata=replace(value.metadata, labels=labels))


def balanced(*ingress, **spec):
    value = service(type="LoadBalancer", **V4 | spec)
    return replace(value, status=ServiceStatus(LoadBalancerStatus(ingress)))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(service(cluster_ip="None"), id="headless"),
        pytest.param(service(), id="no address yet"),
        pytest.param(
            service(type="ExternalName", external_name="a.example.com", cluster_ip=""), id="ExternalName"
        ),
        pytest.param(
            service(cluster_ip="fd00::9", cluster_ips=("fd00::9",), ip_families=("IPv6",)), id="IPv6"
        ),
        pytest.param(service(cluster_ip="fd00::9"), id="IPv6 without list of families"),
        pytest.param(
            labelled(service(**V4), **{"service.kubernetes.io/service-proxy-name": "other"}),
            id="another proxy's",
        ),
        pytest.param(
            labelled(service(**V4), **{"service.kubernetes.io/headless": ""}), id="labelled headless"
        ),
    ],
)
def test_service_ports__leaves_out_what_kube_proxy_does_not_proxy(value):
    assert service_ports([value]) == []


def test_service_ports__each_family_has_its_own_addresses():
    value = service(
        **DUAL,
        external_ips=("203.0.113.7", "2001:DB8::0:7"),
        load_balancer_source_ranges=(" 198.51.100.0/24 ", "2001:db8:1::/48"),
    )

    v4, v6 = only(value), only(value, 6)

    assert (v4.cluster_ip, v4.external_ips, v4.source_ranges) == (
        "10.96.0.9",
        ("203.0.113.7",),
        ("198.51.100.0/24",),
    )
    assert (v6.cluster_ip, v6.external_ips, v6.source_ranges) == (
        "fd00:10:96::9", ("2001:db8::7",), ("2001:db8:1::/48",)
    )  # fmt: skip


def test_service_ports__takes_the_cluster_ip_of_an_object_without_lists():
    assert only(service(cluster_ip="10.96.0.9")).cluster_ip == "10.96.0.9"
    assert only(service(cluster_ip="10.96.0.9", ip_families=("IPv4",))).cluster_ip == "10.96.0.9"


def test_service_ports__a_vip_is_an_address_of_ip_mode_vip():
    value = balanced(
        LoadBalancerIngress(ip="198.51.100.1"),
        LoadBalancerIngress(ip="198.51.100.2", ip_mode="VIP"),
        LoadBalancerIngress(ip="198.51.100.3", ip_mode="Proxy"),
        LoadBalancerIngress(hostname="lb.example.com"),
    )

    assert only(value).load_balancer_vips == ("198.51.100.1", "198.51.100.2")


def test_service_ports__one_source_range_of_everything_is_no_restriction():
    value = balanced(load_balancer_source_ranges=("198.51.100.0/24", "0.0.0.0/0", "2001:db8::/32"))

    assert only(value).source_ranges == ()


def test_service_ports__source_ranges_lose_their_host_bits():
    assert only(balanced(load_balancer_source_ranges=("198.51.100.7/24",))).source_ranges == (
        "198.51.100.0/24",
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"type": "ClusterIP"}, False),
        ({"type": "ClusterIP", "external_ips": ("203.0.113.7",)}, True),
        ({"type": "NodePort"}, True),
        ({"type": "LoadBalancer"}, True),
    ],
)
def test_service_ports__external_policy_counts_where_outside_traffic_can_come(spec, expected):
    assert only(service(external_traffic_policy="Local", **V4, **spec)).external_policy_local is expected


@pytest.mark.parametrize(
    ("type_", "policy", "expected"),
    [("LoadBalancer", "Local", 32000), ("LoadBalancer", "Cluster", 0), ("NodePort", "Local", 0)],
)
def test_service_ports__health_checks_are_of_load_balancers_with_policy_local(type_, policy, expected):
    value = service(type=type_, external_traffic_policy=policy, health_check_node_port=32000, **V4)

    assert only(value).health_check_node_port == expected


def test_service_ports__affinity_has_its_seconds():
    assert only(service(session_affinity="ClientIP", **V4)).affinity_s == 10800
    assert only(service(**V4)).affinity_s is None


def test_service_ports__one_for_each_port_and_protocol():
    ports = (ServicePort(53, "dns", "UDP"), ServicePort(53, "dns-tcp", "TCP", node_port=30053))

    found = service_ports([service("kube-system/kube-dns", ports=ports, **V4)])

    assert [(p.full_name, p.protocol, p.port, p.node_port) for p in found] == [
        ("kube-system/kube-dns:dns", "UDP", 53, 0),
        ("kube-system/kube-dns:dns-tcp", "TCP", 53, 30053),
    ]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, False),
        ({"service.kubernetes.io/topology-mode": "Auto"}, True),
        ({"service.kubernetes.io/topology-aware-hints": "auto"}, True),
        ({"service.kubernetes.io/topology-mode": "Disabled"}, False),
    ],
)
def test_service_ports__says_whether_hints_were_asked_for(annotations, expected):
    assert only(service(annotations=annotations, **V4)).has_topology_annotation is expected
