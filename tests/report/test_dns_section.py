import pytest

from kubenetlab.objects.pod import PodDnsConfig, PodDnsOption
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.page import report_html
from kubenetlab.report.sections.dns import dns
from kubenetlab.samples import sample
from tests.builders import (
    HTTP,
    cluster,
    config_map,
    deployment,
    endpoint,
    endpoint_slice,
    namespace,
    node,
    pod,
    service,
    template,
)

DNS = service(
    "kube-system/kube-dns", {"k8s-app": "kube-dns"}, cluster_ip="10.96.0.10", cluster_ips=("10.96.0.10",)
)
COREDNS = pod(
    "kube-system/coredns-1",
    {"k8s-app": "kube-dns"},
    containers=template(image="coredns/coredns:1.13").spec.containers,
)
CART = (service(cluster_ip="10.96.0.20", cluster_ips=("10.96.0.20",)), namespace("shop"), pod())
COSTS = "Queries for one lookup in an ordinary pod of namespace shop"
CONFS = "What stands in the pods' resolv.conf"
SIZE = "Is CoreDNS large enough"


def section(*objects):
    return dns(Evidence(cluster(DNS, *objects, settings={"cluster_dns": "10.96.0.10"}), seed=1))


def rows(part, caption):
    """Texts of a table's cells; nothing where the section does not have it."""
    return [
        [cell.text for cell in row] for table in part.tables if table.caption == caption for row in table.rows
    ]


def test_dns__counts_the_queries_of_each_way_to_write_a_name():
    # the counts that were recorded end to end, with two queries a candidate (facts of tests/golden/resolvers)
    found = rows(dns(Evidence(sample("shop"), seed=1)), COSTS)

    assert [row[1:] for row in found] == [[n] * 4 for n in ("2", "4", "8", "2", "8", "2")]
    assert found[1][0] == "postgres.data"


def test_dns__draws_the_plugins_of_a_corefile_in_the_dump():
    part = dns(Evidence(sample("shop"), seed=1))

    assert [shown.caption for shown in part.pictures] == ["Which plugin answers www.example.com"]
    assert "forward, line 13" in part.pictures[0].svg


def test_dns__without_a_corefile_says_that_kubeadms_is_assumed():
    part = section(*CART)

    assert part.pictures == ()
    assert part.notes[0].endswith("Corefile: kubeadm (no ConfigMap of this dump holds one).")
    assert "costs 8 queries in an ordinary pod, and 2 with a dot" in part.sentences[0]


def test_dns__without_other_services_counts_names_outside():
    assert [row[0] for row in rows(section(*CART[1:]), COSTS.replace("shop", "default"))] == [
        "www.example.com", "www.example.com."
    ]  # fmt: skip


def test_dns__a_service_with_the_name_outside_breaks_nothing():
    assert (
        len(rows(section(*CART[1:], service("shop/www.example.com", cluster_ips=("10.96.0.9",))), COSTS)) == 5
    )


def test_dns__without_a_dns_service_counts_nothing():
    part = dns(Evidence(cluster(*CART), seed=1))

    assert rows(part, COSTS) == []


@pytest.mark.parametrize(
    ("corefile", "why"),
    [
        (".:53 {\n kubernetes cluster.local\n acl {\n  block\n }\n}", "Corefile line 3: acl"),
        (
            ".:53 {\n kubernetes cluster.local {\n  ttl 3601\n }\n}",
            "line 3: kubernetes: found ttl must be in range",
        ),
        (".:53 {\n kubernetes <b>", "line 2"),
    ],
)
def test_dns__says_why_costs_are_not_known(corefile, why):
    part = section(*CART, config_map("kube-system/coredns", Corefile=corefile))

    assert part.sentences[0].startswith("What a name costs is not known: ")
    assert why in part.sentences[0]
    assert rows(part, COSTS) == []


def test_dns__groups_pods_by_what_their_resolv_conf_says():
    low = PodDnsConfig(searches=("corp.example",), options=(PodDnsOption(name="ndots", value="1"),))
    others = (pod("shop/a", dns_config=low), pod("shop/b", dns_config=low), pod("shop/c", host_network=True))

    found = rows(section(*CART, *others, pod("shop/done", phase="Succeeded", dns_policy="Default")), CONFS)

    cluster_domains = "NAMESPACE.svc.cluster.local svc.cluster.local cluster.local"
    assert found == [
        ["ClusterFirst", "2", f"{cluster_domains} corp.example", "10.96.0.10", "ndots:1", "shop/a, shop/b"],
        ["ClusterFirst", "1", cluster_domains, "10.96.0.10", "ndots:5", "shop/cart-1"],
        ["hostNetwork: true: dnsPolicy ClusterFirst acts as Default", "1", *["the node's"] * 3, "shop/c"],
    ]


def test_dns__counts_in_the_kind_of_pod_that_most_are_of():
    low = PodDnsConfig(options=(PodDnsOption(name="ndots", value="1"),))

    part = section(*CART, pod("shop/a", dns_config=low), pod("shop/b", dns_config=low))

    assert "costs 2 queries in a pod such as a, and 2 with a dot" in part.sentences[0]
    assert rows(part, COSTS.replace("an ordinary pod", "a pod such as a"))[-2] == [
        "www.example.com",
        *["2"] * 4,
    ]


def test_dns__warns_of_what_a_dot_may_break():
    assert "with TLS (SNI, certificates), Host headers" in section(*CART).sentences[0]


def test_dns__ordinary_pods_alone_make_no_table():
    assert rows(section(*CART), CONFS) == []


@pytest.mark.parametrize(("limit", "has"), [("", "178"), ("70Mi", "73"), ("1k", "1")])
def test_dns__compares_the_memory_limit_with_what_the_formula_wants(limit, has):
    made = template({"k8s-app": "kube-dns"}, image="coredns/coredns:1.13")
    main = made.spec.containers[0]
    limited = type(main)(
        name="main", image=main.image, resources=type(main.resources)(limits={"memory": limit})
    )
    workload = deployment(
        "kube-system/coredns", type(made)(made.metadata, type(made.spec)(containers=(limited,)))
    )

    part = section(*CART, COREDNS, workload, node())

    assert rows(part, SIZE)[0][:4] == ["memory of a replica", "54", has, "MB"]
    assert "2018: old" in part.notes[-1]


def test_dns__without_coredns_sizes_nothing():
    assert rows(section(*CART, pod("kube-system/dns", {"k8s-app": "kube-dns"})), SIZE) == []


def test_dns__names_headless_services_whose_answers_are_cut():
    many = endpoint_slice(*(endpoint(f"10.244.0.{n}") for n in range(1, 60)), of="shop/peers", ports=HTTP)
    part = section(*CART, service("shop/peers", cluster_ip="None", cluster_ips=("None",)), many)

    assert "Answers of more than 512 bytes, which need TCP or EDNS: shop/peers (KNL505)." in part.sentences


def test_report__escapes_what_a_corefile_says():
    corefile = ".:53 {\n kubernetes <script>alert(1)</script> {\n  bogus\n }\n}"

    page = report_html(cluster(DNS, *CART, config_map("kube-system/coredns", Corefile=corefile)))

    assert "<script>" not in page
