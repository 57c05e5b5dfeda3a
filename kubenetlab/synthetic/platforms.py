"""The platforms a synthetic cluster can be of: ranges, versions, machines and add-ons, as data.

Ranges and limits: kubeadm, EKS, AKS, GKE and OpenShift defaults (documentation of each), with the node networks
chosen so that nothing overlaps. ``wide_pod_cidr`` takes over where the usual range has too few node ranges.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Pool:
    """Machines of one kind."""

    name: str
    instance_type: str
    cpu: int
    memory_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One way to run Kubernetes."""

    name: str
    ipam: str
    pod_cidr: str
    service_cidr: str
    node_network: str
    max_pods: int
    version: str
    runtime: str
    os_image: str
    kernel: str
    pools: tuple[Pool, ...]
    region: str = ""
    zones: tuple[str, ...] = ("a", "b", "c")
    node_mask: int = 24
    wide_pod_cidr: str = "10.128.0.0/10"
    pod_cidr6: str = ""
    service_cidr6: str = "fd00:10:96::/112"
    node_network6: str = "fd00:10:20::/64"
    first_address: int = 2
    has_control_plane: bool = False
    has_node_pod_cidr: bool = True
    enforces_policies: bool = False
    load_balancer: str = "203.0.113.0/24"
    cluster_domain: str = "cluster.local"

    @property
    def has_metallb(self) -> bool:
        """Whether MetalLB gives LoadBalancer Services their addresses: where nobody else does."""
        return self.has_control_plane


_FLANNEL = Platform(
    name="kubeadm-flannel",
    ipam="host-local",
    pod_cidr="10.244.0.0/16",
    pod_cidr6="fd00:10:244::/48",
    service_cidr="10.96.0.0/12",
    node_network="10.20.0.0/18",
    max_pods=110,
    version="v1.34.2",
    runtime="containerd://2.1.4",
    os_image="Ubuntu 24.04.3 LTS",
    kernel="6.8.0-85-generic",
    pools=(Pool("general", "", 8, 32), Pool("memory", "", 8, 64)),
    has_control_plane=True,
    load_balancer="10.20.240.0/24",
)
_CALICO = replace(
    _FLANNEL, name="kubeadm-calico", ipam="calico", pod_cidr="192.168.0.0/16", enforces_policies=True
)
_CILIUM = replace(
    _FLANNEL, name="kubeadm-cilium", ipam="cilium", has_node_pod_cidr=False, enforces_policies=True
)
_EKS = Platform(
    name="eks",
    ipam="vpc",
    pod_cidr="",
    service_cidr="172.20.0.0/16",
    node_network="10.0.0.0/16",
    max_pods=58,
    version="v1.33.5-eks-113cf36",
    runtime="containerd://2.1.4",
    os_image="Amazon Linux 2023.9.20251014",
    kernel="6.12.46-66.121.amzn2023.x86_64",
    pools=(Pool("general", "m5.xlarge", 4, 16), Pool("compute", "c5.xlarge", 4, 8)),
    region="eu-west-1",
    zones=("eu-west-1a", "eu-west-1b", "eu-west-1c"),
    has_node_pod_cidr=False,
    load_balancer="hostname",
)
_AKS_OVERLAY = Platform(
    name="aks-overlay",
    ipam="host-local",
    pod_cidr="10.244.0.0/16",
    service_cidr="10.0.0.0/16",
    node_network="10.224.0.0/16",
    max_pods=250,
    version="v1.33.5",
    runtime="containerd://1.7.28-1",
    os_image="Ubuntu 22.04.5 LTS",
    kernel="5.15.0-1096-azure",
    pools=(Pool("system", "Standard_D4s_v5", 4, 16), Pool("user", "Standard_D8s_v5", 8, 32)),
    region="westeurope",
    zones=("westeurope-1", "westeurope-2", "westeurope-3"),
    first_address=4,
)
_AKS_NODE_SUBNET = replace(
    _AKS_OVERLAY,
    name="aks-node-subnet",
    ipam="node-subnet",
    pod_cidr="",
    max_pods=30,
    has_node_pod_cidr=False,
)
_GKE = Platform(
    name="gke",
    ipam="host-local",
    pod_cidr="10.52.0.0/14",
    service_cidr="34.118.224.0/20",
    node_network="10.10.0.0/18",
    max_pods=110,
    version="v1.33.5-gke.1201000",
    runtime="containerd://2.0.6",
    os_image="Container-Optimized OS from Google",
    kernel="6.6.105+",
    pools=(Pool("default-pool", "e2-standard-4", 4, 16), Pool("highmem-pool", "n2-highmem-4", 4, 32)),
    region="europe-west1",
    zones=("europe-west1-b", "europe-west1-c", "europe-west1-d"),
)
_OPENSHIFT = Platform(
    name="openshift",
    ipam="ovn",
    pod_cidr="10.128.0.0/14",
    pod_cidr6="fd01::/48",
    service_cidr="172.30.0.0/16",
    service_cidr6="fd02::/112",
    node_network="192.168.64.0/18",
    max_pods=250,
    version="v1.33.5",
    runtime="cri-o://1.33.5-2.rhaos4.20.git",
    os_image="Red Hat Enterprise Linux CoreOS 9.6.20251015-1 (Plow)",
    kernel="5.14.0-570.49.1.el9_6.x86_64",
    pools=(Pool("worker", "", 16, 64),),
    node_mask=23,
    first_address=4,
    has_control_plane=True,
    has_node_pod_cidr=False,
    enforces_policies=True,
    load_balancer="192.168.240.0/24",
)
_ROWS = (_FLANNEL, _CALICO, _CILIUM, _EKS, _AKS_OVERLAY, _AKS_NODE_SUBNET, _GKE, _OPENSHIFT)

#: Every platform by its name.
PLATFORMS: dict[str, Platform] = {row.name: row for row in _ROWS}


def platform_named(name: str) -> Platform:
    """Return the platform of that name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in PLATFORMS:
        raise ValueError(f"unknown platform {name!r}: known are {', '.join(PLATFORMS)}")
    return PLATFORMS[name]
