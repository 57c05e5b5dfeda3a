"""Who holds which range: ServiceCIDR and IPAddress, and the address objects of CNIs, clouds and MetalLB."""

from ipaddress import ip_network

import msgspec

from kubenetlab.objects.address_text import check_address_range, check_addresses, check_cidrs
from kubenetlab.objects.api_object import ApiObject, Metadata, ObjectReference


class ServiceCidrSpec(ApiObject, frozen=True):
    """Ranges for ClusterIPs."""

    cidrs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_cidrs(cidrs=self.cidrs)


class ServiceCIDR(ApiObject, frozen=True):
    """A range that ClusterIPs are taken from (networking.k8s.io/v1 since 1.33)."""

    metadata: Metadata
    spec: ServiceCidrSpec = ServiceCidrSpec()


class IpAddressSpec(ApiObject, frozen=True):
    """Who has the address."""

    parent_ref: ObjectReference = ObjectReference()


class IPAddress(ApiObject, frozen=True):
    """An allocated ClusterIP; its name is the address."""

    metadata: Metadata
    spec: IpAddressSpec = IpAddressSpec()

    def __post_init__(self) -> None:
        check_addresses(**{"metadata.name": self.metadata.name})


_NOT_FOR_PODS = frozenset(("Tunnel", "LoadBalancer"))  # uses of a Calico pool beside "Workload"


class IpPoolSpec(ApiObject, frozen=True):
    """A Calico pool; an empty block size is 26 (IPv4) or 122 (IPv6)."""

    cidr: str
    block_size: int | None = None
    ipip_mode: str = "Never"
    vxlan_mode: str = "Never"
    nat_outgoing: bool = False
    disabled: bool = False
    node_selector: str = ""
    allowed_uses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_cidrs(cidr=self.cidr)


class IPPool(ApiObject, frozen=True):
    """A range that Calico cuts into blocks."""

    metadata: Metadata
    spec: IpPoolSpec

    @property
    def serves_pods(self) -> bool:
        """Whether new pods may get addresses of it: on, and not for tunnels or load balancers only."""
        uses = self.spec.allowed_uses
        return not self.spec.disabled and (not uses or not _NOT_FOR_PODS.issuperset(uses))


class AllocationAttribute(ApiObject, frozen=True):
    """Who holds addresses of a Calico block; ``secondary`` names pod, namespace and node."""

    handle_id: str | None = msgspec.field(default=None, name="handle_id")
    secondary: dict[str, str] = {}


class IpamBlockSpec(ApiObject, frozen=True):
    """A Calico block: one entry of ``allocations`` an address, the index of its attribute or None."""

    cidr: str
    affinity: str = ""
    allocations: tuple[int | None, ...] = ()
    attributes: tuple[AllocationAttribute, ...] = ()
    strict_affinity: bool = False
    deleted: bool = False

    def __post_init__(self) -> None:
        check_cidrs(cidr=self.cidr)
        n_addresses = ip_network(self.cidr, strict=False).num_addresses if self.cidr else 0
        if len(self.allocations) > n_addresses:
            raise ValueError(
                f"allocations: found {len(self.allocations)} entries, expected at most the {n_addresses} addresses of {self.cidr}"
            )


class IPAMBlock(ApiObject, frozen=True):
    """A block of a Calico pool and its owner."""

    metadata: Metadata
    spec: IpamBlockSpec

    @property
    def node_name(self) -> str:
        """The node with affinity to the block, or an empty text."""
        kind, _, name = self.spec.affinity.partition(":")
        return name if kind == "host" else ""

    @property
    def n_allocated(self) -> int:
        """Addresses in use."""
        return sum(entry is not None for entry in self.spec.allocations)


class CiliumPool(ApiObject, frozen=True):
    """Ranges of one pool on one node."""

    pool: str = ""
    cidrs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_cidrs(cidrs=self.cidrs)


class CiliumPools(ApiObject, frozen=True):
    """The pools of a node."""

    allocated: tuple[CiliumPool, ...] = ()


class CiliumNodeIpam(ApiObject, frozen=True):
    """Ranges Cilium gave to a node."""

    pod_cidrs: tuple[str, ...] = ()
    pools: CiliumPools = CiliumPools()

    def __post_init__(self) -> None:
        check_cidrs(podCIDRs=self.pod_cidrs)


class CiliumNodeSpec(ApiObject, frozen=True):
    """What Cilium knows of a node."""

    ipam: CiliumNodeIpam = CiliumNodeIpam()


class CiliumNode(ApiObject, frozen=True):
    """Cilium's view of a node."""

    metadata: Metadata
    spec: CiliumNodeSpec = CiliumNodeSpec()


class CiliumPoolRange(ApiObject, frozen=True):
    """Ranges of one family and the prefix length a node gets."""

    cidrs: tuple[str, ...] = ()
    mask_size: int | None = None

    def __post_init__(self) -> None:
        check_cidrs(cidrs=self.cidrs)


class CiliumPodIpPoolSpec(ApiObject, frozen=True):
    """A pool of Cilium's multi-pool IPAM."""

    ipv4: CiliumPoolRange = CiliumPoolRange()
    ipv6: CiliumPoolRange = CiliumPoolRange()


class CiliumPodIPPool(ApiObject, frozen=True):
    """A pool of Cilium's multi-pool IPAM."""

    metadata: Metadata
    spec: CiliumPodIpPoolSpec = CiliumPodIpPoolSpec()


class EniConfigSpec(ApiObject, frozen=True):
    """The subnet that pods of a zone use (AWS custom networking)."""

    subnet: str = ""


class ENIConfig(ApiObject, frozen=True):
    """AWS VPC CNI custom networking."""

    metadata: Metadata
    spec: EniConfigSpec = EniConfigSpec()


class CniFeature(ApiObject, frozen=True):
    """A feature of the AWS VPC CNI on a node."""

    name: str = ""
    value: str = ""


class CniNodeSpec(ApiObject, frozen=True):
    """Features of the AWS VPC CNI on a node."""

    features: tuple[CniFeature, ...] = ()


class CNINode(ApiObject, frozen=True):
    """AWS VPC CNI's view of a node."""

    metadata: Metadata
    spec: CniNodeSpec = CniNodeSpec()


class NetworkContainer(ApiObject, frozen=True):
    """Addresses that Azure gave to a node; ``type`` is vnet, vnetblock or overlay."""

    type: str = ""
    primary_ip: str = msgspec.field(default="", name="primaryIP")
    subnet_address_space: str = ""
    subnet_name: str = ""
    node_ip: str = msgspec.field(default="", name="nodeIP")


class NodeNetworkConfigStatus(ApiObject, frozen=True):
    """What Azure CNS assigned."""

    assigned_ip_count: int = 0
    network_containers: tuple[NetworkContainer, ...] = ()


class NodeNetworkConfigSpec(ApiObject, frozen=True):
    """What Azure CNS asked for."""

    requested_ip_count: int = 0


class NodeNetworkConfig(ApiObject, frozen=True):
    """Azure CNI's view of a node (pod subnet and overlay)."""

    metadata: Metadata
    spec: NodeNetworkConfigSpec = NodeNetworkConfigSpec()
    status: NodeNetworkConfigStatus = NodeNetworkConfigStatus()


class IpAddressPoolSpec(ApiObject, frozen=True):
    """Ranges (CIDR or first-last) for LoadBalancer Services."""

    addresses: tuple[str, ...] = ()
    auto_assign: bool = True

    def __post_init__(self) -> None:
        for text in self.addresses:
            if "/" in text:
                check_cidrs(addresses=text.strip())
            else:
                check_address_range("addresses", text)


class IPAddressPool(ApiObject, frozen=True):
    """A MetalLB pool."""

    metadata: Metadata
    spec: IpAddressPoolSpec = IpAddressPoolSpec()
