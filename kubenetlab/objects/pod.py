"""A pod as the API shows it: where it runs, its addresses, its ports, whether it is ready."""

from kubenetlab.objects.address_text import check_addresses
from kubenetlab.objects.api_object import ApiObject, Condition, Metadata, OptionalPort, Port


class ContainerPort(ApiObject, frozen=True):
    """A port that a container says it listens on."""

    container_port: Port
    name: str = ""
    protocol: str = "TCP"
    host_port: OptionalPort = 0


class Container(ApiObject, frozen=True):
    """A container: image, ports, and the command line (control-plane settings stand there)."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    restart_policy: str = ""

    @property
    def command_line(self) -> tuple[str, ...]:
        """Command and arguments, one after the other."""
        return self.command + self.args


class PodDnsOption(ApiObject, frozen=True):
    """An option of resolv.conf, such as ndots."""

    name: str = ""
    value: str = ""


class PodDnsConfig(ApiObject, frozen=True):
    """What a pod adds to its resolv.conf."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[PodDnsOption, ...] = ()

    def __post_init__(self) -> None:
        check_addresses(nameservers=self.nameservers)


class HostAlias(ApiObject, frozen=True):
    """Names that a pod's /etc/hosts gives an address."""

    ip: str = ""
    hostnames: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_addresses(ip=self.ip)


class PodSpec(ApiObject, frozen=True):
    """What a pod asks for."""

    node_name: str = ""
    host_network: bool = False
    hostname: str = ""
    subdomain: str = ""
    enable_service_links: bool = True
    dns_policy: str = "ClusterFirst"
    dns_config: PodDnsConfig | None = None
    host_aliases: tuple[HostAlias, ...] = ()
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()

    @property
    def serving_containers(self) -> tuple[Container, ...]:
        """Containers that run while the pod does: the main ones and restartable init containers (sidecars)."""
        sidecars = tuple(c for c in self.init_containers if c.restart_policy == "Always")
        return self.containers + sidecars


class PodAddress(ApiObject, frozen=True):
    """An address of a pod."""

    ip: str = ""

    def __post_init__(self) -> None:
        check_addresses(ip=self.ip)


class PodStatus(ApiObject, frozen=True):
    """What the kubelet reports about a pod."""

    phase: str = ""
    pod_ip: str = ""
    pod_ips: tuple[PodAddress, ...] = ()
    host_ip: str = ""
    host_ips: tuple[PodAddress, ...] = ()
    conditions: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        check_addresses(podIP=self.pod_ip, hostIP=self.host_ip)


class Pod(ApiObject, frozen=True):
    """A pod. ``is_planned`` marks one that a workload would make and that no dump has shown."""

    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()
    is_planned: bool = False

    @property
    def ips(self) -> tuple[str, ...]:
        """Addresses of all families; empty before the pod has one."""
        return tuple(a.ip for a in self.status.pod_ips if a.ip) or (
            (self.status.pod_ip,) if self.status.pod_ip else ()
        )

    @property
    def is_ready(self) -> bool:
        """Whether the condition Ready is True."""
        return any(c.type == "Ready" and c.status == "True" for c in self.status.conditions)

    @property
    def has_finished(self) -> bool:
        """Whether all containers have ended: such a pod holds no address and takes no traffic."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def is_terminating(self) -> bool:
        """Whether the pod has been told to go."""
        return bool(self.metadata.deletion_timestamp)
