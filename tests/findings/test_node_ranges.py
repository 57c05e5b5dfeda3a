"""KNL204 to KNL207: pod CIDRs of nodes, and ranges nearly used up."""

import json

import pytest

from kubenetlab.findings import check
from kubenetlab.ipam.range_use import node_use, range_use
from kubenetlab.objects.address_pools import (
    CiliumNode,
    CiliumNodeIpam,
    CiliumNodeSpec,
    IPAddressPool,
    IpAddressPoolSpec,
    IPAMBlock,
    IpamBlockSpec,
    IPPool,
    IpPoolSpec,
    NetworkContainer,
    NodeNetworkConfig,
    NodeNetworkConfigStatus,
)
from kubenetlab.result import Origin
from tests.builders import cluster, metadata, node, pod, service


def objects(code, *values, origin=Origin.READ, **settings):
    found = check(cluster(*values, settings={"ipam": "host-local", **settings}, origin=origin), [code])
    return [finding.object for finding in found]


@pytest.mark.parametrize("ipam", ["host-local", "cilium-kubernetes", "gke"])
def test_knl204__fires_where_the_ipam_uses_pod_cidrs(ipam):
    assert objects("KNL204", node("a", pod_cidrs=["10.244.0.0/24"]), node("b"), ipam=ipam) == ["Node b"]


@pytest.mark.parametrize("ipam", ["calico", "aws-vpc-cni", "cilium-cluster-pool", "azure-overlay", "unknown"])
def test_knl204__is_silent_under_other_ipams(ipam):
    assert objects("KNL204", node(), ipam=ipam) == []


def test_knl204__is_silent_without_the_setting():
    assert len(check(cluster(node()), ["KNL204"])) == 0


def test_knl204__counts_a_plugins_own_default():
    assert objects("KNL204", node(), origin=Origin.DEFAULT) == ["Node a"]


@pytest.mark.parametrize("other", ["10.244.0.0/24", "10.244.0.128/25", "10.244.0.0/16"])
def test_knl205__fires_on_both_nodes(other):
    values = (
        node("a", pod_cidrs=["10.244.0.0/24"]),
        node("b", pod_cidrs=[other]),
        node("c", pod_cidrs=["10.9.0.0/24"]),
    )

    assert objects("KNL205", *values) == ["Node a", "Node b"]


def test_knl205__finds_every_node_of_a_crowd():
    crowd = [node(f"n{i}", pod_cidrs=["10.244.0.0/24", "10.244.0.0/25"]) for i in range(5)]
    wide = node("wide", pod_cidrs=["10.0.0.0/8"])

    assert set(objects("KNL205", wide, *crowd)) == {"Node wide", *(f"Node n{i}" for i in range(5))}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(
            [node("a", pod_cidrs=["10.244.0.0/24"]), node("b", pod_cidrs=["10.244.1.0/24"])], id="neighbours"
        ),
        pytest.param([node("a"), node("b")], id="none"),
        pytest.param([node("a", pod_cidrs=["10.244.0.0/24", "10.244.0.0/24"])], id="one node twice"),
        pytest.param([node("a", pod_cidrs=["10.244.0.0/24", "fd00::/64"])], id="dual stack"),
    ],
)
def test_knl205__is_silent_on_neighbours(values):
    assert objects("KNL205", *values) == []


@pytest.mark.parametrize(
    ("ipam", "cidrs", "n_held"),
    [
        ("host-local", ["10.244.0.0/25"], 125),
        ("host-local", ["10.244.0.0/24", "fd00::/125"], 6),
        ("cilium-kubernetes", ["10.244.0.0/24"], 252),
        ("gke", ["10.4.0.0/24"], 128),
    ],
)
def test_knl206__fires_one_above_what_the_pod_cidr_holds(ipam, cidrs, n_held):
    assert objects("KNL206", node(pod_cidrs=cidrs, pods=str(n_held)), ipam=ipam) == []
    assert objects("KNL206", node(pod_cidrs=cidrs, pods=str(n_held + 1)), ipam=ipam) == ["Node a"]


@pytest.mark.parametrize("ipam", ["calico", "aws-vpc-cni", "unknown"])
def test_knl206__is_silent_where_the_pod_cidr_is_no_limit(ipam):
    assert objects("KNL206", node(pod_cidrs=["10.244.0.0/28"]), ipam=ipam) == []


def test_knl206__is_silent_where_nothing_is_known_of_a_family():
    assert objects("KNL206", node(pod_cidrs=["fd00::/125"]), ipam="gke") == []


@pytest.mark.parametrize("pods", ["", "many"])
def test_knl206__needs_the_capacity(pods):
    assert objects("KNL206", node(pod_cidrs=["10.244.0.0/28"], pods=pods)) == []


@pytest.mark.parametrize(
    ("cidrs", "found"), [(["10.0.0.0/26"], ["Node a"]), (["10.0.0.0/26", "10.0.1.0/26"], [])]
)
def test_knl206__adds_up_the_ranges_of_a_cilium_node(cidrs, found):
    cilium = CiliumNode(metadata("a"), CiliumNodeSpec(CiliumNodeIpam(tuple(cidrs))))

    assert objects("KNL206", node(pods="110"), cilium, ipam="cilium-cluster-pool") == found


@pytest.mark.parametrize(
    ("subnets", "found"),
    [
        (json.dumps({"default": ["10.128.0.0/26"]}), ["Node a"]),
        (json.dumps({"default": "10.128.0.0/26"}), ["Node a"]),
        (json.dumps({"default": ["10.128.0.0/23"]}), []),
        (json.dumps({"default": [7, "nonsense"]}), []),
        (json.dumps(["10.128.0.0/26"]), []),
        ("{", []),
        ("[" * 100_000, []),
        ("", []),
    ],
)
def test_knl206__reads_the_annotation_of_ovn(subnets, found):
    value = node(annotations={"k8s.ovn.org/node-subnets": subnets})

    assert objects("KNL206", value, ipam="ovn-kubernetes") == found


def test_knl206__takes_azure_overlay_blocks_of_24_bits():
    config = NodeNetworkConfig(
        metadata("kube-system/a"),
        status=NodeNetworkConfigStatus(network_containers=(NetworkContainer(primary_ip="10.244.0.0/24"),)),
    )

    assert objects("KNL206", node(pods="250"), config, ipam="azure-overlay") == []
    assert objects("KNL206", node(pods="251"), config, ipam="azure-overlay") == ["Node a"]


def cluster_ips(n_services):
    return [
        service(f"shop/s{i}", cluster_ip=f"10.96.0.{i}", cluster_ips=(f"10.96.0.{i}",))
        for i in range(1, n_services + 1)
    ]


@pytest.mark.parametrize(("n_services", "found"), [(11, []), (12, ["Cluster"])])  # of 14 usable addresses
def test_knl207__counts_cluster_ips_in_the_service_range(n_services, found):
    assert objects("KNL207", *cluster_ips(n_services), service_cidr=("10.96.0.0/28",)) == found


def test_knl207__does_not_count_in_an_inferred_range():
    assert objects("KNL207", *cluster_ips(14), origin=Origin.INFERRED, service_cidr=("10.96.0.0/28",)) == []


def nodes(n_nodes):
    return [node(f"n{i}", pod_cidrs=[f"10.244.{i}.0/24"]) for i in range(n_nodes)]


@pytest.mark.parametrize(("n_nodes", "found"), [(12, []), (13, ["Cluster"])])  # of 16 blocks
def test_knl207__counts_blocks_handed_to_nodes(n_nodes, found):
    assert objects("KNL207", *nodes(n_nodes), cluster_cidr=("10.244.0.0/20",)) == found


def test_knl207__blocks_that_the_service_range_touches_are_lost():
    settings = {"cluster_cidr": ("10.244.0.0/21",), "service_cidr": ("10.244.7.0/26",)}

    assert objects("KNL207", *nodes(6), cluster_cidr=("10.244.0.0/21",)) == []
    assert objects("KNL207", *nodes(6), **settings) == ["Cluster"]


@pytest.mark.parametrize(("n_allocated", "found"), [(51, []), (52, ["Cluster"])])  # of 64
def test_knl207__counts_addresses_of_calico_pools(n_allocated, found):
    pool = IPPool(metadata("p"), IpPoolSpec("10.1.0.0/26"))
    block = IPAMBlock(metadata("b"), IpamBlockSpec("10.1.0.0/26", allocations=(0,) * n_allocated))

    assert objects("KNL207", pool, block, ipam="calico") == found


def running(n_pods, **fields):
    return [pod(f"shop/p{i}", ips=[f"10.244.0.{i}"], node_name="a", **fields) for i in range(2, n_pods + 2)]


@pytest.mark.parametrize(
    ("pods", "found"),
    [
        pytest.param(running(10), [], id="10 of 13"),
        pytest.param(running(11), ["Node a"], id="11 of 13"),
        pytest.param(running(11, host_network=True), [], id="host network"),
        pytest.param(running(11, phase="Succeeded"), [], id="finished"),
    ],
)
def test_knl207__counts_pods_in_a_nodes_range(pods, found):
    assert objects("KNL207", node(pod_cidrs=["10.244.0.0/28"]), *pods) == found


@pytest.mark.parametrize(("n_pods", "found"), [(25, []), (26, ["Node a"])])  # of 32 addresses, for 16 pods
def test_knl207__counts_addresses_not_pods_on_gke(n_pods, found):
    assert objects("KNL207", node(pod_cidrs=["10.244.0.0/27"]), *running(n_pods), ipam="gke") == found


def test_knl207__says_what_the_tables_of_ranges_and_nodes_say():
    value = cluster(
        node(pod_cidrs=["10.244.0.0/28"]),
        *running(11),
        *cluster_ips(12),
        settings={"ipam": "host-local", "service_cidr": ("10.96.0.0/28",)},
    )

    messages = [finding.message for finding in check(value, ["KNL207"])]
    shares = [*range_use(value).frame["used_share"], *node_use(value).frame["used_share"]]

    assert messages == [
        "The Service range 10.96.0.0/28 is 85.7 % used: 12 of 14 addresses.",
        "The pod CIDR 10.244.0.0/28 is 84.6 % used: 11 of 13 addresses.",
    ]
    assert shares == [pytest.approx(12 / 14), pytest.approx(11 / 13)]


@pytest.mark.parametrize("spec", [IpPoolSpec("10.1.0.0/30", disabled=True), IpPoolSpec("10.1.0.0/16")])
def test_knl207__is_silent_on_disabled_and_large_pools(spec):
    pods = [pod(f"shop/p{i}", ips=[f"10.1.0.{i}"]) for i in range(4)]

    assert objects("KNL207", IPPool(metadata("p"), spec), *pods, ipam="calico") == []


def test_knl207__is_silent_on_load_balancer_pools():
    pool = IPAddressPool(metadata("metallb-system/p"), IpAddressPoolSpec(addresses=("10.9.0.1/32",)))

    assert objects("KNL207", pool, service(addresses=["10.9.0.1"])) == []


def test_knl205__compares_what_cilium_gave_the_nodes():
    cilium = [
        CiliumNode(metadata(name), CiliumNodeSpec(CiliumNodeIpam(("10.0.0.0/26",)))) for name in ("a", "b")
    ]

    assert objects("KNL205", *cilium, ipam="cilium-cluster-pool") == ["Node a", "Node b"]


def test_knl205__is_silent_where_the_ipam_ignores_pod_cidrs():
    values = node("a", pod_cidrs=["10.244.0.0/24"]), node("b", pod_cidrs=["10.244.0.0/24"])

    assert objects("KNL205", *values, ipam="calico") == []
