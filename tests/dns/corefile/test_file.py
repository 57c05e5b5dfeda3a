import pytest

from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.objects.dns_message import Rcode
from tests.dns.corefile.servers import ask, block

ZONE = """$ORIGIN example.org.
$TTL 1h
@   IN SOA ns hostmaster ( 2026010100 ; serial
        2h 30m 1w 300 )
    IN NS ns
    IN MX 10 mail
ns  A 192.0.2.1
mail 300 IN A 192.0.2.2
     IN AAAA 2001:db8::2
www CNAME mail
far IN 60 CNAME www.example.com.
loop CNAME loop
*.wild TXT "two words; and more"
a.b.deep A 192.0.2.3
_sip._tcp SRV 0 5 5060 mail
sub NS ns.sub
ns.sub A 192.0.2.4
"""
FILES = {"/zone": ZONE}
TEXT = block("file /zone example.org", "forward . 192.0.2.53")


def lines(*records):
    return [str(record) for record in records]


@pytest.mark.parametrize(
    ("name", "type", "answer", "authority", "additional"),
    [
        ("example.org.", "NS", ["example.org. 3600 IN NS ns.example.org."], 0, 1),
        ("example.org.", "MX", ["example.org. 3600 IN MX 10 mail.example.org."], 1, 2),
        ("Mail.example.org.", "A", ["mail.example.org. 300 IN A 192.0.2.2"], 1, 0),
        ("mail.example.org.", "TXT", [], 1, 0),
        (
            "www.example.org.",
            "A",
            ["www.example.org. 3600 IN CNAME mail.example.org.", "mail.example.org. 300 IN A 192.0.2.2"],
            1,
            0,
        ),
        ("www.example.org.", "CNAME", ["www.example.org. 3600 IN CNAME mail.example.org."], 1, 0),
        (
            "far.example.org.",
            "A",
            ["far.example.org. 60 IN CNAME www.example.com.", "www.example.com. 300 IN A 192.0.2.7"],
            1,
            0,
        ),
        ("x.y.wild.example.org.", "TXT", ['x.y.wild.example.org. 3600 IN TXT "two words; and more"'], 1, 0),
        ("x.wild.example.org.", "A", [], 1, 0),
        ("deep.example.org.", "A", [], 1, 0),
        (
            "_sip._tcp.example.org.",
            "SRV",
            ["_sip._tcp.example.org. 3600 IN SRV 0 5 5060 mail.example.org."],
            1,
            2,
        ),
        ("host.sub.example.org.", "A", [], 1, 1),
    ],
)
def test_file__answers_as_coredns_does(name, type, answer, authority, additional):
    # CoreDNS, plugin/file/lookup.go
    found = ask(TEXT, name, type, files=FILES).answer

    assert lines(*found.answer) == answer
    assert (len(found.authority), len(found.additional), found.rcode) == (
        authority,
        additional,
        Rcode.NOERROR,
    )
    assert found.is_authoritative is ("sub." not in name)


def test_file__a_missing_name_carries_the_soa_record_in_seconds():
    found = ask(TEXT, "none.example.org.", files=FILES).answer

    soa = "example.org. 3600 IN SOA ns.example.org. hostmaster.example.org. 2026010100 7200 1800 604800 300"
    assert (found.rcode, lines(*found.authority)) == (Rcode.NXDOMAIN, [soa])


def test_file__fallthrough_passes_missing_names_on_and_others_are_not_its_own():
    text = block("file /zone example.org {\n fallthrough\n}", "forward . 192.0.2.53")

    assert ask(text, "none.example.org.", files=FILES).answered_by == "forward"
    assert ask(text, "mail.example.org.", "TXT", files=FILES).answered_by == "file"
    assert ask(TEXT, "example.com.", files=FILES).answered_by == "forward"


def test_file__a_chain_of_aliases_ends():
    assert len(ask(TEXT, "loop.example.org.", files=FILES).answer.answer) == 10


def test_file__without_a_soa_record_fails():
    assert ask(TEXT, "a.example.org.", files={"/zone": "a A 192.0.2.1"}).answer.rcode is Rcode.SERVFAIL


@pytest.mark.parametrize(
    "line",
    [
        "$INCLUDE other",
        "$GENERATE 1-9 a$ A 192.0.2.$",
        "a A",
        "a 5x A 192.0.2.1",
        "a",
        "a MX 10",
        "d DNAME b",
    ],
)
def test_file__raises_for_lines_that_are_not_modelled(line):
    with pytest.raises(NotModelledError, match="line 2: file: "):
        ask(TEXT, "x.d.example.org.", files={"/zone": ZONE + line})
