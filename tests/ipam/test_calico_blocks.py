import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.calico_blocks import CalicoIpam, CalicoIpamError, IpPool, fnv32, nodes_without_borrowing

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
