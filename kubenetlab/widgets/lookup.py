"""One name looked up: type it, choose who asks and how, and see every query that it costs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import ipywidgets

from kubenetlab.charts.query_ladder import query_ladder
from kubenetlab.charts.wording import label_text
from kubenetlab.cluster import Cluster
from kubenetlab.dns.caches.cache_settings import CACHE_30, KUBEADM, NODE_LOCAL, CacheSettings
from kubenetlab.dns.caches.coredns_cache import Cache
from kubenetlab.dns.corefile.cluster_servers import cluster_domain, cluster_servers
from kubenetlab.dns.corefile.upstream import assumed_outside
from kubenetlab.dns.demand.setup import Latencies
from kubenetlab.dns.resolv_conf.pod_resolv_conf import pod_resolv_conf
from kubenetlab.dns.resolvers import Lookup, lookup
from kubenetlab.errors import KubenetlabError
from kubenetlab.findings.wording import counted
from kubenetlab.objects import Metadata, Pod
from kubenetlab.objects.dns_message import Reply, Sent
from kubenetlab.objects.pod import PodDnsConfig, PodDnsOption, PodSpec
from kubenetlab.samples import sample
from kubenetlab.widgets.panel import Panel, Picture

RESOLVERS = {
    "glibc (Debian, Ubuntu)": ("glibc",),
    "musl (Alpine)": ("musl",),
    "Go": ("go",),
    "c-ares": ("cares",),
    "glibc and musl": ("glibc", "musl"),
}
#: What keeps answers: settings for names of the cluster, and for others.
_CACHES: dict[str, tuple[CacheSettings | None, CacheSettings | None]] = {
    "none": (None, None),
    "CoreDNS, as kubeadm sets it up": (KUBEADM, KUBEADM),
    "CoreDNS, cache 30": (CACHE_30, CACHE_30),
    "NodeLocal DNSCache": (NODE_LOCAL, CACHE_30),
}
_BEFORE_S = {"never": 0.0, "1 s ago": 1.0, "10 s ago": 10.0, "1 minute ago": 60.0}
#: Whether a query of a lookup is lost, by its number from 0 and its type.
_LOST: dict[str, Callable[[int, str], bool]] = {
    "nothing": lambda number, type: False,
    "the first query": lambda number, type: number == 0,
    "the second query": lambda number, type: number == 1,
    "every query for AAAA": lambda number, type: type == "AAAA",
    "every query": lambda number, type: True,
}
_TRIPS = Latencies()
_SERVERS = ("10.96.0.10",)  # some address: it changes no query
_LONGEST = 300
_SYSTEM = re.compile("^(kube|openshift|default$)|-(system|operator)$")


def lookup_explorer(
    cluster: Cluster | None = None, name: str = "www.example.com", resolver: str = "glibc (Debian, Ubuntu)"
) -> Panel:
    """Return controls for one lookup of a name, and the picture of its queries.

    Parameters
    ----------
    cluster
        Whose names are answered; without it the sample ``shop``.
    name, resolver
        To begin with; ``resolver`` is a key of ``RESOLVERS``.

    Raises
    ------
    ValueError
        If there is no such resolver.

    Notes
    -----
    Times are guesses: 0.2 ms to NodeLocal DNSCache, 0.5 ms to CoreDNS, 20 ms to a server outside.
    """
    if resolver not in RESOLVERS:
        raise ValueError(f"{resolver!r}: expected one of {', '.join(RESOLVERS)}")
    cluster = cluster or sample("shop")
    namespaces = sorted({pod.metadata.namespace for pod in cluster.pods}) or ["default"]
    first = _first(cluster, namespaces)
    controls = {
        "name": ipywidgets.Text(name, description="Name", continuous_update=False),
        "namespace": ipywidgets.Dropdown(options=namespaces, value=first, description="Pod of namespace"),
        "resolver": ipywidgets.Dropdown(options=list(RESOLVERS), value=resolver, description="Resolver"),
        "ndots": ipywidgets.IntSlider(5, 0, 15, description="ndots", continuous_update=False),
        "search": ipywidgets.Text("", description="Host search domains", continuous_update=False),
        "cache": ipywidgets.Dropdown(options=list(_CACHES), description="Cache"),
        "before_s": ipywidgets.Dropdown(options=_BEFORE_S, description="Looked up before"),
        "lost": ipywidgets.Dropdown(options=list(_LOST), description="Lost on the way"),
    }
    return Panel(controls, partial(_draw, cluster))


def _first(cluster: Cluster, namespaces: list[str]) -> str:
    """Return the namespace to begin with: no system's, with Services, and of these the one that has the most pods."""
    n_pods = Counter(pod.metadata.namespace for pod in cluster.pods)
    served = {service.metadata.namespace for service in cluster.services} - {"default"}
    return min(namespaces, key=lambda name: (bool(_SYSTEM.search(name)), name not in served, -n_pods[name]))


def _check(name: str) -> None:
    """Refuse what is no name that DNS can ask for, with the one that is meant."""
    if "://" in name:
        host = urlsplit(name).hostname or "what follows ://"
        raise ValueError(f"{name} is a URL: use its host name, {host}")
    if not name.isascii():
        try:
            ascii_name = name.encode("idna").decode()
        except UnicodeError:
            raise ValueError(f"{name}: DNS asks for names in ASCII, and this has no such form") from None
        raise ValueError(f"{name}: DNS asks {ascii_name}, so type that")


def _draw(cluster: Cluster, name: str, namespace: str, resolver: str, **choices: Any) -> Picture:
    if not 0 < len(name) <= _LONGEST or len(choices["search"]) > 2 * _LONGEST:
        limits = f"1 to {_LONGEST} characters, at most {2 * _LONGEST} of search domains"
        raise ValueError(f"type a name of {limits}")
    _check(name)
    pods = (pod for pod in cluster.pods if pod.metadata.namespace == namespace and not pod.spec.host_network)
    choices["source"] = next((address for pod in pods for address in pod.ips), "")
    text = _resolv_conf(cluster, namespace, choices["ndots"], choices["search"])
    look_up = partial(_look_up, cluster, text)
    try:
        found = [look_up(name, one, choices) for one in RESOLVERS[resolver]]
        full = [one.queries[-1].sent.name for one in found if one.addresses and one.queries]
        whole = {**choices, "lost": "nothing"}
        dotted = [look_up(other, "glibc", whole) for other in full[:1] if other != name]
    except KubenetlabError as error:
        raise ValueError(str(error)) from error
    words = [_sentence(one) for one in found]
    dot = "(TLS and Host headers see the dot, too)"
    words += [f"Written as {label_text(one.name, 70)} it costs {len(one.queries)} {dot}." for one in dotted]
    return Picture(query_ladder(found), " ".join(words))


def _resolv_conf(cluster: Cluster, namespace: str, ndots: int, search: str) -> str:
    config = PodDnsConfig(options=(PodDnsOption(name="ndots", value=str(ndots)),))
    pod = Pod(metadata=Metadata(name="any", namespace=namespace), spec=PodSpec(dns_config=config))
    hosts = f"search {search}"
    return pod_resolv_conf(pod, cluster=cluster, cluster_dns=_SERVERS, host_resolv_conf=hosts).text


def _look_up(cluster: Cluster, resolv_conf: str, name: str, resolver: str, choices: dict[str, Any]) -> Lookup:
    """Look a name up, after the same lookup some time before if there was one."""
    core_dns = cluster_servers(cluster, upstream=assumed_outside(name, cluster)[0]).core_dns
    is_near, numbers = (
        choices["cache"] == "NodeLocal DNSCache",
        count(),
    )  # near, CoreDNS sees the node's address
    near_s = _TRIPS.node_local_s if is_near else _TRIPS.coredns_s

    def server(sent: Sent) -> Reply:
        reply = core_dns.ask(sent._replace(source="" if is_near else choices["source"]))
        far_s = _TRIPS.upstream_s if reply.answered_by == "forward" else _TRIPS.coredns_s
        return reply._replace(after_s=max(0.0, far_s - near_s))

    inside, outside = (Cache(one, server) if one else server for one in _CACHES[choices["cache"]])
    zone = f".{cluster_domain(cluster)}."

    def cached(sent: Sent) -> Reply | None:
        return (inside if sent.name.lower().endswith(zone) else outside)(sent)

    if choices["before_s"]:
        lookup(name, resolv_conf, resolver=resolver, ask=cached)
    for cache in (cache for cache in (inside, outside) if isinstance(cache, Cache)):
        cache.clock_s = choices["before_s"]

    def ask(sent: Sent) -> Reply | None:
        reply = None if _LOST[choices["lost"]](next(numbers), sent.type) else cached(sent)
        return reply and reply._replace(after_s=reply.after_s + near_s)

    return lookup(name, resolv_conf, resolver=resolver, ask=ask)


def _sentence(found: Lookup) -> str:
    outcome = "found" if found.addresses else found.text.rstrip(".")
    if not found.queries:
        return f"{found.resolver} asks no server: {outcome}."
    missed = {query.candidate for query in found.queries if query.outcome == "NXDOMAIN"}
    n_candidates = len({query.candidate for query in found.queries})
    took = f"{found.took_s:.1f} s" if found.took_s >= 1 else f"{1000 * found.took_s:.1f} ms"
    costs = counted(len(found.queries), "query")
    return f"{found.resolver}: {costs}, {len(missed)} of {counted(n_candidates, 'candidate')} NXDOMAIN; {outcome} after {took}."
