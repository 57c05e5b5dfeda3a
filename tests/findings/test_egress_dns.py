"""KNL602: pods that NetworkPolicies keep from the cluster's DNS."""

from dataclasses import replace

import pytest

from kubenetlab.cluster import Provenance
from kubenetlab.findings import check
from kubenetlab.objects import LabelSelector, LabelSelectorRequirement, ServicePort
from kubenetlab.objects.policy import (
    EgressPolicyRule,
    IpBlock,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicySpec,
)
from kubenetlab.objects.workload import PodTemplate, TemplateContainer, TemplateSpec
from tests.builders import (
    CART,
    cluster,
    config_map,
    container,
    daemon_set,
    metadata,
    namespace,
    pod,
    policy,
    service,
)

ANY = LabelSelector()
NAME = "kubernetes.io/metadata.name"
KUBE_DNS = {"k8s-app": "kube-dns"}
DNS_SERVICE = service(
    "kube-system/kube-dns",
    KUBE_DNS,
    cluster_ip="10.96.0.10",
    ports=(ServicePort(53, protocol="UDP", target_port="resolve"),),
)
DNS_POD = pod(
    "kube-system/coredns-1",
    KUBE_DNS,
    ips=["10.244.0.5"],
    containers=(container(("resolve", 53, "UDP"), ("metrics", 9153)),),
)
DNS = DNS_SERVICE, DNS_POD
FOUND = ["NetworkPolicy shop/p"]


def objects(*values, **settings):
    return [finding.object for finding in check(cluster(*values, settings=settings), ["KNL602"])]


def egress(*rules, name="shop/p", selector=None):
    return policy(name, selector, policy_types=("Egress",), egress=rules)


def port(number, protocol="UDP", end_port=None):
    return NetworkPolicyPort(protocol, number, end_port)


def ports(*given):
    return EgressPolicyRule(ports=given)


def to(*given, block=None, holes=(), **selectors):
    peer = NetworkPolicyPeer(ip_block=IpBlock(block, tuple(holes)) if block else None, **selectors)
    return EgressPolicyRule((peer,), given)


def has(**labels):
    return LabelSelector({key.replace("_", "-"): text for key, text in labels.items()})


def named(*names, operator="In"):
    return LabelSelector(match_expressions=(LabelSelectorRequirement(NAME, operator, names),))


@pytest.mark.parametrize(
    "policies",
    [
        pytest.param([egress()], id="no rule"),
        pytest.param([policy(egress=(ports(port(443, "TCP")),))], id="types by default"),
        pytest.param([egress(ports(port(53, "TCP")))], id="TCP only"),
        pytest.param([egress(ports(port(54)))], id="another port"),
        pytest.param([egress(ports(port(54, end_port=99)))], id="another range"),
        pytest.param([egress(ports(port("dns")))], id="a name that the DNS pods do not have"),
        pytest.param([egress(ports(port("metrics")))], id="the name of another of their ports"),
        pytest.param([egress(to(block="8.8.8.8/32"))], id="another address"),
        pytest.param([egress(to(block="0.0.0.0/0", holes=["10.0.0.0/8"]))], id="all but the cluster"),
        pytest.param([egress(to(pod_selector=ANY))], id="its own namespace"),
        pytest.param([egress(to(pod_selector=has(app="db")))], id="other pods of its own namespace"),
        pytest.param([egress(to(namespace_selector=named("monitoring")))], id="another namespace"),
        pytest.param(
            [egress(to(namespace_selector=named("kube-system", operator="NotIn")))], id="all but it"
        ),
        pytest.param(
            [egress(to(namespace_selector=ANY, pod_selector=has(app="db")))], id="other pods of any namespace"
        ),
        pytest.param([egress(to())], id="an empty peer"),
        pytest.param(
            [egress(), egress(EgressPolicyRule(), name="other/q")], id="a policy of another namespace"
        ),
        pytest.param(
            [egress(), egress(EgressPolicyRule(), name="shop/q", selector={"app": "x"})], id="of other pods"
        ),
    ],
)
def test_knl602__fires_without_dns(policies):
    assert objects(*DNS, pod(), *policies) == FOUND


@pytest.mark.parametrize(
    "policies",
    [
        pytest.param([policy(policy_types=("Ingress",))], id="ingress only"),
        pytest.param([egress(EgressPolicyRule())], id="everything"),
        pytest.param([egress(ports(port(53)))], id="UDP 53"),
        pytest.param([egress(ports(port(None)))], id="all UDP"),
        pytest.param([egress(ports(port(1, end_port=99)))], id="a range"),
        pytest.param([egress(ports(port("resolve")))], id="the name of the DNS pods' port"),
        pytest.param([egress(to(port(53), namespace_selector=ANY))], id="every namespace"),
        pytest.param([egress(to(namespace_selector=named("kube-system")))], id="their namespace"),
        pytest.param(
            [egress(to(namespace_selector=ANY, pod_selector=has(k8s_app="kube-dns")))], id="their pods"
        ),
        pytest.param([egress(to(namespace_selector=has(team="core")))], id="labels that are not shown"),
        pytest.param([egress(to(block="10.96.0.10/32"))], id="the DNS Service"),
        pytest.param([egress(to(block="10.244.0.0/16"))], id="the DNS pod"),
        pytest.param(
            [egress(), egress(EgressPolicyRule(), name="shop/q", selector=CART)], id="another policy does"
        ),
    ],
)
def test_knl602__is_silent_on_neighbours(policies):
    assert objects(*DNS, pod(), *policies) == []


@pytest.mark.parametrize(("labels", "found"), [({"team": "core"}, []), ({"team": "net"}, FOUND), ({}, FOUND)])
def test_knl602__compares_labels_of_the_namespace_that_are_shown(labels, found):
    rule = egress(to(namespace_selector=has(team="core")))

    assert objects(*DNS, pod(), rule, namespace("kube-system", **labels)) == found


def test_knl602__a_pod_selector_alone_means_the_policys_own_namespace():
    rule = egress(to(pod_selector=has(k8s_app="kube-dns")), name="kube-system/p")

    assert objects(*DNS, rule) == []


OPENSHIFT_POD = pod(
    "openshift-dns/dns-default-1",
    {"dns.operator.openshift.io/daemonset-dns": "default"},
    containers=(container(("dns", 5353, "UDP")),),
)


@pytest.mark.parametrize(("number", "found"), [(5353, []), (53, FOUND)])
def test_knl602__policies_see_the_port_that_the_dns_pods_listen_on(number, found):
    assert objects(OPENSHIFT_POD, pod(), egress(ports(port(number)))) == found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        pytest.param(to(block="0.0.0.0/0"), [], id="all addresses"),
        pytest.param(to(block="10.0.0.0/8"), FOUND, id="some addresses"),
        pytest.param(to(pod_selector=ANY), FOUND, id="its own namespace"),
        pytest.param(to(namespace_selector=named("monitoring")), FOUND, id="another namespace"),
        pytest.param(to(namespace_selector=named("openshift-dns")), [], id="a namespace of DNS"),
        pytest.param(to(namespace_selector=has(team="core"), pod_selector=has(a="b")), [], id="may be"),
        pytest.param(ports(port("dns")), [], id="the usual name"),
        pytest.param(ports(port(5353)), FOUND, id="a port of OpenShift"),
    ],
)
def test_knl602__where_no_dns_pod_is_shown(rule, found):
    assert objects(egress(rule)) == found


def test_knl602__openshift_without_its_pods():
    assert objects(egress(ports(port(5353))), platform="openshift") == []


CACHE_RULE = egress(to(port(53), block="169.254.20.10/32"))
CACHE_MAP = config_map("kube-system/node-local-dns", Corefile="bind 169.254.25.10 10.96.0.10")


@pytest.mark.parametrize(
    ("values", "settings", "found"),
    [
        ([], {}, FOUND),
        ([daemon_set("kube-system/node-local-dns")], {}, []),
        ([CACHE_MAP], {}, []),
        ([], {"cluster_dns": ("169.254.20.10",)}, []),
    ],
    ids=["no cache", "its DaemonSet", "its ConfigMap", "cluster_dns"],
)
def test_knl602__knows_the_cache_of_a_node(values, settings, found):
    assert objects(CACHE_RULE, *DNS, pod(), *values, **settings) == found


def test_knl602__reads_the_address_of_the_cache():
    arguments = TemplateContainer(name="node-cache", args=("-localip", "169.254.25.10,10.96.0.10"))
    agent = daemon_set("kube-system/nodelocaldns", PodTemplate(spec=TemplateSpec(containers=(arguments,))))
    rule = egress(to(block="169.254.25.10/32"))

    assert objects(rule, *DNS, CACHE_MAP) == []
    assert objects(rule, *DNS, agent) == []
    assert objects(rule, *DNS, daemon_set("kube-system/nodelocaldns")) == FOUND


@pytest.mark.parametrize(
    ("policies", "severity", "message"),
    [
        (
            [egress(ports(port(443, "TCP")))],
            "high",
            "The 2 pods that it selects cannot ask the cluster's DNS: no egress rule lets UDP port 53 out to it.",
        ),
        (
            [egress(), egress(EgressPolicyRule(), name="shop/q", selector=CART)],
            "medium",
            "1 of the 2 pods that it selects cannot ask the cluster's DNS: no policy lets anything out.",
        ),
        (
            [egress(selector=CART)],
            "medium",
            "The only pod that it selects cannot ask the cluster's DNS: no policy lets anything out.",
        ),
        (
            [egress(selector={"app": "x"})],
            "medium",
            "Pods that it would select cannot ask the cluster's DNS: no policy lets anything out.",
        ),
        (
            [egress(selector={"app": "db"}), egress(ports(port(80)), name="shop/q", selector={"app": "db"})],
            "high",
            "The only pod that it selects cannot ask the cluster's DNS: no egress rule lets UDP port 53 out to it.",
        ),
    ],
    ids=["rules", "some pods", "deny all", "no pods", "rules of another policy"],
)
def test_knl602__says_how_many_pods_and_how_bad(policies, severity, message):
    findings = check(cluster(*DNS, pod(), pod("shop/db-1", {"app": "db"}), *policies), ["KNL602"])

    (finding,) = [one for one in findings if one.object == "NetworkPolicy shop/p"]
    assert (finding.severity, finding.message) == (severity, message)


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        ("CiliumClusterwideNetworkPolicy", "info"),
        ("NetworkPolicy.crd.projectcalico.org", "info"),
        ("Certificate", "medium"),
    ],
)
def test_knl602__policies_of_other_kinds_may_let_dns_out(kind, severity):
    dump = replace(cluster(*DNS, egress()), provenance=Provenance(skipped={kind: 1}))

    (finding,) = check(dump, ["KNL602"])

    assert finding.severity == severity
    assert (f"({kind})" in finding.message) == (severity == "info")


@pytest.mark.parametrize("fields", [{"host_network": True}, {"phase": "Failed"}])
def test_knl602__pods_that_no_policy_applies_to_join_nothing(fields):
    joined = egress(EgressPolicyRule(), name="shop/q", selector=CART)

    assert objects(pod(**fields), egress(), joined) == FOUND


def test_knl602__an_unknown_operator_selects_nothing():
    odd = LabelSelector(match_expressions=(LabelSelectorRequirement("app", "Like", ("cart",)),))
    isolating = type(policy())(metadata("shop/p"), NetworkPolicySpec(odd, ("Egress",)))

    assert objects(*DNS, pod(), isolating) == FOUND
    assert objects(*DNS, pod(), egress(to(namespace_selector=ANY, pod_selector=odd))) == FOUND
