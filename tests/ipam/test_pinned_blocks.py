import pytest

from kubenetlab.ipam.pinned_blocks import pinned_blocks
from kubenetlab.objects.address_pools import AllocationAttribute, IPAMBlock, IpamBlockSpec
from tests.builders import cluster, metadata, node, pod


def block(cidr, host, *attributes):
    spec = IpamBlockSpec(
        cidr=cidr, affinity=f"host:{host}", allocations=tuple(range(len(attributes))), attributes=attributes
    )
    return IPAMBlock(metadata(cidr), spec)


def of_pod(name):
    return AllocationAttribute(f"k8s-pod-network.{name}", {"namespace": "shop", "pod": name, "node": "a"})


def found(*objects):
    return pinned_blocks(cluster(*objects, settings={"ipam": "calico"})).frame.set_index("block")


CART = pod("shop/cart", node_name="a", ips=("192.168.0.0",))


def test_pinned_blocks__tells_pods_tunnels_leaks_and_the_rest_apart():
    tunnel = AllocationAttribute("vxlan-tunnel-addr-a", {"node": "a", "type": "vxlanTunnelAddress"})
    value = block("192.168.0.0/26", "a", of_pod("cart"), tunnel, of_pod("gone"), AllocationAttribute())

    row = found(node("a"), CART, value).iloc[0]

    assert row[["n_held", "n_pods", "n_tunnels", "n_leaked", "n_other"]].tolist() == [4, 1, 1, 1, 1]
    assert not row["is_pinned"]


@pytest.mark.parametrize(
    "handle", ["ipip-tunnel-addr-a", "wireguard-tunnel-addr-a-ipv6", "windows-reserved-ipam-handle"]
)
def test_pinned_blocks__knows_calicos_own_handles(handle):
    row = found(node("a"), CART, block("192.168.0.64/26", "a", AllocationAttribute(handle, {}))).iloc[0]

    assert row["n_tunnels"] == 1


def test_pinned_blocks__a_block_is_pinned_where_its_node_has_another():
    both = (
        block("192.168.0.0/26", "a", of_pod("cart")),
        block("192.168.0.64/26", "a", of_pod("x"), of_pod("y")),
    )

    frame = found(node("a"), CART, *both)

    assert frame["is_pinned"].tolist() == [True, False]
    assert frame["pinned_by"].tolist() == ["Pod shop/cart", ""]


def test_pinned_blocks__the_only_block_of_a_node_is_not_pinned():
    assert not found(node("a"), CART, block("192.168.0.0/26", "a", of_pod("cart")))["is_pinned"].any()


def test_pinned_blocks__a_block_of_a_node_that_is_gone():
    result = pinned_blocks(
        cluster(node("a"), CART, block("192.168.0.64/26", "old", of_pod("old")), settings={"ipam": "calico"})
    )
    row = result.frame.iloc[0]

    assert (row["is_node_gone"], row["is_pinned"], row["pinned_by"]) == (True, True, "Pod shop/old (gone)")
    assert result.because == (
        "blocks of nodes that are gone: 1",
        "blocks pinned by one address: 1, which keep 63 free addresses from other nodes' blocks",
        "addresses held for pods that do not run: 1",
    )


def test_pinned_blocks__without_pods_nobody_knows_who_is_gone():
    row = found(node("a"), block("192.168.0.0/26", "a", of_pod("cart"))).iloc[0]

    assert row[["n_pods", "n_leaked", "n_other"]].isna().all()


def test_pinned_blocks__without_nodes_no_node_is_gone():
    assert not found(CART, block("192.168.0.0/26", "a", of_pod("cart")))["is_node_gone"].any()


def test_pinned_blocks__an_index_without_attribute_is_not_known():
    spec = IpamBlockSpec(cidr="192.168.0.64/26", affinity="host:a", allocations=(7, -1))

    assert found(node("a"), CART, IPAMBlock(metadata("b"), spec))["n_other"].tolist() == [2]


def test_pinned_blocks__of_a_cluster_without_calico_is_empty():
    assert found(node("a")).empty
