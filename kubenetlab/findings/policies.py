"""NetworkPolicies that do nothing, or more than was meant."""

from __future__ import annotations

from collections.abc import Iterator

from kubenetlab.cluster import Cluster
from kubenetlab.findings.cluster_agents import azure_without_policies, policy_enforcers, vpc_policies_off
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.known_settings import known
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.objects import NetworkPolicy, object_name
from kubenetlab.objects.address_text import has_host_bits
from kubenetlab.objects.policy import NetworkPolicyPeer

_POLICIES = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"


@rule(
    "KNL601",
    Severity.HIGH,
    title="NetworkPolicies that nothing enforces",
    advice="Turn on or install what enforces them (EKS: the VPC CNI's enableNetworkPolicy; AKS: --network-policy; Flannel: "
    "Calico beside it, known as Canal, or kube-network-policies); until then every pod can reach every pod.",
    documentation=f"{_POLICIES}#prerequisites",
)
def unenforced_policies(cluster: Cluster) -> Iterator[Hit]:
    """Find NetworkPolicies where the network plugin is known not to enforce them and nothing beside it does."""
    cni = known(cluster, "cni")
    plugin, evidence = _not_enforcing(cluster, cni.text) if cni and cluster.network_policies else ("", "")
    if cni and plugin and not policy_enforcers(cluster):
        n_policies = counted(len(cluster.network_policies), "NetworkPolicy")
        names = first_few([policy.metadata.full_name for policy in cluster.network_policies])
        message = f"{plugin} does not enforce NetworkPolicies, and the cluster has {n_policies}."
        about = [f"cni {cni.text}: {cni.evidence}", *([evidence] if evidence else [])]
        yield Hit("Cluster", message, (*about, f"NetworkPolicies: {names}"))


def _not_enforcing(cluster: Cluster, cni: str) -> tuple[str, str]:
    """Name of a plugin that leaves NetworkPolicies alone, and what shows it; empty where it may enforce them."""
    if cni == "aws-vpc-cni" and (evidence := vpc_policies_off(cluster)):
        return "The Amazon VPC CNI as it is set up", evidence
    if cni == "azure-cni" and (evidence := azure_without_policies(cluster)):
        return "Azure CNI without a policy engine", evidence
    return ("Flannel", "") if cni == "flannel" else ("", "")


@rule(
    "KNL603",
    Severity.MEDIUM,
    title="Host bits in an ipBlock",
    advice="Write the range with its network address (10.0.0.0/8, not 10.0.0.1/8), or /32 or /128 for one address: "
    "the rule covers the whole range, not the address it seems to name.",
    documentation=f"{_POLICIES}#behavior-of-to-and-from-selectors",
)
def ip_block_with_host_bits(cluster: Cluster) -> Iterator[Hit]:
    """Find ipBlocks whose cidr or except has address bits beyond the prefix length."""
    for policy in cluster.network_policies:
        ranges = [
            text for peer in _peers(policy) for text in _block_texts(peer) if text and has_host_bits(text)
        ]
        if ranges:
            message = f"{counted(len(ranges), 'ipBlock range')} with bits beyond the prefix length: {first_few(ranges)}."
            yield Hit(object_name(policy), message, (f"ipBlock: {first_few(ranges)}",))


def _peers(policy: NetworkPolicy) -> Iterator[NetworkPolicyPeer]:
    for ingress in policy.spec.ingress:
        yield from ingress.from_
    for egress in policy.spec.egress:
        yield from egress.to


def _block_texts(peer: NetworkPolicyPeer) -> tuple[str, ...]:
    return (peer.ip_block.cidr, *peer.ip_block.except_) if peer.ip_block else ()
