"""Documents of other forms than those that are here: read as CoreDNS would, or not modelled, never a wrong answer."""

import pytest

from tests.golden_dns_records import answer_query, config_error
from tests.golden_models import NotModelledError

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.0.20", "ports": [{"port": 80}]},
}


def document(corefile="kubernetes cluster.local", objects=(NAMESPACE, SERVICE), upstream=None):
    return {"corefile": corefile, "objects": list(objects), "upstream": upstream, "options": None}


def asked(document, name="web.shop.svc.cluster.local."):
    return answer_query((f"{id(document)}.json", document, {"name": name, "type": "A"}))


@pytest.mark.parametrize(
    ("corefile", "ttl"),
    [
        ("kubernetes cluster.local", 5),
        ("kubernetes cluster.local\n", 5),
        ("kubernetes cluster.local {\n}\n", 5),
        ("# a comment\nkubernetes cluster.local { # another\n  ttl 30 # the third\n\n}\n", 30),
        ('kubernetes "cluster.local" {\n  ttl 30\n}', 30),
    ],
)
def test_answer_query__reads_the_stanza_as_coredns_does(corefile, ttl):
    assert asked(document(corefile))["answer"] == [f"web.shop.svc.cluster.local. {ttl} IN A 10.96.0.20"]


def test_answer_query__no_upstream_knows_no_name():
    outside = SERVICE | {"spec": {"type": "ExternalName", "externalName": "www.example.com"}}

    found = asked(document(objects=(NAMESPACE, outside)))

    assert (found["rcode"], len(found["answer"])) == ("NOERROR", 1)


def test_answer_query__a_zone_of_service_imports_is_not_modelled():
    one = document("kubernetes cluster.local clusterset.local {\n  multicluster clusterset.local\n}\n")

    assert asked(one)["rcode"] == "NOERROR"
    with pytest.raises(NotModelledError, match="ServiceImports"):
        asked(one, "web.shop.svc.ClusterSet.local.")


def test_config_error__counts_lines_as_the_recorder():
    text = config_error(document("kubernetes cluster.local {\n  # a comment\n\n  ttl 3601\n}\n"))

    assert text == "Testfile:4 - Error during parsing: ttl must be in range [0, 3600]: 3601"


@pytest.mark.parametrize(
    ("one", "what"),
    [
        (document("kubernetes a.b {\n}\nkubernetes c.d {\n}\n"), "one kubernetes directive"),
        (document("cache 30\n"), "one kubernetes directive"),
        (document(objects=[{"kind": "ServiceImport", "metadata": {"name": "x"}}]), "kind ServiceImport"),
    ],
)
def test_answer_query__what_is_not_modelled(one, what):
    with pytest.raises(NotModelledError, match=what):
        asked(one)
