"""Every text is parsed again, as its reader would, and must say the plan's ranges."""

import json
import shlex

import pytest
import yaml

from kubenetlab.ipam.planner.plan_document import plan_settings
from kubenetlab.ipam.planner.platforms import PLATFORMS
from tests.ipam.planner.written_requests import cluster, planned

_MORE = {"eks": "instance_type: m5.xlarge, zones: 2", "rke2": "", "kind": ""}
_DUAL = ("kubeadm", "kind", "k3s", "rke2", "openshift", "aks")


def typed(text, plan=None):
    """The plan's ranges by role and family, and what to type by tool."""
    plan = plan or planned(cluster(text))
    ranges = {planned.name.partition("/")[2]: str(planned.network) for planned in plan.ranges}
    return ranges, {found.tool: found.text for found in plan_settings(plan)}


def words(text):
    return shlex.split(text.replace("\\\n", " "))


def flags(text):
    return dict(word.removeprefix("--").partition("=")[::2] for word in words(text) if word.startswith("--"))


def test_settings__of_kubeadm_are_its_configuration():
    ranges, texts = typed("max_pods: 60, cni: flannel")
    configuration, kubelet = yaml.safe_load_all(texts["kubeadm"])

    assert configuration["kind"] == "ClusterConfiguration"
    assert configuration["networking"] == {"podSubnet": ranges["pods"], "serviceSubnet": ranges["services"]}
    assert configuration["controllerManager"]["extraArgs"] == [{"name": "node-cidr-mask-size", "value": "26"}]
    assert kubelet["maxPods"] == 60


def test_settings__of_a_dual_stack_kubeadm_name_a_mask_for_each_family():
    # facts: core.go, setNodeCIDRMaskSizes: --node-cidr-mask-size is not allowed with dual-stack clusters
    ranges, texts = typed("dual_stack: true")
    configuration, _ = yaml.safe_load_all(texts["kubeadm"])
    flannel = json.loads(texts["Flannel"])

    assert configuration["networking"]["podSubnet"] == f"{ranges['pods']},{ranges['pods-ipv6']}"
    assert configuration["controllerManager"]["extraArgs"] == [
        {"name": "node-cidr-mask-size-ipv4", "value": "25"}, {"name": "node-cidr-mask-size-ipv6", "value": "64"},
    ]  # fmt: skip
    assert (flannel["IPv6Network"], flannel["IPv6SubnetLen"], flannel["EnableIPv6"]) == (
        ranges["pods-ipv6"],
        64,
        True,
    )


def test_settings__of_flannel_are_its_net_conf():
    ranges, texts = typed("")

    assert json.loads(texts["Flannel"]) == {
        "EnableIPv4": True, "Network": ranges["pods"], "SubnetLen": 25, "EnableIPv6": False, "Backend": {"Type": "vxlan"},
    }  # fmt: skip


def test_settings__of_calico_are_a_pool_for_each_range_and_no_node_cidrs():
    ranges, texts = typed("cni: calico, block_size: 27, dual_stack: true")
    pools = list(yaml.safe_load_all(texts["Calico"]))
    (configuration, _) = yaml.safe_load_all(texts["kubeadm"])

    assert [(p["spec"]["cidr"], p["spec"]["blockSize"]) for p in pools] == [
        (ranges["pods"], 27),
        (ranges["pods-ipv6"], 122),
    ]
    assert len({pool["metadata"]["name"] for pool in pools}) == 2
    assert configuration["controllerManager"]["extraArgs"] == [
        {"name": "allocate-node-cidrs", "value": "false"}
    ]


def test_settings__of_cilium_are_helm_values():
    ranges, texts = typed("cni: cilium, dual_stack: true")
    values = yaml.safe_load(texts["Cilium (Helm)"])

    assert values["ipam"] == {
        "mode": "cluster-pool",
        "operator": {
            "clusterPoolIPv4PodCIDRList": [ranges["pods"]], "clusterPoolIPv4MaskSize": 25,
            "clusterPoolIPv6PodCIDRList": [ranges["pods-ipv6"]], "clusterPoolIPv6MaskSize": 120,
        },
    }  # fmt: skip
    assert values["ipv6"]["enabled"] is True


def test_settings__of_cilium_by_kubernetes_leave_the_masks_to_the_controller_manager():
    _, texts = typed("cni: cilium, ipam: cilium-kubernetes")

    assert yaml.safe_load(texts["Cilium (Helm)"])["ipam"] == {"mode": "kubernetes"}
    assert "node-cidr-mask-size" in texts["kubeadm"]


def test_settings__of_ovn_kubernetes_are_subnets_with_the_mask_of_a_node():
    ranges, texts = typed("cni: ovn-kubernetes, dual_stack: true")

    assert (
        flags(texts["OVN-Kubernetes"])["cluster-subnets"] == f"{ranges['pods']}/25,{ranges['pods-ipv6']}/64"
    )


def test_settings__of_kind_are_its_configuration():
    ranges, texts = typed("platform: kind, dual_stack: true")
    configuration = yaml.safe_load(texts["kind"])

    assert configuration["networking"] == {
        "ipFamily": "dual", "podSubnet": f"{ranges['pods']},{ranges['pods-ipv6']}",
        "serviceSubnet": f"{ranges['services']},{ranges['services-ipv6']}", "disableDefaultCNI": False,
    }  # fmt: skip
    patch, kubelet = map(yaml.safe_load, configuration["kubeadmConfigPatches"])
    assert patch["controllerManager"]["extraArgs"]["node-cidr-mask-size-ipv4"] == "25"
    assert kubelet["maxPods"] == 110
    assert [entry["role"] for entry in configuration["nodes"]] == ["control-plane", *["worker"] * 29]


def test_settings__of_kind_are_readable():
    _, texts = typed("platform: kind")

    assert "- |\n  kind: ClusterConfiguration\n" in texts["kind"]


def test_settings__of_several_pod_ranges_tell_kubeadm_none_and_the_plugin_all():
    # kubeadm, validation.go: expected at most two, one of each family
    _, texts = typed("cni: cilium, pod_cidr: [10.200.0.0/20, 10.201.0.0/20]")
    configuration, _ = yaml.safe_load_all(texts["kubeadm"])
    operator = yaml.safe_load(texts["Cilium (Helm)"])["ipam"]["operator"]

    assert "podSubnet" not in configuration["networking"]
    assert operator["clusterPoolIPv4PodCIDRList"] == ["10.200.0.0/20", "10.201.0.0/20"]


def test_settings__of_several_pod_ranges_tell_k3s_the_first():
    _, texts = typed("platform: k3s, cni: calico, pod_cidr: [10.200.0.0/20, 10.201.0.0/20]")

    assert flags(texts["k3s"])["cluster-cidr"] == "10.200.0.0/20"


def test_settings__quote_a_name_that_some_take_for_a_number():
    _, texts = typed("", planned(cluster(name="'1e3'")))

    assert "clusterName: '1e3'" in texts["kubeadm"]


def test_settings__of_calico_with_host_local_say_so():
    # Calico, Installation API: cni.ipam.type
    _, texts = typed("cni: calico, ipam: host-local")

    assert yaml.safe_load(texts["Calico (operator)"])["spec"]["cni"]["ipam"] == {"type": "HostLocal"}


def test_settings__of_k3s_are_flags_and_it_brings_flannel_itself():
    ranges, texts = typed("platform: k3s")

    assert flags(texts["k3s"]) == {
        "cluster-cidr": ranges["pods"], "service-cidr": ranges["services"],
        "kube-controller-manager-arg": "node-cidr-mask-size=25", "kubelet-arg": "max-pods=110",
    }  # fmt: skip
    assert list(texts) == ["k3s"]


def test_settings__of_k3s_with_another_plugin_switch_flannel_off():
    _, texts = typed("platform: k3s, cni: calico")

    assert flags(texts["k3s"])["flannel-backend"] == "none"
    assert "Calico" in texts


def test_settings__of_rke2_are_its_configuration():
    ranges, texts = typed("platform: rke2")
    configuration = yaml.safe_load(texts["RKE2"])

    assert (configuration["cluster-cidr"], configuration["cni"]) == (ranges["pods"], "canal")


def test_settings__of_openshift_are_its_install_config():
    ranges, texts = typed("platform: openshift, dual_stack: true")
    networking = yaml.safe_load(texts["openshift-install"])["networking"]

    assert networking["clusterNetwork"] == [
        {"cidr": ranges["pods"], "hostPrefix": 24}, {"cidr": ranges["pods-ipv6"], "hostPrefix": 64},
    ]  # fmt: skip
    assert networking["serviceNetwork"] == [ranges["services"], ranges["services-ipv6"]]
    assert {"cidr": ranges["nodes"]} in networking["machineNetwork"]
    assert "OVN-Kubernetes" not in texts


def test_settings__of_rke2_with_cilium_are_values_of_its_chart():
    ranges, texts = typed("platform: rke2, cni: cilium")
    chart = yaml.safe_load(texts["RKE2 (Cilium)"])
    values = yaml.safe_load(chart["spec"]["valuesContent"])

    assert (chart["kind"], chart["metadata"]["name"]) == ("HelmChartConfig", "rke2-cilium")
    assert values["ipam"]["operator"]["clusterPoolIPv4PodCIDRList"] == [ranges["pods"]]
    assert "Cilium (Helm)" not in texts


@pytest.mark.parametrize(("max_pods", "expected"), [(250, None), (500, 500)])
def test_settings__of_openshift_have_a_kubelet_config_where_max_pods_is_not_the_default(max_pods, expected):
    _, texts = typed(f"platform: openshift, max_pods: {max_pods}")
    found = yaml.safe_load(texts.get("oc", "{}"))

    assert found.get("spec", {}).get("kubeletConfig", {}).get("maxPods") == expected


def test_settings__of_openshift_without_node_ranges_leave_the_machines_out():
    plan = planned(
        cluster("platform: openshift"), head="parents: {pods: 10.0.0.0/8, services: 172.20.0.0/16}"
    )

    assert "machineNetwork" not in typed("", plan)[1]["openshift-install"]


def test_settings__of_eks_divide_the_vpc_among_its_zones():
    ranges, texts = typed("platform: eks, instance_type: m5.xlarge, zones: 3")
    configuration = yaml.safe_load(texts["eksctl"])

    assert configuration["vpc"]["cidr"] == ranges["nodes"]
    assert configuration["kubernetesNetworkConfig"]["serviceIPv4CIDR"] == ranges["services"]
    subnets = [entry["cidr"] for entry in configuration["vpc"]["subnets"]["private"].values()]
    assert len(subnets) == 3
    assert all(f"--cidr-block {subnet} " in texts["AWS CLI"] for subnet in subnets)
    assert configuration["managedNodeGroups"][0]["instanceType"] == "m5.xlarge"


def test_settings__of_eks_leave_subnets_that_are_there_as_they_are():
    cidrs = [f"10.9.{n}.0/24" for n in range(4)]
    text = f"platform: eks, instance_type: m5.xlarge, zones: 3, node_cidr: [{', '.join(cidrs)}]"

    _, texts = typed(text)

    private = yaml.safe_load(texts["eksctl"])["vpc"]["subnets"]["private"]
    assert [entry["cidr"] for entry in private.values()] == cidrs
    assert [entry["az"] for entry in private.values()] == ["ZONE-1", "ZONE-2", "ZONE-3", "ZONE-1"]
    assert "create" not in texts["AWS CLI"]


def test_settings__of_eks_let_its_group_grow_to_the_horizon():
    _, texts = typed("platform: eks, instance_type: m5.xlarge, growth: 50%, horizon_years: 1")
    (group,) = yaml.safe_load(texts["eksctl"])["managedNodeGroups"]

    assert (group["desiredCapacity"], group["maxSize"]) == (30, 45)


def test_settings__of_eks_with_cilium_switch_the_aws_vpc_cni_off():
    _, texts = typed("platform: eks, cni: cilium, instance_type: m5.large")
    configuration = yaml.safe_load(texts["eksctl"])

    assert configuration["addonsConfig"] == {"disableDefaultAddons": True}
    assert [addon["name"] for addon in configuration["addons"]] == ["coredns", "kube-proxy"]
    assert configuration["managedNodeGroups"][0]["instanceType"] == "m5.large"


def test_settings__of_eks_with_custom_networking_have_an_eniconfig_for_each_zone():
    ranges, texts = typed(
        "platform: eks, instance_type: m5.xlarge, zones: 2, custom_networking: true, prefix_delegation: true"
    )
    configs = list(yaml.safe_load_all(texts["Amazon VPC CNI"]))
    (addon,) = yaml.safe_load(texts["eksctl"])["addons"]

    assert [config["kind"] for config in configs] == ["ENIConfig"] * 2
    assert [config["spec"]["subnet"] for config in configs] == [
        "POD-SUBNET-ID-ZONE-1",
        "POD-SUBNET-ID-ZONE-2",
    ]
    assert f'associate-vpc-cidr-block --vpc-id "$VPC_ID" --cidr-block {ranges["pods"]}' in texts["AWS CLI"]
    assert json.loads(addon["configurationValues"])["env"] == {
        "ENABLE_PREFIX_DELEGATION": "true", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
        "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone",
    }  # fmt: skip


def test_settings__of_gke_are_secondary_ranges_of_one_subnet():
    ranges, texts = typed("platform: gke, max_pods: 64")
    found = flags(texts["gcloud"])

    assert found["range"] == ranges["nodes"]
    assert found["secondary-range"] == f"shop-pods={ranges['pods']},shop-services={ranges['services']}"
    assert found["default-max-pods-per-node"] == "64"


@pytest.mark.parametrize(
    ("ipam", "expected"),
    [
        ("azure-overlay", ["--network-plugin-mode", "overlay"]),
        ("azure-pod-subnet", ["--pod-subnet-id", "$POD_SUBNET_ID"]),
        ("azure-pod-subnet-static", ["--pod-ip-allocation-mode", "StaticBlock"]),
    ],
)
def test_settings__of_aks_say_how_pods_get_addresses(ipam, expected):
    ranges, texts = typed(f"platform: aks, ipam: {ipam}")
    found = words(texts["az"])

    assert found[found.index(expected[0]) + 1] == expected[1]
    assert found[found.index("--service-cidr") + 1] == ranges["services"]
    assert ranges["pods"] in found


def test_settings__of_gke_add_the_pod_ranges_after_the_first():
    # gcloud reference, container clusters update --additional-pod-ipv4-ranges
    _, texts = typed("platform: gke, pod_cidr: [10.200.0.0/20, 10.201.0.0/20]")

    assert "shop-pods=10.200.0.0/20,shop-pods-2=10.201.0.0/20," in texts["gcloud"]
    assert flags(texts["gcloud"])["additional-pod-ipv4-ranges"] == "shop-pods-2"


def test_settings__of_aks_have_pools_of_at_most_1000_nodes():
    # azure-aks-docs, quotas-skus-regions
    _, texts = typed("", planned("name: shop, nodes: 2500, pods_per_node: 20, platform: aks"))
    found = words(texts["az"])

    counts = [int(found[place + 1]) for place, word in enumerate(found) if word == "--node-count"]
    assert counts == [1000, 1000, 500]


def test_settings__of_aks_node_subnet_have_no_pod_range():
    _, texts = typed("platform: aks, ipam: azure-node-subnet, max_pods: 60")

    assert "--pod-" not in texts["az"]


def test_settings__of_aks_dual_stack_name_both_ranges_and_dns():
    ranges, texts = typed("platform: aks, dual_stack: true")
    found = words(texts["az"])

    assert found[found.index("--pod-cidrs") + 1] == f"{ranges['pods']},{ranges['pods-ipv6']}"
    assert found[found.index("--ip-families") + 1] == "IPv4,IPv6"
    assert found[found.index("--dns-service-ip") + 1] == ranges["services"].rpartition(".")[0] + ".10"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_settings__of_every_platform_say_all_its_ranges(platform):
    dual = ", dual_stack: true" if platform in _DUAL else ""
    more = f", {_MORE[platform]}" if _MORE.get(platform) else ""

    ranges, texts = typed(f"platform: {platform}{dual}{more}")

    together = "\n".join(texts.values())
    own = {
        text
        for name, text in ranges.items()
        if not name.startswith("nodes") or platform in ("eks", "gke", "aks", "openshift")
    }
    assert [text for text in own if text not in together] == []


def test_settings__of_gke_leave_googles_own_service_range_to_google():
    ranges, texts = typed("platform: gke, service_cidr: 34.118.224.0/20")

    assert ranges["services"] == "34.118.224.0/20"
    assert "services" not in texts["gcloud"]
    assert "34.118.224.0" not in texts["gcloud"]
    assert f"--secondary-range=shop-pods={ranges['pods']}\n" in texts["gcloud"]
