"""The pod range is the one of the IPAM in use, whatever other components were told."""

import pytest

from kubenetlab.result import Origin
from tests.readers.dumps import cluster, config_map, item, node

KUBEADM = config_map("kubeadm-config", ClusterConfiguration="networking: {podSubnet: 10.244.0.0/16}")
POOLS = {
    "ipam": "cluster-pool",
    "cluster-pool-ipv4-cidr": "10.0.0.0/9 10.128.0.0/10",
    "cluster-pool-ipv4-mask-size": "25",
    "cluster-pool-ipv6-cidr": "fd00::/104",
    "cluster-pool-ipv6-mask-size": "120",
}
CONTROLLER_MANAGER = item(
    "Pod",
    "kcm",
    "kube-system",
    spec={"containers": [{"name": "kube-controller-manager", "command": ["kube-controller-manager", "--cluster-cidr=10.244.0.0/16", "--node-cidr-mask-size=24"]}]},
)  # fmt: skip
KCM = "kube-controller-manager --cluster-cidr in Pod kube-system/kcm says 10.244.0.0/16"


def ip_pool(name="p", cidr="192.168.0.0/16", **spec):
    return item("IPPool", name, "", "crd.projectcalico.org/v1", spec={"cidr": cidr} | spec)


def cilium_node(pod_cidr):
    return item("CiliumNode", "n1", "", "cilium.io/v2", spec={"ipam": {"podCIDRs": [pod_cidr]}})


def pod_range(*items):
    found = cluster(*items).settings["cluster_cidr"]
    return found.value, found.origin, found.evidence


def test_clues__ciliums_lists_of_both_families_count_before_kubeadm():
    value, origin, evidence = pod_range(config_map("cilium-config", **POOLS), KUBEADM)

    assert (value, origin) == (("10.0.0.0/9", "10.128.0.0/10", "fd00::/104"), Origin.READ)
    assert evidence == "ConfigMap kube-system/cilium-config cluster-pool-ipv4-cidr, cluster-pool-ipv6-cidr"


def test_clues__ciliums_mask_sizes_count_before_the_controller_managers():
    settings = cluster(config_map("cilium-config", **POOLS), CONTROLLER_MANAGER).settings

    assert [settings[f"node_cidr_mask_size{family}"].value for family in ("", "_ipv6")] == [25, 120]


def test_clues__calicos_pools_count_before_flags_and_the_other_range_is_noted():
    result = cluster(ip_pool(), CONTROLLER_MANAGER)

    assert result.settings["cluster_cidr"].value == ("192.168.0.0/16",)
    assert result.provenance.notes == (
        f"cluster_cidr: Calico IPPool p says 192.168.0.0/16, {KCM}; the first counts",
    )


@pytest.mark.parametrize(
    ("uses", "serves_pods"),
    [([], True), (["Workload", "Tunnel"], True), (["Workload"], True), (["Tunnel"], False), (["LoadBalancer"], False)],
)  # fmt: skip
def test_clues__calicos_pools_for_other_uses_do_not_count(uses, serves_pods):
    value, _, _ = pod_range(ip_pool(allowedUses=uses), ip_pool("q", "10.9.0.0/16"))

    assert value == (("192.168.0.0/16", "10.9.0.0/16") if serves_pods else ("10.9.0.0/16",))


def test_clues__multi_pool_takes_the_pools_objects():
    pool = item(
        "CiliumPodIPPool", "default", "", "cilium.io/v2alpha1", spec={"ipv4": {"cidrs": ["10.9.0.0/16"]}}
    )

    value, origin, evidence = pod_range(pool, config_map("cilium-config", ipam="multi-pool"), KUBEADM)

    assert (value, origin, evidence) == (("10.9.0.0/16",), Origin.READ, "CiliumPodIPPool default")


@pytest.mark.parametrize(
    "items",
    [
        [config_map("cilium-config", **POOLS | {"ipam": "kubernetes"})],
        [ip_pool(), config_map("calico-config", cni_network_config='{"ipam": {"type": "host-local"}}')],
        [ip_pool(disabled=True)],
        [],
    ],
    ids=["Cilium takes the nodes' pod CIDRs", "Calico does", "all pools are off", "no plugin"],
)
def test_clues__where_no_pool_is_in_use_kubeadm_counts(items):
    assert pod_range(*items, KUBEADM)[0] == ("10.244.0.0/16",)


def test_clues__left_over_pools_of_another_plugin_are_no_range_of_the_vpc():
    spec = {"template": {"spec": {"hostNetwork": True, "containers": [{"name": "aws-node"}]}}}
    aws_node = item("DaemonSet", "aws-node", "kube-system", "apps/v1", spec=spec)

    assert pod_range(aws_node, ip_pool(), config_map("cilium-config", **POOLS))[1] is Origin.UNKNOWN


def test_clues__what_the_ipam_gave_to_nodes_shows_that_a_stated_range_is_not_its_own():
    result = cluster(cilium_node("10.0.3.0/24"), CONTROLLER_MANAGER)

    found = result.settings["cluster_cidr"]
    assert (found.value, found.origin) == (("10.0.3.0/24",), Origin.INFERRED)
    assert result.provenance.notes[0].endswith(f"says 10.0.3.0/24, {KCM}; the first counts")


def test_clues__a_stated_range_that_holds_what_nodes_got_counts():
    assert pod_range(cilium_node("10.244.3.0/24"), CONTROLLER_MANAGER)[:2] == (
        ("10.244.0.0/16",),
        Origin.READ,
    )


def test_clues__blocks_without_pools_are_a_lower_bound():
    blocks = [
        item("IPAMBlock", f"b{n}", "", "crd.projectcalico.org/v1", spec={"cidr": f"10.9.0.{64 * n}/26"})
        for n in (0, 1)
    ]

    value, origin, evidence = pod_range(*blocks, node())

    assert (value, origin) == (("10.9.0.0/25",), Origin.INFERRED)
    assert "the 2 IPAMBlocks of the dump" in evidence


def test_clues__many_pools_are_named_in_part():
    pools = [ip_pool(f"p{n}", f"10.{n}.0.0/16") for n in range(7)]

    assert pod_range(*pools)[2] == "Calico IPPool p0, p1, p2, p3, p4 and 2 more"
