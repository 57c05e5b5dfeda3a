"""Ingress objects that no controller takes for its own, or two do."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.known_settings import known
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.objects import Ingress, object_name
from kubenetlab.objects.routing import CLASS_ANNOTATION

_INGRESS = "https://kubernetes.io/docs/concepts/services-networking/ingress/"
#: GKE's controller takes every Ingress without a class; OpenShift's router turns one into a Route.
_SERVED_WITHOUT_CLASS = ("gke", "openshift")
#: Controllers that compare the annotation with a name of their own configuration, not with IngressClasses.
_ANNOTATION_CONTROLLERS = (
    "k8s.io/ingress-nginx",
    "nginx.org/ingress-controller",
    "traefik.io/ingress-controller",
    "haproxy.org/ingress-controller",
    "haproxy-ingress.github.io/controller",
    "ingress-controllers.konghq.com/kong",
    "ingress.k8s.aws/alb",
    "projectcontour.io/",
    "azure/application-gateway",
)
_GKE_ANNOTATIONS = ("gce", "gce-internal", "gce-multi-cluster")


@rule(
    "KNL703",
    Severity.MEDIUM,
    title="Ingress without a class",
    advice="Set spec.ingressClassName, or mark exactly one IngressClass as default "
    "(annotation ingressclass.kubernetes.io/is-default-class).",
    documentation=f"{_INGRESS}#default-ingress-class",
)
def ingress_without_class(cluster: Cluster) -> Iterator[Hit]:
    """Find Ingresses without a class, by field or annotation, where not exactly one IngressClass is the default."""
    defaults = [one.metadata.name for one in cluster.ingress_classes if one.is_default]
    platform = known(cluster, "platform")
    is_served = platform is not None and platform.value in _SERVED_WITHOUT_CLASS
    message = f"The Ingress names no class and there are {counted(len(defaults), 'default IngressClass')}."
    severity = None
    if not cluster.ingress_classes:
        message, severity = "The Ingress names no class and the dump holds no IngressClass.", Severity.INFO
    evidence = ("spec.ingressClassName: not set", f"defaults: {first_few(defaults) or 'none'}")
    for ingress in cluster.ingresses if len(defaults) != 1 and not is_served else ():
        if not ingress.class_name:
            yield Hit(object_name(ingress), message, evidence, severity)


@rule(
    "KNL705",
    Severity.HIGH,
    title="Ingress of a missing class",
    advice="Name an IngressClass that exists (kubectl get ingressclasses), or create the one that is meant: no "
    "controller serves the Ingress until then.",
    documentation=f"{_INGRESS}#ingress-class",
)
def ingress_of_missing_class(cluster: Cluster) -> Iterator[Hit]:
    """Find Ingresses whose class is not among the IngressClasses of the dump, where it has some.

    The annotation of older objects may name what only the controller knows: there the severity is low, and known
    controllers of that kind are believed.
    """
    names = [one.metadata.name for one in cluster.ingress_classes]
    for ingress in cluster.ingresses if names else ():
        severity = (
            Severity.HIGH if ingress.spec.ingress_class_name else _annotation_severity(cluster, ingress)
        )
        if ingress.class_name and ingress.class_name not in names and severity:
            place = "spec.ingressClassName" if severity is Severity.HIGH else CLASS_ANNOTATION
            message = f"The Ingress names the class {ingress.class_name}, which the cluster does not have."
            evidence = (f"{place}: {ingress.class_name}", f"IngressClasses: {first_few(names)}")
            yield Hit(object_name(ingress), message, evidence, severity)


def _annotation_severity(cluster: Cluster, ingress: Ingress) -> Severity | None:
    """Low; None where a controller may know the annotation's text without an IngressClass."""
    controllers = (one.spec.controller for one in cluster.ingress_classes)
    is_believed = any(controller.startswith(_ANNOTATION_CONTROLLERS) for controller in controllers)
    return None if is_believed or ingress.class_name in _GKE_ANNOTATIONS else Severity.LOW
