"""How kube-proxy is run, and what it cannot do as it was told."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.known_settings import known
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.kube_proxy.endpoint_selection import SAME_ZONE, Endpoints, select
from kubenetlab.kube_proxy.proxied_ports import known_release
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ServicePort
from kubenetlab.kube_proxy.service_ports import service_ports
from kubenetlab.kube_proxy.slice_endpoints import cluster_slices, endpoints_by_port
from kubenetlab.objects import Metadata, Node, object_name

_NFTABLES_STABLE = 33  # minor version of Kubernetes in which mode nftables became stable (KEP-3866)
_ZONE = "topology.kubernetes.io/zone"
_AUTO = "annotation service.kubernetes.io/topology-mode"
_NOWHERE = ProxySettings(node_name="")
_ADVICE_BEFORE_NFTABLES = (
    "Plan the change to mode iptables, or to nftables once the cluster runs Kubernetes 1.33, where it is stable; try it "
    "on one node first: ipvs is deprecated since Kubernetes 1.35 and will be removed."
)


@rule(
    "KNL301",
    Severity.MEDIUM,
    title="kube-proxy in ipvs mode",
    advice="Plan the change to mode nftables (or iptables), and try it on one node first: ipvs is deprecated since "
    "Kubernetes 1.35 and will be removed.",
    documentation="https://kubernetes.io/docs/reference/networking/virtual-ips/#proxy-mode-ipvs",
)
def ipvs_mode(cluster: Cluster) -> Iterator[Hit]:
    """Find mode ipvs, deprecated since 1.35."""
    setting = known(cluster, "proxy_mode")
    if setting and setting.value == "ipvs":
        version = known(cluster, "kubernetes_version")
        where = f" (this cluster runs {version.text})" if version else ""
        message = f"kube-proxy runs in mode ipvs, which is deprecated since Kubernetes 1.35{where}."
        evidence = (f"proxy_mode {setting.text}: {setting.evidence}",)
        is_old = version is not None and _minor(version.text) < _NFTABLES_STABLE
        yield Hit("Cluster", message, evidence, advice=_ADVICE_BEFORE_NFTABLES if is_old else "")


def _minor(version: str) -> int:
    """Return the second part of a version: 33 of v1.33.5-gke.1; of a text without one, as if it were new."""
    found = re.match(r"v?1\.(\d+)", version)
    return int(found[1]) if found else _NFTABLES_STABLE


@rule(
    "KNL302",
    Severity.HIGH,
    title="Two Services claim one address and port",
    advice="Give one of them another address or port (spec.externalIPs, the load balancer's address): while two of them "
    "have endpoints, chance decides, at every sync of every node's kube-proxy, which of them answers.",
    documentation="https://kubernetes.io/docs/concepts/services-networking/service/#external-ips",
)
def claimed_twice(cluster: Cluster) -> Iterator[Hit]:
    """Find Services of which another one has an address (ClusterIP, external IP, load balancer's) and port, too."""
    owners: dict[str, dict[str, None]] = defaultdict(dict)
    usable: set[str] = set()
    for port, endpoints in proxied(cluster):
        name = _object_name(port)
        for address in (port.cluster_ip, *port.external_ips, *port.load_balancer_vips):
            host = f"[{address}]" if ":" in address else address
            place = f"{host}:{port.port}/{port.protocol}"
            owners[place][name] = None
            if select(port, endpoints, _NOWHERE, known_release(cluster)).has_any:
                usable.add(f"{name} {place}")
    hits: dict[str, Hit] = {}
    for place, names in owners.items():
        for name in names if len(names) > 1 else ():
            others = first_few([other for other in names if other != name])
            answering = [each for each in names if f"{each} {place}" in usable]
            evidence = (f"address: {place}", f"with endpoints: {first_few(answering) or 'none of them'}")
            hits.setdefault(name, Hit(name, f"{place} also belongs to {others}.", evidence))
    yield from hits.values()


@rule(
    "KNL303",
    Severity.MEDIUM,
    title="Topology hints that nobody obeys",
    advice="Label every node that runs the Service's pods with topology.kubernetes.io/zone; for endpoints written by hand, "
    "give each of them hints.",
    documentation="https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-distribution",
)
def partial_hints(cluster: Cluster) -> Iterator[Hit]:
    """Find Services that ask for zone hints, of which some ready endpoints have some and others none.

    kube-proxy obeys hints only where every ready endpoint has some (pkg/proxy/topology.go): a Service is found if some
    node would obey them, were none missing, and obeys none now.
    """
    asking = {object_name(s): s for s in cluster.services if s.spec.traffic_distribution}
    found: set[str] = set()
    for port, endpoints in proxied(cluster):
        name = _object_name(port)
        without = [e for e in endpoints if e.is_ready and not e.zone_hints]
        is_asked = name in asking or port.has_topology_annotation
        if is_asked and without and name not in found and _would_obey(cluster, port, endpoints):
            found.add(name)
            asked = (
                f"spec.trafficDistribution: {asking[name].spec.traffic_distribution}"
                if name in asking
                else _AUTO
            )
            yield _partial_hints(port, asked, without, sum(e.is_ready for e in endpoints))


def proxied(cluster: Cluster) -> Iterator[tuple[ServicePort, Endpoints]]:
    """Yield every service port that kube-proxy answers, with its endpoints; none where another does its work."""
    mode = cluster.settings.get("proxy_mode")
    for version in (4, 6) if mode is None or mode.value != "none" else ():
        by_key = endpoints_by_port(cluster_slices(cluster), _NOWHERE, version)
        yield from ((port, by_key.get(port[:4], ())) for port in service_ports(cluster.services, version))


def _object_name(port: ServicePort) -> str:
    return "Service " + "/".join(filter(None, (port.namespace, port.name)))


def _would_obey(cluster: Cluster, port: ServicePort, endpoints: Endpoints) -> bool:
    """Return whether a node spreads traffic over all zones because of hints that are missing, and for that alone."""
    zones = tuple(dict.fromkeys(zone for e in endpoints if e.is_ready for zone in e.zone_hints))
    release = known_release(cluster)
    filled = tuple(e._replace(zone_hints=e.zone_hints or zones) for e in endpoints)
    for settings in _in_zones(cluster, zones, {name for e in endpoints for name in e.node_hints}):
        now, then = (select(port, each, settings, release) for each in (endpoints, filled))
        if then.topology_mode == SAME_ZONE and not now.topology_mode:
            return True
    return False


def _in_zones(cluster: Cluster, zones: tuple[str, ...], hinted: set[str]) -> Iterator[ProxySettings]:
    """Yield one node of each kind that hints tell apart, of those in some zones; a dump without nodes has one of each."""
    labels = [{_ZONE: zone} for zone in zones]
    nodes = cluster.nodes or tuple(Node(Metadata("", labels=label)) for label in labels)
    seen: set[tuple[str, str]] = set()
    for about in (node.metadata for node in nodes):
        kind = (about.name if about.name in hinted else "", about.labels.get(_ZONE, ""))
        if kind[1] in zones and kind not in seen:
            seen.add(kind)
            yield ProxySettings(node_name=about.name, node_labels=about.labels)


def _partial_hints(port: ServicePort, asked: str, without: list[NodeEndpoint], n_ready: int) -> Hit:
    lacking = f"{len(without):,} of {counted(n_ready, 'ready endpoint')}"
    traffic = "traffic from outside" if port.internal_policy_local else "traffic"
    verb = "lacks" if len(without) == 1 else "lack"
    message = f"{lacking} {verb} a zone hint, so {traffic} is spread over all zones."
    nodes = list(dict.fromkeys(e.node_name for e in without if e.node_name))
    evidence = (
        asked,
        f"without hint: {first_few([e.where for e in without])}",
        f"on {first_few(nodes) or 'no node'}",
    )
    return Hit(_object_name(port), message, evidence)
