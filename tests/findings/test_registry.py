"""The registry: codes, texts, and that every rule has tests; the call that applies the rules."""

import re
from pathlib import Path

import pytest
from netaddr import IPNetwork

from kubenetlab.findings import check, registry, rules
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, all_rules, rule
from kubenetlab.objects.address_pools import IPAMBlock, IpamBlockSpec, IPPool, IpPoolSpec
from kubenetlab.objects.policy import EgressPolicyRule, IpBlock, NetworkPolicyPeer
from tests.builders import cluster, ingress, metadata, namespace, node, pod, policy, service

CODES = [one.code for one in all_rules()]
ADVICE = (
    "https://(kubernetes.io/(docs|blog)/|docs.docker.com/|docs.tigera.io/calico/|www.rfc-editor.org/|docs.aws.amazon.com/eks/"
    "|github.com/containernetworking/plugins/issues/)"
)
BAD = (
    namespace("dev"),
    service("default/web"),
    service("shop/x", type="ExternalName", external_name="192.0.2.1"),
    ingress(),
)


def test_all_rules__codes_are_those_of_the_house():
    assert sorted(set(CODES)) == CODES
    assert all(re.fullmatch(r"KNL[1-8]\d\d", code) for code in CODES)


@pytest.mark.parametrize("one", all_rules(), ids=CODES)
def test_all_rules__have_texts_for_people(one):
    assert one.title
    assert one.advice.endswith(".")
    assert re.match(ADVICE, one.documentation)
    assert one.find.__doc__


@pytest.mark.parametrize("code", CODES)
def test_all_rules__have_tests_of_both_kinds(code):
    texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    names = re.findall(rf"def (test_{code.lower()}__\w+)", "".join(texts))

    assert len(names) >= 2, f"{code} has the tests {names}"


def test_all_rules__find_nothing_in_nothing():
    assert list(check(cluster())) == []


def test_rules__one_row_a_rule():
    frame = rules().frame

    assert list(frame.columns) == ["code", "severity", "title", "advice", "documentation", "basis"]
    assert list(frame["code"]) == CODES
    assert set(frame["basis"]) == {"docs"}


def test_rule__refuses_a_code_that_is_taken():
    register = rule("KNL101", Severity.LOW, title="x", advice="x", documentation="x")

    with pytest.raises(ValueError, match="KNL101 is already 'Service selector matches no pod'"):
        register(lambda _: iter(()))


def test_rule__registers_a_function(monkeypatch):
    monkeypatch.setattr(registry, "_RULES", {})

    @rule("KNL999", Severity.LOW, title="Always", advice="Nothing.", documentation="https://example.com")
    def always(_):
        yield Hit("Cluster", "It is there.", ("a: b",))

    assert [tuple(finding) for finding in check(cluster())] == [
        ("KNL999", "low", "Cluster", "It is there.", ("a: b",), "Nothing.", "https://example.com")
    ]


@pytest.mark.parametrize(
    ("own", "found"), [(None, "medium"), (Severity.LOW, "low"), (Severity.HIGH, "medium")]
)
def test_hit__may_be_less_severe_than_its_rule_and_never_more(monkeypatch, own, found):
    monkeypatch.setattr(registry, "_RULES", {})
    about = {"title": "Always", "advice": "Nothing.", "documentation": "https://example.com"}
    rule("KNL999", Severity.MEDIUM, **about)(lambda _: iter([Hit("Cluster", "It is there.", (), own)]))

    (finding,) = check(cluster())

    assert finding.severity == found


def test_hit__may_have_advice_of_its_own(monkeypatch):
    monkeypatch.setattr(registry, "_RULES", {})
    about = {"title": "Always", "advice": "Nothing.", "documentation": "https://example.com"}
    rule("KNL999", Severity.LOW, **about)(lambda _: iter([Hit("Cluster", "It is.", advice="Do this.")]))

    (finding,) = check(cluster())

    assert finding.advice == "Do this."


def test_check__applies_only_the_codes_asked_for():
    assert {finding.code for finding in check(cluster(*BAD), ["KNL501", "KNL109", "KNL501"])} == {
        "KNL501",
        "KNL109",
    }


def test_check__refuses_an_unknown_code():
    with pytest.raises(ValueError, match="'KNL999' is not the code of a rule; there are KNL101"):
        check(cluster(), ["KNL999"])


def test_check__sorts_by_severity_code_and_object():
    found = [(f.severity, f.code, f.object) for f in check(cluster(service("default/a"), *BAD))]

    assert found == [
        ("high", "KNL107", "Service shop/x"),
        ("low", "KNL501", "Namespace dev"),
        ("info", "KNL109", "Service default/a"),
        ("info", "KNL109", "Service default/web"),
        ("info", "KNL703", "Ingress shop/web"),
    ]


def test_check__keeps_the_assumptions():
    findings = check(cluster(settings={"cni": "calico"}))

    assert [setting.name for setting in findings.assumptions] == ["cni"]


def test_check__takes_empty_texts_for_none():
    empty = cluster(
        node("a", ip="", pod_cidrs=[""]),
        node("b", ip="", pod_cidrs=[""]),
        pod(ips=[""], node_name="a"),
        service(load_balancer_source_ranges=("", " ")),
        policy(egress=(EgressPolicyRule((NetworkPolicyPeer(ip_block=IpBlock("", ("",))),)),)),
        IPPool(metadata("p"), IpPoolSpec("")),
        IPAMBlock(metadata("b"), IpamBlockSpec("")),
        settings={"cluster_cidr": ("",), "ipam": "calico"},
    )

    assert [finding.code for finding in check(empty)] == ["KNL602"]


@pytest.mark.parametrize(
    "value", ["172.17.0.0/16, 10.0.0.0/8", ("172.17.0.0/16",), (IPNetwork("172.17.0.0/16"),)]
)
def test_check__takes_ranges_of_a_what_if_in_any_form(value):
    whatif = cluster(node(runtime="docker://28")).with_(settings={"cluster_cidr": value})

    assert [finding.code for finding in check(whatif)] == ["KNL203"]
