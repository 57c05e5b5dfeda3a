import pytest

from kubenetlab.objects.packet_rules import (
    Accept,
    Asks,
    Condition,
    Continue,
    Dnat,
    Drop,
    Goto,
    Jump,
    Masquerade,
    Opaque,
    Reject,
    Remember,
    Return,
    SetMark,
    Untrack,
)
from kubenetlab.readers.rules.iptables_rule import rule_meaning
from kubenetlab.readers.rules.iptables_words import WrongWord, words_of

TCP = Condition(Asks.PROTOCOL, frozenset({"tcp"}))
ALL = 0xFFFFFFFF
ADDRESS = 0x0A000001


def conditions(text, version=4):
    meaning = rule_meaning(words_of(text), version)
    return meaning.conditions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-j NOTRACK", Untrack()),
        ("-j CT --notrack", Untrack()),
        ("-j CT --zone 3", Continue("CT --zone 3")),
        ("-j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80", SetMark(0, 0x80)),
        ("-j CONNMARK --restore-mark --mask 0xf", SetMark(0, 0xF)),
        ("-j CONNMARK --restore-mark", SetMark(0, ALL)),
        ("-j CONNMARK --set-xmark 0x80/0x80", Continue("CONNMARK --set-xmark 0x80/0x80")),
        ("-j CONNMARK --save-mark", Continue("CONNMARK --save-mark")),
    ],
)
def test_rule_meaning__of_what_is_done_to_connections(text, expected):
    """AWS VPC CNI restores the mark of a connection that is new, and has none."""
    assert actions(text) == (expected,)


def test_rule_meaning__refuses_a_mask_that_is_none():
    with pytest.raises(WrongWord, match="--nfmask: found x, expected a mask"):
        actions("-j CONNMARK --restore-mark --nfmask x")


def actions(text, version=4):
    return rule_meaning(words_of(text), version).actions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-s 10.0.0.1", Condition(Asks.SOURCE, ((ADDRESS, ADDRESS),))),
        ("! -s 10.0.0.1/32", Condition(Asks.SOURCE, ((ADDRESS, ADDRESS),), True)),
        ("-s ! 10.0.0.1", Condition(Asks.SOURCE, ((ADDRESS, ADDRESS),), True)),
        ("--destination 10.0.0.0/255.255.255.0", Condition(Asks.DESTINATION, ((0x0A000000, 0x0A0000FF),))),
        ("-s 10.0.0.1,10.0.0.2", Condition(Asks.SOURCE, ((ADDRESS, ADDRESS), (ADDRESS + 1, ADDRESS + 1)))),
        ("-d 10.0.0.1/255.0.255.0", Condition(Asks.OPAQUE, "-d 10.0.0.1/255.0.255.0")),
        ("-i eth0", Condition(Asks.IN_INTERFACE, "eth0")),
        ("! -i cali+", Condition(Asks.IN_INTERFACE, "cali*", True)),
        ("-o +", Condition(Asks.OUT_INTERFACE, "*")),
        ("-p 17", Condition(Asks.PROTOCOL, frozenset({"udp"}))),
        ("! -p tcp", Condition(Asks.PROTOCOL, frozenset({"tcp"}), True)),
        ("-f", Condition(Asks.OPAQUE, "-f")),
        ("-m udp --sport 1024:", Condition(Asks.SOURCE_PORT, ((1024, 65535),))),
        ("-m sctp ! --dport :9", Condition(Asks.DESTINATION_PORT, ((0, 9),), True)),
        ("-m tcp --dport ! 9", Condition(Asks.DESTINATION_PORT, ((9, 9),), True)),
        ("-m tcp --dport http", Condition(Asks.OPAQUE, "--dport http")),
        ("-m tcp ! --syn", Condition(Asks.OPAQUE, "! --syn")),
        ("-m multiport --dports 80,443,1000:2000", Condition(Asks.DESTINATION_PORT, ((80, 80), (443, 443), (1000, 2000)))),
        ("-m multiport --ports 80", Condition(Asks.OPAQUE, "--ports 80")),
        ("-m mark --mark 0x4000/0x4000", Condition(Asks.MARK, (0x4000, 0x4000))),
        ("-m mark ! --mark 16", Condition(Asks.MARK, (16, ALL), True)),
        ("-m connmark --mark 16", Condition(Asks.OPAQUE, "-m connmark --mark 16")),
        ("-m conntrack --ctstate NEW,RELATED", Condition(Asks.CONNECTION_STATE, frozenset({"NEW", "RELATED"}))),
        ("-m conntrack --ctdir REPLY", Condition(Asks.OPAQUE, "--ctdir REPLY")),
        ("-m state ! --state INVALID", Condition(Asks.CONNECTION_STATE, frozenset({"INVALID"}), True)),
        ("-m addrtype --dst-type LOCAL", Condition(Asks.DESTINATION_TYPE, frozenset({"LOCAL"}))),
        ("-m addrtype ! --src-type LOCAL", Condition(Asks.SOURCE_TYPE, frozenset({"LOCAL"}), True)),
        ("-m statistic --mode random --probability 0.33333333349", Condition(Asks.CHANCE, 715827883)),
        (f"-m statistic --mode random --probability 0.{76 * '3'}", Condition(Asks.CHANCE, 715827883)),
        ("-m statistic --mode random ! --probability 0.5", Condition(Asks.CHANCE, 2**30, True)),
        ("-m statistic --mode nth --every 3", Condition(Asks.TURN, (3, 0))),
        ("-m statistic --mode nth --every 3 --packet 2", Condition(Asks.TURN, (3, 2))),
        ("-m recent --rcheck --seconds 10800 --reap --name A --rsource", Condition(Asks.REMEMBERED, ("A", 10800))),
        ("-m recent ! --rcheck", Condition(Asks.REMEMBERED, ("DEFAULT", None), True)),
        ("-m recent --rcheck --hitcount 3 --name A", Condition(Asks.OPAQUE, "--rcheck")),
        ("-m recent --rcheck --name A --rdest", Condition(Asks.OPAQUE, "--rcheck")),
        ("-m recent --rcheck --name A --mask 255.255.0.0", Condition(Asks.OPAQUE, "--rcheck")),
        ("-m set --match-set KUBE-LOOP-BACK dst,dst,src", Condition(Asks.IN_SET, ("KUBE-LOOP-BACK", (None, None, None)))),
        ("-m set ! --match-set A src", Condition(Asks.IN_SET, ("A", (Asks.SOURCE,)), True)),
        ("-m set --match-set A src --return-nomatch", Condition(Asks.OPAQUE, "--match-set A src")),
        ("-m limit --limit 5/min ! --x", Condition(Asks.OPAQUE, "-m limit --limit 5/min ! --x")),
        ("-m bpf --bytecode \"4,48 0 0\"", Condition(Asks.OPAQUE, "-m bpf --bytecode 4,48 0 0")),
    ],
)  # fmt: skip
def test_rule_meaning__asks(text, expected):
    assert conditions(text) == (expected,)


@pytest.mark.parametrize("text", ["-p all", "-m tcp", "-m comment --comment x", "-m nfacct --nfacct-name x"])
def test_rule_meaning__asks_nothing(text):
    assert conditions(text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-j ACCEPT", Accept()),
        ("-j DROP", Drop()),
        ("-j RETURN", Return()),
        ("-j REJECT", Reject()),
        ("-j REJECT --reject-with tcp-reset", Reject("tcp-reset")),
        ("-j KUBE-SVC-A", Jump("KUBE-SVC-A")),
        ("-g KUBE-SVC-A", Goto("KUBE-SVC-A")),
        ("-j DNAT --to-destination 10.0.0.1:80", Dnat((ADDRESS, ADDRESS), (80, 80))),
        (
            "-j DNAT --to-destination 10.0.0.1-10.0.0.3:80-90 --random --persistent",
            Dnat((ADDRESS, ADDRESS + 2), (80, 90)),
        ),
        ("-j DNAT --to-destination 10.0.0.1", Dnat((ADDRESS, ADDRESS))),
        ("-j DNAT --to-destination :80", Dnat(None, (80, 80))),
        ("-j DNAT --to-destination 10.0.0.1:80-90/1000", Opaque("DNAT --to-destination 10.0.0.1:80-90/1000")),
        ("-j MASQUERADE", Masquerade()),
        ("-j MASQUERADE --random-fully", Masquerade(True)),
        ("-j SNAT --to-source 10.0.0.1", Masquerade(False, (ADDRESS, ADDRESS))),
        ("-j MARK --set-xmark 0x4000/0x0", SetMark(0x4000, 0)),
        ("-j MARK --xor-mark 0x4000", SetMark(0x4000, 0)),
        ("-j MARK --or-mark 0x4000", SetMark(0x4000, 0x4000)),
        ("-j MARK --and-mark 0xff", SetMark(0, 0xFFFFFF00)),
        ("-j MARK --set-mark 1/0xf0", SetMark(1, 0xF1)),
        ("-j MARK --set-mark 1", SetMark(1, ALL)),
        ('-j LOG --log-prefix "a -j b "', Continue("LOG --log-prefix a -j b ")),
        ("-j NFLOG --nflog-group 1", Continue("NFLOG --nflog-group 1")),
        ("-j REDIRECT --to-ports 15001", Opaque("REDIRECT --to-ports 15001")),
        ("-j TPROXY --on-port 1", Opaque("TPROXY --on-port 1")),
    ],
)
def test_rule_meaning__does(text, expected):
    assert actions(text) == (expected,)


def test_rule_meaning__dnat_of_ipv6():
    first = 0xFD << 120

    assert actions("-j DNAT --to-destination [fd00::1]:80", 6) == (Dnat((first + 1, first + 1), (80, 80)),)
    assert actions("-j DNAT --to-destination fd00::1", 6) == (Dnat((first + 1, first + 1)),)
    assert conditions("-s fd00::1/8", 6) == (Condition(Asks.SOURCE, ((first, first | (1 << 120) - 1),)),)


def test_rule_meaning__a_rule_without_target_does_nothing():
    assert actions("-s 10.0.0.1") == ()


def test_rule_meaning__remembers_before_it_sends():
    text = "-p tcp -m recent --set --name A --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.0.0.1:80"

    assert actions(text) == (Remember("A"), Dnat((ADDRESS, ADDRESS), (80, 80)))


def test_rule_meaning__update_asks_and_remembers():
    meaning = rule_meaning(words_of("-m recent --update --seconds 5 --name A"), 4)

    assert (meaning.conditions, meaning.actions) == (
        (Condition(Asks.REMEMBERED, ("A", 5)),),
        (Remember("A"),),
    )


@pytest.mark.parametrize(
    "text", ["-m recent ! --set --name A", "-m recent --update --hitcount 4", "-m recent --remove"]
)
def test_rule_meaning__keeps_other_lists_opaque(text):
    assert [condition.asks for condition in conditions(text)] == [Asks.OPAQUE]


def test_rule_meaning__the_kernel_asks_addresses_first():
    asked = conditions(
        "-m statistic --mode random --probability 0.5 -p tcp -m tcp --dport 80 -d 10.0.0.1 ! -s 10.0.0.0/8"
    )

    assert [condition.asks for condition in asked] == [
        Asks.SOURCE, Asks.DESTINATION, Asks.PROTOCOL, Asks.CHANCE, Asks.DESTINATION_PORT,
    ]  # fmt: skip


def test_rule_meaning__has_all_comments():
    assert (
        rule_meaning(words_of('-m comment --comment "a \\"b\\"" -m comment --comment c'), 4).comment
        == 'a "b" c'
    )


def test_rule_meaning__a_comment_is_of_the_comment_match_only():
    meaning = rule_meaning(words_of("-m commnt --comment --mark -m comment --comment --mark"), 4)

    assert meaning.conditions == (Condition(Asks.OPAQUE, "-m commnt --comment --mark"),)
    assert meaning.comment == "--mark"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-m tcp --syn=", "the rule: found , expected an option"),
        ("--dport 80", "--dport: found it, expected an option of iptables or of a match before it"),
        ("-p tcp --dport 65536", "--dport: found 65536, expected a port from 0 to 65535"),
        ("-p tcp --dport 90:80", "--dport: found 90:80, expected the lower port first"),
        ("-p tcp --dport 080", "--dport: found 080, expected a port"),
        ("-p tcp --dport", "--dport: found the end of the line, expected 1 words after it"),
        ("-p 256", "-p: found 256, expected a protocol from 0 to 255"),
        ("-p t/p", "-p: found t/p, expected a protocol such as tcp"),
        ("-s 10.0.0.300", "-s: found 10.0.0.300, expected an IPv4 address"),
        ("-s 10.0.0.0/33", "expected a prefix length from 0 to 32"),
        ("-s 10.0.0.0/x", "expected an IPv4 address"),
        ("-s 10.0.0.1 -s 10.0.0.2", "-s: found it twice, expected it once for a match"),
        (
            "-m statistic --mode random --probability 1.5",
            "--probability: found 1.5, expected a probability from 0 to 1",
        ),
        ("-m statistic --mode random --probability -1", "--probability: found -1, expected a probability"),
        (
            "-m statistic --mode random --probability \u0661",
            "--probability: found \u0661, expected a probability",
        ),
        ("-m statistic --mode random", "--mode: found random, expected --probability with it"),
        ("-m statistic --mode third", "--mode: found third, expected random or nth"),
        ("-m statistic --mode nth --every 0", "--every: found 0, expected a number from 1 to 4294967295"),
        ("-m statistic --mode nth --every 3 --packet 3", "--packet: found 3, expected a number from 0 to 2"),
        ("-m mark", "-m mark: found it alone, expected an option that asks, of --mark"),
        ("-m recent --name A", "-m recent: found it alone"),
        ("-m mark --mark 0x1ffffffff", "expected a mark from 0 to 4294967295"),
        ("! -j ACCEPT", "-j: found !, expected no negation"),
        ("-j MARK ! --set-mark 1", "--set-mark: found ! --set-mark 1, expected no negation"),
        ("-j MARK", "-j MARK: found MARK, expected one of --set-xmark"),
        ("-j ACCEPT -j DROP", "-j: found DROP, expected one target"),
        ("-g ACCEPT", "-g: found ACCEPT, expected a chain"),
        ("-j DNAT", "-j DNAT: found DNAT, expected --to-destination with it"),
        ("-j SNAT", "expected --to-source with it"),
        ("-j DNAT --to-destination a:b", r"--to-destination: found a:b, expected ADDRESS\[-ADDRESS\]"),
        ("-j DNAT --to-destination -10.0.0.1:80", "--to-destination: found -10.0.0.1:80, expected ADDRESS"),
        ("-j DNAT --to-destination 10.0.0.9-10.0.0.1", "expected the lower address first"),
        ("-j DNAT --to-destination 10.0.0.1:http", "--to-destination: found http, expected a port"),
        ("-j KUBE-SVC-A --to-ports 80", "--to-ports: found it, expected an option of iptables"),
        (300 * "-m tcp ", "the rule: found 600 words, expected at most 255"),
        ("tcp", "the rule: found tcp, expected an option such as -s"),
        ("!", "the rule: found nothing, expected an option"),
    ],
)
def test_rule_meaning__refuses(text, message):
    with pytest.raises(WrongWord, match=message):
        rule_meaning(words_of(text), 4)
