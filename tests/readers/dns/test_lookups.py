import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.cluster import Cluster
from kubenetlab.errors import UnreadableError
from kubenetlab.objects import Metadata, Pod
from kubenetlab.objects.name_inventory import Query, QueryLog
from kubenetlab.objects.pod import PodSpec, PodStatus
from kubenetlab.readers.dns import lookups_of_queries, queries_by_name, read_names, read_queries
from kubenetlab.samples import sample
from tests.readers.dns.logs import SHOP_NAMES, candidates, line

DATA = Path(__file__).parents[3] / "data/dns"
E2E = Path(__file__).parents[2] / "golden/resolvers/e2e-coredns.json.gz"


def log_of(*lookups, duration_s=10.0):
    """A log of lookups: client, namespace, name, number of candidates."""
    asked = (
        (client, name)
        for client, namespace, typed, n in lookups
        for name in candidates(typed, namespace)[: n or 1]
    )
    queries = tuple(
        Query(client, name, type_, "NOERROR") for client, name in asked for type_ in ("A", "AAAA")
    )
    return QueryLog(queries=queries, duration_s=duration_s)


def typed(log, cluster=None):
    entries = lookups_of_queries(log, cluster, duration_s=log.duration_s).entries
    return {(e.namespace, e.name, e.family): round(e.lookups_per_s * log.duration_s, 6) for e in entries}


def pod(namespace, ip, host_network=False):
    return Pod(
        metadata=Metadata(name=f"pod-{ip}", namespace=namespace),
        spec=PodSpec(host_network=host_network),
        status=PodStatus(pod_ip=ip),
    )


def test_lookups_of_queries__finds_the_name_that_was_typed():
    log = log_of(
        ("10.0.0.1", "app", "web", 1),
        ("10.0.0.1", "app", "web.shop", 2),
        ("10.0.0.1", "app", "www.example.com", 4),
    )

    assert typed(log) == {
        ("app", "web", "unspec"): 1,
        ("app", "web.shop", "unspec"): 1,
        ("app", "www.example.com", "unspec"): 1,
    }


def test_lookups_of_queries__takes_the_namespace_from_a_dump():
    log = log_of(("10.0.0.1", "app", "web", 1))

    assert typed(log) == {("default", "web.app.svc.cluster.local.", "unspec"): 1}
    assert typed(log, Cluster(pods=(pod("app", "10.0.0.1"),))) == {("app", "web", "unspec"): 1}
    assert "1 of 1 clients have no known namespace" in lookups_of_queries(log, duration_s=1).notes[-1]


def test_lookups_of_queries__does_not_take_a_node_for_a_pod():
    log = log_of(("10.0.0.1", "app", "web", 1))

    assert typed(log, Cluster(pods=(pod("app", "10.0.0.1", host_network=True),))) == {
        ("default", "web.app.svc.cluster.local.", "unspec"): 1
    }


@pytest.mark.parametrize("namespace", ["app", "zoo"])
def test_lookups_of_queries__tells_a_name_with_its_own_namespace(namespace):
    log = log_of(("10.0.0.1", namespace, f"web.{namespace}", 2))

    assert typed(log) == {(namespace, f"web.{namespace}", "unspec"): 1}


@pytest.mark.parametrize(
    ("types", "family"), [(("A",), "inet"), (("AAAA",), "inet6"), (("A", "AAAA"), "unspec")]
)
def test_lookups_of_queries__tells_the_family(types, family):
    log = QueryLog(queries=tuple(Query("c", "a.example.", t, "NOERROR") for t in types), duration_s=1)

    assert typed(log) == {("default", "a.example.", family): 1}


@pytest.mark.parametrize(
    ("rcode", "exists"), [("NOERROR", True), ("NXDOMAIN", False), ("SERVFAIL", None), ("", None)]
)
def test_lookups_of_queries__says_whether_a_name_exists(rcode, exists):
    log = QueryLog(
        queries=(Query("c", "a.example.", "A", rcode), Query("c", "1.in-addr.arpa.", "PTR", "NOERROR")),
        duration_s=1,
    )

    (entry,) = lookups_of_queries(log, duration_s=1).entries

    assert entry.exists is exists


def test_lookups_of_queries__gives_the_mean_rate_of_its_clients():
    log = log_of(*[("10.0.0.1", "app", "x.example.com", 4)] * 3, ("10.0.0.2", "app", "x.example.com", 4))

    (entry,) = lookups_of_queries(log, duration_s=10).entries

    assert (entry.pods, entry.rate_per_s) == (2, pytest.approx(0.2))


LOOKUPS = st.tuples(
    st.sampled_from(["10.0.0.1", "10.0.0.2"]),
    st.sampled_from(
        ["web", "web.shop", "web.app", "db.shop.svc", "www.example.com", "web.shop.svc.cluster.local"]
    ),
    st.integers(1, 4),
)


@given(st.lists(LOOKUPS, min_size=1, max_size=20))
def test_lookups_of_queries__finds_every_lookup_and_no_more(lookups):
    # Law: in a namespace that the dump knows, lookups of names that share no candidate are found in full
    lookups = [
        (client, name, {"web": 1, "web.shop": 2, "web.app": 2}.get(name, n)) for client, name, n in lookups
    ]
    lookups = [
        (client, name, 4 if "." in name and name not in ("web.shop", "web.app") else n)
        for client, name, n in lookups
    ]
    cluster = Cluster(pods=(pod("app", "10.0.0.1"), pod("app", "10.0.0.2")))
    log = log_of(*((client, "app", name, n) for client, name, n in lookups))

    found = typed(log, cluster)

    assert sum(found.values()) <= len(lookups)
    for name in ("web.shop", "db.shop.svc", "www.example.com"):
        n = sum(name == other for _, other, _ in lookups)
        assert found.get(("app", name, "unspec"), 0) == n


@pytest.mark.parametrize("resolver", ["glibc", "musl", "go"])
def test_lookups_of_queries__agrees_with_recorded_lookups(resolver):
    # Queries as CoreDNS 1.13.1 logged them: glibc 2.36, musl 1.2.5 and Go 1.27.3 in a pod of namespace app
    # (ext is an ExternalName: CoreDNS' own query for its target stands in the log, too)
    search = "search app.svc.cluster.local svc.cluster.local cluster.local\n"
    cases = [
        case
        for case in json.loads(gzip.decompress(E2E.read_bytes()))["cases"]
        if case["resolver"] == resolver and case["resolv_conf"].startswith(search) and case["queries"]
    ]
    cases = [case for case in cases if case["name"] != "ext"]
    cluster = Cluster(pods=(pod("app", "10.0.0.1"),))

    for case in cases:
        queries = tuple(Query("10.0.0.1", q["name"], q["type"], q["rcode"]) for q in case["queries"])
        name = case["name"].lower()
        is_searched = any(q.name == f"{name}.app.svc.cluster.local." for q in queries)
        expected = name if is_searched else name.rstrip(".") + "."
        assert typed(QueryLog(queries=queries, duration_s=1), cluster) == {
            ("app", expected, case["family"]): 1
        }
    assert len(cases) > 100


def test_lookups_of_queries__needs_a_duration():
    log = log_of(("c", "app", "web", 1), duration_s=None)

    with pytest.raises(ValueError, match=r"-: found no times .*, expected how many seconds it covers"):
        lookups_of_queries(log)
    assert lookups_of_queries(log, duration_s=2).entries[0].rate_per_s == 0.5


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-300, float("nan"), float("inf")])
def test_lookups_of_queries__refuses_a_duration_that_cannot_be(seconds):
    with pytest.raises(ValueError, match="found a duration of"):
        lookups_of_queries(log_of(("c", "app", "web", 1)), duration_s=seconds)


@pytest.mark.parametrize(("n_lookups", "rate"), [(2, 1.0), (101, 1.0)])
def test_lookups_of_queries__takes_n_lookups_for_n_minus_one_intervals(n_lookups, rate):
    log = log_of(*[("10.0.0.1", "app", "x.example.com", 4)] * n_lookups, duration_s=n_lookups - 1.0)

    (entry,) = lookups_of_queries(log).entries

    assert entry.rate_per_s == pytest.approx(rate)


def test_lookups_of_queries__knows_no_rate_of_one_lookup():
    with pytest.raises(ValueError, match="found one lookup, expected more, or duration_s"):
        lookups_of_queries(log_of(("c", "app", "x.example.com", 4), duration_s=0.04))


def test_read_names__infers_the_lookups_of_the_sample_log():
    found = {(e.namespace, e.name) for e in read_names(DATA / "001-shop-queries.log", sample("shop")).entries}

    assert found == {(namespace, name) for _, namespace, name, _ in SHOP_NAMES}


@pytest.mark.parametrize("name", ["000-shop-names.yaml", "001-shop-queries.log", "002-lost-packet.pcap"])
def test_read_names__tells_the_form_by_the_content(name, tmp_path):
    (tmp_path / "names").write_bytes(gzip.compress((DATA / name).read_bytes()))

    inventory = read_names(tmp_path / "names")

    assert inventory.entries
    assert (inventory.log is None) == name.endswith("yaml")


@pytest.mark.parametrize("text", ["", ".:53\n[INFO] plugin/reload: Running\n", "kind: Pod", "hello"])
def test_read_names__says_what_it_reads(text, tmp_path):
    (tmp_path / "a.txt").write_text(text)

    with pytest.raises(
        UnreadableError, match="found neither names nor queries, expected an inventory of names in YAML"
    ):
        read_names(tmp_path / "a.txt")


def test_read_names__does_not_search_the_middle_of_long_lines(tmp_path):
    # a search at every place of a line of 20 MB took half a minute
    (tmp_path / "a.log").write_text("x" * 5000 + line("10.0.0.1", "web.shop.") + "\n")

    with pytest.raises(UnreadableError, match="found neither names nor queries"):
        read_names(tmp_path / "a.log")


def test_queries_by_name__counts():
    frame = queries_by_name(read_queries(DATA / "001-shop-queries.log")).frame

    assert list(frame) == ["name", "type", "rcode", "queries", "sent", "clients", "per_s", "mean_ms"]
    assert frame["queries"].sum() == 150
    assert frame["queries"].is_monotonic_decreasing
    assert frame["mean_ms"].between(0.1, 20).all()


def test_queries_by_name__has_no_rates_without_times():
    assert queries_by_name(log_of(("c", "app", "web", 1), duration_s=None)).frame["per_s"].isna().all()
