import netaddr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.vpc_subnets import SubnetFullError, VpcSubnet, n_nodes, n_whole_prefixes


# facts: AWS keeps the first four addresses of a subnet and the last.
def test_vpc_subnet__keeps_five_addresses():
    subnet = VpcSubnet("10.0.0.0/28")

    addresses = [int(subnet.allocate()) & 0xF for _ in range(subnet.n_free)]

    assert addresses == list(range(4, 15))
    with pytest.raises(SubnetFullError, match=r"10.0.0.0/28 has no free address"):
        subnet.allocate()


@given(st.integers(22, 28))
def test_allocate_prefix__hands_out_aligned_prefixes_without_addresses_of_aws(prefix_length):
    subnet = VpcSubnet(f"10.0.0.0/{prefix_length}")

    prefixes = [subnet.allocate_prefix() for _ in range(subnet.n_free_prefixes)]

    assert len(prefixes) == len(set(prefixes)) == n_whole_prefixes(subnet.network)
    assert all(prefix.cidr == prefix and prefix in subnet.network for prefix in prefixes)
    with pytest.raises(SubnetFullError, match="no free aligned /28"):
        subnet.allocate_prefix()


# facts: a subnet with free addresses but no aligned free /28 refuses a prefix (fragmentation).
def test_allocate_prefix__refuses_a_subnet_with_an_address_in_every_block():
    subnet = VpcSubnet("10.0.0.0/24")
    subnet.take(*(f"10.0.0.{block * 16 + 7}" for block in range(16)))

    with pytest.raises(SubnetFullError, match=r"InsufficientCidrBlocks: 10.0.0.0/24 has 235 free addresses"):
        subnet.allocate_prefix()

    subnet.release("10.0.0.55")
    assert str(subnet.allocate_prefix()) == "10.0.0.48/28"


def test_release__gives_nothing_back_that_aws_keeps():
    subnet = VpcSubnet("10.0.0.0/27")
    subnet.take("10.0.0.16/28")

    subnet.release("10.0.0.16/28", "10.0.0.0/28", "10.0.0.0")

    assert (subnet.n_free, subnet.n_free_prefixes) == (27, 0)


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29", "fd00::/64"])
def test_vpc_subnet__refuses_sizes_that_aws_does(cidr):
    with pytest.raises(ValueError, match="is no IPv4 subnet of /16 to /28"):
        VpcSubnet(cidr)


def test_vpc_subnet__refuses_host_bits_and_strangers():
    with pytest.raises(ValueError, match="has host bits set"):
        VpcSubnet("10.0.0.1/24")
    with pytest.raises(ValueError, match=r"10.0.1.4 is not in the subnet 10.0.0.0/24"):
        VpcSubnet("10.0.0.0/24").take("10.0.1.4")


def fill(subnet, addresses, prefixes):
    """Nodes that a subnet holds where single addresses come from places without a free prefix as long as there are any."""
    base, size = subnet.network.first, subnet.network.size
    free = [
        netaddr.IPAddress(base + n)
        for n in (*range(4, min(16, size - 1)), *range(max(16, size - 16), size - 1))
    ]
    n = 0
    while True:
        try:
            for _ in range(prefixes):
                subnet.allocate_prefix()
            for _ in range(addresses):
                if free:
                    subnet.take(free.pop())
                else:
                    subnet.allocate()
        except SubnetFullError:
            return n
        n += 1


@given(st.integers(23, 27), st.integers(1, 20), st.integers(0, 6))
def test_n_nodes__is_what_a_careful_allocation_reaches(prefix_length, addresses, prefixes):
    cidr = f"10.0.0.0/{prefix_length}"

    assert fill(VpcSubnet(cidr), addresses, prefixes) == n_nodes(
        [netaddr.IPNetwork(cidr)], addresses, prefixes
    )


def test_n_nodes__a_node_lies_in_one_subnet():
    subnets = [netaddr.IPNetwork(f"10.0.{n}.0/26") for n in range(3)]  # 59 addresses each

    assert n_nodes(subnets, addresses=40) == 3
