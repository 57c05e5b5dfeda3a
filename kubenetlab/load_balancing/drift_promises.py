"""What a dump promises: for every destination of a service port, the endpoints a node must use, release by release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network
from typing import Final, NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.kube_proxy.endpoint_selection import select
from kubenetlab.kube_proxy.nftables_node import nftables_node
from kubenetlab.kube_proxy.proxied_ports import ports_of
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.releases import CHANGES, LATEST, has_behaviour
from kubenetlab.kube_proxy.service_port import ProxiedPort, Selection
from kubenetlab.kube_proxy.slice_endpoints import cluster_slices
from kubenetlab.load_balancing.survey import SOMEONE

_SKEW: Final = (
    3  # minor releases that kube-proxy may be older than the API server (Kubernetes version skew policy)
)
_EPOCH: Final = "1.16"  # stands for everything before the first change of the table


class Answer(NamedTuple):
    """The endpoints that take turns, or, where there are none, ``reject`` or ``drop``."""

    endpoints: frozenset[str]
    refusal: str

    @property
    def text(self) -> str:
        """The endpoints, or the refusal."""
        return ", ".join(sorted(self.endpoints)) or self.refusal


class Promise(NamedTuple):
    """A destination of a service port, a client that may ask, and the answers that some release gives."""

    proxied: ProxiedPort
    kind: str  # ClusterIP, external IP, load balancer IP, node port
    source: str
    address: str
    number: int
    answers: tuple[Answer, ...]

    @property
    def service(self) -> str:
        """``namespace/name`` of the Service."""
        return "/".join(self.proxied.service_port[:2])

    @property
    def key(self) -> tuple[str, str, int]:
        """Protocol (lower case), address and port."""
        return self.proxied.service_port.protocol.lower(), self.address, self.number

    @property
    def text(self) -> str:
        """The destination for a person: ``ClusterIP 10.96.0.10:53/udp``."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.kind} {address}:{self.number}/{self.key[0]}"


def releases_meant(cluster: Cluster) -> tuple[str, ...]:
    """Return the releases that a node's kube-proxy may have, one for each behaviour, the likeliest first.

    A dump holds the API server's or the kubelets' release; kube-proxy may be three minor releases older. Where the
    dump holds none, every release counts.
    """
    setting = cluster.settings.get("kubernetes_version")
    known = str(setting.value) if setting is not None and setting.value else ""
    newest = _minor(known or LATEST)
    oldest = newest - _SKEW if known else _minor(_EPOCH)
    changed = sorted({change.since for change in CHANGES}, reverse=True)
    inside = [minor for _, minor in changed if oldest < minor < newest]
    return tuple(dict.fromkeys((known or LATEST, *(f"1.{minor}" for minor in inside), f"1.{oldest}")))


def promises(
    cluster: Cluster, settings: ProxySettings, version: int, *, falls_back: bool = False
) -> list[Promise]:
    """Return what a node owes every destination of every service port of a family.

    ``falls_back``: as ipvs mode, to the policy Cluster where the policy Local finds no endpoint.
    """
    ports = ports_of(cluster.services, cluster_slices(cluster), settings, version)
    releases = releases_meant(cluster)
    owed = [promise for proxied in ports for promise in _of_port(proxied, releases, settings, version)]
    return list(map(_fallen_back, owed)) if falls_back else owed


def _minor(release: str) -> int:
    return int(release.split(".")[1].partition("+")[0])


def _of_port(
    proxied: ProxiedPort, releases: Sequence[str], settings: ProxySettings, version: int
) -> Iterator[Promise]:
    port, everything = proxied.service_port, proxied.selection.everything
    chosen = {release: select(port, everything, settings, release) for release in releases}
    obeying = {release: has_behaviour(release, "internal traffic policy") for release in releases}
    internal = _answers((c, port.internal_policy_local and obeying[r]) for r, c in chosen.items())
    external = _answers((c, port.external_policy_local) for c in chosen.values())
    outside = SOMEONE[version]
    admitted = str(ip_network(port.source_ranges[0])[0]) if port.source_ranges else outside
    yield Promise(proxied, "ClusterIP", outside, port.cluster_ip, port.port, internal)
    for address in port.external_ips:
        yield Promise(proxied, "external IP", outside, address, port.port, external)
    for address in port.load_balancer_vips:
        yield Promise(proxied, "load balancer IP", admitted, address, port.port, external)
    node = nftables_node(settings, version)
    ips = node.node_port_ips if node.node_port_ips is not None else (node.node_ip,)
    for address in filter(None, ips if port.node_port else ()):
        yield Promise(proxied, "node port", outside, address, port.node_port, external)


def _fallen_back(promise: Promise) -> Promise:
    cluster = frozenset(endpoint.where for endpoint in promise.proxied.selection.cluster)
    is_refused = any(answer.refusal for answer in promise.answers)
    more = (Answer(cluster, ""),) if is_refused and cluster else ()
    return promise._replace(answers=promise.answers + more)


def _answers(chosen: Iterable[tuple[Selection, bool]]) -> tuple[Answer, ...]:
    """Return the distinct answers by selections, each with whether a policy keeps to the node's own endpoints."""
    answers: dict[Answer, None] = {}
    for selection, is_local in chosen:
        endpoints = frozenset(e.where for e in (selection.local if is_local else selection.cluster))
        refusal = "" if endpoints else "drop" if selection.has_any else "reject"
        answers[Answer(endpoints, refusal)] = None
    return tuple(answers)
