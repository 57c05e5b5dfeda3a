import netaddr
import pytest

from kubenetlab.errors import AddressError
from kubenetlab.ipam.cidr_arguments import network_of, networks_by_version


def test_network_of__takes_netaddr_too():
    assert network_of(netaddr.IPNetwork("fd00::/64")) == netaddr.IPNetwork("fd00::/64")


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.244.0.1/16", "10.244.0.1/16 has host bits set; the network is 10.244.0.0/16"),
        (netaddr.IPNetwork("fd00::1/64"), "fd00::1/64 has host bits set"),
        ("10.244.0.0/33", "'10.244.0.0/33' is not a CIDR"),
        ("10.244.0.0", "'10.244.0.0' is not a CIDR"),
        ("pods", "'pods' is not a CIDR"),
        ("", "'' is not a CIDR"),
    ],
)
def test_network_of__refuses(cidr, message):
    with pytest.raises(AddressError, match=message):
        network_of(cidr)


def test_networks_by_version__keeps_the_order_of_each_family():
    found = networks_by_version(["fd00::/64", "10.1.0.0/16", "10.0.0.0/16"])

    assert {version: [str(n) for n in networks] for version, networks in found.items()} == {
        4: ["10.1.0.0/16", "10.0.0.0/16"],
        6: ["fd00::/64"],
    }
