import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.errors import ManifestError
from tests.ipam.planner.written_requests import asked, cluster


def needs(text="", head="parents: [10.0.0.0/8]"):
    return asked(cluster(text), head=head).clusters[0]


def test_cluster_needs__fills_in_the_platforms_defaults_and_says_which():
    found = needs()

    assert (found.platform, found.cni, found.ipam, found.max_pods) == (
        "kubeadm",
        "flannel",
        "host-local",
        110,
    )
    assert dict(found.defaulted)["max_pods"] == 110
    assert found.families == (4,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("platform: gke", ("gke", "gke", "gke", 110, True)),
        ("cloud: gcp", ("gke", "gke", "gke", 110, True)),
        ("cloud: azure", ("aks", "azure-cni", "azure-overlay", 250, False)),
        ("platform: aks, ipam: azure-pod-subnet", ("aks", "azure-cni", "azure-pod-subnet", 110, True)),
        ("platform: openshift", ("openshift", "ovn-kubernetes", "ovn-kubernetes", 250, False)),
        ("cni: cilium", ("kubeadm", "cilium", "cilium-cluster-pool", 110, False)),
        ("cloud: aws, cni: cilium", ("eks", "cilium", "cilium-cluster-pool", 110, False)),
        (
            "cni: calico, ipam: host-local, routable_pods: true",
            ("kubeadm", "calico", "host-local", 110, True),
        ),
    ],
)
def test_cluster_needs__takes_cni_and_ipam_from_the_platform(text, expected):
    found = needs(text)

    assert (found.platform, found.cni, found.ipam, found.max_pods, found.routable_pods) == expected


@pytest.mark.parametrize(
    ("text", "max_pods"),
    [  # facts: amazon-vpc-cni-k8s misc/eni-max-pods.txt; amazon-eks-ami max-pods-calculator.sh
        ("instance_type: m5.xlarge", 58),
        ("instance_type: m5.large, prefix_delegation: true", 110),
        ("instance_type: m5.24xlarge, prefix_delegation: true", 250),
        ("instance_type: m5.24xlarge, max_pods: 60", 60),
    ],
)
def test_cluster_needs__takes_max_pods_of_eks_from_the_instance_type(text, max_pods):
    assert needs(f"platform: eks, {text}").max_pods == max_pods


@pytest.mark.parametrize(("mask", "max_pods"), [(28, 8), (26, 32), (25, 64), (24, 110), (23, 256)])
def test_cluster_needs__takes_max_pods_of_gke_from_the_mask(mask, max_pods):
    # facts: GKE, flexible pod CIDR: half of a node's addresses; its default of 110 has a /24, too
    text = f"name: a, platform: gke, nodes: 9, pods_per_node: 5, node_cidr_mask_size: {mask}"

    assert asked(text).clusters[0].max_pods == max_pods


def test_cluster_needs__takes_two_zones_and_two_nodes_of_each_for_upgrades_of_eks():
    # EKS user guide, network requirements; managed node update behavior
    found, three = (needs(f"platform: eks, instance_type: m5.xlarge{more}") for more in ("", ", zones: 3"))

    assert (found.zones, found.surge, three.surge) == (2, 4, 6)
    assert dict(found.defaulted)["max_surge"] == 4


def test_cluster_needs__keeps_the_instance_type_with_a_plugin_of_ones_own():
    assert needs("platform: eks, cni: cilium, instance_type: m5.large").instance_type == "m5.large"


def test_cluster_needs__ignores_what_defaults_say_to_another_ipam():
    head = (
        "parents: [10.0.0.0/8]\ndefaults: {node_cidr_mask_size: 25, block_size: 27, prefix_delegation: true}"
    )

    found = needs("cni: calico", head)

    assert (found.node_cidr_mask_size, found.block_size, found.prefix_delegation) == (None, 27, False)


def test_cluster_needs__a_cluster_wins_over_the_defaults():
    head = "parents: [10.0.0.0/8]\ndefaults: {max_pods: 60, zones: 3, growth: 10%}"

    found = needs("max_pods: 50", head)

    assert (found.max_pods, found.zones, found.growth.high_per_year) == (50, 3, 0.1)
    assert "zones" not in dict(found.defaulted)


def test_cluster_needs__grows_by_the_upper_bound_and_adds_the_surge():
    found = needs("growth: [20%, 40%], horizon_years: 2, max_surge: 3, services: 100")

    # 30 nodes * 1.4^2 = 58.8; 1200 pods * 1.96 = 2352; 100 Services * 1.96 = 196
    assert (found.nodes_needed, found.pods_needed, found.services_needed) == (59 + 3, 2352, 196)


def test_cluster_needs__takes_a_surge_as_a_share_and_head_room_on_top():
    found = needs("max_surge: 10%, head_room: 50%, horizon_years: 1")

    assert (found.nodes_at_horizon, found.max_surge) == (45, 5)


def test_cluster_needs__does_not_add_a_node_for_an_error_of_rounding():
    assert needs("growth: 10%, horizon_years: 1").nodes_at_horizon == 33  # 30 * 1.1 is 33.000000000000004


def test_cluster_needs__pods_of_custom_networking_are_not_routed_unless_somebody_says_so():
    text = "platform: eks, instance_type: m5.xlarge, custom_networking: true"

    assert [needs(text + more).routable_pods for more in ("", ", routable_pods: true")] == [False, True]


@given(st.floats(0, 2), st.floats(0, 2), st.integers(0, 20))
def test_cluster_needs__needs_grow_with_the_rate_and_never_fall_below_now(one, other, years):
    low, high = sorted((one, other))
    slow, fast = (needs(f"growth: {rate!r}, horizon_years: {years}") for rate in (low, high))

    assert 30 <= slow.nodes_at_horizon <= fast.nodes_at_horizon


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("platform: esk", "platform: found esk, expected eks? one of kubeadm"),
        ("cloud: gpc", "cloud: found gpc, expected gcp? one of aws, azure, gcp, none"),
        ("cni: clium", "cni: found clium, expected cilium? one of flannel"),
        ("platform: gke, cni: calico", "cni: found calico, expected one of gke on gke"),
        ("ipam: calico", "ipam: found calico, expected one of host-local, flannel-etcd with flannel"),
        ("platform: gke, cloud: aws", "cloud: found aws, expected gcp, where gke runs"),
        ("platform: gke, cloud: moon", "cloud: found moon, expected none? one of aws"),
        ("growth: -20%", "growth: found -20%, expected a share from 0% to 1000%"),
        ("growth: .nan", "growth: found nan, expected a share from 0% to 1000%"),
        ("growth: fast", "growth: found fast, expected a share"),
        ("growth: 20", "growth: found 20.0, expected a share from 0% to 1000%"),
        ("growth: [40%, 20%]", "growth: found 40% to 20%, expected the lower rate first"),
        ("growth: [1%, 2%, 3%]", "growth: found ['1%', '2%', '3%'], expected one rate a year"),
        ("horizon_years: .nan", "horizon_years: found nan, expected the years"),
        ("horizon_years: .inf", "horizon_years: found inf, expected the years"),
        ("horizon_years: -1", "horizon_years: found -1.0, expected the years"),
        ("zones: 0", "zones: found 0, expected in how many zones its nodes are: 1 to 16"),
        ("max_surge: -1", "max_surge: found -1, expected 0 to 10,000 nodes"),
        ("max_surge: lots", "max_surge: found lots, expected a share"),
        ("max_pods: 20", "pods_per_node: found 40, expected at most 20 (max_pods)"),
        ("platform: aks, ipam: azure-node-subnet", "pods_per_node: found 40, expected at most 30 (the default)"),
        ("platform: eks, instance_type: m5.large", "pods_per_node: found 40, expected at most 29 (the default of m5.large)"),
        ("platform: eks", "instance_type: found nothing, expected an EC2 instance type"),
        ("platform: eks, instance_type: m5.lareg", "instance_type: found m5.lareg, expected an EC2 instance type: m5.large?"),
        ("families: [ipv5]", "families: found ipv5, expected ipv6? one of ipv4, ipv6"),
        ("families: []", "families: found nothing, expected ipv4, ipv6 or both"),
        ("platform: gke, dual_stack: true", "families: found ipv4, ipv6, expected ipv4 alone"),
        ("pod_cidr: fd00::/48", "pod_cidr: found fd00::/48, expected a range of IPv4"),
        ("pod_cidr: 10.0.0.0/33", "pod_cidr: found 10.0.0.0/33, expected a prefix length of 0 to 32"),
        ("pod_cidr: 10.0.0.1/16", "pod_cidr: found 10.0.0.1/16, expected a range without host bits: 10.0.0.0/16"),
        ("pod_cidr: 10.0.0.0", "pod_cidr: found 10.0.0.0, expected a range such as 10.20.0.0/16"),
        ("pod_cidr: here/16", "pod_cidr: found here/16, expected a range such as 10.20.0.0/16"),
        ("pod_cidr: ''", "pod_cidr: found nothing, expected a range such as 10.20.0.0/16"),
        ("pod_cidr: [10.0.0.0/8, 10.1.0.0/16]", "pod_cidr: found 10.0.0.0/8 and 10.1.0.0/16, expected ranges that do not overlap"),
    ],
)  # fmt: skip
def test_cluster_needs__refuses_a_value_and_says_what_is_expected(text, message):
    with pytest.raises(ManifestError) as error:
        needs(text)

    assert str(error.value).startswith(f"request.yaml: cluster shop: {message}")


@pytest.mark.parametrize(
    ("line", "field"),
    [("name: a, pods_per_node: 3", "nodes"), ("name: a, nodes: 3", "pods_per_node")],
)
def test_cluster_needs__asks_for_the_counts(line, field):
    with pytest.raises(ManifestError, match=f"cluster a: {field}: found nothing, expected how many"):
        asked(line)


@pytest.mark.parametrize("name", ["'../x'", "'a b'", "-a", "'a\\nb'", "ä", "a" * 64, "'$(reboot)'"])
def test_cluster_needs__refuses_a_name_that_no_command_should_hold(name):
    with pytest.raises(ManifestError, match=r"name: found .*, expected 1 to 63 letters"):
        asked(cluster(name=name))
