"""nft text in, rule sets out: kube-proxy's layouts, other people's tables, excerpts, and what is refused."""

import contextlib
import gzip
import time
from pathlib import Path

import pytest

from kubenetlab.errors import KubenetlabError, ManifestError, UnreadableError
from kubenetlab.objects.packet_rules import (
    Accept,
    Asks,
    Choose,
    Condition,
    Continue,
    Dnat,
    Drop,
    Goto,
    Jump,
    Look,
    Masquerade,
    Opaque,
    Reject,
    Remember,
    Return,
    SetMark,
    Untrack,
)
from kubenetlab.readers.rules import read_rules
from kubenetlab.readers.rules.nft_rules import nft_rules

RECORDED = Path(__file__).parents[2] / "golden" / "kube-proxy"
NO_ENTRY = Continue("no entry of the map")
A = int.from_bytes(bytes([10, 0, 0, 1]), "big")


def recorded(name):
    """Paths of the recordings of this name, gzipped or not."""
    return sorted((*RECORDED.glob(f"*/{name}"), *RECORDED.glob(f"*/{name}.gz")))


def text_of(path):
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()


def listing(*rules, sets="", family="ip"):
    """A table with one base chain that holds the rules, and the chain ``other``."""
    body = "".join(f"\t\t{rule}\n" for rule in rules)
    return (
        f"table {family} kube-proxy {{\n{sets}\tchain other {{\n\t}}\n\n\tchain base {{\n"
        f"\t\ttype nat hook prerouting priority dstnat; policy accept;\n{body}\t}}\n}}\n"
    )


def read(*rules, sets="", family="ip", version=None):
    tables = nft_rules(listing(*rules, sets=sets, family=family), "rules.nft", version).tables
    return next(iter(tables.values())).chains["base"].rules


def asked(text, **table):
    """The one condition of a rule that accepts."""
    (rule,) = read(f"{text} accept", **table)
    assert rule.actions == (Accept(),)
    (condition,) = rule.conditions
    return condition


def done(text, **table):
    """What a rule without conditions does."""
    (rule,) = read(text, **table)
    assert rule.conditions == ()
    return rule.actions


ADDRESSES = "\tset addresses {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.1 }\n\t}\n\n"
VERDICTS = "\tmap verdicts {\n\t\ttype ipv4_addr . inet_proto . inet_service : verdict\n\t}\n\n"


@pytest.mark.parametrize("path", recorded("output*nft-kernel-list"), ids=lambda path: path.parent.name)
def test_nft_rules__recorded_listing_has_nothing_opaque_and_nothing_missing(path):
    rules = nft_rules(text_of(path), path.name)

    held = [rule for chain in rules.tables["kube-proxy"].chains.values() for rule in chain.rules]
    assert rules.missing == ()
    assert not [condition for rule in held for condition in rule.conditions if condition.asks is Asks.OPAQUE]
    assert not [action for rule in held for action in rule.actions if isinstance(action, Opaque)]


@pytest.mark.parametrize("path", recorded("output.nft-kernel-list"), ids=lambda path: path.parent.name)
def test_nft_rules__dump_commands_and_kernel_listing_hold_the_same(path):
    texts = [
        text_of(next(path.parent.glob(f"{name}*"))) for name in ("output.nft-dump", "output.nft-kernel-list")
    ]
    transaction = next(path.parent.glob("output.nft.gz"), path.parent / "output.nft")

    dump, kernel, commands = (nft_rules(text).tables["kube-proxy"] for text in (*texts, text_of(transaction)))

    assert meaning(commands) == meaning(dump) == meaning(kernel)


def meaning(table):
    """Chains and sets without texts, lines and notes; neighbouring ranges in one list of addresses are one."""
    chains = {
        name: (chain.hook, chain.priority, [(conditions_of(rule), rule.actions) for rule in chain.rules])
        for name, chain in table.chains.items()
    }
    return chains, {name: (held.elements, held.timeout_s) for name, held in table.sets.items()}


def conditions_of(rule):
    return [
        condition if condition.asks is not Asks.SOURCE else (merged(condition.operand), condition.is_negated)
        for condition in rule.conditions
    ]


def merged(ranges):
    found = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return found


def test_nft_rules__chooses_among_endpoint_chains():
    actions = done("numgen random mod 2 vmap { 0 : goto other, 1 : jump other }")

    assert actions == (Choose((Goto("other"), Jump("other"))),)


def test_nft_rules__chooses_among_addresses():
    (rule,) = read(
        "meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 81 }"
    )

    assert rule.conditions == (Condition(Asks.PROTOCOL, frozenset({"tcp"})),)
    assert rule.actions == (Choose((Dnat((A, A), (80, 80)), Dnat((A + 1, A + 1), (81, 81)))),)


def test_nft_rules__understands_a_single_endpoint_without_a_map():
    (rule,) = read("meta l4proto tcp dnat to 10.0.0.1:80")

    assert rule.actions == (Dnat((A, A), (80, 80)),)


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("numgen inc mod 2 vmap { 0 : accept, 1 : drop }", (Choose((Accept(), Drop()), is_random=False),)),
        ("numgen random mod 4 vmap { 0-2 : accept, 3 : drop }", (Choose((Accept(),) * 3 + (Drop(),)),)),
        ("dnat ip addr . port to 10.0.0.1 . 80", (Dnat((A, A), (80, 80)),)),
        ("dnat ip to 10.0.0.1-10.0.0.4:80-90 random,persistent", (Dnat((A, A + 3), (80, 90)),)),
        ("dnat to 10.0.0.1", (Dnat((A, A)),)),
        ("dnat to :81", (Dnat(None, (81, 81)),)),
        ("dnat ip to tcp dport map { 80 : 10.0.0.1 . 8080 }", (Opaque("dnat ip to tcp dport map { 80 : 10.0.0.1 . 8080 }"),)),
        ("snat ip to 10.0.0.1", (Opaque("snat ip to 10.0.0.1"),)),
        ("masquerade fully-random", (Masquerade(is_random=True),)),
        ("masquerade to :1-4", (Masquerade(),)),
        ("reject with icmp type admin-prohibited", (Reject("with icmp type admin-prohibited"),)),
        ("return", (Return(),)),
        ("meta mark set meta mark | 0x00004000", (SetMark(0x4000, 0x4000),)),
        ("mark set mark or 0x4000", (SetMark(0x4000, 0x4000),)),
        ("mark set mark xor 0x4000", (SetMark(0x4000, 0),)),
        ("mark set mark and 0xff", (SetMark(0, 0xFFFFFF00),)),
        ("mark set mark and 0xff or 0x101", (SetMark(0, 0xFFFFFF00), Opaque("or 0x101"))),
        ("meta mark set 0x1", (SetMark(1, 0xFFFFFFFF),)),
        ("ct mark set meta mark", (Continue("ct mark set meta mark"),)),
        ('log prefix "a b" level info accept', (Continue('log prefix "a b" level info'), Accept())),
        ("redirect to :80", (Opaque("redirect to :80"),)),
        ("notrack", (Untrack(),)),
        ("meta mark set ct mark", (SetMark(0, 0xFFFFFFFF),)),
        ("meta mark set ct mark and 0x80", (SetMark(0, 0xFFFFFFFF),)),
        ("ct mark set ct mark or 0x80", (Continue("ct mark set ct mark or 0x80"),)),
        ("ct mark set mark", (Continue("ct mark set mark"),)),
        ("numgen random mod 3 vmap { 0 : accept, 1 : drop }", (Choose((Accept(), Drop(), NO_ENTRY)),)),
        (
            "dnat to numgen random mod 3 map { 0 : 10.0.0.1, 2 : 10.0.0.2 }",
            (Choose((Dnat((A, A)), NO_ENTRY, Dnat((A + 1, A + 1)))),),
        ),
        ("jhash ip saddr mod 2 vmap { 0 : jump other, 1 : goto other }",
         (Opaque("jhash ip saddr mod 2 vmap { 0 : jump other , 1 : goto other }"),)),
        ("dnat ip to jhash ip saddr mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }",
         (Opaque("dnat ip to jhash ip saddr mod 2 map { 0 : 10.0.0.1 , 1 : 10.0.0.2 }"),)),
        ("numgen random mod 4294967295 vmap { 0-4294967294 : accept }",
         (Opaque("numgen random mod 4294967295 vmap { 0-4294967294 : accept }"),)),
        ("update @addresses", (Opaque("update @addresses"),)),
        ("dnat to tcp dport", (Opaque("dnat to tcp dport"),)),
        ("dnat to example.org", (Opaque("dnat to example.org"),)),
        ("snat to 10.0.0.1:80-90", (Opaque("snat to 10.0.0.1:80-90"),)),
        ('xt target "MASQUERADE"', (Opaque('xt target "MASQUERADE"'),)),
        ("delete @addresses { ip saddr }", (Continue("delete @addresses { ip saddr }"),)),
        ("update @addresses { ip saddr . ip daddr }", (Continue("update @addresses { ip saddr . ip daddr }"),)),
        ("update @addresses { ip saddr timeout 5s }", (Remember("addresses"),)),
        ("ip daddr . meta l4proto . th dport vmap @verdicts",
         (Look((Asks.DESTINATION, Asks.PROTOCOL, Asks.DESTINATION_PORT), "verdicts"),)),
        ("ct state vmap { invalid : drop, established : accept }",
         (Look((Asks.CONNECTION_STATE,), elements=((("INVALID",), Drop()), (("ESTABLISHED",), Accept()))),)),
    ],
)  # fmt: skip
def test_nft_rules__understands_actions(text, actions):
    assert done(text, sets=ADDRESSES + VERDICTS) == actions


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("ip saddr != { 10.0.0.1, 10.0.0.4-10.0.0.7, 10.0.1.0/24 }",
         Condition(Asks.SOURCE, ((A, A), (A + 3, A + 6), (A + 255, A + 510)), True)),
        ("ip daddr 10.0.0.0/30", Condition(Asks.DESTINATION, ((A - 1, A + 2),))),
        ("th dport { 80, 90-99 }", Condition(Asks.DESTINATION_PORT, ((80, 80), (90, 99)))),
        ("meta l4proto { tcp, 17 }", Condition(Asks.PROTOCOL, frozenset({"tcp", "udp"}))),
        ("ct state established,related", Condition(Asks.CONNECTION_STATE, frozenset({"ESTABLISHED", "RELATED"}))),
        ("ct status dnat", Condition(Asks.CONNECTION_STATE, frozenset({"DNAT"}))),
        ("fib daddr type local", Condition(Asks.DESTINATION_TYPE, frozenset({"LOCAL"}))),
        ('iifname != "cali*"', Condition(Asks.IN_INTERFACE, "cali*", True)),
        ("oif lo", Condition(Asks.OUT_INTERFACE, "lo")),
        ("meta mark & 0x00004000 != 0x00000000", Condition(Asks.MARK, (0, 0x4000), True)),
        ("mark and 0x4000 == 0x4000", Condition(Asks.MARK, (0x4000, 0x4000))),
        ("meta mark != 0x00000000/1", Condition(Asks.MARK, (0, 0x80000000), True)),
        ("mark 7", Condition(Asks.MARK, (7, 0xFFFFFFFF))),
        ("ip daddr @addresses", Condition(Asks.IN_SET, ("addresses", (Asks.DESTINATION,)))),
        ("ip saddr @lasting", Condition(Asks.REMEMBERED, ("lasting", 90))),
        ("meta random & 2147483647 < 715827883", Condition(Asks.CHANCE, 715827883)),
        ("meta random & 2147483647 >= 715827883", Condition(Asks.CHANCE, 715827883, True)),
        ("numgen inc mod 3 0", Condition(Asks.OPAQUE, "numgen inc mod 3 0")),
        ("numgen random mod 3 < 1", Condition(Asks.OPAQUE, "numgen random mod 3 < 1")),
        ('iifname { "a", "b" }', Condition(Asks.OPAQUE, 'iifname { "a" , "b" }')),
        ("th dport https", Condition(Asks.OPAQUE, "th dport https")),
        ("fib daddr . iif type local", Condition(Asks.OPAQUE, "fib daddr . iif type local")),
        ("limit rate 10/second burst 5 packets", Condition(Asks.OPAQUE, "limit rate 10/second burst 5 packets")),
        ("ip saddr . ip daddr 10.0.0.1 . 10.0.0.2", Condition(Asks.OPAQUE, "ip saddr . ip daddr 10.0.0.1 . 10.0.0.2")),
        ("numgen odd", Condition(Asks.OPAQUE, "numgen odd")),
        ("ip saddr & 0x1 == 0x1", Condition(Asks.OPAQUE, "ip saddr & 0x1 == 0x1")),
        ("ip saddr { 10.0.0.1 . 10.0.0.2 }", Condition(Asks.OPAQUE, "ip saddr { 10.0.0.1 . 10.0.0.2 }")),
        ("mark 1,2", Condition(Asks.OPAQUE, "mark 1 , 2")),
        ("meta random < 5", Condition(Asks.OPAQUE, "meta random < 5")),
        ('xt match "recent"', Condition(Asks.OPAQUE, 'xt match "recent"')),
    ],
)  # fmt: skip
def test_nft_rules__understands_conditions(text, condition):
    sets = (
        ADDRESSES
        + "\tset lasting {\n\t\ttype ipv4_addr\n\t\tflags dynamic,timeout\n\t\ttimeout 1m30s\n\t}\n\n"
    )

    assert asked(text, sets=sets) == condition


def test_nft_rules__transport_ports_ask_for_their_protocol():
    (rule,) = read("meta l4proto tcp tcp dport 80 tcp sport 81 accept")

    assert [condition.asks for condition in rule.conditions] == [
        Asks.PROTOCOL, Asks.DESTINATION_PORT, Asks.SOURCE_PORT
    ]  # fmt: skip


def test_nft_rules__passes_over_matches_of_iptables_that_always_hold():
    (rule,) = read('xt match "comment" xt match nfacct counter packets 3 bytes 180 jump other')

    assert (rule.conditions, rule.actions) == ((), (Jump("other"),))
    assert (rule.packets, rule.bytes) == (3, 180)


def test_nft_rules__a_condition_behind_an_action_is_opaque():
    (rule,) = read("meta mark set 0x1 ip saddr 10.0.0.1 accept")

    assert rule.actions == (SetMark(1, 0xFFFFFFFF), Opaque("ip saddr 10.0.0.1 accept"))


def test_nft_rules__keeps_text_comment_and_counts_and_drops_handles():
    (rule,) = read(
        'ip daddr 10.0.0.1 counter packets 1 bytes 60 drop comment "counter packets 2 bytes 3" # handle 12'
    )

    assert rule.text == 'ip daddr 10.0.0.1 counter drop comment "counter packets 2 bytes 3"'
    assert (rule.comment, rule.packets, rule.bytes, rule.line) == ("counter packets 2 bytes 3", 1, 60, 7)


def test_nft_rules__a_set_that_is_not_shown_is_remembered_by_its_name():
    rules = nft_rules("table ip t {\n\tchain c {\n\t\tip saddr @affinity-X goto d\n\t}\n}\n")

    (condition,) = rules.tables["t"].chains["c"].rules[0].conditions
    assert condition == Condition(Asks.REMEMBERED, ("affinity-X", None))
    assert "d (line 3)" in rules.missing[0]


def test_nft_rules__reads_sets_with_notes_and_properties():
    text = (
        "table ip t {\n\tset s {\n\t\ttype ipv4_addr\n\t\tsize 65535\n\t\tflags dynamic,timeout\n\t\ttimeout 3h\n"
        '\t\tcomment "clients"\n\t\telements = { 10.0.0.1 expires 2h59m4s99ms,\n\t\t\t     * }\n\t}\n}\n'
    )

    rules = nft_rules(text)

    held = rules.tables["t"].sets["s"]
    assert (held.flags, held.timeout_s) == (("dynamic", "timeout"), 10800)
    assert held.properties == (
        "type ipv4_addr", "size 65535", "flags dynamic,timeout", "timeout 3h", 'comment "clients"'
    )  # fmt: skip
    assert held.notes == {((A, A),): "expires 2h59m4s99ms"}
    assert rules.missing == ("sets with elements that are not understood: s (line 2)",)


def test_nft_rules__inet_table_is_read_for_each_family():
    rule4, rule6 = (
        read("ip6 saddr fd00::/64 accept", family="inet", version=version)[0] for version in (4, 6)
    )

    assert rule4.conditions[0] == Condition(Asks.SOURCE, ())
    assert [condition.asks for condition in rule6.conditions] == [Asks.SOURCE]


def test_nft_rules__translation_of_the_other_family_stays_opaque():
    (rule,) = read("dnat ip6 to [fd00::1]:80", family="inet", version=4)

    assert rule.actions == (Opaque("dnat ip6 to [fd00::1]:80"),)


@pytest.mark.parametrize(("version", "other"), [(4, 6), (6, 4)])
def test_nft_rules__says_that_the_other_family_is_not_read(version, other):
    text = listing("accept") + listing("drop", family="ip6") + listing("drop", family="bridge")

    rules = nft_rules(text, version=version)

    assert (rules.version, [*rules.tables]) == (version, ["kube-proxy", "bridge kube-proxy"])
    assert rules.notes == (f"the text also holds rules of IPv{other}, which are not read here",)
    assert rules.missing == ()
    assert rules.tables["bridge kube-proxy"].chains["base"].hook == "bridge prerouting"


def test_nft_rules__other_tables_of_the_other_family_are_said_too():
    text = "table ip6 nat {\n}\n" + listing("accept")

    assert nft_rules(text).missing == ()
    assert nft_rules(text).notes == ("the text also holds rules of IPv6, which are not read here",)


def test_nft_rules__an_inet_table_is_there_for_the_other_family_too():
    text = "table inet filter {\n}\n" + listing("accept", family="ip6")

    assert nft_rules(text, version=4).tables.keys() == {"inet filter"}
    assert nft_rules(text).version == 6


def test_nft_rules__an_inet_table_alone_has_no_other_family():
    assert nft_rules(listing("accept", family="inet")).notes == ()


def test_nft_rules__takes_the_family_that_has_kube_proxy():
    text = "table ip nat {\n}\n" + listing("accept", family="ip6")

    assert nft_rules(text).version == 6
    assert nft_rules(text, version=4).tables.keys() == {"nat"}
    assert nft_rules(text).missing == ()


def test_nft_rules__refuses_a_family_that_is_not_there():
    with pytest.raises(
        UnreadableError, match=r"rules\.nft: found rules of IPv4 only, expected rules of IPv6"
    ):
        nft_rules(listing(), "rules.nft", version=6)


def test_nft_rules__keeps_objects_that_change_no_way():
    text = (
        "table ip t {\n\tcounter hits {\n\t\tpackets 1 bytes 2\n\t}\n\n"
        '\tct helper ftp {\n\t\ttype "ftp" protocol tcp\n\t\tl3proto ip\n\t}\n}\n'
    )

    others = nft_rules(text).tables["t"].others

    assert others == {
        "counter hits": ("packets 1 bytes 2",),
        "ct helper ftp": ('type "ftp" protocol tcp', "l3proto ip"),
    }


@pytest.mark.parametrize(
    ("priority", "value"), [("dstnat - 10", -110), ("raw + 5", -295), ("-110", -110), ("srcnat", 100)]
)
def test_nft_rules__reads_priorities(priority, value):
    text = f"table ip t {{ chain c {{ type nat hook prerouting priority {priority}; policy drop; }} }}"

    chain = nft_rules(text).tables["t"].chains["c"]

    assert (chain.priority, chain.policy, chain.type) == (value, "DROP", "nat")


def test_nft_rules__commands_are_applied_in_their_order():
    text = (
        "add table t\nadd chain t c\nadd rule t c accept\nflush chain t c\nadd rule t c drop\ninsert rule t c return\n"
        "add set t s { type inet_service ; }\nadd element t s { 80, 81 }\ndelete element t s { 80 }\n"
        "add set t gone { type mark ; }\nflush set t gone\ndelete set t gone\nadd chain t d\ndelete chain t d\n"
        "add counter t hits { packets 0 bytes 0 ; }\n"
    )

    table = nft_rules(text).tables["t"]

    assert [rule.actions for rule in table.chains["c"].rules] == [(Return(),), (Drop(),)]
    assert (list(table.chains), table.sets.keys(), list(table.sets["s"].elements)) == (["c"], {"s"}, [(81,)])


def test_nft_rules__flushed_and_deleted_tables_are_gone():
    text = "add table a\nflush ruleset\nadd table b\nadd chain b c\nadd rule b c drop\nflush table b\nadd table d\ndelete table d\n"

    tables = nft_rules(text).tables

    assert list(tables) == ["b"]
    assert tables["b"].chains["c"].rules == ()


def test_nft_rules__a_later_sync_alone_says_what_it_changes():
    text = "add rule ip t c goto d\nflush chain ip t e\nadd element ip t s { 10.0.0.1 }\ndelete set ip t u\nflush set ip t v\n"

    rules = nft_rules(text)

    assert rules.missing[0] == (
        "commands change what the text does not make: "
        "chain c (line 1), chain e (line 2), element s (line 3), set u (line 4), set v (line 5)"
    )


def test_nft_rules__passes_over_a_prompt_before_and_after():
    text = f"root@node-1:~# sudo nft -a list ruleset\n{listing('accept')}root@node-1:~# \n"

    assert "kube-proxy" in nft_rules(text).tables


CUT = listing("jump other", "ip daddr 10.0.0.1 drop")


@pytest.mark.parametrize("length", range(len("table ip kube-proxy {\n"), len(CUT) - 1))
def test_nft_rules__a_cut_listing_says_so(length):
    rules = nft_rules(CUT[:length])

    assert rules.missing[0].startswith("the text ends at line")
    chain = rules.tables["kube-proxy"].chains.get("base")
    assert (
        chain is None
        or [rule.text for rule in chain.rules] == ["jump other", "ip daddr 10.0.0.1 drop"][: len(chain.rules)]
    )


def test_nft_rules__a_cut_list_keeps_its_whole_elements():
    text = (
        "table ip t {\n\tset s {\n\t\ttype ipv4_addr\n\t\telements = { 10.0.0.1, 10.0.0.2,\n\t\t\t     10.0.0"
    )

    assert list(nft_rules(text).tables["t"].sets["s"].elements) == [((A, A),), ((A + 1, A + 1),)]


def test_nft_rules__a_cut_command_is_left_out():
    rules = nft_rules("add table ip t\nadd chain ip t c\nadd rule ip t c ip daddr 10.0.")

    assert rules.missing == ("line 3 is cut off and left out",)
    assert rules.tables["t"].chains["c"].rules == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (listing() + "}\n", r"rules\.nft: line 9: the line: found '}', expected no closing brace"),
        (listing().replace("\t}\n\n\tchain base", "\n\tchain base"), "line 4: .* expected braces closed before"),
        ("table ip t {\n\tset s {\n\t\ttype mark\n\t\telements = { 1,\n\t\t\t2\n\t}\n\tchain c { }\n", "line 7: the line: found .chain c .* expected braces closed"),
        ("table ip t {\n\tset s { elements = { 1; } }\n}\n", "line 2: the line: .* a closing brace before ;"),
        ('table ip t {\n\tcomment "x\n}\n', "line 2: the line: .* expected every quote closed"),
        ("tabel ip t {\n}\n", "line 1: command: found 'add tabel ip t', expected table, chain"),
        ("table ip t {\n\tchian c {\n\t}\n}\n", "line 2: command: found 'add chian ip t c"),
        ("table ip t {\n\thello\n}\n", "line 2: command: found 'add hello ip t'"),
        ("chain c {\n}\n", r"line 1: command: found 'chain c', expected chain \[FAMILY\] TABLE NAME"),
        ("replace rule ip t c handle 4 drop\n", "line 1: command: found 'add replace"),
        ("delete rule ip t c handle 4\n", "line 1: command: found 'delete rule ip t c'"),
        (listing("jump nowhere"), "line 7: rule: found 'nowhere', expected a chain of table ip kube-proxy"),
        (listing("ip daddr @nowhere drop"), "line 7: rule: found '@nowhere', expected a set or map of table"),
        (listing(sets="\tmap m {\n\t\ttype mark : verdict\n\t\telements = { 1 : goto nowhere }\n\t}\n"), "line 2: rule: found 'nowhere'"),
        (listing("jump base"), "line 7: chain: found 'base', expected chains that do not lead back"),
        (listing("tcp dport 70000 drop"), "line 7: port: found '70000', expected a port from 0 to 65535"),
        (listing("tcp dport 90-80 drop"), "line 7: port: found '90-80', expected the lower port first"),
        (listing("ip daddr 10.0.0.300 drop"), "line 7: address: found '10.0.0.300', expected an IPv4 address"),
        (listing("ip daddr 10.0.0.0/33 drop"), "line 7: address: found '10.0.0.0/33', expected a prefix length"),
        (listing("ip daddr 10.0.0.2-10.0.0.1 drop"), "line 7: address: .* the lower address first"),
        (listing("numgen random mod 3 vmap { 0 : accept, 1 : accept, 1 : drop }"), "line 7: numgen: .* each number below 3 at most once"),
        (listing("numgen random mod 2 vmap { 0 : accept, 2 : drop }"), "line 7: numgen: found '2', expected a number from 0 to 1"),
        (listing("numgen random mod 3 vmap { 1-0 : accept }"), "line 7: numgen: found '1-0', expected the lower number first"),
        (listing("numgen random mod 0 vmap { 0 : accept }"), "line 7: numgen: found 'mod 0'"),
        (listing("numgen random mod 2 vmap { 0 : accept, 1 : }"), "line 7: map: found '1 :', expected KEY : VALUE"),
        (listing("numgen random mod 1 vmap { 0 : leap }"), "line 7: verdict: found 'leap', expected accept"),
        (listing("meta mark 0x1ffffffff accept"), "line 7: mark: found '0x1ffffffff', expected a mark from 0"),
        (listing("dnat to 10.0.0.1:70000"), "line 7: .*found '70000', expected a port"),
        (listing("ct state vmap { new . new : drop }"), "line 7: key: found 'new . new', expected ct_state"),
        (listing().replace("priority dstnat", "priority dstnut"), "line 5: chain: found '.*priority dstnut', expected .*or a standard priority"),
        (listing().replace("accept;", "maybe;"), "line 5: policy: found 'maybe', expected accept or drop"),
        (listing().replace("hook prerouting", "hock"), "line 5: chain: found 'type nat hock"),
        ("table ip t {\n\tset s {\n\t\ttype mark\n\t\ttimeout soon\n\t}\n}\n", "line 2: timeout: found 'soon', expected a duration"),
        ("table ip t {\n\tset s {\n\t\ttype mark\n\t\telements = 5\n\t}\n}\n", "line 4: elements: found '5'"),
        ("add table t\nadd map t m { type mark : verdict ; }\nadd element t m { 1 }\n", "line 3: elements: found '1', expected KEY : VALUE"),
        ("add table t\nadd map t m { type mark : verdict ; }\nadd element t m { 1 : drop }\nadd element t m { 1 : accept }\n",
         "line 4: element: found '1 : accept', expected no key twice with two values"),
        ("add table t\nadd map t m { type mark : verdict ; }\nadd element t m { 1 : drop, 1 : accept }\n", "line 3: element: .* no key twice"),
        ("add table t\nadd set t s { type mark ; }\nadd element t s { 1 } 2\n", "line 3: elements: .* expected { KEY, … }"),
        ("table ip t {\n\tset s {\n\t\ttype mark\n\t\telements = { 1\n\t\t\t2 }\n\t}\n}\n", "line 4: the line: found 'elements = { 1', expected a comma or a closing brace"),
        ("add table t\nadd rule t c drop\n", "line 2: rule: found 'c', expected a chain of table ip t"),
    ],
)  # fmt: skip
def test_nft_rules__refuses_with_file_line_and_text(text, message):
    with pytest.raises(ManifestError, match=message):
        nft_rules(text, "rules.nft")


@pytest.mark.parametrize("text", ["", "\n# a comment\n"])
def test_nft_rules__refuses_a_text_without_tables(text):
    with pytest.raises(UnreadableError, match="found no nft table or command"):
        nft_rules(text)


def test_nft_rules__finds_a_circle_through_a_map():
    text = listing(
        "ip daddr vmap @m",
        sets="\tmap m {\n\t\ttype ipv4_addr : verdict\n\t\telements = { 10.0.0.1 : goto base }\n\t}\n\n",
    )

    with pytest.raises(ManifestError, match="line 2: chain: found 'base', expected chains that do not"):
        nft_rules(text)


@pytest.mark.parametrize(
    "text",
    [
        listing("ip saddr 10.0.0.1 " * 100_000 + "drop"),
        listing("log " * 200_000 + "drop"),
        listing("numgen random mod 65535 vmap { 0-65534 : accept }\n" * 2_000),
        "add table t\n" + "delete table u\n" * 50_000,
        "@" * 200_000 + ":" * 200_000 + "\n",
        "# " * 200_000 + "\n",
        "table ip t {\n" + "chain c {\n" * 20_000,
        "table ip t {\nset s {\ntype mark\nelements = { " + "1, " * 200_000 + "\n",
        "".join(f"add chain t c{n}\n" for n in range(20_000))
        + "".join(f"add rule t c{n} jump c{n + 1}\n" for n in range(19_999)),
    ],
    ids=range(9),
)
def test_nft_rules__hostile_texts_take_little_time(text):
    start = time.process_time()

    with contextlib.suppress(KubenetlabError):
        nft_rules(text)

    assert time.process_time() - start < 5


@pytest.mark.parametrize("version", [4, 6])
def test_read_rules__takes_the_family_that_is_asked_for(version, tmp_path):
    (tmp_path / "rules").write_text(listing("accept") + listing("accept", family="ip6"))

    assert read_rules(tmp_path / "rules", version).version == version
