"""The system pods of each platform, as data: what `kubectl get pods -A` shows besides the applications."""

from dataclasses import dataclass

_DNS53 = "dns:53/UDP dns-tcp:53 metrics:9153"
_COREFILE_COMMAND = "/coredns -conf /etc/coredns/Corefile"


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRow:
    """A system workload. ``kind`` Static means a static pod of every node of ``where``, its name the prefix of theirs.

    ``labels`` are ``key=value`` with commas between them; ``{...}`` in a command is filled in with the cluster's ranges.
    """

    name: str
    image: str
    labels: str
    kind: str = "DaemonSet"
    namespace: str = "kube-system"
    replicas: int = 0
    where: str = "all"
    ports: str = ""
    command: str = ""
    host_network: bool = True


def _control_plane(name: str, command: str, version: str = "v1.34.2") -> SystemRow:
    """Return a static pod of kubeadm's control plane."""
    return SystemRow(
        name=name,
        image=f"registry.k8s.io/{name}:{version}",
        kind="Static",
        where="control-plane",
        labels=f"component={name},tier=control-plane",
        command=f"{name} {command}",
    )


def _dns(image: str, labels: str = "", name: str = "coredns", command: str = _COREFILE_COMMAND) -> SystemRow:
    """Return the cluster's DNS: two pods of their own network."""
    return SystemRow(
        name=name,
        image=image,
        kind="Deployment",
        replicas=2,
        labels=f"k8s-app=kube-dns{labels}",
        ports=_DNS53 if name == "coredns" else _DNS53.replace(":53", ":10053"),
        command=command,
        host_network=False,
    )


_KUBEADM = (
    _control_plane("etcd", "--data-dir=/var/lib/etcd --listen-metrics-urls=http://127.0.0.1:2381", "3.6.4-0"),
    _control_plane(
        "kube-apiserver",
        "--authorization-mode=Node,RBAC --secure-port=6443 --service-cluster-ip-range={services}",
    ),
    _control_plane(
        "kube-controller-manager",
        "--allocate-node-cidrs={allocate} {cluster_cidr_flag} --leader-elect=true"
        " --service-cluster-ip-range={services}",
    ),
    _control_plane("kube-scheduler", "--leader-elect=true --kubeconfig=/etc/kubernetes/scheduler.conf"),
    _dns("registry.k8s.io/coredns/coredns:v1.12.1"),
)
_KUBE_PROXY = SystemRow(
    name="kube-proxy",
    image="registry.k8s.io/kube-proxy:v1.34.2",
    labels="k8s-app=kube-proxy",
    command="/usr/local/bin/kube-proxy --config=/var/lib/kube-proxy/config.conf --hostname-override=$(NODE_NAME)",
)
_FLANNEL = SystemRow(
    name="kube-flannel-ds",
    image="ghcr.io/flannel-io/flannel:v0.27.4",
    namespace="kube-flannel",
    labels="app=flannel,tier=node",
    command="/opt/bin/flanneld --ip-masq --kube-subnet-mgr",
)
_CALICO = (
    SystemRow(
        name="calico-node",
        image="quay.io/calico/node:v3.30.4",
        labels="k8s-app=calico-node",
        ports="health:9099",
        command="start_runit",
    ),
    SystemRow(
        name="calico-kube-controllers",
        image="quay.io/calico/kube-controllers:v3.30.4",
        kind="Deployment",
        replicas=1,
        labels="k8s-app=calico-kube-controllers",
        command="/usr/bin/kube-controllers",
        host_network=False,
    ),
)
_CILIUM = (
    SystemRow(
        name="cilium",
        image="quay.io/cilium/cilium:v1.18.3",
        labels="k8s-app=cilium,app.kubernetes.io/part-of=cilium",
        command="cilium-agent --config-dir=/tmp/cilium/config-map",
    ),
    SystemRow(
        name="cilium-operator",
        image="quay.io/cilium/operator-generic:v1.18.3",
        kind="Deployment",
        replicas=2,
        labels="io.cilium/app=operator,name=cilium-operator",
        command="cilium-operator-generic --config-dir=/tmp/cilium/config-map",
    ),
)
_ECR = "602401143452.dkr.ecr.eu-west-1.amazonaws.com"
_EKS = (
    SystemRow(
        name="aws-node",
        image=f"{_ECR}/amazon-k8s-cni:v1.20.4-eksbuild.1",
        labels="k8s-app=aws-node,app.kubernetes.io/name=aws-node",
        ports="metrics:61678",
    ),
    SystemRow(
        name="kube-proxy",
        image=f"{_ECR}/eks/kube-proxy:v1.33.3-minimal-eksbuild.10",
        labels="k8s-app=kube-proxy",
        command="kube-proxy --v=2 --config=/var/lib/kube-proxy-config/config",
    ),
    _dns(f"{_ECR}/eks/coredns:v1.12.4-eksbuild.1", ",eks.amazonaws.com/component=coredns"),
)
_MCR = "mcr.microsoft.com/oss"
_AKS = (
    SystemRow(
        name="kube-proxy",
        image=f"{_MCR}/kubernetes/kube-proxy:v1.33.5",
        labels="component=kube-proxy,tier=node",
        command="kube-proxy --conntrack-max-per-core=0 --metrics-bind-address=0.0.0.0:10249"
        " --cluster-cidr={aks_cidr} --detect-local-mode=ClusterCIDR",
    ),
    SystemRow(
        name="azure-ip-masq-agent",
        image=f"{_MCR}/azure/ip-masq-agent-v2:v0.1.15",
        labels="k8s-app=azure-ip-masq-agent,tier=node",
    ),
    _dns(f"{_MCR}/v2/kubernetes/coredns:v1.12.1-4", ",kubernetes.io/cluster-service=true"),
)
_AZURE_CNS = SystemRow(
    name="azure-cns",
    image="mcr.microsoft.com/containernetworking/azure-cns:v1.6.29",
    labels="k8s-app=azure-cns",
)
_GKE = (
    SystemRow(
        name="kube-proxy",
        image="gke.gcr.io/kube-proxy-amd64:v1.33.5-gke.1201000",
        kind="Static",
        labels="component=kube-proxy,tier=node",
        command="kube-proxy --master=https://172.16.0.2 --cluster-cidr={pods} --iptables-sync-period=1m",
    ),
    SystemRow(name="netd", image="gke.gcr.io/netd:v0.8.2", labels="k8s-app=netd"),
    _dns(
        "gke.gcr.io/k8s-dns-kube-dns:1.23.0-gke.28",
        name="kube-dns",
        command="/kube-dns --domain=cluster.local. --dns-port=10053 --config-dir=/kube-dns-config",
    ),
)
_OCP = "quay.io/openshift-release-dev/ocp-v4.0-art-dev"
_OPENSHIFT = (
    SystemRow(
        name="kube-apiserver",
        image=f"{_OCP}@sha256:apiserver",
        kind="Static",
        namespace="openshift-kube-apiserver",
        where="control-plane",
        labels="app=openshift-kube-apiserver,apiserver=true",
        command="hyperkube kube-apiserver --openshift-config=/etc/kubernetes/config.yaml",
    ),
    SystemRow(
        name="ovnkube-node",
        image=f"{_OCP}@sha256:ovnkube",
        namespace="openshift-ovn-kubernetes",
        labels="app=ovnkube-node,component=network,type=infra",
        command="/usr/bin/ovnkube --init-node=$(K8S_NODE) --config-file=/run/ovnkube-config/ovnkube.conf",
    ),
    SystemRow(
        name="dns-default",
        image=f"{_OCP}@sha256:coredns",
        namespace="openshift-dns",
        labels="dns.operator.openshift.io/daemonset-dns=default",
        ports="dns:5353/UDP dns-tcp:5353 metrics:9154",
        command="coredns -conf /etc/coredns/Corefile",
        host_network=False,
    ),
)

#: System workloads of every platform.
SYSTEM_ROWS: dict[str, tuple[SystemRow, ...]] = {
    "kubeadm-flannel": (*_KUBEADM, _KUBE_PROXY, _FLANNEL),
    "kubeadm-calico": (*_KUBEADM, _KUBE_PROXY, *_CALICO),
    "kubeadm-cilium": (*_KUBEADM, *_CILIUM),
    "eks": _EKS,
    "aks-overlay": (*_AKS, _AZURE_CNS),
    "aks-node-subnet": _AKS,
    "gke": _GKE,
    "openshift": _OPENSHIFT,
}

#: The Service of the cluster's DNS where it is not kube-system/kube-dns with k8s-app=kube-dns.
DNS_SERVICES: dict[str, tuple[str, str, str, str]] = {
    "openshift": ("openshift-dns", "dns-default", "dns.operator.openshift.io/daemonset-dns", "default"),
}
USUAL_DNS_SERVICE = ("kube-system", "kube-dns", "k8s-app", "kube-dns")
