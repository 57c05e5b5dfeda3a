import pytest

from kubenetlab.kube_proxy.iptables_node import iptables_node
from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings


def node(version=4, **given):
    return iptables_node(ProxySettings(node_name="worker-1", **given), version)


# kubernetes v1.36.2, pkg/proxy/util/nodeport_addresses.go
@pytest.mark.parametrize(
    ("configured", "version", "expected"),
    [
        ((), 4, None),
        (("0.0.0.0/0", "10.0.0.0/8"), 4, None),
        (("2001:db8::/32",), 4, None),
        (("192.168.0.0/16",), 4, ("192.168.10.11", "192.168.10.9")),
        (("127.0.0.0/8", "192.168.10.11/32"), 4, ("127.0.0.1", "192.168.10.11")),
        (("10.0.0.0/8",), 4, ()),
        (("2001:db8::/32", "::1/128"), 6, ("2001:db8::b",)),
    ],
)
def test_iptables_node__addresses_that_take_node_ports(configured, version, expected):
    ips = ("192.168.10.9", "192.168.10.11", "2001:db8::b")

    assert node(version, node_ips=ips, node_port_addresses=configured).node_port_ips == expected


@pytest.mark.parametrize(
    ("configured", "version", "expected"),
    [((), 4, True), (("192.168.0.0/16",), 4, False), (("127.0.0.1/32",), 4, True), ((), 6, False)],
)
def test_iptables_node__localhost_needs_ipv4_and_its_range(configured, version, expected):
    assert node(version, node_port_addresses=configured).has_localhost_node_ports is expected


@pytest.mark.parametrize(
    ("mode", "value", "version", "expected"),
    [
        (DetectLocalMode.CLUSTER_CIDR, "10.244.0.0/16, fd00::/56", 4, "-s 10.244.0.0/16"),
        (DetectLocalMode.NODE_CIDR, "10.244.1.0/24,fd00::/64", 6, "-s fd00::/64"),
        (DetectLocalMode.CLUSTER_CIDR, "10.244.0.0/16", 6, ""),
        (DetectLocalMode.BRIDGE_INTERFACE, "cni0", 6, "-i cni0"),
        (DetectLocalMode.INTERFACE_NAME_PREFIX, "cali", 4, "-i cali+"),
        (DetectLocalMode.NONE, "", 4, ""),
    ],
)
def test_iptables_node__detector(mode, value, version, expected):
    assert node(version, detect_local_mode=mode, detect_local_value=value).is_from_pod == expected
