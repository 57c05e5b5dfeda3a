from kubenetlab.kube_proxy.endpoint_counts import count_endpoints, service_endpoints
from kubenetlab.objects.service import EndpointPort
from tests.builders import cluster, endpoint, endpoint_slice, service

TWO_PORTS = (EndpointPort(name="http", port=80), EndpointPort(name="https", port=443))


def test_count_endpoints__counts_an_endpoint_once_however_many_ports_it_has():
    cart = service("shop/cart")
    value = cluster(cart, endpoint_slice(endpoint("10.244.0.5", node_name="a"), ports=TWO_PORTS))

    assert count_endpoints(value, cart)[:3] == (1, 0, 1)


def test_count_endpoints__spreads_over_nodes_that_have_a_ready_one():
    cart = service("shop/cart")
    places = (
        ("10.244.0.5", "a", True),
        ("10.244.0.6", "a", True),
        ("10.244.1.5", "b", True),
        ("10.244.2.5", "c", False),
    )
    endpoints = [endpoint(address, node_name=name, ready=ready) for address, name, ready in places]
    value = cluster(cart, endpoint_slice(*endpoints))

    assert tuple(count_endpoints(value, cart)) == (3, 1, 2, 1, 2)


def test_count_endpoints__unknown_readiness_is_ready():
    cart = service("shop/cart")
    value = cluster(cart, endpoint_slice(endpoint("10.244.0.5", ready=None)))

    assert count_endpoints(value, cart).n_ready == 1


def test_count_endpoints__is_none_without_endpoint_data():
    cart = service("shop/cart")

    assert count_endpoints(cluster(cart), cart) is None


def test_service_endpoints__missing_counts_are_not_zeros():
    value = cluster(
        service("shop/cart"), service("shop/partner", type="ExternalName", external_name="example.com")
    )

    result = service_endpoints(value)

    assert result.frame[["n_ready", "n_not_ready", "n_nodes"]].isna().all(axis=None)
    assert result.because == ("no EndpointSlices or Endpoints in this dump",)


def test_service_endpoints__shows_the_external_policy_only_where_it_applies():
    value = cluster(
        service("shop/cart", external_traffic_policy="Cluster"),
        service("shop/web", type="NodePort", external_traffic_policy="Local"),
    )

    assert service_endpoints(value).frame["external_traffic_policy"].tolist() == ["", "Local"]
