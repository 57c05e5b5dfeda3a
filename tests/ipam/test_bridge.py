import pytest

from kubenetlab.ipam.bridge import Bridge
from kubenetlab.ipam.host_local import HostLocalError

RANGE = {"subnet": "10.22.0.0/29"}


def bridge(**fields):
    return Bridge({"type": "bridge", "ipam": {"type": "host-local", **RANGE}, **fields})


def test_add__gives_every_address_but_the_gateways():
    node = bridge(isGateway=True)

    given = [str(node.add(container)[0].address) for container in "abcde"]

    assert given == [f"10.22.0.{n}" for n in range(2, 7)]
    with pytest.raises(HostLocalError, match="no IP addresses available in range set"):
        node.add("f")


# bridge.go: the bridge takes the gateway's address with isGateway (or isDefaultGateway, which implies it).
@pytest.mark.parametrize(
    ("fields", "addresses"),
    [({}, ()), ({"isGateway": True}, ("10.22.0.1/29",)), ({"isDefaultGateway": True}, ("10.22.0.1/29",))],
)
def test_addresses__only_a_gateway_has_one(fields, addresses):
    node = bridge(**fields)
    before = node.addresses
    node.add("a")

    assert (before, node.addresses, node.capacity) == ((), addresses, 5)


def test_delete__keeps_the_address_of_the_bridge():
    node = bridge(isGateway=True)
    node.add("a")

    node.delete("a")

    assert (node.addresses, list(node.files)) == (("10.22.0.1/29",), ["last_reserved_ip.0"])


def test_bridge__refuses_what_host_local_does():
    with pytest.raises(ValueError, match="no IP ranges specified"):
        Bridge({"type": "bridge", "ipam": {"type": "host-local"}})
