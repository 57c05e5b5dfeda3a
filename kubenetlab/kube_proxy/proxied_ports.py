"""Every service port of a cluster with the endpoints that one node selected for it: what rules are written from."""

from __future__ import annotations

from collections.abc import Iterable

from kubenetlab.cluster import Cluster
from kubenetlab.kube_proxy.endpoint_selection import select
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.releases import LATEST, basis_of
from kubenetlab.kube_proxy.service_port import ProxiedPort, ProxiedPorts
from kubenetlab.kube_proxy.service_ports import service_ports
from kubenetlab.kube_proxy.slice_endpoints import cluster_slices, endpoints_by_port
from kubenetlab.kube_proxy.writable_ports import port_refusal
from kubenetlab.objects import EndpointSlice, Service
from kubenetlab.result import Basis


def proxied_ports(cluster: Cluster, settings: ProxySettings, version: int = 4) -> ProxiedPorts:
    """Return the service ports of a cluster with a node's endpoints, for one address family.

    They are sorted by namespace, name, port name and protocol. The release that decides is the cluster's where it
    is known, else the newest. A Service that the API would have refused, because its name has no place in a rule, has
    none; ``port_notes`` says so.

    Parameters
    ----------
    cluster
        The cluster; old dumps may have Endpoints objects instead of EndpointSlices.
    settings
        Of the node, as ``proxy_settings`` returns them.
    version
        4 or 6.
    """
    ports = ports_of(cluster.services, cluster_slices(cluster), settings, version, known_release(cluster))
    return tuple(proxied for proxied in ports if not port_refusal(proxied.service_port))


def port_notes(cluster: Cluster) -> tuple[str, ...]:
    """Return what a person should know of ``proxied_ports``: what was left out, and whose release decides.

    >>> port_notes(Cluster())
    ()
    """
    ports = (port for version in (4, 6) for port in service_ports(cluster.services, version))
    refused = dict.fromkeys(
        f"left out of the rules: {refusal}" for port in ports if (refusal := port_refusal(port))
    )
    return (*refused, *filter(None, [release_note(cluster)]))


def release_note(cluster: Cluster) -> str:
    """Return a sentence on a cluster whose release is not the one whose rules are written; empty where it is.

    >>> release_note(Cluster())
    ''
    """
    release = known_release(cluster)
    if basis_of(release) is Basis.RAN:
        return ""
    return (
        f"the cluster runs {release}: endpoints are chosen as kube-proxy of that release does, "
        f"rules are written as {LATEST} writes them"
    )


def ports_of(
    services: Iterable[Service],
    slices: Iterable[EndpointSlice],
    settings: ProxySettings,
    version: int = 4,
    release: str = LATEST,
) -> ProxiedPorts:
    """Return what ``proxied_ports`` does, from Services and EndpointSlices alone."""
    endpoints = endpoints_by_port(slices, settings, version)
    by_key = {port[:4]: port for port in service_ports(services, version)}
    return tuple(
        ProxiedPort(by_key[key], select(by_key[key], endpoints.get(key, ()), settings, release))
        for key in sorted(by_key)
    )


def known_release(cluster: Cluster) -> str:
    """Return the release that a cluster runs, or the newest that the models know."""
    setting = cluster.settings.get("kubernetes_version")
    return str(setting.value) if setting is not None and setting.value else LATEST
