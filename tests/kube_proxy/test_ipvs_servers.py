import pytest

from kubenetlab.kube_proxy.endpoint_selection import select
from kubenetlab.kube_proxy.ipvs_servers import ipvsadm_text, virtual_servers
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ProxiedPort, ServicePort
from kubenetlab.objects.virtual_servers import RealServer, VirtualServer, VirtualServers

NODE = ProxySettings(node_name="n1", node_ips=("192.168.1.4", "10.20.0.4", "2001:db8::4"))
PORT = ServicePort("shop", "cart", "", "TCP", "10.96.0.9", 80)
LOCAL = NodeEndpoint("10.244.0.1:8080", "10.244.0.1", 8080, is_local=True)
REMOTE = NodeEndpoint("10.244.1.1:8080", "10.244.1.1", 8080)


def servers(port, *endpoints, settings=NODE, version=4):
    return virtual_servers((ProxiedPort(port, select(port, endpoints, settings)),), settings, version)


def real(port, *endpoints):
    """The addresses of the real servers of each virtual server."""
    return {
        f"{s.address}:{s.port}": [r.address for r in s.real_servers]
        for s in servers(port, *endpoints).servers
    }


def test_virtual_servers__one_for_every_address_sorted_as_text():
    port = PORT._replace(external_ips=("203.0.113.7",), load_balancer_vips=("198.51.100.1",), node_port=30080)

    assert list(real(port)) == [
        "10.20.0.4:30080", "10.96.0.9:80", "192.168.1.4:30080", "198.51.100.1:80", "203.0.113.7:80"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ((), ["10.20.0.4", "192.168.1.4"]),
        (("192.168.0.0/16", "127.0.0.0/8"), ["192.168.1.4"]),
        (("2001:db8::/32",), ["10.20.0.4", "192.168.1.4"]),
    ],
    ids=["none", "one", "of the other family only"],
)
def test_virtual_servers__node_ports_are_on_the_addresses_that_are_configured(ranges, expected):
    settings = ProxySettings(node_name="n1", node_ips=NODE.node_ips, node_port_addresses=ranges)

    found = servers(PORT._replace(cluster_ip="9.9.9.9", node_port=30080), settings=settings).servers

    assert [s.address for s in found if s.port == 30080] == expected


def test_virtual_servers__policy_local_without_local_endpoints_uses_the_others():
    port = PORT._replace(external_policy_local=True, node_port=30080)

    assert real(port, LOCAL, REMOTE)["192.168.1.4:30080"] == ["10.244.0.1"]
    assert real(port, REMOTE)["192.168.1.4:30080"] == ["10.244.1.1"]


def test_virtual_servers__internal_policy_local_alone_has_no_others_to_use():
    assert real(PORT._replace(internal_policy_local=True), REMOTE) == {"10.96.0.9:80": []}


def test_virtual_servers__maglev_hashes_ports_and_affinity_has_seconds():
    settings = ProxySettings(node_name="n1", ipvs_scheduler="mh")

    text = ipvsadm_text(servers(PORT._replace(affinity_s=10800), LOCAL, settings=settings))

    assert text == (
        "-A -t 10.96.0.9:80 -s mh -p 10800 -b mh-port\n-a -t 10.96.0.9:80 -r 10.244.0.1:8080 -m -w 1\n"
    )


def test_ipvsadm_text__writes_every_protocol_family_and_forwarding():
    given = VirtualServers(
        "-",
        (
            VirtualServer("UDP", "fd00::1", 53, real_servers=(RealServer("fd00::2", 53, 2, "Route"),)),
            VirtualServer("SCTP", "10.0.0.1", 9, real_servers=(RealServer("10.0.0.2", 9, 1, "Tunnel"),)),
        ),
    )

    assert ipvsadm_text(given).splitlines() == [
        "-A -u [fd00::1]:53 -s rr",
        "-a -u [fd00::1]:53 -r [fd00::2]:53 -g -w 2",
        "-A --sctp-service 10.0.0.1:9 -s rr",
        "-a --sctp-service 10.0.0.1:9 -r 10.0.0.2:9 -i -w 1",
    ]
