import pytest

from kubenetlab.dns.corefile.upstream import assumed_outside, outside_names
from tests.dns.corefile.servers import cluster

NAMED = "{{apiVersion: v1, kind: {kind}, metadata: {{name: {name}, namespace: {home}}}}}"


@pytest.mark.parametrize(
    ("name", "type", "verdict", "soa"),
    [
        ("Www.example.com.", "A", "ANSWER", None),
        ("www.example.com.", "AAAA", "NODATA", "com."),
        ("mail.example.com.", "A", "NXDOMAIN", "com."),
        ("web.shop.", "A", "NXDOMAIN", "shop."),
        ("web.nosuchtop.", "A", "NXDOMAIN", "."),
    ],
)
def test_outside_names__some_exist_and_all_others_do_not(name, type, verdict, soa):
    answer = outside_names(["www.example.com"])(name, type)

    assert (answer.verdict, answer.authority[0].name if answer.authority else None) == (verdict, soa)


def test_outside_names__addresses_of_both_families():
    outside = outside_names({"a.example": ["192.0.2.5", "2001:db8::5"], "b.example": []})

    assert [outside("a.example.", type).addresses for type in ("A", "AAAA")] == [
        ("192.0.2.5",),
        ("2001:db8::5",),
    ]
    assert outside("b.example.", "A").addresses == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("name", "exists"),
    [
        ("example.com", True),
        ("example.com.", True),
        ("web.svc", False),
        ("com", False),
        ("web.shop", False),
        ("web", False),
        ("www.web.shop", False),
        ("www.github.shop", True),
        ("typo.com", True),
        ("example.org", False),
        ("1.1.1.10.in-addr.arpa", False),
        ("www.example.org", False),
    ],
)
def test_assumed_outside__a_name_of_a_public_top_level_domain_exists_as_typed(name, exists):
    more = [NAMED.format(kind="Namespace", name=name, home='""') for name in ("com", "org")]
    outside, setting = assumed_outside(
        name, cluster(*more, NAMED.format(kind="Service", name="example", home="org"))
    )

    assert (outside(f"{name.rstrip('.')}.", "A").verdict == "ANSWER") is exists
    assert setting.name == "outside_names"
    assert (setting.value == (name,)) is exists


def test_assumed_outside__what_external_names_lead_to_exists_too():
    outside, setting = assumed_outside("web", cluster())

    assert outside("www.example.com.", "A").verdict == "ANSWER"
    assert setting.value == ()


def test_assumed_outside__a_dump_without_namespaces_has_those_of_its_objects():
    dump = cluster().with_(namespaces=())

    assert assumed_outside("typo.shop", dump)[0]("typo.shop.", "A").verdict == "NXDOMAIN"
