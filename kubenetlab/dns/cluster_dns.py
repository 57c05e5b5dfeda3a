"""What answers names in a cluster: the domain, the DNS Service, its replicas and its Corefile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.kube_proxy.endpoint_counts import count_endpoints
from kubenetlab.objects import Service
from kubenetlab.result import Basis, Result

DNS_NAMES = (
    "kube-system/kube-dns",
    "openshift-dns/dns-default",
    "kube-system/coredns",
    "kube-system/rke2-coredns-rke2-coredns",
)
#: The DaemonSet and the ConfigMap of NodeLocal DNSCache; the second are kubespray's.
NODE_LOCAL = ("node-local-dns", "nodelocaldns")
_UNKNOWN = "unknown"


class CorefileText(NamedTuple):
    """The configuration of CoreDNS and the ConfigMap that holds it (``namespace/name``)."""

    config_map: str
    text: str


def cluster_domain(cluster: Cluster | None) -> str:
    """Return the cluster's domain, ``cluster.local`` where nothing says it."""
    return _stated(cluster, "cluster_domain") or "cluster.local"


def dns_addresses(cluster: Cluster | None) -> tuple[str, ...]:
    """Return the addresses of the kubelet's ``clusterDNS``; none where nothing says them."""
    return tuple(_stated(cluster, "cluster_dns").replace(",", " ").split())


def _stated(cluster: Cluster | None, name: str) -> str:
    setting = cluster.settings.get(name) if cluster else None
    return setting.text if setting and setting.value else ""


def dns_service(cluster: Cluster) -> Service | None:
    """Return the Service that pods ask for names, or None where the dump does not hold it.

    It is the one with the address of the setting ``cluster_dns``, else one that has a known name.
    """
    wanted = dns_addresses(cluster)
    by_address = (s for s in cluster.services if any(ip in wanted for ip in s.cluster_ips))
    by_name = (s for name in DNS_NAMES for s in cluster.services if s.metadata.full_name == name)
    return next(by_address, None) or next(by_name, None)


def has_node_local_cache(cluster: Cluster) -> bool:
    """Return whether NodeLocal DNSCache runs: its DaemonSet or its ConfigMap is there."""
    names = [found.metadata.name for found in cluster.daemon_sets]
    names += [found.metadata.name for found in cluster.config_maps]
    return any(own in name for name in names for own in NODE_LOCAL)


def corefiles(cluster: Cluster) -> tuple[CorefileText, ...]:
    """Return every Corefile of the dump's ConfigMaps."""
    maps = (m for m in cluster.config_maps if "Corefile" in m.data)
    return tuple(CorefileText(m.metadata.full_name, m.data["Corefile"]) for m in maps)


def cluster_dns(cluster: Cluster) -> Result:
    """Return the facts about a cluster's DNS.

    Returns
    -------
    A Result; its frame has the columns fact, value, evidence (all text). Facts: cluster domain, DNS Service,
    DNS address, ready replicas, nodes with a ready replica, Corefile. A value is ``unknown`` where the dump
    does not hold it.
    """
    import pandas as pd

    service = dns_service(cluster)
    rows = [*_settings_rows(cluster), *_service_rows(cluster, service), _corefile_row(cluster)]
    frame = pd.DataFrame(rows, columns=["fact", "value", "evidence"], dtype="str")
    settings = tuple(cluster.settings[n] for n in ("cluster_domain", "cluster_dns") if n in cluster.settings)
    return Result(title="Cluster DNS", _frame=frame, assumptions=settings, basis=Basis.SOURCE)


def _settings_rows(cluster: Cluster) -> Iterator[tuple[str, str, str]]:
    for fact, name in (("cluster domain", "cluster_domain"), ("DNS address", "cluster_dns")):
        setting = cluster.settings.get(name)
        yield (
            (fact, setting.text, f"{setting.origin}: {setting.evidence}") if setting else (fact, _UNKNOWN, "")
        )


def _service_rows(cluster: Cluster, service: Service | None) -> Iterator[tuple[str, str, str]]:
    if service is None:
        yield "DNS Service", _UNKNOWN, "no Service of this dump has the DNS address or a known name"
        return
    name = service.metadata.full_name
    yield "DNS Service", name, ", ".join(service.cluster_ips)
    counts = count_endpoints(cluster, service)
    if counts is None:
        yield "ready replicas", _UNKNOWN, "no EndpointSlices or Endpoints in this dump"
        return
    yield "ready replicas", str(counts.n_ready), f"{counts.n_not_ready} not ready"
    yield "nodes with a ready replica", str(counts.n_nodes), f"endpoints of {name}"


def _corefile_row(cluster: Cluster) -> tuple[str, str, str]:
    found = [corefile.config_map for corefile in corefiles(cluster)]
    return (
        "Corefile",
        ", ".join(found) or _UNKNOWN,
        "ConfigMap" if found else "no ConfigMap of this dump has a Corefile",
    )
