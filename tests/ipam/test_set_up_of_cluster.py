import pandas as pd
import pytest

from kubenetlab.ipam.set_up import SetUp
from kubenetlab.ipam.set_up_of_cluster import cluster_capacity, set_up_of
from kubenetlab.objects import DaemonSet, IPPool, NodeNetworkConfig
from kubenetlab.objects.address_pools import (
    IpPoolSpec,
    NetworkContainer,
    NodeNetworkConfigStatus,
    ServiceCIDR,
    ServiceCidrSpec,
)
from kubenetlab.objects.instance_type import InstanceType
from kubenetlab.objects.listings import CloudSubnet, Listings, NamedInstanceType
from kubenetlab.objects.workload import (
    DaemonSetSpec,
    DaemonTemplate,
    DaemonTemplateSpec,
    EnvVar,
    TemplateContainer,
)
from kubenetlab.result import Origin
from kubenetlab.synthetic import PLATFORMS, synthetic_dump
from tests.builders import cluster, metadata, node

KUBEADM = {"ipam": "host-local", "cluster_cidr": ("10.244.0.0/16",), "service_cidr": ("10.96.0.0/12",)}


def pods_of(value):
    return cluster_capacity(value).frame["n"].tolist()[:3]


def test_set_up_of__takes_ranges_and_settings_of_the_ledger():
    value = cluster(
        settings=KUBEADM | {"node_cidr_mask_size": 25, "max_pods": 60, "node_port_range": "30000-30999"}
    )

    assert set_up_of(value) == SetUp(
        ipam="host-local",
        pod_cidrs=("10.244.0.0/16",),
        service_cidrs=("10.96.0.0/12",),
        node_cidr_mask_size=25,
        max_pods=60,
        node_port_range="30000-30999",
    )


def test_set_up_of__of_nothing_is_unknown_with_kubernetes_defaults():
    assert set_up_of(cluster()) == SetUp(ipam="unknown")


def test_set_up_of__an_inferred_range_says_nothing_of_how_much_it_holds():
    value = cluster(settings=KUBEADM, origin=Origin.INFERRED)

    assert set_up_of(value).pod_cidrs == ()
    assert set_up_of(value).service_cidrs == ()


def test_set_up_of__a_platforms_default_range_counts():
    value = cluster(settings=KUBEADM, origin=Origin.DEFAULT)

    assert set_up_of(value).pod_cidrs == ("10.244.0.0/16",)


def test_set_up_of__calicos_block_sizes_come_from_pools_that_serve_pods():
    pools = (
        IPPool(metadata("old"), IpPoolSpec("10.0.0.0/16", block_size=20, disabled=True)),
        IPPool(metadata("v4"), IpPoolSpec("10.1.0.0/16", block_size=28)),
        IPPool(metadata("v6"), IpPoolSpec("fd00::/64", block_size=124)),
    )

    found = set_up_of(
        cluster(*pools, settings={"ipam": "calico", "cluster_cidr": ("10.1.0.0/16", "fd00::/64")})
    )

    assert (found.block_size, found.block_size_ipv6) == (28, 124)


def test_set_up_of__eks_takes_the_most_common_instance_type_and_aws_nodes_switches():
    env = (
        EnvVar("ENABLE_PREFIX_DELEGATION", "true"),
        EnvVar("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "true"),
    )
    spec = DaemonTemplateSpec(containers=(TemplateContainer(name="aws-node", env=env),))
    agent = DaemonSet(metadata("kube-system/aws-node"), DaemonSetSpec(template=DaemonTemplate(spec=spec)))
    types = ("m5.large", "m5.xlarge", "m5.xlarge", "unheard.of", "unheard.of", "unheard.of")
    nodes = [node(f"n{i}", labels={"node.kubernetes.io/instance-type": name}) for i, name in enumerate(types)]

    found = set_up_of(cluster(agent, *nodes, settings={"ipam": "aws-vpc-cni"}))

    assert found.instance.ips_per_eni == 15
    assert (found.prefix_delegation, found.custom_networking) == (True, True)


def test_set_up_of__azures_pod_subnets_come_from_the_nodes_configurations():
    containers = (NetworkContainer(type="vnet", subnet_address_space="10.241.0.0/16"),)
    configs = [
        NodeNetworkConfig(
            metadata(f"kube-system/{name}"), status=NodeNetworkConfigStatus(network_containers=containers)
        )
        for name in "ab"
    ]

    found = set_up_of(cluster(*configs, settings={"ipam": "azure-pod-subnet"}))
    listed = set_up_of(
        cluster(
            *configs, settings={"ipam": "azure-pod-subnet", "vpc_subnets": ("10.241.0.0/16", "10.0.0.0/24")}
        )
    )

    assert (found.pod_cidrs, found.node_cidrs) == (("10.241.0.0/16",), ())
    assert (listed.pod_cidrs, listed.node_cidrs) == (("10.241.0.0/16",), ("10.0.0.0/24",))


SUBNETS = ("10.0.0.0/24", "10.0.1.0/24")


def test_set_up_of__the_clouds_listings_say_the_subnets_of_a_flat_network():
    value = cluster(
        settings={"ipam": "aws-vpc-cni", "vpc_subnets": SUBNETS, "cluster_cidr": ("10.0.0.0/16",)}
    )

    assert (set_up_of(value).pod_cidrs, set_up_of(value).node_cidrs) == ((), SUBNETS)
    assert cluster_capacity(value).frame["n"].tolist()[2] == 502


def test_set_up_of__with_custom_networking_subnets_without_a_node_are_for_pods():
    env = (EnvVar("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "true"),)
    spec = DaemonTemplateSpec(containers=(TemplateContainer(name="aws-node", env=env),))
    agent = DaemonSet(metadata("kube-system/aws-node"), DaemonSetSpec(template=DaemonTemplate(spec=spec)))
    value = cluster(agent, node(ip="10.0.1.7"), settings={"ipam": "aws-vpc-cni", "vpc_subnets": SUBNETS})

    assert (set_up_of(value).pod_cidrs, set_up_of(value).node_cidrs) == (SUBNETS[:1], SUBNETS[1:])


def test_set_up_of__under_an_overlay_the_clouds_subnets_are_for_nodes():
    value = cluster(settings=KUBEADM | {"ipam": "azure-overlay", "vpc_subnets": SUBNETS})

    assert (set_up_of(value).pod_cidrs, set_up_of(value).node_cidrs) == (("10.244.0.0/16",), SUBNETS)


def test_set_up_of__an_ipam_that_is_not_modelled_is_unknown():
    assert set_up_of(cluster(settings={"ipam": "whereabouts"})).ipam == "unknown"


def test_cluster_capacity__rests_on_the_clusters_settings():
    result = cluster_capacity(cluster(settings=KUBEADM))

    assert result.frame["n"].tolist() == [256, 110, 28_160, 1_048_573, 2_768]
    assert [setting.name for setting in result.assumptions] == ["ipam", "cluster_cidr", "service_cidr"]


def test_cluster_capacity__is_unknown_where_the_dump_cannot_say_how_many_addresses_there_are():
    result = cluster_capacity(cluster(settings={"ipam": "aws-vpc-cni", "max_pods": 58}))

    rows = result.frame.set_index("quantity")
    assert rows["n"].isna().tolist() == [True, False, True, True, False]
    assert rows.loc["pods", "sentence"] == "How large the range of pods is, the dump does not say."
    assert result.because[0] == rows.loc["pods", "sentence"]
    assert result.because[1] == "How large the range of Services is, the dump does not say."


def test_cluster_capacity__an_inferred_range_is_named_with_its_evidence():
    result = cluster_capacity(cluster(settings=KUBEADM, origin=Origin.INFERRED))

    assert result.because[0] == "How large the range of pods is, the dump does not say: a test."


def test_cluster_capacity__says_that_max_pods_is_a_default():
    words = "maxPods is the kubelet's default, 110: the dump does not say another."

    assert words in cluster_capacity(cluster(settings=KUBEADM)).because
    assert words not in cluster_capacity(cluster(settings=KUBEADM | {"max_pods": 60})).because


@pytest.mark.parametrize(
    "settings",
    [
        {"node_cidr_mask_size": 100},
        {"cluster_cidr": ("10.244.0.1/16",)},
        {"cluster_cidr": ("10.244.0.0/16", "10.244.8.0/24")},
        {"ipam": "azure-overlay", "node_cidr_mask_size": 26},
        {"node_port_range": "9-1"},
    ],
)
def test_cluster_capacity__leaves_out_ranges_that_make_no_sense(settings):
    result = cluster_capacity(cluster(settings=KUBEADM | {"max_pods": 50} | settings))

    assert result.because[0].startswith("The dump's ranges and settings are left out: ")
    assert result.frame["n"].isna().tolist() == [True, False, True, True, False]
    assert result.frame["n"].tolist()[1] == 50


@pytest.mark.parametrize("platform", PLATFORMS)
def test_cluster_capacity__every_platform_has_room_for_what_it_runs(platform):
    value = synthetic_dump(seed=3, platform=platform, fat=False).cluster()

    n_nodes, _, n_pods = pods_of(value)

    assert platform == "eks" or n_nodes >= len(value.nodes)
    assert platform == "eks" or n_pods >= len(value.pods)
    assert (n_pods is pd.NA) is (platform == "eks")


def aws_node(**env):
    variables = tuple(EnvVar(name, value) for name, value in env.items())
    spec = DaemonTemplateSpec(containers=(TemplateContainer(name="aws-node", env=variables),))
    return DaemonSet(metadata("kube-system/aws-node"), DaemonSetSpec(template=DaemonTemplate(spec=spec)))


# amazon-vpc-cni-k8s, README.md and pkg/ipamd/ipamd.go: 0 addresses are no target; what is no number is the default.
@pytest.mark.parametrize(
    ("env", "targets"),
    [
        ({}, (1, 1, None, None)),
        ({"WARM_ENI_TARGET": "0", "WARM_PREFIX_TARGET": "2"}, (0, 2, None, None)),
        ({"WARM_IP_TARGET": "5", "MINIMUM_IP_TARGET": "30"}, (1, 1, 5, 30)),
        ({"WARM_IP_TARGET": "0", "MINIMUM_IP_TARGET": "-1", "WARM_ENI_TARGET": "x"}, (1, 1, None, None)),
    ],
)
def test_set_up_of__reads_the_warm_targets_of_aws_node(env, targets):
    found = set_up_of(cluster(aws_node(**env), settings={"ipam": "aws-vpc-cni"}))

    assert targets == (
        found.warm_eni_target,
        found.warm_prefix_target,
        found.warm_ip_target,
        found.minimum_ip_target,
    )


@pytest.mark.parametrize(
    ("modes", "n_tunnel"),
    [
        ([], 1),
        ([("Never", "Never")], 0),
        ([("Always", "Never")], 1),
        ([("Always", "Never"), ("Never", "CrossSubnet")], 2),
    ],
)
def test_set_up_of__counts_the_tunnels_of_calicos_pools(modes, n_tunnel):
    pools = [
        IPPool(metadata(f"p{i}"), IpPoolSpec(f"10.{i}.0.0/16", ipip_mode=ipip, vxlan_mode=vxlan))
        for i, (ipip, vxlan) in enumerate(modes)
    ]

    found = set_up_of(cluster(*pools, settings={"ipam": "calico"}))

    assert (found.tunnel_addresses, found.tunnel_addresses_ipv6) == (n_tunnel, 1)


@pytest.mark.parametrize("name", ["more", "kubernetes"])
def test_cluster_capacity__services_have_the_ranges_of_all_service_cidrs(name):
    objects = [
        ServiceCIDR(metadata(name), ServiceCidrSpec(cidrs=("10.112.0.0/16",))),
        ServiceCIDR(metadata("other"), ServiceCidrSpec(cidrs=("10.113.0.0/16",))),
    ]

    rows = cluster_capacity(cluster(*objects, settings=KUBEADM)).frame.set_index("quantity")

    assert rows.loc["Services", "n"] == 1_048_574 + 2 * 65_534 - 1
    assert rows.loc["nodes", "n"] == 256


def test_cluster_capacity__nodes_do_not_keep_clear_of_further_service_cidrs():
    more = ServiceCIDR(metadata("more"), ServiceCidrSpec(cidrs=("10.244.9.0/28",)))

    assert cluster_capacity(cluster(more, settings=KUBEADM)).frame["n"].tolist()[0] == 256


def listed(value, **listings):
    return value.with_(listings=Listings(**listings))


def test_set_up_of__a_listing_says_what_unheard_instance_types_allow():
    named = node(labels={"node.kubernetes.io/instance-type": "z9.huge"})
    value = cluster(named, settings={"ipam": "aws-vpc-cni"})

    found = set_up_of(listed(value, instance_types=(NamedInstanceType("z9.huge", InstanceType(7, 21, 9)),)))

    assert set_up_of(value).instance is None
    assert found.instance == InstanceType(7, 21, 9)


def test_cluster_capacity__says_what_others_use_of_listed_subnets_and_which_were_not_listed():
    values = [node("a", ip="10.0.0.7"), node("b", ip="10.0.9.7")]
    value = cluster(*values, settings={"ipam": "aws-vpc-cni", "vpc_subnets": ("10.0.0.0/24",)})

    result = cluster_capacity(listed(value, subnets=(CloudSubnet("aws", "s", "10.0.0.0/24", n_used=200),)))

    words = "The listing lacks the subnets of 1 of 2 nodes. In use already, by this cluster and by others: 200 of the 251"
    assert words in result.because[0]
    assert words in result.frame.set_index("quantity").loc["pods", "sentence"]


def test_cluster_capacity__a_range_without_an_ipam_says_that_the_ipam_is_missing():
    result = cluster_capacity(cluster(settings=KUBEADM | {"ipam": "unknown"}))

    words = (
        "Who gives pods addresses of 10.244.0.0/16 (the IPAM) the dump does not say, or it is not modelled."
    )
    assert result.because[0] == words
    assert result.frame.set_index("quantity").loc["pods", "sentence"] == words
