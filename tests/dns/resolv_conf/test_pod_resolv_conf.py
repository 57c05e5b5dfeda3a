"""Worked examples are those of kubernetes, pkg/kubelet/network/dns/dns_test.go, unless they say otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kubenetlab.cluster import Cluster
from kubenetlab.dns.resolv_conf.pod_resolv_conf import pod_resolv_conf
from kubenetlab.errors import ManifestError
from kubenetlab.objects import Metadata, Pod
from kubenetlab.objects.pod import PodAddress, PodDnsConfig, PodDnsOption, PodSpec, PodStatus
from kubenetlab.result import Origin, Setting, Settings

DNS = ("203.0.113.1",)
OWN = ("testNS.svc.TEST", "svc.TEST", "TEST")
HOST = "nameserver 192.0.2.53\nsearch corp.example.\noptions timeout:1\n"
OMITTED = (
    "Search Line limits were exceeded, some search paths have been omitted, the applied search line is: "
)


def pod(policy="ClusterFirst", *, host_ip="", nameservers=(), searches=(), options=(), **spec):
    is_set = nameservers or searches or options
    config = PodDnsConfig(tuple(nameservers), tuple(searches), tuple(PodDnsOption(*o) for o in options))
    spec = PodSpec(dns_policy=policy, dns_config=config if is_set else None, **spec)
    return Pod(
        metadata=Metadata(name="test_pod", namespace="testNS"), spec=spec, status=PodStatus(host_ip=host_ip)
    )


def conf(of=None, **options):
    return pod_resolv_conf(of or pod(), **{"cluster_dns": DNS, "cluster_domain": "TEST"} | options)


def parts(text):
    """How the kubelet reads the node's file: what a pod with the policy Default gets."""
    found = conf(pod("Default"), host_resolv_conf=text)
    return list(found.nameservers), list(found.searches), list(found.options)


def test_pod_resolv_conf__writes_the_usual_file():
    found = pod_resolv_conf(
        pod(), cluster_dns=["10.96.0.10"], cluster_domain="cluster.local", host_resolv_conf=HOST
    )

    assert found.text == (
        "search testNS.svc.cluster.local svc.cluster.local cluster.local corp.example\n"
        "nameserver 10.96.0.10\n"
        "options ndots:5\n"
    )
    assert found.events == ()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("", ([], [], [])),
        ("\t\n\t", ([], [], [])),
        (" #comment\n", ([], [], [])),
        ("nameserver \t 1.2.3.4", (["1.2.3.4"], [], [])),
        ("\tnameserver 1.2.3.4 \nnameserver 5.6.7.8", (["1.2.3.4", "5.6.7.8"], [], [])),
        ("search foo. bar", ([], ["foo", "bar"], [])),
        ("search foo\nsearch bar", ([], ["bar"], [])),
        ("search .", ([], [], [])),
        ("search foo\nsearch", ([], [], [])),
        ("#comment\nnameserver 1.2.3.4\n#comment\nsearch foo\ncomment", (["1.2.3.4"], ["foo"], [])),
        ("options ", ([], [], [])),
        ("options ndots:1\noptions ndots:5 attempts:3", ([], [], ["ndots:5", "attempts:3"])),
        # PR 112414: the options of several lines add up
        ("options timeout:1\noptions attempts:3", ([], [], ["timeout:1", "attempts:3"])),
    ],
)
def test_pod_resolv_conf__reads_the_nodes_file_as_the_kubelet_does(data, expected):
    assert parts(data) == expected


def test_pod_resolv_conf__refuses_a_nameserver_line_without_an_address():
    with pytest.raises(ManifestError, match=r"line 2: nameserver: found nothing, expected an address"):
        conf(host_resolv_conf="#comment\nnameserver\nsearch foo")


@pytest.mark.parametrize(
    ("policy", "host_network", "servers", "searches"),
    [
        ("ClusterFirst", False, DNS, (*OWN, "corp.example")),
        ("ClusterFirst", True, ("192.0.2.53",), ("corp.example",)),
        ("ClusterFirstWithHostNet", True, DNS, (*OWN, "corp.example")),
        ("ClusterFirstWithHostNet", False, DNS, (*OWN, "corp.example")),
        ("Default", False, ("192.0.2.53",), ("corp.example",)),
        ("None", False, (), ()),
        ("invalidPolicy", False, DNS, (*OWN, "corp.example")),
    ],
)
def test_pod_resolv_conf__follows_the_policy(policy, host_network, servers, searches):
    found = conf(pod(policy, host_network=host_network), host_resolv_conf=HOST)

    assert (found.nameservers, found.searches) == (servers, searches)


def test_pod_resolv_conf__without_cluster_dns_acts_as_default_and_says_so():
    found = conf(cluster_dns=(), host_resolv_conf=HOST)

    assert found.nameservers == ("192.0.2.53",)
    assert [event.reason for event in found.events] == ["MissingClusterDNS"]
    assert found.because[0] == "dnsPolicy ClusterFirst acts as Default: the kubelet has no clusterDNS"


def test_pod_resolv_conf__without_a_cluster_domain_searches_what_the_node_searches():
    assert conf(cluster_domain="", host_resolv_conf=HOST).searches == ("corp.example",)


@pytest.mark.parametrize(
    ("host_ip", "server"), [("", "127.0.0.1"), ("192.0.2.1", "127.0.0.1"), ("fd00::1", "::1")]
)
def test_pod_resolv_conf__without_a_node_file_disables_lookups(host_ip, server):
    found = conf(pod("Default", host_ip=host_ip), host_resolv_conf=None)

    assert (found.nameservers, found.searches) == ((server,), (".",))


def test_pod_resolv_conf__without_a_node_file_a_dual_stack_node_has_two_loopbacks():
    # dns.go, GetPodDNS: one for each of the node's addresses
    status = PodStatus(host_ip="192.0.2.1", host_ips=(PodAddress("192.0.2.1"), PodAddress("fd00::1")))

    found = conf(replace(pod("Default"), status=status), host_resolv_conf=None)

    assert found.nameservers == ("127.0.0.1", "::1")


def test_pod_resolv_conf__without_a_node_file_searches_the_clusters_domains():
    assert conf(host_resolv_conf=None).searches == OWN


def test_pod_resolv_conf__where_nothing_is_left_the_runtime_copies_the_nodes_file():
    assert conf(pod("None"), host_resolv_conf=HOST).text == HOST


@pytest.mark.parametrize(
    ("given_options", "expected"),
    [
        ([("single-request", ""), ("attempts", "3")], {"ndots:5", "debug", "single-request", "attempts:3"}),
        ([("ndots", "3"), ("debug", "")], {"ndots:3", "debug"}),
    ],
)
def test_pod_resolv_conf__merges_options_by_name(given_options, expected):
    found = conf(pod("Default", options=given_options), host_resolv_conf="options ndots:5 debug")

    assert set(found.options) == expected


def test_pod_resolv_conf__appends_what_dns_config_adds_once():
    found = conf(pod(nameservers=["192.0.2.9", *DNS], searches=["TEST", "a.example"]))

    assert found.nameservers == (*DNS, "192.0.2.9")
    assert found.searches == (*OWN, "a.example")


def test_pod_resolv_conf__keeps_three_nameservers():
    servers = ["127.0.0.1", "10.0.0.10", "8.8.8.8", "1.2.3.4"]

    found = conf(pod("None", nameservers=servers))

    assert found.nameservers == tuple(servers[:3])
    assert found.events == (
        (
            "DNSConfigForming",
            "Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: "
            "127.0.0.1 10.0.0.10 8.8.8.8",
        ),
    )


NUMBERS = tuple(str(number) for number in range(4, 33))
LONG = ("A" * 128, *(f"{number:A>127}" for number in range(15)))


@pytest.mark.parametrize(
    ("expanded", "added", "kept"),
    [
        (False, ("AAA", "BBB"), ("AAA", "BBB")),
        (False, ("AAA", "B" * 256, "BBB"), ("AAA", "BBB")),
        (True, ("AAA", "B" * 256, "BBB"), ("AAA", "BBB")),
        (True, ("AAA", "B" * 253), ("AAA", "B" * 253)),
        (False, ("AAA", "BBB", "CCC", "DDD"), ("AAA", "BBB", "CCC")),
        (True, NUMBERS, NUMBERS),
        (True, (*NUMBERS, "33"), NUMBERS),
    ],
)
def test_pod_resolv_conf__cuts_the_search_list(expanded, added, kept):
    found = conf(pod(searches=added), expanded=expanded)

    assert found.searches == (*OWN, *kept)
    texts = [event.text for event in found.events]
    assert texts == ([] if kept == added else [OMITTED + " ".join((*OWN, *kept))])


@pytest.mark.parametrize("more", [(), ("B",)])
def test_pod_resolv_conf__takes_2048_characters(more):
    found = conf(pod("None", searches=(*LONG, *more)))

    assert len(" ".join(LONG)) == 2048
    assert found.searches == LONG


@pytest.mark.parametrize(
    ("search", "text"),
    [
        (
            " ".join(f"d{number}" for number in range(30)),
            "contains search line consisting of more than 29 domains!",
        ),
        ("a" * 254, "contains a search path which length is more than allowed 253 chars!"),
        (" ".join(LONG) + " B", "contains search line which length is more than allowed 2048 chars!"),
    ],
)
def test_pod_resolv_conf__tells_what_the_kubelet_says_of_the_nodes_file(search, text):
    found = conf(pod("None", nameservers=DNS), host_resolv_conf=f"search {search}\n")

    assert found.events == (("CheckLimitsForResolvConf", f"Resolv.conf file {text}"),)


def test_pod_resolv_conf__takes_the_settings_of_the_cluster():
    settings = Settings(
        (
            Setting("cluster_dns", ("10.0.0.10", "fd00::a"), Origin.READ, ""),
            Setting("cluster_domain", "k8s.example", Origin.READ, ""),
        )
    )

    found = pod_resolv_conf(pod(), cluster=Cluster(settings=settings))

    assert found.nameservers == ("10.0.0.10", "fd00::a")
    assert found.searches[-1] == "k8s.example"


def test_pod_resolv_conf__says_which_field_decided():
    found = conf(pod(searches=["a.example"]), host_resolv_conf=HOST)

    assert found.because == (
        "dnsPolicy ClusterFirst",
        "nameservers: clusterDNS",
        "searches: metadata.namespace, clusterDomain and the node's resolv.conf and dnsConfig.searches",
        "options: the kubelet",
    )


@given(
    host=st.lists(
        st.sampled_from(["a.example", "b.example.", "svc.TEST", "c" * 254, "d" * 200]), max_size=40
    ),
    added=st.lists(st.sampled_from(["a.example", "e.example", "f" * 250]), max_size=20, unique=True),
)
def test_pod_resolv_conf__a_search_list_stays_within_the_limits(host, added):
    found = conf(pod(searches=added), host_resolv_conf=f"search {' '.join(host)}\n")

    assert len(found.searches) <= 32
    assert len(" ".join(found.searches)) <= 2048
    assert len(set(found.searches)) == len(found.searches)
    assert found.searches[:3] == OWN
