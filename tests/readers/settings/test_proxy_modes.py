import pytest

from kubenetlab.result import Origin
from tests.readers.dumps import cluster, config_map, item, node, pod

STALE = config_map("kube-proxy", config_conf="", **{"config.conf": "mode: ipvs\n"})
REPLACED = config_map("cilium-config", **{"kube-proxy-replacement": "true"})


def daemon_set(name, container, n_nodes=1, **template):
    spec = {"template": {"spec": {"hostNetwork": True, "containers": [{"name": container}]} | template}}
    status = {"desiredNumberScheduled": n_nodes}
    return item("DaemonSet", name, "kube-system", "apps/v1", spec=spec, status=status)


def windows_node(name, system="windows"):
    return node(name, status={"nodeInfo": {"operatingSystem": system, "kubeletVersion": "v1.33.1"}})


def mode(*items):
    found = cluster(*items).settings["proxy_mode"]
    return found.value, found.origin


KUBE_PROXY = daemon_set("kube-proxy", "kube-proxy")
SYSTEM = [daemon_set("cilium", "cilium-agent"), pod("coredns-1", namespace="kube-system")]


@pytest.mark.parametrize(
    "items",
    [[], [daemon_set("kube-proxy", "kube-proxy", 0)], SYSTEM],
    ids=["no word", "stopped", "not there"],
)
def test_clues__cilium_counts_before_a_config_map_that_kube_proxy_left(items):
    assert mode(STALE, REPLACED, *items) == ("none", Origin.READ)


def test_clues__a_kube_proxy_that_runs_has_its_mode():
    assert mode(STALE, REPLACED, KUBE_PROXY) == ("ipvs", Origin.READ)


def test_clues__cilium_beside_a_kube_proxy_without_a_mode_counts():
    assert mode(REPLACED, KUBE_PROXY) == ("none", Origin.READ)


def test_clues__gkes_dataplane_v2_is_told_by_its_agent():
    owner = [{"kind": "DaemonSet", "name": "anetd", "controller": True}]
    of_agent = pod("anetd-x7", namespace="kube-system", metadata={"ownerReferences": owner})

    assert mode(daemon_set("anetd", "cilium-agent")) == ("none", Origin.INFERRED)
    assert mode(of_agent) == ("none", Origin.INFERRED)


def test_unknown_because__windows_has_a_mode_of_its_own():
    assert mode(windows_node("n1"), windows_node("n2")) == (None, Origin.UNKNOWN)
    assert mode(windows_node("n1"), windows_node("n2", "linux")) == ("iptables", Origin.DEFAULT)


def test_unknown_because__the_system_pods_show_no_kube_proxy():
    settings = cluster(*SYSTEM).settings

    assert settings["proxy_mode"].origin is Origin.UNKNOWN
    assert settings["proxy_mode"].evidence.endswith("kube-proxy is not among them")


@pytest.mark.parametrize("version", ["v1.33.5+k3s1", "v1.33.1-eks-1"])
def test_unknown_because__kube_proxy_may_be_built_into_the_node(version):
    built_in = node(status={"nodeInfo": {"kubeletVersion": version}})

    assert mode(*SYSTEM, built_in) == ("iptables", Origin.DEFAULT)


def test_unknown_because__a_static_pod_is_kube_proxy_too():
    static = item("Pod", "kube-proxy-n1", "kube-system", spec={"containers": [{"name": "kube-proxy"}]})

    assert mode(*SYSTEM, static) == ("iptables", Origin.DEFAULT)
