import re
from html import unescape
from time import perf_counter

import pytest

from kubenetlab.samples import sample
from kubenetlab.widgets import lookup_explorer
from tests.builders import cluster, config_map, namespace, pod, service

SHOP = sample("shop")
OPAQUE = ".:53 {\n kubernetes cluster.local\n acl {\n  block\n }\n forward . 192.0.2.1\n}\n"


def words(panel):
    return unescape(re.search(r"<figcaption>(.*)</figcaption>", panel.picture_html)[1])


def explorer(name="www.example.com", **values):
    panel = lookup_explorer(SHOP, name)
    for control, value in values.items():
        panel.controls[control].value = value
    return panel


def test_lookup_explorer__counts_queries_and_names_the_dot():
    panel = lookup_explorer()

    assert words(panel).startswith("glibc: 8 queries, 3 of 4 candidates NXDOMAIN; found after 21.5 ms.")
    assert words(panel).endswith(
        "Written as www.example.com. it costs 2 (TLS and Host headers see the dot, too)."
    )
    assert "image/png" in panel._repr_mimebundle_()[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [  # facts of the recorded lookups: tests/golden/resolvers/e2e-coredns.json.gz
        ({"name": "catalog"}, "glibc: 2 queries, 0 of 1 candidate NXDOMAIN; found"),
        ({"name": "redis.data"}, "glibc: 4 queries, 1 of 2"),
        ({"name": "www.example.com."}, "glibc: 2 queries"),
        ({"search": "corp.example"}, "glibc: 10 queries, 4 of 5"),
        ({"ndots": 1}, "glibc: 2 queries"),
        ({"name": "redis.data", "ndots": 1, "resolver": "musl (Alpine)"}, "Name does not resolve"),
        ({"name": "redis", "namespace": "data"}, "glibc: 2 queries"),
        ({"name": "10.1.2.3"}, "glibc asks no server: found."),
        ({"lost": "the first query"}, "glibc: 10 queries, 3 of 4 candidates NXDOMAIN; found after 5.0 s"),
        ({"lost": "the second query", "resolver": "musl (Alpine)"}, "found after 2.5 s"),
        ({"lost": "every query", "resolver": "Go"}, "40.0 s"),
        ({"lost": "every query for AAAA", "resolver": "musl (Alpine)", "name": "catalog"}, "after 5.0 s"),
        ({"resolver": "c-ares"}, "cares: 8 queries"),
    ],
)
def test_lookup_explorer__says_what_the_resolver_does(values, expected):
    assert expected in words(explorer(**values))


def test_lookup_explorer__a_namespace_parts_glibc_and_musl():
    panel = explorer(name="data", resolver="glibc and musl")

    assert "glibc: 8 queries" in words(panel)
    assert "musl: 4 queries" in words(panel)


@pytest.mark.parametrize(
    ("cache", "before", "took"),
    [  # 20 ms to a server outside, 0.5 to CoreDNS, 0.2 to the node's cache, for four candidates
        ("none", "1 s ago", "21.5 ms"),
        ("CoreDNS, cache 30", "never", "21.5 ms"),
        ("CoreDNS, cache 30", "10 s ago", "2.0 ms"),
        ("CoreDNS, cache 30", "1 minute ago", "21.5 ms"),
        ("CoreDNS, as kubeadm sets it up", "10 s ago", "2.0 ms"),
        ("NodeLocal DNSCache", "1 s ago", "0.8 ms"),
        ("NodeLocal DNSCache", "10 s ago", "1.7 ms"),  # NXDOMAIN is kept for 5 s, www.example.com. for 30
    ],
)
def test_lookup_explorer__caches_save_time_and_no_query(cache, before, took):
    panel = lookup_explorer(SHOP)

    panel.controls["cache"].value = cache
    panel.controls["before_s"].label = before

    assert f"glibc: 8 queries, 3 of 4 candidates NXDOMAIN; found after {took}" in words(panel)


@pytest.mark.parametrize("name", ["", "x" * 301, "a b\n<script>", "." * 20, "\N{SNOWMAN}.example", "%s{0}"])
def test_lookup_explorer__takes_any_name_in_one_line(name):
    panel = explorer(name=name)

    assert "\n" not in words(panel)
    assert "<script>" not in panel.picture_html


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("\N{LATIN SMALL LETTER A WITH DIAERESIS}.com", "\xe4.com: DNS asks xn--4ca.com, so type that"),
        ("\N{SNOWMAN}" * 70, "this has no such form"),
        ("https://api.example.com:8443/v1?q", "is a URL: use its host name, api.example.com"),
        ("http://", "is a URL: use its host name, what follows ://"),
    ],
)
def test_lookup_explorer__says_which_name_dns_asks_for(name, line):
    panel = explorer(name=name)

    assert words(panel).endswith(line)
    assert "<img" not in panel.picture_html


def test_lookup_explorer__begins_in_the_namespace_of_an_application():
    apps = (
        service("web/api"),
        *(pod(f"web/api-{n}") for n in range(2)),
        pod("web2/api"),
        service("app/api"),
        pod("app/api"),
    )
    system = (
        *(pod(f"calico-system/node-{n}") for n in range(5)),
        service("kube-system/kube-dns"),
        pod("kube-system/dns"),
    )

    namespaces = lookup_explorer(
        cluster(*apps, *system, service("default/kubernetes"), pod("default/x"))
    ).controls["namespace"]

    assert namespaces.value == "web"
    assert namespaces.options == ("app", "calico-system", "default", "kube-system", "web", "web2")


def test_lookup_explorer__says_what_is_not_modelled():
    opaque = cluster(
        namespace("shop"), service("shop/cart"), config_map("kube-system/coredns", Corefile=OPAQUE)
    )

    panel = lookup_explorer(opaque)

    assert "acl" in words(panel)
    assert "not modelled" in words(panel)


@pytest.mark.parametrize(("cache", "queries"), [("none", 2), ("NodeLocal DNSCache", 8)])
def test_lookup_explorer__autopath_knows_a_pod_unless_a_cache_asks_for_it(cache, queries):
    pods = ".:53 {\n kubernetes cluster.local {\n  pods verified\n }\n autopath @kubernetes\n forward . 192.0.2.1\n}\n"
    parts = (namespace("shop"), pod(ips=("10.244.0.5",)), config_map("kube-system/coredns", Corefile=pods))

    panel = lookup_explorer(cluster(*parts))
    panel.controls["cache"].value = cache

    assert words(panel).startswith(f"glibc: {queries} queries")


def test_lookup_explorer__of_an_empty_dump():
    assert "8 queries" in words(lookup_explorer(cluster()))


def test_lookup_explorer__same_values_same_picture():
    assert lookup_explorer().picture_html == lookup_explorer().picture_html


def test_lookup_explorer__changes_fast_on_the_middle_sample():
    panel = lookup_explorer(sample("platform"))
    panel.controls["ndots"].value = 4
    start = perf_counter()

    for number in (1, 2, 3):
        panel.controls["ndots"].value = number

    assert (perf_counter() - start) / 3 < 1  # 0.1 s on a machine that does nothing else


def test_lookup_explorer__refuses_an_unknown_resolver():
    with pytest.raises(ValueError, match="'bind': expected one of glibc"):
        lookup_explorer(resolver="bind")
