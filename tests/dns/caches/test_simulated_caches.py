import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.dns.caches import _kernels
from kubenetlab.dns.caches import simulated_caches as module
from kubenetlab.dns.caches.cache_settings import (
    CACHE_30,
    COREDNS_DEFAULT,
    CacheSettings,
    Store,
)
from kubenetlab.dns.caches.coredns_cache import Cache
from kubenetlab.dns.caches.hit_shares import cache_hit_share, cache_hit_shares
from kubenetlab.dns.caches.lookup_traces import LookupTrace, poisson_trace
from kubenetlab.dns.caches.simulated_caches import (
    PLACES,
    WITH_NODE_LOCAL,
    ApplicationCache,
    CacheLevels,
    simulate_dns_caches,
)
from kubenetlab.dns.resolvers import Asked, lookup
from kubenetlab.objects.dns_message import Answer, Rcode, Reply, Sent
from kubenetlab.result import Basis
from tests.dns.caches import reference
from tests.dns.caches.builders import SOA, a_record, settings_of

NO_NAME = Answer(Rcode.NXDOMAIN, authority=(SOA,))
ONE = CacheLevels(coredns=COREDNS_DEFAULT, n_replicas=1)
LEVELS = (
    ONE,
    CacheLevels(),
    CacheLevels(coredns=None, n_replicas=3),
    WITH_NODE_LOCAL,
    WITH_NODE_LOCAL._replace(coredns=CACHE_30, application=ApplicationCache(3, 1)),
    WITH_NODE_LOCAL._replace(
        node_local=CacheSettings(success=Store(30, 0, 8), denial=Store(5, 0, 8)), n_replicas=3
    ),
)
ANSWERS = (NO_NAME, Answer(authority=(SOA,)), Answer(Rcode.SERVFAIL), Answer(Rcode.REFUSED), Answer(), None)


def asked(name, type, answer):
    return Asked(Sent(name, type), answer and Reply(answer), 0)


def plan(number, ttl_s=30, zone="cluster.local."):
    """A lookup that misses outside the cluster's zone twice, then finds an address of this TTL."""
    found = Answer(answer=(a_record(ttl_s),))
    missed = [asked(f"n{number}.test.{part}{zone}", "A", NO_NAME) for part in ("shop.svc.", "svc.")]
    return (*missed, asked(f"n{number}.{zone}", "A", found))


def colliding(zone, n=12):
    """Names of a zone whose entries all lie in one shard."""
    return [name for name in (f"Q{i}.{zone}" for i in range(9000)) if module.shard_of(name, "A") == 7][:n]


COLLIDING = (
    colliding("svc.cluster.local.") + colliding("1.10.in-addr.arpa.", 4) + colliding("example.com.", 4)
)


def one_query(number, ttl_s=30):
    return (asked(f"n{number}.svc.cluster.local.", "A", Answer(answer=(a_record(ttl_s),))),)


@st.composite
def stories(draw):
    """Lookups in half seconds, so that many come just at a TTL's end, of names that share questions."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, n_names = draw(st.integers(0, 200)), draw(st.integers(1, 8))
    answers = (*ANSWERS, *(Answer(answer=(a_record(int(ttl)),)) for ttl in rng.integers(0, 40, 6)))
    questions = [asked(COLLIDING[i], "A", answers[rng.integers(len(answers))]) for i in range(20)]
    plans = [[questions[i] for i in rng.integers(20, size=rng.integers(0, 6))] for _ in range(n_names)]
    times_s = np.cumsum(rng.integers(0, 8, n)) / 2
    clients = rng.integers(6, size=n)
    return LookupTrace(times_s, rng.integers(n_names, size=n), clients, clients // 2), plans


def counts_of(run, place):
    return run.counts[:, PLACES.index(place)].sum(axis=0)


@pytest.mark.parametrize("levels", LEVELS)
@settings(max_examples=60, deadline=None)
@given(story=stories())
def test_run_lookups__equals_its_twin(levels, story):
    trace, plans = story
    keys, numbered = module._numbered(plans, levels)
    outcomes = []
    for run_lookups in (_kernels.run_lookups, reference.run_lookups):
        rng, counts = np.random.default_rng(3), np.zeros((4, len(PLACES), 4), np.int64)
        caches = module._empty_caches(3 if levels.node_local else 0, keys, levels, rng)
        lookups = module._lookups(trace, len(plans), levels)
        found = run_lookups(
            lookups, numbered, keys, caches, counts, int(lookups.times_ns.max(initial=0)) // 4 + 1
        )
        outcomes.append((np.array(found).tolist(), counts.tolist()))

    assert outcomes[0] == outcomes[1]


def test_run_lookups__throws_out_what_a_full_shard_holds():
    plans = [(asked(name, "A", Answer(answer=(a_record(30),))),) for name in COLLIDING[:12]]

    run = simulate_dns_caches(poisson_trace([1.0] * 12, 100), plans, LEVELS[5])

    asked_, hits, _, evicted = counts_of(run, "NodeLocal DNSCache")
    assert evicted == asked_ - hits - 4  # no TTL ends before its entry goes, and four places were free


@settings(max_examples=40, deadline=None)
@given(story=stories())
def test_simulate_dns_caches__with_one_cache_counts_as_the_cache_plugin(story):
    trace, plans = story
    replies = {q.sent: q.reply for part in plans for q in part}
    settings = CacheSettings(success=Store(20, 0), denial=Store(15, 2))
    cache = Cache(settings, lambda sent: replies[sent._replace(at_s=0.0)])
    for at_s, name in zip(trace.times_s.tolist(), trace.names.tolist(), strict=True):
        for query in plans[name]:
            cache(query.sent._replace(at_s=at_s))

    run = simulate_dns_caches(trace, plans, CacheLevels(coredns=settings, n_replicas=1))

    asked, hits, *_ = counts_of(run, "CoreDNS")
    assert (asked - hits, hits) == (cache.counts["misses"], cache.counts["hits"])


@pytest.mark.parametrize("levels", LEVELS)
@settings(max_examples=30, deadline=None)
@given(story=stories())
def test_simulate_dns_caches__loses_no_query(levels, story):
    trace, plans = story

    run = simulate_dns_caches(trace, plans, levels)

    sizes = np.array([len(part) for part in plans])
    application, node, coredns, inside, outside = run.counts.sum(axis=0)
    is_sent = run.n_queries > 0
    assert application[0] == trace.names.size
    assert run.n_queries[is_sent].tolist() == sizes[trace.names][is_sent].tolist()
    assert node[1] + coredns[1] + inside[0] + outside[0] == run.n_queries.sum()
    if levels.node_local:
        assert (node[0] - node[1], coredns[0] - coredns[1]) == (coredns[0] + outside[0], inside[0])
    else:
        assert coredns[0] - coredns[1] == inside[0] + outside[0]


@settings(max_examples=40, deadline=None)
@given(story=stories(), seed=st.integers(0, 2**32))
def test_simulate_dns_caches__does_not_depend_on_how_names_are_numbered(story, seed):
    trace, plans = story
    order = np.random.default_rng(seed).permutation(len(plans))
    renamed = LookupTrace(trace.times_s, np.argsort(order)[trace.names], trace.clients, trace.nodes)

    runs = [
        simulate_dns_caches(trace, plans, LEVELS[4]),
        simulate_dns_caches(renamed, [plans[number] for number in order], LEVELS[4]),
    ]

    assert runs[0].counts.tolist() == runs[1].counts.tolist()
    assert runs[0].farthest.tolist() == runs[1].farthest.tolist()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), ttl_s=st.integers(0, 60), longer=st.integers(0, 60))
def test_simulate_dns_caches__with_a_longer_ttl_never_ask_upstream_more(seed, ttl_s, longer):
    trace = poisson_trace([1.0, 0.1, 0.02], 200, seed=seed)

    asked = [
        counts_of(
            simulate_dns_caches(trace, [one_query(i, ttl) for i in range(3)], ONE), "plugin kubernetes"
        )[0]
        for ttl in (ttl_s, ttl_s + longer)
    ]

    assert asked[1] <= asked[0]


def test_simulate_dns_caches__agrees_with_the_closed_form():
    rates, ttl_s, duration_s = np.array([0.02, 0.2, 2.0]), 30, 60_000.0
    trace = poisson_trace(rates, duration_s, seed=11)

    for number, rate in enumerate(rates):
        is_it = trace.names == number
        own = LookupTrace(trace.times_s[is_it], trace.names[is_it], trace.clients[is_it], trace.nodes[is_it])
        asked, hits, *_ = counts_of(
            simulate_dns_caches(own, [one_query(i) for i in range(3)], ONE), "CoreDNS"
        )
        # Fills are a renewal process with mean T + 1/λ and deviation 1/λ between two of them.
        between = ttl_s + 1 / rate
        sigma = np.sqrt(duration_s / between**3) / rate
        assert abs((asked - hits) - duration_s / between) < 4 * sigma
        assert hits / asked == pytest.approx(cache_hit_share(rate, ttl_s), abs=0.05)


@pytest.mark.jit_only
def test_simulate_dns_caches__agrees_with_the_closed_form_of_a_full_cache():
    n, total, ttl_s, capacity = 6000, 400.0, 30, 2560
    weights = 1 / np.arange(1, n + 1)
    rates = weights / weights.sum() * total
    plans = [one_query(number) for number in range(n)]
    levels = ONE._replace(coredns=CacheSettings(success=Store(30, capacity=capacity)))
    shards = [module.shard_of(part[0].sent.name, "A") for part in plans]

    asked, hits, _, evicted = counts_of(
        simulate_dns_caches(poisson_trace(rates, 1500.0, seed=3), plans, levels), "CoreDNS"
    )

    expected = cache_hit_shares(rates, ttl_s, shard_size=10, shards=shards)
    assert evicted > 10_000
    # The approximation itself is off by less than a percent here; the deviation of the count is a tenth of that.
    assert hits / asked == pytest.approx((rates * expected).sum() / total, abs=0.01)
    assert hits / asked < (rates * cache_hit_shares(rates, ttl_s)).sum() / total - 0.03


def test_simulate_dns_caches__on_each_node_has_the_share_of_a_node():
    run = simulate_dns_caches(poisson_trace([5.0], 20_000, n_nodes=10), [one_query(0)], WITH_NODE_LOCAL)

    asked, hits, *_ = counts_of(run, "NodeLocal DNSCache")
    assert hits / asked == pytest.approx(cache_hit_share(0.5, 30), abs=0.005)


def test_simulate_dns_caches__sends_outside_names_past_coredns():
    plans = [(asked("example.com.", "A", Answer(answer=(a_record(300),))),)]

    run = simulate_dns_caches(poisson_trace([1.0], 100), plans, WITH_NODE_LOCAL)

    assert counts_of(run, "CoreDNS").tolist() == [0, 0, 0, 0]
    assert counts_of(run, "upstream")[0] == pytest.approx(3, abs=1)  # once every 30 s
    assert set(run.farthest.tolist()) == {PLACES.index("NodeLocal DNSCache"), PLACES.index("upstream")}


def test_simulate_dns_caches__counts_down_what_coredns_had_kept():
    """Two nodes ask 20 s apart: the second gets 10 s of the 30, so that it asks again before the first one's end."""
    trace = LookupTrace(
        np.array([0.0, 20.0, 29.0, 31.0]),
        *(np.array(column) for column in ([0] * 4, [0, 1, 1, 1], [0, 1, 1, 1])),
    )
    levels = WITH_NODE_LOCAL._replace(coredns=CACHE_30, n_replicas=1)

    run = simulate_dns_caches(trace, [one_query(0)], levels)

    assert run.farthest.tolist() == [3, 2, 1, 3]


@pytest.mark.parametrize(("resolver", "n_sent"), [("glibc", 8), ("musl", 8)])
def test_simulate_dns_caches__sends_what_a_resolver_sends(resolver, n_sent):
    def ask(sent):
        return Reply(Answer(answer=(a_record(60),)) if sent.name == "example.com." else NO_NAME)

    resolv_conf = "search shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
    plans = [lookup("example.com", resolv_conf, resolver=resolver, ask=ask).queries]

    run = simulate_dns_caches(poisson_trace([1.0], 100), plans)

    assert set(run.n_queries.tolist()) == {n_sent}
    assert counts_of(run, "NodeLocal DNSCache")[2] == 6 * run.n_queries.size


def test_simulate_dns_caches__asks_nothing_that_the_application_knows():
    trace = LookupTrace(
        np.array([0.0, 9.0, 9.0, 11.0]), *(np.array(column) for column in ([0] * 4, [0, 0, 1, 0], [0] * 4))
    )
    levels = CacheLevels(application=ApplicationCache(success_s=10))

    run = simulate_dns_caches(trace, [plan(0)], levels)

    assert run.n_queries.tolist() == [3, 0, 3, 3]
    assert run.farthest.tolist() == [3, 0, 3, 3]


@pytest.mark.parametrize(("answer", "n_sent"), [(NO_NAME, 1), (Answer(Rcode.SERVFAIL), 2), (None, 2)])
def test_simulate_dns_caches__remembers_in_the_application_that_a_name_has_no_address(answer, n_sent):
    trace = LookupTrace(np.array([0.0, 5.0]), np.zeros(2, int), np.zeros(2, int), np.zeros(2, int))
    levels = CacheLevels(application=ApplicationCache())

    run = simulate_dns_caches(trace, [(asked("gone.", "A", answer),)], levels)

    assert run.n_queries.sum() == n_sent


def test_result__shows_places_and_what_it_rests_on():
    run = simulate_dns_caches(poisson_trace([1.0, 2.0], 50), [plan(0), plan(1)], n_times=5)

    frame = run.result.frame
    caches = frame.iloc[:3]
    assert frame["place"].tolist() == list(PLACES)
    assert (caches["hits"] + caches["misses"] == caches["queries"]).all()
    assert frame["hits"].isna().tolist() == [False, False, False, True, True]
    assert run.result.basis is Basis.SOURCE
    assert "left_out=('cluster.local.',)" in run.result.assumptions[3].text


def test_over_time__sums_to_the_whole():
    run = simulate_dns_caches(poisson_trace([1.0, 2.0], 50), [plan(0), plan(1)], n_times=5)

    over_time = run.over_time
    by_place = over_time.groupby("place", sort=False)["queries"].sum()
    assert by_place.tolist() == run.result.frame["queries"].tolist()
    assert over_time["time_s"].unique() == pytest.approx(np.arange(5) * run.bin_s)


def test_simulate_dns_caches__gives_the_same_counts_for_the_same_seed():
    trace, plans = poisson_trace(np.ones(50), 100), [plan(number) for number in range(50)]
    levels = CacheLevels(coredns=CACHE_30, n_replicas=3)

    runs = [simulate_dns_caches(trace, plans, levels, seed=seed).counts.tolist() for seed in (1, 1, 2)]

    assert runs[0] == runs[1] != runs[2]


def test_simulate_dns_caches__of_nothing_counts_nothing():
    nothing = np.zeros(0, int)

    run = simulate_dns_caches(LookupTrace(np.zeros(0), nothing, nothing, nothing), [])

    assert run.counts.sum() == 0


@pytest.mark.parametrize("options", [("prefetch 2",), ("serve_stale",), ("keepttl",)])
def test_simulate_dns_caches__refuses_what_it_does_not_model(options):
    with pytest.raises(ValueError, match="not modelled"):
        simulate_dns_caches(
            poisson_trace([1.0], 9), [one_query(0)], CacheLevels(coredns=settings_of(*options))
        )


def test_simulate_dns_caches__refuses_names_without_a_plan_no_replica_and_too_much_state():
    trace = poisson_trace([9.0, 9.0], 9)
    far = LookupTrace(trace.times_s, trace.names, trace.clients, np.full(trace.nodes.size, 10**8))
    plans = [one_query(0), one_query(1)]
    with pytest.raises(ValueError, match="name 1 has no plan: there are 1"):
        simulate_dns_caches(trace, [one_query(0)])
    with pytest.raises(ValueError, match="n_replicas is 0"):
        simulate_dns_caches(trace, plans, CacheLevels(n_replicas=0))
    with pytest.raises(ValueError, match="the caches' state takes"):
        simulate_dns_caches(far, plans)


def test_poisson_trace__has_the_asked_rates_in_order():
    rates, duration_s = np.array([0.5, 3.0]), 10_000

    trace = poisson_trace(rates, duration_s, n_nodes=4, clients_per_node=3, seed=2)

    n = np.bincount(trace.names)
    assert np.abs(n - rates * duration_s) == pytest.approx(0, abs=4 * np.sqrt(rates * duration_s).max())
    assert (np.diff(trace.times_s) >= 0).all()
    assert trace.times_s.max() <= duration_s
    assert (trace.clients // 3 == trace.nodes).all()
    assert set(trace.nodes) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([-1.0], 5), "positive"),
        (([np.nan], 5), "positive"),
        (([1e9], 1e9), "at most 100,000,000"),
        (([1.0], 0), "positive"),
        (([], 5), "positive"),
    ],
)
def test_poisson_trace__refuses(arguments, match):
    with pytest.raises(ValueError, match=match):
        poisson_trace(*arguments)
    with pytest.raises(ValueError, match="n_nodes is 0"):
        poisson_trace([1.0], 1, n_nodes=0)


@pytest.mark.parametrize(
    ("times_s", "names", "match"),
    [
        ([1.0, 0.5], [0, 0], "not fall"),
        ([0.0, np.inf], [0, 0], "finite"),
        ([0.0], [0, 0], "one length"),
        ([0.0, 1.0], [0, -1], "negative"),
    ],
)
def test_lookup_trace__refuses_what_is_no_trace(times_s, names, match):
    zeros = np.zeros(len(names), int)
    with pytest.raises(ValueError, match=match):
        LookupTrace(np.array(times_s), np.array(names), zeros, zeros)


def test_simulate_dns_caches__without_zones_sends_everything_upstream():
    run = simulate_dns_caches(poisson_trace([1.0], 50), [plan(0)], CacheLevels(coredns=None, zones=()))

    assert counts_of(run, "upstream")[0] == run.n_queries.sum() > 0
