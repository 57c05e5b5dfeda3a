import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.calico_blocks import (
    CalicoIpam,
    CalicoIpamError,
    IpPool,
    fnv32,
    limits,
    nodes_without_borrowing,
)
from tests.ipam.limit_tables import NODES, PODS, PODS_PER_NODE, bounds

HOSTS = st.text(min_size=1, max_size=20)


@given(HOSTS, st.integers(20, 26), st.sampled_from([26, 27]))
def test_blocks__tile_the_pool(host, prefix_length, block_size):
    pool = IpPool(f"10.244.0.0/{prefix_length}", block_size)

    blocks = list(pool.blocks(host))

    assert len(blocks) == len(set(blocks)) == pool.n_blocks
    assert netaddr.cidr_merge(blocks) == [pool.network]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 99)), max_size=80))
def test_assign__addresses_are_unique_and_in_the_pool(steps):
    ipam, assigned = CalicoIpam([IpPool("10.0.0.0/26", 28)]), []
    for host, action, index in steps:
        if action and ipam.n_assigned < 64:
            assigned.append(ipam.assign(host))
        elif assigned:
            ipam.release(assigned.pop(index % len(assigned)))

        assert len(set(assigned)) == len(assigned) == ipam.n_assigned
    assert all(address in ipam.pools[0].network for address in assigned)


@given(st.integers(0, 16))
def test_assign__one_host_gets_every_address_of_its_blocks(n_more):
    ipam = CalicoIpam([IpPool("10.0.0.0/24", 28)])

    addresses = [ipam.assign("node-0") for _ in range(16 + n_more)]

    assert len(ipam.blocks_of("node-0")) == 1 + (n_more > 0)
    assert sorted(addresses[:16]) == addresses[:16]


def test_assign__takes_the_address_that_was_free_longest():
    ipam = CalicoIpam([IpPool("10.0.0.0/30", 30)])
    for _ in range(4):
        ipam.assign("node-0")
    for address in ("10.0.0.2", "10.0.0.0"):
        ipam.release(address)
    ipam.release("10.0.0.0")

    assert [str(ipam.assign("node-0")) for _ in range(2)] == ["10.0.0.2", "10.0.0.0"]


def test_assign__borrows_when_no_block_is_left():
    ipam = CalicoIpam([IpPool("10.0.0.0/29", 30)])
    first = [ipam.assign(host) for host in ("a", "b")]

    borrowed = ipam.assign("c")

    assert ipam.blocks_of("c") == []
    assert {int(address) & 3 for address in first} == {0}
    assert int(borrowed) & 3 == 1


def test_assign__takes_over_an_empty_block():
    ipam = CalicoIpam([IpPool("10.0.0.0/30", 30)])
    ipam.release(ipam.assign("a"))

    assert str(ipam.assign("b")) == "10.0.0.0"
    assert (ipam.blocks_of("a"), len(ipam.blocks_of("b"))) == ([], 1)


def test_assign__goes_on_in_the_next_pool():
    ipam = CalicoIpam([IpPool("10.0.0.0/30", 30), IpPool("10.1.0.0/30", 30)])

    addresses = [ipam.assign("a") for _ in range(5)]

    assert str(addresses[-1]) == "10.1.0.0"


def test_release_affinity__empty_blocks_are_gone_others_belong_to_nobody():
    ipam = CalicoIpam([IpPool("10.0.0.0/29", 30)])
    kept, *_ = (ipam.assign("a") for _ in range(5))
    for address in netaddr.IPNetwork("10.0.0.0/29"):
        if address != kept:
            ipam.release(address)

    ipam.release_affinity("a")

    assert ipam.blocks_of("a") == []
    assert ipam.assign("b") not in netaddr.IPNetwork((int(kept), 30), version=4)
    assert ipam.n_assigned == 2


# calico issue 7382: 64 nodes with a block each, and no free block while most addresses are free.
def test_assign__strict_affinity_runs_out_of_blocks():
    ipam = CalicoIpam([IpPool("192.168.32.0/20")], strict_affinity=True)
    for node in range(64):
        ipam.assign(f"node-{node}")

    with pytest.raises(
        CalicoIpamError,
        match=r"^Assigned 0 out of 1 requested IPv4 addresses; No more free affine blocks and strict affinity enabled$",
    ):
        ipam.assign("node-64")


def test_assign__raises_when_all_addresses_are_assigned():
    ipam = CalicoIpam([IpPool("10.0.0.0/30", 30), IpPool("10.1.0.0/30", 30)])
    for _ in range(8):
        ipam.assign("a")

    with pytest.raises(CalicoIpamError, match=r"No IPs available in pools: \[10.0.0.0/30 10.1.0.0/30\]"):
        ipam.assign("b")


@pytest.mark.parametrize(("limit", "n_blocks"), [(0, 20), (2, 2)])
def test_assign__refuses_more_blocks_than_a_host_may_have(limit, n_blocks):
    ipam = CalicoIpam([IpPool("10.0.0.0/24", 30)], strict_affinity=True, max_blocks_per_host=limit)
    for _ in range(n_blocks * 4):
        ipam.assign("a")

    with pytest.raises(CalicoIpamError, match="cannot allocate new block due to per host block limit"):
        ipam.assign("a")


def test_calico_ipam__refuses_a_limit_without_strict_affinity():
    with pytest.raises(ValueError, match="MaxBlocksPerHost requires StrictAffinity to be enabled"):
        CalicoIpam([IpPool("10.0.0.0/24")], max_blocks_per_host=2)


@pytest.mark.parametrize(
    ("cidr", "block_size", "message"),
    [("10.0.0.0/16", 19, "not one of 20 to 32"), ("fd00::/64", 64, "not one of 116 to 128"),
     ("10.0.0.0/27", 26, "IP pool size is too small for use with Calico IPAM")],
)  # fmt: skip
def test_ip_pool__refuses_what_calico_refuses(cidr, block_size, message):
    with pytest.raises(ValueError, match=message):
        IpPool(cidr, block_size)


def test_nodes_without_borrowing__tunnel_address_needs_no_second_block():
    assert nodes_without_borrowing(IpPool("192.168.0.0/16"), pods_per_node=63) == 1024


def test_fnv32__worked_example():  # the FNV-1 hash of "a", draft-eastlake-fnv
    assert fnv32("a") == 0x050C5D7E


# facts: 192.168.0.0/16 in /26 has 1,024 blocks; 110 pods and a tunnel need two: 512 nodes; 20 blocks a host.
# Issue 7382: 192.168.32.0/20 has 64 blocks, one for each of 64 nodes.
@pytest.mark.parametrize(
    ("pool", "max_pods", "nodes"),
    [
        ("192.168.0.0/16", 110, 512),
        ("192.168.0.0/16", 63, 1024),
        ("192.168.0.0/16", 64, 512),
        ("192.168.32.0/20", 60, 64),
    ],
)
def test_limits__worked_examples(pool, max_pods, nodes):
    found = bounds(limits, pod_cidrs=(pool,), max_pods=max_pods)

    assert (found[NODES], found[PODS_PER_NODE]) == ([nodes], [20 * 64 - 1])
    assert nodes_without_borrowing(IpPool(pool), max_pods) == nodes


@given(st.integers(24, 26), st.integers(26, 28), st.integers(1, 40))
def test_limits__are_the_full_nodes_with_blocks_of_their_own(prefix_length, block_size, max_pods):
    pool = f"10.0.0.0/{prefix_length}"
    ipam = CalicoIpam([IpPool(pool, block_size)], strict_affinity=True)
    n_nodes = 0
    try:
        while True:
            for _ in range(max_pods + 1):
                ipam.assign(f"node-{n_nodes}")
            n_nodes += 1
    except CalicoIpamError:
        pass

    found = bounds(limits, pod_cidrs=(pool,), block_size=block_size, max_pods=max_pods)

    assert (found[NODES], found[PODS]) == ([n_nodes], [2 ** (32 - prefix_length)])


def test_limits__of_both_families_and_several_pools():
    found = bounds(
        limits,
        pod_cidrs=("10.0.0.0/24", "10.9.0.0/24", "fd00::/120"),
        max_pods=60,
        max_surge=1,
    )

    assert (found[NODES], found[PODS]) == ([3, 7], [256, 512])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"block_size": 33}, "block_size 33 is not one of 20 to 32"),
        ({"block_size_ipv6": 64}, "block_size 64 is not one of 116 to 128"),
        ({"pod_cidrs": ("10.0.0.1/16",)}, "has host bits set"),
        ({"pod_cidrs": ("192.168.0.0/16", "10.0.0.0/28")}, "IP pool size is too small for use with Calico"),
        ({"pod_cidrs": ("169.254.0.0/16",)}, "overlaps with IPv4 Link Local range 169.254.0.0/16"),
        ({"pod_cidrs": ("169.254.8.0/24",)}, "overlaps with IPv4 Link Local range"),
        ({"pod_cidrs": ("fe80::/64",)}, "overlaps with IPv6 Link Local range fe80::/10"),
    ],
)
def test_limits__refuse(fields, message):
    with pytest.raises(ValueError, match=message):
        bounds(limits, **{"pod_cidrs": ("10.0.0.0/16", "fd00::/112"), **fields})


# libcalico-go, validator: "IP pool CIDR is not strictly masked".
def test_ip_pool__refuses_host_bits():
    with pytest.raises(ValueError, match="has host bits set"):
        IpPool("10.0.0.1/16")


def test_nodes_without_borrowing__refuses_negative_numbers():
    with pytest.raises(ValueError, match="pods_per_node -1"):
        nodes_without_borrowing(IpPool("10.0.0.0/16"), -1)


# Issue 7382: 192.168.32.0/20 has 64 blocks; with 64 nodes most addresses are free and no block is: a 65th node borrows.
def test_assign__a_node_without_a_block_left_borrows_though_most_addresses_are_free():
    ipam = CalicoIpam([IpPool("192.168.32.0/20")])
    for number in range(526):
        ipam.assign(f"node-{number % 64}")

    address = ipam.assign("node-64")

    assert (ipam.n_assigned, ipam.blocks_of("node-64")) == (527, [])
    assert any(address in block for number in range(64) for block in ipam.blocks_of(f"node-{number}"))


def test_calico_ipam__an_emptied_block_of_nobody_can_be_claimed_again():
    ipam = CalicoIpam([IpPool("192.168.0.0/26", 26)], strict_affinity=True)
    address = ipam.assign("node-0")
    ipam.release_affinity("node-0")

    ipam.release(address)

    assert str(ipam.assign("node-1")) == "192.168.0.0"


# A node has at most 20 blocks, so no more than these are kept for its pods (ipam.go, DefaultMaxBlocksPerHost).
@pytest.mark.parametrize(
    ("fields", "nodes"), [({"max_pods": 2_000}, 1_024 // 20), ({"block_size": 32}, 65_536 // 20)]
)
def test_limits__a_full_node_has_as_many_blocks_as_it_may(fields, nodes):
    assert bounds(limits, pod_cidrs=("192.168.0.0/16",), **fields)[NODES] == [nodes]


# Without a tunnel 64 pods fill a /26, with VXLAN and WireGuard 62 do.
@pytest.mark.parametrize(("n_tunnel", "max_pods", "most"), [(0, 64, 1_280), (1, 63, 1_279), (2, 62, 1_278)])
def test_limits__each_kind_of_tunnel_takes_an_address(n_tunnel, max_pods, most):
    found = [
        bounds(limits, pod_cidrs=("192.168.0.0/16",), tunnel_addresses=n_tunnel, max_pods=max_pods + more)
        for more in (0, 1)
    ]

    assert [n[NODES] for n in found] == [[1_024], [512]]
    assert found[0][PODS_PER_NODE] == [most]
