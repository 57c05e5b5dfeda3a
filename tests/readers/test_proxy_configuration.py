import pytest

from kubenetlab.readers.proxy_configuration import ProxyConfiguration, proxy_configuration
from tests.builders import cluster, config_map, container, pod

KUBEADM = """\
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16, fd00:10:244::/56
conntrack: {maxPerCore: null, tcpBeLiberal: true}
detectLocal: {bridgeInterface: cni0, interfaceNamePrefix: ""}
detectLocalMode: BridgeInterface
iptables: {localhostNodePorts: false, masqueradeAll: true, masqueradeBit: 20, minSyncPeriod: 0s}
ipvs: {scheduler: mh}
mode: ""
nftables: {masqueradeAll: null, masqueradeBit: 3}
nodePortAddresses: [192.168.0.0/16, "2001:db8::/32"]
"""


def read(text, name="kube-system/kube-proxy", key="config.conf"):
    return proxy_configuration(cluster(config_map(name, **{key: text})))


def test_proxy_configuration__reads_kubeadms_config_map():
    found = read(KUBEADM)

    assert found.values == {
        "clusterCIDR": "10.244.0.0/16,fd00:10:244::/56",
        "detectLocalMode": "BridgeInterface",
        "detectLocal.bridgeInterface": "cni0",
        "iptables.masqueradeAll": True,
        "iptables.masqueradeBit": 20,
        "iptables.localhostNodePorts": False,
        "nftables.masqueradeBit": 3,
        "nodePortAddresses": ("192.168.0.0/16", "2001:db8::/32"),
        "conntrack.tcpBeLiberal": True,
        "ipvs.scheduler": "mh",
    }
    assert (found.place, found.notes) == ("ConfigMap kube-system/kube-proxy config.conf", ())


def test_proxy_configuration__reads_ekss_config_map_and_json():
    assert read('{"mode": "nftables"}', "kube-system/kube-proxy-config", "config").values == {
        "mode": "nftables"
    }


@pytest.mark.parametrize(
    "text", ["", "just words", "- a\n- list", "a: [", "!!python/object:os.system x", "x" * ((1 << 20) + 1)]
)
def test_proxy_configuration__takes_a_text_that_is_none_for_absent(text):
    assert read(text) == ProxyConfiguration({})


@pytest.mark.parametrize("name", ["shop/kube-proxy", "kube-system/kube-proxy-windows", "kube-system/coredns"])
def test_proxy_configuration__of_another_component_does_not_count(name):
    assert read(KUBEADM, name) == ProxyConfiguration({})


def test_proxy_configuration__a_kubeconfig_does_not_count():
    assert read("kind: Config\nmode: ipvs", key="config") == ProxyConfiguration({})


@pytest.mark.parametrize(
    ("line", "note"),
    [
        (
            "iptables: {masqueradeBit: 32}",
            "iptables.masqueradeBit: found '32', expected a number from 0 to 31",
        ),
        (
            "iptables: {masqueradeBit: true}",
            "iptables.masqueradeBit: found 'True', expected a number from 0 to 31",
        ),
        ("iptables: {masqueradeAll: maybe}", "iptables.masqueradeAll: found 'maybe', expected true or false"),
        ("clusterCIDR: 10.0.0.0/33", "clusterCIDR: found '10.0.0.0/33', expected CIDRs such as 10.0.0.0/8"),
        ("nodePortAddresses: [1]", "nodePortAddresses: found '[1]', expected CIDRs such as 10.0.0.0/8"),
        ("ipvs: {scheduler: [rr]}", "ipvs.scheduler: found \"['rr']\", expected a name"),
        (
            "detectLocal: {bridgeInterface: 'a b'}",
            "detectLocal.bridgeInterface: found 'a b', expected a name",
        ),
    ],
)
def test_proxy_configuration__says_what_it_could_not_use(line, note):
    found = read(f"{line}\nmode: ipvs\n")

    assert found.values == {"mode": "ipvs"}
    assert found.notes == (f"{note}; ignored",)


def test_proxy_configuration__reads_flags_where_there_is_no_config_map():
    words = [
        "kube-proxy",
        "--cluster-cidr=10.42.0.0/16",
        "--masquerade-all",
        "--iptables-masquerade-bit",
        "7",
    ]
    words += ["--nodeport-addresses=primary", "--v=2"]
    agent = pod("kube-system/kube-proxy-x", containers=(container(command=tuple(words)),))

    found = proxy_configuration(cluster(agent))

    assert found.values == {
        "clusterCIDR": "10.42.0.0/16",
        "iptables.masqueradeAll": True,
        "nftables.masqueradeAll": True,
        "iptables.masqueradeBit": 7,
        "nodePortAddresses": ("primary",),
    }
    assert found.place == "the flags of kube-proxy in Pod kube-system/kube-proxy-x"


@pytest.mark.parametrize(
    ("command", "values"),
    [
        pytest.param(("--proxy-mode=ipvs",), {"mode": "ipvs"}, id="without --config it reads no file"),
        pytest.param(
            ("--config=/a", "--proxy-mode=ipvs"), {"mode": "nftables"}, id="its file beats its flags"
        ),
        pytest.param(("--config", "/a"), {"mode": "nftables"}, id="its file alone"),
        pytest.param((), {"mode": "nftables"}, id="a command line that says nothing"),
    ],
)
def test_proxy_configuration__goes_by_whether_kube_proxy_is_given_a_file(command, values):
    """ "This parameter is ignored if a config file is specified by --config" (kube-proxy --help)."""
    agent = pod("kube-system/kube-proxy-x", containers=(container(command=("kube-proxy", *command)),))
    config = config_map("kube-system/kube-proxy", **{"config.conf": "mode: nftables"})

    assert proxy_configuration(cluster(agent, config)).values == values


def test_proxy_configuration__flags_beside_a_file_that_is_not_there_say_nothing():
    command = ("kube-proxy", "--config=/a", "--proxy-mode=ipvs")

    agent = pod("kube-system/kube-proxy-x", containers=(container(command=command),))

    assert proxy_configuration(cluster(agent)) == ProxyConfiguration({})
