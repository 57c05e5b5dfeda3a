import pytest

from kubenetlab.dns.corefile.question import NotModelledError
from tests.dns.corefile.servers import ask, block, data

WEB = "web.shop.svc.cluster.local."
REST = ("kubernetes cluster.local", "forward . 192.0.2.53")


@pytest.mark.parametrize(
    ("rule", "name", "owner"),
    [
        ("name shop.example web.shop.svc.cluster.local", "Shop.example.", "shop.example."),
        ("stop name exact shop.example web.shop.svc.cluster.local.", "shop.example.", "shop.example."),
        ("name prefix old. web.", "old.shop.svc.cluster.local.", WEB),
        ("name suffix .example .svc.cluster.local", "web.shop.example.", WEB),
        ("name suffix .example .svc.cluster.local answer auto", "web.shop.example.", "web.shop.example."),
        ("name substring x.example. shop.svc.cluster.local.", "web.x.example.", WEB),
        (r"name regex (.*)\.my\.example {1}.shop.svc.cluster.local", "web.my.example.", WEB),
        (
            r"name regex (.*)\.my\.example {1}.shop.svc.cluster.local answer auto",
            "web.my.example.",
            "web.my.example.",
        ),
        # rewrite/setup.go: fewer than two words before the braces, and what stands in them is the rule
        ("{\n name shop.example web.shop.svc.cluster.local\n}", "shop.example.", "shop.example."),
        (
            "{\n stop\n name suffix .example .svc.cluster.local\n answer auto\n}",
            "web.shop.example.",
            "web.shop.example.",
        ),
        (
            "stop {\n name regex (.*)[.]my[.]example {1}.shop.svc.cluster.local\n"
            " answer name (.*)[.]shop[.]svc[.]cluster[.]local {1}.my.example\n}",
            "web.my.example.",
            "web.my.example.",
        ),
    ],
)
def test_rewrite__name_in_the_question_and_back_in_the_answer(rule, name, owner):
    # CoreDNS, plugin/rewrite/README.md and name.go
    reply = ask(block(f"rewrite {rule}", *REST), name)

    assert data(reply) == [(owner, "A", "10.96.0.20")]


def test_rewrite__continue_goes_on_and_stop_does_not():
    rules = ["name a.example b.example", "name b.example web.shop.svc.cluster.local"]

    goes_on = ask(block(f"rewrite continue {rules[0]}", f"rewrite {rules[1]}", *REST), "a.example.")
    stops = ask(block(*(f"rewrite {rule}" for rule in rules), *REST), "a.example.")

    assert data(goes_on) == [("a.example.", "A", "10.96.0.20")]
    assert stops.answer.verdict == "NXDOMAIN"


def test_rewrite__values_of_the_answer():
    rule = r"name suffix .my .svc.cluster.local answer value (.*)\.svc\.cluster\.local {1}.my"

    (record,) = ask(block(f"rewrite {rule}", *REST), "_http._tcp.web.shop.my.", "SRV").answer.answer

    assert record.data == "0 100 80 web.shop.my."


@pytest.mark.parametrize(
    ("rule", "ttl"),
    [
        (f"ttl {WEB} 7", 7),
        (f"ttl exact {WEB} 1-3", 3),
        ("ttl suffix local. 60-", 60),
        ("ttl regex .* -4", 4),
        ("ttl a. 9", 5),
    ],
)
def test_rewrite__ttl(rule, ttl):
    (record,) = ask(block(f"rewrite {rule}", *REST), WEB).answer.answer

    assert record.ttl == ttl


def test_rewrite__type():
    assert data(ask(block("rewrite type AAAA A", *REST), WEB, "AAAA")) == [(WEB, "A", "10.96.0.20")]


def test_rewrite__options_of_edns_change_nothing_here():
    assert ask(block("rewrite edns0 local set 0xffee abcd", *REST), WEB).answer.addresses == ("10.96.0.20",)


@pytest.mark.parametrize(
    "rule",
    [
        "cname exact a. b.",
        "name fuzzy a. b.",
        "name a.",
        "type A",
        "ttl a. soon",
        "name exact a. b. answer all",
        "name regex ( b.",
    ],
)
def test_rewrite__raises_for_rules_that_are_not_modelled(rule):
    with pytest.raises(NotModelledError, match="line 2: rewrite: "):
        ask(block(f"rewrite {rule}", *REST), WEB)


def test_rewrite__other_names_pass_on():
    assert (
        ask(block("rewrite name a.example b.example", "rewrite type TXT A", *REST), WEB).answered_by
        == "kubernetes"
    )
