"""KNL601 and KNL603: NetworkPolicies that nothing enforces, that say more than they seem to."""

import pytest

from kubenetlab.findings import check
from kubenetlab.objects import LabelSelector
from kubenetlab.objects.policy import EgressPolicyRule, IngressPolicyRule, IpBlock, NetworkPolicyPeer
from kubenetlab.objects.workload import PodTemplate, TemplateContainer, TemplateSpec
from tests.builders import cluster, config_map, daemon_set, node, owner, pod, policy, template

FLANNEL = {"cni": "flannel"}


def objects(code, *values, **settings):
    return [finding.object for finding in check(cluster(*values, settings=settings), [code])]


def test_knl601__fires_on_flannel_alone():
    (finding,) = check(cluster(policy(), settings=FLANNEL), ["KNL601"])

    assert finding.object == "Cluster"
    assert finding.message == "Flannel does not enforce NetworkPolicies, and the cluster has 1 NetworkPolicy."


@pytest.mark.parametrize(
    ("values", "cni"),
    [
        pytest.param([], "flannel", id="no policy"),
        pytest.param([policy()], "calico", id="calico"),
        pytest.param([policy()], "aws-vpc-cni", id="may enforce or not"),
        pytest.param([policy()], "unknown", id="unknown"),
        pytest.param([policy(), daemon_set("kube-system/calico-node")], "flannel", id="canal"),
        pytest.param(
            [policy(), pod(owners=owner("DaemonSet", "kube-router"))], "flannel", id="kube-router's pod"
        ),
        pytest.param(
            [
                policy(),
                daemon_set("kube-flannel/kube-flannel-ds", template(image="x/kube-network-policies:v1")),
            ],
            "flannel",
            id="Flannel's own",
        ),
    ],
)
def test_knl601__is_silent_on_neighbours(values, cni):
    assert objects("KNL601", *values, cni=cni) == []


VPC_AGENT = TemplateContainer(name="aws-eks-nodeagent", args=("--enable-network-policy=false",))
VPC_CONFIG = config_map("kube-system/amazon-vpc-cni", **{"enable-network-policy-controller": "false"})


def daemons(*containers, name="kube-system/aws-node"):
    return daemon_set(name, PodTemplate(spec=TemplateSpec(containers=containers)))


@pytest.mark.parametrize(
    ("value", "evidence"),
    [
        (daemons(VPC_AGENT), "--enable-network-policy=false of container aws-eks-nodeagent"),
        (VPC_CONFIG, "enable-network-policy-controller: false in ConfigMap kube-system/amazon-vpc-cni"),
    ],
    ids=["agent", "controller"],
)
def test_knl601__fires_where_the_vpc_cni_was_told_not_to(value, evidence):
    (finding,) = check(cluster(policy(), value, settings={"cni": "aws-vpc-cni"}), ["KNL601"])

    assert finding.message.startswith("The Amazon VPC CNI as it is set up does not enforce NetworkPolicies,")
    assert evidence in finding.evidence


@pytest.mark.parametrize(
    "values",
    [
        [daemons(TemplateContainer(name="aws-eks-nodeagent", args=("--enable-network-policy=true",)))],
        [VPC_CONFIG, daemon_set("calico-system/calico-node")],
    ],
    ids=["on", "Calico beside it"],
)
def test_knl601__is_silent_where_eks_enforces(values):
    assert objects("KNL601", policy(), *values, cni="aws-vpc-cni") == []


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["kube-system/azure-cns"], ["Cluster"]),
        (["kube-system/azure-cns", "kube-system/azure-npm"], []),
        (["kube-system/azure-cns", "calico-system/calico-node"], []),
        (["shop/agent"], []),
    ],
)
def test_knl601__azure_cni_needs_an_engine(names, found):
    assert objects("KNL601", policy(), *map(daemon_set, names), cni="azure-cni") == found


@pytest.mark.parametrize(
    ("arguments", "found"), [("[]", []), ('["server","--disable-network-policy"]', ["Cluster"])]
)
def test_knl601__k3s_enforces_policies_itself(arguments, found):
    value = node(annotations={"k3s.io/node-args": arguments})
    info = type(value.status.node_info)(kubelet_version="v1.34.1+k3s1")
    k3s = type(value)(value.metadata, value.spec, type(value.status)(node_info=info))

    assert objects("KNL601", policy(), k3s, **FLANNEL) == found


def block(cidr, *holes):
    return NetworkPolicyPeer(ip_block=IpBlock(cidr, holes))


@pytest.mark.parametrize(
    "spec",
    [
        {"ingress": (IngressPolicyRule((NetworkPolicyPeer(ip_block=IpBlock("10.0.0.1/8")),)),)},
        {"egress": (EgressPolicyRule((block("10.0.0.0/8", "10.1.0.1/16"),)),)},
    ],
    ids=["cidr", "except"],
)
def test_knl603__fires_on_host_bits(spec):
    assert objects("KNL603", policy(**spec)) == ["NetworkPolicy shop/p"]


def test_knl603__is_silent_on_whole_ranges():
    peers = block("10.0.0.0/8", "10.1.0.0/16"), NetworkPolicyPeer(pod_selector=LabelSelector())

    assert objects("KNL603", policy(egress=(EgressPolicyRule(peers),))) == []
