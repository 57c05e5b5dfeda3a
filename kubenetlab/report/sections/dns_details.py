"""DNS in numbers: what a name costs in a pod, which resolv.conf pods get, and whether CoreDNS is large enough."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pandas as pd

from kubenetlab.charts.plugin_chain import plugin_chain
from kubenetlab.cluster import Cluster
from kubenetlab.dns.cluster_dns import dns_service
from kubenetlab.dns.corefile.cluster_servers import cluster_domain
from kubenetlab.dns.corefile.explain import explain_query
from kubenetlab.dns.demand.capacity import OLD, DnsLoad, coredns_capacity, dns_servers
from kubenetlab.dns.pod_lookup import compare_resolvers
from kubenetlab.dns.resolv_conf.pod_resolv_conf import pod_resolv_conf
from kubenetlab.errors import KubenetlabError
from kubenetlab.findings.wording import first_few
from kubenetlab.objects import Metadata, Pod
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Table, number, table
from kubenetlab.report.svg import Picture, picture
from kubenetlab.result import Origin

_RESOLVERS = {"glibc": "glibc (Debian)", "musl": "musl (Alpine)", "go": "Go", "cares": "c-ares"}
_COSTS = {key: Column(name, kind="code") for key, name in {"name": "Name", **_RESOLVERS}.items()}
_CODES = {"search": "search", "nameserver": "nameserver", "options": "options"}
_CONFS = {
    "policy": Column("dnsPolicy", kind="code"),
    "pods": number("Pods"),
    **{key: Column(name, kind="code") for key, name in _CODES.items()},
    "examples": Column("Such as"),
}
_LIMITS = {
    "limit": Column("What"),
    "needed": Column("Needed", "{:,.0f}".format, "number"),
    "has": Column("There is", "{:,.0f}".format, "number"),
    "unit": Column("Unit", kind="word"),
    "source": Column("Source"),
}
_OUTSIDE = "www.example.com"
_ORDINARY = ("ClusterFirst", False, None)
_SIZE_NOTE = (
    f"CoreDNS' memory: kubeadm's limit of 178 MB (170Mi) where the dump has none; by a formula from {OLD}."
)
_DOT = "Programs see the dot, too: with TLS (SNI, certificates), Host headers and signatures test it first."
_NODE = "A search domain of the node, which no dump shows, adds two to what is not found before."


class Details(NamedTuple):
    """What this module adds to the section."""

    sentences: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


def name_costs(cluster: Cluster) -> Details:
    """Return what names cost in an ordinary pod, and the plugins of its Corefile; nothing where no DNS Service is known."""
    if not dns_service(cluster):
        return Details()
    namespace, names = _names(cluster)
    own = (p for p in cluster.pods if p.metadata.namespace == namespace and not p.spec.host_network)
    pod = next(iter(_by_kind(own)), [Pod(metadata=Metadata(name="any", namespace=namespace))])[0]
    kind = "an ordinary pod" if _kind(pod) == _ORDINARY else f"a pod such as {pod.metadata.name}"
    try:
        frames = [compare_resolvers(cluster, name, pod).frame.assign(name=name) for name in names]
        chain = explain_query(cluster, _OUTSIDE).result
    except KubenetlabError as error:
        return Details((f"What a name costs is not known: {error}.",))
    found = pd.concat(frames)
    found["text"] = found["n_queries"].astype(str) + found["is_found"].map({True: "", False: ", not found"})
    costs = found.pivot(index="name", columns="resolver", values="text").loc[names].reset_index()
    few, many = (costs["glibc"].iloc[at].partition(",")[0] for at in (-1, -2))
    sentence = f"The name {_OUTSIDE} costs {many} queries in {kind}, and {few} with a dot at its end. {_DOT}"
    corefile = chain.assumptions[0]
    drawn = [chain] if corefile.origin is Origin.READ else []
    pictures = tuple(picture(plugin_chain, one, f"Which plugin answers {_OUTSIDE}") for one in drawn)
    caption = f"Queries for one lookup in {kind} of namespace {namespace}"
    used = corefile.evidence if drawn else f"{corefile.text} ({corefile.evidence})"
    note = f"Queries count A and AAAA, and no cache. {_NODE} Corefile: {used}."
    return Details((sentence,), pictures, (table(caption, costs, _COSTS),), (note,))


def _by_kind(pods: Iterable[Pod]) -> list[list[Pod]]:
    """Return pods that run in groups by what makes their resolv.conf, the largest first."""
    groups: dict[tuple[str, bool, object], list[Pod]] = defaultdict(list)
    for pod in pods:
        if not pod.has_finished:
            groups[_kind(pod)].append(pod)
    return sorted(groups.values(), key=len, reverse=True)


def _kind(pod: Pod) -> tuple[str, bool, object]:
    return pod.spec.dns_policy, pod.spec.host_network, pod.spec.dns_config


def _names(cluster: Cluster) -> tuple[str, list[str]]:
    """Return the namespace that has the most pods of those with a Service, and names to look up there, two outside last."""
    n_pods = Counter(pod.metadata.namespace for pod in cluster.pods if not pod.spec.host_network)
    others = (s.metadata for s in cluster.services if s.cluster_ips)
    services = [about for about in others if not about.namespace.startswith("kube-")]
    services.sort(key=lambda s: (s.namespace == "default", -n_pods[s.namespace]))
    inside: list[str] = []
    for own in services[:1]:
        other = next((s for s in services if s.namespace != own.namespace), own)
        full = f"{other.name}.{other.namespace}.svc.{cluster_domain(cluster)}"
        inside = [own.name, f"{other.name}.{other.namespace}", full, f"{full}."]
    names = list(dict.fromkeys([*inside, _OUTSIDE, f"{_OUTSIDE}."]))
    return services[0].namespace if services else "default", names


def resolv_confs(cluster: Cluster) -> Details:
    """Return the kinds of resolv.conf that pods get, where not all get the ordinary one."""
    kinds = _by_kind(cluster.pods)
    if all(_kind(pods[0]) == _ORDINARY for pods in kinds):
        return Details()
    rows = [_conf_row(cluster, pods) for pods in kinds]
    return Details(tables=(table("What stands in the pods' resolv.conf", pd.DataFrame(rows), _CONFS),))


def _conf_row(cluster: Cluster, pods: list[Pod]) -> dict[str, object]:
    example = Pod(metadata=Metadata(name="any", namespace="NAMESPACE"), spec=pods[0].spec)
    conf = pod_resolv_conf(example, cluster=cluster)
    lines = (" ".join(words) or "the node's" for words in (conf.searches, conf.nameservers, conf.options))
    names = first_few([pod.metadata.full_name for pod in pods], 2)
    return dict(
        zip(_CONFS, (conf.because[0].removeprefix("dnsPolicy "), len(pods), *lines, names), strict=True)
    )


def capacity(cluster: Cluster) -> Details:
    """Return whether CoreDNS' memory and replicas fit the cluster's size; nothing where no CoreDNS is in the dump."""
    service = dns_service(cluster)
    pods = cluster.pods_of(service) if service else ()
    if not any("coredns" in container.image for pod in pods for container in pod.spec.containers):
        return Details()
    servers = dns_servers(cluster)
    servers = servers._replace(memory_mb=max(1.0, servers.memory_mb))
    frame = coredns_capacity(servers, DnsLoad(0.0)).frame
    shown = frame[frame["limit"].str.startswith(("memory", "replicas ("))]
    return Details(tables=(table("Is CoreDNS large enough", shown, _LIMITS),), notes=(_SIZE_NOTE,))


def long_answers(evidence: Evidence) -> Iterator[str]:
    """Yield a sentence on headless Services whose answer is cut at 512 bytes."""
    if found := evidence.findings_by_code.get("KNL505"):
        names = dict.fromkeys(finding.object.removeprefix("Service ") for finding in found)
        yield f"Answers of more than 512 bytes, which need TCP or EDNS: {first_few(names)} (KNL505)."
