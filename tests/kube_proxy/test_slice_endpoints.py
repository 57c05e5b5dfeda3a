from msgspec.structs import replace

from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.slice_endpoints import cluster_slices, endpoints_as_slices, endpoints_by_port
from kubenetlab.objects.service import (
    Endpoint,
    EndpointAddress,
    EndpointConditions,
    EndpointHints,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    ZoneHint,
)
from tests.builders import cluster, endpoint, endpoint_slice, metadata

SETTINGS = ProxySettings(node_name="a")
KEY = ("shop", "cart", "", "TCP")


def found(*slices, version=4):
    return endpoints_by_port(slices, SETTINGS, version)


def places(*slices, version=4):
    return [e.where for e in found(*slices, version=version).get(KEY, ())]


def state(**conditions):
    return replace(endpoint("10.244.0.1"), conditions=EndpointConditions(**conditions))


def test_endpoints_by_port__sorts_by_the_text_of_address_and_port():
    # Kubernetes v1.36.2 sorts by the string: '0' stands before ':' (recorded in case 014-string-sort-order).
    given = [endpoint(f"10.244.1.{n}") for n in (1, 2, 10, 100)]

    assert places(endpoint_slice(*given)) == [
        "10.244.1.100:8080", "10.244.1.10:8080", "10.244.1.1:8080", "10.244.1.2:8080"
    ]  # fmt: skip


def test_endpoints_by_port__writes_ipv6_in_brackets():
    value = endpoint_slice(endpoint("fd00::0:5"), address_type="IPv6")

    assert places(value, version=6) == ["[fd00::5]:8080"]


def test_endpoints_by_port__leaves_out_other_families_ports_without_number_and_slices_without_service():
    ports = (EndpointPort("all"), EndpointPort("zero", port=0), EndpointPort(port=80))
    slices = [
        endpoint_slice(endpoint("10.244.0.1"), Endpoint(), ports=ports),
        endpoint_slice(endpoint("a.example.com"), address_type="FQDN", suffix="f"),
        endpoint_slice(endpoint("fd00::5"), address_type="IPv6", suffix="6"),
        endpoint_slice(endpoint("fd00::6"), suffix="wrong"),
        endpoint_slice(endpoint("10.244.0.2"), of="orphan"),
    ]

    assert {key: [e.where for e in value] for key, value in found(*slices).items() if value} == {
        KEY: ["10.244.0.1:80"]
    }


def test_endpoints_by_port__only_the_first_address_counts():
    assert places(endpoint_slice(Endpoint(("10.244.0.1", "10.244.0.2")))) == ["10.244.0.1:8080"]


def test_endpoints_by_port__reads_states_as_kube_proxy_does():
    unknown, *_ = found(endpoint_slice(state()))[KEY]
    leaving, *_ = found(endpoint_slice(state(ready=False, serving=True, terminating=True)))[KEY]

    assert unknown[3:6] == (True, True, False)
    assert leaving[3:6] == (False, True, True)


def test_endpoints_by_port__a_running_duplicate_wins_over_a_terminating_one():
    running, leaving = state(ready=True), state(ready=False, serving=True, terminating=True)

    for slices in ((running, leaving), (leaving, running)):
        (one,) = found(*(endpoint_slice(e, suffix=str(n)) for n, e in enumerate(slices)))[KEY]

        assert one.is_ready


def test_endpoints_by_port__knows_the_nodes_own_and_the_hints():
    hints = EndpointHints((ZoneHint("z1"),), (ZoneHint("n1"), ZoneHint("n2")))
    here = replace(endpoint("10.244.0.1", node_name="a"), hints=hints)
    nowhere = endpoint("10.244.0.2")

    one, two = found(endpoint_slice(here, nowhere))[KEY]

    assert (one.is_local, one.node_name, one.zone_hints, one.node_hints) == (True, "a", ("z1",), ("n1", "n2"))
    assert (two.is_local, two.zone_hints) == (False, ())


def test_endpoints_by_port__an_unknown_node_is_not_an_unnamed_one():
    (one,) = endpoints_by_port([endpoint_slice(endpoint("10.244.0.1"))], ProxySettings(node_name=""))[KEY]

    assert not one.is_local


def test_endpoints_as_slices__says_the_same():
    subset = EndpointSubset(
        (EndpointAddress("10.244.0.1", node_name="a"), EndpointAddress("fd00::1")),
        (EndpointAddress("10.244.0.2"),),
        (EndpointPort(port=8080),),
    )
    value = Endpoints(metadata("shop/cart"), (subset,))

    v4, v6 = (found(*endpoints_as_slices(value), version=version)[KEY] for version in (4, 6))

    assert [(e.where, e.is_ready, e.is_local) for e in v4] == [
        ("10.244.0.1:8080", True, True),
        ("10.244.0.2:8080", False, False),
    ]
    assert [e.where for e in v6] == ["[fd00::1]:8080"]


def test_cluster_slices__uses_endpoints_only_of_services_without_slices():
    subsets = (EndpointSubset((EndpointAddress("10.244.9.9"),), (), (EndpointPort(port=80),)),)
    old, new = Endpoints(metadata("shop/old"), subsets), Endpoints(metadata("shop/cart"), subsets)

    names = [s.service_name for s in cluster_slices(cluster(endpoint_slice(), old, new))]

    assert names == ["shop/cart", "shop/old"]
