from kubenetlab.kube_proxy.proxied_ports import (
    known_release,
    port_notes,
    ports_of,
    proxied_ports,
    release_note,
)
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.objects import ServicePort
from kubenetlab.objects.service import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
)
from tests.builders import cluster, endpoint, endpoint_slice, metadata, service
from tests.golden_kube_proxy import CASES, case_in

SETTINGS = ProxySettings(node_name="a")
TWO = (
    ServicePort(443, "https"),
    ServicePort(80, "http"),
    ServicePort(53, "dns", "UDP"),
    ServicePort(53, "dns"),
)


def test_proxied_ports__are_sorted_by_namespace_name_port_and_protocol():
    services = [service(name, cluster_ip="10.96.0.9", ports=TWO) for name in ("shop/cart", "a/z")]

    ports = [port.service_port for port in proxied_ports(cluster(*services), SETTINGS)]

    names = [(p.full_name, p.protocol) for p in ports]
    assert names == sorted(names)
    assert len(names) == 8


def test_proxied_ports__has_the_endpoints_of_each_port():
    values = service(cluster_ip="10.96.0.9"), endpoint_slice(endpoint("10.244.0.1", node_name="a"))

    ((port, selection),) = proxied_ports(cluster(*values), SETTINGS)

    assert port.full_name == "shop/cart"
    assert [(e.where, e.is_local) for e in selection.cluster] == [("10.244.0.1:8080", True)]


def test_proxied_ports__reads_endpoints_objects_of_old_dumps():
    subset = EndpointSubset((EndpointAddress("10.244.0.1"),), (), (EndpointPort(port=80),))
    old = Endpoints(metadata("shop/cart"), (subset,))

    ((_, selection),) = proxied_ports(cluster(service(cluster_ip="10.96.0.9"), old), SETTINGS)

    assert [e.where for e in selection.cluster] == ["10.244.0.1:80"]


def test_proxied_ports__obeys_the_clusters_release():
    leaving = endpoint("10.244.0.1", ready=False)
    leaving = type(leaving)(leaving.addresses, type(leaving.conditions)(False, True, True))
    values = service(cluster_ip="10.96.0.9"), endpoint_slice(leaving)

    has_any = [
        proxied_ports(cluster(*values, settings={"kubernetes_version": version}), SETTINGS)[
            0
        ].selection.has_any
        for version in ("1.25.3", "1.26.0")
    ]

    assert has_any == [False, True]


def test_known_release__is_the_newest_where_the_dump_is_silent():
    assert known_release(cluster()) == "1.36"
    assert known_release(cluster(settings={"kubernetes_version": "1.30.1"})) == "1.30.1"


def test_proxied_ports__leaves_out_a_name_that_no_rule_can_hold_and_says_so():
    odd = service("shop/odd", cluster_ip="10.96.0.8", ports=(ServicePort(80, "Http_1"),))
    value = cluster(odd, service("shop/cart", cluster_ip="10.96.0.9"))

    assert [port.full_name for port, _ in proxied_ports(value, SETTINGS)] == ["shop/cart"]
    (note,) = port_notes(value)
    assert note.startswith("left out of the rules: dump: Service shop/odd: spec.ports[].name: found 'Http_1'")


def test_release_note__says_what_an_old_release_decides_and_what_not():
    assert [release_note(cluster(settings={"kubernetes_version": v})) for v in ("1.36", "v1.36.2")] == [
        "",
        "",
    ]
    assert release_note(cluster(settings={"kubernetes_version": "1.25.3"})) == (
        "the cluster runs 1.25.3: endpoints are chosen as kube-proxy of that release does, rules are written as 1.36 writes them"
    )


def test_ports_of__order_of_the_objects_does_not_matter():
    services = [service(f"shop/s{n}", cluster_ip=f"10.96.0.{n}") for n in range(1, 5)]
    slices = [endpoint_slice(endpoint(f"10.244.0.{n}"), of=f"shop/s{n}") for n in range(1, 5)]

    assert ports_of(services, slices, SETTINGS) == ports_of(services[::-1], slices[::-1], SETTINGS)


def test_ports_of__every_recorded_case_has_sorted_distinct_ports():
    cases = [case_in(folder, version) for folder in sorted(CASES.iterdir()) for version in (4, 6)]

    for ports in (sync.ports for case in cases for sync in case.syncs):
        keys = [(p.namespace, p.name, p.port_name, p.protocol) for p, _ in ports]
        assert keys == sorted(set(keys))
