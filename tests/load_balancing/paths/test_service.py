import pytest

from kubenetlab.errors import NotFoundError
from kubenetlab.load_balancing.paths.service import EXCLUDED, service_paths
from kubenetlab.load_balancing.paths.traffic import pod_traffic_paths, traffic_paths
from kubenetlab.objects import ServicePort
from kubenetlab.objects.service import Endpoint, EndpointConditions, EndpointHints, EndpointPort, ZoneHint
from kubenetlab.samples import sample
from tests.builders import cluster, endpoint, endpoint_slice, node, pod, service

ZONE = "topology.kubernetes.io/zone"
BALANCED = {"type": "LoadBalancer", "cluster_ip": "10.96.0.9"}


def a_cluster(pods_per_node, *more, zones=(), hints=False, excluded=(), **spec):
    """Nodes with so many endpoints each, and a Service in front of them."""
    zone_by_node = dict(zip(pods_per_node, zones, strict=False))
    nodes = [
        node(name, labels={ZONE: zone_by_node.get(name, "")} | ({EXCLUDED: ""} if name in excluded else {}))
        for name in pods_per_node
    ]
    endpoints = [
        Endpoint(
            (f"10.244.{i}.{number}",),
            node_name=name,
            hints=EndpointHints((ZoneHint(zone_by_node[name]),)) if hints else EndpointHints(),
        )
        for i, (name, count) in enumerate(pods_per_node.items())
        for number in range(1, count + 1)
    ]
    balanced = service(addresses=("192.0.2.1",), **(BALANCED | spec))
    return cluster(*nodes, balanced, endpoint_slice(*endpoints), *more)


def same_numbers(result, other):
    columns = ["share", "overload_factor", "cross_node_share", "cross_zone_share", "source_address_kept"]
    return result.frame[columns].equals(other.frame[columns])


@pytest.mark.parametrize("policy", ["Cluster", "Local"])
@pytest.mark.parametrize("sends_to", [None, "all nodes", "zone by zone", {"a": 3, "b": 1}])
def test_service_paths__says_what_traffic_paths_says(policy, sends_to):
    pods, zones = {"a": 2, "b": 1, "c": 0}, ["z1", "z2", "z2"]

    result = service_paths(
        a_cluster(pods, zones=zones, external_traffic_policy=policy), "cart", balancer_sends_to=sends_to
    )

    assert same_numbers(result, traffic_paths(pods, policy=policy, zones=zones, balancer_sends_to=sends_to))


@pytest.mark.parametrize("policy", ["Cluster", "Local"])
def test_service_paths__says_what_pod_traffic_paths_says(policy):
    pods, zones, clients = {"a": 2, "b": 1, "c": 0}, ["z1", "z2", "z2"], {"a": 1, "c": 2}

    result = service_paths(
        a_cluster(pods, zones=zones, internal_traffic_policy=policy), "shop/cart", clients=clients
    )

    other = pod_traffic_paths(pods, policy=policy, zones=zones, clients_per_node=clients)
    assert same_numbers(result, other)


def test_service_paths__obeys_the_hints_of_the_slices():
    pods, zones = {"a": 1, "b": 3}, ["z1", "z2"]

    result = service_paths(a_cluster(pods, zones=zones, hints=True), "cart")

    assert same_numbers(result, traffic_paths(pods, zones=zones, traffic_distribution="PreferSameZone"))


def test_service_paths__asks_the_clusters_release_whether_hints_count():
    dump = a_cluster({"a": 1, "b": 3}, zones=["z1", "z2"], hints=True)

    old = service_paths(dump.with_(settings={"kubernetes_version": "1.23"}), "cart")

    assert old.frame["share"].tolist() == [0.25] * 4


def test_service_paths__clients_are_spread_like_the_pods_of_the_dump():
    pods = [pod(f"shop/p{i}", node_name="a" if i else "b") for i in range(4)]

    result = service_paths(a_cluster({"a": 1, "b": 1}, *pods, zones=["z1", "z2"]), "cart", clients="pods")

    assert result.frame["cross_zone_share"].tolist() == [0.125, 0.375]


def test_service_paths__without_pods_clients_are_spread_evenly_over_the_nodes():
    result = service_paths(a_cluster({"a": 1, "b": 0}, type="ClusterIP"), "cart", clients="pods")

    assert result.frame["cross_node_share"].tolist() == [0.5]


def test_service_paths__balancers_send_nothing_to_nodes_that_are_labelled_so():
    dump = a_cluster({"a": 1, "b": 1}, excluded=["b"])

    outside, inside = service_paths(dump, "cart"), service_paths(dump, "cart", clients={"b": 1})

    assert outside.frame["cross_node_share"].tolist() == [0, 0.5]
    assert inside.frame["cross_node_share"].tolist() == [0.5, 0]


def test_service_paths__with_no_node_left_for_the_balancer_all_is_lost():
    result = service_paths(a_cluster({"a": 1}, excluded=["a"]), "cart")

    assert result.frame["share"].tolist() == [0, 1]


def test_service_paths__endpoints_that_terminate_still_get_connections_where_none_is_ready():
    leaving = Endpoint(("10.244.0.9",), EndpointConditions(False, True, True), node_name="a")
    dump = cluster(
        node("a"), node("b"), service(**BALANCED, addresses=("192.0.2.1",), external_traffic_policy="Local"),
        endpoint_slice(leaving, endpoint("10.244.1.1", node_name="b"), endpoint("10.244.1.2", ready=False)),
    )  # fmt: skip

    settled = service_paths(dump, "cart").frame
    at_first = service_paths(dump, "cart", balancer_sends_to="all nodes").frame

    assert settled[["endpoint", "share"]].to_numpy().tolist() == [
        ["10.244.1.1:8080", 1]
    ]  # the health check fails
    assert at_first[["endpoint", "share"]].to_numpy().tolist() == [
        ["10.244.0.9:8080", 0.5],
        ["10.244.1.1:8080", 0.5],
    ]


def test_service_paths__nothing_reaches_a_service_without_endpoints():
    dump = cluster(node("a"), service(**BALANCED), service("shop/other"), endpoint_slice(of="shop/other"))

    result = service_paths(dump, "cart", clients={"a": 1})

    assert result.frame[["endpoint", "share"]].to_numpy().tolist() == [["", 1]]


def test_service_paths__serves_ipv6():
    slices = endpoint_slice(endpoint("fd00::1", node_name="a"), address_type="IPv6")
    dump = cluster(node("a"), service(cluster_ip="fd96::9"), slices)

    assert service_paths(dump, "cart").frame["endpoint"].tolist() == ["[fd00::1]:8080"]


def test_service_paths__the_shop_has_the_case_of_two_and_one_pods():
    frame = service_paths(sample("shop"), "edge/traefik", port="web").frame

    assert sorted(frame["share"]) == [0.25, 0.25, 0.5]


@pytest.mark.parametrize(
    ("dump", "options", "message"),
    [
        (
            cluster(service(**BALANCED), endpoint_slice()),
            {},
            "shop/cart: the dump lacks nodes, EndpointSlices",
        ),
        (cluster(node("a"), service(**BALANCED)), {}, "shop/cart: the dump lacks nodes, EndpointSlices"),
        (a_cluster({"a": 1}), {"port": "https"}, "shop/cart: the dump lacks ports for kube-proxy https"),
        (a_cluster({"a": 1}, cluster_ip="None"), {}, "shop/cart: the dump lacks ports for kube-proxy$"),
        (cluster(node("a")), {}, "services: cart is not in the dump"),
    ],
    ids=["no nodes", "no endpoints", "no port", "headless", "no Service"],
)
def test_service_paths__says_what_the_dump_lacks(dump, options, message):
    with pytest.raises(NotFoundError, match=message):
        service_paths(dump, "cart", **options)


@pytest.mark.parametrize(
    ("spec", "clients", "message"),
    [
        ({}, "me", "clients: found 'me', expected outside or pods, or weights of nodes"),
        ({"type": "ClusterIP"}, "outside", "clients: found 'outside', expected pods, or weights"),
        ({}, {"x": 1}, "weights: found 1 for x"),
    ],
)
def test_service_paths__refuses_clients_that_cannot_be(spec, clients, message):
    dump = cluster(
        node("a"),
        service(**(BALANCED | spec), addresses=() if spec else ("192.0.2.1",)),
        endpoint_slice(endpoint("10.244.0.1", node_name="a")),
    )

    with pytest.raises(ValueError, match=message):
        service_paths(dump, "cart", clients=clients)


def test_service_paths__the_weight_of_a_node_counts_every_address_once():
    # kubernetes, pkg/proxy/healthcheck: the header counts distinct addresses of ready local endpoints
    slices = (
        endpoint_slice(endpoint("10.244.0.1", node_name="a"), suffix="x"),
        endpoint_slice(endpoint("10.244.0.1", node_name="a"), suffix="y", ports=[EndpointPort(port=9090)]),
        endpoint_slice(endpoint("10.244.1.1", node_name="b"), suffix="z"),
    )
    dump = cluster(node("a"), node("b"), service(**BALANCED, external_traffic_policy="Local",
                   addresses=("192.0.2.1",)), *slices)  # fmt: skip

    result = service_paths(dump, "cart", balancer_sends_to="by endpoint weight")

    assert result.frame["share"].tolist() == [0.25, 0.25, 0.5]


def test_service_paths__an_endpoint_on_no_known_node_is_elsewhere():
    dump = cluster(
        node("a", labels={ZONE: "z"}), service(cluster_ip="10.96.0.9"), endpoint_slice(endpoint("10.0.0.1"))
    )

    result = service_paths(dump, "cart")

    assert result.frame["cross_node_share"].tolist() == [1]
    assert result.frame["cross_zone_share"].isna().all()
    assert result.because[0].startswith("no endpoint gets more than 10.0.0.1:8080 on no known node: 100.0%")


@pytest.mark.parametrize("port", ["http", 80, "80"])
def test_service_paths__a_port_is_asked_for_by_name_or_number(port):
    named = [ServicePort(443, "https"), ServicePort(80, "http")]
    dump = cluster(
        node("a"), service(cluster_ip="10.96.0.9", ports=named), endpoint_slice(endpoint("10.244.0.1"))
    )

    assert service_paths(dump, "cart", port=port).title.endswith("shop/cart:http")
    assert service_paths(dump, "cart").title.endswith("shop/cart:https")


def test_pod_traffic_paths__says_nothing_of_health_checks():
    because = pod_traffic_paths([1, 0], policy="Local", clients_per_node="all nodes").because

    assert because[1] == "50.0% of connections reach no endpoint"
    assert not any("health" in reason for reason in because)
