"""KNL1xx about Services: each rule fires on a minimal cluster and not on its nearest harmless neighbour."""

import pytest

from kubenetlab.findings import check
from kubenetlab.objects import Container
from kubenetlab.objects.service import EndpointConditions, EndpointPort
from kubenetlab.objects.workload import WorkloadStatus
from tests.builders import (
    cluster,
    container,
    daemon_set,
    deployment,
    endpoint,
    endpoint_slice,
    pod,
    service,
    template,
)

NAMED = ((80, "http"),)
NOT_READY = endpoint("10.244.0.7", ready=False, pod_name="cart-1")


def objects(code, *values, **settings):
    return [finding.object for finding in check(cluster(*values, settings=settings), [code])]


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([pod(labels={"app": "basket"})], id="another label"),
        pytest.param([pod("other/cart-1"), pod("shop/x", {})], id="another namespace"),
        pytest.param([pod("a/cart-1"), pod("b/cart-1")], id="pods of two namespaces, so of all"),
        pytest.param([pod(phase="Succeeded")], id="a finished pod"),
        pytest.param([deployment("other/cart")], id="a workload of another namespace"),
    ],
)
def test_knl101__fires_without_matching_pod(others):
    assert objects("KNL101", service(), *others) == ["Service shop/cart"]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([service()], id="no pods and no workloads in the dump"),
        pytest.param([service(), pod("other/cart-1")], id="only pods of another namespace"),
        pytest.param(
            [service(), pod("a/cart-1", is_planned=True), pod("b/cart-1", is_planned=True)],
            id="planned pods show nothing",
        ),
        pytest.param(
            [service(cluster_ip="10.96.0.9"), deployment("other/cart")],
            id="deployed, and no pods in the dump",
        ),
        pytest.param([service(), pod()], id="a pod"),
        pytest.param([service(), pod(is_planned=True)], id="a planned pod"),
        pytest.param([service(), deployment(replicas=0), pod("x/y", {})], id="a workload scaled to 0"),
        pytest.param([service(selector=None), pod("x/y", {})], id="no selector"),
        pytest.param([service(type="ExternalName"), pod("x/y", {})], id="ExternalName"),
    ],
)
def test_knl101__is_silent_on_neighbours(values):
    assert objects("KNL101", *values) == []


def test_knl101__says_which_label_is_wrong():
    selector = {"app": "cart", "tier": "web"}
    values = service(selector=selector), pod(labels={"app": "cart", "tier": "front"})

    (finding,) = check(cluster(*values), ["KNL101"])

    assert finding.message == "The selector app=cart,tier=web matches no pod in namespace shop."
    assert "without tier=web it would match 1 pod, where tier is front" in finding.evidence


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([service(), pod(is_ready=False), endpoint_slice(NOT_READY)], id="an endpoint not ready"),
        pytest.param([service(), pod(), endpoint_slice()], id="a pod but an empty slice"),
        pytest.param([service(), pod(), endpoint_slice(of="shop/other")], id="a pod but no slice"),
        pytest.param(
            [service(), deployment(replicas=2), endpoint_slice(of="shop/other")], id="no pods of a workload"
        ),
        pytest.param(
            [service(), daemon_set("shop/x", template()), endpoint_slice()], id="no pods of a DaemonSet"
        ),
        pytest.param([service(selector=None), endpoint_slice(NOT_READY)], id="without selector"),
    ],
)
def test_knl102__fires_without_ready_endpoint(values):
    assert objects("KNL102", *values) == ["Service shop/cart"]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([service(), pod(is_ready=False)], id="no slices in the dump"),
        pytest.param(
            [service(), pod(), endpoint_slice(of="a/x"), endpoint_slice(of="b/x")],
            id="no slices of its namespace",
        ),
        pytest.param([service(), pod(is_planned=True), endpoint_slice()], id="a planned pod"),
        pytest.param(
            [service(), pod(), endpoint_slice(endpoint("10.0.0.1", ready=None))], id="ready unknown"
        ),
        pytest.param(
            [service(), pod(), endpoint_slice(NOT_READY, endpoint("10.0.0.1"))], id="one of two ready"
        ),
        pytest.param(
            [service(), pod(), endpoint_slice(endpoint("10.0.0.1"), ports=())], id="headless without ports"
        ),
        pytest.param(
            [service(publish_not_ready_addresses=True), pod(), endpoint_slice(NOT_READY)],
            id="published unready",
        ),
        pytest.param([service(selector=None), endpoint_slice(of="shop/other")], id="no selector, no slice"),
        pytest.param([service(), deployment(replicas=0), endpoint_slice()], id="scaled to 0"),
        pytest.param([service(type="ExternalName"), endpoint_slice(NOT_READY)], id="ExternalName"),
        pytest.param([service(), pod(labels={}), endpoint_slice(NOT_READY)], id="KNL101"),
    ],
)
def test_knl102__is_silent_on_neighbours(values):
    assert objects("KNL102", *values) == []


def terminating(address, *, serving, pod_name="cart-1"):
    one = endpoint(address, ready=False, pod_name=pod_name)
    conditions = EndpointConditions(ready=False, serving=serving, terminating=True)
    return type(one)(one.addresses, conditions, target_ref=one.target_ref)


def test_knl102__is_medium_while_terminating_endpoints_serve():
    endpoints = endpoint_slice(
        terminating("10.244.0.7", serving=True), terminating("10.244.0.8", serving=False, pod_name="cart-2")
    )

    (finding,) = check(cluster(service(), pod(is_ready=False), endpoints), ["KNL102"])

    assert finding.severity == "medium"
    assert finding.message == "No endpoint is ready; connections go to 1 terminating endpoint for now."


def test_knl102__is_high_where_terminating_endpoints_do_not_serve():
    values = service(), pod(is_ready=False), endpoint_slice(terminating("10.244.0.7", serving=False))

    (finding,) = check(cluster(*values), ["KNL102"])

    assert finding.severity == "high"


@pytest.mark.parametrize(
    ("n_nodes", "found"), [(0, []), (1, ["Service shop/cart"]), (None, ["Service shop/cart"])]
)
def test_knl102__a_daemon_set_wants_pods_where_some_node_is_for_it(n_nodes, found):
    made = daemon_set("shop/x", template())
    value = type(made)(made.metadata, made.spec, WorkloadStatus(desired_number_scheduled=n_nodes))

    assert objects("KNL102", service(), value, endpoint_slice()) == found


def test_knl102__planned_pods_are_no_evidence():
    (finding,) = check(cluster(service(), pod(is_planned=True), endpoint_slice(NOT_READY)), ["KNL102"])

    assert finding.evidence == ("endpoints that are not ready: shop/cart-1",)


def test_knl102__counts_endpoints_not_ports():
    ports = (EndpointPort(name="http", port=8080), EndpointPort(name="metrics", port=9090))
    values = service(), pod(is_ready=False), endpoint_slice(NOT_READY, ports=ports)

    (finding,) = check(cluster(*values), ["KNL102"])

    assert finding.message == "Its only endpoint is not ready."
    assert "selected pods that are not ready: shop/cart-1" in finding.evidence


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"containers": (container(("web", 8080)),)}, id="another name"),
        pytest.param({"containers": (container(("http", 8080, "UDP")),)}, id="another protocol"),
        pytest.param({"init_containers": (container(("http", 8080)),)}, id="an init container that ends"),
    ],
)
def test_knl103__fires_without_that_port(spec):
    assert objects("KNL103", service(ports=NAMED), pod(**spec)) == ["Service shop/cart"]


def test_knl103__looks_at_templates_where_there_is_no_pod():
    (finding,) = check(cluster(service(ports=NAMED), deployment()), ["KNL103"])

    assert finding.message == "None of 1 matching workload has a port named http (TCP)."


@pytest.mark.parametrize(
    "pods",
    [
        pytest.param([], id="no pods"),
        pytest.param([deployment(replicas=0)], id="scaled to 0"),
        pytest.param(
            [deployment(pod_template=template({"app": "cart"}, ("http", 80)))], id="the template has it"
        ),
        pytest.param([pod(containers=(container(("http", 8080)),))], id="the port"),
        pytest.param([pod(), pod("shop/cart-2", containers=(container(("http", 80)),))], id="one pod has it"),
        pytest.param(
            [pod(init_containers=(container(("http", 8080), restart_policy="Always"),))],
            id="a sidecar has it",
        ),
    ],
)
def test_knl103__is_silent_on_neighbours(pods):
    assert objects("KNL103", service(ports=NAMED), *pods) == []


def test_knl103__numbers_need_no_container_port():
    assert objects("KNL103", service(ports=((80, 8080),)), pod(containers=(Container(),))) == []


def load_balancer(**fields):
    return service(type="LoadBalancer", cluster_ip="10.96.0.9", **fields)


def test_knl106__fires_on_a_deployed_load_balancer_without_address():
    assert objects("KNL106", load_balancer()) == ["Service shop/cart"]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(load_balancer(addresses=["192.0.2.1"]), id="an address"),
        pytest.param(service(type="LoadBalancer"), id="a manifest"),
        pytest.param(service(type="NodePort", cluster_ip="10.96.0.9"), id="NodePort"),
    ],
)
def test_knl106__is_silent_on_neighbours(value):
    assert objects("KNL106", value) == []


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1"])
def test_knl107__fires_on_an_address(name):
    assert objects("KNL107", service(type="ExternalName", external_name=name)) == ["Service shop/cart"]


@pytest.mark.parametrize(
    "value",
    [
        service(type="ExternalName", external_name="192.0.2.1.example.com"),
        service(type="ClusterIP", external_name="192.0.2.1"),
    ],
)
def test_knl107__is_silent_on_neighbours(value):
    assert objects("KNL107", value) == []


def test_knl108__fires_on_host_bits():
    ranges = ("10.0.0.0/8", "10.0.0.1/8")

    assert objects("KNL108", service(load_balancer_source_ranges=ranges)) == ["Service shop/cart"]


def test_knl108__is_silent_on_whole_ranges():
    ranges = ("10.0.0.0/8", "10.0.0.1/32", " 192.0.2.0/24 ")

    assert objects("KNL108", service(load_balancer_source_ranges=ranges)) == []


def test_knl109__fires_in_default():
    assert objects("KNL109", service("default/web"), service("shop/web")) == ["Service default/web"]


def test_knl109__is_silent_on_kubernetes():
    assert objects("KNL109", service("default/kubernetes")) == []


@pytest.mark.parametrize(("platform", "found"), [("openshift", []), ("eks", ["Service default/openshift"])])
def test_knl109__openshift_has_a_service_of_its_own(platform, found):
    assert objects("KNL109", service("default/openshift"), platform=platform) == found
