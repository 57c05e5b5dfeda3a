import re

import pytest

from kubenetlab.load_balancing.judgement import judge
from kubenetlab.objects.packet_rules import Accept, Jump, Return, SetMark
from kubenetlab.readers.rules import read_rules, rules_from_text
from tests.load_balancing.reference import CASES, DATA, content, nat, recorded_rules, restored, rule, to

ONE = 2**31
FIRST_SEED = DATA / "000-statistic-example.rules"
SECOND_SEED = DATA / "001-two-endpoints.rules"
RECORDED = [
    (path.name, name)
    for path in [*sorted(CASES.glob("0*")), *sorted(CASES.glob("1*"))[::5]]
    for name in ("output.save", "output.rules", "output.iptables-legacy-save", "output.nft-kernel-list")
    if list(path.glob(f"{name}*"))
]


def remarks(rules, kind=None):
    frame = judge(rules).frame
    frame = frame[frame["severity"] != "info"] if kind is None else frame[frame["kind"] == kind]
    return [(row.kind, row.chain, row.line, row.sentence) for row in frame.itertuples()]


def kinds(rules):
    return {kind for kind, *_ in remarks(rules)}


@pytest.mark.parametrize(("case", "name"), RECORDED)
def test_judge__has_no_remark_on_what_kube_proxy_writes(case, name):
    assert remarks(recorded_rules(case, name)) == []


# ---- the seeds (facts 0-E1 to 0-E6, 1-E1 to 1-E5, T1 to T7)


def test_judge__says_everything_about_the_first_seed():
    found = remarks(read_rules(FIRST_SEED))

    assert [(kind, chain, line) for kind, chain, line, _ in found] == [
        ("uneven", "K8S_SERVICE", 10),
        ("host bits", "PREROUTING", 11),
        *[("host bits", "POSTROUTING", line) for line in (12, 13, 14)],
        ("missing hook", "OUTPUT", 8),
        ("missing hook", "POSTROUTING", 9),
        ("source port", "POSTROUTING", 12),
        *[("duplicate", "POSTROUTING", line) for line in (13, 14)],
    ]
    assert "172.16.0.1:8080 0.3, 172.16.0.2:8080 0.21, 172.16.0.3:8080 0.49" in found[0][3]
    assert "172.17.0.1/16 matches all 65,536 addresses of 172.17.0.0/16" in found[1][3]
    assert "processes on the node" in found[5][3]
    assert found[7][3].startswith(
        "these MASQUERADE rules never match a connection to the Service (lines 12, 13, 14): table nat sees"
    )


def test_judge__says_that_the_first_seed_as_published_does_not_load():
    """The article's lines have no -p tcp (facts T2: exit code 2)."""
    published = re.sub(r"(-A K8S_SERVICE) -p tcp", r"\1", FIRST_SEED.read_text())

    found = remarks(rules_from_text(published), "not loadable")

    assert [line for _, _, line, _ in found] == [15, 16, 17]
    assert "Need TCP, UDP, SCTP or DCCP with port specification" in found[0][3]


def test_judge__proves_the_addresses_of_the_second_seed():
    frame = judge(read_rules(SECOND_SEED)).frame

    proven = "names of chains that are proven by their hashes: 3 (default/nginx:web, 10.240.0.28:80, 10.240.0.57:80)"
    assert set(frame["sentence"][frame["kind"] == "name"]) == {proven}
    assert set(frame["kind"]) == {"missing hook", "count", "name"}


def test_judge__says_which_rules_the_second_seed_lacks():
    """By the formula 2 + 3n; the article shows no KUBE-MARK-MASQ."""
    ((_, _, _, sentence),) = [r for r in remarks(read_rules(SECOND_SEED), "count") if r[1]]

    assert sentence == (
        "default/nginx:web has 5 nat rules; kube-proxy writes 8 (2 + 3 for each endpoint); not here: the hairpin "
        "masquerade in 2 of 2 endpoint chains, and the masquerade of clients outside of the pods"
    )


def test_judge__finds_the_typo_of_the_second_seed():
    """The article's list of pods says .53; the chain's name was made for .57 (facts T1)."""
    as_listed = SECOND_SEED.read_text().replace("10.240.0.57", "10.240.0.53")

    ((_, chain, _, sentence),) = [r for r in remarks(rules_from_text(as_listed), "name") if r[1]]

    assert chain == "KUBE-SEP-V73B5NNFXA6V3U7A"
    assert "10.240.0.53:80, which is KUBE-SEP-IKYQR4WQ2FOMEHAV" in sentence
    assert sentence.endswith("the hash is that of 10.240.0.57:80")


# ---- kinds, one by one


def test_judge__a_last_rule_with_a_chance_lets_traffic_fall_through():
    rules = nat(
        ("PREROUTING", rule(Jump("s"))), ("s", rule(to(1), chance=ONE // 2), rule(to(2), chance=ONE // 2))
    )

    ((_, _, _, sentence),) = remarks(rules, "falls through")

    assert sentence.startswith("25.0000% of the traffic falls through")


@pytest.mark.parametrize(("n", "digits"), [(2, 10), (3, 10), (3, 5), (7, 5), (1000, 10), (1000, 5)])
def test_judge__rounding_of_kube_proxys_digits_is_even(n, digits):
    """``%0.10f`` today, ``%0.5f`` before 1.17."""
    assert "uneven" not in kinds(restored(n, digits))


def test_judge__says_which_endpoints_get_more():
    chances = [ONE // 10] * 8 + [ONE]
    rules = nat(
        ("PREROUTING", rule(Jump("s"))), ("s", *[rule(to(i), chance=q) for i, q in enumerate(chances, 1)])
    )

    ((_, _, _, sentence),) = remarks(rules, "uneven")

    assert sentence == (
        "uneven: from 0.0.0.8:80 0.04783 to 0.0.0.9:80 0.4305, where 1/9 = 0.1111 is fair; "
        "even chances are 1/9, 1/8 … 1"
    )


def test_judge__rules_after_one_that_takes_all_are_dead():
    rules = nat(("PREROUTING", rule(Jump("all")), rule(to(1)), rule(to(2))), ("all", rule(to(3))))

    ((_, chain, _, sentence),) = remarks(rules, "dead")

    assert (chain, sentence) == (
        "PREROUTING",
        "never reached, like all 2 rules after line 0, which takes every packet",
    )


def test_judge__a_chain_that_may_return_does_not_take_all():
    rules = nat(
        ("PREROUTING", rule(Jump("some")), rule(to(1))), ("some", rule(Return(), MARK=(1, 1)), rule(to(3)))
    )

    assert remarks(rules, "dead") == []


HOST, WIDE = ((9, 9),), ((8, 15),)
TCP, BOTH = frozenset({"tcp"}), frozenset({"tcp", "udp"})


@pytest.mark.parametrize(
    ("earlier", "later", "kind"),
    [
        ({"DESTINATION": WIDE}, {"DESTINATION": HOST}, "shadowed"),
        ({"DESTINATION": WIDE}, {"DESTINATION": HOST, "DESTINATION_PORT": ((80, 80),)}, "shadowed"),
        (
            {"DESTINATION_PORT": ((80, 80),)},
            {"DESTINATION": HOST, "DESTINATION_PORT": ((80, 80),)},
            "shadowed",
        ),
        ({"PROTOCOL": BOTH}, {"PROTOCOL": TCP}, "shadowed"),
        ({"MARK": (1, 1)}, {"MARK": (1, 1), "PROTOCOL": TCP}, "shadowed"),
        ({"DESTINATION": HOST}, {"DESTINATION": HOST}, "duplicate"),
        ({"DESTINATION": HOST}, {"DESTINATION": WIDE}, None),
        ({"PROTOCOL": TCP}, {"DESTINATION": HOST}, None),
        ({"DESTINATION": HOST, "OPAQUE": "?"}, {"DESTINATION": HOST, "OPAQUE": "?"}, None),
    ],
)
def test_judge__finds_rules_that_an_earlier_one_shadows(earlier, later, kind):
    rules = nat(("PREROUTING", rule(Accept(), **earlier), rule(Accept(), **later)))

    assert kinds(rules) - {"not loadable"} == ({kind} if kind else set())


def test_judge__a_negated_condition_shadows_the_other_way_round():
    narrow, wide = ("-A PREROUTING ! -s 10.0.0.0/24 -j ACCEPT", "-A PREROUTING ! -s 10.0.0.0/16 -j ACCEPT")
    text = "*nat\n:PREROUTING ACCEPT [0:0]\n{}\n{}\nCOMMIT\n"

    assert kinds(rules_from_text(text.format(narrow, wide))) == {"shadowed"}
    assert kinds(rules_from_text(text.format(wide, narrow))) == set()


def test_judge__a_rule_that_marks_again_is_a_duplicate():
    marks = [rule(SetMark(1, 1), MARK=(0, 1))] * 2

    assert kinds(nat(("PREROUTING", marks[0], rule(SetMark(1, 1), MARK=(0, 1))))) == {"duplicate"}


@pytest.mark.parametrize(
    ("written", "is_widened"),
    [
        ("10.0.0.1/16", True),
        ("10.0.0.0/16", False),
        ("10.0.0.1/32", False),
        ("10.0.0.1", False),
        ("0.0.0.0/0", False),
        ("172.17.0.1/255.255.0.0", True),
        ("10.0.0.0/24 -m comment --comment 10.0.0.1/24", False),
    ],
)
def test_judge__finds_host_bits(written, is_widened):
    rules = rules_from_text(f"*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d {written} -j ACCEPT\nCOMMIT\n")

    assert kinds(rules) == ({"host bits"} if is_widened else set())


def test_judge__takes_no_date_for_an_address():
    text = '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m comment --comment "of 1.2/33 or 1.2.3.4/99" -j ACCEPT\nCOMMIT\n'

    assert kinds(rules_from_text(text)) == set()


def test_judge__finds_missing_hooks():
    rules = nat(("OUTPUT", rule(to(1), DESTINATION=HOST)))

    assert [chain for _, chain, *_ in remarks(rules, "missing hook")] == ["PREROUTING", "POSTROUTING"]


def test_judge__says_nothing_of_hooks_that_an_excerpt_lacks():
    line = "-A KUBE-SVC-X -p tcp -j DNAT --to-destination 10.0.0.1:80"

    assert remarks(rules_from_text(f"{line}\n"), "missing hook") == []


def test_judge__says_nothing_of_hooks_that_restore_text_lacks():
    result = judge(recorded_rules("018", "output.rules"))

    assert set(result.frame["severity"]) == {"info"}
    assert "the text has no PREROUTING of table nat" in result.because[0]


def test_judge__finds_chains_that_nobody_jumps_to():
    rules = nat(("PREROUTING",), ("lonely", rule(Accept())))

    assert remarks(rules) == [
        ("nobody jumps here", "lonely", 0, "nobody jumps to this chain: its rule does nothing")
    ]


def test_judge__counts_rules_against_the_formula():
    """A plain Service has 2 + 3n nat rules; one hairpin rule is missing here."""
    text = content("005", "output.save")
    hairpin = next(
        line for line in text.splitlines() if line.startswith("-A KUBE-SEP-") and "MARK-MASQ" in line
    )

    ((_, _, _, sentence),) = [
        r for r in remarks(rules_from_text(text.replace(hairpin + "\n", "")), "count") if r[1]
    ]

    assert sentence == (
        "shop/cart:http has 10 nat rules; kube-proxy writes 11 (2 + 3 for each endpoint); "
        "not here: the hairpin masquerade in 1 of 3 endpoint chains"
    )


def test_judge__names_of_a_service_port_are_checked_too():
    text = content("005", "output.save").replace("shop/cart:http", "shop/cart:web")

    assert {chain[:9] for _, chain, *_ in remarks(rules_from_text(text), "name") if chain} == {
        "KUBE-SVC-",
        "KUBE-SEP-",
    }


# ---- rules of others, and of people


def save(table, *lines):
    hooks = {"nat": ("PREROUTING", "OUTPUT", "POSTROUTING"), "filter": ("INPUT", "FORWARD", "OUTPUT")}[table]
    chains = dict.fromkeys(line.split()[1] for line in lines if line.split()[1] not in hooks)
    head = [f":{hook} ACCEPT [0:0]" for hook in hooks] + [f":{chain} - [0:0]" for chain in chains]
    return rules_from_text("\n".join([f"*{table}", *head, *lines, "COMMIT", ""]))


TO_A = "-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j A"
CHANCE = "-p tcp -m statistic --mode random --probability"


def dnat(start, host):
    return f"-A {start} -j DNAT --to-destination 10.1.0.{host}:80"


def test_judge__a_name_made_by_hand_is_no_error():
    rules = save(
        "nat",
        '-A PREROUTING -d 10.0.0.1/32 -p tcp -m comment --comment "shop/cart:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CART',
        "-A KUBE-SVC-CART -j KUBE-SEP-A",
        dnat("KUBE-SEP-A -p tcp", 1),
    )

    assert [sentence for *_, sentence in remarks(rules, "name")] == [
        "names that kube-proxy does not give (its end in 16 characters of a hash): KUBE-SEP-A, KUBE-SVC-CART"
    ]


def test_judge__uneven_chances_are_found_outside_of_pure_chains():
    three = [dnat(f"A {CHANCE} 0.3", 1), dnat(f"A {CHANCE} 0.3", 2), dnat("A -p tcp", 3)]
    rules = save("nat", TO_A, "-A A -s 10.9.0.0/16 -j RETURN", *three)

    ((_, chain, _, sentence),) = remarks(rules, "uneven")

    assert chain == "A"
    assert "10.1.0.1:80 0.3, 10.1.0.2:80 0.21, 10.1.0.3:80 0.49, where 1/3" in sentence


def test_judge__nothing_falls_through_where_the_next_rule_takes_it():
    rest = dnat("PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 80", 2)

    found = kinds(save("nat", TO_A, dnat(f"A {CHANCE} 0.5", 1), rest))

    assert not found & {"falls through", "uneven"}


def test_judge__an_endpoint_that_stands_twice_is_said():
    rules = save("nat", TO_A, dnat(f"A {CHANCE} 0.5", 1), dnat(f"A {CHANCE} 0.5", 1), dnat("A -p tcp", 2))

    assert [s for *_, s in remarks(rules, "endpoint twice")] == [
        "10.1.0.1:80 stands 2 times among the endpoints"
    ]
    assert "10.1.0.1:80 0.75, 10.1.0.2:80 0.25, where 1/2" in remarks(rules, "uneven")[0][3]


def test_judge__a_chain_for_a_protocol_leaves_the_others():
    rules = save(
        "nat", "-A PREROUTING -j A", "-A PREROUTING -p udp -j B", dnat("A -p tcp", 1), dnat("B -p udp", 2)
    )

    assert not kinds(rules) & {"dead", "shadowed"}


def test_judge__marks_that_rules_between_set_are_asked_anew():
    asks = "-A FORWARD -m mark --mark 0x1/0x1 -j ACCEPT"
    rules = save("filter", asks, "-A FORWARD -s 10.0.0.0/8 -j A", asks, "-A A -j MARK --set-xmark 0x1/0x1")

    assert kinds(rules) == set()


OTHERS = {  # in the form in which they write them
    "Calico": """*filter
:FORWARD ACCEPT [0:0]
:cali-tw-cali1 - [0:0]
:cali-pi-_a - [0:0]
:cali-pi-_b - [0:0]
-A FORWARD -o cali1 -m comment --comment "cali:tw" -j cali-tw-cali1
-A cali-tw-cali1 -m comment --comment "cali:3" -j MARK --set-xmark 0x0/0x10000
-A cali-tw-cali1 -m comment --comment "cali:4" -j MARK --set-xmark 0x0/0x20000
-A cali-tw-cali1 -m comment --comment "cali:5" -m mark --mark 0x0/0x20000 -j cali-pi-_a
-A cali-tw-cali1 -m comment --comment "cali:6" -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-tw-cali1 -m comment --comment "cali:7" -m mark --mark 0x0/0x20000 -j cali-pi-_b
-A cali-tw-cali1 -m comment --comment "cali:8" -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-tw-cali1 -m comment --comment "cali:9" -m mark --mark 0x0/0x20000 -j DROP
-A cali-pi-_a -p tcp -m tcp --dport 80 -m comment --comment "cali:13" -j MARK --set-xmark 0x10000/0x10000
-A cali-pi-_a -m comment --comment "cali:14" -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-pi-_b -p tcp -m tcp --dport 443 -m comment --comment "cali:15" -j MARK --set-xmark 0x10000/0x10000
COMMIT
""",
    "Docker and libvirt": """*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 192.168.122.0/24 ! -d 192.168.122.0/24 -p tcp -j MASQUERADE --to-ports 1024-65535
-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
""",
    "NodeLocal DNS and AWS": """*raw
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j NOTRACK
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -i eth0 -m comment --comment "AWS, primary ENI" -m addrtype --dst-type LOCAL --limit-iface-in -j CONNMARK --set-xmark 0x80/0x80
-A PREROUTING -i eni+ -m comment --comment "AWS, primary ENI" -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80
COMMIT
""",
}


@pytest.mark.parametrize("who", OTHERS)
def test_judge__has_no_remark_on_what_others_write(who):
    assert remarks(rules_from_text(OTHERS[who])) == []


REFUSED = [
    ("nat", "-A PREROUTING -j DROP"),
    ("nat", "-A PREROUTING -p tcp -j REJECT"),
    ("nat", "-A PREROUTING -j MASQUERADE"),
    ("filter", "-A FORWARD -p tcp -j DNAT --to-destination 10.0.0.1:80"),
    ("nat", "-A PREROUTING -o eth0 -j ACCEPT"),
    ("nat", "-A POSTROUTING -i eth0 -j MASQUERADE"),
    ("filter", "-A FORWARD -m tcp --dport 80 -j ACCEPT"),
    ("filter", "-A FORWARD -m multiport --dports 80 -j ACCEPT"),
    ("filter", f"-A FORWARD -p tcp -m multiport --dports {','.join(map(str, range(1, 17)))} -j ACCEPT"),
    ("filter", f"-A {'A' * 29} -j ACCEPT"),
    ("filter", "-A FORWARD -m statistic --mode nth --every 3 --packet 0 --probability 0.5 -j ACCEPT"),
]


@pytest.mark.parametrize(("table", "line"), REFUSED)
def test_judge__says_what_iptables_refuses(table, line):
    """Each was refused by iptables-nft-restore 1.8.9."""
    found = remarks(save(table, line), "not loadable")

    assert len(found) == 1
    assert found[0][3].startswith("iptables refuses the")


def test_judge__puts_the_worst_first():
    severities = judge(read_rules(FIRST_SEED)).frame["severity"].tolist()

    assert severities == sorted(severities, key=["high", "medium", "low", "info"].index)
