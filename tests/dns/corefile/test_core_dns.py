from pathlib import Path

import pytest

from kubenetlab.dns.corefile.core_dns import CoreDns
from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.dns.corefile.upstream import outside_names
from kubenetlab.errors import ManifestError
from kubenetlab.objects.dns_message import Rcode, Reply, Sent
from kubenetlab.readers.corefile import corefile_from_text
from tests.dns.corefile.servers import ask, block, cluster, data, server
from tests.golden_dns_end_to_end import END_TO_END
from tests.golden_recordings import recordings
from tests.golden_replay import first_difference

KUBERNETES = "kubernetes cluster.local in-addr.arpa {\n fallthrough in-addr.arpa\n}"
WEB = "web.shop.svc.cluster.local."


def test_ask__every_recorded_lookup_of_a_real_resolver_against_the_real_server_agrees():
    *_, split, answer = END_TO_END["e2e-coredns"]
    found = [r for r in recordings(Path("tests/golden")) if r.output == "e2e-coredns"]

    differences = [first_difference(recorded, answer(inputs)) for inputs, recorded in map(split, found)]

    assert len(found) == 1042
    assert set(differences) == {""}


def test_ask__kubernetes_answers_and_says_which_object_and_line():
    reply = ask(block("errors", KUBERNETES, "forward . 192.0.2.53"), WEB)

    assert data(reply) == [(WEB, "A", "10.96.0.20")]
    assert (reply.answered_by, reply.because) == ("kubernetes", "line 3: Service shop/web")


def test_ask__plugins_stand_in_their_compiled_order_not_in_that_of_the_file():
    reply = ask(block("forward . 192.0.2.53", KUBERNETES), WEB)

    assert reply.answered_by == "kubernetes"


@pytest.mark.parametrize(
    ("text", "rcode"),
    [("example.org {\n forward . 192.0.2.53\n}", Rcode.REFUSED), (block("errors"), Rcode.SERVFAIL)],
    ids=["no block holds the name", "no plugin answers"],
)
def test_ask__nobody_answers(text, rcode):
    assert ask(text, WEB).answer.rcode is rcode


@pytest.mark.parametrize(
    ("lines", "has_edns", "n"), [((), True, 74), (("bufsize 512",), True, 29), ((), False, 30)]
)
def test_ask__bufsize_lowers_what_an_edns_client_gets(lines, has_edns, n):
    # 22 bytes of header and question, 16 an address, 11 for EDNS: of 1,232 and 512 bytes
    addresses = [f"10.244.0.{number}" for number in range(1, 101)]
    outside = outside_names({"abcd": addresses})
    sent = Sent("abcd.", "A", has_edns=has_edns)

    answer = server(block(*lines, "forward . 192.0.2.53"), upstream=outside).ask(sent).answer

    assert (len(answer.answer), answer.is_truncated) == (n, True)


def test_ask__names_of_a_multicluster_zone_are_not_known():
    text = block("kubernetes cluster.local clusterset.local {\n multicluster clusterset.local\n}")

    assert ask(text, WEB).answer.addresses == ("10.96.0.20",)
    with pytest.raises(NotModelledError, match=r"line 2: kubernetes: multicluster zone clusterset\.local"):
        ask(text, "web.shop.svc.clusterset.local.")


def test_ask__an_expression_that_cannot_be_read_hides_names_of_its_zone_only():
    text = block("template ANY ANY bad.example {\n match (a+)+$\n}", "kubernetes cluster.local")

    assert ask(text, WEB).answered_by == "kubernetes"
    with pytest.raises(NotModelledError, match="line 2: template: the regular expression"):
        ask(text, "x.bad.example.")


def test_ask__the_block_with_the_longest_zone_answers():
    text = 'example.com {\n template IN A {\n answer "{{ .Name }} 5 IN A 192.0.2.9"\n }\n}\n' + block(
        "forward . 192.0.2.53"
    )

    assert ask(text, "www.example.com.").answer.addresses == ("192.0.2.9",)
    assert ask(text, "www.example.org.").answered_by == "forward"


def test_ask__an_external_name_is_looked_up_in_the_server_itself():
    reply = ask(block(KUBERNETES, "forward . 192.0.2.53"), "ext.shop.svc.cluster.local.")

    assert reply.answer.addresses == ("192.0.2.7",)
    assert reply.answer.internal_queries == (("www.example.com.", "A"),)


def test_ask__questions_of_the_server_to_itself_end():
    text = block('template IN A {\n answer "{{ .Name }} 5 IN CNAME again.example."\n}')

    names = [name for name, *_ in data(ask(text, "a.example."))]

    assert names[:2] == ["a.example.", "again.example."]
    assert len(names) == 9


@pytest.mark.parametrize(
    "line",
    [
        "acl {\n block\n}",
        "k8s_external cluster.local",
        "route53 example.org.:Z1",
        "rewrite rcode a. NXDOMAIN NOERROR",
        "tsig",
    ],
)
def test_ask__raises_where_a_plugin_that_is_not_modelled_may_answer(line):
    with pytest.raises(NotModelledError, match=rf"Corefile line 2: {line.split()[0]}: .*not modelled"):
        ask(block(line, KUBERNETES), WEB)


@pytest.mark.parametrize(
    "line", ["any", "dns64", "etcd example.org", "cache 30", "loadbalance", "header {\n response set aa\n}"]
)
def test_ask__plugins_that_cannot_answer_this_question_pass_it_on(line):
    assert ask(block(line, KUBERNETES), WEB).answered_by == "kubernetes"


def test_ask__raises_for_a_name_outside_without_what_is_there():
    with pytest.raises(
        NotModelledError, match=r"line 2: forward: what 192\.0\.2\.53 answers to a\. is not known"
    ):
        ask(block("forward . 192.0.2.53"), "a.", upstream=None)


@pytest.mark.parametrize(
    ("line", "name", "by"),
    [
        ("forward . /etc/resolv.conf", "a.", "forward"),
        ("forward example.org 192.0.2.53", "a.", "CoreDNS"),
        ("forward . 192.0.2.53 {\n except example.org\n}", "b.example.org.", "CoreDNS"),
        ("forward example.org 192.0.2.53\nforward . 192.0.2.54", "a.", "forward"),
    ],
)
def test_ask__forward_takes_what_is_below_its_zone_and_not_excepted(line, name, by):
    assert ask(block(line), name).answered_by == by


def test_ask__node_local_dns_cache_asks_the_address_of_kube_dns_over_tcp():
    seen = []
    core = server(block(KUBERNETES)).ask
    text = "cluster.local {\n bind 169.254.20.10\n cache\n forward . 10.96.0.10 {\n force_tcp\n }\n}"

    reply = ask(text, WEB, servers={"10.96.0.10": lambda sent: seen.append(sent) or core(sent)})

    assert reply.answered_by == "kubernetes"
    assert [(sent.name, sent.transport, sent.source) for sent in seen] == [(WEB, "tcp", "")]


def test_ask__a_server_that_does_not_answer_is_a_failure():
    reply = ask(block("forward . 10.96.0.10"), WEB, servers={"10.96.0.10": lambda _: None})

    assert reply == Reply(reply.answer, answered_by="forward", because="10.96.0.10 is silent")
    assert reply.answer.rcode is Rcode.SERVFAIL


@pytest.mark.parametrize(("has_edns", "is_truncated"), [(False, True), (True, False)])
def test_ask__udp_without_edns_holds_512_bytes(has_edns, is_truncated):
    records = "\n".join(f'answer "{{{{ .Name }}}} 5 IN A 192.0.2.{n}"' for n in range(40))
    sent = Sent("a.example.", "A", has_edns=has_edns)

    assert server(block(f"template IN A {{\n{records}\n}}")).ask(sent).answer.is_truncated is is_truncated


def test_ask__a_long_chain_and_many_questions_to_itself_end():
    long = block(*["forward example.org 192.0.2.53"] * 3000, KUBERNETES)
    wide = block("template IN A {\n" + 'answer "{{ .Name }} 5 IN CNAME again.example."\n' * 30 + "}")

    assert ask(long, WEB).answered_by == "kubernetes"
    assert len(ask(wide, "a.example.").answer.answer) < 30 * 600


def test_core_dns__refuses_what_coredns_refuses():
    with pytest.raises(ManifestError, match="line 2"):
        server(block("forward ."))


def test_ask__the_zones_name_server_is_the_dns_service():
    endpoints = """
    apiVersion: discovery.k8s.io/v1
    kind: EndpointSlice
    metadata: {name: kube-dns-a, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
    addressType: IPv4
    endpoints: [{addresses: [10.244.0.2], conditions: {ready: true}}]
    ports: [{name: dns, port: 53, protocol: UDP}]
    """
    core = CoreDns(corefile_from_text(block(KUBERNETES)), cluster(endpoints))

    answer = core.ask(Sent("cluster.local.", "NS")).answer

    assert [record.data for record in answer.answer] == ["kube-dns.kube-system.svc.cluster.local."]
