from fractions import Fraction

import pytest
from matplotlib.patches import PathPatch

from kubenetlab import charts
from kubenetlab.charts.rule_paths import paths
from kubenetlab.load_balancing.packet import Packet
from kubenetlab.load_balancing.walk import walk
from kubenetlab.readers.rules import rules_from_text
from kubenetlab.samples import sample_rules

VIP = Packet("192.0.2.1", "10.96.0.1", "tcp", 80)
_HEAD = """*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
"""
_CALLS = """-A PREROUTING -j KUBE-SERVICES
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
"""


def walk_of(*chances):
    """A walk through a Service chain with these chances, and one endpoint more that takes the rest."""
    chains, rules = "", ""
    for number, chance in enumerate([*chances, None]):
        sep = f"KUBE-SEP-{number:016}"
        chains += f":{sep} - [0:0]\n"
        statistic = f" -m statistic --mode random --probability {chance:.11f}" if chance else ""
        rules += f"-A KUBE-SVC-AAAAAAAAAAAAAAAA{statistic} -j {sep}\n"
        rules += f"-A {sep} -p tcp -m tcp -j DNAT --to-destination 10.244.0.{number}:8080\n"
    return walk(rules_from_text(f"{_HEAD}{chains}{_CALLS}{rules}COMMIT\n"), VIP)


def fair(n):
    return walk_of(*(1 / (n - i) for i in range(n - 1)))


def texts(axes):
    return [text.get_text() for text in axes.texts]


def looks(axes):
    return {text.get_text() for text in axes.get_legend().get_texts()}


def test_paths__go_through_the_chains_that_lead_to_the_endpoint_and_no_others():
    found = paths(walk_of(0.3, 0.3), 12)

    assert [path.chains for path in found] == [
        ("PREROUTING", "KUBE-SERVICES", "KUBE-SVC-AAAAAAAAAAAAAAAA", f"KUBE-SEP-{n:016}") for n in range(3)
    ]
    assert [path.end for path in found] == [f"10.244.0.{n}:8080" for n in range(3)]


def test_paths__have_the_walks_probabilities_and_the_rules_own():
    found = paths(walk_of(0.3, 0.3), 12)

    assert [float(path.probability) for path in found] == pytest.approx([0.30, 0.21, 0.49])
    assert [path.chances[2] and float(path.chances[2]) for path in found] == [*[pytest.approx(0.3)] * 2, None]
    assert [path.look for path in found] == [*["less than a fair share"] * 2, "more than a fair share"]


@pytest.mark.parametrize("n", [1, 2, 3, 12, 50])
def test_paths__of_kube_proxys_chances_are_even(n):
    found = paths(fair(n), 100)

    assert {path.fair for path in found} == {Fraction(1, n)}
    assert {path.look for path in found} == {"fair share"}


def test_paths__keep_what_is_uneven_and_put_the_rest_together():
    one_has_more = walk_of(*(1 / (30 - i) for i in range(20)), 0.5, *(1 / (9 - i) for i in range(8)))

    found = paths(one_has_more, 12)

    assert len(found) == 12
    assert [path.look.endswith("than a fair share") for path in found] == [False, *[True] * 10, False]
    assert len(found[-1].shares) == 19
    assert sum(float(path.probability) for path in found) == pytest.approx(1)


def test_paths__keep_the_farthest_from_a_fair_share():
    found = paths(walk_of(*[0.01] * 99), 12)

    assert [path.look for path in found[-2:]] == ["more than a fair share", "several together"]
    assert float(found[-2].probability) == pytest.approx(0.99**99)
    assert [path.end for path in found[:10]] == [f"10.244.0.{n}:8080" for n in range(89, 99)]


def test_paths__keep_what_is_no_endpoint():
    rules = "".join(
        f"-A PREROUTING -m statistic --mode random --probability 0.05 -j DNAT --to-destination 10.0.0.{n}\n"
        for n in range(40)
    )

    found = paths(walk(rules_from_text(f"*nat\n:PREROUTING ACCEPT [0:0]\n{rules}COMMIT\n"), VIP), 3)

    assert [(path.end, path.look) for path in found] == [
        ("10.0.0.0:80", "more than a fair share"),
        ("10.96.0.1:80", "no endpoint"),
        ("39 other endpoints", "several together"),
    ]


def test_paths__of_even_ends_put_together_are_even():
    assert paths(fair(250), 12)[-1].look == "fair share"


def test_paths__of_a_packet_that_no_rule_wants():
    rules = rules_from_text(f"{_HEAD}{_CALLS}COMMIT\n")

    (path,) = paths(walk(rules, VIP._replace(destination="10.96.0.9")), 12)

    assert (path.end, path.probability, path.fair, path.look) == ("10.96.0.9:80", 1, 0, "no endpoint")


def test_paths__of_a_rejected_packet_end_in_the_table_that_rejects():
    text = "*filter\n:FORWARD ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n-A FORWARD -j KUBE-SERVICES\n"
    text += "-A KUBE-SERVICES -d 10.96.0.9/32 -j REJECT\nCOMMIT\n"
    rules = rules_from_text(f"{_HEAD}{_CALLS}COMMIT\n{text}")

    (path,) = paths(walk(rules, VIP._replace(destination="10.96.0.9")), 12)

    assert (path.chains, path.end) == (("FORWARD", "KUBE-SERVICES"), "rejected")


NFT = """table ip kube-proxy {
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.96.0.1 . tcp . 80 : goto service-AAAAAAAA-shop/cart/tcp/http }
  }
  chain nat-prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump services
  }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
  }
  chain service-AAAAAAAA-shop/cart/tcp/http {
    meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.0.5 . 80, 1 : 10.244.0.6 . 80 }
  }
}
"""


def test_paths__of_nftables_go_through_its_maps():
    found = paths(walk(rules_from_text(NFT), VIP), 12)

    assert {path.chains for path in found} == {
        ("nat-prerouting", "services", "service-AAAAAAAA-shop/cart/tcp/http")
    }
    assert [(path.end, path.probability, path.chances[2]) for path in found] == [
        ("10.244.0.5:80", Fraction(1, 2), Fraction(1, 2)), ("10.244.0.6:80", Fraction(1, 2), Fraction(1, 2))
    ]  # fmt: skip


def test_chain_graph__writes_each_share_and_the_fair_one_where_it_differs():
    axes = charts.chain_graph(walk_of(0.3, 0.3))

    assert "21 %, fair 33.3 %" in texts(axes)
    assert texts(axes).count("0.3") == 2
    assert looks(axes) == {
        "more than a fair share", "less than a fair share", "number on a band: probability of its rule"
    }  # fmt: skip


def test_chain_graph__an_end_is_as_high_as_its_probability():
    axes = charts.chain_graph(walk_of(0.25))

    heights = sorted(
        patch.get_path().get_extents().height
        for patch in axes.patches
        if isinstance(patch, PathPatch) and patch.get_path().vertices[:, 0].max() > 6
    )
    assert heights == pytest.approx([0.25, 0.75])


def test_chain_graph__says_in_words_what_it_shows():
    axes = charts.chain_graph(walk_of(0.5))

    assert axes._repr_mimebundle_()[0]["text/plain"] == (
        "tcp 192.0.2.1 → 10.96.0.1:80. 10.244.0.0:8080 50 %; 10.244.0.1:8080 50 %."
    )


def test_chain_graph__names_the_service_port():
    recorded = walk(sample_rules("counted-connections"), VIP._replace(destination="10.96.3.3"))

    assert texts(charts.chain_graph(recorded))[0].startswith(
        "lottery/thirds:http: tcp 192.0.2.1 → 10.96.3.3:80"
    )
    assert texts(charts.chain_graph(walk(rules_from_text(NFT), VIP)))[0].startswith("shop/cart:http: tcp")


def test_chain_graph__writes_even_shares_alike_and_what_several_together_get():
    lines = texts(charts.chain_graph(fair(250)))

    assert lines.count("0.4 %") == 11
    assert "95.6 %, each 0.4 %" in lines


def test_chain_graph__marks_the_end_that_is_masqueraded():
    hairpin = VIP._replace(source="10.244.1.3", destination="10.96.3.3")

    lines = texts(charts.chain_graph(walk(sample_rules("counted-connections"), hairpin)))

    assert lines.count("33.3 %, masqueraded") == 1
    assert lines.count("33.3 %") == 2
    assert "masqueraded" not in lines[0]


@pytest.mark.parametrize("n", [1, 12, 13, 200])
def test_chain_graph__of_any_number_of_endpoints_is_of_bounded_size(n):
    axes = charts.chain_graph(fair(n))

    width, height = axes.get_figure().get_size_inches()
    assert 9 <= width < 14
    assert height < 8
    assert "image/png" in axes._repr_mimebundle_()[0]


def test_chain_graph__boxes_and_ends_do_not_overlap():
    axes = charts.chain_graph(fair(12))
    figure = axes.get_figure()
    figure.draw_without_rendering()

    boxes = [text.get_window_extent() for text in axes.texts if not text.get_text().startswith("0.")]

    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize("name", ["$x^2$", "購物", '"><script>alert(1)</script>', "a" * 250, "%s{0}"])
def test_chain_graph__draws_any_name_of_a_chain(name):
    from kubenetlab.load_balancing.packet import Fate, Step, Walk, Way
    from kubenetlab.objects.packet_rules import Jump, Rule

    steps = (Step("nat", "PREROUTING", Rule((), (Jump(name),))), Step("nat", name, Rule((), ())))

    axes = charts.chain_graph(Walk(VIP, (Way(Fraction(1), Fate.UNKNOWN, name, False, False, steps),)))

    assert "image/png" in axes._repr_mimebundle_()[0]
