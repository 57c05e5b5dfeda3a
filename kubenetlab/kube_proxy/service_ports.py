"""The service ports that kube-proxy proxies, made from Services for one address family.

Source: Kubernetes v1.36.2, pkg/proxy/serviceport.go (newBaseServiceInfo), servicechangetracker.go
(serviceToServiceMap), util/utils.go (GetClusterIPByFamily, MapIPsByIPFamily, MapCIDRsByIPFamily).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from kubenetlab.kube_proxy.service_port import ServicePort
from kubenetlab.objects import Service, ServiceType
from kubenetlab.objects.service import ServiceSpec, TrafficPolicy

#: Objects with one of these labels belong to another proxy or to nobody; kube-proxy does not watch them.
NOT_WATCHED: Final = ("service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless")

_FAMILIES: Final = {4: "IPv4", 6: "IPv6"}
_TOPOLOGY: Final = ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints")
_OFF: Final = ("", "disabled", "Disabled")
_OUTSIDE: Final = (ServiceType.NODE_PORT, ServiceType.LOAD_BALANCER)


def service_ports(services: Iterable[Service], version: int = 4) -> list[ServicePort]:
    """Return the ports that kube-proxy proxies, in the order of the Services.

    Headless and ExternalName Services, Services without a ClusterIP of the family and those of another proxy have
    none. Load balancer addresses of ipMode Proxy and host names are left out; one source range /0 opens the port
    to everyone, as no range does.

    Parameters
    ----------
    services
        The Services.
    version
        4 or 6.
    """
    return [port for service in services for port in _ports_of(service, version)]


def is_watched(labels: Mapping[str, str]) -> bool:
    """Return whether kube-proxy looks at an object with these labels (cmd/kube-proxy/app/server.go)."""
    return not any(label in labels for label in NOT_WATCHED)


@lru_cache(maxsize=65536)
def family_and_text(address: str) -> tuple[int, str]:
    """Return the family of an address and its text as Go prints it.

    >>> family_and_text("FD00::0:1"), family_and_text("::ffff:10.0.0.1")
    ((6, 'fd00::1'), (4, '10.0.0.1'))
    """
    if ":" not in address:
        return 4, address  # the reader refused every other spelling
    value = ip_address(address)
    value = (value.ipv4_mapped or value) if isinstance(value, IPv6Address) else value
    return value.version, str(value)


def _ports_of(service: Service, version: int) -> Iterator[ServicePort]:
    spec, cluster_ip = service.spec, _cluster_ip(service.spec, version)
    if not cluster_ip or spec.type == ServiceType.EXTERNAL_NAME or not is_watched(service.metadata.labels):
        return
    is_local = spec.external_traffic_policy == TrafficPolicy.LOCAL
    is_checked = is_local and spec.type == ServiceType.LOAD_BALANCER
    ingress = service.status.load_balancer.ingress
    annotations, affinity = service.metadata.annotations, spec.session_affinity_config.client_ip
    common = ServicePort(
        service.metadata.namespace,
        service.metadata.name,
        "",
        "",
        cluster_ip,
        0,
        external_ips=_of_family(spec.external_ips, version),
        load_balancer_vips=_of_family((i.ip for i in ingress if i.ip and i.ip_mode in ("", "VIP")), version),
        source_ranges=_source_ranges(spec.load_balancer_source_ranges, version),
        internal_policy_local=spec.internal_traffic_policy == TrafficPolicy.LOCAL,
        external_policy_local=is_local and (spec.type in _OUTSIDE or bool(spec.external_ips)),
        affinity_s=affinity.timeout_seconds if spec.session_affinity == "ClientIP" else None,
        health_check_node_port=spec.health_check_node_port if is_checked else 0,
        has_topology_annotation=any(annotations.get(name, "") not in _OFF for name in _TOPOLOGY),
    )
    for port in spec.ports:
        yield common._replace(
            port_name=port.name, protocol=port.protocol, port=port.port, node_port=port.node_port
        )


def _cluster_ip(spec: ServiceSpec, version: int) -> str:
    """Return the ClusterIP of a family, or an empty text; the Service's list of families decides where it has one."""
    if spec.cluster_ip in ("", "None"):
        return ""
    if not spec.ip_families:
        return next(iter(_of_family((spec.cluster_ip, *spec.cluster_ips), version)), "")
    # Objects that were never defaulted have clusterIP and no clusterIPs.
    by_family = dict(zip(spec.ip_families, spec.cluster_ips or (spec.cluster_ip,), strict=False))
    address = by_family.get(_FAMILIES[version], "")
    return family_and_text(address)[1] if address else ""


def _of_family(addresses: Iterable[str], version: int) -> tuple[str, ...]:
    found = map(family_and_text, addresses)
    return tuple(text for family, text in found if family == version)


def _source_ranges(texts: Iterable[str], version: int) -> tuple[str, ...]:
    networks = [ip_network(text.strip(), strict=False) for text in texts]
    of_family = [network for network in networks if network.version == version]
    return () if any(n.prefixlen == 0 for n in of_family) else tuple(map(str, of_family))
