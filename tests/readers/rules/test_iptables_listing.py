import subprocess
from collections import Counter

import pytest

from kubenetlab.objects.packet_rules import (
    Asks,
    Condition,
    Continue,
    Goto,
    Masquerade,
    Opaque,
    Reject,
    SetMark,
    Untrack,
)
from kubenetlab.readers.rules import rules_from_text
from tests.readers.rules import pasted
from tests.readers.rules.mutations import GOLDEN, recorded

HEADER = "target     prot opt source               destination\n"
VERBOSE = " pkts bytes target     prot opt in     out     source               destination\n"


def case(number):
    return rules_from_text(recorded(next(iter(GOLDEN.glob(f"{number}-*/output.save*")))))


def meaning(chain):
    """Conditions without their order: a listing has the addresses in columns of their own."""
    return [(Counter(map(repr, rule.conditions)), rule.actions, rule.comment) for rule in chain.rules]


def listed(row, header=HEADER):
    """The rule of a row in a chain whose rules ask for no interface."""
    text = f"Chain KUBE-FORWARD (1 references)\n{header}{row}\n"
    (rule,) = rules_from_text(text).tables["filter"].chains["KUBE-FORWARD"].rules
    return rule


@pytest.mark.parametrize("text", [pasted.LISTED, pasted.LISTED_VERBOSE])
def test_iptables_listing__says_what_the_save_says(text):
    saved, rules = case("042"), rules_from_text(text)

    assert [*rules.tables] == ["nat"]
    assert {name: meaning(chain) for name, chain in rules.tables["nat"].chains.items()} == {
        name: meaning(chain) for name, chain in saved.tables["nat"].chains.items()
    }


def test_iptables_listing__says_what_is_missing():
    assert rules_from_text(pasted.LISTED).missing == (
        "a listing: options that iptables -L does not print are not known; iptables-save shows all",
        "listed without -v: whether a rule asks for an interface is not known",
        "no table is named; by targets and names of chains, lines are taken: 34 as nat",
    )


def test_iptables_listing__names_are_not_resolved():
    rules = rules_from_text(pasted.LISTED_NAMES)

    assert "listed without -n: names stand for addresses and ports, and are not resolved" in rules.missing
    asked = rules.tables["filter"].chains["KUBE-FIREWALL"].rules[0].conditions
    assert Condition(Asks.OPAQUE, "-m listed ! --source-name loopback/8") in asked


def test_iptables_listing__takes_the_table_of_the_command():
    text = f"root@node:~# iptables -t mangle -L -n\nChain INPUT (policy DROP)\n{HEADER}ACCEPT  0 -- 0.0.0.0/0 0.0.0.0/0\n"

    rules = rules_from_text(text)

    assert rules.tables["mangle"].chains["INPUT"].policy == "DROP"
    assert not any("no table is named" in said for said in rules.missing)


def test_iptables_listing__a_chain_that_comes_again_is_of_another_table():
    text = f"Chain INPUT (policy ACCEPT)\n{HEADER}REJECT 0 -- 0.0.0.0/0 0.0.0.0/0\n\nChain INPUT (policy ACCEPT)\n{HEADER}MASQUERADE 0 -- 0.0.0.0/0 0.0.0.0/0\n"

    assert [*rules_from_text(text).tables] == ["filter", "nat"]


@pytest.mark.parametrize(
    ("row", "condition"),
    [
        ("ACCEPT 0 -- !10.0.0.0/8 0.0.0.0/0", Condition(Asks.SOURCE, ((0x0A000000, 0x0AFFFFFF),), True)),
        ("ACCEPT !6 -- 0.0.0.0/0 0.0.0.0/0", Condition(Asks.PROTOCOL, frozenset({"tcp"}), True)),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 tcp dpt:!80", Condition(Asks.DESTINATION_PORT, ((80, 80),), True)),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 udp spts:1:5", Condition(Asks.SOURCE_PORT, ((1, 5),))),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 multiport dports 80,443", Condition(Asks.DESTINATION_PORT, ((80, 80), (443, 443)))),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 statistic mode nth every 3 packet 1", Condition(Asks.TURN, (3, 1))),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 mark match ! 0x4000/0x4000", Condition(Asks.MARK, (0x4000, 0x4000), True)),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 ADDRTYPE match src-type !LOCAL", Condition(Asks.SOURCE_TYPE, frozenset({"LOCAL"}), True)),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 ! ctstate NEW", Condition(Asks.CONNECTION_STATE, frozenset({"NEW"}), True)),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 state NEW", Condition(Asks.CONNECTION_STATE, frozenset({"NEW"}))),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 ! match-set A src", Condition(Asks.IN_SET, ("A", (Asks.SOURCE,)), True)),
        ("ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 limit: avg 3/min burst 5", Condition(Asks.OPAQUE, "-m listed --listed limit: avg 3/min burst 5")),
        ("0 -- 10.0.0.1 0.0.0.0/0", Condition(Asks.SOURCE, ((0x0A000001, 0x0A000001),))),
    ],
)  # fmt: skip
def test_iptables_listing__asks(row, condition):
    assert listed(row).conditions == (condition,)


@pytest.mark.parametrize(
    ("row", "action"),
    [
        ("MASQUERADE 0 -- 0.0.0.0/0 0.0.0.0/0 random-fully", Masquerade(True)),
        ("SNAT 0 -- 0.0.0.0/0 0.0.0.0/0 to:10.0.0.1", Masquerade(False, (0x0A000001, 0x0A000001))),
        ("REJECT 0 -- 0.0.0.0/0 0.0.0.0/0 reject-with tcp-reset", Reject("tcp-reset")),
        ("REDIRECT 6 -- 0.0.0.0/0 0.0.0.0/0 redir ports 15001", Opaque("REDIRECT --to-ports 15001")),
        ("X2 0 -- 0.0.0.0/0 0.0.0.0/0 [goto]", Goto("X2")),
        ('LOG 0 -- 0.0.0.0/0 0.0.0.0/0 LOG flags 0 level 4 prefix "a "', Continue('LOG --listed LOG flags 0 level 4 prefix "a "')),
    ],
)  # fmt: skip
def test_iptables_listing__does(row, action):
    header = "# iptables -t filter -L -n\nChain X (1 references)\n" + HEADER

    (rule,) = rules_from_text(f"{header}{row}\n").tables["filter"].chains["X"].rules

    assert rule.actions == (action,)


def test_iptables_listing__reads_interfaces_and_rounded_counters():
    rule = listed("  12K 3456M ACCEPT  0  --  eth0   !cni+  0.0.0.0/0  0.0.0.0/0", VERBOSE)

    assert rule.conditions == (
        Condition(Asks.IN_INTERFACE, "eth0"),
        Condition(Asks.OUT_INTERFACE, "cni*", True),
    )
    assert (rule.packets, rule.bytes) == (12_000, 3_456_000_000)


def test_iptables_listing__says_that_counters_are_rounded():
    text = f"Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n{VERBOSE}  12K 3456M ACCEPT  0  --  *  *  0.0.0.0/0  0.0.0.0/0\n"

    assert "counters are rounded (K, M, G)" in rules_from_text(text).notes


def test_iptables_listing__reads_ipv6():
    text = f"Chain INPUT (policy ACCEPT)\n{HEADER}ACCEPT     tcp      fd00::/8             ::/0                 tcp dpt:22\n"

    rules = rules_from_text(text)

    assert rules.version == 6
    assert [condition.asks for condition in rules.tables["filter"].chains["INPUT"].rules[0].conditions] == [
        Asks.SOURCE, Asks.PROTOCOL, Asks.DESTINATION_PORT, Asks.OPAQUE,
    ]  # fmt: skip


HIDDEN = Condition(Asks.OPAQUE, "-m listed --interface not-shown")


@pytest.mark.parametrize(
    ("chain", "row", "is_hidden"),
    [
        ("DOCKER", "RETURN 0 -- 0.0.0.0/0 0.0.0.0/0", True),
        ("INPUT", "ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0", True),
        ("INPUT", "KUBE-FIREWALL 0 -- 0.0.0.0/0 0.0.0.0/0", False),
        ("KUBE-FORWARD", "DROP 0 -- 0.0.0.0/0 0.0.0.0/0 ctstate INVALID", False),
        ("KUBE-SVC-AAAAAAAAAAAAAAAA", "KUBE-MARK-MASQ 6 -- !10.244.0.0/16 10.96.0.9 /* a/b cluster IP */ tcp dpt:80", False),
        ("KUBE-SVC-AAAAAAAAAAAAAAAA", "KUBE-MARK-MASQ 6 -- 0.0.0.0/0 10.96.0.9 /* a/b cluster IP */ tcp dpt:80", True),
        ("KUBE-SVC-AAAAAAAAAAAAAAAA", "KUBE-SEP-AAAAAAAAAAAAAAAA 0 -- 0.0.0.0/0 0.0.0.0/0 /* a/b -> 10.244.0.1:80 */", False),
        ("KUBE-EXT-AAAAAAAAAAAAAAAA", "KUBE-SVC-AAAAAAAAAAAAAAAA 0 -- 0.0.0.0/0 0.0.0.0/0 /* pod traffic for a/b external destinations */", True),
        ("KUBE-EXT-AAAAAAAAAAAAAAAA", "KUBE-MARK-MASQ 0 -- 0.0.0.0/0 0.0.0.0/0 /* masquerade traffic for a/b external destinations */", False),
    ],
)  # fmt: skip
def test_iptables_listing__a_rule_may_ask_for_an_interface_that_is_not_shown(chain, row, is_hidden):
    rules = rules_from_text(f"# iptables -t nat -L -n\nChain {chain} (1 references)\n{HEADER}{row}\n")

    (rule,) = rules.tables["nat"].chains[chain].rules
    assert (HIDDEN in rule.conditions) == is_hidden


def test_iptables_listing__with_interfaces_hides_none():
    text = f"Chain INPUT (policy ACCEPT)\n{VERBOSE}  1 2 ACCEPT  0  --  *  *  0.0.0.0/0  0.0.0.0/0\n"

    assert rules_from_text(text).tables["filter"].chains["INPUT"].rules[0].conditions == ()


@pytest.mark.parametrize(
    ("row", "action"),
    [
        ("CT 0 -- 0.0.0.0/0 0.0.0.0/0 NOTRACK", Untrack()),
        ("CT 0 -- 0.0.0.0/0 0.0.0.0/0 CT notrack", Untrack()),
        ("CT 0 -- 0.0.0.0/0 0.0.0.0/0 CT zone 3", Continue("CT --listed CT zone 3")),
        ("CONNMARK 0 -- 0.0.0.0/0 0.0.0.0/0 CONNMARK restore mask 0x80", SetMark(0, 0x80)),
        ("CONNMARK 0 -- 0.0.0.0/0 0.0.0.0/0 CONNMARK restore", SetMark(0, 0xFFFFFFFF)),
        ("CONNMARK 0 -- 0.0.0.0/0 0.0.0.0/0 CONNMARK save", Continue("CONNMARK --save-mark")),
        ("CONNMARK 0 -- 0.0.0.0/0 0.0.0.0/0 CONNMARK restore ctmask 0x1 nfmask 0x2", Opaque("CONNMARK --listed CONNMARK restore ctmask 0x1 nfmask 0x2")),
    ],
)  # fmt: skip
def test_iptables_listing__does_to_connections(row, action):
    assert listed(row).actions == (action,)


def test_iptables_listing__says_which_lines_it_left_out():
    rules = rules_from_text(f"Chain INPUT (policy ACCEPT)\n{HEADER}what is this\n")

    assert "lines that are no rows of a listing, left out: line 3: 'what is this'" in rules.missing


def test_iptables_listing__a_table_of_many_chains_takes_no_time():
    chains = "".join(f"Chain KUBE-SEP-{number} (1 references)\n{HEADER}\n" for number in range(5000))

    assert len(rules_from_text(chains).tables["nat"].chains) == 5000


@pytest.mark.parametrize(
    "text", [HEADER + "ACCEPT 0 -- 0.0.0.0/0 0.0.0.0/0 " + 50_000 * "/* ", 50_000 * "Chain a (1 references "]
)
def test_iptables_listing__a_long_row_takes_no_time(text):
    rules = rules_from_text("Chain INPUT (policy ACCEPT)\n" + text + "\n")

    assert rules.form == "iptables -L"


@pytest.mark.requires("kernel")
@pytest.mark.parametrize("tool", ["nft", "legacy"])
@pytest.mark.parametrize("number", ["018", "029", "061", "063"])
def test_iptables_listing__of_the_kernel_says_what_was_loaded(tool, number, tmp_path):
    path = next(iter(GOLDEN.glob(f"{number}-*/output.save*")))
    (tmp_path / "rules").write_text(recorded(path))
    script = (
        "nfacct add ct_state_invalid_dropped_pkts; nfacct add localhost_nps_accepted_pkts; set -e; "
        f"iptables-{tool}-restore < {tmp_path}/rules; "
        f'for table in nat filter; do echo "# iptables -t $table -L"; iptables-{tool} -t $table -L -n -v --line-numbers; done'
    )
    printed = subprocess.run(
        ["unshare", "-rn", "bash", "-c", script], capture_output=True, text=True, check=True
    ).stdout
    saved, rules = rules_from_text(recorded(path)), rules_from_text(printed)

    def by_chain(rule_set):
        read = {(t.name, c.name): meaning(c) for t in rule_set.tables.values() for c in t.chains.values()}
        return {
            key: [
                (asked, [a if not isinstance(a, Reject) else Reject() for a in done], said)
                for asked, done, said in rows
            ]
            for key, rows in read.items()
            if rows
        }

    assert by_chain(rules) == by_chain(saved)
