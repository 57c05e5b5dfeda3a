"""KNL7xx by brute force."""

from tests.findings.brute_force_dump import annotations, each, get, name, namespace, object_name, template
from tests.findings.brute_force_plugins import is_gke_platform, is_openshift

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
CLASS_ANNOTATION = "kubernetes.io/ingress.class"
BY_ANNOTATION = ("nginx", "traefik", "haproxy", "kong", "ingress.k8s.aws", "projectcontour", "azure/app")
ALB_ACTION = "alb.ingress.kubernetes.io/actions."


def backends(ingress):
    """(Service name, port name or number) of every Service backend, networking.k8s.io/v1 or older."""
    spec = ingress.get("spec") or {}
    found = [spec.get("defaultBackend"), spec.get("backend")]
    found += [path.get("backend") for rule in each(spec, "rules") for path in each(rule, "http", "paths")]
    for backend in filter(None, found):
        service = backend.get("service") or {}
        if service:
            yield service.get("name"), get(service, "port", "name") or get(service, "port", "number")
        elif backend.get("serviceName"):
            yield backend["serviceName"], backend.get("servicePort")


def real_backends(ingress):
    """Backends without those that stand for an action of the AWS load balancer controller."""
    actions = annotations(ingress)
    return [
        (service, port)
        for service, port in backends(ingress)
        if not (port == "use-annotation" and f"{ALB_ACTION}{service}" in actions)
    ]


def ingresses_to_missing_service(dump):
    """KNL701: a backend names a Service that its namespace lacks; needs Services of it, or of two namespaces."""
    shown = {namespace(s) for s in dump.by_kind["Service"]}
    return {
        object_name(i)
        for i in dump.by_kind["Ingress"]
        for service, _ in real_backends(i)
        if (namespace(i) in shown or len(shown) > 1) and (namespace(i), service) not in dump.services
    }


def ingresses_to_missing_port(dump):
    """KNL702: the Service is there but has no port of that name or number (a number to an ExternalName is fine)."""
    return {
        object_name(i)
        for i in dump.by_kind["Ingress"]
        for service, port in real_backends(i)
        if (namespace(i), service) in dump.services
        and not has_port(dump.services[namespace(i), service], port)
    }


def has_port(service, wanted):
    if get(service, "spec", "type") == "ExternalName" and isinstance(wanted, int):
        return True
    return any(wanted in (p.get("name"), p.get("port")) for p in each(service, "spec", "ports"))


def ingresses_without_class(dump):
    """KNL703: no class by field or annotation, not exactly one default class; not on GKE and OpenShift."""
    if is_gke_platform(dump) or is_openshift(dump):
        return set()
    defaults = [c for c in dump.by_kind["IngressClass"] if annotations(c).get(DEFAULT_CLASS) == "true"]
    return {
        object_name(i)
        for i in dump.by_kind["Ingress"]
        if len(defaults) != 1
        and not get(i, "spec", "ingressClassName")
        and not annotations(i).get(CLASS_ANNOTATION)
    }


def ingresses_of_missing_class(dump):
    """KNL705: the class named is none of the IngressClasses; by annotation not where its controller may know it."""
    classes = {name(c) for c in dump.by_kind["IngressClass"]}
    controllers = " ".join(str(get(c, "spec", "controller")) for c in dump.by_kind["IngressClass"])
    is_believed = any(word in controllers for word in BY_ANNOTATION)
    found = set()
    for ingress in dump.by_kind["Ingress"] if classes else ():
        by_field = get(ingress, "spec", "ingressClassName")
        by_annotation = annotations(ingress).get(CLASS_ANNOTATION)
        if by_field or not (is_believed or str(by_annotation).startswith("gce")):
            found |= (
                {object_name(ingress)}
                if (by_field or by_annotation or min(classes)) not in classes
                else set()
            )
    return found


def ingress_nginx(dump):
    """KNL704: an IngressClass of controller k8s.io/ingress-nginx; a workload (not owned) that runs its image."""
    classes = [
        c for c in dump.by_kind["IngressClass"] if get(c, "spec", "controller") == "k8s.io/ingress-nginx"
    ]
    runners = [
        w
        for w in dump.workloads
        if not each(w, "metadata", "ownerReferences")
        and any(
            "ingress-nginx/controller" in str(c.get("image")) for c in each(template(w), "spec", "containers")
        )
    ]
    return {object_name(item) for item in classes + runners}


RULES = {
    "KNL701": ingresses_to_missing_service,
    "KNL702": ingresses_to_missing_port,
    "KNL703": ingresses_without_class,
    "KNL704": ingress_nginx,
    "KNL705": ingresses_of_missing_class,
}
