from collections import Counter
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import KubenetlabError, ManifestError
from kubenetlab.load_balancing import chain_walk, deeds
from kubenetlab.load_balancing.packet import Fate, Packet
from kubenetlab.load_balancing.walk import Walker, walk
from kubenetlab.objects.packet_rules import (
    Accept,
    Asks,
    Chain,
    Choose,
    Condition,
    Continue,
    Dnat,
    Drop,
    Goto,
    Jump,
    Look,
    Masquerade,
    NamedSet,
    Opaque,
    Reject,
    Remember,
    Return,
    Rule,
    RuleSet,
    SetMark,
    Table,
)
from kubenetlab.readers.rules import rules_from_text
from tests.load_balancing.reference import (
    CASES,
    nat,
    recorded_packets,
    recorded_rules,
    restored,
    rule,
    thrown_fates,
    to,
)

ONE = 2**31
PACKET = Packet("10.0.0.9", "10.96.0.1", "tcp", 80)
NO_ENDPOINT = ("", "REJECT", "DROP", "ACCEPT")
STOPPED = {Fate.REJECTED: "REJECT", Fate.DROPPED: "DROP"}
TRACES = {
    "output.save": "output.trace.jsonl",
    "output.iptables-nft-save": "output.trace.jsonl",
    "output.nft-kernel-list": "output.nft-trace.jsonl",
    "output.ipv6.save": "output.ipv6.trace.jsonl",
    "output.ip6tables-nft-save": "output.ipv6.trace.jsonl",
}
RECORDED = [
    (path.name, rules, trace)
    for path in sorted(CASES.iterdir())
    for rules, trace in TRACES.items()
    if list(path.glob(f"{rules}*")) and list(path.glob(f"{trace}*"))
]


def fates(walked):
    return Counter({way.destination if way.is_translated else way.fate: 0 for way in walked}) + Counter(
        {
            key: sum(w.probability for w in walked if (w.destination if w.is_translated else w.fate) == key)
            for key in {way.destination if way.is_translated else way.fate for way in walked}
        }
    )


def only(walked):
    (way,) = walked
    return way


# ---- recordings of kube-proxy v1.36.2 and of the kernel


@pytest.mark.parametrize(("case", "name", "trace"), RECORDED)
def test_walk__reaches_the_recorded_endpoints(case, name, trace):
    walker = Walker(recorded_rules(case, name))
    for packet, outputs, is_masqueraded in recorded_packets(case, trace):
        ways = walker.walk(packet)

        # The tracer goes on with the old destination after a DNAT, and marks what is then dropped.
        endpoints = {output for output in outputs if output not in NO_ENDPOINT}
        assert {way.destination for way in ways if way.is_translated} == endpoints
        if endpoints:
            assert any(way.is_masqueraded for way in ways) == is_masqueraded
        else:
            assert {STOPPED.get(way.fate, "") for way in ways} == {o.replace("ACCEPT", "") for o in outputs}


@pytest.mark.parametrize("case", ["005", "010", "029", "042", "104"])
@pytest.mark.parametrize("name", ["output.save", "output.nft-kernel-list"])
def test_walk__probabilities_add_to_one(case, name):
    walker = Walker(recorded_rules(case, name))

    for packet, *_ in recorded_packets(case):
        assert sum(way.probability for way in walker.walk(packet)) == 1


# ---- laws

CHANCES = st.integers(0, ONE)
MARKS = st.integers(0, 3)
ACTIONS = st.one_of(
    st.builds(to, st.integers(1, 3)),
    st.just(Accept()),
    st.just(Drop()),
    st.just(Reject()),
    st.just(Return()),
    st.builds(SetMark, MARKS, MARKS),
    st.builds(
        lambda outcomes: Choose(tuple(outcomes)),
        st.lists(st.builds(to, st.integers(1, 3)), min_size=1, max_size=3),
    ),
)


def rules_that(jumps):
    action = st.one_of(ACTIONS, *[st.sampled_from([Jump(name), Goto(name)]) for name in jumps])
    asked = st.one_of(
        st.none(),
        st.builds(lambda q: Condition(Asks.CHANCE, q), CHANCES),
        st.builds(
            lambda value, mask, n: Condition(Asks.MARK, (value & mask, mask), n), MARKS, MARKS, st.booleans()
        ),
    )
    one = st.builds(lambda c, a: Rule((c,) if c else (), (a,)), asked, action)
    return st.lists(one, max_size=5).map(tuple)


RULE_SETS = st.builds(
    lambda first, a, b: nat(("PREROUTING", *first), ("a", *a), ("b", *b)),
    rules_that(["a", "b"]),
    rules_that(["b"]),
    rules_that([]),
)


@given(rules=RULE_SETS)
def test_walk__probabilities_of_any_rules_add_to_one(rules):
    assert sum(way.probability for way in walk(rules, PACKET)) == 1


@given(rules=RULE_SETS, seed=st.integers(0, 2**32 - 1))
def test_walk__agrees_with_packets_that_throw_dice(rules, seed):
    n = 300
    thrown = thrown_fates(rules, PACKET._replace(destination="10.96.0.1:80"), np.random.default_rng(seed), n)

    exact = Counter()
    for way in walk(rules, PACKET):
        exact[way.fate, way.destination, way.mark] += way.probability

    assert thrown.keys() <= exact.keys()
    for end, probability in exact.items():
        sigma = float(probability * (1 - probability) / n) ** 0.5
        assert abs(thrown[end] / n - probability) <= 6 * sigma + 3 / n


@given(chances=st.lists(CHANCES, min_size=1, max_size=60))
def test_walk__of_a_chain_of_chances_is_their_product(chances):
    rules = nat(("PREROUTING", *[rule(to(i), chance=q) for i, q in enumerate(chances)]))

    got = {way.destination: way.probability for way in walk(rules, PACKET)}

    missed = [
        prod([Fraction(ONE - q, ONE) for q in chances[:i]], start=Fraction(1))
        for i in range(len(chances) + 1)
    ]
    wanted = {f"0.0.0.{i}:80": missed[i] * Fraction(q, ONE) for i, q in enumerate(chances)} | {
        "10.96.0.1:80": missed[-1]
    }
    assert got == {end: probability for end, probability in wanted.items() if probability}


# ---- the kernel's semantics


def test_walk__goto_does_not_come_back_to_the_chain_that_went():
    rules = nat(
        ("PREROUTING", rule(Jump("a")), rule(to(3))),
        ("a", rule(Goto("b")), rule(to(1))),
        ("b", rule(SetMark(1, 1))),
    )

    assert only(walk(rules, PACKET)).destination == "0.0.0.3:80"


def test_walk__return_goes_back_to_the_chain_that_jumped():
    rules = nat(("PREROUTING", rule(Jump("a")), rule(to(2))), ("a", rule(Return()), rule(to(1))))

    assert only(walk(rules, PACKET)).destination == "0.0.0.2:80"


SAVE = """*raw
:PREROUTING ACCEPT [0:0]
{raw}
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination {to}
-A OUTPUT -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination {to}
-A POSTROUTING -s 10.0.0.9/32 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD {policy} [0:0]
:OUTPUT ACCEPT [0:0]
{filter}
COMMIT
"""


def saved(raw="", filter="", policy="ACCEPT", to="10.244.0.7:8080"):
    return rules_from_text(SAVE.format(raw=raw, filter=filter, policy=policy, to=to), "saved")


def test_walk__filter_sees_the_new_destination():
    way = only(walk(saved(filter="-A FORWARD -d 10.244.0.7/32 -j DROP"), PACKET))

    assert (way.fate, way.destination) == (Fate.DROPPED, "10.244.0.7:8080")


def test_walk__a_translated_packet_has_connection_state_dnat():
    way = only(walk(saved(filter="-A FORWARD -m conntrack --ctstate DNAT -j REJECT"), PACKET))

    assert way.fate is Fate.REJECTED


def test_walk__a_policy_drops_what_no_rule_takes():
    assert only(walk(saved(policy="DROP"), PACKET)).fate is Fate.DROPPED


def test_walk__raw_comes_before_nat():
    way = only(walk(saved(raw="-A PREROUTING -d 10.96.0.1/32 -j DROP"), PACKET))

    assert (way.fate, way.is_translated) == (Fate.DROPPED, False)


def test_walk__masquerade_is_after_forward_only():
    forwarded, delivered_here = (
        only(walk(saved(), PACKET._replace(local_addresses=addresses))) for addresses in [(), ("10.244.0.7",)]
    )

    assert (forwarded.is_masqueraded, delivered_here.is_masqueraded) == (True, False)


def test_walk__a_packet_of_the_node_starts_at_output():
    rules = saved(filter="-A OUTPUT -d 10.244.0.7/32 -j REJECT")

    assert only(walk(rules, PACKET._replace(local_addresses=("10.0.0.9",)))).fate is Fate.REJECTED


def test_walk__a_packet_from_the_node_to_itself_passes_input_but_no_second_nat():
    rules = saved(filter="-A INPUT -d 10.0.0.9/32 -m conntrack --ctstate NEW -j REJECT", to="10.0.0.9:80")

    way = only(walk(rules, PACKET._replace(local_addresses=("10.0.0.9",))))

    assert (way.fate, [step.chain for step in way.steps]) == (
        Fate.REJECTED,
        ["OUTPUT", "POSTROUTING", "INPUT"],
    )


def test_walk__nftables_chains_run_by_priority():
    drop = Chain("late", (rule(Drop()),), "prerouting", 10, "ACCEPT", "filter")
    accept = Chain("early", (rule(to(1)),), "prerouting", -100, "ACCEPT", "nat")
    rules = RuleSet("by hand", "nft list", tables={"t": Table("t", {"late": drop, "early": accept})})

    assert [step.chain for step in only(walk(rules, PACKET)).steps] == ["early", "late"]


def test_walk__only_the_first_nat_table_translates():
    chains = [Chain(f"c{i}", (rule(to(i)),), "prerouting", -100, "ACCEPT", "nat") for i in (1, 2)]
    rules = RuleSet(
        "by hand", "nft list", tables={f"t{i}": Table(f"t{i}", {f"c{i}": c}) for i, c in enumerate(chains, 1)}
    )

    assert only(walk(rules, PACKET)).destination == "0.0.0.1:80"


@pytest.mark.parametrize(
    ("asked", "is_met"),
    [
        ({"SOURCE": ((0x0A000000, 0x0A0000FF),)}, True),
        ({"SOURCE_PORT": ((1, 1023),)}, False),
        ({"PROTOCOL": frozenset({"udp"})}, False),
        ({"IN_INTERFACE": "cali*"}, True),
        ({"IN_INTERFACE": "cali"}, False),
        ({"OUT_INTERFACE": "eth0"}, False),
        ({"MARK": (0x10, 0x10)}, True),
        ({"SOURCE_TYPE": frozenset({"LOCAL"})}, False),
        ({"DESTINATION_TYPE": frozenset({"UNICAST"})}, True),
        ({"CONNECTION_STATE": frozenset({"ESTABLISHED", "RELATED"})}, False),
        ({"REMEMBERED": ("list", 10800)}, False),
        ({"IN_SET": ("known", (Asks.DESTINATION,))}, True),
        ({"IN_SET": ("ranges", (Asks.DESTINATION, Asks.DESTINATION_PORT))}, True),
        ({"IN_SET": ("clients", (Asks.SOURCE,))}, False),
    ],
)
def test_walk__answers_what_a_rule_asks(asked, is_met):
    here, wide = (0x0A600001,) * 2, (0x0A600000, 0x0A60FFFF)
    sets = {
        "known": NamedSet("known", "ipv4_addr", {(here,): None}),
        "ranges": NamedSet("ranges", "ipv4_addr . inet_service", {(wide, 80): None}, flags=("interval",)),
        "clients": NamedSet("clients", "ipv4_addr", flags=("dynamic", "timeout")),
    }
    table = Table("nat", {"PREROUTING": Chain("PREROUTING", (rule(Drop(), **asked),))}, sets)
    packet = PACKET._replace(mark=0x10, in_interface="cali12")

    way = only(walk(RuleSet("by hand", "iptables-save", tables={"nat": table}), packet))

    assert (way.fate is Fate.DROPPED) == is_met


@pytest.mark.parametrize(
    ("destination", "kind"),
    [
        ("224.0.0.1", "MULTICAST"),
        ("255.255.255.255", "BROADCAST"),
        ("127.0.0.1", "LOCAL"),
        ("10.1.1.1", "LOCAL"),
    ],
)
def test_walk__knows_types_of_addresses(destination, kind):
    rules = nat(("PREROUTING", rule(Drop(), DESTINATION_TYPE=frozenset({kind}))))

    assert (
        only(walk(rules, Packet("10.0.0.9", destination, local_addresses=("10.1.1.1",)))).fate is Fate.DROPPED
    )


def test_walk__chance_of_a_negated_condition_is_the_rest():
    asked = Condition(Asks.CHANCE, ONE // 4, is_negated=True)
    rules = nat(("PREROUTING", Rule((asked,), (Drop(),))))

    assert fates(walk(rules, PACKET))[Fate.DROPPED] == Fraction(3, 4)


def test_walk__a_turn_is_its_share_in_the_long_run():
    rules = nat(("PREROUTING", rule(to(1), TURN=(3, 0)), rule(to(2))))

    assert fates(walk(rules, PACKET)) == {"0.0.0.1:80": Fraction(1, 3), "0.0.0.2:80": Fraction(2, 3)}


def test_walk__numgen_inc_says_that_it_takes_turns():
    way, _ = walk(nat(("PREROUTING", rule(Choose((to(1), to(2)), is_random=False)))), PACKET)

    assert (way.probability, way.notes) == (Fraction(1, 2), (deeds.IN_TURN,))


@pytest.mark.parametrize(
    ("key", "found"), [(((0x0A600000, 0x0A6000FF), 80), Fate.DROPPED), ((0, 81), Fate.DELIVERED)]
)
def test_walk__looks_into_a_map_in_the_rule(key, found):
    look = Look((Asks.DESTINATION, Asks.DESTINATION_PORT), elements=((key, Drop()),))

    assert only(walk(nat(("PREROUTING", rule(look))), PACKET)).fate is found


# ---- what cannot be known


def test_walk__a_condition_that_is_not_understood_leaves_the_fate_unknown():
    way = only(walk(saved(filter="-A FORWARD -m set --match-set cali40s dst -j DROP"), PACKET))

    assert (way.fate, way.destination) == (Fate.UNKNOWN, "10.244.0.7:8080")
    assert "cali40s" in way.notes[0]


@pytest.mark.parametrize("action", [Continue("LOG"), Remember("list")])
def test_walk__a_condition_that_is_not_understood_before_a_harmless_action_does_no_harm(action):
    assert only(walk(nat(("PREROUTING", rule(action, OPAQUE="-m owner"))), PACKET)).fate is Fate.DELIVERED


def test_walk__an_action_that_is_not_understood_leaves_the_fate_unknown():
    way = only(walk(nat(("PREROUTING", rule(Opaque("TPROXY")))), PACKET))

    assert (way.fate, way.notes) == (Fate.UNKNOWN, ("not understood: TPROXY",))


def test_walk__an_unknown_source_translation_is_only_noted():
    way = only(walk(nat(("POSTROUTING", rule(Opaque("SNAT --to-source 192.0.2.1")))), PACKET))

    assert (way.fate, len(way.notes)) == (Fate.DELIVERED, 1)


@pytest.mark.parametrize("action", [Jump("gone"), Look((Asks.DESTINATION,), "gone"), Look((Asks.OPAQUE,))])
def test_walk__what_the_text_lacks_leaves_the_fate_unknown(action):
    assert only(walk(nat(("PREROUTING", rule(action))), PACKET)).fate is Fate.UNKNOWN


def test_walk__a_set_that_is_not_there_is_not_guessed():
    rules = nat(("PREROUTING", rule(Drop(), IN_SET=("gone", (Asks.SOURCE,)))))

    assert only(walk(rules, PACKET)).fate is Fate.UNKNOWN


@pytest.mark.parametrize(
    "asked", [{"IN_INTERFACE": "eth0"}, {"OUT_INTERFACE": "eth0"}, {"REMEMBERED": ("clients", 60)}]
)
def test_walk__says_what_it_takes_for_granted(asked):
    way = only(walk(nat(("PREROUTING", rule(Masquerade(), **asked))), PACKET))

    assert len(way.notes) == 1


def test_walk__a_range_of_addresses_is_named():
    way = only(walk(nat(("PREROUTING", rule(Dnat((1, 4), (80, 80))))), PACKET))

    assert way.destination == "0.0.0.1:80 to 0.0.0.4:80"
    assert "range" in way.notes[0]


def test_walk__dnat_to_a_port_keeps_the_address():
    assert (
        only(walk(nat(("PREROUTING", rule(Dnat(None, (8080, 8080))))), PACKET)).destination
        == "10.96.0.1:8080"
    )


# ---- refusals and bounds


def test_walk__refuses_a_loop():
    rules = nat(("PREROUTING", rule(Jump("a"))), ("a", rule(Jump("b"))), ("b", rule(Goto("a"))))

    with pytest.raises(
        ManifestError, match=r"by hand: chain a: jump: found PREROUTING -> a -> b -> a, expected"
    ):
        walk(rules, PACKET)


def test_walk__refuses_chains_nested_too_deep():
    rules = nat(("PREROUTING", rule(Jump("c0"))), *[(f"c{i}", rule(Jump(f"c{i + 1}"))) for i in range(500)])

    with pytest.raises(ManifestError, match="chains inside each other"):
        walk(rules, PACKET)


def test_walk__refuses_too_many_ways(monkeypatch):
    monkeypatch.setattr(chain_walk, "MAX_WAYS", 1000)
    double = [rule(SetMark(1 << i, 0), chance=ONE // 2) for i in range(20)]

    with pytest.raises(KubenetlabError, match="more than 1000 ways"):
        walk(nat(("PREROUTING", *double)), PACKET)


def test_walk__refuses_an_address_of_the_other_family():
    with pytest.raises(ValueError, match=r"::1 is not an IPv4 address"):
        walk(nat(("PREROUTING",)), Packet("::1", "10.0.0.1"))


def test_walk__a_thousand_endpoints_are_exact():
    walked = walk(restored(1000, digits=10), PACKET)

    assert len(walked.ways) == 1000
    assert sum(way.probability for way in walked) == 1
    assert (
        max(abs(way.probability * 1000 - 1) for way in walked) < 2.5e-7
    )  # facts T13: 2.4e-7 for 1,000 endpoints


# ---- packets and notes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", ""),
        ("destination", "web"),
        ("protocol", "xyz"),
        ("protocol", None),
        ("destination_port", 70000),
        ("destination_port", "80"),
        ("destination_port", True),
        ("source_port", -1),
        ("mark", 2**40),
        ("in_interface", None),
        ("local_addresses", "10.0.0.1"),
    ],
)
def test_packet__refuses_wrong_fields(field, value):
    with pytest.raises(ValueError, match=f"{field} is {value!r}, expected"):
        Packet(**{"source": "10.0.0.9", "destination": "10.96.0.1", field: value})


def test_packet__takes_protocols_in_capitals():
    assert Packet("10.0.0.9", "10.96.0.1", "TCP", 80) == PACKET


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        (
            {"DESTINATION_TYPE": frozenset({"LOCAL"})},
            "a rule asks for addresses of the node, and none is given",
        ),
        ({"SOURCE_PORT": ((1, 2),)}, "a rule asks the source port, which is taken as 40000"),
    ],
)
def test_walk__notes_what_it_takes_for_granted(asked, note):
    assert only(walk(nat(("PREROUTING", rule(Drop(), **asked))), PACKET)).notes[0].startswith(note)


def test_walk__refuses_what_is_no_packet():
    with pytest.raises(TypeError, match="packet is a str, expected a Packet"):
        walk(nat(("PREROUTING",)), "10.0.0.1")
