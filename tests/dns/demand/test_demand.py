import itertools

import pytest

from kubenetlab.cluster import Cluster
from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.dns.corefile.upstream import outside_names
from kubenetlab.dns.demand.demand import dns_demand
from kubenetlab.objects.name_inventory import NameInventory, NameRate
from kubenetlab.readers.corefile import corefile_from_text
from tests.builders import cluster, config_map, namespace, pod, service
from tests.dns.demand.recorded_lookups import cases, inventory, options, set_of
from tests.dns.demand.recorded_lookups import cluster as recorded_cluster

_HOST = "search eu-west-1.compute.internal\nnameserver 10.0.0.2\n"
_SETS = sorted({(case["corefile"], case["resolv"]) for case in cases()})
_CACHING = corefile_from_text(".:53 {\n kubernetes cluster.local\n forward . 10.0.0.2\n cache 30\n}\n")
_CACHELESS = corefile_from_text(".:53 {\n kubernetes cluster.local\n forward . 10.0.0.2\n}\n")


def _shop():
    web = service("shop/web", cluster_ip="10.96.0.20")
    ext = service("shop/ext", type="ExternalName", external_name="www.example.com")
    return cluster(namespace("shop"), namespace("app"), web, ext)


def _names(*names, rate_per_s=1.0, namespace="app", **fields):
    entries = (NameRate(name=name, rate_per_s=rate_per_s, namespace=namespace, **fields) for name in names)
    return NameInventory(entries=tuple(entries))


@pytest.mark.parametrize(("corefile", "resolv"), _SETS)
def test_dns_demand__asks_as_often_as_every_recorded_lookup(corefile, resolv):
    found = set_of(corefile, resolv)

    frame = dns_demand(recorded_cluster(), inventory(found), **options(found[0])).by_name.frame

    assert frame["queries_per_s"].tolist() == [case["n_client_queries"] for case in found]
    assert (frame["outcome"] == "found").tolist() == [case["rc"] == 0 for case in found]


@pytest.mark.parametrize("case", cases()[::25], ids=lambda case: f"{case['resolver']} {case['name']}")
def test_dns_demand__of_one_recorded_name__counts_the_queries_of_clients_and_of_the_server(case):
    demand = dns_demand(recorded_cluster(), inventory([case]), **options(case))

    assert demand.per_s("client queries") == case["n_client_queries"]
    assert demand.per_s("CoreDNS") == case["n_queries"]  # its own for an ExternalName included


@pytest.mark.parametrize(("corefile", "resolv"), _SETS)
def test_dns_demand__of_a_recorded_set__counts_nxdomain_as_recorded(corefile, resolv):
    found = set_of(corefile, resolv)

    demand = dns_demand(recorded_cluster(), inventory(found), **options(found[0]))

    recorded = [query["rcode"] for case in found for query in case["queries"]]
    assert demand.per_s("CoreDNS") == len(recorded)
    assert demand.per_s("CoreDNS", "NXDOMAIN") == recorded.count("NXDOMAIN")


def test_dns_demand__n8n__ndots_5_costs_five_times_the_queries():
    # n8n-io/terraform-aws-n8n PR 100 (2026-08): a load test on EKS sent 12,794 queries, and 2,559 with ndots:1, one query apart
    # from a factor of 5. What gives 5: names of the Internet, three search domains of the cluster and one of the VPC, then the
    # name as it is; whether A alone or A and AAAA are asked changes both numbers alike.
    single = _names("api.stripe.com", rate_per_s=2559.0, family="inet")
    pairs = _names("api.stripe.com", rate_per_s=2559.0 / 2)

    for names in (single, pairs):
        before = dns_demand(_shop(), names, host_resolv_conf=_HOST).per_s("client queries")
        after = dns_demand(_shop(), names, host_resolv_conf=_HOST, more_resolv_conf="options ndots:1\n")

        assert (before, after.per_s("client queries")) == (12_795, 2_559)
        assert before - 12_794 == 1


@pytest.mark.parametrize(
    ("name", "n_candidates", "n_outside"),
    [
        ("web.shop", 2, 0),
        ("web.shop.svc", 3, 0),
        ("web.shop.svc.cluster.local", 5, 1),
        ("web.shop.svc.cluster.local.", 1, 0),
        ("www.example.com", 5, 2),
        ("gone.example.com", 5, 2),
    ],
)
@pytest.mark.parametrize("n_types", [1, 2])
def test_dns_demand__is_rate_times_types_times_candidates(name, n_candidates, n_outside, n_types):
    # facts: an external name with 3 cluster and h host domains has 4 + h candidates, 1 + h of them go upstream
    names = _names(
        name, rate_per_s=3.0, pods=4, family="unspec" if n_types == 2 else "inet", exists="gone" not in name
    )

    demand = dns_demand(_shop(), names, corefile=_CACHELESS, host_resolv_conf=_HOST)

    assert demand.per_s("client queries") == 12 * n_types * n_candidates
    assert demand.per_s("CoreDNS") == 12 * n_types * n_candidates
    assert demand.per_s("upstream") == 12 * n_types * n_outside


def test_dns_demand__nxdomain_share_of_an_external_name_is_all_candidates_but_the_last():
    frame = dns_demand(_shop(), _names("www.example.com"), host_resolv_conf=_HOST).by_place.frame

    assert frame.set_index("place")["nxdomain_share"]["client queries"] == pytest.approx(4 / 5)


def test_dns_demand__cache_of_each_replica_sees_its_part():
    # cache 30 keeps the NXDOMAIN of the cluster's zone for 5 s (its ttl), the answer outside (300 s) for 30 s
    demand = dns_demand(_shop(), _names("www.example.com", rate_per_s=8.0), corefile=_CACHING, n_replicas=4)

    share = {5: 2 * 5 / (1 + 2 * 5), 30: 2 * 30 / (1 + 2 * 30)}
    assert demand.per_s("CoreDNS") == 8 * 2 * 4
    assert demand.per_s("CoreDNS", is_cached=True) == pytest.approx(16 * (3 * share[5] + share[30]))
    assert demand.per_s("upstream") == pytest.approx(16 * (1 - share[30]))


def test_dns_demand__kubeadm_keeps_nothing_of_the_cluster_zone():
    demand = dns_demand(_shop(), _names("web.shop"))

    assert demand.per_s("CoreDNS", is_cached=True) == 0
    assert demand.assumptions[0].value == "kubeadm"


def test_dns_demand__node_cache__only_misses_of_the_cluster_zone_reach_coredns():
    # nodelocaldns.yaml: denial 5 s in the cluster's zone, the rest goes upstream past CoreDNS
    names = _names("www.example.com", rate_per_s=2.0, pods=6)

    demand = dns_demand(_shop(), names, node_local=True, n_nodes=3)

    per_node = 12 / 3
    miss = {ttl: 1 / (1 + per_node * ttl) for ttl in (5, 30)}
    assert demand.per_s("NodeLocal DNSCache") == 12 * 2 * 4
    assert demand.per_s("CoreDNS") == pytest.approx(24 * 3 * miss[5])
    assert demand.per_s("upstream") == pytest.approx(24 * miss[30])


def test_dns_demand__few_pods_are_on_few_nodes():
    spread = dns_demand(_shop(), _names("web.shop", pods=50), node_local=True, n_nodes=50)
    one = dns_demand(_shop(), _names("web.shop", rate_per_s=50.0), node_local=True, n_nodes=50)

    assert spread.per_s("NodeLocal DNSCache") == one.per_s("NodeLocal DNSCache")
    assert spread.per_s("CoreDNS") > one.per_s("CoreDNS")


def test_dns_demand__finds_node_cache_in_the_dump():
    text = "cluster.local:53 {\n forward . __PILLAR__CLUSTER__DNS__\n cache 30\n}\n.:53 {\n forward . 10.0.0.2\n}\n"
    found = cluster(namespace("app"), config_map("kube-system/node-local-dns", Corefile=text))

    demand = dns_demand(found, _names("www.example.com"))

    assert "NodeLocal DNSCache" in set(demand.by_place.frame["place"])
    assert demand.per_s("upstream") == 2  # its root zone has no cache
    assert "NodeLocal DNSCache" not in set(
        dns_demand(found, _names("a"), node_local=False).by_place.frame["place"]
    )


def test_dns_demand__external_name__the_server_asks_itself():
    demand = dns_demand(
        _shop(), _names("ext.shop"), corefile=_CACHELESS, upstream=outside_names(["www.example.com"])
    )

    assert demand.per_s("client queries") == 4
    assert demand.per_s("CoreDNS") == 4 + 2
    assert demand.per_s("upstream") == 2


def test_dns_demand__its_own_question_shares_the_cache_with_the_clients():
    names = _names("ext.shop", "www.example.com.")

    demand = dns_demand(_shop(), names, corefile=_CACHING, n_replicas=1)

    answered = demand.flows["www.example.com.", "A", False]
    own = demand.flows["ext.shop.svc.cluster.local.", "A", False]
    assert answered.asked == 1
    assert answered.coredns == pytest.approx(1 + own.uncached)
    assert answered.coredns_hits == pytest.approx(
        answered.coredns * 30 * answered.coredns / (1 + 30 * answered.coredns)
    )


def test_dns_demand__an_application_that_keeps_answers_asks_less():
    demand = dns_demand(_shop(), _names("web.shop", rate_per_s=0.1, pods=10, keep_s=30.0))

    application = demand.by_place.frame.iloc[0]
    assert application["per_s"] == 1
    assert application["from_cache_per_s"] == pytest.approx(0.1 * 30 / (1 + 0.1 * 30))
    assert demand.per_s("client queries") == pytest.approx(4 * 0.25)


@pytest.mark.parametrize(
    ("policy", "on_host", "reaches"),
    [
        ("ClusterFirst", False, True),
        ("ClusterFirst", True, False),
        ("ClusterFirstWithHostNet", True, True),
        ("Default", False, False),
    ],
)
def test_dns_demand__pods_with_the_nodes_resolv_conf_do_not_reach_coredns(policy, on_host, reaches):
    names = _names("www.example.com", dns_policy=policy, host_network=on_host)

    demand = dns_demand(_shop(), names, host_resolv_conf=_HOST, corefile=_CACHELESS, node_local=not reaches)

    assert (demand.per_s("CoreDNS") > 0) is reaches
    assert demand.per_s("NodeLocal DNSCache") == 0
    assert demand.per_s("client queries") == (10 if reaches else 2)
    assert demand.per_s("upstream") == (4 if reaches else 2)


def test_dns_demand__queries_are_conserved_from_place_to_place():
    names = _names("www.example.com", "web.shop", "ext.shop", "gone", rate_per_s=7.0, pods=9)

    for node_local, caches in itertools.product((False, True), (_CACHING, _CACHELESS)):
        demand = dns_demand(_shop(), names, corefile=caches, node_local=node_local, n_nodes=4)

        for flow in demand.flows.values():
            assert flow.coredns + flow.outside >= flow.asked - flow.node_hits - 1e-9
            assert 0 <= flow.coredns_hits <= flow.coredns
            assert flow.forwarded <= flow.uncached + 1e-9
        by_name = demand.by_name.frame["queries_per_s"].sum()
        assert by_name == pytest.approx(demand.per_s("client queries"))


def test_dns_demand__the_pods_dns_config_counts():
    demand = dns_demand(
        _shop(), _names("www.example.com", ndots=1, searches=("corp.test",), options=("use-vc",))
    )

    assert demand.per_s("client queries") == 2
    assert {query.sent.transport for query in demand.asking[0].lookup.queries} == {"tcp"}


def test_dns_demand__by_name__says_how_and_how_often():
    row = dns_demand(_shop(), _names("web.shop.svc", resolver="musl")).by_name.frame.iloc[0]

    assert (row["candidates"], row["queries_per_lookup"], row["factor"]) == (3, 6, 6.0)
    assert (row["outcome"], row["asked_last"]) == ("found", "web.shop.svc.cluster.local.")
    assert row["nxdomain_share"] == pytest.approx(4 / 6)


def test_dns_demand__by_name__gives_the_error():
    frame = dns_demand(_shop(), _names("web.shop", resolver="musl", ndots=1)).by_name.frame

    assert frame["outcome"].tolist() == ["EAI_NONAME"]


def test_dns_demand__a_name_that_nobody_asks_costs_nothing():
    demand = dns_demand(_shop(), _names("web.shop", rate_per_s=0.0), node_local=True)

    assert demand.by_place.frame["per_s"].tolist() == [0.0] * 6
    assert demand.latency().frame["within_ms"].tolist() == [float("inf")] * 4


def test_dns_demand__an_address_or_localhost_asks_nobody():
    demand = dns_demand(_shop(), _names("10.0.0.1", "localhost"))

    assert demand.per_s("client queries") == 0
    assert demand.by_name.frame["asked_last"].tolist() == ["", ""]


def test_dns_demand__numbers_of_nodes_and_replicas_come_from_the_dump():
    sizes = {setting.name: setting for setting in dns_demand(recorded_cluster(), _names("web")).assumptions}

    assert (sizes["n_replicas"].value, sizes["n_replicas"].origin) == (2, "default")
    assert (sizes["n_nodes"].value, sizes["n_nodes"].origin) == (1, "default")


def test_dns_demand__files_beside_the_corefile_are_known():
    text = ".:53 {\n hosts /etc/coredns/NodeHosts {\n fallthrough\n }\n kubernetes cluster.local\n}\n"
    found = cluster(
        namespace("app"), config_map("kube-system/coredns", Corefile=text, NodeHosts="10.0.0.7 node-7\n")
    )

    assert dns_demand(found, _names("node-7.")).by_name.frame["outcome"].tolist() == ["found"]


def test_dns_demand__refuses_what_it_cannot_know():
    opaque = corefile_from_text(".:53 {\n etcd\n}\n")

    with pytest.raises(NotModelledError, match="Corefile line 2: etcd"):
        dns_demand(_shop(), _names("web"), corefile=opaque)


@pytest.mark.parametrize(
    "options", [{"loss": 1.0}, {"loss": -0.1}, {"n_nodes": -1}, {"round_trips": (0, -1, 0)}]
)
def test_dns_demand__refuses_impossible_options(options):
    with pytest.raises(ValueError, match=r"expected (a chance from 0|no number below 0)"):
        dns_demand(Cluster(), _names("web"), **options)


_AUTOPATH = corefile_from_text(
    ".:53 {\n autopath @kubernetes\n kubernetes cluster.local {\n pods verified\n }\n forward . 10.0.0.2\n}\n"
)


@pytest.mark.parametrize(
    ("options", "fields", "queries"),
    [
        ({}, {}, 2),
        ({"node_local": True}, {}, 8),
        ({}, {"host_network": True, "dns_policy": "ClusterFirstWithHostNet"}, 8),
    ],
)
def test_dns_demand__autopath_knows_pods_but_not_behind_a_node_cache_or_on_the_host(options, fields, queries):
    for dump in (_shop(), recorded_cluster()):
        demand = dns_demand(dump, _names("www.example.com", **fields), corefile=_AUTOPATH, **options)

        assert demand.per_s("client queries") == queries


def test_dns_demand__autopath__says_that_it_invents_a_pod_where_the_dump_has_none():
    names = _names("www.example.com")

    assert (
        "1 namespaces have no pod"
        in _assumed(dns_demand(_shop(), names, corefile=_AUTOPATH))["clients"].evidence
    )
    assert "clients" not in _assumed(dns_demand(recorded_cluster(), names, corefile=_AUTOPATH))
    assert "clients" not in _assumed(dns_demand(_shop(), names))
    assert "own_search" in _assumed(dns_demand(_shop(), names, corefile=_AUTOPATH))


def _assumed(demand):
    return {setting.name: setting for setting in demand.assumptions}


def test_dns_demand__says_what_caches_do_that_is_left_out():
    text = ".:53 {\n kubernetes cluster.local\n forward . 10.0.0.2\n cache 30 {\n  prefetch 10\n  serve_stale\n }\n}\n"

    found = _assumed(dns_demand(_shop(), _names("web.shop"), corefile=corefile_from_text(text)))

    assert found["prefetch"].evidence.startswith("- line 5: ")
    assert found["serve_stale"].origin == "unknown"
    assert not _assumed(dns_demand(_shop(), _names("web.shop"))).keys() & {"prefetch", "serve_stale"}


def test_dns_demand__says_which_namespaces_are_not_in_the_dump():
    assert _assumed(dns_demand(_shop(), _names("web.shop", namespace="shp")))["namespaces"].text == "shp"
    assert "namespaces" not in _assumed(dns_demand(_shop(), _names("web.shop")))


_UPSTREAM_SERVICE = "cluster.local:53 {{\n cache 30\n forward . {} {{\n  force_tcp\n }}\n}}\n.:53 {{\n cache 30\n forward . 10.0.0.2\n}}\n"


@pytest.mark.parametrize("target", ["10.96.77.7", "dns://10.96.77.7:53", "__PILLAR__CLUSTER__DNS__"])
def test_dns_demand__a_node_cache_that_asks_kube_dns_upstream_asks_coredns(target):
    upstream = service("kube-system/kube-dns-upstream", cluster_ip="10.96.77.7")
    found = config_map("kube-system/node-local-dns", Corefile=_UPSTREAM_SERVICE.format(target))
    dump = cluster(
        namespace("app"), namespace("shop"), service("shop/web", cluster_ip="10.96.0.20"), upstream, found
    )

    demand = dns_demand(dump, _names("web.shop"))

    assert demand.per_s("CoreDNS") > 0
    assert demand.per_s("upstream") == 0


def test_dns_demand__counts_pods_once_where_a_lookup_repeats_a_question():
    # search a.b a.b: one pod asks for web.a.b. twice; it is still one node whose cache holds it
    conf = "search a.b a.b\nnameserver 10.96.0.10\noptions ndots:5\n"

    demand = dns_demand(_shop(), _names("web"), resolv_conf=conf, node_local=True, n_nodes=2)

    flow = demand.flows["web.a.b.", "A", False]
    assert flow.asked == 2
    assert flow.node_hits == pytest.approx(2 * 2 * 30 / (1 + 2 * 30))


def test_dns_demand__pods_that_name_their_own_servers_do_not_ask_coredns():
    demand = dns_demand(_shop(), _names("web.shop", dns_policy="None", searches=("corp.test",)))

    assert demand.per_s("CoreDNS") == 0
    assert demand.per_s("client queries") > 0


def test_dns_demand__targets_of_external_names_exist_where_public_names_do():
    # the target of an ExternalName is outside, and no dump says whether it exists
    assert dns_demand(_shop(), _names("ext.shop", resolver="go")).by_name.frame["outcome"].tolist() == [
        "found"
    ]


def test_dns_demand__without_namespaces__takes_a_service_for_no_public_name():
    # .shop is a top-level domain; a Service in a namespace shop says that the cluster means itself
    dump = cluster(service("shop/web", cluster_ip="10.96.0.20"))

    assert dns_demand(dump, _names("typo.shop")).by_name.frame["outcome"].tolist() != ["found"]


def test_dns_demand__by_name__ran_only_what_was_recorded():
    def basis(dump, *names, **options):
        return dns_demand(dump, _names(*names), **options).by_name.basis

    hosts = corefile_from_text(
        ".:53 {\n hosts {\n  10.0.0.7 my.host\n  fallthrough\n }\n kubernetes cluster.local\n}\n"
    )
    assert basis(_shop(), "web.shop") == "ran"
    assert basis(_shop(), "my.host.", corefile=hosts) == "source"
    assert dns_demand(_shop(), _names("web.shop", resolver="cares")).by_name.basis == "source"


def test_dns_demand__replicas_are_those_of_the_deployment_where_no_endpoint_is_known():
    labels = {"k8s-app": "kube-dns"}
    dump = cluster(
        service("kube-system/kube-dns", labels, cluster_ip="10.96.0.10"),
        *(pod(f"kube-system/coredns-{n}", labels, is_planned=True) for n in range(1)),
    )

    size = _assumed(dns_demand(dump, _names("web")))["n_replicas"]

    assert (size.value, size.origin) == (1, "read")


def test_dns_demand__load__counts_the_sockets_of_each_resolver():
    def load(*resolvers, **fields):
        entries = [entry for one in resolvers for entry in _names("web.shop", resolver=one, **fields).entries]
        return dns_demand(_shop(), NameInventory(entries=tuple(entries)), n_nodes=5).load

    assert load("glibc").queries_per_socket == load("musl").queries_per_socket == 2
    assert load("go").queries_per_socket == load("glibc", family="inet").queries_per_socket == 1
    assert load("glibc", "go").queries_per_socket == pytest.approx(4 / 3)
    assert load("glibc").client_nodes == 1
    assert load("glibc", pods=50).client_nodes == 5
    assert load("glibc").pod_queries_per_s == 4


def test_dns_demand__capacity__is_that_of_its_setup():
    corefile = corefile_from_text(
        ".:53 {\n kubernetes cluster.local\n forward . 10.0.0.2 {\n  max_concurrent 50\n }\n}\n"
    )

    frame = dns_demand(_shop(), _names("web.shop"), corefile=corefile, n_replicas=7).capacity.frame.set_index(
        "limit"
    )

    assert frame.loc["forwarded at once by a replica", "has"] == 50
    assert frame.loc["replicas for the queries", "has"] == 7
    assert frame.loc["queries of a replica", "needed"] == pytest.approx(4 / 7)
