import re

import pytest

from kubenetlab.anonymize.addresses import Addresses
from kubenetlab.anonymize.corefile import corefile, is_corefile, starts_as_corefile
from kubenetlab.anonymize.names import Names
from kubenetlab.anonymize.well_known_corefile import PLUGINS

# kubernetes v1.36.2, cmd/kubeadm/app/phases/addons/dns/manifests.go, with a stub domain as the CoreDNS docs show it.
COREFILE = """\
.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
"""
STUB = "corp.acme:53 {  # ask Ann first\n    forward . 10.9.8.7 tls://10.9.8.6\n}\n"


def names():
    return Names(b"key", Addresses(b"key", grain=False))


def test_corefile__leaves_kubeadms_own_as_it_is():
    assert corefile(COREFILE, names()) == COREFILE


def test_corefile__replaces_zones_addresses_and_comments():
    new = names()

    shared = corefile(STUB, new)

    first, second = new.text("10.9.8.7"), new.text("10.9.8.6")
    assert shared == f"{new.text('corp.acme')}:53 {{  #\n    forward . {first} tls://{second}\n}}\n"


def test_corefile__replaces_a_cluster_domain_of_ones_own():
    assert "acme" not in corefile(COREFILE.replace("cluster.local", "k8s.acme"), names())


def line_of(text, new=None):
    return corefile(text, new or names())


@pytest.mark.parametrize("plugin", sorted(PLUGINS))
def test_corefile__keeps_the_name_of_every_plugin(plugin):
    assert line_of(f"    {plugin} {{\n") == f"    {plugin} {{\n"


@pytest.mark.parametrize(
    "line",
    [
        'answer "{{ .Name }} 60 IN A 127.0.0.1"',
        'answer "{{ index .Match 1 }} {{ .Group.a }} {{ .Zone | printf \\"%s\\" }} {{ .Type }}"',
        "match ^(?P<a>[0-9]*)[.](?i)(?:[a-z0-9_-]+)\\d{1,3}\\.$",
        "rewrite name regex (.*)\\.in-addr\\.arpa {1}.svc.cluster.local",
        "answer name (.*)\\.svc\\.cluster\\.local {1}[.]cluster[.]local",
        "expr incidr(client_ip(), '127.0.0.0/8') && name() in ['default'] and not type() matches 'x1'[:0]",
        'log . "{remote}:{port} {type} {name} {>id} {duration}"',
        "cache 1h30m",
        "forward . tls://127.0.0.1 https://127.0.0.1",
    ],
)
def test_corefile__keeps_the_grammar_of_templates_and_expressions(line):
    kept = line.replace("'x1'[:0]", "'default'")

    assert line_of(kept) == kept


def test_corefile__replaces_names_inside_of_regular_expressions_as_elsewhere():
    new = names()

    shared = line_of(r"match (?P<tenant>[a-z]+)\.cart[.]acme\.10\.9\.8\.7$ {{ .Group.tenant }}", new)

    tenant, cart, acme = (new.text(word) for word in ("tenant", "cart", "acme"))
    address = new.text("10.9.8.7").replace(".", r"\.")
    assert shared == rf"match (?P<{tenant}>[a-z]+)\.{cart}[.]{acme}\.{address}$ {{{{ .Group.{tenant} }}}}"


def test_corefile__replaces_names_inside_of_templates_and_expressions():
    line = (
        """expr incidr(client_ip(), '10.9.8.0/24') && name() in ['acme.corp'] {{ if eq .Name "acme.corp" }}"""
    )

    assert not re.search(r"acme|corp|10\.9\.8", line_of(line))


def test_corefile__replaces_a_name_that_is_also_an_option_inside_of_other_words():
    assert line_of(r"match log\.file\.acme") == "match " + r"\.".join(
        names().text(w) for w in ("log", "file", "acme")
    )


def test_corefile__takes_a_hash_in_quotes_for_no_comment():
    assert line_of('answer "a # 1" # acme\n') == f'answer "{names().text("a")} # 1" #\n'


@pytest.mark.parametrize("zone", ["5.0.77.10.in-addr.arpa", "77.10.in-addr.arpa", "b.d.0.1.0.0.2.ip6.arpa"])
def test_corefile__keeps_reverse_zones_reverse_zones(zone):
    assert line_of(f"{zone}:53 {{\n") == f"{names().text(zone)}:53 {{\n"


@pytest.mark.parametrize(
    "text",
    ["shop.acme {\n  errors\n}\nand more\n", "notes\n.:53 {\n  errors\n}\n", ".:53 {\n  errors\n", "a {\n}\n}\n",
     "server {\n  listen 80;\n}\n"],
)  # fmt: skip
def test_is_corefile__refuses_what_goes_on_or_begins_as_something_else(text):
    assert not is_corefile(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# ask Ann\n\n(common) {\n", True),
        ("import zones/*\n.:53 {\n", False),
        ("[{\n", False),
        ("{\n", False),
        ("metadata: {\n", False),
        ("items: [{\n", False),
        ('"kind": {\n', False),
        ("", False),
    ],
)
def test_starts_as_corefile__tells_blocks_from_json_and_yaml(text, expected):
    assert starts_as_corefile(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (COREFILE, True),
        ("kubernetes cluster.local in-addr.arpa {\n}\n", True),
        ('{"kind": "List", "items": []}', False),
        ("apiVersion: v1\nkind: Pod\nspec: {\n}\n", False),
        ("", False),
    ],
)
def test_is_corefile__tells_corefiles_from_dumps(text, expected):
    assert is_corefile(text) is expected
