"""KNL301, KNL401, KNL501, KNL701, KNL702 and KNL704."""

import pytest

from kubenetlab.dns.top_level_domains import TOP_LEVEL_DOMAINS
from kubenetlab.findings import check
from kubenetlab.objects import ServicePort
from kubenetlab.objects.address_pools import IPAddressPool
from kubenetlab.result import Origin
from tests.builders import (
    backend,
    cluster,
    container,
    deployment,
    endpoint,
    endpoint_slice,
    ingress,
    ingress_class,
    metadata,
    namespace,
    owner,
    pod,
    service,
    template,
)

NGINX = "registry.k8s.io/ingress-nginx/controller:v1.15.0"
LOCAL = {"type": "NodePort", "external_traffic_policy": "Local"}


def objects(code, *values, **settings):
    return [finding.object for finding in check(cluster(*values, settings=settings), [code])]


def test_knl301__fires_on_ipvs():
    (finding,) = check(cluster(settings={"proxy_mode": "ipvs", "kubernetes_version": "v1.35.1"}), ["KNL301"])

    assert finding.message == (
        "kube-proxy runs in mode ipvs, which is deprecated since Kubernetes 1.35 (this cluster runs v1.35.1)."
    )


@pytest.mark.parametrize("mode", ["iptables", "nftables", "none"])
def test_knl301__is_silent_on_other_modes(mode):
    assert objects("KNL301", proxy_mode=mode) == []


def test_knl301__is_silent_on_a_default():
    assert len(check(cluster(settings={"proxy_mode": "ipvs"}, origin=Origin.DEFAULT), ["KNL301"])) == 0


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("v1.32.9", "iptables, or to nftables once"),
        ("v1.33.0-gke.1", "nftables (or iptables)"),
        ("unclear", "nftables (or iptables)"),
    ],
)
def test_knl301__advises_what_the_version_has(version, wanted):
    (finding,) = check(cluster(settings={"proxy_mode": "ipvs", "kubernetes_version": version}), ["KNL301"])

    assert f"Plan the change to mode {wanted}" in finding.advice


def spread(*nodes, **fields):
    return endpoint_slice(
        *(endpoint(f"10.0.0.{i}", node_name=name, **fields) for i, name in enumerate(nodes))
    )


def test_knl401__fires_on_unequal_pods_per_node():
    (finding,) = check(cluster(service(**LOCAL), spread("a", "a", "a", "b")), ["KNL401"])

    assert finding.message.startswith("Ready pods per node range from 1 to 3,")
    assert finding.evidence[1] == "ready pods on 2 nodes: a: 3, b: 1"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([service(**LOCAL), spread("a", "b")], id="equal"),
        pytest.param([service(**LOCAL), spread("a", "a")], id="one node"),
        pytest.param([service(**LOCAL), spread("a", "a", "b", ready=False)], id="not ready"),
        pytest.param([service(**LOCAL), spread("", "", "b")], id="node unknown"),
        pytest.param([service(type="NodePort"), spread("a", "a", "b")], id="policy Cluster"),
        pytest.param([service(**{**LOCAL, "type": "ClusterIP"}), spread("a", "a", "b")], id="ClusterIP"),
    ],
)
def test_knl401__is_silent_on_neighbours(values):
    assert objects("KNL401", *values) == []


BALANCED = {**LOCAL, "type": "LoadBalancer"}
AWS = "service.beta.kubernetes.io/aws-load-balancer-"


@pytest.mark.parametrize(
    ("annotations", "found"),
    [
        ({f"{AWS}type": "external", f"{AWS}nlb-target-type": "ip"}, []),
        ({f"{AWS}type": "nlb-ip"}, []),
        ({f"{AWS}type": "external", f"{AWS}nlb-target-type": "instance"}, ["Service shop/cart"]),
    ],
)
def test_knl401__a_load_balancer_of_pods_shares_evenly(annotations, found):
    value = service(annotations=annotations, **BALANCED)

    assert objects("KNL401", value, spread("a", "a", "b")) == found


@pytest.mark.parametrize(
    ("spec", "wanted"), [(BALANCED, "in layer 2 mode MetalLB sends all of it"), (LOCAL, "equal shares")]
)
def test_knl401__promises_no_equal_shares_of_metallb(spec, wanted):
    pool = IPAddressPool(metadata("metallb-system/p"))

    (finding,) = check(cluster(service(**spec), spread("a", "a", "b"), pool), ["KNL401"])

    assert wanted in finding.message


def test_knl401__counts_a_dual_stack_pod_once():
    first = (
        endpoint("10.0.0.1", node_name="a", pod_name="x"),
        endpoint("10.0.0.2", node_name="b", pod_name="y"),
    )
    second = endpoint_slice(
        endpoint("fd00::1", node_name="a", pod_name="x"), suffix="ipv6", address_type="IPv6"
    )

    assert objects("KNL401", service(**LOCAL), endpoint_slice(*first), second) == []


@pytest.mark.parametrize("name", ["com", "dev", "io", "de"])
def test_knl501__fires_on_a_top_level_domain(name):
    assert objects("KNL501", namespace(name)) == [f"Namespace {name}"]


def test_knl501__names_the_services():
    values = [service(f"shop/{name}") for name in ("web", "cart", "api", "db")]

    (finding,) = check(cluster(namespace("shop"), *values), ["KNL501"])

    assert finding.severity == "medium"
    assert finding.message == "Its Services answer for public names: api.shop, cart.shop, db.shop and 1 more."


def test_knl501__is_low_without_a_service():
    (finding,) = check(cluster(namespace("shop"), service("other/web")), ["KNL501"])

    assert finding.severity == "low"
    assert (
        finding.message == "The dump shows no Service in it; each would answer for a public name under .shop."
    )


@pytest.mark.parametrize("name", ["development", "com-shop", "kube-system", "default", "monitoring"])
def test_knl501__is_silent_on_neighbours(name):
    assert objects("KNL501", namespace(name)) == []


def test_top_level_domains__are_labels_of_dns():
    assert all(name.isascii() and name.isalpha() and name.islower() for name in TOP_LEVEL_DOMAINS)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(ingress("shop/web", backend("basket")), id="a path"),
        pytest.param(ingress(default_backend=backend("basket")), id="the default backend"),
        pytest.param(ingress("other/web", backend("cart")), id="a Service of another namespace"),
    ],
)
def test_knl701__fires_on_a_missing_service(value):
    assert objects("KNL701", service(), service("other/x"), value) == [f"Ingress {value.metadata.full_name}"]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([service(), ingress("shop/web", backend())], id="there"),
        pytest.param([ingress("shop/web", backend())], id="no Services in the dump"),
        pytest.param([ingress("other/web", backend()), service()], id="Services of another namespace only"),
        pytest.param(
            [
                service(),
                ingress(
                    "shop/web",
                    backend("go", 0, "use-annotation"),
                    annotations={"alb.ingress.kubernetes.io/actions.go": "{}"},
                ),
            ],
            id="an action of the AWS load balancer controller",
        ),
    ],
)
def test_knl701__is_silent_on_neighbours(values):
    assert objects("KNL701", *values) == []


@pytest.mark.parametrize("wanted", [backend(number=8080), backend(number=0, port_name="web")])
def test_knl702__fires_on_a_missing_port(wanted):
    (finding,) = check(cluster(service(), ingress("shop/web", wanted)), ["KNL702"])

    assert finding.object == "Ingress shop/web"
    assert finding.message.startswith("1 backend to a port that the Service does not have: cart:")
    assert finding.evidence == ("shop.example.com/0: Service cart has ports 80",)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(service(), backend(number=80), id="by number"),
        pytest.param(
            service(ports=[ServicePort(80, "http")]), backend(number=0, port_name="http"), id="by name"
        ),
        pytest.param(service(), backend(number=0), id="no port written"),
        pytest.param(service("shop/other"), backend(number=8080), id="KNL701"),
        pytest.param(
            service(type="ExternalName", ports=()), backend(number=443), id="ExternalName by number"
        ),
    ],
)
def test_knl702__is_silent_on_neighbours(value, wanted):
    assert objects("KNL702", value, ingress("shop/web", wanted)) == []


def test_knl704__fires_on_the_class_and_the_workload():
    values = ingress_class("nginx", "k8s.io/ingress-nginx"), deployment("edge/nginx", template(image=NGINX))

    assert objects("KNL704", *values) == ["Deployment edge/nginx", "IngressClass nginx"]


@pytest.mark.parametrize(("phase", "found"), [("Running", ["Pod edge/nginx-1"]), ("Failed", [])])
def test_knl704__names_the_pod_where_no_workload_is_known(phase, found):
    value = pod("edge/nginx-1", containers=(container(image=NGINX),), phase=phase)

    assert objects("KNL704", value) == found


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(ingress_class("nginx", "nginx.org/ingress-controller"), id="F5's controller"),
        pytest.param(deployment(pod_template=template(image="nginx/nginx-ingress:5.2.0")), id="F5's image"),
        pytest.param(
            deployment(pod_template=template(image=NGINX), owner_references=owner("ReplicaSet", "x")),
            id="owned",
        ),
    ],
)
def test_knl704__is_silent_on_neighbours(value):
    assert objects("KNL704", value) == []
