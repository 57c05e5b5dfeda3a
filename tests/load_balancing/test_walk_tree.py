import pytest

from kubenetlab.kube_proxy.iptables_proxier import iptables_save
from kubenetlab.kube_proxy.node_settings import proxy_settings
from kubenetlab.kube_proxy.proxied_ports import proxied_ports
from kubenetlab.load_balancing.packet import Packet
from kubenetlab.load_balancing.walk import walk
from kubenetlab.load_balancing.walk_tree import MAX_WAYS, walk_text
from kubenetlab.readers.rules import rules_from_text
from kubenetlab.samples import sample, sample_rules


def shop_rules():
    shop = sample("shop")
    settings = proxy_settings(shop, "worker-1")
    return rules_from_text(iptables_save(proxied_ports(shop, settings), settings))


def test_walk_text__says_the_answer_first_then_the_rules_and_where_the_ways_part():
    text = walk_text(walk(sample_rules("statistic-example"), Packet("192.0.2.1", "172.17.0.1", "tcp", 80)))

    assert text.splitlines() == [
        "tcp 192.0.2.1 → 172.17.0.1:80: 3 endpoints, not even; source kept",
        "  30 % (0.2999999998) → 172.16.0.1:8080",
        "  21 % (0.2099999999) → 172.16.0.2:8080",
        "  49 % (0.4900000003) → 172.16.0.3:8080",
        "The rules that it matches:",
        "  nat PREROUTING, line 11: -d 172.17.0.1/16 -p tcp -m tcp --dport 80 -j K8S_SERVICE",
        "  30 % → 172.16.0.1:8080",
        "    nat K8S_SERVICE, line 15: -p tcp -m statistic --mode random --probability 0.3"
        " -j DNAT --to-destination 172.16.0.1:8080",
        "  21 % → 172.16.0.2:8080",
        "    nat K8S_SERVICE, line 16: -p tcp -m statistic --mode random --probability 0.3"
        " -j DNAT --to-destination 172.16.0.2:8080",
        "  49 % → 172.16.0.3:8080",
        "    nat K8S_SERVICE, line 17: -p tcp -j DNAT --to-destination 172.16.0.3:8080",
    ]


def test_walk_text__of_a_packet_that_no_rule_wants():
    text = walk_text(walk(sample_rules("statistic-example"), Packet("192.0.2.1", "192.0.2.9", "udp", 53)))

    assert text.splitlines() == [
        "udp 192.0.2.1 → 192.0.2.9:53: no rule translates it, it goes on as it is",
        "  100 % → 192.0.2.9:53",
        "No rule matches.",
    ]


def test_walk_text__says_whether_the_source_is_replaced():
    text = walk_text(walk(sample_rules("counted-connections"), Packet("192.0.2.1", "10.96.3.3", "tcp", 80)))

    assert text.splitlines()[0] == "tcp 192.0.2.1 → 10.96.3.3:80: 3 endpoints, even; masqueraded"


def test_walk_text__says_which_way_alone_is_masqueraded():
    text = walk_text(walk(sample_rules("counted-connections"), Packet("10.244.1.4", "10.96.3.3", "tcp", 80)))

    lines = text.splitlines()
    assert lines[0].endswith("3 endpoints, even; masqueraded where said")
    assert [line for line in lines if line.endswith(", masqueraded")] == [
        "  33.33 % (0.3333333333) → 10.244.1.4:8080, masqueraded"
    ]


def test_walk_text__writes_once_what_all_ways_have_at_the_end():
    lines = walk_text(walk(shop_rules(), Packet("192.0.2.1", "10.108.5.52", "tcp", 80))).splitlines()

    assert sum("-j MASQUERADE" in line for line in lines) == 1
    assert lines.index("  then, each of them:") > max(i for i, line in enumerate(lines) if "-j DNAT" in line)


def test_walk_text__leaves_out_jumps_into_chains_where_nothing_matched():
    found = walk(shop_rules(), Packet("192.0.2.1", "10.108.5.52", "tcp", 80))

    short, whole = walk_text(found), walk_text(found, is_whole=True)

    assert "-j KUBE-PROXY-FIREWALL" not in short
    assert "-j KUBE-PROXY-FIREWALL" in whole
    assert "-j KUBE-MARK-MASQ" in short


def test_walk_text__says_once_that_clients_are_remembered():
    save = (
        "-A PREROUTING -m recent --name {0} --rcheck --seconds 60 --rsource -j DNAT --to-destination {0}:80\n"
    )
    rules = rules_from_text(
        "*nat\n:PREROUTING ACCEPT [0:0]\n" + save.format("10.0.0.1") + save.format("10.0.0.2") + "COMMIT\n"
    )

    lines = walk_text(walk(rules, Packet("192.0.2.1", "10.96.0.1", "tcp", 80))).splitlines()

    assert [line for line in lines if line.startswith("Note: ")] == [
        "Note: session affinity: these are the shares of new clients; a client that comes again keeps its endpoint"
    ]


def test_walk_text__of_a_refusal_names_it():
    rules = rules_from_text("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -d 10.96.0.9/32 -j REJECT\nCOMMIT\n")

    text = walk_text(walk(rules, Packet("192.0.2.1", "10.96.0.9", "tcp", 80)))

    assert text.splitlines()[:2] == [
        "tcp 192.0.2.1 → 10.96.0.9:80: rejected",
        "  100 % → rejected (10.96.0.9:80)",
    ]


def test_walk_text__of_ways_that_part_in_one_rule_names_each_end():
    text = (
        "table ip t {\n chain p {\n  type nat hook prerouting priority dstnat; policy accept;\n"
        "  ip daddr 10.96.0.1 tcp dport 80 dnat to numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80 }\n }\n}\n"
    )

    lines = walk_text(walk(rules_from_text(text), Packet("192.0.2.1", "10.96.0.1", "tcp", 80))).splitlines()

    assert lines[-2:] == ["  50 % → 10.0.0.1:80", "  50 % → 10.0.0.2:80"]


def test_walk_text__ends_after_two_hundred_ways():
    n = MAX_WAYS + 50
    rules = "".join(
        f"-A PREROUTING -p tcp -m statistic --mode random --probability {1 / (n - i):.10f}"
        f" -j DNAT --to-destination 10.0.{i // 250}.{i % 250}:80\n"
        for i in range(n - 1)
    )
    text = f"*nat\n:PREROUTING ACCEPT [0:0]\n{rules}-A PREROUTING -p tcp -j DNAT --to-destination 10.1.0.1:80\nCOMMIT\n"

    lines = walk_text(walk(rules_from_text(text), Packet("192.0.2.1", "10.96.0.1", "tcp", 80))).splitlines()

    assert lines[1 + MAX_WAYS] == "  and 50 more ways"
    assert len(lines) == 3 + 3 * MAX_WAYS


@pytest.mark.parametrize("name", ["\x1b[2J", "\u202e", "\x9b"])
def test_walk_text__shows_what_a_terminal_would_obey_as_its_code(name):
    rules = rules_from_text(
        f'*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m comment --comment "{name}" -j ACCEPT\nCOMMIT\n'
    )

    text = walk_text(walk(rules, Packet("192.0.2.1", "10.96.0.1", "tcp", 80)))

    assert name not in text
    assert len(text.splitlines()) == 4


def test_walk_text__of_an_excerpt_says_which_jump_is_taken_for_granted():
    text = "-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-A\n-A KUBE-SVC-A -p tcp -j DNAT --to-destination 10.0.0.1:80\n"

    lines = walk_text(walk(rules_from_text(text), Packet("192.0.2.1", "10.96.0.1", "tcp", 80))).splitlines()

    assert "  nat PREROUTING: taken to jump to KUBE-SERVICES, as on a node" in lines
