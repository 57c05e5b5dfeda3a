import time

import pytest

from kubenetlab.dns.corefile.plugins import PLUGINS, block_for, chain, check, description, zones_of
from kubenetlab.dns.corefile.question import NotModelledError
from kubenetlab.errors import ManifestError
from kubenetlab.readers.corefile import DIRECTIVES, corefile_from_text
from tests.readers.corefile_texts import NODE_LOCAL, OPENSHIFT, SHIPPED

EVERY = "\n".join(f" {name} a b" for name in reversed(DIRECTIVES))


def keys_for(corefile, name):
    block = block_for(corefile, name)
    return block and block.keys


def test_plugins__has_each_once_in_the_compiled_order():
    assert tuple(PLUGINS) == DIRECTIVES
    assert len(set(DIRECTIVES)) == 55
    assert {plugin.kind for plugin in PLUGINS.values()} == {"modelled", "aside", "opaque"}


def test_plugins__order_of_those_that_matter():
    known = [
        "log",
        "loadbalance",
        "cache",
        "rewrite",
        "autopath",
        "template",
        "hosts",
        "k8s_external",
        "kubernetes",
    ]
    known += ["file", "loop", "forward"]  # coredns v1.13.1, plugin.cfg

    assert [name for name in PLUGINS if name in known] == known


def test_plugins__kind_of_those_that_only_watch():
    kinds = [PLUGINS[name].kind for name in ("log", "errors", "ready", "acl", "whoami", "kubernetes")]

    assert kinds == ["aside", "aside", "aside", "opaque", "opaque", "modelled"]


def test_chain__is_in_compiled_order_and_keeps_the_order_of_one_plugin():
    text = ". {\n forward a.test 10.0.0.1\n forward b.test 10.0.0.2\n cache\n errors\n rewrite name a b\n}"

    found = chain(corefile_from_text(text).blocks[0])

    assert [directive.line for directive in found] == [5, 4, 6, 2, 3]


def test_chain__holds_every_plugin():
    found = chain(corefile_from_text(f". {{\n{EVERY}\n}}").blocks[0])

    assert tuple(directive.name for directive in found) == DIRECTIVES


def test_zones_of__keys_without_port_and_transport_and_ranges_as_reverse_zones():
    (block,) = corefile_from_text("tls://Example.org:853 10.0.0.0/15 .:53 {\n}").blocks

    assert zones_of(block) == ("example.org.", "0.10.in-addr.arpa.", "1.10.in-addr.arpa.", ".")


def test_block_for__takes_the_longest_zone():
    corefile = corefile_from_text(NODE_LOCAL)

    assert keys_for(corefile, "Web.shop.svc.CLUSTER.local.") == ("cluster.local:53",)
    assert keys_for(corefile, "notcluster.local") == (".:53",)
    assert keys_for(corefile, "4.3.2.10.in-addr.arpa.") == ("in-addr.arpa:53",)


def test_block_for__looks_at_port_and_transport():
    corefile = corefile_from_text(
        f"tls://a.foo.com {{\n}}\n{OPENSHIFT}\ntls://a.test:5353 {{\n}}\na.test:5353 {{\n}}\n10.0.0.0/24:5353 {{\n}}"
    )

    assert keys_for(corefile, "a.foo.com.") == ("foo.com:5353",)
    assert keys_for(corefile, "x.a.test") == ("a.test:5353",)
    assert keys_for(corefile, "7.0.0.10.in-addr.arpa") == ("10.0.0.0/24:5353",)


def test_block_for__takes_another_port_where_nothing_listens_on_53():
    assert keys_for(corefile_from_text(OPENSHIFT), "web.shop.svc.cluster.local") == (".:5353",)
    assert keys_for(corefile_from_text("a:54 {\n}\n.:53 {\n}"), "a") == (".:53",)
    assert keys_for(corefile_from_text(""), "a") is None


def test_block_for__takes_many_zones_at_once():
    corefile = corefile_from_text(" ".join(f"z{n}.test" for n in range(20_000)) + " {\n}")
    began = time.process_time()

    block_for(corefile, "a.z19999.test")

    assert time.process_time() - began < 2


def test_block_for__raises_where_a_view_decides():
    corefile = corefile_from_text("a.test {\n view v {\n  expr true\n }\n}\na.test {\n log\n}\n. {\n}")

    with pytest.raises(
        NotModelledError, match=r"Corefile line 2: view: its server block may take x\.a\.test"
    ):
        block_for(corefile, "x.a.test")
    assert keys_for(corefile, "b.test") == (".",)


@pytest.mark.parametrize(
    ("line", "applies"),
    [
        ("cache 30", "30 s, negative 30 s"),
        ("cache", "3600 s, negative 1800 s"),
        ("cache 900 {\n denial 9984 5\n}", "900 s, negative 5 s"),
        ("health :9090", "at :9090"),
        ("ready", "at :8181"),
        ("prometheus :9153", "metrics at :9153"),
        ("bufsize 512", "512 bytes"),
        ("hosts /h {\n ttl 60\n}", "/h, TTL 60 s"),
        ("kubernetes cluster.local in-addr.arpa {\n ttl 30\n}", "zones cluster.local in-addr.arpa, TTL 30 s"),
        ("forward . 10.0.0.1 {\n policy sequential\n}", "policy sequential; at most 15"),
    ],
)
def test_description__has_what_applies_in_brackets(line, applies):
    (directive,) = corefile_from_text(f". {{\n{line}\n}}").blocks[0].directives

    assert description(directive) == f"{PLUGINS[directive.name].does} [{applies}]"


@pytest.mark.parametrize(
    "line",
    [
        "forward . tls://9.9.9.9 {\n tls_servername x\n health_check 5s domain a.b no_rec\n expire 10s\n}",
        "forward . 1.1.1.1 {\n except a b\n max_fails 3\n policy random\n force_tcp\n max_concurrent 1000\n next NXDOMAIN\n}",
        "forward . 1.1.1.1 {\n failfast_all_unhealthy_upstreams\n failover SERVFAIL refused\n tls\n}",
        "hosts {\n ttl 60\n reload 15s\n no_reverse\n fallthrough\n 10.0.0.1 a\n}",
        "forward . 10.0.0.1:5353 [fd00::1]:53 fd00::1 /etc/resolv.conf __PILLAR__UPSTREAM__SERVERS__ dns://1.1.1.1",
        "forward . tls://9.9.9.9%dns.quad9.net",
        "bufsize",
        "bufsize 4096",
    ],
)
def test_check__takes_options_as_their_manual_has_them(line):
    check(corefile_from_text(f". {{\n{line}\n}}"))


@pytest.mark.parametrize("name", SHIPPED)
def test_check__takes_shipped_corefiles(name):
    check(corefile_from_text(SHIPPED[name]))


@pytest.mark.parametrize(
    ("directives", "line", "found"),
    [
        ("forward .", 2, "Wrong argument count or unexpected line ending after 'forward'"),
        ("template IN", 2, "Wrong argument count"),
        ("log\n autopath", 3, "Wrong argument count"),
        ("cache 30\n cache 60", 2, "this plugin can only be used once per Server Block"),
        ("errors\n log\n errors", 2, "this plugin can only be used once per Server Block"),
        ("health {\n  lame\n }", 3, "unknown property 'lame'"),
        ("template IN A {\n  answer x\n  \u202efoo\n }", 4, "unknown property '\\u202efoo'"),
        ("loop x", 2, "Wrong argument count"),
        ("forward . 1.1.1.1 {\n  nosuch\n }", 3, "unknown property 'nosuch'"),
        ("forward . 1.1.1.1 {\n  policy best\n }", 3, "policy best"),
        ("forward . 1.1.1.1 {\n  expire 10\n }", 3, "expire 10"),
        ("forward . 1.1.1.1 {\n  expire -1s\n }", 3, "expire -1s"),
        ("forward . 1.1.1.1 {\n  max_concurrent many\n }", 3, "max_concurrent many"),
        ("forward . 1.1.1.1 {\n  force_tcp yes\n }", 3, "force_tcp yes"),
        ("forward . 1.1.1.1 {\n  except\n }", 3, "except"),
        ("forward . 1.1.1.1 {\n  failover NOERROR\n }", 3, "failover NOERROR"),
        ("forward . 1.1.1.1 {\n  next NOPE\n }", 3, "next NOPE"),
        ("forward . notanip", 2, "forward . notanip"),
        ("forward . https://9.9.9.9", 2, "forward . https://9.9.9.9"),
        ("forward . " + "10.0.0.1 " * 16, 2, "forward . 10.0.0.1"),
        ("cache -1", 2, "cache -1"),
        ("kubernetes cluster.local {\n  pods bogus\n }", 3, "wrong value for pods: bogus"),
        ("kubernetes cluster.local {\n  ttl 99999\n }", 3, "ttl must be in range [0, 3600]: 99999"),
        ("bufsize 511", 2, "bufsize 511"),
        ("bufsize 4097", 2, "bufsize 4097"),
        ("cache {\n  success\n }", 3, "success"),
    ],
)
def test_check__refuses_with_line_and_words(directives, line, found):
    corefile = corefile_from_text(f". {{\n {directives}\n}}", "Corefile")

    with pytest.raises(ManifestError) as caught:
        check(corefile)

    assert (caught.value.refusal.file, caught.value.refusal.object) == ("Corefile", f"line {line}")
    assert caught.value.refusal.found.startswith(found)
