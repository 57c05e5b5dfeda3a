import pytest

from kubenetlab.dns.corefile.core_dns import CoreDns
from kubenetlab.dns.demand.changes import CHANGES, after, dns_changes
from kubenetlab.dns.demand.demand import dns_demand
from kubenetlab.objects.name_inventory import NameInventory, NameRate
from kubenetlab.readers.corefile import corefile_from_text
from tests.dns.demand.recorded_lookups import (
    COREFILES,
    UPSTREAM,
    by_lookup,
    cases,
    cluster,
    inventory,
    options,
    set_of,
)

_HOST = "search eu-west-1.compute.internal\nnameserver 127.0.0.1\n"
_RESOLVS = sorted({case["resolv"] for case in cases()})


def _row(frame, change):
    return frame.set_index("change").loc[change]


def _pairs(before, then, rename=tuple):
    """Recorded lookups of one set, and the same ones (or what they become) of another."""
    others = by_lookup(then)
    return [(case, others[rename(key)]) for key, case in by_lookup(before).items() if rename(key) in others]


def _check(pairs, change, **given):
    """Compare each predicted number of queries with both recordings; return the demand before."""
    found = [case for case, _ in pairs]
    before = dns_demand(cluster(), inventory(found), **given)
    then = after(before, change)

    assert before.by_name.frame["queries_per_s"].tolist() == [case["n_client_queries"] for case in found]
    assert then.by_name.frame["queries_per_s"].tolist() == [case["n_client_queries"] for _, case in pairs]
    assert (then.by_name.frame["outcome"] == "found").tolist() == [case["rc"] == 0 for _, case in pairs]


def _dotted(lookup):
    return (f"{lookup[0]}.", *lookup[1:])


def _inet(lookup):
    return (*lookup[:2], "inet")


@pytest.mark.parametrize("corefile", ["plain", "autopath"])
@pytest.mark.parametrize("ndots", ["1", "2"])
def test_after__ndots__saves_what_was_recorded(corefile, ndots):
    before = set_of(corefile, "k8s-ndots5")

    pairs = _pairs(before, set_of(corefile, f"k8s-ndots{ndots}"))

    assert len(pairs) >= 30
    _check(pairs, f"ndots:{ndots}", **options(before[0]))


@pytest.mark.parametrize("resolv", _RESOLVS)
def test_after__autopath__saves_what_was_recorded(resolv):
    before = set_of("plain", resolv)

    pairs = _pairs(before, set_of("autopath", resolv))

    assert len(pairs) >= 30
    _check(pairs, "autopath", **options(before[0]))


_WAYS = {"trailing dot": _dotted, "one family": _inet}
_RECORDED_WAYS = [
    (change, corefile, resolv)
    for change, rename in _WAYS.items()
    for corefile in COREFILES
    for resolv in _RESOLVS
    if _pairs(set_of(corefile, resolv), set_of(corefile, resolv), rename)
]


@pytest.mark.parametrize(("change", "corefile", "resolv"), _RECORDED_WAYS)
def test_after__other_ways_to_ask__save_what_was_recorded(change, corefile, resolv):
    recorded = set_of(corefile, resolv)

    pairs = _pairs(recorded, recorded, _WAYS[change])

    _check(pairs, change, **options(recorded[0]))


def test_after__other_ways_to_ask__are_recorded_in_most_sets():
    assert len(_RECORDED_WAYS) > 20


_FROM_5 = (set_of("plain", "k8s-ndots5"), options(set_of("plain", "k8s-ndots5")[0]))
_FROM_HOST = (
    set_of("plain", "k8s-ndots5-hostsearch"),
    {"corefile": COREFILES["plain"], "upstream": UPSTREAM, "host_resolv_conf": _HOST},
)


@pytest.mark.parametrize(
    ("change", "before", "then", "rename"),
    [
        ("ndots:1", _FROM_5, set_of("plain", "k8s-ndots1"), tuple),
        ("ndots:2", _FROM_5, set_of("plain", "k8s-ndots2"), tuple),
        ("autopath", _FROM_5, set_of("autopath", "k8s-ndots5"), tuple),
        ("trailing dot", _FROM_5, _FROM_5[0], _dotted),
        ("no host search", _FROM_HOST, _FROM_5[0], tuple),
    ],
)
def test_dns_changes__saves_and_breaks_what_was_recorded(change, before, then, rename):
    pairs = _pairs(before[0], then, rename)

    row = _row(dns_changes(cluster(), inventory([case for case, _ in pairs]), **before[1]).frame, change)

    assert row["client_saved_per_s"] == sum(a["n_client_queries"] - b["n_client_queries"] for a, b in pairs)
    broken = [case for case, found in pairs if case["rc"] == 0 and found["rc"] != 0]
    assert row["broken_per_s"] == len(broken)
    assert all(case["name"] in row[f"breaks_{case['resolver']}"].split(", ") for case in broken)
    assert bool(broken) is change.startswith("ndots")


def _names(*names, **fields):
    return NameInventory(
        entries=tuple(NameRate(name=n, rate_per_s=1.0, namespace="app", **fields) for n in names)
    )


def test_dns_changes__ndots_1__breaks_short_names_on_musl_only():
    frame = dns_changes(cluster(), _names("web.shop", "web", "www.example.com")).frame

    row = _row(frame, "ndots:1")
    assert (row["breaks_musl"], row["breaks_glibc"], row["breaks_go"], row["breaks_cares"]) == (
        "web.shop",
        "",
        "",
        "",
    )
    assert row["broken_per_s"] == 0  # nobody of the inventory has musl


def test_dns_changes__what_breaks_the_inventory_comes_last():
    frame = dns_changes(cluster(), _names("web.shop", "www.example.com", resolver="musl")).frame

    assert frame["change"].iloc[-1] == "ndots:1"
    assert frame["broken_per_s"].tolist() == sorted(frame["broken_per_s"])
    harmless = frame[frame["broken_per_s"] == 0]
    assert harmless["coredns_saved_per_s"].is_monotonic_decreasing


def test_dns_changes__has_a_row_for_every_change():
    frame = dns_changes(cluster(), _names("web")).frame

    assert sorted(frame["change"]) == sorted(CHANGES)


def test_dns_changes__names_in_full__cost_one_candidate_and_break_nothing():
    before = dns_demand(cluster(), _names("web.shop", "www.example.com", "nope", "hl"))

    then = after(before, "names in full")

    assert [entry.name for entry in then.inventory.entries] == [
        "web.shop.svc.cluster.local.", "www.example.com.", "nope", "hl.app.svc.cluster.local."
    ]  # fmt: skip
    assert then.by_name.frame["candidates"].tolist() == [1, 1, 4, 1]


def test_dns_changes__names_in_full__looks_behind_autopath():
    before = dns_demand(
        cluster(), _names("www.example.com"), corefile=COREFILES["autopath"], upstream=UPSTREAM
    )

    assert after(before, "names in full").inventory.entries[0].name == "www.example.com."


def test_dns_changes__no_aaaa__is_for_glibc():
    # glibc 2.36, resolv.conf(5); musl and Go do not read it
    queries = {
        resolver: after(dns_demand(cluster(), _names("web", resolver=resolver)), "no-aaaa").per_s(
            "client queries"
        )
        for resolver in ("glibc", "musl", "go")
    }

    assert queries == {"glibc": 1, "musl": 2, "go": 2}


def test_dns_changes__cache_cluster_zone__keeps_other_options_of_the_line():
    text = ".:53 {\n kubernetes cluster.local\n cache 60 {\n  disable success cluster.local\n  denial 100 7\n }\n}\n"
    before = dns_demand(cluster(), _names("web"), corefile=corefile_from_text(text))

    then = after(before, "cache cluster zone")

    (cache,) = (one for one in then.setup.corefile.blocks[0].directives if one.name == "cache")
    assert (cache.args, [option.name for option in cache.block]) == (("60",), ["denial"])
    assert before.per_s("CoreDNS", is_cached=True) < then.per_s("CoreDNS", is_cached=True)


def test_dns_changes__cache_cluster_zone__adds_a_line_where_there_is_none():
    before = dns_demand(cluster(), _names("web"), corefile=COREFILES["plain"])

    assert after(before, "cache cluster zone").per_s("CoreDNS", is_cached=True) > 0


def test_dns_changes__autopath__leaves_blocks_without_the_cluster_alone():
    text = "corp.test:53 {\n forward . 10.0.0.2\n}\n.:53 {\n kubernetes cluster.local {\n  pods insecure\n }\n}\n"
    before = dns_demand(cluster(), _names("web"), corefile=corefile_from_text(text))

    corp, main = after(before, "autopath").server.corefile.blocks

    assert [one.name for one in corp.directives] == ["forward"]
    assert [one.name for one in main.directives] == ["kubernetes", "autopath"]
    assert [option.args for option in main.directives[0].block] == [("verified",)]


def test_dns_changes__node_cache__saves_coredns_and_no_client():
    row = _row(
        dns_changes(cluster(), _names("www.example.com", pods=100), n_nodes=5).frame, "NodeLocal DNSCache"
    )

    assert row["client_saved_per_s"] == 0
    assert row["coredns_saved_per_s"] > 700


def test_dns_changes__says_what_is_so_already_and_what_is_of_no_use():
    rows = dns_changes(cluster(), _names("www.example.com."), node_local=True).frame.set_index("change")[
        "note"
    ]

    assert rows["NodeLocal DNSCache"] == rows["no host search"] == "nothing to change: it is so already"
    assert rows["autopath"].startswith("no use: NodeLocal DNSCache hides")
    assert (
        "test TLS"
        in dns_changes(cluster(), _names("www.example.com")).frame.set_index("change")["note"]["trailing dot"]
    )


def test_dns_changes__ranks_first_what_makes_names_be_found():
    # musl ignores a search line of more than 255 bytes
    long = f"search {' '.join(f'host-{n}.corp.example' for n in range(12))}\n"

    frame = dns_changes(cluster(), _names("web.shop", resolver="musl"), host_resolv_conf=long).frame

    assert frame.loc[0, ["change", "fixed_per_s"]].tolist() == ["no host search", 1.0]


def test_dns_changes__caches_alone_need_no_new_answers():
    before = dns_demand(cluster(), _names("web"))

    assert after(before, "cache cluster zone").server is before.server
    assert after(before, "autopath").server is not before.server


def test_dns_changes__asks_once_for_what_decides_alike(monkeypatch):
    # a log easily has thousands of names: lookups of the same kind are walked once, and questions answered once
    n_walked, names = [], [f"name-{n}.example.com" for n in range(40)]
    walk = CoreDns.walk
    monkeypatch.setattr(CoreDns, "walk", lambda *args: n_walked.append(1) or walk(*args))

    dns_changes(cluster(), _names(*names), upstream=UPSTREAM)

    assert len(n_walked) < 40 * 40
