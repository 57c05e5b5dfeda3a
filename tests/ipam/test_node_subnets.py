import pytest

from kubenetlab.ipam.node_subnets import AWS, AZURE, GOOGLE, PLAIN, node_subnet_limits
from kubenetlab.ipam.set_up import SetUp


# facts: Google keeps 4 addresses of a subnet, AWS and Azure 5; a /24 has 252 and 251.
@pytest.mark.parametrize(
    ("network", "subnets", "n"),
    [
        (GOOGLE, ("10.0.0.0/29",), 4),
        (GOOGLE, ("10.0.0.0/24",), 252),
        (AWS, ("10.0.0.0/24", "10.0.1.0/24"), 502),
        (AZURE, ("10.0.0.0/24",), 251),
        (AZURE, ("10.0.0.0/30",), 0),
        (PLAIN, ("10.0.0.0/24",), 254),
    ],
)
def test_node_subnet_limits__usable_addresses(network, subnets, n):
    (limit,) = node_subnet_limits(SetUp(ipam="any", node_cidrs=subnets), network)

    assert (limit.n, limit.basis) == (n, network.basis)


def test_node_subnet_limits__leave_room_for_the_surge():
    (limit,) = node_subnet_limits(SetUp(ipam="any", node_cidrs=("10.0.0.0/28",), max_surge=3), AZURE)

    assert (limit.n, limit.words) == (
        8,
        "10.0.0.0/28 has 11 addresses for nodes (Azure keeps 5 of a subnet); an upgrade needs room for 3 more.",
    )


def test_node_subnet_limits__none_where_no_subnet_is_known():
    assert not list(node_subnet_limits(SetUp(ipam="any")))


def test_node_subnet_limits__refuse_host_bits():
    with pytest.raises(ValueError, match="has host bits set"):
        list(node_subnet_limits(SetUp(ipam="any", node_cidrs=("10.0.0.1/24",))))
