"""Queries per second for every name and type: from the pods through the caches to the server that knows the answer."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.dns.caches.cache_settings import CacheSettings
from kubenetlab.dns.caches.hit_shares import cache_hit_share
from kubenetlab.dns.caches.kept_answers import effective_ttl
from kubenetlab.dns.cluster_dns import dns_service, has_node_local_cache
from kubenetlab.dns.corefile.cluster_servers import CLUSTER_DNS, ClusterServers, node_local_corefile
from kubenetlab.dns.corefile.plugins import block_for
from kubenetlab.dns.demand.setup import DnsSetup
from kubenetlab.kube_proxy.endpoint_counts import count_endpoints
from kubenetlab.objects.corefile import Corefile, Directive
from kubenetlab.objects.dns_message import Answer, Reply, Sent
from kubenetlab.result import Origin, Setting


class Question(NamedTuple):
    """A name in lower case and a type; ``is_outside``: asked of the servers that nodes use, not of the cluster's."""

    name: str
    type: str
    is_outside: bool = False


class PodQueries(NamedTuple):
    """What pods ask: the answer, how many queries CoreDNS sends on for it, queries per second [1/s], how many pods send them."""

    answer: Answer
    n_upstream: int
    per_s: float = 0.0
    pods: int = 0


class Flow(NamedTuple):
    """Queries per second for one question at every place.

    ``node`` reach a node's cache; ``hits`` are answered by that cache; ``outside`` go from a pod or its node's cache to the upstream server; ``coredns`` reach
    CoreDNS, its own questions included, and ``forwarded`` go from there to the upstream server.
    """

    answer: Answer
    asked: float = 0.0
    node: float = 0.0
    node_hits: float = 0.0
    outside: float = 0.0
    coredns: float = 0.0
    coredns_hits: float = 0.0
    forwarded: float = 0.0

    @property
    def upstream(self) -> float:
        """What reaches the upstream server [1/s]."""
        return self.outside + self.forwarded

    @property
    def uncached(self) -> float:
        """What the plugins behind CoreDNS' cache answer or forward [1/s]."""
        return self.coredns - self.coredns_hits


class Caches(NamedTuple):
    """The caches, by the Corefiles of their servers; ``node`` is None where NodeLocal DNSCache does not run.

    What a node's cache does not forward to one of ``inside``, CoreDNS' addresses, it asks the upstream server itself.
    """

    coredns: Corefile
    node: Corefile | None
    inside: frozenset[str]
    n_replicas: int
    n_nodes: int


def caches_of(
    cluster: Cluster, servers: ClusterServers, setup: DnsSetup
) -> tuple[Caches, tuple[Setting, Setting]]:
    """Return the caches of a cluster, and where the numbers of replicas and nodes with clients come from."""
    sizes = (
        _size("n_replicas", setup.n_replicas, ready_replicas(cluster), (2, "kubeadm's")),
        _size("n_nodes", setup.n_nodes, len(cluster.nodes), (1, "the dump shows none")),
    )
    has_node_cache = has_node_local_cache(cluster) if setup.node_local is None else setup.node_local
    node = (servers.node_local or node_local_corefile(cluster)) if has_node_cache else None
    inside = frozenset((CLUSTER_DNS, *servers.by_address))
    n_each = (int(size.value) for size in sizes)
    return Caches(servers.core_dns.corefile, node, inside, *n_each), sizes


def ready_replicas(cluster: Cluster) -> int:
    """Return the ready endpoints of the DNS Service, else its pods, those included that its workload would make; 0 for unknown."""
    service = dns_service(cluster)
    counts = count_endpoints(cluster, service) if service else None
    return (counts.n_ready if counts else 0) or (len(cluster.pods_of(service)) if service else 0)


def _size(name: str, given: int | None, read: int, default: tuple[int, str]) -> Setting:
    if given or read:
        return Setting(name, given or read, Origin.READ, "given" if given else "the dump")
    return Setting(name, default[0], Origin.DEFAULT, default[1])


def flows(
    asked: Mapping[Question, PodQueries], caches: Caches, say: Callable[[Sent], tuple[Reply, int]]
) -> dict[Question, Flow]:
    """Return the queries at every place for every question, those included that CoreDNS asks itself.

    Parameters
    ----------
    asked
        By the pods.
    caches
        Between them and the answers. A cache's share of hits is that of Poisson arrivals (`cache_hit_share`): each node with pods
        that ask, and each replica, sees an equal part of a question's queries.
    say
        What CoreDNS says to a question, and how many queries it sends upstream for that: it asks itself for the target of an
        ExternalName.
    """
    found = {question: _flow(question, one, 0.0, caches) for question, one in asked.items()}
    internal: defaultdict[Question, float] = defaultdict(float)
    for flow in found.values():
        for name, type in flow.answer.internal_queries:
            internal[Question(name.lower(), type)] += flow.uncached
    for question, per_s in internal.items():
        reply, n_upstream = say(Sent(question.name, question.type))
        one = asked.get(question) or PodQueries(reply.answer, n_upstream)
        found[question] = _flow(question, one, per_s, caches)
    return found


def _flow(question: Question, asked: PodQueries, internal: float, caches: Caches) -> Flow:
    name, answer, per_s = question.name, asked.answer, asked.per_s
    if question.is_outside:
        return Flow(answer, per_s, outside=per_s)
    node = node_hits = outside = 0.0
    if caches.node:
        node = per_s
        per_node = per_s / max(1, min(asked.pods, caches.n_nodes))
        node_hits = per_s * cache_hit_share(per_node, _kept_s(caches.node, name, answer))
        forward = _directive(caches.node, name, "forward")
        asked_there = (
            {one.removeprefix("dns://").removesuffix(":53") for one in forward.args[1:]} if forward else None
        )
        is_inside = asked_there is None or caches.inside & asked_there
        outside = 0.0 if is_inside else per_s - node_hits
    coredns = per_s - node_hits - outside + internal
    hits = coredns * cache_hit_share(coredns / caches.n_replicas, _kept_s(caches.coredns, name, answer))
    return Flow(answer, per_s, node, node_hits, outside, coredns, hits, (coredns - hits) * asked.n_upstream)


def _kept_s(corefile: Corefile, name: str, answer: Answer) -> float:
    """How long the server of a Corefile keeps an answer to a name; 0 for not at all [s]."""
    cache = _directive(corefile, name, "cache")
    return (cache and effective_ttl(answer, _settings(cache, corefile.source), name)) or 0.0


_settings = lru_cache(maxsize=64)(CacheSettings.of_directive)


def _directive(corefile: Corefile, name: str, plugin: str) -> Directive | None:
    block = block_for(corefile, name)
    return next((d for d in block.directives if d.name == plugin), None) if block else None
