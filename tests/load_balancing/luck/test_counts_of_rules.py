import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kubenetlab.errors import KubenetlabError, UnreadableError
from kubenetlab.load_balancing.luck.counts_of_rules import counts_between, counts_of_rules
from kubenetlab.load_balancing.shares import rule_shares
from kubenetlab.objects.connection_counts import Counted, EndpointCounts
from kubenetlab.readers.rules import read_rules, rules_from_text
from kubenetlab.samples import sample_rules, shipped_folder
from tests.readers.rules.mutations import GOLDEN, mutated, recorded

SAVES = sorted(GOLDEN.glob("*/output.ip*tables-*-save*"))
AFFINITY = GOLDEN / "042-affinity-default-timeout" / "output.iptables-nft-save"
COUNTED = shipped_folder("data") / "rules" / "002-counted-connections.rules"


def counted(text, n=lambda line: line):
    """A save as ``-c`` prints it: every rule with a count of its own."""
    lines = text.splitlines()
    return "\n".join(
        f"[{n(i)}:{60 * n(i)}] {line}" if line[:2] == "-A" else line for i, line in enumerate(lines)
    )


def rules_of(*lines):
    chains = sorted(
        {word for line in lines for word in re.findall(r"(?:-A|-j) ([A-Z][\w-]*)", line)} - {"DNAT"}
    )
    head = ["*nat", *(f":{chain} - [0:0]" for chain in chains)]
    return rules_from_text("\n".join([*head, *lines, "COMMIT", ""]))


def dnat(chain, count, endpoint, chance=""):
    chance = chance and f"-m statistic --mode random --probability {chance} "
    return f"[{count}:{count}] -A {chain} -p tcp -m tcp {chance}-j DNAT --to-destination {endpoint}"


def entry(counts, endpoints="abc", where="chain A", shares=(), counted=Counted.NEW_CONNECTIONS):
    return EndpointCounts("", tuple(endpoints), tuple(counts), shares, counted, "save", where)


def test_counts_of_rules__are_the_packets_of_the_rules_that_choose():
    slip, thirds = counts_of_rules(read_rules(COUNTED))

    assert (slip.service, slip.counts) == ("lottery/slip:http", (3597, 2426, 5977))
    assert slip.endpoints == ("10.244.2.3:8080", "10.244.2.4:8080", "10.244.2.5:8080")
    assert slip.shares == pytest.approx((0.3, 0.21, 0.49), abs=1e-9)
    assert (thirds.service, thirds.counts) == ("lottery/thirds:http", (4110, 3988, 3902))
    assert (thirds.where, thirds.counted) == ("chain KUBE-SVC-JWACAU3CSX4HTASI", Counted.NEW_CONNECTIONS)
    assert any("last rewritten" in note for note in thirds.notes)


@pytest.mark.parametrize("path", SAVES, ids=lambda path: f"{path.parent.name[:3]}-{path.name[7:18]}")
def test_counts_of_rules__has_the_endpoints_and_shares_of_rule_shares(path):
    rules = rules_from_text(counted(recorded(path)))
    frame = rule_shares(rules).frame
    expected = {
        (f"chain {chain}", group["service_port"].iloc[0]): {
            *zip(group["endpoint"], group["share"], strict=True)
        }
        for chain, group in frame[frame["chain"] != ""].groupby("chain")
        if chain.startswith(("KUBE-SVC-", "KUBE-SVL-"))
    }

    found = counts_of_rules(rules) if expected else ()

    actual = {
        (one.where, one.service.partition(" (")[0]): {*zip(one.endpoints, one.shares, strict=True)}
        for one in found
    }
    assert expected.items() <= actual.items()


@pytest.mark.parametrize("path", SAVES[::9], ids=lambda path: path.parent.name)
def test_counts_of_rules__takes_every_count_from_the_line_of_its_rule(path):
    text = counted(recorded(path))
    rows = re.findall(r"\[(\d+):\d+\] -A (KUBE-SV[CL]-\w+) .*-> (\S+)\" (?!.*rcheck).*-j KUBE-SEP", text)

    found = counts_of_rules(rules_from_text(text)) if rows else ()

    actual = {
        (str(count), one.where, endpoint)
        for one in found
        for endpoint, count in zip(one.endpoints, one.counts, strict=True)
    }
    assert {(count, f"chain {chain}", endpoint) for count, chain, endpoint in rows} == actual


def test_counts_of_rules__leaves_out_clients_that_are_remembered():
    rules = rules_from_text(counted(AFFINITY.read_text(), lambda _line: 7))

    (one,) = counts_of_rules(rules)

    assert one.counts == (7, 7, 7)
    assert (one.remembered, one.has_affinity) == ((7, 7, 7), True)
    assert any(note.startswith("21 connections of remembered clients") for note in one.notes)


def remembering(*counts):
    """A Service port with ClientIP: the rules for clients that were there before, then those that choose."""
    rcheck = "-m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-{} --mask 255.255.255.255 --rsource"
    asks = [rcheck.format(0), rcheck.format(1), "-m statistic --mode random --probability 0.50000000000", ""]
    said = '-m comment --comment "shop/session:http -> 10.244.2.6{}:8080"'
    return rules_of(
        *[
            f"[{count}:{count}] -A KUBE-SVC-A {said.format(i % 2)} {asks[i]} -j KUBE-SEP-{i % 2}"
            for i, count in enumerate(counts)
        ]
    )


def test_counts_of_rules__says_how_much_the_remembered_clients_weigh():
    (one,) = counts_of_rules(remembering(9000, 300, 100, 105))

    assert (one.counts, one.remembered) == ((100, 105), (9000, 300))
    assert (
        "97.8 % of new connections came from remembered clients; with them 10.244.2.60:8080 has 1.91 times its share: "
        "affinity, not chance"
    ) in one.notes


def test_counts_of_rules__knows_no_affinity_only_of_whole_rules():
    (whole, *_) = counts_of_rules(read_rules(COUNTED))
    (excerpt, *_) = counts_of_rules(
        rules_from_text("\n".join(line for line in COUNTED.read_text().splitlines() if "KUBE-SVC-J" in line))
    )

    assert (whole.has_affinity, whole.remembered) == (False, ())
    assert excerpt.has_affinity is None
    assert counts_of_rules(rules_from_text(NFT))[0].has_affinity is None


@pytest.mark.parametrize(
    ("leading", "names"),
    [
        (
            ["[5:5] -A KUBE-SERVICES -d 10.0.0.1/32 -j KUBE-SVC-A", "[5:5] -A KUBE-EXT-A -j KUBE-SVL-A"],
            ["edge/t:web (from pods, all endpoints)", "edge/t:web (from outside, local endpoints)"],
        ),
        (
            ["[5:5] -A KUBE-SERVICES -d 10.0.0.1/32 -j KUBE-SVL-A", "[5:5] -A KUBE-EXT-A -j KUBE-SVC-A"],
            ["edge/t:web (all endpoints)", "edge/t:web (local endpoints)"],
        ),
        ([], ["edge/t:web (all endpoints)", "edge/t:web (local endpoints)"]),
    ],
    ids=["external policy Local", "internal policy Local", "an excerpt"],
)
def test_counts_of_rules__tells_the_two_chains_of_a_service_port_apart(leading, names):
    ends = [
        f'[5:5] -A KUBE-SV{kind}-A -m comment --comment "edge/t:web -> a:80" -j KUBE-SEP-A' for kind in "CL"
    ]

    found = counts_of_rules(rules_of(*leading, *ends))

    assert [one.service for one in found] == names


def test_counts_of_rules__says_when_the_window_of_a_chain_begins():
    (thirds, *_) = counts_of_rules(read_rules(COUNTED))
    (other,) = counts_of_rules(rules_of(dnat("WEB", 3, "10.1.0.1:80")))

    assert any("at least once an hour" in note for note in thirds.notes)
    assert "counted since the rules were loaded, or their counters zeroed" in other.notes


def test_counts_of_rules__reads_lines_of_one_chain():
    lines = [line for line in COUNTED.read_text().splitlines() if "-A KUBE-SVC-JWACAU3CSX4HTASI" in line]

    (one,) = counts_of_rules(rules_from_text("\n".join(lines)))

    assert (one.service, one.counts) == ("lottery/thirds:http", (4110, 3988, 3902))
    assert one.endpoints == ("10.244.1.3:8080", "10.244.1.4:8080", "10.244.1.5:8080")


# nft 1.0.6 list table ip nat, of rules that iptables-nft 1.8.9 wrote (Linux 6.18); shortened
NFT = """table ip nat {
    chain OUTPUT {
        type nat hook output priority -100; policy accept;
         counter packets 24000 bytes 1440000 jump KUBE-SERVICES
    }
    chain KUBE-SEP-IAQHGNESHOSWEJW3 {
        ip saddr 10.244.1.3  counter packets 0 bytes 0 jump KUBE-MARK-MASQ
        meta l4proto tcp   counter packets 4110 bytes 246600 dnat to 10.244.1.3:8080
    }
    chain KUBE-SEP-LNZ5UEITI32QV7L5 {
        meta l4proto tcp   counter packets 3902 bytes 234120 dnat to 10.244.1.5:8080
    }
    chain KUBE-MARK-MASQ {
        counter packets 24000 bytes 1440000 meta mark set mark or 0x4000
    }
    chain KUBE-SERVICES {
        meta l4proto tcp ip daddr 10.96.3.3  tcp dport 80 counter packets 12000 bytes 720000 jump KUBE-SVC-JWACAU3CSX4HTASI
    }
    chain KUBE-SVC-JWACAU3CSX4HTASI {
        meta l4proto tcp ip saddr != 10.244.0.0/16 ip daddr 10.96.3.3  tcp dport 80 counter packets 8 bytes 72 jump KUBE-MARK-MASQ
         meta random & 2147483647 < 1073741824 counter packets 4110 bytes 246600 jump KUBE-SEP-IAQHGNESHOSWEJW3
         counter packets 3902 bytes 234120 jump KUBE-SEP-LNZ5UEITI32QV7L5
    }
}
"""


def test_counts_of_rules__reads_the_counters_of_nft_and_calls_the_service_by_its_destination():
    (one,) = counts_of_rules(rules_from_text(NFT))

    assert (one.service, one.counts, one.shares) == ("10.96.3.3:80/TCP", (4110, 3902), (0.5, 0.5))


def test_counts_of_rules__says_that_more_packets_came_than_were_counted():
    (one,) = counts_of_rules(rules_from_text(NFT))

    assert any(note.startswith("12,000 packets came") for note in one.notes)
    assert not any("came by" in note for note in counts_of_rules(read_rules(COUNTED))[0].notes)


def test_counts_of_rules__reads_chains_that_are_not_of_kube_proxy():
    rules = rules_of(
        "[10:10] -A K8S -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j WEB",
        dnat("WEB", 3, "10.1.0.1:80", 0.25),
        dnat("WEB", 7, "10.1.0.2:80"),
    )

    (one,) = counts_of_rules(rules)

    assert (one.service, one.counts, one.shares) == ("10.0.0.1:80/TCP", (3, 7), (0.25, 0.75))


def test_counts_of_rules__adds_up_an_endpoint_that_stands_there_twice():
    rules = rules_of(
        dnat("WEB", 3, "10.1.0.1:80", 0.25), dnat("WEB", 4, "10.1.0.2:80", 0.5), dnat("WEB", 5, "10.1.0.1:80")
    )

    (one,) = counts_of_rules(rules)

    assert (one.service, one.endpoints, one.counts) == ("", ("10.1.0.1:80", "10.1.0.2:80"), (8, 4))
    assert one.shares == (0.625, 0.375)


def test_counts_of_rules__gives_shares_of_what_does_not_get_past():
    rules = rules_of(dnat("WEB", 3, "10.1.0.1:80", 0.25), dnat("WEB", 4, "10.1.0.2:80", 0.5))

    (one,) = counts_of_rules(rules)

    assert one.shares == (0.4, 0.6)
    assert any("gets past" in note for note in one.notes)


def test_counts_of_rules__leaves_out_chains_with_other_rules_between():
    rules = rules_of(
        dnat("WEB", 3, "10.1.0.1:80", 0.5),
        "[1:1] -A WEB -s 10.9.0.0/16 -j RETURN",
        dnat("WEB", 4, "10.1.0.2:80"),
        dnat("SHOP", 1, "10.1.0.3:80"),
    )

    assert [one.where for one in counts_of_rules(rules)] == ["chain SHOP"]


def test_counts_of_rules__says_how_many_chains_have_no_counters():
    rules = rules_of(dnat("SHOP", 1, "10.1.0.3:80"), dnat("WEB", 4, "10.1.0.2:80").partition("] ")[2])

    (one,) = counts_of_rules(rules)

    assert one.notes[-1].startswith("1 other chains or servers have no counter")


@pytest.mark.parametrize("text", [AFFINITY.read_text(), "*nat\n:A - [0:0]\n[1:1] -A A -j RETURN\nCOMMIT\n"])
def test_counts_of_rules__refuses_rules_without_counters(text):
    with pytest.raises(
        UnreadableError,
        match=r"^node: found no counter of a rule that chooses an endpoint, expected .*iptables-save -c",
    ):
        counts_of_rules(rules_from_text(text, "node"))


@pytest.mark.parametrize("case", ["006-clusterip-5-endpoints", "042-affinity-default-timeout"])
def test_counts_of_rules__says_what_to_use_for_the_nftables_mode(case):
    (path,) = (GOLDEN / case).glob("output.nft-kernel-list*")

    with pytest.raises(
        UnreadableError, match=r"found one rule for all endpoints of a Service, expected .*conntrack -L"
    ):
        counts_of_rules(rules_from_text(recorded(path)))


IPVS = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.96.0.10:53 {}
  -> 10.1.0.1:53                  Masq    1      4          0
  -> 10.1.0.2:53                  Masq    3      5          9
  -> 10.1.0.3:53                  Masq    0      6          0
"""


@pytest.mark.parametrize(("scheduler", "shares"), [("rr", (0.5, 0.5)), ("wrr", (0.25, 0.75)), ("sh", ())])
def test_counts_of_rules__reads_open_connections_of_ipvs(scheduler, shares):
    (one,) = counts_of_rules(rules_from_text(IPVS.format(scheduler)))

    assert (one.service, one.endpoints, one.counts) == (
        "10.96.0.10:53/TCP",
        ("10.1.0.1:53", "10.1.0.2:53"),
        (4, 5),
    )
    assert (one.counted, one.shares) == (Counted.OPEN_CONNECTIONS, shares)
    assert any("left out: 10.1.0.3:53" in note for note in one.notes)
    assert any("does not draw" in note for note in one.notes) == bool(shares)
    assert one.has_affinity is (False if shares else None)  # sh hashes the client's address


def test_counts_of_rules__reads_the_persistence_of_ipvs():
    (one,) = counts_of_rules(rules_from_text(IPVS.format("rr persistent 10800")))

    assert one.has_affinity is True
    assert any(note.startswith("persistent 10800: a client stays") for note in one.notes)


def test_counts_of_rules__reads_connections_of_ipvs_since_they_were_added():
    text = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  10.96.0.1:443                      27       35       26     3055     2412
  -> 10.1.0.1:6443                      13       20       10     1000     1000
  -> [fd00::1]:6443                     2K       15       16     2055     1412
"""

    (one,) = counts_of_rules(rules_from_text(text))

    assert (one.counts, one.shares, one.counted) == ((13, 2000), (), Counted.NEW_CONNECTIONS)
    assert one.endpoints[1] == "[fd00::1]:6443"
    assert any("rounded" in note for note in one.notes)
    assert one.has_affinity is None  # --stats does not show it


def test_counts_of_rules__reads_the_public_case_of_ipvs():
    path = shipped_folder("data") / "counts" / "002-after-a-restart.ipvs"

    (one,) = counts_of_rules(read_rules(path))

    assert one.counts == (13, 2, 12)  # kubernetes #126378
    assert one.shares == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_counts_of_rules__refuses_servers_without_counts():
    with pytest.raises(UnreadableError, match="found servers without counts"):
        counts_of_rules(rules_from_text("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m\n"))


def test_counts_between__of_a_save_and_itself_are_zero():
    counts = counts_of_rules(sample_rules("counted-connections"))

    between = counts_between(counts, counts)

    assert [one.counts for one in between] == [(0, 0, 0)] * 2
    assert [one.shares for one in between] == [one.shares for one in counts]


@given(
    earlier=st.lists(st.integers(0, 2**63), min_size=3, max_size=3),
    more=st.lists(st.integers(0, 2**63), min_size=3, max_size=3),
)
def test_counts_between__added_to_the_earlier_gives_the_later(earlier, more):
    later = [old + new for old, new in zip(earlier, more, strict=True)]

    (between,) = counts_between([entry(earlier)], [entry(later)])

    assert between.counts == tuple(more)


def test_counts_between__says_of_a_difference_that_a_rewritten_chain_may_hide_in_it():
    (later,) = counts_of_rules(
        rules_of(dnat("WEB", 300, "10.1.0.1:80", 0.5), dnat("WEB", 120, "10.1.0.2:80"))
    )
    (earlier,) = counts_of_rules(
        rules_of(dnat("WEB", 100, "10.1.0.1:80", 0.5), dnat("WEB", 100, "10.1.0.2:80"))
    )

    (between,) = counts_between([earlier], [later])

    assert between.counts == (200, 20)
    assert between.notes[0].startswith("the difference to -: wrong, and unseen, where")
    assert not any("counted since the chain" in note for note in between.notes)


@pytest.mark.parametrize(
    "later",
    [
        entry((9, 9, 4)),
        entry((9, 9, 9), endpoints="abd"),
        entry((9, 9), endpoints="ab"),
        entry((9, 9, 9), shares=(0.5, 0.25, 0.25)),
        entry((9, 9, 9), where="chain B"),
    ],
)
def test_counts_between__counts_from_zero_what_was_rewritten(later):
    (between,) = counts_between([entry((5, 5, 5))], [later])

    assert between.counts == later.counts
    assert between.notes[0].startswith("it changed since save, or was rewritten")


def test_counts_between__of_remembered_clients_are_what_came_since():
    (earlier,) = counts_of_rules(remembering(9000, 300, 100, 105))
    (later,) = counts_of_rules(remembering(9000, 480, 110, 115))

    (between,) = counts_between([earlier], [later])

    assert (between.counts, between.remembered) == ((10, 10), (0, 180))
    assert [note for note in between.notes if "remembered" in note] == [
        "180 connections of remembered clients (affinity) are left out: they asked no chance",
        "90.0 % of new connections came from remembered clients; with them 10.244.2.61:8080 has 1.90 times its share: "
        "affinity, not chance",
    ]
    assert not any("last rewritten" in note for note in between.notes)


def test_counts_between__counts_from_zero_where_fewer_remembered_clients_came():
    earlier = replace(entry((5, 5, 5)), remembered=(9, 9, 9))
    later = replace(entry((9, 9, 9)), remembered=(9, 9, 8))

    (between,) = counts_between([earlier], [later])

    assert (between.counts, between.remembered) == ((9, 9, 9), (9, 9, 8))


def test_counts_between__knows_chains_by_name():
    earlier = [entry((1, 2, 3), where="chain B"), entry((0, 0, 0))]

    between = counts_between(earlier, [entry((4, 5, 6)), entry((4, 5, 6), where="chain B")])

    assert [one.counts for one in between] == [(4, 5, 6), (3, 3, 3)]


@pytest.mark.parametrize("counted", [Counted.OPEN_CONNECTIONS, Counted.FLOWS])
def test_counts_between__refuses_what_passes(counted):
    one = entry((1, 2, 3), counted=counted)

    with pytest.raises(ValueError, match=r"^open connections and flows come and go"):
        counts_between([one], [one])


def test_counts_of_rules__gives_counts_or_one_clean_error_for_damaged_rules():
    n_found = 0
    for seed in range(500):
        with suppress(KubenetlabError):
            found = counts_of_rules(rules_from_text(counted(mutated(seed))))
            n_found += 1
            assert all(len({*one.endpoints}) == len(one.counts) > 0 for one in found)
            assert all(sum(one.shares) == pytest.approx(1) for one in found if one.shares)

    assert n_found > 15
