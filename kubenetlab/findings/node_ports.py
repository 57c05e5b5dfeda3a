"""Node ports that clash or lie outside the range."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.coverage import is_manifest
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import first_few
from kubenetlab.objects import Service, ServiceType, TrafficPolicy, object_name
from kubenetlab.result import Origin

_NODE_PORT = "https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport"
_DEFAULT_RANGE = (30000, 32767)  # kube-apiserver --service-node-port-range


@rule(
    "KNL104",
    Severity.HIGH,
    title="Node port used twice",
    advice="Remove nodePort from one of the Services, so that Kubernetes chooses a free one, or write another number.",
    documentation=_NODE_PORT,
)
def node_port_clash(cluster: Cluster) -> Iterator[Hit]:
    """Find node ports that two Services have, or one twice for the same protocol.

    kube-apiserver hands out a number to one Service, whatever the protocol; that Service may use it for several
    (pkg/registry/core/service/portallocator, storage/alloc.go). Health check node ports are of the same numbers.
    """
    users: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for service in filter(_has_node_ports, cluster.services):
        for field, number, protocol in _node_ports(service):
            users[number][object_name(service)].append(f"{field}: {number}/{protocol}")
    for number, fields_by_service in users.items():
        for name, fields in fields_by_service.items():
            others = [other for other in fields_by_service if other != name]
            protocols = [field.rpartition("/")[2] for field in fields]
            if others:
                message = f"Node port {number} is also used by {first_few(others)}."
                yield Hit(name, message, (*fields, f"used by: {first_few([name, *others])}"))
            elif len(set(protocols)) < len(protocols):
                yield Hit(name, f"Node port {number} is there twice for one protocol.", tuple(fields))


@rule(
    "KNL105",
    Severity.MEDIUM,
    title="Node port outside the node port range",
    advice="Choose a node port in the range, or widen kube-apiserver's --service-node-port-range; firewalls that "
    "open the range do not open this port.",
    documentation="https://kubernetes.io/docs/concepts/services-networking/service/#nodeport-custom-port",
)
def node_port_outside_range(cluster: Cluster) -> Iterator[Hit]:
    """Find node ports and health check node ports below or above the range.

    kube-apiserver refuses such a port, so one of a deployed Service shows that the range is another one than the
    default: these are judged only where the dump states the range.
    """
    first, last, origin, is_stated = _node_port_range(cluster)
    for service in filter(_has_node_ports, cluster.services):
        ports = {f: number for f, number, _ in _node_ports(service) if not first <= number <= last}
        if ports and (is_stated or is_manifest(service)):
            numbers = first_few([str(number) for number in ports.values()])
            message = f"Node port {numbers} is outside the node port range {first}-{last}."
            evidence = (*(f"{field}: {number}" for field, number in ports.items()), origin)
            yield Hit(object_name(service), message, evidence)


def _has_node_ports(service: Service) -> bool:
    return service.spec.type in (ServiceType.NODE_PORT, ServiceType.LOAD_BALANCER)


def _node_ports(service: Service) -> Iterator[tuple[str, int, str]]:
    """Field, number and protocol of the node ports that a Service has."""
    spec = service.spec
    for position, port in enumerate(spec.ports):
        if port.node_port:
            yield f"spec.ports[{position}].nodePort", port.node_port, port.protocol
    is_checked = (spec.type, spec.external_traffic_policy) == (ServiceType.LOAD_BALANCER, TrafficPolicy.LOCAL)
    if is_checked and spec.health_check_node_port:
        yield "spec.healthCheckNodePort", spec.health_check_node_port, "TCP"


def _node_port_range(cluster: Cluster) -> tuple[int, int, str, bool]:
    """First and last port, where they come from, and whether they stand in the dump.

    The flag allows ``first-last``, ``first+count`` and ``port``.
    """
    setting = cluster.settings.get("node_port_range")
    text = str(setting.value) if setting else ""
    sign = "+" if "+" in text else "-"
    first, _, last = text.partition(sign)
    if setting is None or not (first.isdecimal() and (last.isdecimal() or not last)):
        return (*_DEFAULT_RANGE, "node port range 30000-32767: Kubernetes' default", False)
    end = int(first) + int(last or 0) if sign == "+" else int(last or first)
    return int(first), end, f"node port range {text}: {setting.evidence}", setting.origin is Origin.READ
