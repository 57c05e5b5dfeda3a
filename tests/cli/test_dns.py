import json
import re

import pytest
from click.testing import CliRunner

from kubenetlab.cli import main
from kubenetlab.samples import shipped_folder
from tests.cli.command_line import POD, SERVICE, changed, dump, run

NAMES = shipped_folder("data") / "dns" / "000-shop-names.yaml"
LOG = shipped_folder("data") / "dns" / "001-shop-queries.log"
SHOP = "sample:shop"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
KUBE_DNS = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", "namespace": "kube-system"},
            "spec": {"clusterIP": "10.96.0.10", "ports": [{"port": 53}]}}  # fmt: skip
HOSTILE = changed(SERVICE, ["spec"], {"type": "ExternalName", "externalName": "x\x1b[31m.test"})


def headless(n_endpoints):
    """A dump with one headless Service and its endpoints."""
    ready = [
        {"addresses": [f"10.244.1.{n}"], "conditions": {"ready": True}} for n in range(1, n_endpoints + 1)
    ]
    slice_ = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "ports": [],
              "metadata": {"name": "cart-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "cart"}},
              "endpoints": ready}  # fmt: skip
    return dump(NAMESPACE, POD, KUBE_DNS, changed(SERVICE, ["spec", "clusterIP"], "None"), slice_)


def dns(*arguments, stdin=""):
    return CliRunner().invoke(main, ["dns", *map(str, arguments)], input=stdin, prog_name="kubenetlab")


def text_of(*arguments, stdin=""):
    result = dns(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def words_of(*arguments, stdin=""):
    """The output as one line: sentences are wrapped."""
    return " ".join(text_of(*arguments, stdin=stdin).split())


def document_of(*arguments, stdin=""):
    return json.loads(text_of(*arguments, "--format", "json", stdin=stdin))


def error_of(*arguments, stdin=""):
    """The last line of a refusal, which has no traceback."""
    result = dns(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr.splitlines()[-1]


@pytest.mark.parametrize("verb", ["query", "lookup", "load"])
def test_dns__every_verb_teaches_with_examples(verb):
    assert f"Examples: kubenetlab dns {verb} " in words_of(verb, "--help")


def test_query__names_the_answer_and_who_decided():
    found = words_of("query", SHOP, "cart.shop.svc.cluster.local")

    assert found.startswith(
        "cart.shop.svc.cluster.local. A: ANSWER. Answered by kubernetes, line 7: Service shop/cart."
    )
    assert "answer cart.shop.svc.cluster.local. A 30 10.99.215.198" in found
    assert "flag aa" in found


def test_query__says_nothing_of_outside_names_where_the_cluster_answers():
    assert dns("query", SHOP, "cart.shop.svc.cluster.local").stderr == ""


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        (["nope.shop.svc.cluster.local"], "NXDOMAIN, there is no such name"),
        (["shop.svc.cluster.local"], "NODATA, the name exists, but has nothing of this type"),
        (["cart.shop.svc.cluster.local", "mx"], "NODATA, the name exists, but has nothing of this type"),
    ],
)
def test_query__says_the_verdict_in_words(question, verdict):
    assert f": {verdict}." in words_of("query", SHOP, *question)


def test_query__of_an_address_asks_who_has_it():
    found = words_of("query", SHOP, "10.96.0.10")

    assert found.startswith("10.0.96.10.in-addr.arpa. PTR: ANSWER.")
    assert "kube-dns.kube-system.svc.cluster.local." in found


def test_query__of_an_unknown_address_finds_nothing():
    found = words_of("query", SHOP, "8.8.8.8")

    assert "8.8.8.8.in-addr.arpa. PTR: what servers outside say is not known; assumed: NXDOMAIN" in found


def test_query__of_a_relative_name_points_at_lookup():
    assert f"kubenetlab dns lookup {SHOP} cart.shop --namespace" in dns("query", SHOP, "cart.shop").stderr
    assert "dns lookup" not in dns("query", SHOP, "cart.shop.").stderr


def test_query__outside_names_are_an_assumption():
    result = dns("query", SHOP, "www.example.com")

    assert "Note: assumed: outside the cluster www.example.com" in result.stderr
    assert result.stdout.startswith(
        "www.example.com. A: what servers outside say is not known; assumed: ANSWER."
    )


def test_query__folds_plugins_that_never_answer():
    short, whole = (
        text_of("query", SHOP, "cart.shop.svc.cluster.local", *more) for more in ((), ("--verbose",))
    )

    assert (
        "Plugins let every question pass: reload, ready, health, prometheus, errors, loadbalance, cache."
        in short
    )
    assert "Plugins not asked: loop, forward." in short
    assert re.findall(r"^(\w+) +\d+ ", short, re.MULTILINE) == ["kubernetes"]
    assert "is not asked" in whole


def test_query__takes_another_corefile(tmp_path):
    (tmp_path / "Corefile").write_text(".:53 {\n hosts {\n  192.0.2.7 cart.shop\n }\n}\n")

    found = words_of("query", SHOP, "cart.shop", "--corefile", tmp_path / "Corefile")

    assert "Answered by hosts" in found
    assert "192.0.2.7" in found


def test_query__what_cannot_be_known_is_said(tmp_path):
    (tmp_path / "Corefile").write_text(".:53 {\n acl {\n  block\n }\n forward . 10.0.0.1\n}\n")

    found = words_of("query", SHOP, "www.example.com", "--corefile", tmp_path / "Corefile")

    assert "www.example.com. A: cannot be known. Corefile line 2: acl" in found


def test_query__says_where_udp_cuts_an_answer():
    stdin = headless(59)

    assert "Over 512" in words_of("query", "-", "cart.shop.svc.cluster.local", stdin=stdin)
    (answer,) = [document_of("query", "-", "cart.shop.svc.cluster.local", stdin=stdin)]
    assert answer["is_truncated_over_udp"] is True
    assert answer["bytes"] > 512


def test_query__json_holds_records_chain_and_assumptions():
    found = document_of("query", SHOP, "cart.shop.svc.cluster.local", "AAAA")

    assert found["schema"] == "kubenetlab/dns-query/v1"
    assert (found["type"], found["rcode"], found["verdict"]) == ("AAAA", "NOERROR", "NODATA")
    assert [record["section"] for record in found["tables"][0]["rows"]] == ["authority"]
    assert len(found["tables"][1]["rows"]) == 10
    assert {setting["name"] for setting in found["assumptions"]} == {"corefile", "outside_names"}


def test_query__csv_holds_the_records():
    assert text_of("query", SHOP, "cart.shop.svc.cluster.local", "--format", "csv").splitlines() == [
        "section,name,type,ttl,data",
        "answer,cart.shop.svc.cluster.local.,A,30,10.99.215.198",
    ]


def test_query__without_a_name_prints_the_zone_with_the_corefiles_options():
    rows = text_of("query", SHOP, "--format", "csv").splitlines()

    assert rows[0] == "name,type,ttl,data,object"
    assert "cart.shop.svc.cluster.local.,A,30,10.99.215.198,Service shop/cart" in rows
    assert "cluster.local.,NS,30,kube-dns.kube-system.svc.cluster.local.,CoreDNS" in rows


def test_query__notes_what_a_zone_lacks():
    assert "the dump holds no Namespaces" in dns("query", "-", stdin=dump(SERVICE)).stderr


def test_query__compares_two_zones(tmp_path):
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    before.write_text(dump(NAMESPACE, SERVICE))
    after.write_text(dump(NAMESPACE, changed(SERVICE, ["spec", "clusterIP"], "10.96.7.8")))

    found = text_of("query", after, "--compare", before, "--format", "csv")

    assert "removed,cart.shop.svc.cluster.local.,A,30,10.96.7.7,Service shop/cart" in found
    assert "added,cart.shop.svc.cluster.local.,A,30,10.96.7.8,Service shop/cart" in found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a" * 64 + ".test"], "expected labels of at most 63 characters, not 64"),
        ([".".join(["a" * 50] * 6)], "expected at most 253 characters, not 305"),
        (["a..b"], "expected a name without empty labels"),
        ([""], "expected a name without empty labels"),
        (["caf\u00e9.test"], "an international name begins with xn--"),
        (["x\x1b[31m"], r"found x\x1b[31m, expected printable ASCII"),
        (["cart.shop", "FOO"], "'FOO' is not one of"),
        (["cart.shop", "--compare", "x"], "--compare is about the whole zone"),
        (["cart.shop", "--corefile", "a", "--corefile", "b"], "--corefile: found 2 of them, expected one"),
        (["cart.shop", "--corefile", "/nope"], "/nope: found no readable file"),
        (["cart.shop", "--client", "shop/nope"], "pods: shop/nope is not in the dump"),
    ],
)
def test_query__refuses_in_one_line(arguments, words):
    assert words in error_of("query", SHOP, *arguments)


def test_query__refuses_a_corefile_that_coredns_refuses(tmp_path):
    (tmp_path / "Corefile").write_text(".:53 {\n nonsense\n}\n")

    found = error_of("query", SHOP, "cart.shop", "--corefile", tmp_path / "Corefile")

    assert "Corefile: line 2: nonsense: found Unknown directive 'nonsense'" in found


def test_query__refuses_a_dump_with_several_corefiles(tmp_path):
    maps = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "x"},
            "data": {"Corefile": "."},
        }
        for name in ("one", "two")
    ]
    (tmp_path / "maps.json").write_text(dump(*maps))

    assert "found 2 ConfigMaps with a Corefile, expected one" in error_of(
        "query", SHOP, "cart.shop", "--corefile", tmp_path / "maps.json"
    )


def test_query__refuses_the_zone_of_a_corefile_without_plugin_kubernetes(tmp_path):
    (tmp_path / "Corefile").write_text(".:53 {\n whoami\n}\n")

    found = error_of("query", SHOP, "--corefile", tmp_path / "Corefile")

    assert found.endswith("Corefile: found 0 lines of plugin kubernetes, expected one for the zone")


def test_query__refuses_to_read_standard_input_twice():
    assert "standard input can be read once" in error_of("query", "-", "--compare", "-")


def test_query__hostile_texts_of_a_dump_cannot_drive_a_terminal():
    for arguments in ((), ("cart.shop.svc.cluster.local", "CNAME")):
        assert "\x1b" not in text_of("query", "-", *arguments, stdin=dump(NAMESPACE, HOSTILE))


def test_lookup__shows_all_resolvers_and_one_ladder_for_those_that_ask_alike():
    found = words_of("lookup", SHOP, "payments", "--namespace", "shop")

    assert "musl 4 Name has no usable address NODATA ends it at candidate 2 of 4" in found
    assert "glibc 8 No address associated with hostname 4 of 4 asked" in found
    assert "Queries of glibc, go, c-ares" in found
    assert "2 payments.svc.cluster.local. NODATA NODATA kubernetes: Namespace payments" in found
    assert "payments is a namespace: a Service in it is SERVICE.payments." in found


def test_lookup__says_what_the_full_name_would_cost():
    found = words_of("lookup", SHOP, "redis.data", "--namespace", "shop", "--resolver", "glibc")

    assert "glibc 4 192.168.232.71, 192.168.254.140, 192.168.225.138 found at candidate 2 of 4" in found
    assert (
        "Written in full with its dot, redis.data.svc.cluster.local. costs fewer queries: glibc 2 in place of 4."
        in found
    )


def test_lookup__of_a_full_name_has_nothing_to_save():
    assert "costs fewer" not in text_of(
        "lookup", SHOP, "redis.data.svc.cluster.local.", "--namespace", "shop"
    )


def test_lookup__of_a_service_elsewhere_says_which_name_finds_it():
    """Seed's claim: a bare name is not looked up in other namespaces."""
    found = words_of("lookup", SHOP, "hello", "--namespace", "shop")

    assert "A Service hello is there; hello.default finds it." in found


def test_lookup__names_no_service_that_is_not_found_either():
    """Its target lies outside, where nothing is known to exist."""
    assert "finds it" not in text_of("lookup", SHOP, "bank.payments", "--namespace", "shop")


def test_lookup__shows_the_pods_resolv_conf():
    pod = "kube-system/coredns-n7l9mgbbz6-76cr2"

    found = words_of("lookup", SHOP, "kube-dns", "--pod", pod)

    assert "resolv.conf: search kube-system.svc.cluster.local svc.cluster.local cluster.local" in found
    assert f"kube-dns, looked up in {pod} (dnsPolicy ClusterFirst)" in found


def test_lookup__notes_what_the_kubelet_would_record():
    servers = {"nameservers": [f"10.0.0.{n}" for n in range(4)]}
    pod = changed(POD, ["spec"], {"dnsPolicy": "None", "dnsConfig": servers, "containers": []})

    result = dns("lookup", "-", "cart", "--pod", "shop/cart", stdin=dump(pod))

    assert "Note: the kubelet would record DNSConfigForming: Nameserver limits were exceeded" in result.stderr


def test_lookup__assumes_the_clusters_dns_aloud():
    """A dump of one namespace holds no Service kube-dns."""
    result = dns("lookup", "-", "cart", "--namespace", "shop", stdin=dump(NAMESPACE, SERVICE))

    assert result.stdout.startswith("glibc, musl, Go and c-ares find it: 10.96.7.7.\n")
    assert "assumed: address of the cluster's DNS 10.96.0.10 (no DNS Service in this dump" in result.stderr
    assert "assumed: resolv.conf of the node (in no dump: taken to be empty" in result.stderr


def test_lookup__resolvers_that_disagree_are_named(tmp_path):
    """``ndots:1`` breaks ``web.shop`` on Alpine and not on Debian (recordings, end to end)."""
    conf = tmp_path / "resolv.conf"
    conf.write_text(
        "search shop.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:1\n"
    )

    found = words_of("lookup", SHOP, "redis.data", "--namespace", "shop", "--resolv-conf", conf, "--missing")

    cause = "ndots:1 is reached (dots in the name: 1), so it asks the name as typed only."
    assert found.startswith(f"musl does not find it; glibc, Go and c-ares do: {cause} resolv.conf: ")


def test_lookup__counts_candidates_that_were_left_out(tmp_path):
    """REFUSED makes glibc leave out the rest of the search list (facts: outcome per candidate)."""
    (tmp_path / "Corefile").write_text("none.test {\n whoami\n}\n")

    found = words_of(
        "lookup",
        SHOP,
        "cart",
        "--namespace",
        "shop",
        "--corefile",
        tmp_path / "Corefile",
        "--resolver",
        "glibc",
    )

    assert "2 of 4 asked" in found
    assert "REFUSED" in found


def test_lookup__waits_are_shown_where_there_are_any():
    document = document_of("lookup", SHOP, "cart", "--namespace", "shop")

    assert "took_s" not in document["tables"][0]["rows"][0]
    assert [table["title"] for table in document["tables"][1:]] == [
        f"Queries of {one}" for one in ("glibc", "musl", "go", "c-ares")
    ]
    assert document["resolv_conf"][-1] == "options ndots:5"


@pytest.mark.parametrize(
    ("options", "n"), [(["--missing"], 0), (["--outside", "www.example.test"], 1), ([], 0)]
)
def test_lookup__what_exists_outside_can_be_said(options, n):
    rows = document_of("lookup", SHOP, "www.example.test", "--namespace", "shop", *options)["tables"][0][
        "rows"
    ]

    assert [row["result"].count("192.0.2.1") for row in rows] == [n] * 4


def test_lookup__of_one_family_asks_half():
    rows = document_of("lookup", SHOP, "cart.shop", "--namespace", "shop", "--family", "ipv4")["tables"][0][
        "rows"
    ]

    assert [row["queries"] for row in rows] == [2] * 4


def test_lookup__that_asks_no_server_says_so():
    assert "asks no server" in text_of("lookup", SHOP, "10.0.0.1", "--namespace", "shop")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cart"], "either --pod NAMESPACE/POD or --namespace NAMESPACE"),
        (["cart", "--pod", "shop/nope"], "pods: shop/nope is not in the dump"),
        (["cart", "--namespace", "nope"], "namespaces: nope is not in the dump"),
        (
            ["cart", "--namespace", "shop", "--missing", "--outside", "x"],
            "--missing says that nothing exists",
        ),
        (["cart", "--namespace", "shop", "--resolver", "bind"], "'bind' is not one of"),
        (["cart", "--namespace", "shop", "--resolv-conf", "/nope"], "/nope: found no readable file"),
        (["cart", "--namespace", "shop", "--resolv-conf", "-", "--corefile", "-"], "can be read once"),
    ],
)
def test_lookup__refuses_in_one_line(arguments, words):
    assert words in error_of("lookup", SHOP, *arguments)


def test_lookup__refuses_a_resolv_conf_that_is_no_text(tmp_path):
    (tmp_path / "conf").write_bytes(b"search a.test\n\0\n")

    assert "line 2" in error_of(
        "lookup", SHOP, "x", "--namespace", "shop", "--resolv-conf", tmp_path / "conf"
    )


def test_lookup__hostile_names_cannot_drive_a_terminal():
    result = dns("lookup", SHOP, "x\x1b[31m\u202e", "--namespace", "shop")

    assert result.exit_code == 0
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


def test_lookup__option_is_added_to_resolv_conf():
    words = words_of("lookup", SHOP, "cart.shop", "--namespace", "edge", "--option", "ndots:1", "--missing")

    assert words.startswith("musl does not find it; glibc, Go and c-ares do: ndots:1 is reached")
    assert "options ndots:5 resolv.conf: options ndots:1 cart.shop" in words


def test_load__takes_a_sample_of_names():
    assert text_of("load", SHOP, SHOP, "--no-changes") == text_of("load", SHOP, NAMES, "--no-changes")


def test_load__refuses_an_unknown_sample():
    assert "there is no sample of names 'x'; there are shop" in error_of("load", SHOP, "sample:x")


def test_load__prints_every_table():
    found = text_of("load", SHOP, NAMES, "--loss", "0.001")

    assert found.startswith("299 lookups/s become 1,221 queries/s (4.1 for each); 54% of the answers")
    assert re.search(r"^client queries +1,221 +0 +53\.9% +4\.08$", found, re.MULTILINE)
    assert re.search(
        r"^postgres\.data\.svc\.cluster\.local +shop +glibc +48 +8 +384 +found$", found, re.MULTILINE
    )
    assert re.search(r"^ +99\.9% +5,00\d$", found, re.MULTILINE)
    assert re.search(r"^memory of a replica +54\.1 +178 +MB +30\.3% +yes +no$", found, re.MULTILINE)
    line = r"^ndots:1 +318 +318 +-0\.266 +musl: 2 +dnsConfig\.options \[\{name: ndots, value: '1'\}\]$"
    assert re.search(line, found, re.MULTILINE)
    assert "ndots:1 breaks musl: redis.data, frontend.shop." in found
    assert "measurements of CoreDNS 1.2.4 and 1.2.5" in " ".join(found.split())
    assert max(map(len, found.splitlines())) <= 110


def test_load__without_loss_says_how_to_see_the_tail():
    found = words_of("load", SHOP, NAMES, "--no-changes")

    assert "--loss P shows what lost packets cost" in found
    assert "ndots:1" not in found


def test_load__reads_a_log_and_says_what_was_inferred():
    result = dns("load", SHOP, LOG, "--no-changes")

    assert "4 of 154 lines are no queries and left out" in result.stderr
    assert "lookups are inferred" in result.stderr
    assert "api.bank.example" in result.stdout


def test_load__node_local_cache_is_a_place():
    assert re.search(
        r"^NodeLocal DNSCache ", text_of("load", SHOP, NAMES, "--node-local", "--no-changes"), re.MULTILINE
    )


def test_load__search_domains_of_the_nodes_reach_pods(tmp_path):
    (tmp_path / "conf").write_text("search corp.test\nnameserver 192.0.2.53\n")

    found = document_of("load", SHOP, NAMES, "--host-resolv-conf", tmp_path / "conf")

    rows = {row["change"]: row for row in found["tables"][-1]["rows"]}
    assert rows["no host search"]["client_saved_per_s"] > 0


def test_load__json_holds_whole_frames():
    found = document_of("load", SHOP, NAMES, "--loss", "0.9")

    assert found["schema"] == "kubenetlab/dns-load/v1"
    assert len(found["tables"]) == 5
    assert found["tables"][2]["rows"][-1]["share"] == 0.999
    assert found["verdict"][1].startswith("CoreDNS holds it: 1 replica needed for the queries, 2 there")
    assert {setting["name"] for setting in found["assumptions"]} >= {"corefile", "n_replicas"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/nope"], "/nope: found no readable file"),
        ([NAMES, "--loss", "2"], "loss"),
        ([NAMES, "--format", "csv"], "CSV holds one table"),
        (["-", "--corefile", "-"], "standard input can be read once"),
    ],
)
def test_load__refuses_in_one_line(arguments, words):
    assert words in error_of("load", SHOP, *arguments)


def test_load__refuses_what_is_no_inventory(tmp_path):
    (tmp_path / "text").write_text("hello\n")

    assert "found neither names nor queries" in error_of("load", SHOP, tmp_path / "text")


def test_load__refuses_a_log_without_times_and_duration(tmp_path):
    log = '[INFO] 10.244.1.7:43236 - 13452 "A IN web.shop. udp 48 false 512" NXDOMAIN qr,aa,rd 94 0.001s\n'
    (tmp_path / "log").write_text(log)

    error_of("load", SHOP, tmp_path / "log")
    assert "web.shop" in text_of("load", SHOP, tmp_path / "log", "--duration", "60", "--no-changes")


def test_dns__help_imports_no_model():
    result = run("dns", "--help", variables={"PYTHONPROFILEIMPORTTIME": "1"})

    assert not re.search(r"\| +(pandas|msgspec|yaml)$", result.stderr, re.MULTILINE)


def test_lookup__of_many_addresses_shows_three():
    found = words_of("lookup", "-", "cart", "--namespace", "shop", "--resolver", "glibc", stdin=headless(19))

    assert "10.244.1.1, 10.244.1.2, 10.244.1.3 and 16 more" in found


def test_dns__needs_no_heavy_library_for_one_question():
    """The command answers in 1.5 s because it imports nothing that compiles or draws."""
    result = run(
        "dns", "query", SHOP, "cart.shop.svc.cluster.local", variables={"PYTHONPROFILEIMPORTTIME": "1"}
    )

    assert result.returncode == 0
    assert not re.search(r"\| +(numba|scipy|matplotlib)$", result.stderr, re.MULTILINE)


SEARCH = "search shop.svc.cluster.local svc.cluster.local cluster.local"


def verdict_of(*arguments, stdin=""):
    """The first sentence, of a lookup without what is assumed."""
    return document_of("lookup", *arguments, stdin=stdin)["verdict"]


@pytest.mark.parametrize(
    ("conf", "cause"),
    [
        (f"{SEARCH} {'x' * 200}.test\nnameserver 10.96.0.10\noptions ndots:5\n", "the search line has 267 bytes, and it ignores lines over 254"),
        (f"{SEARCH}\nnameserver 10.96.0.10\noptions ndots:0\n", "ndots:0 is reached (dots in the name: 0), so it asks the name as typed only"),
        ("search svc.cluster.local shop.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
         "NODATA for data.svc.cluster.local. (Namespace data) ends its search at candidate 1 of 3"),
    ],
)  # fmt: skip
def test_lookup__begins_with_who_finds_it_and_why_others_do_not(tmp_path, conf, cause):
    """musl ignores long lines, asks names with ndots dots as typed only, and ends at NODATA (facts: musl)."""
    (tmp_path / "conf").write_text(conf)
    named = changed(SERVICE, ["metadata", "name"], "data")
    others = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "data"}}

    found = verdict_of("-", "data", "--namespace", "shop", "--resolv-conf", tmp_path / "conf", "--missing",
                       stdin=dump(NAMESPACE, others, KUBE_DNS, named))  # fmt: skip

    assert found == f"musl does not find it; glibc, Go and c-ares do: {cause}."


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("cart", "glibc, musl, Go and c-ares find it: 10.99.215.198."),
        ("10.0.0.1", "glibc, musl, Go and c-ares find it: 10.0.0.1 (no server is asked)."),
        ("nope", "glibc, musl, Go and c-ares do not find it: none of the 4 names asked exists."),
        ("nope.", "glibc, musl, Go and c-ares do not find it: nope. does not exist."),
        ("https://x.test", "glibc, musl, Go and c-ares do not find it: glibc and Go: asks no server: that is no name of a host; "
         "musl and c-ares: none of the 4 names asked exists."),
    ],
)  # fmt: skip
def test_lookup__verdict_of_names_that_all_see_alike(name, verdict):
    assert verdict_of(SHOP, name, "--namespace", "shop", "--missing") == verdict


def test_lookup__verdict_of_an_alias_names_its_target():
    alias = changed(SERVICE, ["spec"], {"type": "ExternalName", "externalName": "db.corp.test"})

    found = verdict_of(
        "-", "cart", "--namespace", "shop", "--missing", stdin=dump(NAMESPACE, KUBE_DNS, alias)
    )

    assert found.endswith(
        "do not find it: cart.shop.svc.cluster.local. is an alias of db.corp.test. which is not found."
    )


def test_lookup__verdict_of_one_resolver_and_a_failing_server(tmp_path):
    (tmp_path / "Corefile").write_text(".:53 {\n template ANY ANY {\n  rcode SERVFAIL\n }\n}\n")

    found = verdict_of(
        SHOP, "cart", "--namespace", "shop", "--corefile", tmp_path / "Corefile", "--resolver", "musl"
    )

    assert found.startswith("musl does not find it: SERVFAIL")


def test_lookup__of_musl_at_two_servers_depends_on_the_faster_one(tmp_path):
    (tmp_path / "conf").write_text(f"nameserver 10.1.1.1\nnameserver 10.96.0.10\n{SEARCH}\noptions ndots:5\n")

    found = verdict_of(
        SHOP, "cart", "--namespace", "shop", "--resolv-conf", tmp_path / "conf", "--resolver", "musl"
    )

    assert found == (
        "musl finds it or not: it depends on which server is faster: 10.1.1.1 says NXDOMAIN, 10.96.0.10 says 10.99.215.198."
    )


def test_lookup__hints_only_at_what_the_same_resolver_finds(tmp_path):
    """With ``ndots:1`` musl asks SERVICE.NAMESPACE as typed, so that only the whole name helps."""
    found = words_of("lookup", SHOP, "redis.data", "--namespace", "shop", "--option", "ndots:1", "--missing",
                     "--resolver", "musl")  # fmt: skip

    assert "A Service redis is there; redis.data.svc.cluster.local finds it." in found


@pytest.mark.parametrize("name", ["cart.example.test", "cart.nowhere", "payments"])
def test_lookup__hints_at_no_service_of_another_name(name):
    assert "is there;" not in text_of("lookup", SHOP, name, "--namespace", "shop", "--missing")


def test_lookup__warns_of_what_the_dot_breaks_beside_dns():
    found = words_of("lookup", SHOP, "redis.data", "--namespace", "shop")

    assert "But test first: TLS server names (SNI, certificates) and HTTP Host headers may not match" in found


def test_lookup__says_of_a_url_what_it_is():
    found = words_of("lookup", SHOP, "https://www.example.com", "--namespace", "shop")

    assert "That is a URL: programs look up the host in it alone." in found
    assert "costs fewer queries" not in found


DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
              "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {
                  "metadata": {"labels": {"app": "web"}},
                  "spec": {"containers": [{"name": "web", "image": "web"}],
                           "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]}}}}}  # fmt: skip


def test_lookup__takes_a_workload_for_the_pods_it_makes():
    found = words_of(
        "lookup", "-", "cart.shop", "--pod", "shop/web", stdin=dump(NAMESPACE, SERVICE, KUBE_DNS, DEPLOYMENT)
    )

    assert "resolv.conf: options ndots:1" in found
    assert "cart.shop, looked up in shop/web (dnsPolicy ClusterFirst)" in found


def test_lookup__of_a_namespace_names_workloads_whose_pods_differ():
    result = dns(
        "lookup", "-", "cart", "--namespace", "shop", stdin=dump(NAMESPACE, SERVICE, KUBE_DNS, DEPLOYMENT)
    )

    assert "an ordinary pod is asked; not so are those of Deployment shop/web: --pod" in result.stderr


def test_lookup__reads_the_nodes_resolv_conf(tmp_path):
    (tmp_path / "conf").write_text("search corp.test\n")

    result = dns("lookup", SHOP, "cart", "--namespace", "shop", "--host-resolv-conf", tmp_path / "conf")

    assert "cluster.local corp.test\n" in result.stdout
    assert "resolv.conf of the node" not in result.stderr


def test_lookup__of_a_pod_on_the_hosts_network_says_whose_file_it_has():
    pod = changed(POD, ["spec", "hostNetwork"], True)

    result = dns("lookup", "-", "cart", "--pod", "shop/cart", stdin=dump(NAMESPACE, SERVICE, KUBE_DNS, pod))

    assert "(hostNetwork: true: dnsPolicy ClusterFirst acts as Default)" in result.stdout
    assert "resolv.conf of the node (in no dump: taken to be empty" in result.stderr


def heavy(tmp_path):
    (tmp_path / "names.yaml").write_text(
        "names: [{name: cart, namespace: shop, pods: 1000, rate_per_s: 100}]\n"
    )
    return tmp_path / "names.yaml"


def test_load__says_whether_coredns_holds_it():
    lines = " ".join(text_of("load", SHOP, NAMES, "--no-changes").partition("\n\n")[0].split())

    assert (
        "CoreDNS holds it: 1 replica needed for the queries, 2 there (queries of a replica leave 50% of"
        in lines
    )
    assert "Nearest to its limit: memory of a replica, 30.3% used." in lines
    assert lines.endswith("2 lookups/s find nothing: old-search (glibc: none of the 4 names asked exists).")


def test_load__says_which_limits_do_not_hold(tmp_path):
    found = words_of("load", SHOP, heavy(tmp_path), "--replicas", "2")

    assert "CoreDNS does not hold it: 12 replicas needed for the queries, 2 there" in found
    assert "Too small: connection tracking of a node with CoreDNS, " in found
    assert "; queries of a replica, 100,000 of 16,834 1/s; " in found
    assert "NodeLocal DNSCache would take 100% of the queries at CoreDNS away." in found
    assert "as long as CoreDNS keeps up: it does not, so these times are not yours" in found


def test_load__takes_replicas_and_nodes_that_the_dump_does_not_show(tmp_path):
    found = words_of("load", SHOP, heavy(tmp_path), "--replicas", "20", "--nodes", "300", "--no-changes")

    assert "CoreDNS holds it: 12 replicas needed for the queries, 20 there" in found


def test_load__counts_with_the_nodes_that_are_given():
    few, many = (
        document_of("load", SHOP, SHOP, "--node-local", "--nodes", n, "--no-changes") for n in (1, 300)
    )

    assert few["assumptions"] != many["assumptions"]
    assert "300" in [str(setting["value"]) for setting in many["assumptions"]]


def test_load__takes_names_that_exist_outside(tmp_path):
    (tmp_path / "names.yaml").write_text("names: [{name: db.corp.test, namespace: shop, rate_per_s: 1}]\n")

    outcomes = [document_of("load", SHOP, tmp_path / "names.yaml", "--no-changes", *more)["tables"][1]["rows"][0]["outcome"]
                for more in ([], ["--outside", "db.corp.test"])]  # fmt: skip

    assert outcomes == ["EAI_NONAME", "found"]


def test_load__says_why_a_change_saves_nothing():
    assert "no host search: nothing to change: it is so already." in words_of("load", SHOP, NAMES)


def test_load__says_what_the_dot_breaks_beside_dns():
    assert "names in full, trailing dot: names resolve; test TLS" in words_of("load", SHOP, NAMES)


@pytest.mark.parametrize(
    "verb",
    [["query", SHOP, "cart.shop"], ["lookup", SHOP, "cart", "--namespace", "shop"], ["load", SHOP, NAMES]],
)
def test_dns__prints_at_once(verb, monkeypatch):
    """Whoever reads the first lines only (``| head``) must not make the next write fail."""
    printed = []
    monkeypatch.setattr("click.echo", lambda *texts, **how: how.get("err") or printed.append(texts))

    dns(*verb)

    assert len(printed) == 1


@pytest.mark.parametrize("verb", [["lookup", SHOP, "cart", "--namespace", "shop"], ["load", SHOP, NAMES]])
def test_dns__fits_110_columns(verb):
    assert max(map(len, text_of(*verb).splitlines())) <= 110


def test_query__of_a_corefile_without_blocks_is_refused_by_the_server(tmp_path):
    (tmp_path / "Corefile").write_text("")

    assert "REFUSED" in text_of("query", SHOP, "cart.shop", "--corefile", tmp_path / "Corefile")


def test_lookup__option_goes_on_a_line_of_its_own(tmp_path):
    (tmp_path / "conf").write_text("nameserver 10.96.0.10\noptions ndots:5")

    found = document_of(
        "lookup", SHOP, "x", "--namespace", "shop", "--resolv-conf", tmp_path / "conf", "--option", "ndots:1"
    )

    assert found["resolv_conf"][1:] == ["options ndots:5", "options ndots:1"]


def test_load__names_the_cause_and_the_change_that_mends_it(tmp_path):
    """musl ignores the search line that the node's domains make too long (review: catalog on Alpine)."""
    (tmp_path / "conf").write_text(f"search {'x' * 63}.{'y' * 63}.{'z' * 63}.test corp.test\n")
    (tmp_path / "names.yaml").write_text(
        "names: [{name: catalog, namespace: shop, rate_per_s: 1, resolver: musl}]\n"
    )

    found = words_of("load", SHOP, tmp_path / "names.yaml", "--host-resolv-conf", tmp_path / "conf")

    assert "1 lookups/s find nothing: catalog (musl: the search line has" in found
    assert "no host search mends 1 lookups/s that find nothing today." in found
