import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.range_use import node_use, range_occupancy, range_use
from kubenetlab.objects import IPAddressPool, IPPool, Node
from kubenetlab.objects.address_pools import (
    IpAddressPoolSpec,
    IPAMBlock,
    IpamBlockSpec,
    IpPoolSpec,
    ServiceCIDR,
    ServiceCidrSpec,
)
from kubenetlab.objects.listings import CloudSubnet, Listings
from kubenetlab.objects.node import NodeSpec, Taint
from kubenetlab.result import Origin
from tests.builders import cluster, metadata, node, pod, service

KUBEADM = {"cluster_cidr": ("10.244.0.0/16",), "service_cidr": ("10.96.0.0/24",), "ipam": "host-local"}


def row(result, text):
    return result.frame.set_index("range").loc[text]


def test_range_use__counts_node_ranges_given_out_of_the_pod_range():
    value = cluster(
        node("a", pod_cidrs=("10.244.0.0/24",)),
        node("b", pod_cidrs=("10.244.7.0/24",)),
        pod("shop/cart-1", ips=("10.244.0.5",)),
        settings=KUBEADM,
    )

    use = row(range_use(value), "10.244.0.0/16")

    assert (use["unit"], use["n_used"], use["n_free"], use["n_held"]) == ("given to nodes", 512, 65024, 1)
    assert use["used_share"] == pytest.approx(512 / 65536)


def test_range_use__counts_overlapping_node_ranges_once():
    value = cluster(
        node("a", pod_cidrs=("10.244.0.0/23",)), node("b", pod_cidrs=("10.244.1.0/24",)), settings=KUBEADM
    )

    assert row(range_use(value), "10.244.0.0/16")["n_used"] == 512


def test_range_use__ignores_node_ranges_where_the_ipam_does():
    # Calico's IPAM takes blocks of its pools and never looks at spec.podCIDR.
    # A block counts by its addresses in use: other nodes may take the rest.
    spec = IpamBlockSpec(cidr="192.168.5.64/26", affinity="host:a", allocations=(0, None, 1))
    block = IPAMBlock(metadata("b"), spec)
    value = cluster(
        node("a", pod_cidrs=("192.168.0.0/24",)),
        IPPool(metadata("p"), IpPoolSpec(cidr="192.168.0.0/16")),
        block,
        settings={"cluster_cidr": ("192.168.0.0/16",), "ipam": "calico"},
    )

    frame = range_use(value).frame

    assert frame[["unit", "n_used"]].to_numpy().tolist() == [["addresses", 2]]


def test_range_use__what_calico_holds_are_its_allocations_and_running_pods_own_some_of_them():
    # .64 belongs to a tunnel and .66 to nobody in the dump; the pod's .67 is not (yet) in the block's books.
    spec = IpamBlockSpec(cidr="192.168.5.64/26", affinity="host:a", allocations=(0, 1, 2, None))
    value = cluster(
        IPAMBlock(metadata("b"), spec),
        IPPool(metadata("p"), IpPoolSpec(cidr="192.168.0.0/16")),
        pod("shop/a", ips=("192.168.5.65",)),
        pod("shop/b", ips=("192.168.5.67",)),
        settings={"ipam": "calico"},
    )

    use = row(range_use(value), "192.168.0.0/16")

    assert (use["n_used"], use["n_held"], use["n_owned"]) == (3, 3, 1)


def test_range_occupancy__shows_what_calicos_blocks_hold():
    spec = IpamBlockSpec(cidr="192.168.5.64/26", affinity="host:a", allocations=(None, 1, *[2] * 62))
    value = cluster(
        IPAMBlock(metadata("b"), spec),
        IPPool(metadata("p"), IpPoolSpec(cidr="192.168.5.0/24")),
        settings={"ipam": "calico"},
    )

    frame = range_occupancy(value, n_parts=4).frame

    assert frame["n_held"].tolist() == [0, 63, 0, 0]


def test_range_use__service_range_loses_network_and_broadcast():
    value = cluster(service("shop/cart", cluster_ip="10.96.0.10"), settings=KUBEADM)

    use = row(range_use(value), "10.96.0.0/24")

    assert (use["n_usable"], use["n_used"], use["n_free"]) == (254, 1, 253)


def test_range_use__says_nothing_about_what_the_dump_lacks():
    value = cluster(node("a"), settings={"service_cidr": ("10.96.0.0/24",), "cluster_cidr": ("10.0.0.0/8",)})

    assert range_use(value).frame["n_used"].isna().all()


@pytest.mark.parametrize("setting", ["node_cidr", "cluster_cidr"])
def test_range_use__of_an_inferred_range_nobody_knows_what_is_usable_or_free(setting):
    value = cluster(
        node("a", ip="10.0.0.4"),
        pod("shop/a", ips=("10.0.0.9",)),
        settings={setting: ("10.0.0.0/24",)},
        origin=Origin.INFERRED,
    )

    use = row(range_use(value), "10.0.0.0/24")

    assert use["n_used"] == 1
    assert use[["n_usable", "n_free", "used_share"]].isna().all()


def test_range_use__ipv6_counts_do_not_wrap():
    value = cluster(
        node("a", pod_cidrs=("fd00:10:244::/64",)),
        settings={"cluster_cidr": ("fd00:10:244::/56",), "ipam": "host-local"},
    )

    use = row(range_use(value), "fd00:10:244::/56")

    assert (use["n_used"], use["n_free"]) == (2**64, 2**72 - 2**64)


def test_range_use__reads_load_balancer_pools():
    texts = ("10.9.0.10-10.9.0.19", "10.8.0.0/29")
    pool = IPAddressPool(metadata("metallb-system/p"), IpAddressPoolSpec(addresses=texts))

    frame = range_use(cluster(pool, service("shop/cart"))).frame

    assert frame["range"].tolist() == list(texts)
    assert frame["n_usable"].tolist() == [10, 8]


def test_range_use__finished_and_host_network_pods_hold_nothing():
    value = cluster(
        pod("shop/a", ips=("10.244.0.5",), phase="Succeeded"),
        pod("shop/b", ips=("10.244.0.6",), host_network=True),
        settings={"cluster_cidr": ("10.244.0.0/16",), "ipam": "aws-vpc-cni"},
    )

    assert row(range_use(value), "10.244.0.0/16")["n_held"] == 0


@given(st.integers(1, 300), st.lists(st.integers(0, 255), max_size=40))
def test_range_occupancy__parts_add_up_to_the_range(n_parts, hosts):
    services = [service(f"shop/s{host}", cluster_ip=f"10.96.0.{host}") for host in sorted(set(hosts))]
    value = cluster(service("shop/other", cluster_ip="10.97.0.1"), *services, settings=KUBEADM)

    frame = range_occupancy(value, n_parts).frame.query("role == 'Service range'")

    assert len(frame) == min(n_parts, 256)
    assert frame["n_addresses"].sum() == 256
    assert frame["n_held"].sum() == len(set(hosts))


def test_node_use__the_tighter_limit_decides():
    value = cluster(
        node("wide", pod_cidrs=("10.244.0.0/24",), pods="110"),
        node("narrow", pod_cidrs=("10.244.1.0/28",), pods="110"),
        pod("shop/a", node_name="narrow", ips=("10.244.1.5",)),
        pod("shop/b", node_name="narrow", host_network=True),
        settings=KUBEADM,
    )

    frame = node_use(value).frame.set_index("node")

    assert frame["limit"].to_dict() == {"wide": "max_pods", "narrow": "pod CIDR"}
    assert frame.loc["narrow", ["n_pods", "n_host_network", "n_addresses", "n_free"]].tolist() == [
        2,
        1,
        13,
        12,
    ]
    assert frame.loc["narrow", "used_share"] == pytest.approx(1 / 13)


def test_node_use__knows_nothing_without_pods():
    frame = node_use(cluster(node("a", pod_cidrs=("10.244.0.0/24",)), settings=KUBEADM)).frame

    assert frame[["n_pods", "n_free", "used_share"]].isna().all(axis=None)


def test_node_use__with_calico_a_node_has_its_blocks():
    cidrs = {"c": "192.168.5.64/26", "b": "192.168.5.0/26", "other": "192.168.9.0/26"}
    blocks = [
        IPAMBlock(
            metadata(name), IpamBlockSpec(cidr=cidr, affinity="host:b" if name == "other" else "host:a")
        )
        for name, cidr in cidrs.items()
    ]
    value = cluster(node("a", pod_cidrs=("10.244.0.0/24",)), *blocks, settings={"ipam": "calico"})

    assert node_use(value).frame["pod_cidr"].tolist() == ["192.168.5.0/26, 192.168.5.64/26"]


@pytest.mark.parametrize(
    ("spec", "is_schedulable"),
    [
        (NodeSpec(), True),
        (NodeSpec(unschedulable=True), False),
        (NodeSpec(taints=(Taint("node-role.kubernetes.io/control-plane", "", "NoSchedule"),)), False),
        (NodeSpec(taints=(Taint("gpu", "yes", "NoExecute"),)), False),
        (NodeSpec(taints=(Taint("spot", "", "PreferNoSchedule"),)), True),
    ],
)
def test_node_use__knows_which_nodes_take_any_pod(spec, is_schedulable):
    value = cluster(Node(metadata("a"), spec))

    assert node_use(value).frame["is_schedulable"].tolist() == [is_schedulable]
    assert value.frame("nodes")["is_schedulable"].tolist() == [is_schedulable]


def test_node_use__dual_stack_takes_one_address_of_each_family():
    value = cluster(
        node("a", pod_cidrs=("10.244.0.0/26", "fd00::/64"), pods="110"),
        pod("shop/a", node_name="a"),
        settings=KUBEADM,
    )

    assert node_use(value).frame["n_addresses"].tolist() == [61]


def test_node_use__ipv6_counts_do_not_overflow():
    value = cluster(node("a", pod_cidrs=("fd00::/64",), pods="9" * 30), settings=KUBEADM)

    assert node_use(value).frame["n_addresses"].tolist() == [2**63 - 1]


def test_range_use__a_range_that_an_object_states_replaces_an_inferred_one():
    value = cluster(
        IPPool(metadata("p"), IpPoolSpec(cidr="192.168.0.0/16")),
        settings={"cluster_cidr": ("192.168.0.0/16",)},
        origin=Origin.INFERRED,
    )

    assert range_use(value).frame["object"].tolist() == ["IPPool p"]


def test_range_use__leaves_out_disabled_pools():
    value = cluster(IPPool(metadata("p"), IpPoolSpec(cidr="192.168.0.0/16", disabled=True)))

    assert range_use(value).frame.empty


def test_range_use__service_ranges_that_touch_one_part_take_it_once():
    settings = KUBEADM | {"service_cidr": ("10.244.9.0/28", "10.244.9.16/28"), "node_cidr_mask_size": 24}

    use = row(range_use(cluster(node("a", pod_cidrs=("10.244.1.0/24",)), settings=settings)), "10.244.0.0/16")

    assert (use["n_usable"], use["n_parts"]) == (65536 - 256, 255)


def test_range_use__pods_inside_services_have_nothing_usable_and_nothing_negative():
    nodes = [node(str(i), pod_cidrs=(f"10.96.{i}.0/24",)) for i in range(5)]
    settings = KUBEADM | {"cluster_cidr": ("10.96.0.0/20",), "service_cidr": ("10.96.0.0/12",)}

    result = range_use(cluster(*nodes, settings=settings))

    use = row(result, "10.96.0.0/20")
    assert use[["n_usable", "n_used", "n_free", "used_share"]].tolist() == [0, 1280, 0, 1.0]
    assert "10.96.0.0/20 has 1,280 addresses in use and 0 that may be: nothing is free" in result.because


def service_cidr(name, *ranges):
    return ServiceCIDR(metadata(name), ServiceCidrSpec(cidrs=ranges))


@pytest.mark.parametrize("origin", ["flag", "objects"])
def test_range_use__nodes_keep_clear_of_the_flags_service_range_only(origin):
    # kubernetes, range_allocator.go: further ServiceCIDR objects are not consulted
    objects = [service_cidr("kubernetes", "10.244.0.0/24"), service_cidr("more", "10.244.9.16/28")]
    stated = ("10.244.0.0/24",) if origin == "flag" else ("10.244.0.0/24", "10.244.9.16/28")
    settings = KUBEADM | {"service_cidr": stated, "node_cidr_mask_size": 24}

    use = row(
        range_use(cluster(node("a", pod_cidrs=("10.244.1.0/24",)), *objects, settings=settings)),
        "10.244.0.0/16",
    )

    assert (use["n_parts"], use["n_usable"]) == (255, 65536 - 256)


def test_range_use__an_ovn_mask_that_the_component_refuses_has_no_parts():
    settings = {"cluster_cidr": ("10.128.0.0/24",), "ipam": "ovn-kubernetes", "node_cidr_mask_size": 32}
    subnets = {"k8s.ovn.org/node-subnets": '{"default": ["10.128.0.7/32"]}'}

    use = row(range_use(cluster(node("a", annotations=subnets), settings=settings)), "10.128.0.0/24")

    assert use["n_parts"] == 0


@pytest.mark.parametrize(("ipam", "n_held"), [("aws-vpc-cni", [1, 2]), ("host-local", [])])
def test_range_occupancy__listed_subnets_hold_nodes_and_pods_of_a_flat_network(ipam, n_held):
    subnets = tuple(CloudSubnet("aws", name, f"10.0.{name}.0/24") for name in "123")
    value = cluster(
        node("a", ip="10.0.1.4"),
        pod("shop/a", ips=("10.0.2.5",)),
        pod("shop/b", ips=("10.0.2.6",)),
        settings={"ipam": ipam},
    ).with_(listings=Listings(subnets=subnets))

    frame = range_occupancy(value, n_parts=1).frame

    assert frame["range"].tolist() == ["10.0.1.0/24", "10.0.2.0/24"][: len(n_held)]
    assert frame["n_held"].tolist() == n_held
