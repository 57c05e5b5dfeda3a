from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.host_local import HostLocal, HostLocalError
from kubenetlab.ipam.host_local_config import load_config
from kubenetlab.ipam.pod_cidr_capacity import pods_per_node_cidr

SUBNET = "10.1.0.0/28"
SUBNETS = st.sampled_from(["10.1.0.0/30", "10.1.0.0/28", "10.1.0.0/27", "fd00::/126", "fd00::/124"])
# True adds a container, False removes the oldest that is there.
STEPS = st.lists(st.booleans(), max_size=80)


def config_of(subnet=SUBNET, cni_args="", **others):
    return load_config({"ipam": {"subnet": subnet, **others}}, cni_args)


def address(node, config, container):
    return node.add(config, container)[0].address


def fill(node, config):
    """Add containers until none fits; their addresses."""
    handed_out = []
    while True:
        try:
            handed_out.append(address(node, config, f"c{len(handed_out)}"))
        except HostLocalError:
            return handed_out


class Twin:
    """Plain-Python twin: all addresses of the subnet in a list, the cursor an index."""

    def __init__(self, subnet):
        network = ip_network(subnet)
        self.usable = list(network)[2 : None if network.version == 6 else -1]
        self.taken = {}
        self.cursor = 0

    def add(self, container):
        order = self.usable[self.cursor :] + self.usable[: self.cursor]
        free = [address for address in order if address not in self.taken.values()]
        if not free:
            return None
        self.taken[container] = free[0]
        self.cursor = (self.usable.index(free[0]) + 1) % len(self.usable)
        return free[0]


@given(SUBNETS, STEPS)
def test_add__agrees_with_the_twin(subnet, steps):
    node, twin, config = HostLocal(), Twin(subnet), config_of(subnet)

    for number, is_add in enumerate(steps):
        if is_add and len(twin.taken) < len(twin.usable):
            assert address(node, config, f"c{number}") == twin.add(f"c{number}")
        elif not is_add and twin.taken:
            oldest = next(iter(twin.taken))
            node.delete(oldest)
            del twin.taken[oldest]
        assert node.n_reserved == len(twin.taken)


@given(SUBNETS)
def test_add__addresses_are_unique_inside_and_as_many_as_the_capacity(subnet):
    config = config_of(subnet)

    handed_out = fill(HostLocal(), config)

    assert (
        len(set(handed_out)) == len(handed_out) == config.capacity == pods_per_node_cidr(subnet, "host-local")
    )
    assert all(address in ip_network(subnet) for address in handed_out)


@given(SUBNETS)
def test_add__a_freed_address_is_used_again_last(subnet):
    node, config = HostLocal(), config_of(subnet)
    freed = address(node, config, "freed")
    node.delete("freed")

    later = [address(node, config, f"c{number}") for number in range(config.capacity)]

    assert later.index(freed) == config.capacity - 1


# Facts: also an address that was asked for moves the place where the next search starts.
def test_add__a_requested_address_moves_the_start():
    node = HostLocal()

    asked = address(node, config_of(cni_args="IP=10.1.0.14"), "a")

    assert (str(asked), str(address(node, config_of(), "b"))) == ("10.1.0.14", "10.1.0.2")


def test_add__starts_again_where_the_last_address_left_the_range():
    node = HostLocal()
    node.add(config_of("10.9.0.0/28"), "a")

    assert str(address(node, config_of(), "b")) == "10.1.0.2"


def test_add__a_container_gets_no_second_address_unless_it_asks():
    node = HostLocal()
    node.add(config_of(), "a")

    with pytest.raises(
        HostLocalError, match=r"0: 10\.1\.0\.2 has been allocated to a, duplicate allocation is not allowed"
    ):
        node.add(config_of(), "a")
    assert str(address(node, config_of(cni_args="IP=10.1.0.8"), "a")) == "10.1.0.8"


def test_add__another_interface_is_another_owner():
    node = HostLocal()
    node.add(config_of(), "a")

    second = node.add(config_of(), "a", "net1")[0]

    assert str(second) == "10.1.0.3/28"


def test_add__an_address_of_no_set_releases_what_was_reserved():
    node = HostLocal()

    with pytest.raises(HostLocalError, match=r"failed to allocate all requested IPs: 10\.2\.0\.1"):
        node.add(config_of(cni_args="IP=10.2.0.1"), "a")
    assert node.files == {"last_reserved_ip.0": "10.1.0.2"}


def test_add__a_set_that_is_full_releases_the_sets_before_it():
    node = HostLocal()
    config = config_of(ranges=[[{"subnet": "fd00::/126"}]])

    assert len(fill(node, config)) == config.capacity == 2
    assert node.n_reserved == 4


def test_files__name_container_and_interface():
    node = HostLocal()
    node.add(config_of(), "a")

    assert node.files == {"10.1.0.2": "a\r\neth0", "last_reserved_ip.0": "10.1.0.2"}


def test_delete__of_an_unknown_container_is_no_error():
    HostLocal().delete("nobody")


def test_check__asks_for_any_address_of_the_container():
    node = HostLocal()
    node.add(config_of(), "a")

    node.check("a")
    with pytest.raises(HostLocalError, match="host-local: Failed to find address added by container b"):
        node.check("b")
