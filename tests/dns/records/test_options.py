"""Options of the kubernetes plugin: what CoreDNS reads and refuses (plugin/kubernetes/setup.go)."""

import pytest

from kubenetlab.cluster.selectors import labels_match
from kubenetlab.dns.records.options import KubernetesOptions, OptionError, label_selector
from kubenetlab.objects.corefile import Directive

ARGUMENTS = "Wrong argument count or unexpected line ending after"


def directive(*lines, zones=("cluster.local",)):
    words = [line.split() for line in lines]
    return Directive(
        "kubernetes", zones, tuple(Directive(w[0], tuple(w[1:]), (), n) for n, w in enumerate(words, 2)), 1
    )


def options(*lines, **given):
    return KubernetesOptions.of_directive(directive(*lines, **given))


def test_of_directive__reads_every_option():
    read = options(
        "pods verified",
        "ttl 30",
        "namespaces a b",
        "namespaces c",
        "labels app in (a, b)",
        "ignore empty_service",
        "endpoint_pod_names",
        "noendpoints",
        "fallthrough in-addr.arpa 10.0.0.0/8",
        "endpoint https://k8s.test",
        "tls cert key ca",
        "kubeconfig file context",
        "startup_timeout 5s",
    )

    assert read == KubernetesOptions(
        zones=("cluster.local.",),
        pods="verified",
        ttl=30,
        namespaces=("a", "b", "c"),
        labels="app in (a, b)",
        ignore_empty_service=True,
        endpoint_pod_names=True,
        noendpoints=True,
        fallthrough=("in-addr.arpa.", "10.in-addr.arpa."),
    )


def test_of_directive__takes_the_zones_of_its_server_block():
    read = KubernetesOptions.of_directive(Directive("kubernetes"), ["dns://cluster.local:53", "10.0.0.0/24"])

    assert read.zones == ("cluster.local.", "0.0.10.in-addr.arpa.")


def test_of_directive__reads_multicluster_zones():
    read = options("multicluster ClusterSet.local", zones=("cluster.local", "clusterset.local"))

    assert read.multicluster == ("clusterset.local.",)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("startup_timeout 5", 'time: missing unit in duration "5"'),
        ("startup_timeout abc", 'time: invalid duration "abc"'),
        ("startup_timeout 5x", 'time: unknown unit "x" in duration "5x"'),
        ("multicluster other.zone", "is not authoritative for the multicluster zone other.zone."),
    ],
)
def test_of_directive__refuses_times_and_zones_that_are_none(line, text):
    with pytest.raises(OptionError) as caught:
        options(line)

    assert str(caught.value).endswith(text)


def test_of_directive__leaves_ignore_alone_without_an_argument():
    assert not options("ignore").ignore_empty_service


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["ttl 3601"], "Corefile:2 - Error during parsing: ttl must be in range [0, 3600]: 3601"),
        (["ttl 1", "ttl -1"], "Corefile:3 - Error during parsing: ttl must be in range [0, 3600]: -1"),
        (["ttl x"], 'strconv.Atoi: parsing "x": invalid syntax'),
        (["ttl"], f"Corefile:2 - Error during parsing: {ARGUMENTS} 'ttl'"),
        (["pods"], f"Corefile:2 - Error during parsing: {ARGUMENTS} 'pods'"),
        (["pods a b"], f"Corefile:2 - Error during parsing: {ARGUMENTS} 'b'"),
        (["pods some"], "wrong value for pods: some,  must be one of: disabled, verified, insecure"),
        (["noendpoints x"], f"Corefile:2 - Error during parsing: {ARGUMENTS} 'x'"),
        (["ignore it"], "unable to parse ignore value: 'it'"),
        (["zonal"], "Corefile:2 - Error during parsing: unknown property 'zonal'"),
        (
            ["labels a=b=c"],
            "unable to parse label selector value: 'a=b=c': couldn't parse the selector string \"a=b=c\"",
        ),
        (
            ["namespaces a", "namespace_labels b"],
            "Corefile:4 - Error during parsing: namespaces and namespace_labels cannot both be set",
        ),
    ],
)
def test_of_directive__refuses_in_the_words_of_coredns(lines, text):
    with pytest.raises(OptionError) as refused:
        options(*lines)

    assert str(refused.value) == text
    assert refused.value.line >= 2


def test_of_directive__refuses_reverse_zones_alone():
    with pytest.raises(OptionError, match="non-reverse zone name must be used"):
        options(zones=("10.0.0.0/8",))


@pytest.mark.parametrize(
    ("text", "labels", "is_match"),
    [
        ("a=b", {"a": "b"}, True),
        ("a==b,c", {"a": "b"}, False),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("!a", {"a": ""}, False),
        ("a in (b, c), d notin (e)", {"a": "c"}, True),
        ("a notin (b)", {"a": "b"}, False),
        ("a", {"a": "x"}, True),
        ("a=", {"a": ""}, True),
        ("", {}, True),
    ],
)
def test_label_selector__matches_as_kubernetes_does(text, labels, is_match):
    assert labels_match(label_selector(text), labels) is is_match


def test_label_selector__is_quick_for_a_long_text():
    with pytest.raises(OptionError):
        label_selector("a," * 100_000 + "(")


@pytest.mark.parametrize("given", [{"ttl": -1}, {"pods": "all"}, {"labels": "("}])
def test_kubernetes_options__refuses_what_coredns_would(given):
    with pytest.raises(ValueError, match=r"ttl must be|wrong value|unable to parse"):
        KubernetesOptions(**given)
