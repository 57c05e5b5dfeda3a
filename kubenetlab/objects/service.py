"""A Service and the endpoints behind it, as EndpointSlices or, in old dumps, Endpoints."""

from enum import StrEnum

from kubenetlab.objects.address_text import check_addresses, check_cidrs
from kubenetlab.objects.api_object import ApiObject, Metadata, ObjectReference, OptionalPort, Port

SERVICE_NAME_LABEL = "kubernetes.io/service-name"


class ServiceType(StrEnum):
    """How a Service is reached."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"
    EXTERNAL_NAME = "ExternalName"


class TrafficPolicy(StrEnum):
    """Whether all endpoints are used or only those of the node that got the packet."""

    CLUSTER = "Cluster"
    LOCAL = "Local"


class ServicePort(ApiObject, frozen=True):
    """A port of a Service; ``target_port`` is a number, a container port's name, or None for ``port``."""

    port: Port
    name: str = ""
    protocol: str = "TCP"
    target_port: OptionalPort | str | None = None
    node_port: OptionalPort = 0
    app_protocol: str = ""


class ClientIpConfig(ApiObject, frozen=True):
    """How long a client stays with its endpoint."""

    timeout_seconds: int = 10800


class SessionAffinityConfig(ApiObject, frozen=True):
    """Settings of session affinity."""

    client_ip: ClientIpConfig = ClientIpConfig()


class ServiceSpec(ApiObject, frozen=True):
    """What a Service asks for."""

    type: str = ServiceType.CLUSTER_IP.value
    cluster_ip: str = ""
    cluster_ips: tuple[str, ...] = ()
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = ""
    ports: tuple[ServicePort, ...] = ()
    selector: dict[str, str] = {}
    session_affinity: str = "None"
    session_affinity_config: SessionAffinityConfig = SessionAffinityConfig()
    external_name: str = ""
    external_ips: tuple[str, ...] = ()
    external_traffic_policy: str = TrafficPolicy.CLUSTER.value
    internal_traffic_policy: str = TrafficPolicy.CLUSTER.value
    publish_not_ready_addresses: bool = False
    load_balancer_ip: str = ""
    load_balancer_source_ranges: tuple[str, ...] = ()
    load_balancer_class: str = ""
    allocate_load_balancer_node_ports: bool = True
    health_check_node_port: OptionalPort = 0
    traffic_distribution: str = ""

    def __post_init__(self) -> None:
        addresses = tuple(ip for ip in (self.cluster_ip, *self.cluster_ips) if ip != "None")
        check_addresses(
            clusterIP=addresses, externalIPs=self.external_ips, loadBalancerIP=self.load_balancer_ip
        )
        check_cidrs(loadBalancerSourceRanges=tuple(text.strip() for text in self.load_balancer_source_ranges))


class LoadBalancerIngress(ApiObject, frozen=True):
    """Where a load balancer listens."""

    ip: str = ""
    hostname: str = ""
    ip_mode: str = ""

    def __post_init__(self) -> None:
        check_addresses(ip=self.ip)


class LoadBalancerStatus(ApiObject, frozen=True):
    """The addresses a load balancer got."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(ApiObject, frozen=True):
    """What was provisioned for a Service."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(ApiObject, frozen=True):
    """A stable name and address in front of pods."""

    metadata: Metadata
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()

    @property
    def is_headless(self) -> bool:
        """Whether the Service has no address of its own: its name answers with the pods' addresses."""
        return self.spec.cluster_ip == "None" and self.spec.type != ServiceType.EXTERNAL_NAME

    @property
    def cluster_ips(self) -> tuple[str, ...]:
        """ClusterIPs of all families; empty for headless and ExternalName Services."""
        ips = self.spec.cluster_ips or (self.spec.cluster_ip,)
        return tuple(ip for ip in ips if ip and ip != "None")

    @property
    def has_selector(self) -> bool:
        """Whether Kubernetes makes the endpoints from a selector."""
        return bool(self.spec.selector) and self.spec.type != ServiceType.EXTERNAL_NAME


class EndpointConditions(ApiObject, frozen=True):
    """State of an endpoint; None where unknown, which consumers read as ready (KEP-1672)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class ZoneHint(ApiObject, frozen=True):
    """A zone or node that should use an endpoint."""

    name: str


class EndpointHints(ApiObject, frozen=True):
    """Who should use an endpoint."""

    for_zones: tuple[ZoneHint, ...] = ()
    for_nodes: tuple[ZoneHint, ...] = ()


class Endpoint(ApiObject, frozen=True):
    """One endpoint of a slice; its addresses are interchangeable."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    hostname: str = ""
    node_name: str = ""
    zone: str = ""
    target_ref: ObjectReference = ObjectReference()
    hints: EndpointHints = EndpointHints()
    deprecated_topology: dict[str, str] = {}


class EndpointPort(ApiObject, frozen=True):
    """A port of a slice; None stands for all ports."""

    name: str = ""
    protocol: str = "TCP"
    port: OptionalPort | None = None
    app_protocol: str = ""


class EndpointSlice(ApiObject, frozen=True):
    """Up to 100 (at most 1,000) endpoints of a Service, of one address type."""

    metadata: Metadata
    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()

    def __post_init__(self) -> None:
        if self.address_type != "FQDN":
            for endpoint in self.endpoints:
                check_addresses(addresses=endpoint.addresses)

    @property
    def service_name(self) -> str:
        """``namespace/name`` of the Service, or an empty text where the label is missing."""
        name = self.metadata.labels.get(SERVICE_NAME_LABEL, "")
        return f"{self.metadata.namespace}/{name}" if name else ""


class EndpointAddress(ApiObject, frozen=True):
    """One address of an Endpoints object."""

    ip: str
    hostname: str = ""
    node_name: str = ""
    target_ref: ObjectReference = ObjectReference()

    def __post_init__(self) -> None:
        check_addresses(ip=self.ip)


class EndpointSubset(ApiObject, frozen=True):
    """Addresses that share their ports."""

    addresses: tuple[EndpointAddress, ...] = ()
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class Endpoints(ApiObject, frozen=True):
    """The older form of EndpointSlices, with the Service's own name; at most 1,000 addresses."""

    metadata: Metadata
    subsets: tuple[EndpointSubset, ...] = ()
