import pytest

from kubenetlab.errors import SettingError
from kubenetlab.kube_proxy.iptables_proxier import IptablesProxier, iptables_save
from kubenetlab.kube_proxy.ipvs_servers import ipvsadm_text, virtual_servers
from kubenetlab.kube_proxy.nftables_proxier import NftablesProxier, nftables_dump
from kubenetlab.kube_proxy.node_settings import proxy_settings
from kubenetlab.kube_proxy.proxy_settings import PRIMARY, DetectLocalMode, ProxySettings
from kubenetlab.kube_proxy.service_port import ProxiedPort, Selection, ServicePort
from tests.builders import cluster, config_map, node

IPS = ("192.168.10.9", "192.168.10.11", "2001:db8::b")
PORT = ProxiedPort(
    ServicePort("shop", "cart", "", "TCP", "10.96.0.1", 80, node_port=30080),
    Selection((), (), (), (), False, True, False),
)


def settings(**given):
    return ProxySettings(**{"node_name": "worker-1", "node_ips": IPS} | given)


@pytest.mark.parametrize(
    ("configured", "version", "expected"),
    [
        (PRIMARY, 4, ("192.168.10.9",)),
        (PRIMARY, 6, ("2001:db8::b",)),
        (("2001:db8::/32", " 192.168.10.11/32"), 4, ("192.168.10.11",)),
        (("2001:db8::/32", "192.168.10.11/32"), 6, ("2001:db8::b",)),
        (("::/0", "2001:db8::b/128"), 6, None),
        (("127.0.0.0/8",), 4, ()),
        (("127.0.0.0/8",), 6, None),
    ],
)
def test_node_port_ips__are_those_of_the_family_in_the_ranges(configured, version, expected):
    assert settings(node_port_addresses=configured).node_port_ips(version) == expected


def test_node_port_ips__primary_of_a_family_that_the_node_lacks_is_no_restriction():
    assert settings(node_ips=("10.0.0.4",), node_port_addresses=PRIMARY).node_port_ips(6) is None


# kubernetes v1.36.2, pkg/proxy/util/nodeport_addresses.go: of IPv6 ranges alone, IPv4 has no restriction.
@pytest.mark.parametrize(
    ("configured", "expected"),
    [("126.0.0.0/7", True), ("127.9.0.0/16", True), ("128.0.0.0/1", False), ("::1/128", True)],
)
def test_has_localhost_node_ports__wants_a_range_with_the_loopback(configured, expected):
    assert settings(node_port_addresses=(configured,)).has_localhost_node_ports(4) is expected


def test_primary__is_understood_by_every_writer():
    given = settings(node_port_addresses=PRIMARY)

    assert "-d 192.168.10.9 -j KUBE-NODEPORTS" in iptables_save((), given)
    assert "add element ip kube-proxy nodeport-ips { 192.168.10.9 }" in nftables_dump((), given)
    assert [s.address for s in virtual_servers((PORT,), given).servers] == ["10.96.0.1", "192.168.10.9"]


HOSTILE = ["x\n-A INPUT -j ACCEPT", 'x" drop', "x }", "a b", "..", "x" * 16, "$x", "x\u2028", "cni0\n"]


@pytest.mark.parametrize("mode", [m for m in DetectLocalMode if m is not DetectLocalMode.NONE])
@pytest.mark.parametrize("value", HOSTILE)
def test_proxy_settings__refuses_a_detector_that_would_be_read_as_another_rule(mode, value):
    with pytest.raises(SettingError, match=r"^[^\n\u2028]*detect_local_value: found .*, expected CIDRs, or"):
        settings(detect_local_mode=mode, detect_local_value=value)


@pytest.mark.parametrize("field", ["node_port_addresses", "service_cidrs", "node_ips"])
@pytest.mark.parametrize("value", ["10.0.0.0/8\nadd rule", "10.0.0.0/8 }", '"', "10.0.0.0/33", "primary", ""])
def test_proxy_settings__refuses_texts_that_are_no_addresses(field, value):
    with pytest.raises(SettingError, match=rf"^[^\n]*{field}: found .*, expected"):
        settings(**{field: ("10.0.0.1/32" if field != "node_ips" else "10.0.0.1", value)})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("masquerade_bit", 32),
        ("masquerade_bit", -1),
        ("ipvs_scheduler", "rr\n-A x"),
        ("detect_local_mode", "Other"),
    ],
)
def test_proxy_settings__refuses_what_no_rule_can_hold(field, value):
    with pytest.raises(SettingError, match=f"{field}: found "):
        settings(**{field: value})


@pytest.mark.parametrize(
    "line",
    [
        'detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: "cni0\\n-A INPUT -j ACCEPT"}',
        "detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: 'x\" } drop'}",
        "detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: sixteen-letters1}",
        'clusterCIDR: "10.0.0.0/8\\ninjected"',
        'nodePortAddresses: ["10.0.0.0/8\\ninjected"]',
        'ipvs: {scheduler: "rr\\ninjected"}',
    ],
)
def test_proxy_settings__a_hostile_config_map_adds_no_line(line):
    value = cluster(node("a", "192.168.10.9"), config_map("kube-system/kube-proxy", config=line))
    plain = proxy_settings(cluster(node("a", "192.168.10.9")), "a")

    found = proxy_settings(value, "a")

    texts = [
        [iptables_save((PORT,), s), nftables_dump((PORT,), s), ipvsadm_text(virtual_servers((PORT,), s))]
        for s in (found, plain)
    ]
    assert texts[0] == texts[1]


# kube-proxy v1.36.2 writes the range into its rules as the configuration has it, host bits too.
@pytest.mark.parametrize("text", ["clusterCIDR: 10.244.0.7/16", "clusterCIDR: 'FD00::/56, 10.244.0.7/16'"])
def test_local_value__is_the_range_as_it_was_written(text):
    value = cluster(node("a", "192.168.10.9"), config_map("kube-system/kube-proxy", config=text))

    assert proxy_settings(value, "a").local_value(4) == "10.244.0.7/16"


@pytest.mark.parametrize("make", [IptablesProxier, NftablesProxier])
def test_ips__every_writer_refuses_a_family_that_is_none(make):
    with pytest.raises(ValueError, match="version 5: expected 4 or 6"):
        make(settings(), 5)


@pytest.mark.parametrize(("bit", "mark"), [(0, "0x00000001"), (14, "0x00004000"), (31, "0x80000000")])
def test_mark__has_eight_digits(bit, mark):
    assert settings(masquerade_bit=bit).mark == mark
