import pytest

from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.errors import ManifestError
from tests.dns.corefile.servers import ask, block, data

LINES = "hosts {\n 192.0.2.1 a.example A2.example\n 2001:db8::1 a.example\n ttl 60\n fallthrough example\n}"


@pytest.mark.parametrize(
    ("name", "type", "found", "verdict"),
    [
        ("a.example.", "A", ["192.0.2.1"], "ANSWER"),
        ("A.Example.", "AAAA", ["2001:db8::1"], "ANSWER"),
        ("a2.example.", "AAAA", [], "NODATA"),
        ("a.example.", "MX", [], "NODATA"),
        ("1.2.0.192.in-addr.arpa.", "PTR", ["a.example.", "a2.example."], "ANSWER"),
        ("b.example.", "A", [], "NXDOMAIN"),
        ("b.other.", "A", [], "SERVFAIL"),
        ("9.2.0.192.in-addr.arpa.", "PTR", [], "NXDOMAIN"),
    ],
    ids=["A", "AAAA", "no AAAA", "other type", "PTR", "fallthrough", "no fallthrough", "PTR passes on"],
)
def test_hosts__answers(name, type, found, verdict):
    # CoreDNS, plugin/hosts/hosts.go, ServeDNS
    reply = ask(block(LINES, "forward . 192.0.2.53"), name, type)

    assert ([record.data for record in reply.answer.answer], reply.answer.verdict) == (found, verdict)
    assert {record.ttl for record in reply.answer.answer} <= {60}


def test_hosts__reads_a_file_and_keeps_to_its_zones():
    text = block("hosts /etc/my example.org {\n no_reverse\n}", "forward . 192.0.2.53")
    files = {"/etc/my": "192.0.2.2 b.example.org c.example.com # d.example.org\nnonsense b.example.org\n"}

    assert data(ask(text, "b.example.org.", files=files)) == [("b.example.org.", "A", "192.0.2.2")]
    assert ask(text, "c.example.com.", files=files).answered_by == "forward"
    assert ask(text, "2.2.0.192.in-addr.arpa.", "PTR", files=files).answered_by == "forward"


def test_hosts__raises_for_a_file_that_nobody_gave():
    with pytest.raises(NotModelledError, match="line 2: hosts: the file /etc/my is not known"):
        ask(block("hosts /etc/my"), "a.")


@pytest.mark.parametrize("option", ["ttl", "ttl soon", "ttl -1", "reload often"])
def test_hosts__raises_for_a_ttl_that_is_none(option):
    with pytest.raises(ManifestError, match=f"line 3: hosts: found {option}"):
        ask(block(f"hosts {{\n {option}\n}}"), "a.")
