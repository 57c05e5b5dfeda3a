import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubenetlab.ipam.cluster_mtu import cluster_mtu, disagreements
from kubenetlab.objects import DaemonSet, IPPool
from kubenetlab.objects.address_pools import IpPoolSpec
from kubenetlab.objects.workload import (
    DaemonSetSpec,
    DaemonTemplate,
    DaemonTemplateSpec,
    EnvVar,
    TemplateContainer,
)
from kubenetlab.result import Basis
from tests.builders import cluster, config_map, metadata, node, pod


def net_conf(backend=None, **rest):
    return json.dumps({"Network": "10.244.0.0/16", **({"Backend": backend} if backend else {}), **rest})


def flannel(backend=None, pod_mtu=0, **rest):
    delegate = {"hairpinMode": True} | ({"mtu": pod_mtu} if pod_mtu else {})
    cni = {"plugins": [{"type": "flannel", "delegate": delegate}, {"type": "portmap"}]}
    data = {"net-conf.json": net_conf(backend, **rest), "cni-conf.json": json.dumps(cni)}
    return config_map("kube-flannel/kube-flannel-cfg", **data)


def pool(cidr="10.244.0.0/16", **spec):
    return IPPool(metadata(f"pool-{cidr}"), IpPoolSpec(cidr, **spec))


def agent(name, *, image="x", container="", **variables):
    env = tuple(EnvVar(key, value) for key, value in variables.items())
    spec = DaemonTemplateSpec(containers=(TemplateContainer(name=container or name, image=image, env=env),))
    return DaemonSet(metadata(f"kube-system/{name}"), DaemonSetSpec(template=DaemonTemplate(spec=spec)))


def calico_config(**data):
    return config_map("kube-system/calico-config", **data)


def cilium(**data):
    return config_map("kube-system/cilium-config", **{key.replace("_", "-"): v for key, v in data.items()})


def of(cni, *objects, **settings):
    return cluster(*objects, settings={"cni": cni} | settings)


def mtus(value):
    """Network MTU, overhead and pod MTU."""
    return cluster_mtu(value).frame["n_bytes"].astype("object").where(lambda s: s.notna(), None).tolist()[:3]


def words(value):
    return [disagreement.words for disagreement in disagreements(value)]


VXLAN = {"Type": "vxlan"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (of("flannel", flannel(VXLAN)), [1500, 50, 1450]),
        (of("flannel", flannel(VXLAN), cloud="gcp"), [1460, 50, 1410]),
        (of("flannel", flannel({"Type": "vxlan", "MTU": 9000})), [9000, 50, 8950]),
        (of("flannel", flannel({"Type": "host-gw"})), [1500, 0, 1500]),
        (of("flannel", flannel({"Type": "wireguard"})), [1500, 80, 1420]),
        (of("flannel", flannel({"Type": "ipsec", "UDPEncap": True})), [1500, 85, 1415]),
        # parseBackendType: without Backend it is udp, whatever the documentation says
        (of("flannel", flannel()), [1500, 28, 1472]),
        (of("flannel", flannel({"Type": "extension"})), [1500, None, None]),
        (of("flannel", flannel(VXLAN, pod_mtu=1400)), [1450, 50, 1400]),
        # k3s has no ConfigMap: the agent's annotation says it
        (
            of("flannel", node(annotations={"flannel.alpha.coreos.com/backend-type": "host-gw"})),
            [1500, 0, 1500],
        ),
        (of("flannel"), [1500, None, None]),
        (of("canal", flannel(VXLAN), calico_config(veth_mtu="1430")), [1480, 50, 1430]),
        (of("calico", pool(vxlan_mode="Always")), [1500, 50, 1450]),
        (of("calico", pool(ipip_mode="CrossSubnet")), [1500, 20, 1480]),
        (of("calico", pool(ipip_mode="Always"), pool("fd00::/64", vxlan_mode="Always")), [1500, 70, 1430]),
        (of("calico", pool()), [1500, 0, 1500]),
        (of("calico", pool(vxlan_mode="Always"), calico_config(veth_mtu="0")), [1500, 50, 1450]),
        (of("calico", pool(vxlan_mode="Always"), calico_config(veth_mtu="8950")), [9000, 50, 8950]),
        (of("calico"), [1500, None, None]),
        (of("cilium", cilium()), [1500, 50, 1450]),
        (of("cilium", cilium(tunnel_protocol="geneve", underlay_protocol="ipv6")), [1500, 70, 1430]),
        (of("cilium", cilium(enable_ipv4="false")), [1500, 70, 1430]),
        (of("cilium", cilium(routing_mode="native")), [1500, 0, 1500]),
        (of("cilium", cilium(tunnel="disabled")), [1500, 0, 1500]),
        (of("cilium", cilium(tunnel="geneve", mtu="9000")), [9000, 50, 8950]),
        (of("cilium", cilium(enable_wireguard="true")), [1500, 130, 1370]),
        (of("cilium", cilium(enable_ipsec="true", routing_mode="native")), [1500, 77, 1423]),
        (of("cilium", cilium(tunnel_protocol="stt")), [1500, None, None]),
        (of("cilium"), [1500, None, None]),
        (of("ovn-kubernetes"), [1500, 58, 1400]),
        (of("ovn-kubernetes", cluster_cidr=("10.128.0.0/14", "fd01::/48")), [1500, 78, 1400]),
        (
            of("ovn-kubernetes", config_map("ovn/ovnkube-config", **{"ovnkube.conf": 'mtu="8901"'})),
            [1500, 58, 1400],  # not in a namespace of the system
        ),
        (
            of(
                "ovn-kubernetes",
                config_map("ovn-kubernetes/ovnkube-config", **{"ovnkube.conf": 'mtu="8901"'}),
            ),
            [8959, 58, 8901],
        ),
        (of("aws-vpc-cni", cloud="aws"), [9001, 0, 9001]),
        (of("aws-vpc-cni", agent("aws-node", AWS_VPC_ENI_MTU="1500")), [1500, 0, 1500]),
        (of("azure-cni", cloud="azure"), [1500, 0, 1500]),
        (of("gke", cloud="gcp"), [1460, 0, 1460]),
        (of("kindnet"), [1500, 0, 1500]),
        (of("weave"), [1500, None, None]),
        (cluster(), [1500, None, None]),
    ],
)
def test_cluster_mtu__reads_what_each_plugin_states(value, expected):
    assert mtus(value) == expected


@pytest.mark.parametrize(
    ("tag", "overhead"), [("v1.18.3", 80), ("v1.19.5", 95), ("v1.20.0@sha256:0", 95), ("main", 80)]
)
def test_cluster_mtu__cilium_counts_padding_from_a_release_on(tag, overhead):
    image = f"quay.io/cilium/cilium:{tag}"
    value = of(
        "cilium",
        cilium(enable_wireguard="true", routing_mode="native"),
        agent("cilium", container="cilium-agent", image=image),
    )

    assert mtus(value)[1] == overhead


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"Backend": {"MTU": "x"}}', '{"Backend": []}', "[" * 100_000, "x" * 2_000_000]
)
def test_cluster_mtu__an_unreadable_net_conf_says_nothing(text):
    value = of("flannel", config_map("kube-flannel/kube-flannel-cfg", **{"net-conf.json": text}))

    assert mtus(value) == [1500, None, None]


@pytest.mark.parametrize("text", ["-1", "67", "65536", "1e3", "\uff11\uff15\uff10\uff10", "", "999999999999"])
def test_cluster_mtu__a_text_that_is_no_mtu_is_not_taken(text):
    value = of("calico", pool(vxlan_mode="Always"), calico_config(veth_mtu=text))

    assert mtus(value) == [1500, 50, 1450]


def test_cluster_mtu__headers_may_leave_pods_nothing():
    row = cluster_mtu(of("flannel", flannel({"Type": "vxlan", "MTU": 100}))).frame.iloc[2]

    assert row["evidence"] == "50 bytes of headers leave none of the network's 100 to pods"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["vxlan", "1500", "x"]),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["Type", "MTU", "mtu", "delegate"]), inner)
    ),
    max_leaves=6,
)
TEXTS = st.text() | VALUES.map(json.dumps) | st.integers().map(str)
CONFIG_MAPS = st.builds(
    lambda name, data: config_map(name, **data),
    st.sampled_from(
        [
            "kube-flannel/kube-flannel-cfg",
            "kube-system/calico-config",
            "kube-system/canal-config",
            "kube-system/cilium-config",
            "ovn-kubernetes/ovnkube-config",
        ]
    ),
    st.dictionaries(
        st.sampled_from(
            [
                "net-conf.json",
                "cni-conf.json",
                "veth_mtu",
                "cni_network_config",
                "mtu",
                "tunnel-protocol",
                "enable-wireguard",
                "ovnkube.conf",
            ]
        ),
        TEXTS
        | st.builds('{{"Backend": {0}, "plugins": [{{"delegate": {0}}}]}}'.format, VALUES.map(json.dumps)),
    ),
)


@given(st.sampled_from(["flannel", "canal", "calico", "cilium", "ovn-kubernetes"]), st.lists(CONFIG_MAPS))
def test_cluster_mtu__says_something_sound_whatever_config_maps_say(cni, config_maps):
    value = of(cni, *config_maps)

    frame = cluster_mtu(value).frame

    assert frame["n_bytes"].dropna().between(0, 65_535 + 200).all()
    assert ((frame["origin"] == "unknown") == frame["n_bytes"].isna()).all()


def test_cluster_mtu__a_number_of_many_digits_is_no_mtu():
    text = '{"Backend": {"Type": "vxlan", "MTU": ' + "9" * 5_000 + "}}"

    value = of("flannel", config_map("kube-flannel/kube-flannel-cfg", **{"net-conf.json": text}))

    assert mtus(value)[0] == 1_500


def test_cluster_mtu__says_where_every_number_comes_from():
    value = of("flannel", flannel({"Type": "vxlan", "MTU": 9000}))

    result = cluster_mtu(value)

    assert result.title == "Pod MTU: 8,950 bytes"
    assert result.frame["origin"].tolist() == ["read", "read", "inferred", "inferred", "inferred"]
    assert result.because == (
        "ConfigMap kube-flannel/kube-flannel-cfg net-conf.json Backend.MTU: 9,000 bytes (of the network between nodes)",
    )
    assert result.assumptions[-1].text == "9000"


def test_cluster_mtu__has_no_ipv6_segment_below_ipv6s_minimum():
    row = cluster_mtu(of("flannel", flannel({"Type": "vxlan", "MTU": 1300}))).frame.iloc[4]

    assert (row["origin"], row["evidence"]) == ("unknown", "IPv6 needs an MTU of 1,280 bytes")


ENI = agent("aws-node", AWS_VPC_ENI_MTU="1500", POD_MTU="9001")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            of("flannel", flannel({"Type": "vxlan", "MTU": 1500}, pod_mtu=1460)),
            "A packet of a pod has up to 1,460 bytes and 50 of headers, the network takes 1,500.",
        ),
        (of("aws-vpc-cni", ENI), "A packet of a pod has up to 9,001 bytes, the network takes 1,500."),
        (
            of("calico", calico_config(veth_mtu="1440", cni_network_config='{"mtu": 1500}')),
            "Pods get an MTU of 1,440 bytes by ConfigMap kube-system/calico-config veth_mtu and of 1,500 by "
            "ConfigMap kube-system/calico-config cni_network_config mtu.",
        ),
        (
            of(
                "calico",
                pool(vxlan_mode="Always"),
                calico_config(veth_mtu="1450"),
                agent("calico-node", FELIX_VXLANMTU="1410"),
            ),
            "A packet of a pod has up to 1,450 bytes, the vxlan device takes 1,410.",
        ),
        (
            of("cilium", cilium(mtu="1300"), cluster_cidr=("fd00::/104",)),
            "Pods have IPv6, which needs an MTU of 1,280 bytes, and get 1,250.",
        ),
        (
            of("calico", calico_config(veth_mtu="1200"), pod(ips=("10.0.0.1", "fd00::1"))),
            "Pods have IPv6, which needs an MTU of 1,280 bytes, and get 1,200.",
        ),
    ],
)
def test_disagreements__names_both_sides(value, expected):
    assert words(value) == [expected]


@pytest.mark.parametrize(
    "value",
    [
        of("flannel", flannel({"Type": "vxlan", "MTU": 1500}, pod_mtu=1450)),
        of("flannel", flannel({"Type": "vxlan"}, pod_mtu=8950)),  # the network's is not stated
        of("flannel", flannel({"Type": "extension", "MTU": 1400}, pod_mtu=1450)),  # nobody knows its headers
        of("aws-vpc-cni", agent("aws-node", AWS_VPC_ENI_MTU="9001", POD_MTU="1500")),
        of("calico", calico_config(veth_mtu="1440", cni_network_config='{"mtu": 1440}')),
        of("calico", calico_config(veth_mtu="1440", cni_network_config='{"mtu": __CNI_MTU__}')),
        of(
            "calico",
            pool(vxlan_mode="Always"),
            calico_config(veth_mtu="1450"),
            agent("calico-node", FELIX_VXLANMTU="1450"),
        ),
        # a device that is not used
        of(
            "calico",
            pool(vxlan_mode="Always"),
            calico_config(veth_mtu="1450"),
            agent("calico-node", FELIX_IPINIPMTU="1400"),
        ),
        of("cilium", cilium(mtu="1300"), cluster_cidr=("10.0.0.0/8",)),
        of("calico", calico_config(veth_mtu="1200"), pod(ips=("10.0.0.1", "fd00::1"), host_network=True)),
        of("flannel", flannel({"Type": "vxlan"}), cluster_cidr=("fd00::/56",)),
    ],
)
def test_disagreements__is_silent_where_mtus_fit(value):
    assert words(value) == []


def test_cluster_mtu__lists_disagreements_among_its_reasons():
    assert cluster_mtu(of("aws-vpc-cni", ENI)).because[-1].startswith("A packet of a pod has up to 9,001")


@pytest.mark.parametrize(
    ("value", "basis"),
    [
        (of("flannel", flannel({"Type": "vxlan"})), Basis.SOURCE),
        (of("cilium", cilium(tunnel_protocol="ipip")), Basis.DOCS),
        (of("gke", cloud="gcp"), Basis.DOCS),
        (of("weave"), Basis.DOCS),
    ],
)
def test_cluster_mtu__is_as_sure_as_the_overheads(value, basis):
    assert cluster_mtu(value).basis is basis
