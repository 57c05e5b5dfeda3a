"""What an inventory of names asks of a cluster's DNS: queries per second by place and by name, and how long lookups take."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final, NamedTuple

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.dns.caches.hit_shares import cache_hit_share
from kubenetlab.dns.corefile.cluster_servers import cluster_servers
from kubenetlab.dns.corefile.explain import RAN
from kubenetlab.dns.demand.assumed import assumed
from kubenetlab.dns.demand.capacity import DnsLoad, coredns_capacity, dns_servers
from kubenetlab.dns.demand.flows import Flow, PodQueries, Question, caches_of, flows
from kubenetlab.dns.demand.latency import (
    MOST_WAYS,
    N_DRAWN,
    NEGLIGIBLE,
    Chances,
    Outcome,
    delays,
    mixed,
    outcomes,
    quantile,
    times,
)
from kubenetlab.dns.demand.servers import Client, UncachedServer, client_of, inventory_upstream, with_clients
from kubenetlab.dns.demand.setup import DnsSetup
from kubenetlab.dns.records.watched import namespaces_of
from kubenetlab.dns.resolvers.lookups import Lookup
from kubenetlab.objects.dns_message import Sent
from kubenetlab.objects.name_inventory import NameInventory, NameRate
from kubenetlab.result import Basis, Result, Setting

#: Places behind the applications: what comes there, and what a cache there answers.
_PLACES = {
    "client queries": ("asked", ""),
    "NodeLocal DNSCache": ("node", "node_hits"),
    "CoreDNS": ("coredns", "coredns_hits"),
    "CoreDNS plugins": ("uncached", ""),
    "upstream": ("upstream", ""),
}
#: Resolvers, and plugins that answer them, which were compared with recordings end to end.
_RECORDED: Final = {"glibc", "musl", "go", *RAN}


class Asking(NamedTuple):
    """An entry, the client that stands for its pods, its lookup, and how many of these leave the pods [1/s]."""

    entry: NameRate
    client: Client
    lookup: Lookup
    per_s: float

    def question(self, sent: Sent) -> Question:
        """Return what a query of the lookup asks."""
        return Question(sent.name.lower(), sent.type, self.client.is_outside)

    @property
    def n_sockets(self) -> int:
        """Sockets of a lookup over UDP: of glibc and musl one a candidate, of Go one a query; c-ares' are taken to be as Go's."""
        asked = [query for query in self.lookup.queries if query.sent.transport == "udp"]
        return (
            len({query.candidate for query in asked})
            if self.client.resolver in ("glibc", "musl")
            else len(asked)
        )


@dataclass(frozen=True, eq=False, repr=False)
class DnsDemand:
    """The load of an inventory; ``flows`` holds the queries for every name and type."""

    cluster: Cluster
    inventory: NameInventory
    setup: DnsSetup
    server: UncachedServer
    asking: tuple[Asking, ...]
    flows: Mapping[Question, Flow]
    assumptions: tuple[Setting, ...]

    def result(self, title: str, frame: pd.DataFrame, basis: Basis, because: tuple[str, ...] = ()) -> Result:
        """Return a Result with the assumptions of the demand."""
        return Result(title=title, _frame=frame, assumptions=self.assumptions, because=because, basis=basis)

    def per_s(self, place: str, verdict: str = "", *, is_cached: bool = False) -> float:
        """Return what comes to a place of ``by_place``, or a cache there answers: all, or one verdict (``NXDOMAIN``) [1/s]."""
        kept = (flow for flow in self.flows.values() if verdict in ("", flow.answer.verdict))
        return float(sum(getattr(flow, _PLACES[place][is_cached], 0.0) for flow in kept))

    @property
    def by_place(self) -> Result:
        """Queries per second at every place.

        Its frame has the columns place, per_s (what comes there) [1/s], from_cache_per_s (what a cache there answers) [1/s],
        nxdomain_share (of the answers to what comes there), per_lookup (of one that an application wants).
        """
        wanted = sum(asking.entry.lookups_per_s for asking in self.asking)
        kept = wanted - sum(asking.per_s for asking in self.asking)
        rows: list[tuple[object, ...]] = [("application", wanted, kept, None)]
        for place, (_, cached) in _PLACES.items():
            total, hits = self.per_s(place), self.per_s(place, is_cached=True)
            if self.setup.node_local or cached != "node_hits":
                rows.append((place, total, hits, self.per_s(place, "NXDOMAIN") / (total or 1.0)))
        frame = pd.DataFrame(rows, columns=["place", "per_s", "from_cache_per_s", "nxdomain_share"])
        frame["per_lookup"] = frame["per_s"] / (wanted or 1.0)
        return self.result("DNS queries by place", frame, Basis.SOURCE)

    @property
    def by_name(self) -> Result:
        """Lookups of every entry, in the inventory's order.

        Its frame has the columns name, namespace, resolver, family, lookups_per_s (that leave the pods) [1/s], candidates (names
        asked), queries_per_lookup, factor (of the one query that a name in full with its dot needs in one family), outcome
        (``found`` or the error), asked_last, queries_per_s [1/s], nxdomain_share (of its queries).
        """
        replies = (query.reply for one in self.asking for query in one.lookup.queries)
        used = {reply.answered_by for reply in replies if reply}
        used |= {one.client.resolver for one in self.asking}
        basis = Basis.RAN if used <= _RECORDED else Basis.SOURCE
        return self.result("DNS lookups by name", pd.DataFrame(map(_name_row, self.asking)), basis)

    @property
    def load(self) -> DnsLoad:
        """The queries that ``coredns_capacity`` compares with what CoreDNS has."""
        sent = [(one, one.per_s * len(one.lookup.queries)) for one in self.asking]
        total, sockets = sum(n for _, n in sent), sum(one.per_s * one.n_sockets for one in self.asking)
        nodes = self.setup.n_nodes or len(self.cluster.nodes)
        busiest = sum(n / max(1, min(one.entry.pods, nodes)) for one, n in sent)
        forwarded = sum(flow.forwarded for flow in self.flows.values())
        spread = max(1.0, total / (sockets or 1.0)), total / busiest if busiest else None
        return DnsLoad(self.per_s("CoreDNS"), forwarded, self.setup.round_trips.upstream_s, total, *spread)

    @property
    def capacity(self) -> Result:
        """What this load needs and CoreDNS has: ``coredns_capacity`` with the Corefile, caches and numbers of the setup."""
        setup = self.setup
        given = {"has_node_cache": setup.node_local, "replicas": setup.n_replicas, "nodes": setup.n_nodes}
        known = {name: value for name, value in given.items() if value is not None}
        return coredns_capacity(dns_servers(self.cluster, self.setup.corefile, **known), self.load)

    def latency(self, quantiles: Sequence[float] = (0.5, 0.9, 0.99, 0.999)) -> Result:
        """Return how long lookups take that leave the pods, names that do not exist included, as long as CoreDNS keeps up.

        Its frame has the columns share and within_ms: the time within which that share of the lookups is over; infinite where
        that needs more lost queries in one lookup than are followed (`outcomes`).
        """
        chances, lost, is_drawn = self._times
        rows = [{"share": share, "within_ms": 1000 * quantile(chances, share)} for share in quantiles]
        rest = max(0.0, 1 - sum(chances.values())) if chances else 0.0
        most, least = ("at most ", "at least ") if rest > NEGLIGIBLE else ("", "")
        late = (
            f"{most}{self.share_above(s):.3%} of the lookups take more than {s:g} s" for s in (1, 2.4, 4.9)
        )
        nothing = f"{least}{lost:.3%} find nothing because queries were lost, though the name exists"
        drawn = (f"lost queries: {N_DRAWN:,} lookups of each kind, drawn at random",) if is_drawn else ()
        because = (*late, nothing, *drawn, "no query waits in a queue: true while CoreDNS keeps up")
        return self.result("Time of a DNS lookup", pd.DataFrame(rows), Basis.SOURCE, because)

    def share_above(self, limit_s: float) -> float:
        """Return the share of lookups that take longer than a limit [s]; what is not followed counts as longer."""
        return max(0.0, 1 - sum(chance for time, chance in self._times[0].items() if time <= limit_s))

    @cached_property
    def _times(self) -> tuple[dict[float, float], float, bool]:
        """Shares of the lookups by their time, the share that fails by loss, and whether lost queries were drawn.

        Between a pod and the cache of its node no packet is lost.
        """
        total = sum(asking.per_s for asking in self.asking)
        ways: dict[Hashable, list[Outcome]] = {None: [Outcome(1.0, 0.0, True)]}  # of what loses nothing
        parts, failed = [], 0.0
        for one in self.asking if total else ():
            loss = self.setup.loss if one.client.is_outside or not self.setup.node_local else 0.0
            key = self.server.shape(one.client) if loss else None
            if key not in ways:
                ways[key] = outcomes(one.client, self.server.ask_of(one.client), loss)
            share, found = one.per_s / total, ways[key]
            parts.append((share, times(one.lookup, partial(self._delays, one), found)))
            failed += share * sum(way.chance for way in found if found[0].is_found and not way.is_found)
        return mixed(parts), failed, any(len(found) > MOST_WAYS for found in ways.values())

    def _delays(self, asking: Asking, sent: Sent) -> Chances:
        return delays(self.flows[asking.question(sent)], self.setup.round_trips)


def _name_row(asking: Asking) -> dict[str, object]:
    entry, queries = asking.entry, asking.lookup.queries
    return {
        **{field: getattr(entry, field) for field in ("name", "namespace", "resolver", "family")},
        "lookups_per_s": asking.per_s,
        "candidates": len({query.candidate for query in queries}),
        "queries_per_lookup": len(queries),
        "factor": float(len(queries)),
        "outcome": asking.lookup.error.strip() or "found",
        "asked_last": queries[-1].sent.name if queries else "",
        "queries_per_s": asking.per_s * len(queries),
        "nxdomain_share": sum(query.outcome == "NXDOMAIN" for query in queries) / max(1, len(queries)),
    }


def dns_demand(cluster: Cluster, inventory: NameInventory, **options: Any) -> DnsDemand:
    """Return the DNS load of an inventory of names: queries per second from the applications to the servers outside.

    Parameters
    ----------
    cluster
        The snapshot: what CoreDNS answers, its Corefile and replicas, the nodes.
    inventory
        Names, rates, and the pods that look them up; each entry's lookup is walked once.
    options
        The fields of `DnsSetup`: corefile, upstream, node_local, loss, round_trips and others.

    Raises
    ------
    ValueError
        If an option cannot have that value.
    NotModelledError
        If a plugin of CoreDNS that kubenetlab does not model may answer one of the names.

    Notes
    -----
    Queries of a lookup are those of the resolver's model, which was compared with recordings. Caches are taken to see Poisson
    arrivals, spread evenly over nodes and replicas, and to have room for all; what an application keeps counts for failures too.
    A change of the Corefile's cache needs no new answers. Not modelled: what a cache behind another loses by TTLs that were counted
    down; and what the assumptions say where it plays a part.
    """
    return demand_of(cluster, inventory, DnsSetup(**options))


def demand_of(
    cluster: Cluster, inventory: NameInventory, setup: DnsSetup, server: UncachedServer | None = None
) -> DnsDemand:
    """Return the DNS load with a setup; ``server`` is one whose answers are used again if it has the same Corefile."""
    upstream = setup.upstream or inventory_upstream(cluster, inventory)
    served = cluster_servers(cluster, setup.corefile, upstream)
    corefile = served.core_dns.corefile
    caches, sizes = caches_of(cluster, served, setup)
    setup = replace(setup, corefile=corefile, upstream=upstream, node_local=caches.node is not None)
    namespaces = frozenset(entry.namespace for entry in inventory.entries)
    peopled, unknown = with_clients(cluster, namespaces), sorted(namespaces - namespaces_of(cluster))
    if server is None or not server.answers_as(corefile):
        server = UncachedServer(peopled, corefile, upstream)
    asking = tuple(_asking(client_of(peopled, entry, setup), entry, server) for entry in inventory.entries)
    found = flows(_pod_queries(asking, server), caches, server.say)
    settings = (
        *served.assumptions,
        *sizes,
        *assumed(setup, caches, unknown, len(peopled.pods) - len(cluster.pods)),
    )
    return DnsDemand(cluster, inventory, setup, server, asking, found, settings)


def _asking(client: Client, entry: NameRate, server: UncachedServer) -> Asking:
    kept = cache_hit_share(entry.rate_per_s, entry.keep_s)
    return Asking(entry, client, server.lookup(client), entry.lookups_per_s * (1 - kept))


def _pod_queries(asking: Sequence[Asking], server: UncachedServer) -> dict[Question, PodQueries]:
    found: dict[Question, PodQueries] = {}
    for one in asking:
        for question, n in Counter(one.question(query.sent) for query in one.lookup.queries).items():
            if question not in found:
                sent = next(
                    query.sent for query in one.lookup.queries if one.question(query.sent) == question
                )
                reply, n_upstream = server.say(sent, question.is_outside)
                found[question] = PodQueries(reply.answer, n_upstream)
            before = found[question]
            found[question] = before._replace(
                per_s=before.per_s + n * one.per_s, pods=before.pods + one.entry.pods
            )
    return found
