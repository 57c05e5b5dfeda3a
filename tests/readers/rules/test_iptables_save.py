import os
import subprocess
import sys

import pytest

from kubenetlab.errors import ManifestError, UnreadableError
from kubenetlab.objects.packet_rules import Accept, Asks, Condition, Jump, Opaque, Reject, Remember
from kubenetlab.readers.rules import format_iptables, rules_from_text
from kubenetlab.readers.rules.iptables_rule import rule_meaning
from kubenetlab.readers.rules.iptables_save import iptables_rules
from kubenetlab.readers.rules.iptables_words import words_of
from tests.readers.rules.mutations import GOLDEN, recorded

SAVES = ("output.save", "output.iptables-nft-save", "output.iptables-legacy-save")
CASES = sorted(GOLDEN.iterdir())


def files(*patterns):
    return [path for case in CASES for pattern in patterns for path in sorted(case.glob(f"{pattern}*"))]


def syncs(text):
    """Parts of a recorded restore text: one for each sync."""
    return [
        part.partition("\n")[2] if "# --- sync" in text else part
        for part in text.split("# --- sync ")
        if part
    ]


def meaning(rules):
    """What every chain asks and does, with the reply that REJECT has by itself."""
    return {
        (table.name, chain.name): [
            (
                sorted(map(repr, rule.conditions)),
                tuple(Reject() if isinstance(action, Reject) else action for action in rule.actions),
                rule.comment,
            )
            for rule in chain.rules
        ]
        for table in rules.tables.values()
        for chain in table.chains.values()
    }


def table(*lines, name="nat"):
    return "\n".join((f"*{name}", *lines, "COMMIT", ""))


def only_rule(text):
    rules = rules_from_text(table(":A - [0:0]", ":B - [0:0]", text))
    (rule,) = rules.tables["nat"].chains["A"].rules
    return rule


@pytest.mark.parametrize(
    "path", files("output.save", "output.*-save", "output.ipv6.save"), ids=lambda path: path.parent.name
)
def test_iptables_rules__read_and_written_again_a_recorded_save_is_the_same(path):
    text = recorded(path)

    rules = rules_from_text(text, path.name)

    assert format_iptables(rules) == text
    assert rules.missing == ()


@pytest.mark.parametrize(
    "path", files("output.rules", "output.ipv6.rules"), ids=lambda path: path.parent.name
)
def test_iptables_rules__read_and_written_again_a_sync_is_the_same(path):
    for text in syncs(recorded(path)):
        rules = rules_from_text(text, path.name)

        assert format_iptables(rules) == text
        assert rules.form == "iptables-restore"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_iptables_rules__every_tool_says_the_same(case):
    given, *printed = (
        meaning(rules_from_text(recorded(next(iter(case.glob(f"{name}*")))))) for name in SAVES
    )

    for read in printed:
        assert {key: rules for key, rules in read.items() if rules} == {
            key: rules for key, rules in given.items() if rules
        }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_iptables_rules__understands_every_word_of_kube_proxy(case):
    rules = rules_from_text(recorded(next(iter(case.glob("output.save*")))))

    assert "OPAQUE" not in str(meaning(rules))
    assert "Opaque" not in str(meaning(rules))


def test_iptables_rules__later_syncs_change_what_they_name():
    text = recorded(next(iter(GOLDEN.glob("076-*/output.rules*"))))

    chains = rules_from_text(text).tables["nat"].chains

    assert chains["KUBE-SEP-27VOFYQ7SVOL37XI"].deleted > 0
    assert [rule.actions[-1] for rule in chains["KUBE-MARK-MASQ"].rules] == [
        rule.actions[-1]
        for rule in rules_from_text(syncs(text)[0]).tables["nat"].chains["KUBE-MARK-MASQ"].rules
    ]


def test_iptables_rules__ipv6_is_told_by_its_addresses():
    rules = rules_from_text(recorded(next(iter(GOLDEN.glob("067-*/output.ipv6.save*")))))

    assert rules.version == 6


def test_iptables_rules__reads_counters():
    text = table(":PREROUTING ACCEPT [5:600]", "[12:345] -A PREROUTING -s 10.0.0.1/32 -j ACCEPT")

    rules = rules_from_text(text)

    chain = rules.tables["nat"].chains["PREROUTING"]
    assert (chain.packets, chain.bytes, chain.policy, chain.hook, chain.priority) == (
        5,
        600,
        "ACCEPT",
        "prerouting",
        -100,
    )
    assert (chain.rules[0].packets, chain.rules[0].bytes) == (12, 345)
    assert chain.rules[0].text == "-A PREROUTING -s 10.0.0.1/32 -j ACCEPT"
    assert format_iptables(rules) == text


def test_iptables_rules__keeps_host_bits_in_the_text_only():
    rule = only_rule("-A A -s 172.16.0.1/16 -j ACCEPT")

    assert rule.conditions == (Condition(Asks.SOURCE, ((0xAC100000, 0xAC10FFFF),)),)
    assert "172.16.0.1/16" in rule.text


@pytest.mark.parametrize(
    "text",
    [
        '-A A -p tcp -m comment --comment "x" --dport 80 -j ACCEPT',  # an option of a match before the comment
        "-A A -p tcp -j ACCEPT --dport 80",  # and after the target
        "-A A -j ACCEPT -p tcp --dport 80",
        '-A A  -p  tcp -m comment --comment "x \\"y\\"" -m tcp --dport 80 -j ACCEPT',
        "-A A -p tcp --dport=80 --jump ACCEPT",
        "-A A -m tcp -p 6 --destination-port 80:80 -j ACCEPT",
    ],
)
def test_iptables_rules__reads_words_in_any_order(text):
    rule = only_rule(text)

    assert rule.conditions == (
        Condition(Asks.PROTOCOL, frozenset({"tcp"})),
        Condition(Asks.DESTINATION_PORT, ((80, 80),)),
    )
    assert rule.actions == (Accept(),)


def whole_meaning(rule, version):
    """A rule read by itself, all its words at once."""
    _, _, *words = words_of(rule.text)
    return rule_meaning(words, version)


@pytest.mark.parametrize(
    "path", files("output.iptables-nft-save", "output.rules"), ids=lambda path: path.parent.name
)
def test_iptables_rules__read_in_pieces_say_what_the_whole_rule_says(path):
    rules = rules_from_text(recorded(path))

    for chain in (chain for each in rules.tables.values() for chain in each.chains.values()):
        for rule in chain.rules:
            assert (rule.conditions, rule.actions, rule.comment) == whole_meaning(rule, 4)


@pytest.mark.parametrize(
    "words",
    [
        "-d 10.0.0.1/255.0.255.0 -p tcp",
        "-m foo --name KUBE-SEP-A",
        "-m foo --d 10.0.0.1 -d 10.0.0.2",
        "-m recent --name A --rcheck --hitcount 3",
        "-d 10.0.0.1,10.0.0.2",
        "-d 0.0.0.0,0.0.0.0 -m recent --name 0.0.0.0,0.0.0.0 --rcheck",
        "-s 0.0.0.0,0.0.0.0 -d 10.0.0.1",
        "! -s 10.0.0.1 ! -d 10.0.0.2 --protocol udp",
        '-m comment --comment "a b" -m comment --comment c',
        '-m comment --comment c -m comment --comment "a b"',
        '-m comment --comment "a -j b" -d 10.0.0.1',
        '-m bpf --bytecode "4,48 0 0" -d 10.0.0.1',
        "-m recent --update --seconds 5 --name KUBE-SEP-A",
    ],
)
def test_iptables_rules__read_in_pieces_say_what_other_whole_rules_say(words):
    rule = only_rule(f"-A A {words} -j B")

    assert (rule.conditions, rule.actions, rule.comment) == whole_meaning(rule, 4)


def test_iptables_rules__every_list_of_clients_has_its_own_name():
    text = "-A A -m recent --name KUBE-SEP-{} --rcheck --seconds 5 --reap -m recent --set --name {} -j B"
    names = ("AAAA", "OTHER"), ("BBBB", "KUBE-SEP-CCCC")
    rules = rules_from_text(table(":A - [0:0]", ":B - [0:0]", *(text.format(*pair) for pair in names)))

    read = [(*rule.conditions, rule.actions[0]) for rule in rules.tables["nat"].chains["A"].rules]
    assert read[0] == (Condition(Asks.REMEMBERED, ("KUBE-SEP-AAAA", 5)), Remember("OTHER"))
    assert read[1] == (Condition(Asks.REMEMBERED, ("KUBE-SEP-BBBB", 5)), Remember("KUBE-SEP-CCCC"))


def test_iptables_rules__inserts_where_it_is_told():
    rules = rules_from_text(table(":A - [0:0]", "-A A -j ACCEPT", "-I A -j DROP", "-I A 2 -j RETURN"))

    assert [rule.line for rule in rules.tables["nat"].chains["A"].rules] == [4, 5, 3]


def test_iptables_rules__says_what_a_part_lacks():
    rules = rules_from_text(
        table(":KUBE-SERVICES - [0:0]", "-A KUBE-SERVICES -j KUBE-SVC-A", "-A OTHER -g KUBE-SVC-B")
    )

    assert rules.missing == (
        "table nat: not in the text, but jumped to: KUBE-SVC-A (line 3), KUBE-SVC-B (line 4)",
    )


def test_iptables_rules__names_only_some_of_what_a_part_lacks():
    rules = rules_from_text(table(":A - [0:0]", *(f"-A A -j X{number}" for number in range(13))))

    assert rules.missing[0].endswith("X9 (line 12) and 3 more")


def test_iptables_rules__leaves_out_what_stands_around_the_tables_and_says_so():
    rules = rules_from_text(
        "root@node:/# iptables-save\nhere it is:\n" + table() + "# Warning: iptables-legacy tables present\n"
    )

    assert rules.missing == ()
    assert rules.notes == (
        "line 2 is no rule and left out: here it is:",
        "Warning: iptables-legacy tables present",
    )


FOREIGN = """\
*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -s 169.254.20.10/32 -p udp -m udp --sport 53 -j CT --notrack
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:CILIUM_PRE_mangle - [0:0]
-A PREROUTING -m comment --comment "cilium-feeder: CILIUM_PRE_mangle" -j CILIUM_PRE_mangle
-A CILIUM_PRE_mangle -p tcp -m mark --mark 0xa5860200 -j TPROXY --on-port 34437 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff
-A CILIUM_PRE_mangle ! -o lo -m socket --transparent -j MARK --set-xmark 0x200/0xffffffff
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
:DOCKER - [0:0]
:cali-POSTROUTING - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A PREROUTING -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"a\\"" -m multiport --dports 8080,8443 -j CNI-HOSTPORT-DNAT
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A cali-POSTROUTING -m comment --comment "cali:Z-c7XtVd2Bq7s_hA" -m set --match-set cali40masq-ipam-pools src -m set ! --match-set cali40all-ipam-pools dst -j MASQUERADE --random-fully
COMMIT
"""


def test_iptables_rules__keeps_foreign_chains():
    rules = rules_from_text(FOREIGN)

    assert format_iptables(rules) == FOREIGN
    assert rules.missing == ()
    opaque = [
        (condition.operand if isinstance(condition, Condition) else condition.text)
        for chain in rules.tables["mangle"].chains.values()
        for rule in chain.rules
        for condition in (*rule.conditions, *rule.actions)
        if isinstance(condition, Opaque) or getattr(condition, "asks", None) is Asks.OPAQUE
    ]
    assert opaque == [
        "TPROXY --on-port 34437 --on-ip 127.0.0.1 --tproxy-mark 0x200/0xffffffff",
        "-m socket --transparent",
    ]
    (masquerade,) = rules.tables["nat"].chains["cali-POSTROUTING"].rules
    assert [condition.is_negated for condition in masquerade.conditions] == [False, True]


def test_iptables_rules__says_that_a_text_is_cut_off():
    rules = rules_from_text(
        "*nat\n:PREROUTING ACCEPT [0:0]\n:A - [0:0]\n-A A -j ACCEPT\n-A A -p tcp -m tcp --dpo"
    )

    assert rules.missing[0].startswith(
        "the text breaks off in its last line, which is left out: line 5 (-A A -p tcp"
    )
    assert rules.missing[1] == "table nat: no COMMIT at its end; the text may be cut off"
    assert len(rules.tables["nat"].chains["A"].rules) == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["*nut", "COMMIT"], r"rules: line 1 \(\*nut\): the table: found nut, expected raw or mangle or nat"),
        (["*nat", ":PREROUTING ACCEPT [0:0]", "-A PREROUTING -j NOPE", "COMMIT"], r"line 3 \(-A PREROUTING -j NOPE\): the target: found NOPE"),
        (["*nat", ":PREROUTING ACCEPT [0:0]", "-A NOPE -j ACCEPT", "COMMIT"], r"line 3 .*: the chain: found NOPE, expected a chain of table nat"),
        (["*nat", ":A - [0:0]", ":B - [0:0]", "-A A -j B", "-A B -g A", "COMMIT"], r"line 5 \(-A B -g A\): the jump: found A, expected chains without a loop"),
        (["*nat", ":A - [0:0]", "-A A -j A", "COMMIT"], r"line 3 \(-A A -j A\): the jump: found A"),
        (["-A A -j B", "*nat", "COMMIT"], r"line 1 \(-A A -j B\): the line: found -A A -j B, expected a table \(\*nat\) before it"),
        (["*nat", "A -j B", "COMMIT"], r"line 2 \(A -j B\): the line: found A -j B, expected a table"),
        (["*nat", "-D A -j B", "COMMIT"], r"the command: found -D A, expected -A CHAIN and a rule"),
        (["*nat", "-X B", "COMMIT"], r"the command: found -X B, expected -A CHAIN"),
        (["*nat", "-A", "COMMIT"], r"the command: found -A, expected -A CHAIN"),
        (["*nat", "*filter", "COMMIT"], r"found filter, expected COMMIT of the table nat before it"),
        (["*nat", ":A X [0:0]", "COMMIT"], r"the policy: found X, expected ACCEPT or DROP for a built-in chain"),
        (["*nat", ":A ACCEPT [0:0]", "COMMIT"], r"the policy: found ACCEPT, expected"),
        (["*nat", ":A", "COMMIT"], r"the chain: found :A, expected :NAME POLICY"),
        (["*nat", ":INPUT ACCEPT [0:0]", "COMMIT", "*nat", "COMMIT"], r"line 4 .*found a second nat, expected one; give the rules of each family"),
        (["*nat", "-A A -s 10.0.0.1", "-A A -s fd00::1", "COMMIT"], r"line 3 .*found fd00::1, expected an IPv4 address; read IPv4 and IPv6"),
        (["*nat", '-A A -m comment --comment "x -j B', "COMMIT"], r"line 2 .*expected every quote closed"),
        (["*nat", '-A A -m comment --comment "x"-j B', "COMMIT"], r"line 2 .*expected every quote closed"),
        (["*nat", "-A A -p tcp -j ", "COMMIT"], r"line 2 .*: -j: found the end of the line"),
        (["*nat", "-A A -p tcp --dport 70000", "COMMIT"], r"line 2 .*: --dport: found 70000, expected a port from 0 to 65535"),
    ],
)  # fmt: skip
def test_iptables_rules__refuses_what_cannot_be(lines, message):
    with pytest.raises(ManifestError, match=message):
        rules_from_text("\n".join([*lines, ""]), "rules")


def test_iptables_rules__shows_no_control_characters_and_no_endless_line():
    with pytest.raises(ManifestError) as refused:
        rules_from_text("*nat\n-A A -s \x1b[2J" + 500 * "x" + "\nCOMMIT\n")

    assert "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(("version", "line", "other"), [(None, 3, 6), (4, 3, 6), (6, 7, 4)])
def test_rules_from_text__reads_one_family_of_two_and_says_so(version, line, other):
    both = "".join(
        f"# Generated by {tool}-save v1.8.9\n*nat\n-A PREROUTING -s {address} -j ACCEPT\nCOMMIT\n"
        for tool, address in (("iptables", "10.0.0.1/32"), ("ip6tables", "fd00::1/128"))
    )

    rules = rules_from_text(both, version=version)

    assert rules.tables["nat"].chains["PREROUTING"].rules[0].line == line
    assert rules.notes == (f"the text also holds rules of IPv{other}, which are not read here",)
    assert (rules.version, rules.missing) == (version or 4, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# Generated by iptables-save v1.8.9 on Sat Nov 21 14:00:00 2026\n# Completed on Sat Nov 21\n",
    ],
)
def test_rules_from_text__says_that_a_machine_has_no_rules(text):
    with pytest.raises(
        UnreadableError, match="rules: found no rules: iptables-save and nft print this where"
    ):
        rules_from_text(text, "rules")


def test_rules_from_text__refuses_a_family_that_is_not_there():
    text = "*nat\n-A PREROUTING -s 10.0.0.1/32 -j ACCEPT\nCOMMIT\n"

    with pytest.raises(UnreadableError, match="rules: found rules of IPv4 only, expected rules of IPv6"):
        rules_from_text(text, "rules", version=6)


def test_iptables_rules__alone_refuses_both_families_in_one_text():
    both = f"# Generated by iptables-save v1.8.9\n{table()}# Generated by ip6tables-save v1.8.9\n{table()}"

    with pytest.raises(
        UnreadableError, match="of iptables-save and of ip6tables-save in one text, expected one"
    ):
        iptables_rules(both)


def test_iptables_rules__a_long_way_of_jumps_is_no_loop():
    lines = [f":C{number} - [0:0]" for number in range(3000)]
    jumps = [f"-A C{number} -j C{number + 1}" for number in range(2999)]

    rules = rules_from_text(table(*lines, *jumps))

    assert rules.tables["nat"].chains["C0"].rules[0].actions == (Jump("C1"),)


def test_iptables_rules__says_the_same_whatever_the_hash_seed():
    code = (
        "from kubenetlab.readers.rules import rules_from_text\n"
        "from kubenetlab.errors import KubenetlabError\n"
        "lines = [f':{c} - [0:0]' for c in 'ABCDEF'] + [f'-A {a} -j {b}' for a, b in zip('ABCDEF', 'BCDEFA')]\n"
        "try: rules_from_text('\\n'.join(['*nat', *lines, 'COMMIT', '']))\n"
        "except KubenetlabError as error: print(error)\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(said) == 1
    assert "line 13 (-A F -j A)" in said.pop()
