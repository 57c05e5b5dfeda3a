"""The applications of a synthetic cluster: an online shop's, as data.

Ports are written ``name:number/protocol``, a Service's ``name:number>target/protocol``; without a protocol they are TCP.
"""

import re
from dataclasses import dataclass

#: Ports of a container: name, number, protocol.
Ports = tuple[tuple[str, int, str], ...]

_PORT = re.compile(r"(?P<name>[\w-]+):(?P<number>\d+)(>(?P<target>[\w-]+))?(/(?P<protocol>\w+))?")
_EXAMPLE = "registry.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """A Service of an application."""

    suffix: str = ""
    type: str = "ClusterIP"
    ports: str = "http:80>http"
    is_headless: bool = False
    is_local: bool = False
    has_affinity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRow:
    """An application: ``weight`` is its share of the pods, ``most`` the most replicas it may have."""

    namespace: str
    name: str
    image: str = ""
    kind: str = "Deployment"
    ports: str = "http:8080 metrics:9090"
    services: tuple[ServiceRow, ...] = (ServiceRow(),)
    weight: int = 2
    most: int = 10**6
    has_sidecar: bool = False

    @property
    def full_image(self) -> str:
        """The image, or the shop's own of that name."""
        return self.image or f"{_EXAMPLE}/{self.namespace}/{self.name}:1.4.0"


def container_ports(text: str) -> Ports:
    """Read ports of a container.

    >>> container_ports("http:8080 gps:4125/UDP")
    (('http', 8080, 'TCP'), ('gps', 4125, 'UDP'))
    """
    found = _PORT.finditer(text)
    return tuple((port["name"], int(port["number"]), port["protocol"] or "TCP") for port in found)


def service_ports(text: str) -> list[dict[str, object]]:
    """Read ports of a Service.

    >>> service_ports("redis:6379>6379")
    [{'name': 'redis', 'port': 6379, 'protocol': 'TCP', 'targetPort': 6379}]
    """
    return [
        {
            "name": port["name"],
            "port": int(port["number"]),
            "protocol": port["protocol"] or "TCP",
            "targetPort": int(port["target"]) if port["target"].isdigit() else port["target"],
        }
        for port in _PORT.finditer(text)
    ]


def _stateful(namespace: str, name: str, image: str, port: str, most: int) -> AppRow:
    """Return a StatefulSet with a headless Service for its members and one for its clients."""
    number = container_ports(port)[0][1]
    ports = f"{port.partition(':')[0]}:{number}>{port.partition(':')[0]}"
    services = (ServiceRow(suffix="-members", ports=ports, is_headless=True), ServiceRow(ports=ports))
    return AppRow(
        namespace=namespace,
        name=name,
        image=image,
        kind="StatefulSet",
        ports=port,
        services=services,
        most=most,
    )


#: Traefik behind a load balancer that keeps the client's address.
EDGE = ServiceRow(type="LoadBalancer", ports="web:80>web websecure:443>websecure", is_local=True)
TRAEFIK = AppRow(
    namespace="edge",
    name="traefik",
    image="docker.io/traefik:v3.5.3",
    ports="web:8000 websecure:8443 traefik:9100",
    services=(EDGE,),
    most=2,
)
GRAFANA = AppRow(
    namespace="observability",
    name="grafana",
    image="docker.io/grafana/grafana:12.2.1",
    ports="web:3000",
    services=(ServiceRow(type="NodePort", ports="web:80>web"),),
    most=2,
)
REDIS = AppRow(
    namespace="databases",
    name="redis",
    image="docker.io/library/redis:8.2.2",
    kind="StatefulSet",
    ports="redis:6379",
    services=(ServiceRow(ports="redis:6379>6379", is_headless=True),),
    most=3,
)
POSTGRES = _stateful("databases", "postgres", "docker.io/library/postgres:17.6", "postgres:5432", 3)
PROMETHEUS = _stateful("observability", "prometheus", "quay.io/prometheus/prometheus:v3.7.1", "web:9090", 2)
_ORDERS = (ServiceRow(ports="http:80>http proxy:8443>proxy"),)
_TRACKING = (ServiceRow(ports="http:80>http gps:4125>gps/UDP"),)

APPS: tuple[AppRow, ...] = (
    TRAEFIK,
    AppRow(namespace="storefront", name="frontend", weight=6),
    AppRow(namespace="storefront", name="catalog", weight=5),
    AppRow(namespace="storefront", name="cart", weight=3),
    AppRow(namespace="checkout", name="orders", weight=4, has_sidecar=True, services=_ORDERS),
    POSTGRES,
    AppRow(namespace="checkout", name="payments", services=(ServiceRow(has_affinity=True),)),
    GRAFANA,
    AppRow(namespace="storefront", name="recommendations"),
    REDIS,
    PROMETHEUS,
    AppRow(namespace="checkout", name="invoices", weight=1),
    AppRow(namespace="batch", name="nightly-report", kind="CronJob", services=(), most=1),
    _stateful("messaging", "kafka", "docker.io/apache/kafka:4.1.0", "broker:9092 controller:9093", 5),
    AppRow(namespace="logistics", name="tracking", ports="http:8080 gps:4125/UDP", services=_TRACKING),
    AppRow(namespace="logistics", name="shipping"),
    AppRow(namespace="storefront", name="images", services=(ServiceRow(ports="http:80>8080"),)),
    AppRow(namespace="checkout", name="fraud-check", weight=1),
    AppRow(namespace="batch", name="stock-import", kind="Job", services=(), most=1),
    AppRow(namespace="observability", name="loki", image="docker.io/grafana/loki:3.5.7"),
    AppRow(namespace="logistics", name="warehouse"),
)
