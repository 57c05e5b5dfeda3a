"""What a platform leaves to the planner: its CNI plugins and IPAMs, its families, and how large ranges may be.

Sources: the platforms' documentation as named in each row. Basis: *docs*.
"""

from __future__ import annotations

from typing import NamedTuple

PODS, SERVICES, NODES = "pods", "services", "nodes"
#: Google's range for Services, the same for all clusters that take it (GKE, alias IPs).
GOOGLE_SERVICES = "34.118.224.0/20"
ROLES = (PODS, SERVICES, NODES)
#: Field of a cluster that fixes its ranges, by role.
FIXED_FIELDS = {PODS: "pod_cidr", SERVICES: "service_cidr", NODES: "node_cidr"}


class Lengths(NamedTuple):
    """The shortest and the longest prefix length that a range may have."""

    shortest: int
    longest: int


class NameRule(NamedTuple):
    """Which names of clusters somebody takes: a regular expression for the whole name, and the same in words."""

    pattern: str
    words: str


class Platform(NamedTuple):
    """What one platform does with ranges.

    Attributes
    ----------
    cnis
        CNI plugins, the platform's own choice first.
    max_pods
        The kubelet's ``maxPods`` where nobody says otherwise.
    services, nodes
        Prefix lengths of IPv4 ranges for Services and for nodes.
    families
        Families in which somebody else than the platform chooses the ranges.
    has_node_ranges
        Whether nodes need a subnet that is made for the cluster.
    is_zonal
        Whether a subnet lies in one zone, so that the range of the nodes is divided among zones.
    has_service_subnets
        Whether Service ranges belong to the cloud's network, so that no two clusters of it may have the same.
    service_space
        Ranges that IPv4 Service ranges must lie in; empty where any will do.
    node_mask
        Prefix length of a node's IPv4 pod CIDR where the platform's own default is not its IPAM's.
    max_pods_allowed
        The fewest and the most pods of a node that the platform takes.
    most_nodes, fewest_pods
        Nodes of a cluster at most, and pods that its nodes must have room for.
    fewest_zones
        Zones that a cluster has at least, and where nobody says how many.
    surge_per_zone
        Nodes of each zone that an upgrade adds where nobody says how many; 0 where it adds one in all.
    subnet_addresses
        Addresses of each subnet of the nodes that the platform needs for itself.
    is_node_range_a_network
        Whether the nodes' range is a network of its own, so that the platform bounds its size, too.
    has_one_node_range
        Whether nodes have one range and no more.
    masks_are_near_pods
        Whether a node's pod CIDR may be at most 16 bits longer than the pods' range in IPv4, too.
    names
        Which names it takes.
    needs_ipv4
        Whether no cluster has IPv6 alone.
    source
        Where that stands.
    """

    cnis: tuple[str, ...]
    max_pods: int
    services: Lengths
    nodes: Lengths
    families: tuple[int, ...] = (4, 6)
    has_node_ranges: bool = False
    is_zonal: bool = False
    has_service_subnets: bool = False
    service_space: tuple[str, ...] = ()
    node_mask: int | None = None
    max_pods_allowed: Lengths | None = None
    most_nodes: int | None = None
    fewest_pods: int = 0
    fewest_zones: int = 1
    surge_per_zone: int = 0
    subnet_addresses: int = 0
    is_node_range_a_network: bool = False
    has_one_node_range: bool = False
    masks_are_near_pods: bool = False
    names: NameRule | None = None
    needs_ipv4: bool = False
    source: str = ""


_ANY_CNI = ("flannel", "calico", "cilium", "canal", "ovn-kubernetes")
_APISERVER = Lengths(12, 28)  # --service-cluster-ip-range: the mask must be >= 12
_ANY_NODES = Lengths(8, 29)

#: RFC 1918: the ranges that EKS takes Services from; of two of them no VPC has CIDR blocks.
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")

PLATFORMS: dict[str, Platform] = {
    "kubeadm": Platform(
        _ANY_CNI, 110, _APISERVER, _ANY_NODES, masks_are_near_pods=True, source=
        "kubeadm, validation.go and constants.go (PodSubnetNodeMaskMaxDiff, MaximumBitsForServiceSubnet)",
    ),
    "kind": Platform(
        ("kindnet", *_ANY_CNI), 110, _APISERVER, _ANY_NODES, masks_are_near_pods=True,
        names=NameRule("[a-z0-9.-]+", "lower-case letters, digits, '.' and '-'"),
        source="kind, configuration and pkg/cluster/internal/create (names); kubeadm beneath",
    ),
    "k3s": Platform(_ANY_CNI, 110, _APISERVER, _ANY_NODES, source="k3s server --help"),
    "rke2": Platform(
        ("canal", "calico", "cilium", "flannel"), 110, _APISERVER, _ANY_NODES, source="rke2 server --help"
    ),
    "openshift": Platform(
        ("ovn-kubernetes",), 250, _APISERVER, _ANY_NODES, node_mask=23, source=
        "OpenShift, install-config networking",
    ),
    "eks": Platform(
        ("aws-vpc-cni", "cilium", "calico"), 110, Lengths(12, 24), Lengths(16, 28), (4,), True, True,
        service_space=PRIVATE, fewest_zones=2, surge_per_zone=2, subnet_addresses=6, is_node_range_a_network=True,
        names=NameRule("[A-Za-z][A-Za-z0-9-]{0,99}", "letters, digits and '-', the first a letter"),
        source=
        "EKS API, KubernetesNetworkConfigRequest (Services); VPC CIDRs are /16 to /28; EKS user guide, network "
        "requirements (two zones, six addresses of each subnet), managed node update behavior (twice the zones); "
        "eksctl, names",
    ),
    "gke": Platform(
        ("gke",), 110, Lengths(16, 27), Lengths(8, 29), (4,), True, has_service_subnets=True,
        max_pods_allowed=Lengths(8, 256), has_one_node_range=True,
        names=NameRule("[a-z]([a-z0-9-]{0,38}[a-z0-9])?", "1 to 40 lower-case letters, digits and '-', the first a letter"),
        source="GKE, alias IPs, cluster sizing, maximum of pods per node; projects.locations.clusters (names)",
    ),
    "aks": Platform(
        ("azure-cni",), 250, Lengths(13, 27), Lengths(8, 29), (4, 6), True, max_pods_allowed=Lengths(10, 250),
        most_nodes=5_000, fewest_pods=30, needs_ipv4=True,
        names=NameRule("[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", "letters, digits, '_' and '-', a letter or digit at both ends"),
        source="azure-aks-docs, azure-cni-overview, quotas-skus-regions, Azure resource names",
    ),
}  # fmt: skip

#: Names that a CNI plugin takes.
NAMES_OF_CNI = {
    "cilium": NameRule(
        "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", "1 to 32 lower-case letters, digits and '-' (Cilium, cluster.name)"
    )
}  # fmt: skip

PLATFORM_OF_CLOUD = {"aws": "eks", "azure": "aks", "gcp": "gke", "none": "kubeadm"}

#: Plugins that a platform runs as the data plane of its own one, by platform: ranges are planned as for that one.
DATA_PLANES = {"gke": ("cilium",), "aks": ("cilium",)}

#: Who gives pods their addresses, by CNI plugin; the usual one first.
IPAMS_OF_CNI: dict[str, tuple[str, ...]] = {
    "flannel": ("host-local", "flannel-etcd"),
    "canal": ("host-local",),
    "kindnet": ("host-local",),
    "calico": ("calico", "host-local"),
    "cilium": ("cilium-cluster-pool", "cilium-kubernetes"),
    "ovn-kubernetes": ("ovn-kubernetes",),
    "aws-vpc-cni": ("aws-vpc-cni",),
    "gke": ("gke",),
    "azure-cni": ("azure-overlay", "azure-node-subnet", "azure-pod-subnet", "azure-pod-subnet-static"),
}

#: ``maxPods`` that AKS sets by IPAM; the others take the platform's.
MAX_PODS_OF_IPAM = {
    "azure-overlay": 250,
    "azure-node-subnet": 30,
    "azure-pod-subnet": 110,
    "azure-pod-subnet-static": 110,
}

#: IPAMs whose nodes get their pod CIDR from kube-controller-manager.
BY_CONTROLLER_MANAGER = frozenset(("host-local", "cilium-kubernetes"))


class Ipam(NamedTuple):
    """What one IPAM needs of the pod range.

    Attributes
    ----------
    pods
        Prefix lengths of an IPv4 pod range.
    is_routable
        Whether pods' addresses are routed outside the cluster unless the request says otherwise.
    node_mask
        Prefix lengths of a node's IPv4 pod CIDR, from which the planner takes the longest that holds ``maxPods``; None
        where nodes have none, or no choice.
    node_mask_ipv6
        Prefix length of a node's IPv6 pod CIDR; None where nodes have none.
    pods_in_nodes
        Whether pods take addresses of the nodes' subnets.
    usual_mask
        Prefix length of a node's IPv4 pod CIDR where nobody says it: what a cluster has that is there already.
    has_many
        Whether pods may have several ranges of one family.
    mask_follows_max_pods
        Whether the platform computes a node's mask from ``maxPods``, so that nobody can choose another.
    is_ipv4_only
        Whether it has no IPv6 addresses for pods, although its platform has.
    """

    pods: Lengths
    is_routable: bool = False
    node_mask: Lengths | None = None
    node_mask_ipv6: int | None = None
    pods_in_nodes: bool = False
    usual_mask: int | None = None
    has_many: bool = False
    mask_follows_max_pods: bool = False
    is_ipv4_only: bool = False


_NODE_CIDR = Ipam(Lengths(8, 28), node_mask=Lengths(20, 28), node_mask_ipv6=64, usual_mask=24)

IPAMS: dict[str, Ipam] = {
    "host-local": _NODE_CIDR,
    "flannel-etcd": _NODE_CIDR,
    "cilium-kubernetes": _NODE_CIDR,
    "cilium-cluster-pool": _NODE_CIDR._replace(node_mask_ipv6=120, has_many=True),
    "ovn-kubernetes": _NODE_CIDR._replace(has_many=True),
    "calico": Ipam(Lengths(8, 26), has_many=True),
    "gke": Ipam(
        Lengths(9, 26), is_routable=True, node_mask=Lengths(23, 28), has_many=True, mask_follows_max_pods=True
    ),
    "azure-overlay": Ipam(
        Lengths(8, 24), node_mask=Lengths(24, 24), node_mask_ipv6=80, mask_follows_max_pods=True
    ),
    "azure-node-subnet": Ipam(
        Lengths(8, 29), is_routable=True, pods_in_nodes=True, has_many=True, is_ipv4_only=True
    ),
    "azure-pod-subnet": Ipam(Lengths(8, 28), is_routable=True, has_many=True, is_ipv4_only=True),
    "azure-pod-subnet-static": Ipam(Lengths(12, 28), is_routable=True, has_many=True, is_ipv4_only=True),
    "aws-vpc-cni": Ipam(Lengths(16, 28), is_routable=True, pods_in_nodes=True, has_many=True),
}
