import pytest
from msgspec.structs import replace

from kubenetlab.cluster import Cluster
from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.dns.corefile.upstream import outside_names
from kubenetlab.dns.pod_lookup import compare_resolvers, name_form_matrix, pod_lookup
from kubenetlab.errors import NotFoundError
from kubenetlab.objects import Pod
from kubenetlab.objects.api_object import Metadata
from kubenetlab.objects.pod import HostAlias, PodSpec
from kubenetlab.readers.corefile import corefile_from_text
from kubenetlab.result import Basis
from tests.dns.corefile.servers import block, cluster
from tests.dns.corefile.test_cluster_servers import COREDNS, NODE_LOCAL

POD = "shop/client"
AUTOPATH = corefile_from_text(
    block("autopath @kubernetes", "kubernetes cluster.local {\n pods verified\n}", "forward . 192.0.2.53"),
    "c",
)


def test_pod_lookup__the_pods_own_resolv_conf_decides_the_candidates():
    found = pod_lookup(cluster(), "web", POD)

    assert [(asked.sent.name, asked.sent.type) for asked in found.queries] == [
        ("web.shop.svc.cluster.local.", "A"),
        ("web.shop.svc.cluster.local.", "AAAA"),
    ]
    assert found.addresses == ("10.96.0.20",)


@pytest.mark.parametrize(
    ("name", "resolver", "n_queries"),
    [("redis", "glibc", 8), ("redis", "musl", 4), ("www.example.com", "go", 8)],
)
def test_pod_lookup__as_many_queries_as_were_recorded(name, resolver, n_queries):
    # recorded in resolvers/e2e-coredns
    assert len(pod_lookup(cluster(), name, POD, resolver=resolver).queries) == n_queries


def test_pod_lookup__one_family_is_half_the_queries():
    assert len(pod_lookup(cluster(), "www.example.com", POD, family="inet").queries) == 4


def test_pod_lookup__autopath_sees_the_pods_address_unless_node_local_dns_cache_asks_for_it():
    direct = pod_lookup(cluster(), "www.example.com", POD, corefile=AUTOPATH)
    behind = pod_lookup(cluster(COREDNS, NODE_LOCAL), "www.example.com", POD, corefile=AUTOPATH)

    assert (len(direct.queries), len(behind.queries)) == (2, 8)


def test_pod_lookup__a_nameserver_that_is_none_of_the_clusters_stands_outside():
    found = pod_lookup(
        cluster(),
        "web.example",
        POD,
        resolv_conf="nameserver 192.0.2.53\n",
        upstream=outside_names(["web.example"]),
    )

    assert {asked.reply.answered_by for asked in found.queries} == {"outside"}
    assert found.addresses == ("192.0.2.1",)


def test_pod_lookup__raises_over_a_plugin_that_is_not_modelled():
    corefile = corefile_from_text(block("acl {\n block\n}", "kubernetes cluster.local"), "c")

    with pytest.raises(NotModelledError, match="Corefile line 2: acl"):
        pod_lookup(cluster(), "web", POD, corefile=corefile)


def test_pod_lookup__raises_for_a_pod_that_is_not_in_the_dump():
    with pytest.raises(NotFoundError, match="shop/none is not in the dump"):
        pod_lookup(cluster(), "web", "shop/none")


def test_compare_resolvers__one_row_a_resolver():
    compared = compare_resolvers(cluster(), "redis", POD)

    frame = compared.frame.set_index("resolver")
    assert frame.n_queries.to_dict() == {"glibc": 8, "musl": 4, "go": 8, "cares": 8}
    assert not frame.is_found.any()
    assert frame.stopped_at["musl"] == "redis.svc.cluster.local."
    assert frame.result["glibc"] == "No address associated with hostname"
    assert compared.title == "redis, looked up in shop/client"
    assert "resolv.conf: nameserver 10.96.0.10" in compared.because
    assert [setting.name for setting in compared.assumptions] == [
        "corefile",
        "outside_names",
        "host_resolv_conf",
    ]


def test_compare_resolvers__lower_ndots_breaks_short_names_on_musl_only():
    # recorded in resolvers/e2e-coredns
    text = "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:1\n"

    found = (
        compare_resolvers(cluster(), "web.shop", POD, resolv_conf=text).frame.set_index("resolver").is_found
    )

    assert found.to_dict() == {"glibc": True, "musl": False, "go": True, "cares": True}


def test_pod_lookup__names_of_its_own_hosts_file_cost_nothing():
    alias = HostAlias("10.1.1.1", ("legacy.db",))
    pod = replace(cluster().pods[0], spec=PodSpec(host_aliases=(alias,)))

    found = [pod_lookup(cluster(), name, pod) for name in ("client", "Legacy.db", "localhost")]

    assert [len(one.queries) for one in found] == [0, 0, 0]
    assert [one.addresses for one in found[:2]] == [("10.244.1.5",), ("10.1.1.1",)]


@pytest.mark.parametrize(
    ("name", "resolver", "basis"),
    [
        ("web", "glibc", Basis.RAN),
        ("web", "cares", Basis.SOURCE),
        ("web.old", "glibc", Basis.SOURCE),
        ("my.host", "musl", Basis.SOURCE),
        ("other.com", "go", Basis.UNCHECKED),
    ],
)
def test_pod_lookup__basis_is_that_of_the_plugins_that_answered(name, resolver, basis):
    lines = (
        "hosts {\n 10.9.9.9 my.host\n fallthrough\n}",
        'template IN ANY old {\n answer "{{ .Name }} 1 IN A 10.9.9.8"\n}',
    )
    corefile = corefile_from_text(block(*lines, "kubernetes cluster.local", "forward . 192.0.2.53"), "c")

    found = pod_lookup(cluster(), name, POD, resolver=resolver, corefile=corefile)

    assert found.addresses
    assert found.result.basis is basis


def test_compare_resolvers__basis_is_that_of_the_one_that_was_checked_least():
    assert compare_resolvers(cluster(), "web", POD).basis is Basis.SOURCE
    assert compare_resolvers(cluster(), "other.com", POD).basis is Basis.UNCHECKED
    assert name_form_matrix(cluster(), "shop/web").basis is Basis.RAN


def test_pod_lookup__says_which_nameserver_no_dump_knows():
    found = pod_lookup(cluster(), "web", POD, resolv_conf="nameserver 10.96.0.10\nnameserver 10.9.9.9\n")

    assert {a.name: a.value for a in found.result.assumptions}["nameservers"] == ("10.9.9.9",)


def test_pod_lookup__an_address_of_another_service_is_silent():
    found = pod_lookup(cluster(), "www.example.com", POD, resolv_conf="nameserver 10.96.0.20\n")

    assert {asked.outcome for asked in found.queries} == {"LOST"}


def test_pod_lookup__without_a_dns_service_kubeadms_address_is_assumed():
    dump = Cluster(services=cluster().services[:1], namespaces=cluster().namespaces, pods=cluster().pods)

    found = pod_lookup(dump, "web", POD)

    assert found.addresses == ("10.96.0.20",)
    assert {a.name: a.value for a in found.assumptions}["cluster_dns"] == "10.96.0.10"


def test_pod_lookup__autopath_rests_on_the_search_list_of_coredns():
    found = pod_lookup(cluster(), "www.example.com", POD, corefile=AUTOPATH)

    assert "own_search" in [setting.name for setting in found.assumptions]


def test_pod_lookup__autopath_does_nothing_for_a_pod_on_the_hosts_network():
    pod = replace(cluster().pods[0], spec=PodSpec(host_network=True, dns_policy="ClusterFirstWithHostNet"))
    dump = cluster().with_(pods=(pod,))

    assert len(pod_lookup(dump, "www.example.com", POD, corefile=AUTOPATH).queries) == 8


def test_name_form_matrix__queries_by_form_and_namespace():
    # Recorded in resolvers/e2e-coredns: 2 in the own namespace, 4, 6, 8 for longer forms, 2 with a dot
    matrix = name_form_matrix(cluster(), "shop/web", namespaces=["shop", "redis"], resolvers=["musl"]).frame

    counts = matrix.pivot(index="form", columns="namespace", values="n_queries")
    web = "web.shop.svc.cluster.local"
    assert counts["redis"].to_dict() == {"web": 8, "web.shop": 4, "web.shop.svc": 6, web: 8, f"{web}.": 2}
    assert counts["shop"].to_dict() == {"web": 2, "web.shop": 4, "web.shop.svc": 6, web: 8, f"{web}.": 2}
    assert matrix[~matrix.is_found][["form", "namespace"]].to_numpy().tolist() == [["web", "redis"]]


def test_name_form_matrix__with_a_lower_ndots_musl_finds_fewer_forms():
    matrix = name_form_matrix(cluster(), "shop/web", namespaces=["redis"], ndots=1)

    found = matrix.frame.set_index(["resolver", "form"])["is_found"]
    assert matrix.title == "Ways to write shop/web, ndots:1"
    assert (found["glibc", "web.shop"], found["musl", "web.shop"]) == (True, False)


def test_name_form_matrix__all_namespaces_and_two_resolvers_by_default():
    assert len(name_form_matrix(cluster(), "shop/web").frame) == 5 * 3 * 2


def test_pod_lookup__takes_a_pod_that_a_workload_would_make():
    found = pod_lookup(cluster(), "web.shop", Pod(metadata=Metadata(name="new", namespace="redis")))

    assert len(found.queries) == 4
