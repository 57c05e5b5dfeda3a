import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.dns.caches.cache_settings import (
    CACHE_30,
    COREDNS_DEFAULT,
    KUBEADM,
    NODE_LOCAL,
    CacheSettings,
    Store,
)
from kubenetlab.errors import ManifestError
from kubenetlab.objects.corefile import Directive
from tests.dns.caches.builders import settings_of


# CoreDNS, plugin/cache/setup_test.go, TestSetup: capacities, TTLs and minimal TTLs of denial and success.
@pytest.mark.parametrize(
    ("args", "options", "denial", "success"),
    [
        ((), (), (10000, 1800, 5), (10000, 3600, 5)),
        (("example.nl",), ("success 10",), (10000, 1800, 5), (10, 3600, 5)),
        (("example.nl",), ("success 10 1800 30",), (10000, 1800, 5), (10, 1800, 30)),
        (("example.nl",), ("success 10", "denial 10 15"), (10, 15, 5), (10, 3600, 5)),
        (("example.nl",), ("success 10", "denial 10 15 2"), (10, 15, 2), (10, 3600, 5)),
        (("25", "example.nl"), ("success 10", "denial 10 15"), (10, 15, 5), (10, 25, 5)),
        (("25", "example.nl"), ("success 10", "denial 10 15 5"), (10, 15, 5), (10, 25, 5)),
        (("aaa", "example.nl"), (), (10000, 1800, 5), (10000, 3600, 5)),
    ],
)
def test_of_directive__reads_stores_as_coredns(args, options, denial, success):
    settings = settings_of(*options, args=args)

    stores = [
        (store.capacity, store.max_ttl_s, store.min_ttl_s) for store in (settings.denial, settings.success)
    ]
    assert stores == [denial, success]


# CoreDNS, plugin/cache/setup_test.go, TestServeStale, TestServfail, TestDisable.
@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("serve_stale", {"stale_up_to_s": 3600, "stale_mode": "immediate"}),
        ("serve_stale 20m", {"stale_up_to_s": 1200}),
        ("serve_stale 1h20m", {"stale_up_to_s": 4800}),
        ("serve_stale 0m", {"stale_up_to_s": 0}),
        ("serve_stale 0", {"stale_up_to_s": 0}),
        ("serve_stale 0 VERIFY", {"stale_up_to_s": 0, "stale_mode": "verify"}),
        ("serve_stale 0 immediate", {"stale_mode": "immediate"}),
        ("servfail 1s", {"servfail_ttl_s": 1}),
        ("servfail 5m", {"servfail_ttl_s": 300}),
        ("servfail 0", {"servfail_ttl_s": 0}),
        ("prefetch 10", {"prefetch_amount": 10, "prefetch_window_s": 60, "prefetch_percentage": 10}),
        ("prefetch 2 1.5m 50%", {"prefetch_amount": 2, "prefetch_window_s": 90, "prefetch_percentage": 50}),
        ("keepttl", {"keeps_ttl": True}),
        (
            "disable denial example.com example.org",
            {"denial": Store(1800, left_out=("example.com.", "example.org."))},
        ),
        ("disable success", {"success": Store(3600, left_out=(".",))}),
    ],
)
def test_of_directive__reads_options_as_coredns(option, expected):
    settings = settings_of(option)

    assert {name: getattr(settings, name) for name in expected} == expected


# CoreDNS, plugin/cache/setup_test.go and the texts of setup.go.
@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("success", "Wrong argument count or unexpected line ending after 'success'"),
        ("positive 15", "Wrong argument count or unexpected line ending after 'positive'"),
        ("keepttl now", "Wrong argument count or unexpected line ending after 'now'"),
        ("prefetch 1 1m 10% more", "Wrong argument count or unexpected line ending after 'more'"),
        ("serve_stale 0 verify nono", "Wrong argument count or unexpected line ending after 'nono'"),
        ("servfail", "Wrong argument count or unexpected line ending after 'servfail'"),
        ("disable", "Wrong argument count or unexpected line ending after 'disable'"),
        ("denial aaa", 'strconv.Atoi: parsing "aaa": invalid syntax'),
        ("denial 10 0", "cache TTL can not be zero or negative: 0"),
        ("success 10 10 -1", "cache min TTL can not be negative: -1"),
        ("prefetch -1", "prefetch amount should be positive: -1"),
        ("prefetch 0 blurp", 'time: invalid duration "blurp"'),
        ("prefetch 1 1m 20", "last character of percentage should be `%`"),
        ("prefetch 1 1m 9%", "percentage should fall in range [10, 90]: 9"),
        ("serve_stale 20", 'time: missing unit in duration "20"'),
        ("serve_stale -20m", "invalid negative duration for serve_stale"),
        ("serve_stale 1m nono", "invalid value for serve_stale refresh mode: nono"),
        ("servfail 6m", "caching SERVFAIL responses over 5 minutes is not permitted"),
        ("servfail -1s", "invalid negative ttl for servfail"),
        ("disable invalid example.com", 'cache type for disable must be "success" or "denial"'),
    ],
)
def test_of_directive__refuses_what_coredns_refuses(option, text):
    with pytest.raises(
        ManifestError, match=rf"^Corefile: line 2: cache: found {re.escape(option)}.*{re.escape(text)}"
    ):
        settings_of(option)


@pytest.mark.parametrize("ttl", ["0", "-1"])
def test_of_directive__refuses_a_ttl_of_nothing(ttl):
    with pytest.raises(ManifestError, match=f"line 1: cache: found cache {ttl}, .*zero or negative: {ttl}"):
        settings_of(args=(ttl,))


@given(
    args=st.lists(st.text(max_size=12), max_size=4),
    name=st.sampled_from(["success", "prefetch", "serve_stale", "servfail"]),
)
def test_of_directive__gives_settings_or_one_line(args, name):
    directive = Directive("cache", (), (Directive(name, tuple(args), (), 7),), 6)

    try:
        outcome = str(CacheSettings.of_directive(directive).store("success").shard_size >= 4)
    except ManifestError as error:
        outcome = error.refusal.object

    assert outcome in ("True", "line 7")


def test_of_directive__takes_zones_and_ranges():
    settings = settings_of(args=("30", "Cluster.local", "10.96.0.0/16"))

    assert settings.zones == ("cluster.local.", "96.10.in-addr.arpa.")
    assert settings.serves("web.CLUSTER.local.")
    assert not settings.serves("example.com.")


def test_ready_settings__are_what_their_manifests_say():
    zone = "cluster.local"

    kubeadm = settings_of(f"disable success {zone}", f"disable denial {zone}", args=("30",))
    node_local = settings_of("success 9984 30", "denial 9984 5")

    assert (kubeadm, node_local) == (KUBEADM, NODE_LOCAL)
    assert (settings_of(), settings_of(args=("30",))) == (COREDNS_DEFAULT, CACHE_30)
    assert (NODE_LOCAL.success.shard_size, COREDNS_DEFAULT.success.shard_size) == (39, 39)
