import pytest

from kubenetlab.errors import NotFoundError, SettingError
from kubenetlab.kube_proxy.node_settings import node_ips, proxy_mode, proxy_settings, settings_with_origins
from kubenetlab.kube_proxy.proxy_settings import DetectLocalMode, ProxySettings
from kubenetlab.objects.node import NodeAddress, NodeStatus
from kubenetlab.result import Origin
from tests.builders import cluster, config_map, metadata, node

NODE = node("a", "192.168.1.4", ("10.244.3.0/24", "fd00::/80"), labels={"topology.kubernetes.io/zone": "z1"})


def configured(text, **settings):
    return cluster(NODE, config_map("kube-system/kube-proxy", **{"config.conf": text}), settings=settings)


def origins(value, **given):
    return {s.name: s for s in settings_with_origins(value, "a", **given)[1]}


def test_proxy_settings__defaults_of_kube_proxy_where_the_dump_is_silent():
    settings = proxy_settings(cluster(NODE), "a")

    assert settings == ProxySettings(
        node_name="a", node_ips=("192.168.1.4",), node_labels={"topology.kubernetes.io/zone": "z1"}
    )
    assert settings.zone == "z1"


def test_proxy_settings__reads_the_configuration():
    text = """\
clusterCIDR: 10.244.0.0/16
iptables: {masqueradeAll: true, masqueradeBit: 20, localhostNodePorts: false}
conntrack: {tcpBeLiberal: true}
ipvs: {scheduler: lc}
nodePortAddresses: [192.168.0.0/16]
"""
    settings = proxy_settings(configured(text, service_cidr=("10.96.0.0/12",)), "a")

    assert settings == ProxySettings(
        node_name="a",
        node_ips=("192.168.1.4",),
        node_labels=settings.node_labels,
        detect_local_mode=DetectLocalMode.CLUSTER_CIDR,
        detect_local_value="10.244.0.0/16",
        masquerade_all=True,
        masquerade_bit=20,
        localhost_node_ports=False,
        conntrack_tcp_be_liberal=True,
        node_port_addresses=("192.168.0.0/16",),
        service_cidrs=("10.96.0.0/12",),
        ipvs_scheduler="lc",
    )


@pytest.mark.parametrize(
    ("text", "mode", "value"),
    [
        ("detectLocalMode: NodeCIDR", "NodeCIDR", "10.244.3.0/24,fd00::/80"),
        ("detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cni0}", "BridgeInterface", "cni0"),
        (
            "detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: veth}",
            "InterfaceNamePrefix",
            "veth",
        ),
        ("detectLocalMode: BridgeInterface", "None", ""),
        ("clusterCIDR: ''", "None", ""),
        ("detectLocalMode: Other\nclusterCIDR: 10.0.0.0/8", "ClusterCIDR", "10.0.0.0/8"),
    ],
)
def test_proxy_settings__detects_local_traffic_as_configured(text, mode, value):
    settings = proxy_settings(configured(text, cluster_cidr=("10.244.0.0/16",)), "a")

    assert (settings.detect_local_mode, settings.detect_local_value) == (mode, value)


def test_proxy_settings__without_any_configuration_takes_the_clusters_pod_range():
    value = cluster(NODE, settings={"cluster_cidr": ("10.244.0.0/16", "fd00::/56")})

    found = origins(value)

    assert found["detect_local_value"].value == "10.244.0.0/16,fd00::/56"
    assert found["detect_local_value"].origin is Origin.INFERRED
    assert found["detect_local_mode"].value == DetectLocalMode.CLUSTER_CIDR


def test_proxy_settings__mode_nftables_has_a_section_of_its_own_and_primary_node_ports():
    value = configured("mode: nftables\niptables: {masqueradeBit: 1}\nnftables: {masqueradeBit: 3}")

    by_mode = {mode: proxy_settings(value, "a", mode=mode) for mode in ("nftables", "iptables")}

    assert by_mode["nftables"].masquerade_bit == 3
    assert by_mode["nftables"].node_port_addresses == ("primary",)
    assert by_mode["nftables"].node_port_ips(4) == ("192.168.1.4",)
    assert by_mode["iptables"].masquerade_bit == 1
    assert by_mode["iptables"].node_port_addresses == ()


def test_proxy_settings__primary_is_the_first_address_of_each_family():
    addresses = [NodeAddress("InternalIP", ip) for ip in ("192.168.1.4", "10.0.0.4", "2001:db8::4")]
    machine = type(NODE)(NODE.metadata, NODE.spec, NodeStatus(tuple(addresses)))
    value = cluster(machine, config_map("kube-system/kube-proxy", config="nodePortAddresses: [primary]"))

    settings = proxy_settings(value, "a")
    assert [settings.node_port_ips(version) for version in (4, 6)] == [("192.168.1.4",), ("2001:db8::4",)]


def test_settings_with_origins__says_where_each_comes_from():
    found = origins(configured("iptables: {masqueradeBit: 99, masqueradeAll: true}"), ipvs_scheduler="sh")

    assert found["masquerade_all"][1:] == (
        True, Origin.READ, "ConfigMap kube-system/kube-proxy config.conf iptables.masqueradeAll"
    )  # fmt: skip
    assert found["masquerade_bit"].value == 14
    assert (
        "found '99', expected a number from 0 to 31; ignored; kube-proxy's default"
        in found["masquerade_bit"].evidence
    )
    assert found["ipvs_scheduler"][1:] == ("sh", Origin.READ, "given by the caller")
    assert found["random_fully"].origin is Origin.DEFAULT


def test_proxy_settings__what_the_caller_gives_wins():
    settings = proxy_settings(configured("mode: ''"), "a", masquerade_bit=5, node_ips=("10.9.9.9",))

    assert (settings.masquerade_bit, settings.node_ips) == (5, ("10.9.9.9",))


def test_proxy_settings__refuses_a_setting_that_is_none():
    with pytest.raises(TypeError, match="masquerade_bits"):
        proxy_settings(cluster(NODE), "a", masquerade_bits=5)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([], "nodes: b is not in the dump; there are none"),
        ([NODE], "nodes: b is not in the dump; there are a$"),
        ([node(f"n{i}") for i in range(12)], "there are n0, n1, .*n9 and 2 more$"),
    ],
)
def test_proxy_settings__an_unknown_node_is_an_error_that_names_the_others(nodes, message):
    with pytest.raises(NotFoundError, match=message):
        proxy_settings(cluster(*nodes), "b")


def test_proxy_mode__is_iptables_where_nothing_else_is_known():
    modes = [{}, {"proxy_mode": "none"}, {"proxy_mode": "nftables"}, {"proxy_mode": "ipvs"}]

    assert [proxy_mode(cluster(settings=s)) for s in modes] == ["iptables", "iptables", "nftables", "ipvs"]


def test_node_ips__external_addresses_only_where_there_is_no_internal_one():
    external = NodeAddress("ExternalIP", "203.0.113.9")

    def machine(*addresses):
        return type(NODE)(metadata("a"), status=NodeStatus(addresses))

    assert node_ips(machine(external, NodeAddress("InternalIP", "10.0.0.1"))) == ("10.0.0.1",)
    assert node_ips(machine(external, NodeAddress("Hostname", "a"))) == ("203.0.113.9",)


def test_proxy_settings__refuses_a_mode_that_is_none():
    with pytest.raises(SettingError, match="mode: found 'foo', expected iptables, nftables, ipvs"):
        proxy_settings(cluster(NODE), "a", mode="foo")
