import time

import pytest

from kubenetlab.errors import KubenetlabError, ManifestError
from kubenetlab.objects.packet_rules import Asks, Dnat, Return
from kubenetlab.readers.rules import format_iptables, rules_from_text
from tests.readers.rules import pasted


def test_iptables_excerpt__reads_lines_grepped_out_of_a_save():
    rules = rules_from_text(pasted.GREPPED)

    chances = [
        condition.operand
        for rule in rules.tables["nat"].chains["KUBE-SVC-BEPXDJBUHFCSYIC3"].rules
        for condition in rule.conditions
    ]
    assert rules.form == "iptables excerpt"
    assert chances == [2**30]
    assert rules.missing == (
        "only lines of rules, no whole table: what is not in the text is not known",
        "no table is named; by targets and names of chains, lines are taken: 5 as nat",
        "table nat: not in the text, but jumped to: KUBE-MARK-MASQ (line 2), KUBE-SEP-IN2YML2VIFH5RO2T (line 6)",
    )


def test_iptables_excerpt__reads_commands():
    rules = rules_from_text(pasted.COMMANDS)

    assert rules.tables["nat"].chains["PREROUTING"].rules[0].actions == (
        Dnat((0x0A000001,) * 2, (8080, 8080)),
    )
    asked = [condition.asks for condition in rules.tables["filter"].chains["FORWARD"].rules[0].conditions]
    assert asked == [Asks.IN_INTERFACE, Asks.OPAQUE]


def test_iptables_excerpt__reads_what_iptables_prints_with_s():
    nat = rules_from_text(pasted.SPECIFIED).tables["nat"]

    assert nat.chains["PREROUTING"].policy == "ACCEPT"
    assert nat.chains["KUBE-SERVICES"].rules[0].actions == (Return(),)
    assert nat.chains["KUBE-SERVICES"].line == 3


@pytest.mark.parametrize(
    ("line", "table"),
    [
        ("-A X -p tcp -j DNAT --to-destination 10.0.0.1:80", "nat"),
        ("-A X -j MASQUERADE", "nat"),
        ("-A KUBE-SVC-A -j X", "nat"),
        ("-A X -j KUBE-MARK-MASQ", "nat"),
        ("-A X -j REJECT", "filter"),
        ("-A FORWARD -j X", "filter"),
        ("-A KUBE-FIREWALL -j DROP", "filter"),
        ("-A OUTPUT -j KUBE-SERVICES", "nat"),
        ("-A OUTPUT -m conntrack --ctstate NEW -j KUBE-SERVICES", "filter"),
        ("-A POSTROUTING -j X", "nat"),
        ("-A X -j CT --notrack", "raw"),
        ("-A X -j TCPMSS --clamp-mss-to-pmtu", "mangle"),
        ("-A X -j ACCEPT", "filter"),
    ],
)
def test_iptables_excerpt__takes_the_table_from_what_decides_it(line, table):
    rules = rules_from_text(line)

    assert [*rules.tables] == [table]
    assert (
        f"no table is named; by targets and names of chains, lines are taken: 1 as {table}" in rules.missing
    )


def test_iptables_excerpt__takes_the_table_of_other_rules_of_the_chain():
    rules = rules_from_text("-A X -s 10.0.0.1 -j RETURN\n-A X -j MASQUERADE\n")

    assert [rule.line for rule in rules.tables["nat"].chains["X"].rules] == [1, 2]


@pytest.mark.parametrize(
    "line",
    [
        "> -A KUBE-SVC-A -j RETURN",
        "```-A KUBE-SVC-A -j RETURN",
        "12:-A KUBE-SVC-A -j RETURN",
        "   | -A KUBE-SVC-A -j RETURN",
        "\x1b[01;31m\x1b[K-A KUBE-SVC-A\x1b[m\x1b[K -j RETURN",
        "[root@node1 ~]# iptables -w 5 -t nat -A KUBE-SVC-A -j RETURN",
        "-A KUBE-SVC-A -c 3 120 -j RETURN",
        "[3:120] -A KUBE-SVC-A -j RETURN",
    ],
)
def test_iptables_excerpt__takes_off_what_stands_around(line):
    (rule,) = rules_from_text(line).tables["nat"].chains["KUBE-SVC-A"].rules

    assert rule.text == "-A KUBE-SVC-A -j RETURN"
    assert rule.packets == (3 if "120" in line else None)


def test_iptables_excerpt__says_which_lines_it_left_out():
    rules = rules_from_text("here are my rules\n-A X -j MASQUERADE\n--\n...\n")

    assert rules.missing[0] == "lines that are no rules, left out: line 1: 'here are my rules'; line 4: '...'"


def test_iptables_excerpt__counts_the_lines_it_left_out():
    rules = rules_from_text("-A X -j MASQUERADE\n" + "what\n" * 44)

    assert rules.missing[0].endswith("line 6: 'what' and 39 more")


def test_iptables_excerpt__takes_the_table_of_a_line_before():
    rule = "-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j ACCEPT"
    rules = rules_from_text(f"> *mangle\n| {rule}\n`COMMIT\n12:{rule}\n| *raw\n| {rule}\n")

    lines = {name: table.chains["PREROUTING"].rules[0].line for name, table in rules.tables.items()}
    assert lines == {"mangle": 2, "nat": 4, "raw": 6}


@pytest.mark.parametrize(
    ("chains", "table"),
    [
        ("PREROUTING INPUT OUTPUT POSTROUTING", "nat"),
        ("INPUT FORWARD OUTPUT", "filter"),
        ("PREROUTING OUTPUT", "raw"),
        ("PREROUTING INPUT FORWARD OUTPUT POSTROUTING", "mangle"),
    ],
)
def test_iptables_excerpt__knows_the_table_by_its_built_in_chains(chains, table):
    policies = "".join(f"-P {chain} ACCEPT -c 3 4\n" for chain in chains.split())

    rules = rules_from_text(f"{policies}-N X\n-A X -j RETURN\n-A OUTPUT -j X\n")

    assert [*rules.tables] == [table]


def test_iptables_excerpt__keeps_chain_lines():
    rules = rules_from_text(
        ":KUBE-SVC-A - [0:0]\n:INPUT ACCEPT [3:4]\n-A KUBE-SVC-A -j RETURN\n-A Y -j KUBE-SVC-A\n"
    )

    assert rules.tables["nat"].chains["KUBE-SVC-A"].line == 1
    assert (
        rules.tables["filter"].chains["INPUT"].policy,
        rules.tables["filter"].chains["INPUT"].packets,
    ) == ("ACCEPT", 3)


def test_iptables_excerpt__can_be_written_as_a_save():
    assert format_iptables(rules_from_text("-A X -j MASQUERADE\n")) == "*nat\n-A X -j MASQUERADE\nCOMMIT\n"


def test_iptables_excerpt__refuses_a_rule_that_cannot_be():
    with pytest.raises(ManifestError, match=r"-: line 2 .*--dport: found 70000"):
        rules_from_text("# mine\n-A X -p tcp --dport 70000 -j MASQUERADE\n")


@pytest.mark.parametrize(
    "text", [200_000 * "\n" + "x", "$ " * 200_000, "-A OUTPUT " + "ctstate " * 50_000, "iptables " * 50_000]
)
def test_rules_from_text__a_long_text_takes_no_time(text):
    start = time.perf_counter()

    with pytest.raises(KubenetlabError):
        rules_from_text(text)

    assert time.perf_counter() - start < 2
