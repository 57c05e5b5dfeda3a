import pytest

from kubenetlab.dns.corefile.explain import explain_query
from kubenetlab.errors import NotFoundError
from kubenetlab.objects.dns_message import Rcode
from kubenetlab.readers.corefile import corefile_from_text
from kubenetlab.result import Basis
from tests.dns.corefile.servers import OUTSIDE, block, cluster

WEB = "web.shop.svc.cluster.local"
AUTOPATH = ("autopath @kubernetes", "kubernetes cluster.local {\n pods verified\n}", "forward . 192.0.2.53")


def explained(*lines, name=WEB, **given):
    return explain_query(cluster(), name, corefile=corefile_from_text(block(*lines), "Corefile"), **given)


def rows(found):
    return [tuple(row) for row in found.result.frame[["plugin", "line", "did"]].itertuples(index=False)]


def test_explain_query__one_row_a_plugin_in_the_order_of_the_chain():
    found = explained("forward . 192.0.2.53", "kubernetes cluster.local", "errors")

    assert rows(found) == [
        ("errors", 4, "passes on"),
        ("kubernetes", 3, "answers"),
        ("forward", 2, "is not asked"),
    ]
    assert found.result.because == ("line 3: Service shop/web", f"{WEB}. 5 IN A 10.96.0.20")
    assert found.result.title == f"{WEB}. A: ANSWER by kubernetes"
    assert found.answer.addresses == ("10.96.0.20",)


def test_explain_query__says_what_it_assumes():
    assumed = {a.name: a.value for a in explain_query(cluster(), "www.example.com").result.assumptions}

    assert assumed == {"corefile": "kubeadm", "outside_names": ("www.example.com",)}
    assert len(explain_query(cluster(), "a.", upstream=OUTSIDE).result.assumptions) == 1


def test_explain_query__a_rewritten_name_and_where_it_was_checked():
    found = explained(
        "rewrite name a.example web.shop.svc.cluster.local", "kubernetes cluster.local", name="a.example"
    )

    assert rows(found)[0] == ("rewrite", 2, "rewrites to web.shop.svc.cluster.local. A")
    assert found.result.frame.name.tolist() == ["a.example.", f"{WEB}."]
    assert found.result.basis is Basis.SOURCE
    assert explained("kubernetes cluster.local").result.basis is Basis.RAN


def test_explain_query__an_address_that_is_only_assumed_was_not_checked():
    given = explained("forward . 192.0.2.53", name="www.example.com", upstream=OUTSIDE)

    assert explained("forward . 192.0.2.53", name="www.example.com").result.basis is Basis.UNCHECKED
    assert given.result.basis is Basis.RAN


def test_explain_query__a_view_decides_who_answers():
    found = explained("view v {\n expr true\n}", "kubernetes cluster.local")

    assert (found.reply, rows(found)) == (None, [("view", 2, "cannot be known")])


def test_explain_query__says_what_applies_in_brackets():
    found = explained("cache 30", "kubernetes cluster.local").result.frame

    assert found.because[0].endswith("[30 s, negative 30 s]")


def test_explain_query__autopath_rests_on_coredns_own_resolv_conf():
    names = [a.name for a in explained(*AUTOPATH, client="10.244.1.5").result.assumptions]

    assert names == ["corefile", "own_search", "outside_names"]


def test_explain_query__autopath_asks_the_rest_of_the_chain_again_and_again():
    found = explained(*AUTOPATH, name="web.shop.shop.svc.cluster.local", client="shop/client")

    assert rows(found) == [
        ("autopath", 2, "walks the search list to web.shop.svc.cluster.local."),
        ("kubernetes", 3, "answers"),
        ("kubernetes", 3, "answers"),
        ("forward", 6, "is not asked"),
    ]
    assert explained(*AUTOPATH, client="10.244.1.5").answer.addresses == ("10.96.0.20",)


def test_explain_query__where_the_answer_cannot_be_known():
    found = explained("acl {\n block\n}", "kubernetes cluster.local")

    assert (found.reply, found.answer) == (None, None)
    assert rows(found) == [("acl", 2, "cannot be known"), ("kubernetes", 5, "is not asked")]
    assert found.result.title.endswith("A: not known")
    assert "line 2: acl: it refuses" in found.result.because[0]


def test_explain_query__no_block_takes_the_name():
    found = explain_query(cluster(), WEB, corefile=corefile_from_text("example.org {\n whoami\n}"))

    assert found.answer.rcode is Rcode.REFUSED
    assert found.result.frame.empty


def test_explain_query__refuses_a_client_that_is_not_in_the_dump():
    with pytest.raises(NotFoundError, match="shop/none is not in the dump"):
        explained("whoami", client="shop/none")
