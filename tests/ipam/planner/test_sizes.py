import netaddr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubenetlab.ipam.capacity import capacity
from kubenetlab.ipam.planner.platforms import PLATFORMS, PODS, SERVICES, Lengths
from kubenetlab.ipam.planner.sizes import (
    candidate,
    longest,
    needs,
    node_mask,
    own_limits,
    pods_of_mask,
    prefix_length,
    roles,
    set_up,
    subnets,
)
from kubenetlab.ipam.set_up import Quantity
from tests.ipam.planner.written_requests import asked, cluster

_GKE = "platform: gke, max_surge: 0"


def only(text, name="shop"):
    return asked(cluster(text, name)).clusters[0]


def sized(text, role, version=4):
    return prefix_length(only(text), role, version)


@pytest.mark.parametrize(
    ("max_pods", "mask"),
    # facts: GKE, flexible pod CIDR: the smallest power of two that is at least twice the maximum of pods
    [(8, 28), (16, 27), (32, 26), (64, 25), (110, 24), (128, 24), (256, 23)],
)
def test_node_mask__of_gke_is_the_table_of_its_documentation(max_pods, mask):
    (found,) = asked(f"name: a, nodes: 3, pods_per_node: 5, {_GKE}, max_pods: {max_pods}").clusters

    assert node_mask(found) == mask


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("", 25),  # host-local: a /25 holds 125 pods
        ("max_pods: 126", 24),
        ("max_pods: 250", 24),
        ("max_pods: 253", 24),
        ("max_pods: 254", 23),
        ("cni: cilium, max_pods: 124", 25),
        ("cni: cilium, max_pods: 125", 24),
        ("platform: openshift, max_pods: 500", 23),
        ("platform: aks", 24),
        ("cni: calico", None),
        ("node_cidr_mask_size: 22", 22),
    ],
)
def test_node_mask__is_the_longest_that_holds_max_pods_with_the_ipam(text, mask):
    assert node_mask(only(text)) == mask


@pytest.mark.parametrize(
    ("nodes", "length"), [(4, 22), (16, 20), (17, 19), (252, 16), (256, 16), (1020, 14), (4092, 12)]
)
def test_prefix_length__of_gke_pods_is_the_table_of_its_documentation(nodes, length):
    # facts: GKE, cluster sizing: pod range by nodes, a /24 a node
    request = asked(f"name: a, nodes: {nodes}, pods_per_node: 40, {_GKE}")

    assert prefix_length(request.clusters[0], PODS, 4) == length


@pytest.mark.parametrize(
    ("nodes", "length"), [(4, 29), (12, 28), (28, 27), (60, 26), (252, 24), (1020, 22), (1021, 21)]
)
def test_prefix_length__of_gke_nodes_is_the_table_of_its_documentation(nodes, length):
    # facts: GKE, cluster sizing: Google keeps 4 addresses of a primary range
    request = asked(f"name: a, nodes: {nodes}, pods_per_node: 40, {_GKE}")

    assert prefix_length(request.clusters[0], "nodes", 4) == length


@pytest.mark.parametrize(("nodes", "length"), [(50, 21), (60, 21)])
def test_prefix_length__of_an_aks_node_subnet_is_the_example_of_its_documentation(nodes, length):
    # facts: azure-aks-docs, concepts-network-legacy-cni: 50 nodes of 30 pods need 1,581 addresses, 60 need 1,891
    text = f"name: a, nodes: {nodes}, pods_per_node: 30, platform: aks, ipam: azure-node-subnet"

    assert prefix_length(asked(text).clusters[0], "nodes", 4) == length


@pytest.mark.parametrize(
    ("services", "length"), [(13, 28), (14, 27), (253, 24), (254, 23), (4093, 20), (4094, 19), (65_533, 16)]
)
def test_prefix_length__of_services_leaves_an_address_for_kubernetes(services, length):
    assert sized(f"services: {services}", SERVICES) == length


@pytest.mark.parametrize(
    ("text", "role", "length"),
    [
        ("dual_stack: true", "pods", 56),  # 31 nodes of a /64
        ("dual_stack: true, cni: cilium", "pods", 112),  # 31 nodes of a /120
        ("dual_stack: true, platform: aks", "pods", 64),
        ("dual_stack: true", "services", 112),
        ("dual_stack: true, services: 70000", "services", 111),
        ("dual_stack: true", "nodes", 64),
    ],
)
def test_prefix_length__of_ipv6(text, role, length):
    assert sized(text, role, 6) == length


def test_prefix_length__divides_the_nodes_of_eks_among_zones():
    two, five = (sized(f"platform: eks, instance_type: m5.xlarge, zones: {n}", "nodes") for n in (2, 5))

    # 36 nodes of 60 addresses in two subnets of /21, of 34 each; 45 in five of eight /22, of 16 each
    assert (two, five) == (20, 19)


@pytest.mark.parametrize(("nodes", "length"), [(42, 26), (43, 25)])
def test_prefix_length__leaves_aws_and_the_control_plane_their_addresses(nodes, length):
    # two subnets of /27: 64 addresses less twice the 5 that AWS keeps and the 6 that EKS needs are 42
    text = f"name: a, nodes: {nodes}, pods_per_node: 9, platform: eks, cni: cilium, max_surge: 0"

    assert prefix_length(asked(text).clusters[0], "nodes", 4) == length


def test_prefix_length__leaves_the_control_plane_six_addresses_of_each_node_subnet_with_custom_networking():
    text = "platform: eks, instance_type: m5.xlarge, zones: 3, custom_networking: true, max_surge: 0"

    # three of /28 have 33 addresses without the 5 that AWS keeps of each: enough for 30 nodes, not for 18 more
    assert sized(text, "nodes") == 25


@pytest.mark.parametrize("platform", ["kubeadm", "kind"])
def test_prefix_length__of_pods_is_what_kubeadm_takes_for_the_mask_of_a_node(platform):
    # kubeadm, constants.go: PodSubnetNodeMaskMaxDiff = 16
    fits, more = (asked(f"name: a, platform: {platform}, nodes: {n}, pods_per_node: 9, max_surge: 0").clusters[0]
                  for n in (65_536, 65_537))  # fmt: skip

    assert (prefix_length(fits, PODS, 4), prefix_length(more, PODS, 4)) == (9, None)


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("pod_cidr: 10.244.0.0/16", 24),
        ("pod_cidr: 10.244.0.0/16, max_pods: 500", 23),
        ("pod_cidr: 10.244.0.0/16, node_cidr_mask_size: 25", 25),
        ("pod_cidr: 10.244.0.0/25", 25),  # no room for a /24
        ("platform: openshift, pod_cidr: 10.128.0.0/14", 23),
        ("cni: cilium, pod_cidr: 10.0.0.0/8", 24),
    ],
)
def test_node_mask__of_a_cluster_that_has_its_pod_range_is_the_usual_one(text, mask):
    # facts: defaults of the distributions (kube-controller-manager /24, OpenShift /23)
    assert node_mask(only(text)) == mask


def test_set_up__divides_no_pod_range_of_a_plugin_of_ones_own():
    found = only("platform: eks, cni: cilium, zones: 3")

    assert set_up(found, {PODS: [candidate(4, 20)]}).pod_cidrs == ("10.0.0.0/20",)


def test_set_up__several_node_ranges_are_subnets_as_they_are():
    cidrs = ("10.0.0.0/24", "10.0.4.0/24", "10.0.8.0/24")
    found = only(f"platform: eks, instance_type: m5.xlarge, zones: 3, node_cidr: [{', '.join(cidrs)}]")

    assert set_up(found, found.fixed).node_cidrs == cidrs
    assert len(set_up(found, {"nodes": found.fixed["nodes"][:1]}).node_cidrs) == 3  # one is divided


def test_prefix_length__is_none_where_the_largest_range_is_too_small():
    request = asked("name: a, nodes: 300000, pods_per_node: 40")

    assert prefix_length(request.clusters[0], PODS, 4) is None


def test_prefix_length__is_one_that_the_component_itself_takes():
    # flannel, pkg/subnet/config.go: a network must be able to accommodate at least four subnets
    (found,) = asked("name: a, nodes: 1, pods_per_node: 40, ipam: flannel-etcd, max_surge: 0").clusters

    assert prefix_length(found, PODS, 4) == 23


def test_prefix_length__ignores_what_no_range_lifts():
    request = asked("name: a, nodes: 6000, pods_per_node: 40")  # Kubernetes is tested with 5,000

    assert prefix_length(request.clusters[0], PODS, 4) == 12


@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=20)
@given(nodes=st.integers(1, 3_000), services=st.integers(0, 5_000))
def test_prefix_length__is_enough_for_capacity_and_one_bit_less_is_not(platform, nodes, services):
    instance = ", instance_type: m5.large" if platform == "eks" else ""
    text = f"name: a, nodes: {nodes}, pods_per_node: 20, services: {services}, platform: {platform}{instance}"
    (found,) = asked(text).clusters

    for role in roles(found):
        length = prefix_length(found, role, 4)
        if length is None:  # more than one VPC holds
            assert (platform, role) == ("eks", "nodes")
            continue
        assert _is_enough(found, role, length)
        assert length in _longest_allowed(found) or not _is_enough(found, role, length + 1)


def _longest_allowed(found):
    mask = node_mask(found) or 32
    return {found.rules.services.longest, found.rules.nodes.longest, min(found.ipam_rules.pods.longest, mask)}


def _is_enough(found, role, length):
    """By the capacity that everybody else asks for, but for the scale that Kubernetes is tested with."""
    result = capacity(set_up(found, {role: [candidate(4, length)]}))
    rows = result.frame.set_index("quantity")
    return all(
        rows["binds"][quantity] == "tested scale" or rows["n"][quantity] >= n
        for quantity, n in needs(found, role).items()
        if quantity != Quantity.PODS
    )


def test_own_limits__are_those_of_the_range():
    found = only("")

    assert [limit.name for limit in own_limits(found, PODS, [candidate(4, 16)])] == ["cluster CIDR"]
    assert [limit.quantity for limit in own_limits(found, SERVICES, [candidate(4, 16)])] == [
        Quantity.SERVICES
    ]


def test_pods_of_mask__is_never_more_than_max_pods():
    assert (pods_of_mask("host-local", 110, 24), pods_of_mask("host-local", 110, 26)) == (110, 61)


@given(st.integers(8, 24), st.integers(1, 16))
def test_subnets__are_equal_apart_and_inside(length, zones):
    network = netaddr.IPNetwork(f"10.0.0.0/{length}")

    parts = subnets(network, zones)

    assert len(set(parts)) == zones
    assert all(part in network for part in parts)
    assert netaddr.IPSet(parts).size == sum(part.size for part in parts)
    assert sum(part.size for part in parts) * 2 > network.size  # none could be larger


@given(st.integers(0, 32), st.integers(0, 32), st.integers(0, 33))
def test_longest__finds_the_border(one, other, border):
    low, high = sorted((one, other))

    found = longest(Lengths(low, high), lambda length: length < border)

    assert found == max((length for length in range(low, high + 1) if length < border), default=None)
