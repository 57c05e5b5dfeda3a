"""What lookups cost behind caches: each query on its way through NodeLocal DNSCache and CoreDNS, counted by place and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kubenetlab.dns.caches import _kernels, kept_answers
from kubenetlab.dns.caches._kernels import SECOND, Caches, Ints, Keys, Lookups, Plans
from kubenetlab.dns.caches.cache_settings import CACHE_30, KUBEADM, N_SHARDS, NODE_LOCAL, CacheSettings
from kubenetlab.dns.caches.coredns_cache import shard_of
from kubenetlab.dns.caches.lookup_traces import LookupTrace
from kubenetlab.dns.records.zones import zone_of
from kubenetlab.dns.resolvers import Asked
from kubenetlab.objects.dns_message import Rcode, Sent
from kubenetlab.result import Basis, Origin, Result, Setting

if TYPE_CHECKING:
    import pandas as pd

_TITLE = "Queries by place"
PLACES = ("application", "NodeLocal DNSCache", "CoreDNS", "plugin kubernetes", "upstream")
_MOST_GB = 2
_FOREVER_S = 10**9  # no bound


class ApplicationCache(NamedTuple):
    """How long an application keeps the addresses of a name, and that it has none [s].

    The defaults are those of OpenJDK (java.security, networkaddress.cache.ttl and networkaddress.cache.negative.ttl).
    """

    success_s: int = 30
    denial_s: int = 10


class CacheLevels(NamedTuple):
    """The caches on the way of a query; None where there is none.

    ``application`` is each client's own, with room for all. Names outside ``zones`` go upstream, from NodeLocal DNSCache
    without passing CoreDNS. That has a cache for the first of the zones (``node_local``); those for the others, in its
    manifest one each, are one here (``node_local_outside``).
    """

    application: ApplicationCache | None = None
    node_local: CacheSettings | None = None
    node_local_outside: CacheSettings = CACHE_30
    coredns: CacheSettings | None = KUBEADM
    n_replicas: int = 2
    zones: tuple[str, ...] = ("cluster.local.", "in-addr.arpa.", "ip6.arpa.")


WITH_NODE_LOCAL = CacheLevels(node_local=NODE_LOCAL)


@dataclass(frozen=True, slots=True, eq=False)
class CacheRun:
    """What a simulation counted.

    Attributes
    ----------
    n_queries
        Queries that each lookup sent: 0 where the application knew the result.
    farthest
        The farthest place that a query of each lookup reached, as a number of ``PLACES``.
    counts
        Shape (times, places, 4): what was asked there, hits, NXDOMAIN among the answers, evictions.
    bin_s
        Length of a time [s].
    levels
        The caches.
    """

    n_queries: Ints
    farthest: Ints
    counts: Ints
    bin_s: float
    levels: CacheLevels

    @property
    def result(self) -> Result:
        """One row a place: place, queries (lookups at the application), hits, misses, hit_share, nxdomain, evictions."""
        frame = _frame(self.counts.sum(axis=0)).drop(columns="time_s")
        because = ("what no cache on its way answers reaches plugin kubernetes or an upstream server",)
        caches = self.levels._asdict().items()
        ledger = tuple(Setting(name, repr(value), Origin.DEFAULT, "CacheLevels") for name, value in caches)
        return Result(title=_TITLE, _frame=frame, assumptions=ledger, because=because, basis=Basis.SOURCE)

    @property
    def over_time(self) -> pd.DataFrame:
        """The same counts for each time, one row a time and place; ``time_s`` is when it begins [s]."""
        import pandas as pd

        parts = [_frame(part, i * self.bin_s) for i, part in enumerate(self.counts)]
        return pd.concat(parts, ignore_index=True)


def simulate_dns_caches(
    trace: LookupTrace,
    plans: Sequence[Sequence[Asked]],
    levels: CacheLevels = WITH_NODE_LOCAL,
    *,
    n_times: int = 60,
    seed: int = 1,
) -> CacheRun:
    """Send every query of every lookup through the caches, in exact order and time.

    Parameters
    ----------
    trace
        Who looks up which name when.
    plans
        For each name what its lookup asks and the servers say without their caches: ``lookup(…).queries``.
    levels
        The caches.
    n_times
        Parts of the trace's time that are counted apart.
    seed
        Draws the replica for each query, and what a full shard throws out.

    Raises
    ------
    ValueError
        For a name without a plan, settings that are not modelled here (prefetch, serve_stale, keepttl), or more than 2 GB
        of cache state.

    Notes
    -----
    Not modelled: the time that an answer takes, so that two equal queries never wait for one answer; retries over TCP.
    A Service chooses one of CoreDNS' replicas for each query.
    """
    if (last := int(trace.names.max(initial=-1))) >= len(plans):
        raise ValueError(f"name {last} has no plan: there are {len(plans)}")
    if min(levels.n_replicas, n_times) < 1:
        raise ValueError(f"n_replicas is {levels.n_replicas}, n_times {n_times}, expected at least 1 each")
    for settings in filter(None, (levels.node_local, levels.node_local_outside, levels.coredns)):
        if settings.prefetch_amount or settings.stale_up_to_s or settings.keeps_ttl:
            raise ValueError("prefetch, serve_stale and keepttl are not modelled in traces")
    keys, numbered = _numbered(plans, levels)
    n_nodes = int(trace.nodes.max(initial=0)) + 1 if levels.node_local else 0
    caches = _empty_caches(n_nodes, keys, levels, np.random.default_rng(seed))
    counts = np.zeros((n_times, len(PLACES), 4), np.int64)
    lookups = _lookups(trace, len(plans), levels)
    bin_ns = int(lookups.times_ns.max(initial=0)) // n_times + 1
    n_queries, farthest = _kernels.run_lookups(lookups, numbered, keys, caches, counts, bin_ns)
    return CacheRun(n_queries, farthest, counts, bin_ns / SECOND, levels)


def _lookups(trace: LookupTrace, n_names: int, levels: CacheLevels) -> Lookups:
    """The trace in nanoseconds; without a cache all results lie in one place that is always empty."""
    results = trace.clients * n_names + trace.names
    columns = np.round(trace.times_s * SECOND), trace.names, trace.nodes, results
    times_ns, names, nodes, results = (column.astype(np.int64) for column in columns)
    kept = np.unique(results, return_inverse=True)[1] if levels.application else np.zeros_like(names)
    return Lookups(times_ns, names, nodes, kept)


def _numbered(plans: Sequence[Sequence[Asked]], levels: CacheLevels) -> tuple[Keys, Plans]:
    """Every question with a number, in the order of the plans; number 0 is none."""
    questions = {("", ""): Asked(Sent(".", ""), None, 0)}
    queries = [query for plan in plans for query in plan]
    for query in queries:
        questions.setdefault((query.sent.name.lower(), query.sent.type), query)
    numbers = {question: number for number, question in enumerate(questions)}
    columns = zip(*(_key(query, levels) for query in questions.values()), strict=True)
    rows = [numbers[query.sent.name.lower(), query.sent.type] for query in queries]
    kept_s = [_kept_s(plan, levels.application) for plan in plans]
    numbered = (np.array(column, np.int64) for column in (np.cumsum([0, *map(len, plans)]), rows, kept_s))
    return Keys(*(np.array(column).T.copy() for column in columns)), Plans(*numbered)


def _key(query: Asked, levels: CacheLevels) -> tuple[object, ...]:
    """A question's row of `Keys`."""
    zone = zone_of(levels.zones, query.sent.name)
    block = int((zone,) != levels.zones[:1])
    node = levels.node_local and (levels.node_local_outside if block else levels.node_local)
    shard = shard_of(query.sent.name, query.sent.type)
    rules = [_rule(node, query, 2 * block * N_SHARDS + shard), _rule(levels.coredns, query, shard)]
    return (
        PLACES.index("plugin kubernetes" if zone else "upstream"),
        query.reply is not None and query.reply.answer.rcode is Rcode.NXDOMAIN,
        kept_answers.message_ttl_s(query.reply.answer) if query.reply else 0,
        (node is not None, node is None or zone != ""),
        *zip(*rules, strict=True),
    )


def _rule(settings: CacheSettings | None, query: Asked, shard: int) -> tuple[int, int, int]:
    """Bounds of a TTL [s], and the shard: a cache writes its bounds also into what it does not keep."""
    if settings is None or query.reply is None or not settings.serves(query.sent.name):
        return 0, _FOREVER_S, -1
    answer = query.reply.answer
    is_kept = kept_answers.is_kept(answer, settings, query.sent.name)
    shard += N_SHARDS * (kept_answers.store_of(answer) != "success")
    return *kept_answers.bounds_s(answer, settings), shard if is_kept else -1


def _kept_s(plan: Sequence[Asked], application: ApplicationCache | None) -> int:
    """How long an application keeps a lookup's result [s]; failures are not kept."""
    verdicts = {query.reply.answer.verdict for query in plan if query.reply}
    if application is None or not verdicts & {"ANSWER", "NODATA", "NXDOMAIN"}:
        return 0
    return application.success_s if "ANSWER" in verdicts else application.denial_s


def _empty_caches(n_nodes: int, keys: Keys, levels: CacheLevels, rng: np.random.Generator) -> Caches:
    """Nothing is held; a shard has no more places than there are questions for it."""
    blocks = [levels.node_local or KUBEADM, levels.node_local_outside, *[levels.coredns or KUBEADM] * 2]
    sizes = np.array([s.shard_size for block in blocks for s in (block.success, block.denial)]).reshape(2, 4)
    n_shards, n_caches = N_SHARDS * sizes.shape[1], n_nodes + levels.n_replicas
    most = max(np.bincount(shard[shard >= 0], minlength=n_shards).max() for shard in keys.shard)
    width = max(1, min(most, sizes.max()))
    if (n_gb := 8e-9 * n_caches * (keys.source.size + n_shards * (width + 1))) > _MOST_GB:
        raise ValueError(f"the caches' state takes {n_gb:.1f} GB, more than {_MOST_GB}")
    shapes = (keys.source.size,), (n_shards, width), (n_shards,)
    ends, held, n_held = (np.zeros((n_caches, *shape), np.int64) for shape in shapes)
    return Caches(ends, held, n_held, sizes, n_nodes, levels.n_replicas, rng)


def _frame(counts: Ints, time_s: float = 0.0) -> pd.DataFrame:
    """One row a place; sources of answers have no hits."""
    import pandas as pd

    asked, hits, nxdomain, evictions = counts.T
    found = pd.DataFrame({"hits": hits, "misses": asked - hits}, dtype="Int64")
    found["hit_share"] = pd.Series(hits / np.where(asked, asked, 1), dtype="Float64")
    found.loc[_kernels.COREDNS + 1 :] = pd.NA
    frame = pd.DataFrame({"time_s": time_s, "place": PLACES, "queries": asked})
    return pd.concat([frame, found], axis=1).assign(nxdomain=nxdomain, evictions=evictions)
