"""Endpoints of a Service, from slices or from the older Endpoints objects."""

import pytest

from kubenetlab.cluster import ServiceEndpoint
from kubenetlab.cluster.frames import endpoint_table
from kubenetlab.objects import Endpoint, Endpoints
from kubenetlab.objects.api_object import ObjectReference
from kubenetlab.objects.service import EndpointAddress, EndpointConditions, EndpointPort, EndpointSubset
from tests.builders import cluster, endpoint, endpoint_slice, metadata, service

HTTP = EndpointPort(name="http", port=8080)


def test_endpoints_of__one_entry_for_each_endpoint_and_port():
    ports = HTTP, EndpointPort(name="dns", protocol="UDP", port=5353)
    first = endpoint_slice(endpoint("10.0.0.1", node_name="a", pod_name="cart-1"), ports=ports)
    second = endpoint_slice(endpoint("10.0.0.2"), suffix="fghij", ports=ports)

    found = cluster(service(), first, second).endpoints_of(service())

    assert [(e.address, e.port, e.port_name, e.protocol) for e in found] == [
        ("10.0.0.1", 8080, "http", "TCP"),
        ("10.0.0.1", 5353, "dns", "UDP"),
        ("10.0.0.2", 8080, "http", "TCP"),
        ("10.0.0.2", 5353, "dns", "UDP"),
    ]
    assert (found[0].pod, found[0].node_name, found[2].pod) == ("shop/cart-1", "a", "")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [  # KEP-1672: ready unknown is ready, serving unknown is as ready, terminating unknown is not
        (EndpointConditions(), (True, True, False)),
        (EndpointConditions(ready=False), (False, False, False)),
        (EndpointConditions(ready=False, serving=True, terminating=True), (False, True, True)),
        (EndpointConditions(ready=True, serving=False), (True, False, False)),
    ],
)
def test_endpoints_of__conditions(conditions, expected):
    value = endpoint_slice(Endpoint(("10.0.0.1",), conditions))

    (found,) = cluster(value).endpoints_of(service())

    assert (found.is_ready, found.is_serving, found.is_terminating) == expected


def test_endpoints_of__drops_duplicates_and_endpoints_without_address():
    twice = [endpoint_slice(endpoint("10.0.0.1"), Endpoint(), suffix=suffix) for suffix in ("x", "y")]

    assert len(cluster(*twice).endpoints_of(service())) == 1


def test_endpoints_of__ignores_slices_of_other_services():
    others = (
        endpoint_slice(endpoint("10.0.0.1"), of="shop/other"),
        endpoint_slice(endpoint("10.0.0.2"), of="x/cart"),
    )

    assert cluster(*others).endpoints_of(service()) == ()


def test_endpoints_of__takes_the_host_name_of_old_slices():
    value = Endpoint(("10.0.0.1",), deprecated_topology={"kubernetes.io/hostname": "a"})

    assert cluster(endpoint_slice(value)).endpoints_of(service())[0].node_name == "a"


@pytest.mark.parametrize("ports", [(), (EndpointPort(),)])
def test_endpoints_of__without_ports_the_endpoint_is_there(ports):
    (found,) = cluster(endpoint_slice(endpoint("10.0.0.1"), ports=ports)).endpoints_of(service())

    assert found.port is None


def old_endpoints(**fields):
    ready = EndpointAddress("10.0.0.1", node_name="a", target_ref=ObjectReference("Pod", "cart-1"))
    subset = EndpointSubset((ready,), (EndpointAddress("10.0.0.2"),), (HTTP,))
    return Endpoints(metadata("shop/cart"), (subset,), **fields)


def test_endpoints_of__reads_endpoints_objects_where_there_is_no_slice():
    found = cluster(old_endpoints()).endpoints_of(service())

    assert found == (
        ServiceEndpoint("10.0.0.1", 8080, "http", "TCP", True, True, False, "a", "", "shop/cart-1"),
        ServiceEndpoint("10.0.0.2", 8080, "http", "TCP", False, False, False, "", "", ""),
    )


def test_endpoints_of__slices_come_first():
    found = cluster(old_endpoints(), endpoint_slice(endpoint("10.0.0.9"))).endpoints_of(service())

    assert [e.address for e in found] == ["10.0.0.9"]


@pytest.mark.parametrize(
    ("values", "expected"), [([], False), ([old_endpoints()], True), ([endpoint_slice()], True)]
)
def test_has_endpoint_data(values, expected):
    assert cluster(*values).has_endpoint_data is expected


def test_endpoint_table__has_the_fields_as_columns():
    frame = endpoint_table(cluster(old_endpoints()).endpoints_of(service()))

    assert list(frame.columns) == list(ServiceEndpoint._fields)
    assert list(frame["is_ready"]) == [True, False]
    assert str(frame["port"].dtype) == "Int64"


def test_endpoint_table__of_nothing():
    assert len(endpoint_table(())) == 0
