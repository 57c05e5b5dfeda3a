"""ConfigMaps of a synthetic cluster: the ones that carry network settings on each platform."""

import json

from kubenetlab.synthetic.draft import Draft, Json
from kubenetlab.synthetic.services import metadata

_KUBEADM = """\
apiVersion: kubeadm.k8s.io/v1beta4
certificatesDir: /etc/kubernetes/pki
clusterName: kubernetes
imageRepository: registry.k8s.io
kind: ClusterConfiguration
kubernetesVersion: {version}
networking:
  dnsDomain: {domain}
{pod_subnet}  serviceSubnet: {services}
"""
_KUBE_PROXY = """\
apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
clusterCIDR: {pods}
conntrack:
  maxPerCore: null
detectLocalMode: ""
iptables:
  localhostNodePorts: null
  masqueradeAll: false
kind: KubeProxyConfiguration
mode: "{mode}"
nodePortAddresses: null
"""
_COREFILE = """\
.:53 {{
    errors
    health {{
       lameduck 5s
    }}
    ready
    kubernetes {domain} in-addr.arpa ip6.arpa {{
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }}
    prometheus :9153
    forward . /etc/resolv.conf {{
       max_concurrent 1000
    }}
    cache 30
    loop
    reload
    loadbalance
}}
"""
_OVNKUBE = """\
[default]
mtu="8901"
cluster-subnets="{subnets}"

[kubernetes]
service-cidrs="{services}"
"""
_INSTALL_CONFIG = """\
apiVersion: v1
baseDomain: example.net
metadata:
  name: ocp
networking:
  clusterNetwork:
{cluster_networks}
  machineNetwork:
  - cidr: {nodes}
  networkType: OVNKubernetes
  serviceNetwork:
{service_networks}
"""


def config_map(draft: Draft, namespace: str, name: str, data: dict[str, str]) -> Json:
    """Return a ConfigMap."""
    return {
        "apiVersion": "v1",
        "data": data,
        "kind": "ConfigMap",
        "metadata": metadata(draft, "ConfigMap", name, namespace),
    }


def add_config_maps(draft: Draft) -> None:
    """Add the platform's ConfigMaps."""
    add = _BY_PLATFORM[draft.platform.name]
    draft.objects += [config_map(draft, namespace, name, data) for namespace, name, data in add(draft)]


_Rows = list[tuple[str, str, dict[str, str]]]


def _joined(draft: Draft, what: str) -> str:
    return ",".join(draft.ranges[what])


def _corefile(draft: Draft) -> _Rows:
    return [("kube-system", "coredns", {"Corefile": _COREFILE.format(domain=draft.platform.cluster_domain)})]


def _kubeadm(draft: Draft) -> _Rows:
    pods = f"  podSubnet: {_joined(draft, 'pods')}\n" if draft.platform.has_node_pod_cidr else ""
    words = {
        "domain": draft.platform.cluster_domain,
        "pod_subnet": pods,
        "services": _joined(draft, "services"),
        "version": draft.platform.version,
    }
    return [
        ("kube-system", "kubeadm-config", {"ClusterConfiguration": _KUBEADM.format(**words)}),
        *_corefile(draft),
    ]


def _kube_proxy(draft: Draft) -> _Rows:
    return [
        (
            "kube-system",
            "kube-proxy",
            {"config.conf": _KUBE_PROXY.format(pods=_joined(draft, "pods"), mode="")},
        )
    ]


def _flannel(draft: Draft) -> _Rows:
    pods = draft.ranges["pods"]
    network: Json = {"Network": pods[0], "EnableNFTables": False, "Backend": {"Type": "vxlan"}}
    if len(pods) > 1:
        network |= {"EnableIPv6": True, "IPv6Network": pods[1]}
    cni: Json = {"name": "cbr0", "cniVersion": "0.3.1", "plugins": [{"type": "flannel"}, {"type": "portmap"}]}
    data = {"cni-conf.json": json.dumps(cni, indent=2), "net-conf.json": json.dumps(network, indent=2)}
    return [*_kubeadm(draft), *_kube_proxy(draft), ("kube-flannel", "kube-flannel-cfg", data)]


def _calico(draft: Draft) -> _Rows:
    cni: Json = {
        "name": "k8s-pod-network",
        "cniVersion": "0.3.1",
        "plugins": [{"type": "calico", "datastore_type": "kubernetes", "ipam": {"type": "calico-ipam"}}],
    }
    data = {"calico_backend": "bird", "cni_network_config": json.dumps(cni, indent=2), "veth_mtu": "0"}
    return [*_kubeadm(draft), *_kube_proxy(draft), ("kube-system", "calico-config", data)]


def _cilium(draft: Draft) -> _Rows:
    pods = draft.ranges["pods"]
    data = {
        "cluster-name": "default",
        "cluster-pool-ipv4-cidr": pods[0],
        "cluster-pool-ipv4-mask-size": str(draft.platform.node_mask),
        "enable-ipv4": "true",
        "enable-ipv6": str(len(pods) > 1).lower(),
        "enable-policy": "default",
        "ipam": "cluster-pool",
        "kube-proxy-replacement": "true",
        "routing-mode": "tunnel",
        "tunnel-protocol": "vxlan",
    }
    if len(pods) > 1:
        data |= {"cluster-pool-ipv6-cidr": pods[1], "cluster-pool-ipv6-mask-size": "64"}
    return [*_kubeadm(draft), ("kube-system", "cilium-config", data)]


def _eks(draft: Draft) -> _Rows:
    config = _KUBE_PROXY.format(pods='""', mode="iptables")
    cni = {
        "enable-network-policy-controller": "false",
        "enable-windows-ipam": "false",
        "warm-eni-target": "1",
    }
    return [
        *_corefile(draft),
        ("kube-system", "kube-proxy-config", {"config": config}),
        ("kube-system", "amazon-vpc-cni", cni),
    ]


def _aks(draft: Draft) -> _Rows:
    pods = draft.ranges["pods"][0] or draft.ranges["nodes"][0]
    masq = f"nonMasqueradeCIDRs:\n  - {pods}\nmasqLinkLocal: true\n"
    return [
        *_corefile(draft),
        ("kube-system", "azure-ip-masq-agent-config-reconciled", {"ip-masq-agent-reconciled": masq}),
    ]


def _gke(draft: Draft) -> _Rows:
    del draft
    return [("kube-system", "kube-dns", {})]


def _openshift(draft: Draft) -> _Rows:
    masks = (draft.platform.node_mask, 64)
    pairs = list(zip(draft.ranges["pods"], masks, strict=False))
    ovnkube = _OVNKUBE.format(
        subnets=",".join(f"{cidr}/{mask}" for cidr, mask in pairs), services=_joined(draft, "services")
    )
    install = _INSTALL_CONFIG.format(
        cluster_networks="\n".join(f"  - cidr: {cidr}\n    hostPrefix: {mask}" for cidr, mask in pairs),
        nodes=draft.ranges["nodes"][0],
        service_networks="\n".join(f"  - {cidr}" for cidr in draft.ranges["services"]),
    )
    corefile = _COREFILE.format(domain=draft.platform.cluster_domain).replace(".:53", ".:5353")
    return [
        ("kube-system", "cluster-config-v1", {"install-config": install}),
        ("openshift-ovn-kubernetes", "ovnkube-config", {"ovnkube.conf": ovnkube}),
        ("openshift-dns", "dns-default", {"Corefile": corefile}),
    ]


_BY_PLATFORM = {
    "kubeadm-flannel": _flannel,
    "kubeadm-calico": _calico,
    "kubeadm-cilium": _cilium,
    "eks": _eks,
    "aks-overlay": _aks,
    "aks-node-subnet": _aks,
    "gke": _gke,
    "openshift": _openshift,
}
