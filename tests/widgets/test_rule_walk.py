import re

import pytest

import kubenetlab as knl
from kubenetlab.widgets import rule_walk

RECORDED = knl.sample_rules("counted-connections")


def picture(panel):
    return re.search(r'alt="([^"]*)"', panel.picture_html)[1]


def rules_shown(panel):
    """Table and chain of the rules in the text that can be unfolded."""
    text = re.search(r"<details>.*<pre[^>]*>(.*)</pre></details>", panel.picture_html, re.DOTALL)[1]
    return re.findall(r"^ +(\w+ [\w-]+), line \d+:", text, re.MULTILINE)


@pytest.fixture(scope="module")
def shop_rules():
    shop = knl.sample("shop")
    settings = knl.proxy_settings(shop, "worker-1")
    return knl.rules_from_text(knl.iptables_save(knl.proxied_ports(shop, settings), settings))


def test_rule_walk__shows_the_way_and_the_rules_in_order():
    panel = rule_walk(RECORDED, "lottery/slip")

    assert "10.244.2.4:8080 21 %, fair 33.3 %" in picture(panel)
    assert rules_shown(panel)[:2] == ["nat PREROUTING", "nat KUBE-SERVICES"]


def test_rule_walk__answers_another_service_port():
    panel = rule_walk(RECORDED)

    panel.controls["service"].value = "lottery/slip:http 10.96.3.30:80/TCP"

    assert "10.96.3.30:80." in picture(panel)


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("pod", r"\.30:80\."),
        ("client outside", ", masqueraded"),
        ("an endpoint of it", "30 %, fair 33.3 %, masqueraded"),
    ],
)
def test_rule_walk__who_sends_decides_on_masquerading(source, title):
    panel = rule_walk(RECORDED, "lottery/slip", source)

    assert re.search(title, picture(panel))


def test_rule_walk__the_node_itself_comes_in_by_output():
    panel = rule_walk(RECORDED, "lottery/slip", "node")

    assert rules_shown(panel)[0] == "nat OUTPUT"


def test_rule_walk__offers_every_service_port_of_the_rules(shop_rules):
    panel = rule_walk(shop_rules)

    options = panel.controls["service"].options
    assert "shop/frontend:http 10.108.137.179:80/TCP" in options
    assert "edge/traefik:web *:31000/TCP" in options


@pytest.mark.parametrize(
    "service", ["edge/traefik:web 10.20.240.10:80/TCP", "edge/traefik:web *:31000/TCP", "shop/search"]
)
def test_rule_walk__draws_a_service_port_for_everyone(shop_rules, service):
    panel = rule_walk(shop_rules, service)
    for source in panel.controls["source"].options[:-1]:
        panel.controls["source"].value = source

        assert picture(panel).startswith(f"{service.partition(' ')[0]}")


def test_rule_walk__says_that_nobody_can_call_a_service_without_endpoints(shop_rules):
    panel = rule_walk(shop_rules, "shop/search", "an endpoint of it")

    assert "shop/search:http 10.106.82.21:80/TCP has no endpoint that could call it" in panel.picture_html


def test_rule_walk__shows_texts_as_they_are_and_no_markup():
    text = '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -d 10.0.0.1/32 --dport 80 -m comment --comment "<script>\x1b" -j DNAT --to-destination 10.0.0.2:80\nCOMMIT\n'

    html = rule_walk(knl.rules_from_text(text)).picture_html

    assert "<script" not in html
    assert "\x1b" not in html


@pytest.mark.parametrize(
    ("rules", "service", "source", "message"),
    [
        (RECORDED, "nothing", "pod", "'nothing', 'pod': a Service port of the rules, and one of pod, client outside, node"),
        (RECORDED, "", "moon", "'moon'"),
        (knl.rules_from_text("-A -t 10.0.0.1:80 -s rr\n"), "", "pod", "found no rules of iptables or nftables"),
        (knl.rules_from_text("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"), "", "pod", "a Service port of the rules"),
    ],
)  # fmt: skip
def test_rule_walk__refuses(rules, service, source, message):
    with pytest.raises(ValueError, match=message):
        rule_walk(rules, service, source)
