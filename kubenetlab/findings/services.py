"""Services whose traffic goes nowhere, or not where it was meant to go."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster, ServiceEndpoint
from kubenetlab.findings.coverage import Coverage
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.selections import Selection, Selections
from kubenetlab.findings.wording import counted, first_few, labels_text
from kubenetlab.objects import Service, ServicePort, ServiceType, object_name

_SERVICE = "https://kubernetes.io/docs/concepts/services-networking/service/"
_DEBUG = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/"


@rule(
    "KNL101",
    Severity.MEDIUM,
    title="Service selector matches no pod",
    advice="Compare spec.selector with the labels of the pods it should reach, and mend the one that is wrong; "
    "delete the Service if nothing uses it.",
    documentation=f"{_SERVICE}#defining-a-service",
)
def selector_matches_no_pod(cluster: Cluster) -> Iterator[Hit]:
    """Find selectors without an unfinished or planned pod and without a workload that would make one.

    Deployed Services are judged where the dump covers the pods of their namespace, manifests also by workloads.
    """
    selections = Selections(cluster)
    for service in filter(selections.is_empty, cluster.services):
        selector = labels_text(service.spec.selector.items())
        message = f"The selector {selector} matches no pod in namespace {service.metadata.namespace}."
        evidence = (f"spec.selector: {selector}", *selections.nearest(service))
        yield Hit(object_name(service), message, evidence)


@rule(
    "KNL102",
    Severity.HIGH,
    title="Service without ready endpoints",
    advice="Find out why its pods are not ready (kubectl describe pod: readiness probe, containers that fail, "
    "no node to run on); until one is ready every connection to the Service fails.",
    documentation=f"{_DEBUG}#are-the-pods-working",
)
def no_ready_endpoints(cluster: Cluster) -> Iterator[Hit]:
    """Find Services with endpoints of which none is ready, or without endpoints although they should have some.

    A cluster makes a slice for every Service with a selector, an empty one too: a namespace with none was not dumped.
    """
    selections, covered = Selections(cluster), Coverage(cluster, "endpoint_slices", "endpoints").namespaces
    for service in (s for s in cluster.services if s.metadata.namespace in covered):
        endpoints, selection = _endpoints(cluster, service), selections.of(service)
        is_published = bool(endpoints) and service.spec.publish_not_ready_addresses
        is_dead = not is_published and not any(endpoint.is_ready for endpoint in endpoints)
        if is_dead and (endpoints or selection.should_run) and not selections.is_empty(service):
            yield _dead_service(service, selection, endpoints)


def _dead_service(service: Service, selection: Selection, endpoints: tuple[ServiceEndpoint, ...]) -> Hit:
    leaving = [e for e in endpoints if e.is_terminating and e.is_serving]
    if leaving:
        return _leaving_service(service, leaving)
    names = list(dict.fromkeys(endpoint.pod or endpoint.address for endpoint in endpoints))
    evidence = [f"endpoints that are not ready: {first_few(names) or 'none'}"]
    if selection.not_ready:
        evidence.append(f"selected pods that are not ready: {selection.not_ready}")
    messages = {0: "The Service has no endpoints.", 1: "Its only endpoint is not ready."}
    message = messages.get(len(names), f"None of its {len(names):,} endpoints is ready.")
    return Hit(object_name(service), message, tuple(evidence))


def _leaving_service(service: Service, leaving: list[ServiceEndpoint]) -> Hit:
    """What kube-proxy still uses: endpoints that are going and still serve, where none is ready (KEP-1669)."""
    names = list(dict.fromkeys(endpoint.pod or endpoint.address for endpoint in leaving))
    message = (
        f"No endpoint is ready; connections go to {counted(len(names), 'terminating endpoint')} for now."
    )
    return Hit(object_name(service), message, (f"terminating: {first_few(names)}",), Severity.MEDIUM)


def _endpoints(cluster: Cluster, service: Service) -> tuple[ServiceEndpoint, ...]:
    is_external = service.spec.type == ServiceType.EXTERNAL_NAME
    return () if is_external else cluster.endpoints_of(service)


@rule(
    "KNL103",
    Severity.HIGH,
    title="Named targetPort that no selected pod has",
    advice="Give the container port that name (spec.containers[].ports[].name, same protocol), or name or number "
    "an existing port in targetPort.",
    documentation=f"{_SERVICE}#field-spec-ports",
)
def unknown_target_port(cluster: Cluster) -> Iterator[Hit]:
    """Find named target ports that no container or restartable init container of a selected pod has.

    Where the dump holds no selected pod, the templates of the workloads that would make one are looked at.
    """
    selections = Selections(cluster)
    for service in cluster.services:
        for port in service.spec.ports:
            if isinstance(port.target_port, str):
                selection = selections.of(service)
                if selection.specs and (port.target_port, port.protocol) not in selection.ports:
                    yield _unknown_target_port(service, port, selection)


def _unknown_target_port(service: Service, port: ServicePort, selection: Selection) -> Hit:
    name, spec = selection.specs[0]
    there = {f"{p.name or p.container_port}/{p.protocol}" for c in spec.serving_containers for p in c.ports}
    n_pods = counted(len(selection.specs), "selected pod" if selection.pods else "matching workload")
    message = f"None of {n_pods} has a port named {port.target_port} ({port.protocol})."
    evidence = (
        f"spec.ports: port {port.port}, targetPort {port.target_port}, protocol {port.protocol}",
        f"ports of {name}: {first_few(sorted(there)) or 'none'}",
    )
    return Hit(object_name(service), message, evidence)
