import pytest

from kubenetlab.readers import read_bytes
from kubenetlab.readers.settings.ledger import UNKNOWN_BECAUSE
from kubenetlab.result import Origin
from tests.readers.dumps import as_list, cluster, config_map, item, node, pod, service, workload


def setting(name, *items):
    found = cluster(*items).settings[name]
    return found.value, str(found.origin), found.evidence


def component(name, *command, namespace="kube-system", image="x:v1.34.2"):
    spec = {"containers": [{"name": name, "image": image, "command": list(command)}]}
    return item("Pod", f"{name}-cp-1", namespace, spec=spec)


def agent(name, namespace="kube-system", kind="DaemonSet", host_network=True):
    spec = {"hostNetwork": host_network, "containers": [{"name": name}]}
    return item(kind, f"ds-{name}", namespace, "apps/v1", spec={"template": {"spec": spec}})


def labelled(**fields):
    return node(metadata={"labels": fields})


def test_find_settings__names_every_setting_in_one_order():
    names = [
        *("cluster_cidr", "service_cidr", "node_cidr", "node_cidr_mask_size", "node_cidr_mask_size_ipv6"),
        *(
            "node_port_range",
            "cluster_domain",
            "cluster_dns",
            "proxy_mode",
            "cni",
            "ipam",
            "cloud",
            "platform",
        ),
        *("kubernetes_version", "container_runtime", "max_pods", "vpc_subnets", "load_balancer"),
    ]

    assert list(cluster(pod()).settings) == names == list(UNKNOWN_BECAUSE)


def test_find_settings__of_an_empty_dump_is_unknown_or_a_components_default():
    settings = cluster().settings

    known = {s.name: (s.value, s.origin) for s in settings.values() if s.is_known}
    assert known == {
        "node_port_range": ("30000-32767", Origin.DEFAULT),
        "cluster_domain": ("cluster.local", Origin.DEFAULT),
        "proxy_mode": ("iptables", Origin.DEFAULT),
    }
    assert all(s.evidence for s in settings.values())


@pytest.mark.parametrize("name", ["vpc_subnets", "load_balancer"])
def test_find_settings__what_a_dump_cannot_hold_is_unknown(name):
    value, origin, evidence = setting(name, pod(), node(), service())

    assert (value, origin) == (None, "unknown")
    assert evidence.startswith("a dump cannot hold it")


FLAGS = [
    ("cluster_cidr", ("10.244.0.0/16",), "kube-controller-manager", "--cluster-cidr=10.244.0.0/16"),
    ("cluster_cidr", ("10.244.0.0/16", "fd00::/48"), "kube-controller-manager", "--cluster-cidr=10.244.0.0/16,fd00::/48"),
    ("service_cidr", ("10.96.0.0/12",), "kube-controller-manager", "--service-cluster-ip-range=10.96.0.0/12"),
    ("service_cidr", ("10.96.0.0/16",), "kube-apiserver", "--service-cluster-ip-range=10.96.0.0/16"),
    ("node_cidr_mask_size", 25, "kube-controller-manager", "--node-cidr-mask-size=25"),
    ("node_cidr_mask_size", 26, "kube-controller-manager", "--node-cidr-mask-size-ipv4=26"),
    ("node_cidr_mask_size_ipv6", 72, "kube-controller-manager", "--node-cidr-mask-size-ipv6=72"),
    ("node_port_range", "20000-21000", "kube-apiserver", "--service-node-port-range=20000-21000"),
    ("node_port_range", "20000-20100", "kube-apiserver", "--service-node-port-range=20000+100"),
    ("node_port_range", "65000-65535", "kube-apiserver", "--service-node-port-range=65000+9999"),
    ("node_port_range", "20000-20000", "kube-apiserver", "--service-node-port-range=20000"),
    ("proxy_mode", "ipvs", "kube-proxy", "--proxy-mode=ipvs"),
    ("proxy_mode", "nftables", "kube-proxy", "--proxy-mode=nftables"),
    ("cluster_cidr", ("10.4.0.0/14",), "kube-proxy", "--cluster-cidr=10.4.0.0/14"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "program", "flag"), FLAGS)
def test_find_settings__reads_flags_of_components(name, value, program, flag):
    found = setting(name, component(program, program, "--other=1", flag))

    assert found == (value, "read", f"{program} {flag.partition('=')[0]} in Pod kube-system/{program}-cp-1")


@pytest.mark.parametrize(
    "command",
    [
        [
            "/bin/sh",
            "-c",
            "exec /usr/bin/kube-proxy --master=x --cluster-cidr=10.4.0.0/14 1>>/var/log/kube-proxy.log 2>&1",
        ],
        ["/hyperkube", "kube-proxy", "--cluster-cidr", "10.4.0.0/14"],
        ["/usr/local/bin/kube-proxy", "--cluster-cidr=10.4.0.0/14"],
    ],
)
def test_find_settings__reads_flags_however_the_component_is_started(command):
    assert setting("cluster_cidr", component("main", *command))[0] == ("10.4.0.0/14",)


def test_find_settings__a_component_without_a_command_line_says_nothing():
    assert setting("proxy_mode", component("kube-proxy"))[1] == "default"


def test_find_settings__reads_flags_of_daemon_sets():
    template = {
        "spec": {"containers": [{"name": "kube-proxy", "command": ["kube-proxy", "--proxy-mode=ipvs"]}]}
    }
    daemon_set = item("DaemonSet", "kube-proxy", "kube-system", "apps/v1", spec={"template": template})

    assert setting("proxy_mode", daemon_set) == (
        "ipvs",
        "read",
        "kube-proxy --proxy-mode in DaemonSet kube-system/kube-proxy",
    )


def test_find_settings__a_cluster_within_the_cluster_says_nothing():
    nested = component(
        "kube-apiserver", "kube-apiserver", "--service-cluster-ip-range=10.0.0.0/24", namespace="team-a"
    )

    assert setting("service_cidr", nested)[1] == "unknown"


KUBEADM = """apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
kubernetesVersion: v1.31.2
networking: {dnsDomain: corp.local, podSubnet: "10.244.0.0/16,fd00:10:244::/56", serviceSubnet: 10.96.0.0/16}
apiServer: {extraArgs: {service-node-port-range: 20000-21000}}
controllerManager: {extraArgs: {node-cidr-mask-size-ipv4: "25"}}
"""
KUBEADM_V1BETA4 = """kind: ClusterConfiguration
apiServer: {extraArgs: [{name: service-node-port-range, value: 20000-21000}]}
"""
KUBE_PROXY = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nmode: ipvs\nclusterCIDR: 10.244.0.0/16\n"
KUBELET = "clusterDNS: [169.254.20.10]\nclusterDomain: corp.local\nmaxPods: 200\n"
COREFILE = ".:53 {\n  errors\n  kubernetes corp.local in-addr.arpa ip6.arpa {\n    pods insecure\n  }\n}\n"
FLANNEL = '{"Network": "10.244.0.0/16", "IPv6Network": "fd00::/48", "Backend": {"Type": "vxlan"}}'
OVN = (
    '[default]\ncluster-subnets="10.128.0.0/14/23,fd01::/48/64"\n[kubernetes]\nservice-cidrs=172.30.0.0/16\n'
)
OPENSHIFT = '{"extendedArguments": {"cluster-cidr": ["10.128.0.0/14"], "service-cluster-ip-range": ["172.30.0.0/16"]}}'
MAPS = [
    ("cluster_cidr", ("10.244.0.0/16", "fd00:10:244::/56"), "kubeadm-config", {"ClusterConfiguration": KUBEADM}),
    ("service_cidr", ("10.96.0.0/16",), "kubeadm-config", {"ClusterConfiguration": KUBEADM}),
    ("cluster_domain", "corp.local", "kubeadm-config", {"ClusterConfiguration": KUBEADM}),
    ("kubernetes_version", "1.31.2", "kubeadm-config", {"ClusterConfiguration": KUBEADM}),
    ("node_port_range", "20000-21000", "kubeadm-config", {"ClusterConfiguration": KUBEADM}),
    ("node_port_range", "20000-21000", "kubeadm-config", {"ClusterConfiguration": KUBEADM_V1BETA4}),
    ("node_cidr_mask_size", 25, "kubeadm-config", {"ClusterConfiguration": KUBEADM}),
    ("proxy_mode", "ipvs", "kube-proxy", {"config.conf": KUBE_PROXY}),
    ("cluster_cidr", ("10.244.0.0/16",), "kube-proxy", {"config.conf": KUBE_PROXY}),
    ("proxy_mode", "ipvs", "kube-proxy-config", {"config": KUBE_PROXY}),
    ("cluster_dns", "169.254.20.10", "kubelet-config", {"kubelet": KUBELET}),
    ("cluster_domain", "corp.local", "kubelet-config-1.23", {"kubelet": KUBELET}),
    ("max_pods", 200, "kubelet-config", {"kubelet": KUBELET}),
    ("cluster_domain", "corp.local", "coredns", {"Corefile": COREFILE}),
    ("cluster_cidr", ("10.244.0.0/16", "fd00::/48"), "kube-flannel-cfg", {"net-conf.json": FLANNEL}),
    ("cluster_cidr", ("10.128.0.0/14", "fd01::/48"), "ovnkube-config", {"ovnkube.conf": OVN}),
    ("service_cidr", ("172.30.0.0/16",), "ovnkube-config", {"ovnkube.conf": OVN}),
    ("node_cidr_mask_size", 23, "ovnkube-config", {"ovnkube.conf": OVN}),
    ("node_cidr_mask_size_ipv6", 64, "ovnkube-config", {"ovnkube.conf": OVN}),
    ("cluster_cidr", ("10.128.0.0/14",), "config", {"config.yaml": OPENSHIFT}),
    ("cluster_cidr", ("10.0.0.0/8",), "cilium-config", {"ipam": "cluster-pool", "cluster-pool-ipv4-cidr": "10.0.0.0/8"}),
    ("node_cidr_mask_size", 25, "cilium-config", {"ipam": "cluster-pool", "cluster-pool-ipv4-cidr": "10.0.0.0/8", "cluster-pool-ipv4-mask-size": "25"}),
    ("proxy_mode", "none", "cilium-config", {"kube-proxy-replacement": "true"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "config_map_name", "data"), MAPS)
def test_find_settings__reads_config_maps(name, value, config_map_name, data):
    found = setting(name, config_map(config_map_name, **data))

    assert found[:2] == (value, "read")
    assert f"ConfigMap kube-system/{config_map_name}" in found[2]


def test_find_settings__ignores_config_maps_of_applications():
    assert (
        setting("proxy_mode", config_map("kube-proxy", "shop", **{"config.conf": KUBE_PROXY}))[1] == "default"
    )


def test_find_settings__cilium_pools_of_a_family_that_is_off_do_not_count():
    data = {
        "ipam": "cluster-pool",
        "enable-ipv6": "false",
        "cluster-pool-ipv4-cidr": "10.0.0.0/8",
        "cluster-pool-ipv6-cidr": "fd00::/104",
    }

    assert setting("cluster_cidr", config_map("cilium-config", **data))[0] == ("10.0.0.0/8",)


BROKEN = {
    "malformed YAML": ("kube-proxy", "config.conf", "mode: [", "malformed YAML"),
    "malformed JSON": ("kube-flannel-cfg", "net-conf.json", '{"Network"', "JSON"),
    "text": ("kube-proxy", "config.conf", "hello", "expected a map; ignored"),
    "nothing": ("kube-proxy", "config.conf", "", "expected a map; ignored"),
    "a bomb": ("kube-proxy", "config.conf", "a: " + "[" * 5000, "nesting deeper"),
    "much text": ("kube-proxy", "config.conf", "a" * (1 << 21), "expected at most 1,048,576; ignored"),
    "a range that is none": ("kube-proxy", "config.conf", "clusterCIDR: 10.0.0.0", "found '10.0.0.0', expected CIDRs such as 10.0.0.0/8; ignored"),
    "a mode that is none": ("kube-proxy", "config.conf", "mode: userspace", "found 'userspace', expected iptables, nftables or ipvs; ignored"),
    "a domain that is none": ("kubelet-config", "kubelet", "clusterDomain: a b", "expected a domain such as cluster.local; ignored"),
    "an address that is none": ("kubelet-config", "kubelet", "clusterDNS: x", "expected an IP address; ignored"),
    "a count that is none": ("kubelet-config", "kubelet", "maxPods: -1", "expected a number above 0; ignored"),
    "a count beyond 32 bits": ("kubelet-config", "kubelet", '{"maxPods": 9999999999}', "expected a number above 0; ignored"),
    "a mask of many digits": ("kubeadm-config", "ClusterConfiguration", f"controllerManager: {{extraArgs: {{node-cidr-mask-size: '{'9' * 5000}'}}}}", "expected a prefix length from 1 to 128; ignored"),
    "a version that is none": ("kubeadm-config", "ClusterConfiguration", "kubernetesVersion: latest", "expected a version such as v1.31.2; ignored"),
    "ports that are none": ("kubeadm-config", "ClusterConfiguration", "apiServer: {extraArgs: {service-node-port-range: 5-1}}", "expected a port range"),
    "a mask that is none": ("kubeadm-config", "ClusterConfiguration", "controllerManager: {extraArgs: {node-cidr-mask-size: 129}}", "a prefix length from 1 to 128"),
    "an unknown IPAM": ("cilium-config", "ipam", "crd", "found ipam 'crd', which kubenetlab does not model"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "key", "text", "note"), BROKEN.values(), ids=BROKEN.keys())
def test_find_settings__notes_what_it_cannot_use_and_goes_on(name, key, text, note):
    result = cluster(config_map(name, **{key: text}), node())

    assert note in result.provenance.notes[0]
    assert result.settings["max_pods"].value is None
    assert result.settings["node_cidr"].is_known


def test_find_settings__a_flag_counts_before_a_config_map_and_the_difference_is_noted():
    flag = component("kube-controller-manager", "kube-controller-manager", "--cluster-cidr=10.0.0.0/16")

    result = cluster(config_map("kube-proxy", **{"config.conf": KUBE_PROXY}), flag)

    assert result.settings["cluster_cidr"].value == ("10.0.0.0/16",)
    assert result.provenance.notes == (
        "cluster_cidr: kube-controller-manager --cluster-cidr in Pod kube-system/kube-controller-manager-cp-1 says 10.0.0.0/16, "
        "ConfigMap kube-system/kube-proxy config.conf clusterCIDR says 10.244.0.0/16; the first counts",
    )


def test_find_settings__infers_ranges_of_nodes():
    nodes = [node(f"n{n}", f"10.244.{n}.0/24", f"10.0.0.{n}") for n in (1, 2, 3)]

    assert setting("cluster_cidr", *nodes)[:2] == (("10.244.0.0/22",), "inferred")
    assert setting("node_cidr_mask_size", *nodes) == (24, "inferred", "3 of 3 node pod CIDRs are /24")
    assert setting("node_cidr", *nodes)[:2] == (("10.0.0.0/30",), "inferred")
    assert "at least this" in setting("cluster_cidr", *nodes)[2]


def test_find_settings__infers_the_node_range_from_pods_where_there_are_no_nodes():
    pods = [pod(f"p{n}", status={"hostIP": f"10.0.0.{n}"}) for n in (1, 6)]

    assert setting("node_cidr", *pods)[0] == ("10.0.0.0/29",)


def test_find_settings__reads_service_cidrs_the_first_of_them_first():
    extra = item("ServiceCIDR", "extra", "", "networking.k8s.io/v1", spec={"cidrs": ["10.97.0.0/24"]})
    first = item(
        "ServiceCIDR",
        "kubernetes",
        "",
        "networking.k8s.io/v1",
        spec={"cidrs": ["10.96.0.0/24", "fd00::/112"]},
    )

    found = setting("service_cidr", extra, first)

    assert found == (("10.96.0.0/24", "fd00::/112", "10.97.0.0/24"), "read", "ServiceCIDR kubernetes, extra")


def test_find_settings__infers_the_service_range_as_a_lower_bound():
    value, origin, evidence = setting(
        "service_cidr", service("a", "10.96.0.1"), service("b", "10.96.0.10"), service("c", "None")
    )

    assert (value, origin) == (("10.96.0.0/28",), "inferred")
    assert (
        evidence
        == "the smallest range that holds the 2 ClusterIPs of the dump; the real one is at least this"
    )


def test_find_settings__a_platforms_default_counts_before_a_lower_bound_that_it_holds():
    kubelet = {"nodeInfo": {"kubeletVersion": "v1.31.2+k3s1"}}
    items = [node("n1", "10.42.0.0/24", status=kubelet), service("a", "10.43.0.1")]

    assert setting("cluster_cidr", *items)[:2] == (("10.42.0.0/16",), "default")
    assert setting("service_cidr", *items)[:2] == (("10.43.0.0/16",), "default")
    assert setting("cluster_dns", *items)[:2] == ("10.43.0.10", "default")


def test_find_settings__a_platforms_default_never_contradicts_the_dump():
    kubelet = {"nodeInfo": {"kubeletVersion": "v1.31.2+k3s1"}}
    items = [node("n1", "10.52.0.0/24", status=kubelet), service("a", "10.53.0.1")]

    assert setting("cluster_cidr", *items)[:2] == (("10.52.0.0/24",), "inferred")
    assert setting("service_cidr", *items)[:2] == (("10.53.0.1/32",), "inferred")
    assert setting("cluster_dns", *items)[1] == "unknown"


@pytest.mark.parametrize(
    "name", ["kube-system/kube-dns", "kube-system/rke2-coredns-rke2-coredns", "openshift-dns/dns-default"]
)
def test_find_settings__reads_the_address_of_cluster_dns(name):
    namespace, _, service_name = name.partition("/")

    found = setting("cluster_dns", service(service_name, "10.96.0.10", namespace))

    assert found == ("10.96.0.10", "read", f"the ClusterIP of Service {name}")


def test_find_settings__takes_versions_and_runtimes_of_nodes():
    nodes = [
        node(
            f"n{v}", status={"nodeInfo": {"kubeletVersion": f"v1.{v}.1-eks-1", "containerRuntimeVersion": r}}
        )
        for v, r in ((9, "docker://20.10"), (31, "containerd://1.7"))
    ]

    assert setting("kubernetes_version", *nodes)[:2] == ("1.31.1", "inferred")
    assert setting("container_runtime", *nodes)[:2] == ("containerd, docker", "read")


def test_find_settings__takes_the_version_of_the_api_server_first():
    nodes = [node(status={"nodeInfo": {"kubeletVersion": "v1.33.0"}})]

    found = setting("kubernetes_version", *nodes, component("kube-apiserver", "kube-apiserver"))

    assert found[:2] == ("1.34.2", "read")


def test_find_settings__takes_the_version_of_kube_proxy_last():
    assert setting("kubernetes_version", component("kube-proxy", "kube-proxy"))[:2] == ("1.34.2", "inferred")


@pytest.mark.parametrize(
    ("capacities", "expected"),
    [((110, 110), (110, "read")), ((110, 250, 250), (250, "inferred")), ((250, 110), (110, "inferred"))],
)
def test_find_settings__takes_the_commonest_capacity_of_nodes(capacities, expected):
    nodes = [node(f"n{i}", status={"capacity": {"pods": str(c)}}) for i, c in enumerate(capacities)]

    assert setting("max_pods", *nodes)[:2] == expected


PLATFORMS = [
    ("eks", "aws", labelled(**{"eks.amazonaws.com/nodegroup": "a"})),
    ("eks", "aws", node(status={"nodeInfo": {"kubeletVersion": "v1.31.2-eks-1"}})),
    ("eks", "aws", config_map("aws-auth", mapRoles="")),
    ("eks", "aws", component("coredns", "x", image="602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/coredns:v1")),
    ("aks", "azure", labelled(**{"kubernetes.azure.com/agentpool": "a"})),
    ("gke", "gcp", labelled(**{"cloud.google.com/gke-nodepool": "a"})),
    ("gke", "gcp", node(status={"nodeInfo": {"kubeletVersion": "v1.31.2-gke.1201000"}})),
    ("openshift", "none", labelled(**{"node.openshift.io/os_id": "rhel"})),
    ("openshift", None, item("Namespace", "openshift-dns", "")),
    ("k3s", "none", node(status={"nodeInfo": {"kubeletVersion": "v1.31.2+k3s1"}})),
    ("rke2", "none", node(status={"nodeInfo": {"kubeletVersion": "v1.31.2+rke2r1"}})),
    ("kind", "none", node(spec={"providerID": "kind://docker/kind/n1"})),
    ("minikube", "none", labelled(**{"minikube.k8s.io/name": "a"})),
    ("kubeadm", None, config_map("kubeadm-config", ClusterConfiguration="kind: ClusterConfiguration")),
    ("kubeadm", "none", node(metadata={"annotations": {"kubeadm.alpha.kubernetes.io/cri-socket": "x"}})),
    ("unknown", "none", node()),
    ("unknown", "aws", node(spec={"providerID": "aws:///z/i-1"})),
    ("unknown", "azure", node(spec={"providerID": "azure:///subscriptions/x"})),
    ("unknown", "gcp", node(spec={"providerID": "gce://p/z/n"})),
    ("unknown", "openstack", node(spec={"providerID": "openstack:///x"})),
    ("unknown", "digitalocean", node(spec={"providerID": "digitalocean://1"})),
    ("unknown", "none", node(spec={"providerID": "<b>://1"})),
    ("unknown", "none", node(spec={"providerID": f"{'x' * 99}://1"})),
    ("k3s", "none", node(spec={"providerID": "k3s://n1"})),
    ("unknown", None, pod()),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "cloud", "mark"), PLATFORMS)
def test_find_settings__tells_platform_and_cloud_by_their_marks(platform, cloud, mark):
    settings = cluster(mark).settings

    assert (settings["platform"].value, settings["cloud"].value) == (platform, cloud)


AZURE = "kubernetes.azure.com/podnetwork-type"
CALICO_NODE = agent("calico-node")
HOST_LOCAL = config_map(
    "calico-config",
    cni_network_config='{"plugins": [{"type": "calico", "ipam": {"type": "host-local", "subnet": "usePodCidr"}}]}',
)
CALICO_IPAM = config_map(
    "calico-config", cni_network_config='{"plugins": [{"ipam": {"type": "calico-ipam"}}]}'
)
IP_POOL = item("IPPool", "default", "", "crd.projectcalico.org/v1", spec={"cidr": "192.168.0.0/16"})
CILIUM_POOL = item(
    "CiliumPodIPPool",
    "default",
    "",
    "cilium.io/v2alpha1",
    spec={"ipv4": {"cidrs": ["10.9.0.0/16"], "maskSize": 26}},
)
NODE_CONFIG = item("NodeNetworkConfig", "n1", "kube-system", "acn.azure.com/v1alpha")
AKS_NODE = node(pod_cidr="", metadata={"labels": {"kubernetes.azure.com/agentpool": "a"}})
KUBENET_NODE = node(metadata={"labels": {"kubernetes.azure.com/agentpool": "a"}})
PLUGINS = [
    ("flannel", "host-local", [agent("kube-flannel", "kube-flannel")]),
    ("flannel", "host-local", [config_map("kube-flannel-cfg", "kube-flannel", **{"net-conf.json": FLANNEL})]),
    ("flannel", "host-local", [node(metadata={"annotations": {"flannel.alpha.coreos.com/backend-type": "vxlan"}})]),
    ("calico", "calico", [CALICO_NODE]),
    ("calico", "calico", [CALICO_NODE, CALICO_IPAM]),
    ("calico", "host-local", [CALICO_NODE, HOST_LOCAL]),
    ("calico", "calico", [IP_POOL]),
    ("canal", "host-local", [CALICO_NODE, agent("kube-flannel")]),
    ("cilium", "cilium-cluster-pool", [agent("cilium-agent")]),
    ("cilium", "cilium-kubernetes", [config_map("cilium-config", ipam="kubernetes")]),
    ("cilium", "cilium-cluster-pool", [config_map("cilium-config", ipam="cluster-pool")]),
    ("cilium", "cilium-multi-pool", [config_map("cilium-config", ipam="multi-pool")]),
    ("cilium", "cilium-multi-pool", [CILIUM_POOL]),
    ("cilium", "cilium-eni", [config_map("cilium-config", ipam="eni")]),
    ("cilium", "unknown", [config_map("cilium-config", ipam="crd")]),
    ("aws-vpc-cni", "aws-vpc-cni", [agent("aws-node")]),
    ("aws-vpc-cni", "aws-vpc-cni", [agent("aws-node"), CALICO_NODE]),
    ("aws-vpc-cni", "aws-vpc-cni", [agent("aws-node"), config_map("cilium-config", **{"cni-chaining-mode": "aws-cni"})]),
    ("aws-vpc-cni", "aws-vpc-cni", [item("CNINode", "n1", "", "vpcresources.k8s.aws/v1alpha1")]),
    ("azure-cni", "azure-overlay", [agent("cns-container"), labelled(**{AZURE: "overlay"})]),
    ("azure-cni", "azure-pod-subnet", [agent("azure-cns"), labelled(**{AZURE: "vnet"})]),
    ("azure-cni", "azure-pod-subnet", [NODE_CONFIG, labelled(**{AZURE: "vnetblock"})]),
    ("azure-cni", "azure-overlay", [labelled(**{AZURE: "overlay"}), config_map("cilium-config", ipam="delegated-plugin")]),
    ("azure-cni", "azure-node-subnet", [AKS_NODE]),
    ("azure-cni", "unknown", [NODE_CONFIG, AKS_NODE]),
    ("azure-cni", "azure-pod-subnet", [NODE_CONFIG | {"status": {"networkContainers": [{"type": "vnet"}]}}]),
    ("azure-cni", "azure-overlay", [NODE_CONFIG | {"status": {"networkContainers": [{"type": "overlay"}]}}]),
    ("unknown", "host-local", [KUBENET_NODE]),
    ("gke", "gke", [agent("netd")]),
    ("gke", "gke", [labelled(**{"cloud.google.com/gke-nodepool": "a"}), agent("cilium-agent")]),
    ("ovn-kubernetes", "ovn-kubernetes", [agent("ovnkube-node", "openshift-ovn-kubernetes")]),
    ("kindnet", "host-local", [agent("kindnet-cni")]),
    ("weave", "unknown", [agent("weave")]),
    ("antrea", "host-local", [agent("antrea-agent")]),
    ("kube-router", "host-local", [agent("kube-router")]),
    ("flannel", "host-local", [component("kube-flannel", "flanneld") | {"spec": {"hostNetwork": True, "containers": [{"name": "kube-flannel"}]}}]),
    ("unknown", "unknown", [agent("weave", host_network=False), node()]),
]  # fmt: skip


@pytest.mark.parametrize(("cni", "ipam", "items"), PLUGINS)
def test_find_settings__tells_network_plugin_and_address_manager(cni, ipam, items):
    settings = cluster(*items).settings

    assert (settings["cni"].value, settings["ipam"].value) == (cni, ipam)


def test_find_settings__delegated_cilium_without_azure_cns_follows_the_nodes():
    settings = cluster(
        agent("cilium-agent"), config_map("cilium-config", ipam="delegated-plugin"), node()
    ).settings

    assert settings["ipam"].value == "azure-node-subnet"


def test_find_settings__reads_pools_that_are_on():
    off = item(
        "IPPool", "off", "", "crd.projectcalico.org/v1", spec={"cidr": "10.0.0.0/16", "disabled": True}
    )

    assert setting("cluster_cidr", off, IP_POOL) == (("192.168.0.0/16",), "read", "Calico IPPool default")


def test_find_settings__reads_cilium_pools():
    assert setting("cluster_cidr", CILIUM_POOL) == (("10.9.0.0/16",), "read", "CiliumPodIPPool default")


def test_find_settings__infers_the_range_of_cilium_nodes():
    nodes = [
        item("CiliumNode", f"n{n}", "", "cilium.io/v2", spec={"ipam": {"podCIDRs": [f"10.0.{n}.0/24"]}})
        for n in (0, 1)
    ]

    assert setting("cluster_cidr", *nodes)[:2] == (("10.0.0.0/23",), "inferred")
    assert setting("node_cidr_mask_size", *nodes)[:2] == (24, "inferred")


@pytest.mark.parametrize(
    "items", [[agent("aws-node"), node()], [AKS_NODE], [config_map("cilium-config", ipam="eni"), node()]]
)
def test_find_settings__pods_on_the_clouds_subnets_have_no_range_of_the_clusters_own(items):
    value, origin, evidence = setting("cluster_cidr", *items)

    assert (value, origin) == (None, "unknown")
    assert evidence.startswith("pods take addresses of")


def test_find_settings__mask_sizes_have_a_default_for_the_families_of_the_range():
    flag = component(
        "kube-controller-manager", "kube-controller-manager", "--cluster-cidr=10.0.0.0/16,fd00::/48"
    )

    settings = cluster(flag).settings

    assert [
        (settings[n].value, str(settings[n].origin))
        for n in ("node_cidr_mask_size", "node_cidr_mask_size_ipv6")
    ] == [
        (24, "default"),
        (64, "default"),
    ]


def test_find_settings__aks_overlay_has_its_documented_ranges():
    settings = cluster(
        AKS_NODE,
        labelled(**{AZURE: "overlay"})
        | {"metadata": {"name": "n2", "labels": {AZURE: "overlay"}}, "spec": {}},
    ).settings

    found = {
        name: settings[name].value
        for name in ("cluster_cidr", "service_cidr", "node_cidr_mask_size", "cluster_dns")
    }
    assert found == {
        "cluster_cidr": ("10.244.0.0/16",),
        "service_cidr": ("10.0.0.0/16",),
        "node_cidr_mask_size": 24,
        "cluster_dns": "10.0.0.10",
    }


def test_find_settings__does_not_depend_on_the_order_of_the_dump():
    items = [
        IP_POOL,
        node(),
        service(),
        CALICO_NODE,
        config_map("kube-proxy", **{"config.conf": KUBE_PROXY}),
        workload("Deployment"),
    ]

    one, other = (read_bytes("x", as_list(*order).encode()).settings for order in (items, items[::-1]))

    assert dict(one) == dict(other)


STALE = config_map("kube-proxy", **{"config.conf": "mode: ipvs\nclusterCIDR: 10.1.0.0/16\n"})


@pytest.mark.parametrize(
    ("flags", "mode", "cidr"),
    [
        (("--config=/a", "--proxy-mode=nftables", "--cluster-cidr=10.2.0.0/16"), "ipvs", "10.1.0.0/16"),
        (("--proxy-mode=nftables", "--cluster-cidr=10.2.0.0/16"), "nftables", "10.2.0.0/16"),
    ],
)
def test_find_settings__kube_proxy_reads_its_file_or_its_flags(flags, mode, cidr):
    items = (component("kube-proxy", "kube-proxy", *flags), STALE)

    assert setting("proxy_mode", *items)[0] == mode
    assert setting("cluster_cidr", *items)[0] == (cidr,)
