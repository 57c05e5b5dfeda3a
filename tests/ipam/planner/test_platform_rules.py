"""What each platform refuses, with the numbers of its documentation (``platforms`` names it)."""

import netaddr
import pytest

from kubenetlab.errors import ManifestError
from kubenetlab.ipam.planner.platform_rules import may_share_vpc
from tests.ipam.planner.written_requests import asked, cluster

_EKS = "platform: eks, instance_type: m5.xlarge"
_CUSTOM = f"{_EKS}, custom_networking: true"


def refusal(text, name="shop"):
    with pytest.raises(ManifestError) as error:
        asked(cluster(text, name=name))
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("platform: gke, max_pods: 110, node_cidr_mask_size: 26", "node_cidr_mask_size: found 26, expected 24, which gke gives a node of 110 pods"),
        ("platform: gke, node_cidr_mask_size: 29", "node_cidr_mask_size: found 29, expected 24"),
        ("platform: aks, node_cidr_mask_size: 25", "node_cidr_mask_size: found 25, expected 24, which aks gives"),
        ("platform: gke, max_pods: 300", "max_pods: found 300, expected 8 to 256, as gke allows"),
        ("platform: aks, max_pods: 251", "max_pods: found 251, expected 10 to 250, as aks allows"),
        (f"{_EKS}, zones: 1", "zones: found 1, expected at least 2"),
        (f"{_EKS}, node_cidr: 10.0.0.0/8", "node_cidr: found 10.0.0.0/8, expected a range of /16 to /28, as eks allows"),
        (f"{_EKS}, zones: 3, node_cidr: [10.0.0.0/24, 10.0.1.0/24]", "node_cidr: found 2 ranges, expected one to divide, or one or more for each of 3 zones"),
        ("platform: eks, cni: cilium, zones: 3, node_cidr: [10.0.0.0/24, 10.0.1.0/24]", "node_cidr: found 2 ranges"),
        (f"{_EKS}, service_cidr: 100.64.0.0/24", "service_cidr: found 100.64.0.0/24, expected a range inside 10.0.0.0/8, 172.16.0.0/12"),
        (f"{_EKS}, service_cidr: 172.20.0.0/25", "service_cidr: found 172.20.0.0/25, expected a range of /12 to /24"),
        (f"{_CUSTOM}, pod_cidr: 10.64.0.0/15", "pod_cidr: found 10.64.0.0/15, expected a range of /16 to /28"),
        (f"{_CUSTOM}, node_cidr: 10.0.0.0/20, pod_cidr: 172.16.0.0/20", "pod_cidr: found 172.16.0.0/20, expected a range that one VPC may have beside 10.0.0.0/20"),
        ("platform: aks, service_cidr: 11.0.0.0/8", "service_cidr: found 11.0.0.0/8, expected a range of /13 to /28"),
        ("service_cidr: 10.0.0.0/8", "service_cidr: found 10.0.0.0/8, expected a range of /12 to /28, as kubeadm allows"),
        ("service_cidr: 10.0.0.0/29", "service_cidr: found 10.0.0.0/29, expected a range of /12 to /28"),
        ("dual_stack: true, service_cidr: fd00::/64", "service_cidr: found fd00::/64, expected a range of /108 to /124"),
        ("service_cidr: [10.0.0.0/24, 10.0.1.0/24]", "service_cidr: found 2 ranges of IPv4, expected one, as Kubernetes takes"),
        ("pod_cidr: [10.0.0.0/20, 10.1.0.0/20]", "pod_cidr: found 2 ranges of IPv4, expected one, as host-local takes"),
        ("platform: gke, node_cidr: [10.0.0.0/24, 10.0.1.0/24]", "node_cidr: found 2 ranges of IPv4, expected one, as gke takes"),
        ("pod_cidr: 10.0.0.0/8, node_cidr_mask_size: 25", "pod_cidr: found 10.0.0.0/8, expected a range of /9 or longer for nodes of /25: kubeadm refuses more than 16 bits"),
        ("cni: calico, node_cidr_mask_size: 30", "node_cidr_mask_size: found 30, expected nothing with calico"),
        ("block_size: 27", "block_size: found 27, expected nothing with host-local; it is for an IPAM with blocks: calico"),
        ("prefix_delegation: true", "prefix_delegation: found True, expected nothing with host-local"),
        ("custom_networking: true", "custom_networking: found True, expected nothing with host-local"),
        (f"{_EKS}, node_cidr: 10.9.0.0/22, pod_cidr: 10.0.0.0/24", "pod_cidr: found 10.0.0.0/24, expected nothing with aws-vpc-cni, whose pods have addresses of the nodes' subnets: node_cidr"),
        ("platform: aks, ipam: azure-node-subnet, max_pods: 40, pod_cidr: 10.0.0.0/16", "pod_cidr: found 10.0.0.0/16, expected nothing with azure-node-subnet"),
        ("platform: aks, families: [ipv6]", "families: found ipv6, expected ipv4, or both: aks has no clusters of IPv6 alone"),
        ("platform: aks, dual_stack: true, max_pods: 40, ipam: azure-node-subnet", "families: found ipv4, ipv6, expected ipv4 alone with azure-node-subnet; dual stack on aks belongs to azure-overlay"),
        ("platform: aks, dual_stack: true, ipam: azure-pod-subnet", "families: found ipv4, ipv6, expected ipv4 alone with azure-pod-subnet"),
        ("platform: aks, dual_stack: true, ipam: azure-pod-subnet-static", "families: found ipv4, ipv6, expected ipv4 alone with azure-pod-subnet-static"),
        ("platform: aks, cni: cilium", "cni: found cilium, expected one of azure-cni on aks; cilium as its data plane is planned the same"),
        ("platform: gke, cni: cilium", "cni: found cilium, expected one of gke on gke; cilium as its data plane is planned the same"),
        ("container_runtime: foo", "container_runtime: found foo, expected one of containerd, cri-o, docker"),
    ],
)  # fmt: skip
def test_refuse_values__names_what_the_platform_would_refuse(text, message):
    assert refusal(text).startswith(f"request.yaml: cluster shop: {message}")


def test_refuse_values__a_pool_of_aks_has_room_for_thirty_pods():
    with pytest.raises(
        ManifestError, match="max_pods: found 10 on 2 nodes, expected room for 30 pods in all"
    ):
        asked("name: a, nodes: 2, pods_per_node: 5, platform: aks, max_pods: 10")


def test_refuse_values__a_cluster_of_aks_has_at_most_5000_nodes():
    with pytest.raises(ManifestError, match="nodes: found 5001, expected at most 5,000, as aks allows"):
        asked("name: a, nodes: 5001, pods_per_node: 5, platform: aks")


@pytest.mark.parametrize(
    ("platform", "name"),
    [
        ("gke", "My_Cluster.X"), ("gke", "1a"), ("gke", "a-"), ("gke", "a" * 41), ("aks", "a.b"), ("aks", "a_"),
        ("eks", "a_b"), ("eks", "1a"), ("kind", "A"), ("kind", "a_b"), ("kubeadm, cni: cilium", "A"),
        ("kubeadm, cni: cilium", "a" * 33),
    ],
)  # fmt: skip
def test_refuse_name__knows_how_platforms_name_clusters(platform, name):
    more = ", instance_type: m5.xlarge" if platform == "eks" else ""

    assert refusal(f"platform: {platform}{more}", name).startswith(
        f"request.yaml: cluster {name}: name: found {name}, expected "
    )


@pytest.mark.parametrize(
    "text",
    [
        "platform: gke, max_pods: 110, node_cidr_mask_size: 24",
        "platform: aks, node_cidr_mask_size: 24",
        "platform: aks, max_pods: 250",
        "platform: aks, max_pods: 40",
        f"{_EKS}, zones: 3, node_cidr: [10.0.0.0/20, 10.1.0.0/20, 10.2.0.0/20, 10.3.0.0/20]",
        f"{_EKS}, service_cidr: 172.20.0.0/16",
        f"{_CUSTOM}, node_cidr: 10.0.0.0/20, pod_cidr: 100.64.0.0/16",
        "platform: aks, dual_stack: true",
        "platform: aks, ipam: azure-pod-subnet, pod_cidr: 10.0.0.0/16",
        "service_cidr: 10.96.0.0/12",
        "dual_stack: true, service_cidr: [10.96.0.0/12, 'fd00::/108']",
        "cni: cilium, pod_cidr: [10.0.0.0/16, 10.8.0.0/16]",
        "pod_cidr: 10.0.0.0/8",
        "platform: k3s, pod_cidr: 10.0.0.0/8, node_cidr_mask_size: 25",  # kubeadm's rule alone
        "instance_type: m5.large",
    ],
)
def test_refuse_values__takes_what_the_platform_takes(text):
    assert asked(cluster(text)).clusters


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("10.0.0.0/16", "10.1.0.0/16", True), ("10.0.0.0/16", "192.168.0.0/20", False), ("172.16.0.0/16", "192.168.0.0/20", False),
        ("100.64.0.0/16", "172.16.0.0/16", True),
    ],
)  # fmt: skip
def test_may_share_vpc__is_symmetric_and_refuses_two_private_ranges(one, other, may):
    one, other = netaddr.IPNetwork(one), netaddr.IPNetwork(other)

    assert (may_share_vpc(one, other), may_share_vpc(other, one)) == (may, may)
