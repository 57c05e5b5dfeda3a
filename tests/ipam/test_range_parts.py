import pytest

from kubenetlab.ipam.range_use import node_use, range_use
from kubenetlab.objects import IPPool
from kubenetlab.objects.address_pools import IPAMBlock, IpamBlockSpec, IpPoolSpec
from kubenetlab.result import Origin
from tests.builders import cluster, metadata, node, pod, service

KUBEADM = {
    "cluster_cidr": ("10.244.0.0/22",),
    "service_cidr": ("10.96.0.0/24",),
    "ipam": "host-local",
    "node_cidr_mask_size": 24,
}
COLUMNS = ["largest_free", "part", "n_parts", "n_parts_free"]


def parts(value, text):
    return range_use(value).frame.set_index("range").loc[text, COLUMNS].tolist()


def test_range_use__a_pod_range_has_node_cidrs_left():
    value = cluster(node("a", pod_cidrs=("10.244.1.0/24",)), settings=KUBEADM)

    assert parts(value, "10.244.0.0/22") == ["10.244.2.0/23", "/24", 4, 3]


def test_range_use__no_node_gets_a_part_that_a_service_range_touches():
    # facts, 1.1: a Service range of 10.244.2.16/28 costs 10.244.2.0/24
    value = cluster(
        node("a", pod_cidrs=("10.244.0.0/24",)), settings=KUBEADM | {"service_cidr": ("10.244.2.16/28",)}
    )

    assert parts(value, "10.244.0.0/22") == ["10.244.1.0/24", "/24", 3, 2]


def test_range_use__a_calico_pool_may_be_nearly_empty_and_have_no_block():
    # calico issue 7382: 13 % of the addresses in use, and no free block
    blocks = [
        IPAMBlock(metadata(str(i)), IpamBlockSpec(cidr=f"192.168.32.{i * 16}/28", allocations=(0,)))
        for i in range(16)
    ]
    pool = IPPool(metadata("p"), IpPoolSpec(cidr="192.168.32.0/24", block_size=28))

    value = cluster(pool, *blocks, settings={"ipam": "calico"})

    assert parts(value, "192.168.32.0/24") == ["none", "/28", 16, 0]
    assert range_use(value).frame["n_used"].tolist() == [16]


def test_range_use__without_blocks_in_the_dump_nobody_knows_how_many_are_free():
    value = cluster(
        IPPool(metadata("p"), IpPoolSpec(cidr="192.168.32.0/24")),
        pod("shop/a", ips=("192.168.32.5",)),
        settings={"ipam": "calico"},
    )

    found = range_use(value).frame.iloc[0]

    assert (found["n_parts"], found["n_parts_free"] is None or found.isna()["n_parts_free"]) == (4, True)


def test_range_use__single_addresses_leave_the_largest_free_block():
    value = cluster(service("shop/cart", cluster_ip="10.96.0.10"), settings=KUBEADM)

    assert (
        parts(value, "10.96.0.0/24")[0] == "10.96.0.64/26"
    )  # not 10.96.0.128/25: the broadcast address is no Service's


def test_range_use__of_an_inferred_range_nothing_is_known():
    value = cluster(node("a"), settings={"node_cidr": ("10.0.0.0/24",)}, origin=Origin.INFERRED)

    assert range_use(value).frame[COLUMNS].isna().all(axis=None)


@pytest.mark.parametrize("mask", [21, None])
def test_range_use__a_mask_that_cannot_be_leaves_parts_unknown(mask):
    value = cluster(node("a", pod_cidrs=("10.244.1.0/24",)), settings=KUBEADM | {"node_cidr_mask_size": mask})

    found = range_use(value).frame.set_index("range").loc["10.244.0.0/22"]

    assert found["largest_free"] == "10.244.2.0/23"
    assert found[["part", "n_parts", "n_parts_free"]].isna().all()


def test_node_use__says_the_largest_free_block_of_a_node():
    value = cluster(
        node("a", pod_cidrs=("10.244.1.0/24", "fd00::/64")),
        node("b"),
        pod("shop/a", node_name="a", ips=("10.244.1.130", "fd00::5")),
        settings=KUBEADM,
    )

    found = node_use(value).frame["largest_free"]

    assert found.iloc[0] == "10.244.1.0/25"
    assert found.isna().tolist() == [False, True]


def test_node_use__of_calico_counts_what_the_blocks_hold():
    spec = IpamBlockSpec(cidr="192.168.5.0/26", affinity="host:a", allocations=(0, *[None] * 31, 1))
    value = cluster(node("a"), pod("shop/a"), IPAMBlock(metadata("b"), spec), settings={"ipam": "calico"})

    assert node_use(value).frame["largest_free"].tolist() == ["192.168.5.16/28"]
