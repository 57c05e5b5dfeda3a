import pytest

from kubenetlab.dns.corefile.question import NotModelledError
from tests.dns.corefile.servers import ask, block, data

NAME = "ip-10-1-2-3.example."


def template(*lines, head="IN A example"):
    return block("\n".join([f"template {head} {{", *lines, "}"]), "forward . 192.0.2.53")


@pytest.mark.parametrize(
    "answer",
    [
        "{{ .Name }} 60 IN A 10.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}",
        "{{.Name}} 60 IN A 10.{{ index .Match 1 }}.{{ index .Match 2 }}.{{ index .Match 3 }}",
        '{{ .Question.Name }} 60 {{ .Class }} {{ .Type }} 10.{{ index .Group \\"b\\" }}.{{ .Group.2 -}}  .3',
    ],
)
def test_template__fields(answer):
    # After CoreDNS, plugin/template/README.md, "Resolve multiple ip patterns"
    match = "match ^ip-10-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$"

    reply = ask(template(match, f'answer "{answer}"'), NAME)

    assert data(reply) == [(NAME, "A", "10.1.2.3")]
    assert reply.answer.is_authoritative


@pytest.mark.parametrize(
    ("lines", "name", "type", "verdict"),
    [
        (("rcode NXDOMAIN",), "a.example.", "A", "NXDOMAIN"),
        (("rcode SERVFAIL",), "a.example.", "A", "SERVFAIL"),
        (("match ^b", "rcode NXDOMAIN"), "a.example.", "A", "SERVFAIL"),
        (("match ^b", "rcode NXDOMAIN", "fallthrough"), "www.example.com.", "A", "ANSWER"),
        (("rcode NXDOMAIN",), "www.example.com.", "AAAA", "ANSWER"),
        (('answer "{{ .Name }} 60 IN A {{ .Group.none }}"',), "a.example.", "A", "SERVFAIL"),
        (('answer "{{ .Name }}"',), "a.example.", "A", "SERVFAIL"),
        (('answer "{{ .Name }} IN CNAME www.example.com."',), "a.example.", "A", "ANSWER"),
    ],
)
def test_template__verdicts(lines, name, type, verdict):
    assert ask(template(*lines, head="IN A ."), name, type).answer.verdict == verdict


def test_template__several_in_order_and_all_sections():
    text = block(
        "template IN A {\n match ^b\n rcode NXDOMAIN\n fallthrough\n}",
        'template ANY ANY {\n answer "{{ .Name }} 5 IN A 192.0.2.1"\n authority "example. 5 IN NS ns.example."\n'
        ' additional "ns.example. 5 IN A 192.0.2.2"\n ederror 21 "not here"\n}',
    )

    answer = ask(text, "a.example.").answer

    assert [str(r) for r in (*answer.answer, *answer.authority, *answer.additional)] == [
        "a.example. 5 IN A 192.0.2.1",
        "example. 5 IN NS ns.example.",
        "ns.example. 5 IN A 192.0.2.2",
    ]
    assert ask(text, "b.example.").answer.verdict == "NXDOMAIN"


@pytest.mark.parametrize(
    "line", ['answer "{{ .Message.Id }} 5 IN A 192.0.2.1"', "rcode YXDOMAIN", "match (a+)+$"]
)
def test_template__raises_for_what_is_not_modelled(line):
    with pytest.raises(NotModelledError, match="line 2: template: "):
        ask(template(line), "a.example.")


def test_template__a_record_with_brackets_and_a_group_that_is_a_name():
    # CoreDNS, plugin/template/README.md, "Block invalid search domain completions"
    soa = "{{ index .Match 1 }} 60 IN SOA ns.{{ index .Match 1 }} hostmaster.{{ index .Match 1 }} (1 60 60 60 60)"
    match = r'match "example\.com\.(dc1\.example\.com\.)$"'

    reply = ask(
        template(match, "rcode NXDOMAIN", f'authority "{soa}"', head="IN ANY ."),
        "a.example.com.dc1.example.com.",
    )

    assert [str(record) for record in reply.answer.authority] == [
        "dc1.example.com. 60 IN SOA ns.dc1.example.com. hostmaster.dc1.example.com. 1 60 60 60 60"
    ]
