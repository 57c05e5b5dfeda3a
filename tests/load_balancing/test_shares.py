from collections import Counter
from fractions import Fraction
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import ManifestError, NotFoundError
from kubenetlab.load_balancing.packet import Fate, Packet
from kubenetlab.load_balancing.shares import rule_shares
from kubenetlab.load_balancing.walk import Walker
from kubenetlab.objects.packet_rules import (
    Asks,
    Chain,
    Choose,
    Dnat,
    Drop,
    Goto,
    Jump,
    Look,
    NamedSet,
    Return,
    RuleSet,
    SetMark,
    Table,
)
from kubenetlab.objects.virtual_servers import RealServer, VirtualServer, VirtualServers
from kubenetlab.readers.rules import read_rules, rules_from_text
from tests.load_balancing.reference import CASES, DATA, content, nat, recorded_rules, restored, rule, to

ONE = 2**31
SENDERS = {4: ("192.0.2.50", "203.0.113.7", "10.244.1.77"), 6: ("2001:db8::1", "fd00:10:244:1::77")}
RECORDED = [
    (path.name, name)
    for path in [*sorted(CASES.glob("0*")), *sorted(CASES.glob("1*"))[::5]]
    for name in ("output.save", "output.nft-kernel-list", "output.ipv6.save")
    if list(path.glob(f"{name}*")) and "074" not in path.name
]


def fraction(text):
    numerator, _, below = text.partition("/")
    return Fraction(int(numerator), 2 ** int(below[2:]) if below.startswith("2^") else int(below))


def exact(rows):
    shares = Counter()
    for row in rows.itertuples():
        shares[row.endpoint or row.fate] += fraction(row.share_exact)
    return shares


def walked(walker, destination, source):
    host, _, end = destination.rpartition(":")
    port, _, protocol = end.partition("/")
    is_any = host == "*"
    host = ("192.168.10.11" if ":" not in source else "fd00:192:168:10::11") if is_any else host.strip("[]")
    packet = Packet(
        source, host, protocol.lower(), int(port), local_addresses=("192.168.10.11", "fd00:192:168:10::11")
    )
    shares = Counter()
    for way in walker.walk(packet):
        fate = str(way.fate).replace("delivered", "not translated")
        shares[way.destination if way.is_translated else fate] += way.probability
    return shares


@pytest.mark.parametrize(("case", "name"), RECORDED)
def test_rule_shares__equal_the_walks_of_packets(case, name):
    rules = recorded_rules(case, name)
    frame, walker = rule_shares(rules).frame, Walker(rules)
    for destination, rows in frame.groupby("destination"):
        parts = [exact(part) for _, part in rows.groupby("source")]
        if (
            destination.startswith("*")
            and f"192.168.10.11{destination[1:]}" in frame["destination"].to_numpy()
        ):
            continue  # any address of the node but those with rows of their own

        for source in SENDERS[rules.version]:
            assert walked(walker, destination, source) in parts


@pytest.mark.parametrize(("case", "name"), RECORDED)
def test_rule_shares__of_one_source_add_to_one(case, name):
    frame = rule_shares(recorded_rules(case, name)).frame

    sums = frame.groupby(["destination", "source"])["share_exact"].agg(
        lambda texts: sum(map(fraction, texts))
    )
    assert set(sums) <= {1}


@given(chances=st.lists(st.integers(0, ONE), min_size=1, max_size=40))
def test_rule_shares__of_any_chances_equal_the_walk(chances):
    """Probability 0 takes no part: such a rule never matches."""
    chain = [rule(to(i), chance=q) for i, q in enumerate(chances)]
    rules = nat(("PREROUTING", rule(Jump("spread"), DESTINATION=((9, 9),))), ("spread", *chain))

    frame = rule_shares(rules).frame

    ways = Walker(rules).walk(Packet("0.0.0.8", "0.0.0.9"))
    wanted = Counter(
        {way.destination if way.is_translated else "not translated": way.probability for way in ways}
    )
    assert exact(frame) == wanted


# ---- worked examples


def test_rule_shares__of_the_first_seed_are_30_21_49():
    frame = rule_shares(read_rules(DATA / "000-statistic-example.rules")).frame

    assert frame["destination"].unique().tolist() == ["172.17.0.0/16:80/TCP"]
    assert frame["endpoint"].tolist() == ["172.16.0.1:8080", "172.16.0.2:8080", "172.16.0.3:8080"]
    assert frame["share"].round(8).tolist() == [0.3, 0.21, 0.49]
    assert frame["masquerade"].tolist() == ["never"] * 3


def test_rule_shares__of_the_second_seed_are_halves():
    frame = rule_shares(read_rules(DATA / "001-two-endpoints.rules")).frame

    assert frame["share_exact"].tolist() == ["1/2^1"] * 2
    assert set(frame["service_port"]) == {"default/nginx:web"}
    assert set(frame["kind"]) == {"cluster IP"}


@pytest.mark.parametrize(
    ("n", "digits", "worst"), [(100, 10, 2.2e-8), (1000, 10, 2.4e-7), (1000, 5, 5e-3), (5000, 5, 2.5e-2)]
)
def test_rule_shares__are_as_uneven_as_the_written_digits(n, digits, worst):
    """Facts T13: worst relative error of an endpoint's share from the rounding of the text."""
    differences = rule_shares(restored(n, digits)).frame["relative_difference"].abs()

    assert worst * 0.8 < differences.max() < worst * 1.2


@pytest.mark.parametrize(("n", "shown"), [(3, "0.33333333349"), (5, "0.20000000019"), (6, "0.16666666651")])
def test_rule_shares__of_the_first_rule_are_what_iptables_save_prints(n, shown):
    """Facts T12: iptables keeps lround(p * 2**31) and prints it with eleven digits."""
    assert f"{rule_shares(restored(n, 10)).frame['share'][0]:.11f}" == shown


def rows(case, name="output.save"):
    frame = rule_shares(recorded_rules(case, name)).frame
    return [
        tuple(row)
        for row in frame[["kind", "source", "endpoint", "masquerade", "fate"]].itertuples(index=False)
    ]


def test_rule_shares__say_what_becomes_of_other_sources():
    found = rows("029")

    ranges = ["from 203.0.113.0/25", "not from 203.0.113.0/25, from 198.18.0.0/15"]
    assert [(kind, source) for kind, source, endpoint, *_ in found if endpoint == "10.244.1.40:8443"] == [
        ("cluster IP", ""),
        *[("load balancer", source) for source in ranges],
        ("node port", ""),
    ]
    assert ("load balancer", "not from 203.0.113.0/25, not from 198.18.0.0/15", "", "", "dropped") in found


def test_rule_shares__say_when_the_source_is_replaced():
    found = {(kind, source): masquerade for kind, source, _, masquerade, _ in rows("018")}

    assert found == {
        ("cluster IP", ""): "depends on the source",
        ("node port", "from 10.244.0.0/16"): "never",
        ("node port", "not from 10.244.0.0/16, from the node itself"): "always",
        ("node port", "not from 10.244.0.0/16, not from the node itself"): "never",
    }


@pytest.mark.parametrize("name", ["output.save", "output.nft-kernel-list"])
def test_rule_shares__of_a_service_without_endpoints_are_a_refusal(name):
    assert rows("002", name) == [("cluster IP", "", "", "", "rejected")]


def test_rule_shares__name_services_of_nftables_by_their_chains():
    frame = rule_shares(recorded_rules("011", "output.nft-kernel-list")).frame

    assert set(frame["service_port"]) == set(rule_shares(recorded_rules("011")).frame["service_port"])


def test_rule_shares__of_interfaces_are_told_apart():
    sources = {source for _, source, *_ in rows("063") if source}

    assert sources <= {
        "in by cni0",
        "not in by cni0",
        "not in by cni0, from the node itself",
        "not in by cni0, not from the node itself",
    }


def test_rule_shares__of_what_passes_the_last_rule_are_not_translated():
    rules = nat(("PREROUTING", rule(Jump("s"), DESTINATION=((9, 9),))), ("s", rule(to(1), chance=ONE // 4)))

    frame = rule_shares(rules).frame

    assert frame[["share", "fate"]].to_numpy().tolist() == [[0.25, "delivered"], [0.75, "not translated"]]


def test_rule_shares__see_what_an_earlier_rule_takes():
    first, second = (rule(to(i), DESTINATION=((9, 9),), DESTINATION_PORT=((80, 80),)) for i in (1, 2))

    assert rule_shares(nat(("PREROUTING", first, second))).frame["endpoint"].tolist() == ["0.0.0.1:80"]


def test_rule_shares__find_what_only_output_leads_to():
    assert rule_shares(nat(("OUTPUT", rule(to(1), DESTINATION=((9, 9),))))).frame["endpoint"].tolist() == [
        "0.0.0.1:80"
    ]


def test_rule_shares__of_a_range_of_addresses_name_both_ends():
    frame = rule_shares(nat(("PREROUTING", rule(Dnat((1, 3), (80, 80)), DESTINATION=((4, 7),))))).frame

    assert frame[["destination", "endpoint"]].to_numpy().tolist() == [
        ["0.0.0.4/30:*/*", "0.0.0.1:80 to 0.0.0.3:80"]
    ]


def test_rule_shares__understand_the_layouts_of_nftables():
    """To endpoint chains by a vmap (1.30), by a direct map, and to one endpoint without a map (PR 140723)."""
    key, here = (Asks.DESTINATION, Asks.PROTOCOL, Asks.DESTINATION_PORT), ((9, 9), "tcp", 80)
    elements = {here: Goto("s1"), ((10, 10), "tcp", 80): Goto("s2"), ((11, 11), "tcp", 80): Goto("s3")}
    chains = [
        Chain("in", (rule(Look(key, "service-ips")),), "prerouting", -100, "ACCEPT", "nat"),
        Chain("s1", (rule(Choose((Goto("e1"), Goto("e2")))),)),
        Chain("s2", (rule(Choose((to(1), to(2))), PROTOCOL=frozenset({"tcp"})),)),
        Chain("s3", (rule(to(1)),)),
        *[Chain(f"e{i}", (rule(to(i), PROTOCOL=frozenset({"tcp"})),)) for i in (1, 2)],
    ]
    table = Table(
        "t",
        {chain.name: chain for chain in chains},
        {"service-ips": NamedSet("service-ips", "", elements, True)},
    )

    frame = rule_shares(RuleSet("by hand", "nft list", tables={"t": table})).frame

    assert frame["endpoint"].tolist() == ["0.0.0.1:80", "0.0.0.2:80"] * 2 + ["0.0.0.1:80"]
    assert frame["share_exact"].tolist() == ["1/2^1"] * 4 + ["1/1"]


def test_rule_shares__follow_chains_that_are_no_plain_spread():
    """A chain that returns before it chooses, and one of another protocol, are walked rule by rule."""
    udp = rule(to(2), PROTOCOL=frozenset({"udp"}))
    rules = nat(
        ("PREROUTING", rule(Jump("s"), DESTINATION=((9, 9),), PROTOCOL=frozenset({"tcp"}))),
        ("s", rule(Return(), chance=ONE // 2), udp, rule(to(1))),
    )

    assert exact(rule_shares(rules).frame) == {"0.0.0.1:80": Fraction(1, 2), "not translated": Fraction(1, 2)}


# ---- texts that no packet can enter


@pytest.mark.parametrize("case", ["002", "005", "018", "029"])
def test_rule_shares__of_restore_text_are_those_of_the_save(case):
    result = rule_shares(recorded_rules(case, "output.rules"))

    assert result.frame.equals(rule_shares(recorded_rules(case)).frame)
    assert "taken to jump to kube-proxy's chains" in result.because[0]


def test_rule_shares__of_lines_cut_out_of_a_save_are_those_of_the_save():
    text = content("005", "output.save")
    lines = [line for line in text.splitlines() if line.startswith("-A KUBE-S")]

    result = rule_shares(rules_from_text("\n".join(lines)))

    whole = rule_shares(recorded_rules("005")).frame
    assert result.frame["share_exact"].tolist() == whole["share_exact"].tolist()
    assert set(result.frame["masquerade"]) == {""}
    assert any("PREROUTING of table nat" in reason for reason in result.because)


# ---- one destination


def test_rule_shares__to_one_destination_say_which_rules_decide():
    result = rule_shares(read_rules(DATA / "001-two-endpoints.rules"), to="10.0.33.45:80/TCP")

    assert len(result.frame) == 2
    assert [reason.partition(":")[0] for reason in result.because] == [
        "line 12, nat PREROUTING",
        "line 16, nat KUBE-SERVICES",
        "line 17, nat KUBE-SVC-YK2SNH4V42VSDWIJ",
        "line 14, nat KUBE-SEP-B4KBD76YHXMJL4VO",
        "line 18, nat KUBE-SVC-YK2SNH4V42VSDWIJ",
        "line 15, nat KUBE-SEP-V73B5NNFXA6V3U7A",
    ]


@pytest.mark.parametrize("to_one", ["*:30080/TCP", "192.168.10.11:30080/tcp"])
def test_rule_shares__to_a_node_port(to_one):
    assert set(rule_shares(recorded_rules("018"), to=to_one).frame["kind"]) == {"node port"}


def test_rule_shares__to_an_address_inside_a_range():
    assert (
        len(rule_shares(read_rules(DATA / "000-statistic-example.rules"), to="172.17.200.9:80/TCP").frame)
        == 3
    )


def test_rule_shares__refuse_a_destination_that_no_rule_has():
    with pytest.raises(NotFoundError, match=r"no rule leads 10\.96\.0\.99:80/TCP to"):
        rule_shares(recorded_rules("005"), to="10.96.0.99:80/TCP")


def test_rule_shares__refuse_a_destination_that_is_none():
    with pytest.raises(ValueError, match=r"to is 'web', expected IP:port/PROTOCOL"):
        rule_shares(recorded_rules("005"), to="web")


def test_rule_shares__refuse_chains_nested_too_deep():
    deep = [(f"c{i}", rule(Jump(f"c{i + 1}"))) for i in range(3000)]

    with pytest.raises(
        ManifestError, match="by hand: chains: jump: found hundreds of chains inside each other"
    ):
        rule_shares(nat(("PREROUTING", rule(Jump("c0"))), *deep))


# ---- ipvs


def servers(*weights, scheduler="wrr", **more):
    reals = tuple(RealServer(f"10.0.0.{i}", 80, weight) for i, weight in enumerate(weights, 1))
    return VirtualServers(
        "ipvs", (VirtualServer("TCP", "10.96.0.1", 80, scheduler, real_servers=reals, **more),)
    )


@pytest.mark.parametrize(
    ("scheduler", "shares"), [("rr", [0.5, 0.5]), ("wrr", [0.25, 0.75]), ("wlc", [0.25, 0.75])]
)
def test_rule_shares__of_ipvs_are_by_weight(scheduler, shares):
    result = rule_shares(servers(1, 3, 0, scheduler=scheduler))

    assert result.frame["share"].tolist() == shares
    assert scheduler in result.because[0]


def test_rule_shares__of_ipvs_without_real_servers_are_a_refusal():
    frame = rule_shares(servers(), to="10.96.0.1:80/tcp").frame

    assert frame["fate"].tolist() == ["rejected"]
    assert isnan(frame["fair_share"][0])


def test_rule_shares__of_ipvs_say_that_clients_may_stay():
    assert "persistent" in rule_shares(servers(1, persistence_s=10800)).because[1]


def test_rule_shares__of_ipvs_refuse_a_destination_that_no_server_has():
    with pytest.raises(NotFoundError, match="no virtual server answers"):
        rule_shares(servers(1), to="10.96.0.2:80/TCP")


@pytest.mark.parametrize("element", [("tcp", 80), ((9, 9),), ((9, 9), 80, "tcp")])
def test_rule_shares__pass_over_maps_of_another_type(element):
    look = Look((Asks.DESTINATION, Asks.DESTINATION_PORT), elements=((element, to(1)),))

    assert len(rule_shares(nat(("PREROUTING", rule(look)))).frame) == 0


@pytest.mark.parametrize("key", [("tcp",), ((9, 9), (9, 9)), ()])
def test_rule_shares__pass_over_sets_of_another_type(key):
    named = NamedSet("s", "", {key: None, ((9, 9),): None})
    chains = {"PREROUTING": Chain("PREROUTING", (rule(to(1), IN_SET=("s", (Asks.DESTINATION,))),))}

    frame = rule_shares(
        RuleSet("by hand", "iptables-save", tables={"nat": Table("nat", chains, {"s": named})})
    ).frame

    assert frame["destination"].tolist() == ["0.0.0.9:*/*"]


def test_rule_shares__of_chances_at_the_hook_itself():
    frame = rule_shares(nat(("PREROUTING", rule(to(1), chance=ONE // 2)))).frame

    assert frame["fate"].tolist() == ["delivered", "not translated"]


@pytest.mark.parametrize(("action", "fate"), [(SetMark(1, 1), "delivered"), (Drop(), "unknown")])
def test_rule_shares__say_where_a_rule_is_not_understood(action, fate):
    rules = nat(("PREROUTING", rule(action, OPAQUE="-m socket"), rule(to(1), DESTINATION=((9, 9),))))

    result = rule_shares(rules)

    assert result.frame["fate"].tolist() == [fate]
    assert result.because[0].startswith("taken as not matching")


# ---- tables, sets, ranges, turns


def iptables(*lines, table="nat"):
    return rules_from_text(
        "\n".join(
            [
                f"*{table}",
                ":PREROUTING ACCEPT [0:0]",
                ":OUTPUT ACCEPT [0:0]",
                ":A - [0:0]",
                *lines,
                "COMMIT",
                "",
            ]
        )
    )


def shown(rules, *columns):
    frame = rule_shares(rules).frame
    return [
        tuple(row) for row in frame[list(columns or ("destination", "source", "endpoint", "fate"))].to_numpy()
    ]


D80 = "-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 80"
TO_1, TO_2 = "-j DNAT --to-destination 10.1.0.1:80", "-j DNAT --to-destination 10.1.0.2:80"


def test_rule_shares__keep_tables_of_one_name_apart():
    """Ten rules make an index, which the drop in the other family's chain must not share."""
    accepts = "\n".join(f"ip daddr 10.9.0.{i} accept" for i in range(10))
    text = f"""table ip filter {{
 chain forward {{ type filter hook forward priority 0; policy accept;
 {accepts}
 }}
}}
table inet filter {{
 chain forward {{ type filter hook forward priority 1; policy accept;
 ip daddr 10.0.0.2 tcp dport 80 drop
 }}
}}"""

    assert shown(rules_from_text(text)) == [("10.0.0.2:80/TCP", "", "", "dropped")]
    assert only_fate(rules_from_text(text), "10.0.0.2") == Fate.DROPPED


def only_fate(rules, destination, **fields):
    (way,) = Walker(rules).walk(Packet("10.9.0.1", destination, "tcp", 80, **fields))
    return way.fate


def test_rule_shares__have_rows_for_the_clients_of_a_set():
    rules = iptables(f"{D80} -m set --match-set vip src {TO_1}", f"{D80} {TO_2}")

    assert shown(rules, "source", "endpoint") == [
        ("from set vip", "10.1.0.1:80"),
        ("not from set vip", "10.1.0.2:80"),
    ]


def test_rule_shares__have_rows_for_source_ports():
    rules = iptables(f"{D80} --sport 32768:39999 {TO_1}", f"{D80} {TO_2}")

    assert shown(rules, "source", "endpoint") == [
        ("from port 32768-39999", "10.1.0.1:80"),
        ("not from port 32768-39999", "10.1.0.2:80"),
    ]


def test_rule_shares__of_untracked_packets_are_not_translated():
    raw = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 10.0.0.1/32 -j NOTRACK\nCOMMIT\n"
    text = f"{raw}*nat\n:PREROUTING ACCEPT [0:0]\n{D80} {TO_1}\nCOMMIT\n"

    result = rule_shares(rules_from_text(text))

    assert result.frame["fate"].tolist() == ["not translated"]
    assert "untracked" in result.because[0]


def test_rule_shares__see_every_port_of_a_list():
    rules = iptables(f"-A PREROUTING -d 10.0.0.1/32 -p tcp -m multiport --dports 80,443 {TO_1}")

    assert shown(rules, "destination") == [("10.0.0.1:80/TCP",), ("10.0.0.1:443/TCP",)]
    assert len(rule_shares(rules, "10.0.0.1:443/TCP").frame) == 1


def test_rule_shares__part_a_network_where_rules_ask_for_a_part_of_it():
    rules = iptables(
        "-A PREROUTING -d 10.0.0.0/24 -p tcp --dport 80 -j A",
        "-A A -d 10.0.0.0/32 -j RETURN",
        f"-A A -p tcp {TO_1}",
    )

    assert shown(rules, "destination", "fate") == [
        ("10.0.0.0:80/TCP", "not translated"),
        ("10.0.0.1-10.0.0.255:80/TCP", "delivered"),
    ]


def test_rule_shares__part_all_ports_where_rules_ask_for_some():
    rules = iptables(f"-A PREROUTING -d 10.0.0.1/32 -p tcp -m multiport ! --dports 80,443 {TO_1}")

    assert shown(rules, "destination", "fate") == [
        ("10.0.0.1:0-79/TCP", "delivered"),
        ("10.0.0.1:80/TCP", "not translated"),
        ("10.0.0.1:81-442/TCP", "delivered"),
        ("10.0.0.1:443/TCP", "not translated"),
        ("10.0.0.1:444-65535/TCP", "delivered"),
    ]


def test_rule_shares__do_not_know_a_map_that_holds_a_part_of_a_network():
    look = Look((Asks.DESTINATION,), elements=((((9, 9),), Drop()),))
    rules = nat(("PREROUTING", rule(look), rule(to(1), DESTINATION=((8, 11),))))

    assert rule_shares(rules).frame["fate"].tolist() == ["unknown"]


def test_rule_shares__of_a_range_that_a_later_rule_parts_are_not_known():
    text = "*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 10.1.0.2/32 -j DROP\nCOMMIT\n*nat\n:OUTPUT ACCEPT [0:0]\n"
    text += "-A OUTPUT -d 10.0.0.1/32 -j DNAT --to-destination 10.1.0.1-10.1.0.4\nCOMMIT\n"
    here = {"local_addresses": ("10.9.0.1",)}

    assert only_fate(rules_from_text(text), "10.0.0.1", **here) is Fate.UNKNOWN
    assert (
        only_fate(rules_from_text(text.replace("10.1.0.2/32", "10.1.0.0/24")), "10.0.0.1", **here)
        is Fate.DROPPED
    )


def test_rule_shares__of_rules_that_count_in_step_are_not_known():
    """Measured in the kernel: two rules of every second packet take the same ones."""
    mark = [
        f"-A PREROUTING -m statistic --mode nth --every 2 --packet 0 -j MARK --set-xmark {m}/{m}"
        for m in (1, 2)
    ]
    to_all = [f"{D80} -m mark --mark {m}/3 {TO_1}{m}" for m in range(4)]

    result = rule_shares(iptables(*mark, *to_all))

    assert set(result.frame["fate"]) == {"unknown"}
    assert any("in turn" in reason for reason in result.because)


def test_rule_shares__of_rules_in_turn_behind_each_other_are_known():
    nth = [f"-m statistic --mode nth --every {n} --packet 0 " for n in (3, 2)]
    rules = iptables(*[f"{D80} {asked}{TO_1}{i}" for i, asked in enumerate([*nth, ""])])

    assert rule_shares(rules).frame["share_exact"].tolist() == ["1/3"] * 3


@pytest.mark.parametrize("chances", [(0.5, 0.5, 1), (0.25, 0.5, 1)])
def test_rule_shares__add_up_an_endpoint_that_stands_twice(chances):
    q = [int(chance * ONE) for chance in chances]
    chain = [rule(to(i), chance=chance) for i, chance in zip((1, 1, 2), q, strict=True)]

    frame = rule_shares(nat(("PREROUTING", rule(Jump("s"), DESTINATION=((9, 9),))), ("s", *chain))).frame

    last = (1 - chances[0]) * (1 - chances[1])
    assert frame["share"].tolist() == [1 - last, last]
    assert frame["fair_share"].tolist() == [0.5, 0.5]


def test_rule_shares__have_a_row_where_an_action_is_not_understood():
    assert shown(iptables(f"{D80} -j REDIRECT --to-ports 8080"), "destination", "fate") == [
        ("10.0.0.1:80/TCP", "unknown")
    ]


def test_rule_shares__name_no_port_where_a_rule_keeps_it():
    rules = iptables(
        "-A PREROUTING -d 10.0.0.1/32 -p tcp --dport 8000:8010 -j DNAT --to-destination 10.1.0.1"
    )

    assert shown(rules, "destination", "endpoint") == [("10.0.0.1:8000-8010/TCP", "10.1.0.1")]


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"])
def test_rule_shares__to_where_no_packet_from_outside_goes_are_not_known(address):
    assert shown(iptables(f"{D80} -j DNAT --to-destination {address}:80"), "fate") == [("unknown",)]


# ---- excerpts


def excerpt(*starts):
    lines = content("005", "output.save").splitlines()
    return rules_from_text("\n".join(line for line in lines if line.startswith(starts)))


@pytest.mark.parametrize(
    ("starts", "endpoints"),
    [
        (("-A KUBE-SVC-I5", "-A KUBE-SEP-"), ["10.244.1.5:8080", "10.244.1.6:8080", "10.244.2.7:8080"]),
        (("-A KUBE-SVC-I5",), ["10.244.1.5:8080", "10.244.1.6:8080", "10.244.2.7:8080"]),
    ],
)
def test_rule_shares__of_chains_alone_are_those_of_what_enters_them(starts, endpoints):
    result = rule_shares(excerpt(*starts))

    frame = result.frame
    assert set(frame["destination"]) == {"chain KUBE-SVC-I5LIAMPLWKMBJ54B"}
    assert set(frame["service_port"]) == {"shop/cart:http"}
    assert len(set(frame["endpoint"])) == len(endpoints)
    assert frame["share"].round(6).tolist() == [0.333333] * 3 == frame["fair_share"].round(6).tolist()
    assert any("no line of the text leads to chain KUBE-SVC" in reason for reason in result.because)


def test_rule_shares__of_a_chain_without_its_end_have_no_fair_share():
    one = next(line for line in content("005", "output.save").splitlines() if "statistic" in line)

    assert isnan(rule_shares(rules_from_text(one)).frame["fair_share"][0])


# ---- work


def nested(deep, times, last):
    jumps = [(f"c{i}", *[rule(Jump(f"c{i + 1}"))] * times) for i in range(deep)]
    return nat(("PREROUTING", rule(Jump("c0"), DESTINATION=((9, 9),))), *jumps, (f"c{deep}", last))


def test_rule_shares__of_chains_that_are_met_again_and_again_are_quick():
    frame = rule_shares(nested(40, 2, rule(to(1), SOURCE=((5, 5),)))).frame

    assert frame[["source", "fate"]].to_numpy().tolist() == [
        ["from 0.0.0.5", "delivered"],
        ["not from 0.0.0.5", "not translated"],
    ]


def test_rule_shares__refuse_chances_without_end():
    with pytest.raises(ManifestError, match=r"by hand: chain c[0-9]+: rules: found more than 20000 ways"):
        rule_shares(nested(12, 4, rule(to(1), chance=ONE // 10)))


def test_walk__takes_many_like_ways_together():
    ways = Walker(nested(7, 3, rule(to(1), chance=ONE // 10))).walk(Packet("0.0.0.8", "0.0.0.9")).ways

    assert len(ways) < 100
    assert sum(way.probability for way in ways) == 1
    assert (
        sum(way.probability for way in ways if not way.is_translated)
        == (1 - Fraction(ONE // 10, ONE)) ** 3**7
    )


@pytest.mark.parametrize("wrong", ["a file", None, 3])
def test_rule_shares__refuse_what_are_no_rules(wrong):
    with pytest.raises(TypeError, match="expected a RuleSet: read_rules reads a file"):
        rule_shares(wrong)


@pytest.mark.parametrize("scheduler", ["dh", "sh", "mh"])
def test_rule_shares__of_schedulers_by_address_are_not_known(scheduler):
    result = rule_shares(servers(1, 1, scheduler=scheduler))

    assert result.frame["share"].isna().all()
    assert "no share is known" in result.because[0]


def test_rule_shares__of_ipvs_name_real_servers_without_weight():
    assert "weight 0, so no new connections: 10.0.0.2:80" in rule_shares(servers(1, 0)).because


def test_rule_shares__of_a_scheduler_by_address_with_one_server_are_whole():
    assert rule_shares(servers(1, scheduler="sh")).frame["share"].tolist() == [1.0]
