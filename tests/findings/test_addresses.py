"""KNL201 to KNL203, KNL214: ranges that lie where they must not."""

import pytest

from kubenetlab.findings import check
from kubenetlab.objects.address_pools import IPPool, IpPoolSpec
from kubenetlab.result import Origin
from tests.builders import cluster, config_map, metadata, node, service

RANGES = {"cluster_cidr": ("10.244.0.0/16",), "service_cidr": ("10.96.0.0/12",), "ipam": "host-local"}
NODE = node(ip="192.168.1.5", pod_cidrs=["10.244.0.0/24"])


def messages(code, *values, origin=Origin.READ, **settings):
    return [
        f.message for f in check(cluster(*values, settings={**RANGES, **settings}, origin=origin), [code])
    ]


def test_knl201__is_silent_on_ranges_apart():
    assert messages("KNL201", NODE, service(cluster_ip="10.96.0.10")) == []


def test_knl201__fires_on_pods_and_services():
    assert messages("KNL201", cluster_cidr=("10.0.0.0/8",)) == [
        "The pod range 10.0.0.0/8 overlaps the Service range 10.96.0.0/12."
    ]


@pytest.mark.parametrize(
    ("ip", "role"), [("10.244.9.9", "pod range 10.244.0.0/16"), ("10.97.0.1", "Service range 10.96.0.0/12")]
)
def test_knl201__fires_on_a_node_inside_a_range(ip, role):
    assert messages("KNL201", NODE, node("b", ip=ip)) == [f"The {role} overlaps the node range {ip}."]


def test_knl201__ignores_defaults():
    assert messages("KNL201", NODE, origin=Origin.DEFAULT, cluster_cidr=("10.0.0.0/8",)) == []


def test_knl201__takes_objects_where_ranges_are_inferred():
    values = node(ip="10.0.1.5", pod_cidrs=["10.0.1.0/24"]), service(cluster_ip="10.0.2.1")

    assert messages("KNL201", *values, origin=Origin.INFERRED, cluster_cidr=("10.0.0.0/8",)) == [
        "The pod range 10.0.1.0/24 overlaps the node range 10.0.1.5."
    ]


def test_knl201__compares_stated_node_ranges():
    assert len(messages("KNL201", node_cidr=("10.0.0.0/8",))) == 2


@pytest.mark.parametrize("ipam", ["aws-vpc-cni", "azure-node-subnet", "azure-pod-subnet", "cilium-eni"])
def test_knl201__pods_and_nodes_share_a_subnet_by_design(ipam):
    values = node(ip="10.0.1.5"), node("b", ip="10.0.2.5")

    assert messages("KNL201", *values, ipam=ipam, cluster_cidr=("10.0.0.0/16",)) == []


def test_knl201__knows_both_families():
    settings = {
        "cluster_cidr": ("10.244.0.0/16", "fd00::/48"),
        "service_cidr": ("10.96.0.0/12", "fd00::/108"),
    }

    assert messages("KNL201", **settings) == [
        "The pod range fd00::/48 overlaps the Service range fd00::/108."
    ]


@pytest.mark.parametrize(("disabled", "n_found"), [(False, 1), (True, 0)])
def test_knl201__takes_enabled_calico_pools_for_the_pod_ranges(disabled, n_found):
    pool = IPPool(metadata("p"), IpPoolSpec("192.168.0.0/16", disabled=disabled))

    assert len(messages("KNL201", NODE, pool, ipam="calico")) == n_found


def test_knl201__lists_the_first_pairs_only():
    nodes = [node(str(i), ip=f"10.244.0.{i}") for i in range(1, 9)]

    (finding,) = check(cluster(*nodes, settings=RANGES), ["KNL201"])

    assert finding.evidence[0].endswith("and 3 more")


@pytest.mark.parametrize("cidr", ["169.254.0.0/17", "169.0.0.0/8", "fe80::/64"])
def test_knl202__fires_on_link_local_ranges(cidr):
    assert len(messages("KNL202", cluster_cidr=(cidr,))) == 1


@pytest.mark.parametrize("cidr", ["169.253.0.0/16", "fec0::/10"])
def test_knl202__is_silent_beside_them(cidr):
    assert messages("KNL202", NODE, cluster_cidr=(cidr,)) == []


DOCKER = node("d", ip="192.168.1.6", runtime="docker://28.0.4")


def test_knl203__fires_where_a_node_runs_docker():
    assert messages("KNL203", NODE, DOCKER, cluster_cidr=("172.16.0.0/14",)) == [
        "The pod range 172.16.0.0/14 overlaps the docker0 range 172.17.0.0/16."
    ]


@pytest.mark.parametrize(("value", "cidr"), [(NODE, "172.16.0.0/14"), (DOCKER, "172.18.0.0/16")])
def test_knl203__is_silent_on_other_runtimes_and_ranges(value, cidr):
    assert messages("KNL203", value, cluster_cidr=(cidr,)) == []


OVN = {
    "ipam": "ovn-kubernetes",
    "cluster_cidr": ("10.128.0.0/14", "fd01::/48"),
    "service_cidr": ("172.30.0.0/16",),
}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"cluster_cidr": ("100.64.0.0/10",)},
            "pod range 100.64.0.0/10 overlaps the OVN-Kubernetes range 100.64.0.0/16, 100.88.0.0/16.",
        ),
        (
            {"service_cidr": ("100.88.255.0/24",)},
            "Service range 100.88.255.0/24 overlaps the OVN-Kubernetes range 100.88.0.0/16.",
        ),
        (
            {"cluster_cidr": ("fd97::/60",)},
            "pod range fd97::/60 overlaps the OVN-Kubernetes range fd97::/64.",
        ),
        (
            {"service_cidr": ("fd69::/112",)},
            "Service range fd69::/112 overlaps the OVN-Kubernetes range fd69::/125.",
        ),
    ],
)
def test_knl214__fires_on_ranges_in_ovns_own_networks(settings, words):
    assert messages("KNL214", **(OVN | settings)) == [f"The {words}"]


def test_knl214__fires_on_nodes_in_the_join_network():
    assert messages("KNL214", node(ip="100.64.3.4"), **OVN) == [
        "The node range 100.64.3.4 overlaps the OVN-Kubernetes range 100.64.0.0/16."
    ]


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (OVN, [node(ip="10.0.0.4")]),
        (OVN | {"ipam": "host-local", "cluster_cidr": ("100.64.0.0/16",)}, []),
        (OVN | {"cluster_cidr": ("100.65.0.0/16",)}, []),
        (OVN | {"service_cidr": ("169.254.169.8/29",)}, []),
    ],
)
def test_knl214__is_silent_on_ranges_apart_and_other_plugins(settings, values):
    assert messages("KNL214", *values, **settings) == []


@pytest.mark.parametrize(
    "stated",
    [
        config_map(
            "openshift-ovn-kubernetes/ovnkube-config",
            **{"ovnkube.conf": '[gateway]\nv4-join-subnet="100.99.0.0/16"\n'},
        ),
        config_map(
            "openshift-ovn-kubernetes/ovnkube-script-lib",
            **{"ovnkube-lib.sh": 'ovn_v4_join_subnet_opt="--gateway-v4-join-subnet 100.99.0.0/16"'},
        ),
    ],
)
def test_knl214__the_networks_that_the_dump_states_count(stated):
    moved = OVN | {"cluster_cidr": ("100.64.0.0/16",)}

    assert messages("KNL214", stated, **moved) == []
    assert len(messages("KNL214", stated, **(OVN | {"cluster_cidr": ("100.99.4.0/22",)}))) == 1


@pytest.mark.parametrize(
    "line", ["#v4-join-subnet=100.99.0.0/16", "v4-join-subnet=100.99.0.0/99", "v4-join-subnet=fd00::/64"]
)
def test_knl214__what_is_no_statement_moves_nothing(line):
    stated = config_map("openshift-ovn-kubernetes/ovnkube-config", **{"ovnkube.conf": line})

    assert len(messages("KNL214", stated, **(OVN | {"cluster_cidr": ("100.64.0.0/16",)}))) == 1
