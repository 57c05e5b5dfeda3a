"""Cluster: look-ups, what-ifs, tables, HTML."""

import dataclasses

import pytest

from kubenetlab.cluster import Cluster, Provenance, SourceFile
from kubenetlab.cluster.frames import COLUMNS, summary
from kubenetlab.errors import NotFoundError, Refusal
from kubenetlab.objects import KINDS, LabelSelector
from kubenetlab.objects.address_pools import (
    IPAMBlock,
    IpamBlockSpec,
    IPPool,
    IpPoolSpec,
    ServiceCIDR,
    ServiceCidrSpec,
)
from tests.builders import (
    backend,
    cluster,
    config_map,
    endpoint,
    endpoint_slice,
    ingress,
    ingress_class,
    metadata,
    namespace,
    node,
    owner,
    pod,
    policy,
    service,
)

HOSTILE = '"><script>alert(1)</script>'
BLOCK = IPAMBlock(metadata("b"), IpamBlockSpec("10.1.0.0/26", "host:a", (0, None, 1)))


def test_cluster__is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        cluster().pods = ()


def test_values__returns_the_objects_of_a_kind():
    assert cluster(pod(), node()).values("nodes") == (node(),)


@pytest.mark.parametrize(
    "call", [lambda c: c.values("podz"), lambda c: c.frame("podz"), lambda c: c.find("podz", "x")]
)
def test_cluster__refuses_an_unknown_kind(call):
    with pytest.raises(
        NotFoundError, match="'podz' is not a kind that kubenetlab reads; there are cilium_nodes,"
    ):
        call(cluster())


@pytest.mark.parametrize(("plural", "name"), [("pods", "shop/cart-1"), ("pods", "cart-1"), ("nodes", "a")])
def test_find__by_full_name_or_by_name(plural, name):
    assert cluster(pod(), node()).find(plural, name).metadata.name == name.rpartition("/")[2]


def test_find__takes_the_first_of_two_with_the_same_name():
    values = pod(phase="Running"), pod(phase="Failed")

    assert cluster(*values).find("pods", "cart-1") is values[0]


def test_find__refuses_a_name_of_several_namespaces():
    with pytest.raises(
        NotFoundError, match=r"pods: cart-1 is in several namespaces \(shop/cart-1, test/cart-1\)"
    ):
        cluster(pod(), pod("test/cart-1")).find("pods", "cart-1")


def test_find__refuses_a_missing_name():
    with pytest.raises(NotFoundError, match="pods: shop/cart is not in the dump"):
        cluster(pod()).find("pods", "shop/cart")


@pytest.mark.parametrize(
    ("space", "expected"), [(None, ["shop/cart-1", "test/cart-1"]), ("test", ["test/cart-1"]), ("none", [])]
)
def test_select__by_labels_in_one_namespace_or_all(space, expected):
    value = cluster(pod(), pod("test/cart-1"), pod("shop/other", {"app": "other"}))

    for selector in ({"app": "cart"}, LabelSelector({"app": "cart"})):
        assert [p.metadata.full_name for p in value.select("pods", selector, space)] == expected


def names(pods):
    return [value.metadata.name for value in pods]


def test_pods_of__the_selected_pods_that_have_not_finished():
    labels = {"app": "cart", "tier": "web"}
    pods = pod("shop/a", labels), pod("shop/b"), pod("shop/c", labels, phase="Failed"), pod("test/d", labels)
    value = cluster(*pods, pod("shop/e", labels, is_planned=True))

    assert names(value.pods_of(service(selector=labels))) == ["a", "e"]
    assert names(value.pods_with("shop", {"app": "cart"})) == ["a", "b", "e"]


@pytest.mark.parametrize(
    "value", [service(selector=None), service(type="ExternalName"), service(selector={"app": "x"})]
)
def test_pods_of__none(value):
    assert cluster(pod()).pods_of(value) == ()


def test_pods_by_node__without_finished_and_unscheduled_pods():
    pods = pod("shop/x", node_name="a"), pod("shop/y", node_name="b", phase="Succeeded"), pod("shop/z")
    value = cluster(node("a"), node("b"), *pods, pod("shop/w", node_name="gone"))

    assert {name: names(found) for name, found in value.pods_by_node.items()} == {
        "a": ["x"],
        "b": [],
        "gone": ["w"],
    }


def test_with__replaces_kinds_and_leaves_the_original():
    before = cluster(pod(), node())

    after = before.with_(pods=())

    assert (len(before.pods), len(after.pods), after.nodes) == (1, 0, before.nodes)


def test_with__forgets_what_was_looked_up():
    before = cluster(pod())
    before.find("pods", "cart-1")

    assert before.with_(pods=(pod("shop/new"),)).find("pods", "new").metadata.name == "new"


def test_with__sets_settings():
    before = cluster(settings={"cni": "flannel", "cloud": "none"})

    after = before.with_(settings={"cni": "calico"})

    assert (before.settings["cni"].value, after.settings["cni"].value) == ("flannel", "calico")
    assert (after.settings["cni"].evidence, after.settings["cloud"].value) == ("given in with_()", "none")


@pytest.mark.parametrize("word", ["pods", "Pod", "po"])
def test_cluster__takes_a_kind_as_kubectl_says_it(word):
    value = cluster(pod())

    assert len(value.frame(word)) == len(value.select(word, {}, "shop")) == 1
    assert value.find(word, "cart-1") == value.pods[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pods": ("x",)}, r"pods\[0\]: found str 'x', expected a Pod"),
        ({"pods": 5}, "pods: found int 5, expected a tuple of Pod objects"),
        ({"provenance": 5}, "provenance"),
        ({"settings": 5}, "settings: found int 5, expected a mapping"),
    ],
)
def test_with__refuses_what_an_attribute_cannot_hold(changes, message):
    with pytest.raises(TypeError, match=message):
        cluster().with_(**changes)


def test_with__takes_lists():
    assert cluster().with_(pods=[pod()]).pods == (pod(),)


def test_with__refuses_what_a_cluster_does_not_have():
    with pytest.raises(TypeError, match="podz"):
        cluster().with_(podz=())


EVERYTHING = cluster(
    namespace("shop"),
    node("a", "192.168.1.5", ["10.244.0.0/24"]),
    pod(ips=["10.244.0.7"], node_name="a", owners=owner("ReplicaSet", "cart-5d8f")),
    service(cluster_ip="10.96.0.9", ports=((80, "http"), (443, None))),
    endpoint_slice(endpoint("10.244.0.7")),
    policy(policy_types=("Ingress",)),
    ingress("shop/web", backend()),
    ingress_class(is_default=True),
    IPPool(metadata("p"), IpPoolSpec("10.1.0.0/16", 26)),
    BLOCK,
    ServiceCIDR(metadata("k"), ServiceCidrSpec(("10.96.0.0/12",))),
    config_map("kube-system/coredns"),
    settings={"cni": "calico"},
)


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        (
            "pods",
            {"namespace": "shop", "name": "cart-1", "pod_ip": "10.244.0.7", "owner": "ReplicaSet cart-5d8f"},
        ),
        ("nodes", {"name": "a", "internal_ip": "192.168.1.5", "pod_cidr": "10.244.0.0/24", "max_pods": 110}),
        ("services", {"cluster_ip": "10.96.0.9", "ports": "80→http/TCP, 443/TCP", "selector": "app=cart"}),
        ("endpoint_slices", {"service": "shop/cart", "n_endpoints": 1}),
        ("network_policies", {"policy_types": "Ingress"}),
        ("ingresses", {"backends": "shop.example.com/0→cart"}),
        ("ingress_classes", {"name": "c", "is_default": True}),
        ("ip_pools", {"cidr": "10.1.0.0/16", "block_size": 26}),
        ("ipam_blocks", {"node": "a", "n_allocated": 2}),
        ("service_cidrs", {"cidrs": "10.96.0.0/12"}),
        ("config_maps", {"namespace": "kube-system", "name": "coredns"}),
        ("namespaces", {"name": "shop"}),
    ],
)
def test_frame__one_row_an_object(plural, expected):
    (row,) = EVERYTHING.frame(plural).to_dict("records")

    assert {column: row[column] for column in expected} == expected


@pytest.mark.parametrize("plural", [kind.plural for kind in KINDS])
def test_frame__of_an_empty_cluster_has_the_same_columns_and_types(plural):
    empty = Cluster().frame(plural)

    assert len(empty) == 0
    assert list(empty.columns) == list(EVERYTHING.frame(plural).columns)
    assert list(empty.dtypes) == list(EVERYTHING.frame(plural).dtypes)


def test_columns__are_of_kinds_that_a_cluster_has():
    assert COLUMNS.keys() <= {kind.plural for kind in KINDS}


def test_frame__without_a_node_port_or_capacity():
    assert cluster(node(pods="")).frame("nodes")["max_pods"].isna().all()


def test_summary__counts_the_kinds_that_are_there():
    assert summary(cluster(pod(), pod("shop/b"), node())).to_dict("records") == [
        {"kind": "Node", "n_objects": 1},
        {"kind": "Pod", "n_objects": 2},
    ]


def test_repr__counts():
    assert repr(EVERYTHING) == "Cluster(1 nodes, 1 pods, 1 services)"


PROVENANCE = Provenance(
    files=(SourceFile(HOSTILE, "json", 10, "0" * 64), SourceFile("b.yaml", "yaml", 5, "1" * 64)),
    read={"Pod": 2},
    skipped={"Lease": 3},
    refused=(Refusal(HOSTILE, "Pod shop/x", "spec.ports", HOSTILE, "a port"),),
    n_secrets=4,
)


def test_repr_html__escapes_what_the_dump_says():
    value = cluster(namespace(HOSTILE), settings={"cni": HOSTILE})

    html = dataclasses.replace(value, provenance=PROVENANCE)._repr_html_()

    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2


def test_provenance__counts_by_kind():
    assert PROVENANCE.frame.to_dict("records") == [
        {"kind": "Lease", "n_read": 0, "n_skipped": 3, "n_refused": 0},
        {"kind": "Pod", "n_read": 2, "n_skipped": 0, "n_refused": 1},
        {"kind": "Secret", "n_read": 0, "n_skipped": 4, "n_refused": 0},
    ]


def test_provenance__html_is_escaped():
    assert "<script" not in PROVENANCE._repr_html_()
    assert "a port" in PROVENANCE._repr_html_()


def test_provenance__digest_of_one_file_is_its_own_and_of_several_depends_on_the_order():
    first, second = PROVENANCE.files

    assert Provenance(files=(first,)).digest == first.sha256
    assert Provenance(files=(first, second)).digest != Provenance(files=(second, first)).digest
