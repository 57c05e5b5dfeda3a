"""Ingress objects and the classes of controllers that serve them."""

from kubenetlab.objects.api_object import ApiObject, Metadata, OptionalPort
from kubenetlab.objects.service import LoadBalancerStatus

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"


class ServiceBackendPort(ApiObject, frozen=True):
    """A Service port by name or number."""

    name: str = ""
    number: OptionalPort = 0


class IngressServiceBackend(ApiObject, frozen=True):
    """The Service of a backend (networking.k8s.io/v1)."""

    name: str
    port: ServiceBackendPort = ServiceBackendPort()


class BackendResource(ApiObject, frozen=True):
    """Another object of the same namespace as a backend."""

    kind: str = ""
    name: str = ""


class IngressBackend(ApiObject, frozen=True):
    """Where requests go; ``service_name`` and ``service_port`` are the form before networking.k8s.io/v1."""

    service: IngressServiceBackend | None = None
    resource: BackendResource | None = None
    service_name: str = ""
    service_port: OptionalPort | str = 0

    @property
    def service_backend(self) -> IngressServiceBackend | None:
        """The Service and port in today's form, whichever form was written; None for a resource."""
        if self.service or not self.service_name:
            return self.service
        name, number = (
            (self.service_port, 0) if isinstance(self.service_port, str) else ("", self.service_port)
        )
        return IngressServiceBackend(self.service_name, ServiceBackendPort(name, number))


class HttpIngressPath(ApiObject, frozen=True):
    """A path and its backend."""

    backend: IngressBackend = IngressBackend()
    path: str = ""
    path_type: str = "ImplementationSpecific"


class HttpIngressRuleValue(ApiObject, frozen=True):
    """The paths of a host."""

    paths: tuple[HttpIngressPath, ...] = ()


class IngressRule(ApiObject, frozen=True):
    """A host (empty: every host) and its paths."""

    host: str = ""
    http: HttpIngressRuleValue = HttpIngressRuleValue()


class IngressTls(ApiObject, frozen=True):
    """Hosts served with TLS; the Secret's name is not read."""

    hosts: tuple[str, ...] = ()


class IngressSpec(ApiObject, frozen=True):
    """What an Ingress asks for; ``backend`` is the form before networking.k8s.io/v1."""

    ingress_class_name: str = ""
    default_backend: IngressBackend | None = None
    backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] = ()
    tls: tuple[IngressTls, ...] = ()


class IngressStatus(ApiObject, frozen=True):
    """Where the controller of an Ingress listens for it."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Ingress(ApiObject, frozen=True):
    """Rules that send HTTP requests to Services."""

    metadata: Metadata
    spec: IngressSpec = IngressSpec()
    status: IngressStatus = IngressStatus()

    @property
    def class_name(self) -> str:
        """The class by field or, in older objects, by annotation; empty if none is named."""
        return self.spec.ingress_class_name or self.metadata.annotations.get(CLASS_ANNOTATION, "")

    @property
    def backends(self) -> tuple[tuple[str, IngressServiceBackend], ...]:
        """Every Service backend with the place it stands in, in the order of the object."""
        default = self.spec.default_backend or self.spec.backend
        places = [("defaultBackend", default)] if default else []
        for rule in self.spec.rules:
            places += [(f"{rule.host or '*'}{path.path or '/'}", path.backend) for path in rule.http.paths]
        return tuple((place, backend.service_backend) for place, backend in places if backend.service_backend)


class IngressClassSpec(ApiObject, frozen=True):
    """The controller of a class."""

    controller: str = ""


class IngressClass(ApiObject, frozen=True):
    """A class of Ingress objects and the controller that serves it."""

    metadata: Metadata
    spec: IngressClassSpec = IngressClassSpec()

    @property
    def is_default(self) -> bool:
        """Whether an Ingress without a class gets this one."""
        return self.metadata.annotations.get(DEFAULT_CLASS_ANNOTATION) == "true"
