"""One name looked up in a pod: its resolv.conf, its resolver, and the cluster's DNS servers together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.dns.cluster_dns import cluster_domain, dns_addresses
from kubenetlab.dns.corefile.cluster_servers import ASSUMED_DNS, cluster_servers
from kubenetlab.dns.corefile.explain import RAN, basis_of
from kubenetlab.dns.corefile.upstream import assumed_outside
from kubenetlab.dns.resolv_conf.hosts_file import pod_hosts
from kubenetlab.dns.resolv_conf.pod_resolv_conf import pod_resolv_conf
from kubenetlab.dns.resolvers import RESOLVERS, HostAddresses, Lookup, lookup
from kubenetlab.objects import Pod, Service
from kubenetlab.objects.api_object import Metadata
from kubenetlab.objects.corefile import Corefile
from kubenetlab.objects.dns_message import Ask, Reply, Sent, Upstream
from kubenetlab.objects.pod import PodDnsConfig, PodDnsOption, PodSpec
from kubenetlab.result import Basis, Origin, Result, Setting

_OUTCOME = ["resolver", "n_queries", "is_found", "result", "stopped_at", "took_s"]
#: Libraries whose lookups were recorded against the real CoreDNS.
_RECORDED = ("glibc", "musl", "go")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodLookup(Lookup):
    """A lookup, how far it was checked (by the plugins that answered), and what it rests on."""

    basis: Basis = Basis.RAN
    assumptions: tuple[Setting, ...] = ()

    @property
    def result(self) -> Result:
        """The queries as a frame, as of `Lookup`."""
        result: Result = Lookup.result.__get__(self)
        return replace(result, basis=self.basis, assumptions=self.assumptions)


class _Place(NamedTuple):
    """Where a lookup happens: the pod's resolv.conf, address and /etc/hosts, what answers there, and what was assumed."""

    resolv_conf: str
    host: HostAddresses
    ask: Ask
    upstream: Upstream | None
    assumptions: tuple[Setting, ...]

    def look_up(self, name: str, resolver: str, family: str = "unspec") -> PodLookup:
        """Look a name up there."""
        found = lookup(name, self.resolv_conf, resolver=resolver, ask=self.ask, family=family, host=self.host)
        plugins = {asked.reply.answered_by for asked in found.queries if asked.reply} - {"outside"} or RAN
        basis = basis_of(plugins, found.addresses, self.upstream)
        if resolver not in _RECORDED and basis is Basis.RAN:
            basis = Basis.SOURCE
        values = {field.name: getattr(found, field.name) for field in fields(found)}
        return PodLookup(**values, basis=basis, assumptions=self.assumptions)


def _outcome(found: PodLookup) -> tuple[str, int, bool, str, str, float]:
    """Return a row with the columns ``_OUTCOME``."""
    stopped_at = found.queries[-1].sent.name if found.queries else ""
    result = ", ".join(found.addresses) or found.text
    return found.resolver, len(found.queries), bool(found.addresses), result, stopped_at, found.took_s


def _weakest(lookups: Iterable[PodLookup]) -> Basis:
    """Return the basis of several lookups: that of the one that was checked least."""
    return max((found.basis for found in lookups), key=list(Basis).index, default=Basis.RAN)


def pod_lookup(  # noqa: PLR0913 - each is something that a dump leaves open
    cluster: Cluster,
    name: str,
    pod: str | Pod,
    *,
    resolver: str = "glibc",
    resolv_conf: str | None = None,
    corefile: Corefile | None = None,
    upstream: Upstream | None = None,
    family: str = "unspec",
) -> Lookup:
    """Return the queries that a name costs in a pod, what answers each, and what the program gets.

    A name of the pod's /etc/hosts (its own, and ``hostAliases``) costs none.

    Parameters
    ----------
    cluster
        The snapshot.
    name
        As the program gives it to its resolver.
    pod
        ``namespace/name``, or a pod.
    resolver
        glibc, musl, go or cares.
    resolv_conf
        The pod's file; without it the kubelet's, from the pod's dnsPolicy and dnsConfig.
    corefile
        Another Corefile for CoreDNS.
    upstream
        What servers outside answer; without it a name of a public top-level domain is taken to exist as typed.
    family
        unspec (A and AAAA), inet or inet6.

    Raises
    ------
    NotFoundError
        If the dump has no such pod.
    NotModelledError
        If a plugin that kubenetlab does not model may answer one of the queries; it names plugin and line.
    """
    return _place(cluster, name, pod, (corefile, resolv_conf, upstream)).look_up(name, resolver, family)


def compare_resolvers(  # noqa: PLR0913 - as pod_lookup
    cluster: Cluster,
    name: str,
    pod: str | Pod,
    *,
    resolv_conf: str | None = None,
    corefile: Corefile | None = None,
    upstream: Upstream | None = None,
    family: str = "unspec",
) -> Result:
    """Return what one name costs and gives in a pod, by resolver; parameters and errors as of ``pod_lookup``.

    Returns
    -------
    A Result; its frame has one row a resolver: resolver, n_queries, is_found, result (the addresses, or the error),
    stopped_at (the last name that was asked), took_s.
    """
    place = _place(cluster, name, pod, (corefile, resolv_conf, upstream))
    lookups = [place.look_up(name, resolver, family) for resolver in RESOLVERS]
    return Result(
        title=f"{name}, looked up in {pod if isinstance(pod, str) else pod.metadata.full_name}",
        _frame=pd.DataFrame(map(_outcome, lookups), columns=_OUTCOME),
        assumptions=place.assumptions,
        because=tuple(f"resolv.conf: {line}" for line in place.resolv_conf.splitlines()),
        basis=_weakest(lookups),
    )


def name_form_matrix(  # noqa: PLR0913 - as pod_lookup
    cluster: Cluster,
    service: str,
    *,
    namespaces: Sequence[str] = (),
    resolvers: Iterable[str] = ("glibc", "musl"),
    ndots: int | None = None,
    corefile: Corefile | None = None,
) -> Result:
    """Return what each way to write a Service's name costs, by the namespace of the pod that asks and by resolver.

    Parameters
    ----------
    cluster, resolvers, corefile
        As of ``pod_lookup``.
    service
        ``namespace/name``.
    namespaces
        Of the pods that ask, ordinary ones with dnsPolicy ClusterFirst; without it all of the dump.
    ndots
        What their dnsConfig says; without it the kubelet's 5.

    Returns
    -------
    A Result with one row a form, namespace and resolver: form, namespace, resolver, n_queries, is_found, result,
    stopped_at, took_s.

    Raises
    ------
    NotFoundError
        If the dump has no such Service.
    """
    asked: Service = cluster.find("services", service)
    labels = [asked.metadata.name, asked.metadata.namespace, "svc", cluster_domain(cluster)]
    forms = [*(".".join(labels[:n]) for n in (1, 2, 3, 4)), ".".join([*labels, ""])]
    homes = namespaces or [namespace.metadata.name for namespace in cluster.namespaces]
    options = () if ndots is None else (PodDnsOption("ndots", str(ndots)),)
    spec = PodSpec(dns_config=PodDnsConfig(options=options))
    pods = {home: Pod(metadata=Metadata(name="any", namespace=home), spec=spec) for home in homes}
    places = {home: _place(cluster, forms[-1], pod, (corefile, None, None)) for home, pod in pods.items()}
    resolvers = tuple(resolvers)
    lookups = {
        (form, home, resolver): place.look_up(form, resolver)
        for form in forms
        for home, place in places.items()
        for resolver in resolvers
    }
    rows = [(form, home, *_outcome(found)) for (form, home, _), found in lookups.items()]
    return Result(
        title=f"Ways to write {asked.metadata.full_name}{'' if ndots is None else f', ndots:{ndots}'}",
        _frame=pd.DataFrame(rows, columns=["form", "namespace", *_OUTCOME]),
        assumptions=next((place.assumptions for place in places.values()), ()),
        because=(f"Service {asked.metadata.full_name}",),
        basis=_weakest(lookups.values()),
    )


def _place(
    cluster: Cluster, name: str, pod: str | Pod, given: tuple[Corefile | None, str | None, Upstream | None]
) -> _Place:
    corefile, resolv_conf, upstream = given
    asking: Pod = cluster.find("pods", pod) if isinstance(pod, str) else pod
    assumed, setting = assumed_outside(name, cluster)
    outside = upstream or assumed
    servers = cluster_servers(cluster, corefile, outside)
    text = resolv_conf
    if text is None:
        known = dns_addresses(cluster) or (ASSUMED_DNS,)
        text = pod_resolv_conf(asking, cluster=cluster, cluster_dns=known).text

    others = {ip for service in cluster.services for ip in service.cluster_ips}

    def ask(sent: Sent) -> Reply | None:
        if sent.server in servers.by_address:
            return servers.by_address[sent.server](sent)
        if sent.server in others:
            return None
        because = f"{sent.server} is no DNS server of the cluster"
        return Reply(outside(sent.name, sent.type), answered_by="outside", because=because)

    hosts, address = pod_hosts(asking, cluster_domain(cluster)), next(iter(asking.ips), "")
    settings = [*servers.assumptions, *([] if upstream else [setting])]
    if resolv_conf is None:
        settings += _assumed_of_node(cluster, asking)
    strangers = tuple(re.findall(r"^nameserver\s+(\S+)", text, re.MULTILINE))
    strangers = tuple(ip for ip in strangers or ("127.0.0.1",) if ip not in servers.by_address)
    if strangers:
        why = "no DNS server of this dump has it: silent if another Service has, else taken to know outside names"
        settings.append(Setting("nameservers", strangers, Origin.DEFAULT, why))
    return _Place(text, HostAddresses(hosts=hosts, address=address), ask, upstream, tuple(settings))


def _assumed_of_node(cluster: Cluster, pod: Pod) -> Iterator[Setting]:
    """Yield what the kubelet knows and the dump does not."""
    if not dns_addresses(cluster):
        why = "no DNS Service in this dump, and no kubelet's clusterDNS: kubeadm's"
        yield Setting("cluster_dns", ASSUMED_DNS, Origin.DEFAULT, why)
    if pod.spec.dns_policy != "None":
        why = "the node's resolv.conf is in no dump"
        yield Setting("host_resolv_conf", "empty", Origin.DEFAULT, why)
