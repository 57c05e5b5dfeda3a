"""Which plugin counts where a dump shows several: stale signs lose against what runs and gives addresses."""

import pytest

from tests.readers.dumps import cluster, config_map, item, node

EKS_NODE = node(pod_cidr="", metadata={"labels": {"eks.amazonaws.com/nodegroup": "g"}})
AKS = {"labels": {"kubernetes.azure.com/agentpool": "a"}}
AKS_NODE = node(pod_cidr="", metadata=AKS)
KUBENET_NODE = node(metadata=AKS)
FLANNEL_NODE = node(metadata={"annotations": {"flannel.alpha.coreos.com/backend-type": "vxlan"}})
GKE_NODE = node(metadata={"labels": {"cloud.google.com/gke-nodepool": "p"}})
CILIUM_CONFIG = config_map(
    "cilium-config", **{"ipam": "cluster-pool", "cluster-pool-ipv4-cidr": "10.0.0.0/8"}
)
CNI_NODE = item("CNINode", "n1", "", "vpcresources.k8s.aws/v1alpha1")
IP_POOL = item("IPPool", "p", "", "crd.projectcalico.org/v1", spec={"cidr": "192.168.0.0/16"})
BLOCK = item("IPAMBlock", "b", "", "crd.projectcalico.org/v1", spec={"cidr": "192.168.0.0/26"})
CALICO_IPAM = config_map(
    "calico-config", cni_network_config='{"plugins": [{"ipam": {"type": "calico-ipam"}}]}'
)


def agent(*containers, n_nodes=None, **template):
    spec = {"hostNetwork": True, "containers": [{"name": name} for name in containers]} | template
    status = {} if n_nodes is None else {"status": {"desiredNumberScheduled": n_nodes}}
    return item(
        "DaemonSet", containers[0], "kube-system", "apps/v1", spec={"template": {"spec": spec}}, **status
    )


CALICO = agent("calico-node", n_nodes=1)
CILIUM = agent("cilium-agent", n_nodes=1)
STOPPED = {"nodeSelector": {"io.cilium/aws-node-enabled": "true"}}
CASES = {
    "EKS with Cilium, aws-node stopped": (
        ("cilium", "cilium-cluster-pool"), [EKS_NODE, agent("aws-node", n_nodes=0, **STOPPED), CILIUM, CILIUM_CONFIG],
    ),
    "aws-node's nodes do not exist": (
        ("cilium", "cilium-cluster-pool"), [EKS_NODE, agent("aws-node", **STOPPED), agent("cilium-agent")],
    ),
    "aws-node deleted, its CNINode left": (("cilium", "cilium-cluster-pool"), [EKS_NODE, CNI_NODE, CILIUM, CILIUM_CONFIG]),
    "aws-node still runs beside Cilium's own IPAM": (
        ("cilium", "cilium-cluster-pool"), [agent("aws-node", n_nodes=1), CILIUM, CILIUM_CONFIG],
    ),
    "a leftover cilium-config": (("aws-vpc-cni", "aws-vpc-cni"), [agent("aws-node", n_nodes=1), CILIUM_CONFIG]),
    "an EKS cluster without nodes": (("aws-vpc-cni", "aws-vpc-cni"), [agent("aws-node", n_nodes=0)]),
    "Calico's policies on aws-node": (("aws-vpc-cni", "aws-vpc-cni"), [agent("aws-node", n_nodes=1), CALICO, IP_POOL]),
    "AKS node subnet with Calico's policies": (("azure-cni", "azure-node-subnet"), [AKS_NODE, CALICO]),
    "AKS kubenet with Calico's policies": (("unknown", "host-local"), [KUBENET_NODE, CALICO]),
    "AKS kubenet with Calico's pool": (("unknown", "host-local"), [KUBENET_NODE, CALICO, IP_POOL]),
    "AKS with Calico as its own plugin": (("calico", "calico"), [AKS_NODE, CALICO, BLOCK]),
    "AKS with Calico as its own plugin, pools only": (("calico", "calico"), [AKS_NODE, CALICO, IP_POOL]),
    "GKE with a Cilium of one's own": (("cilium", "cilium-cluster-pool"), [GKE_NODE, CILIUM, CILIUM_CONFIG]),
    "GKE with Calico's policies": (("gke", "gke"), [GKE_NODE, CALICO]),
    "Flannel's annotation left after a move to Calico": (("calico", "calico"), [FLANNEL_NODE, CALICO, CALICO_IPAM, IP_POOL]),
    "Flannel's ConfigMap left after a move to Calico": (("calico", "calico"), [config_map("kube-flannel-cfg"), CALICO, IP_POOL]),
    "Flannel still runs beside Calico's own IPAM": (
        ("calico", "calico"), [CALICO, CALICO_IPAM, agent("kube-flannel", n_nodes=1)],
    ),
    "Canal": (("canal", "host-local"), [agent("calico-node", "kube-flannel", n_nodes=1)]),
    "Canal by its ConfigMap": (("canal", "host-local"), [CALICO, config_map("canal-config")]),
    "Canal with a ConfigMap of Flannel": (("canal", "host-local"), [CALICO, config_map("canal-config"), config_map("kube-flannel-cfg")]),
    "Flannel runs, a calico-config is left": (("flannel", "host-local"), [agent("kube-flannel", n_nodes=1), CALICO_IPAM]),
}  # fmt: skip


@pytest.mark.parametrize(("expected", "items"), CASES.values(), ids=CASES.keys())
def test_clues__what_runs_and_gives_addresses_counts(expected, items):
    settings = cluster(*items).settings

    assert (settings["cni"].value, settings["ipam"].value) == expected


def test_clues__other_signs_are_named():
    evidence = cluster(CNI_NODE, CILIUM, CILIUM_CONFIG).settings["cni"].evidence

    assert (
        evidence == "container cilium-agent of DaemonSet kube-system/cilium-agent; signs of aws-vpc-cni too"
    )


def test_clues__a_policy_engine_on_aks_is_named_as_such():
    evidence = cluster(AKS_NODE, CALICO).settings["ipam"].evidence

    assert evidence.endswith(
        "container calico-node of DaemonSet kube-system/calico-node enforces policies only"
    )


def test_clues__k3s_without_its_flannel_leaves_an_annotation_only():
    annotations = {"k3s.io/node-args": '["server", "--flannel-backend=none"]'}
    stale = {"annotations": {"flannel.alpha.coreos.com/backend-type": "vxlan"} | annotations}

    assert cluster(node(metadata=stale)).settings["cni"].value == "unknown"
