import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.aws_vpc_cni import limits, warm_addresses, warm_prefixes
from kubenetlab.ipam.instance_types import INSTANCE_TYPES, InstanceType
from kubenetlab.ipam.vpc_nodes import NodeFullError, VpcNodes
from kubenetlab.ipam.vpc_subnets import SubnetFullError, VpcSubnet
from tests.ipam.limit_tables import NODES, bounds, n_until

M5_LARGE = INSTANCE_TYPES["m5.large"]


def nodes(cidr="10.0.0.0/22", instance=M5_LARGE, **settings):
    return VpcNodes(VpcSubnet(cidr), instance, **settings)


@pytest.mark.parametrize(("prefix_delegation", "warm"), [(False, warm_addresses), (True, warm_prefixes)])
@given(
    counts=st.lists(st.integers(0, 27), min_size=1, max_size=10),
    targets=st.sampled_from([{}, {"warm_ip_target": 3}]),
)
def test_set_pods__a_node_holds_what_the_documents_say(prefix_delegation, warm, counts, targets):
    held = nodes(prefix_delegation=prefix_delegation, targets=targets)
    n_free = held.subnet.n_free

    pools = [held.set_pods("a", n_pods) for n_pods in counts]

    assert pools == [warm(M5_LARGE, n_pods, **targets) for n_pods in counts]
    assert held.subnet.n_free == n_free - pools[-1].subnet_addresses


def test_remove__gives_everything_back():
    held = nodes()
    n_free = held.subnet.n_free
    held.set_pods("a", 20)

    held.remove("a")
    held.remove("unknown")

    assert held.subnet.n_free == n_free


# facts: an m5.large with 1 pod holds 20 addresses: a /27 (27 addresses) has room for one, and for part of a second.
def test_set_pods__takes_what_there_is_and_refuses_only_pods_without_address():
    held = nodes("10.0.0.0/27")
    held.set_pods("a", 1)

    assert held.set_pods("b", 6).subnet_addresses == 7
    with pytest.raises(SubnetFullError, match="b has no address for 3 pods: InsufficientFreeAddresses"):
        held.set_pods("b", 9)


def test_set_pods__addresses_need_an_interface_with_a_place():
    held = nodes("10.0.0.0/28", InstanceType(3, 4))
    held.subnet.take(
        *(f"10.0.0.{number}" for number in range(9, 15))
    )  # five are left: 1 + 3, and one more interface

    with pytest.raises(SubnetFullError, match="a has no address for 1 pods"):
        held.set_pods("a", 4)


# facts: prefixes fail in a subnet with free addresses but without an aligned free /28.
def test_set_pods__a_fragmented_subnet_has_no_prefix():
    held = nodes("10.0.0.0/26", prefix_delegation=True)
    held.subnet.take("10.0.0.20", "10.0.0.40")

    with pytest.raises(SubnetFullError, match="a has no address for 1 pods: InsufficientCidrBlocks"):
        held.set_pods("a", 1)


def test_set_pods__refuses_more_pods_than_the_interfaces_hold():
    with pytest.raises(NodeFullError, match="a has places for 18 pods with an address, not 19"):
        nodes(custom_networking=True).set_pods("a", 19)


@given(st.integers(24, 26), st.integers(2, 29))
def test_set_pods__as_many_full_nodes_as_the_limit_says(prefix_length, max_pods):
    held = nodes(f"10.0.0.0/{prefix_length}", targets={})
    full = warm_addresses(M5_LARGE, max_pods - 2).attached

    n_nodes = n_until(SubnetFullError, lambda node: fully(held, node, max_pods - 2, full))

    found = bounds(limits, pod_cidrs=(f"10.0.0.0/{prefix_length}",), instance=M5_LARGE, max_pods=max_pods)
    assert found[NODES] == [n_nodes]


def fully(held, node, n_pods, full):
    if held.set_pods(node, n_pods).attached < full:
        raise SubnetFullError("a node lacks warm addresses")


def test_vpc_nodes__refuses_prefixes_on_xen():
    with pytest.raises(ValueError, match="needs an instance type on Nitro"):
        nodes(instance=InstanceType(2, 10, supports_prefixes=False), prefix_delegation=True)
