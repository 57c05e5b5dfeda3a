"""Ingress objects that lead nowhere, have no controller, or one that is retired."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.coverage import Coverage
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.templates import workload_templates
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.objects import Ingress, Service, ServiceType, object_name
from kubenetlab.objects.routing import IngressServiceBackend

_INGRESS = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
_NGINX_CONTROLLER = "k8s.io/ingress-nginx"
_NGINX_IMAGE = "ingress-nginx/controller"
_ALB_ACTION = (
    "alb.ingress.kubernetes.io/actions."  # AWS: a backend that stands for an action, not for a Service
)


@rule(
    "KNL701",
    Severity.HIGH,
    title="Ingress to a missing Service",
    advice="Correct the name of the backend, or create the Service in the namespace of the Ingress: an Ingress "
    "reaches no other namespace.",
    documentation=f"{_INGRESS}#the-ingress-resource",
)
def missing_service(cluster: Cluster) -> Iterator[Hit]:
    """Find backends whose Service is not in the namespace of the Ingress, where the dump covers its Services."""
    services, covered = _services(cluster), Coverage(cluster, "services")
    for ingress in (i for i in cluster.ingresses if i.metadata.namespace in covered):
        missing = [
            (place, b.name)
            for place, b in _backends(ingress)
            if (ingress.metadata.namespace, b.name) not in services
        ]
        if missing:
            names = list(dict.fromkeys(name for _, name in missing))
            message = f"{counted(len(missing), 'backend')} to {first_few(names)}, not in namespace {ingress.metadata.namespace}."
            yield Hit(
                object_name(ingress),
                message,
                (first_few([f"{place}: Service {name}" for place, name in missing]),),
            )


@rule(
    "KNL702",
    Severity.HIGH,
    title="Ingress to a missing port of a Service",
    advice="Use a port that the Service has in spec.ports: its port or name, not the container's targetPort.",
    documentation=f"{_INGRESS}#the-ingress-resource",
)
def missing_service_port(cluster: Cluster) -> Iterator[Hit]:
    """Find backends whose Service is there but has no port of that number or name."""
    services = _services(cluster)
    for ingress in cluster.ingresses:
        found = [
            (place, b, services.get((ingress.metadata.namespace, b.name))) for place, b in _backends(ingress)
        ]
        missing = [
            (place, b, service) for place, b, service in found if service and not _has_port(service, b)
        ]
        if missing:
            texts = [f"{b.name}:{b.port.name or b.port.number}" for _, b, _ in missing]
            message = f"{counted(len(missing), 'backend')} to a port that the Service does not have: {first_few(texts)}."
            evidence = [f"{place}: Service {b.name} has {_ports(service)}" for place, b, service in missing]
            yield Hit(object_name(ingress), message, (first_few(evidence),))


def _services(cluster: Cluster) -> dict[tuple[str, str], Service]:
    return {(service.metadata.namespace, service.metadata.name): service for service in cluster.services}


def _backends(ingress: Ingress) -> list[tuple[str, IngressServiceBackend]]:
    actions = ingress.metadata.annotations
    return [
        (place, backend)
        for place, backend in ingress.backends
        if not (backend.port.name == "use-annotation" and f"{_ALB_ACTION}{backend.name}" in actions)
    ]


def _has_port(service: Service, backend: IngressServiceBackend) -> bool:
    wanted = backend.port
    if service.spec.type == ServiceType.EXTERNAL_NAME and wanted.number:
        return True  # an ExternalName needs no ports: the number is used at the external name
    if wanted.name:
        return any(port.name == wanted.name for port in service.spec.ports)
    return not wanted.number or any(port.port == wanted.number for port in service.spec.ports)


def _ports(service: Service) -> str:
    ports = [f"{port.port} ({port.name})" if port.name else str(port.port) for port in service.spec.ports]
    return f"ports {first_few(ports)}" if ports else "no ports"


@rule(
    "KNL704",
    Severity.MEDIUM,
    title="ingress-nginx in use",
    advice="Plan the move to Gateway API or to another Ingress controller: ingress-nginx was retired in March 2026 and "
    "gets no security fixes.",
    documentation="https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/",
)
def ingress_nginx(cluster: Cluster) -> Iterator[Hit]:
    """Find IngressClasses of ingress-nginx and what runs its controller: workloads, or pods where no workload is known."""
    for ingress_class in cluster.ingress_classes:
        if ingress_class.spec.controller == _NGINX_CONTROLLER:
            message = "The class is served by ingress-nginx, which was retired in March 2026."
            yield Hit(object_name(ingress_class), message, (f"spec.controller: {_NGINX_CONTROLLER}",))
    images = {**_workload_images(cluster)}
    for name, image in (images or dict(_pod_images(cluster))).items():
        yield Hit(name, "It runs ingress-nginx, which was retired in March 2026.", (f"image: {image}",))


def _workload_images(cluster: Cluster) -> dict[str, str]:
    workloads = [w for w in workload_templates(cluster) if not w.is_owned]
    return {w.name: image for w in workloads for image in w.images if _NGINX_IMAGE in image}


def _pod_images(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for pod in cluster.pods:
        for container in pod.spec.containers:
            if _NGINX_IMAGE in container.image and not pod.has_finished:
                yield object_name(pod), container.image
