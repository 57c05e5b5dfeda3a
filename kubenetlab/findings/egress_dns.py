"""Pods that may open some connections, and cannot look up a name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kubenetlab.cluster import Cluster, labels_match
from kubenetlab.cluster.label_index import LabelIndex
from kubenetlab.findings.dns_targets import DnsTarget, dns_targets
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import first_few
from kubenetlab.objects import NetworkPolicy, object_name

Labels = tuple[tuple[str, str], ...]
PodsByLabels = Mapping[Labels, int]

_EVERY = {"": ""}  # a label that every label set is given in the index, so that an empty selector finds all
#: Policies of other kinds, which kubenetlab does not read, and which may let DNS out.
_OTHER_KINDS = (
    "CiliumNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "NetworkPolicy.crd.projectcalico.org",
    "NetworkPolicy.projectcalico.org",
    "GlobalNetworkPolicy",
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "ClusterNetworkPolicy",
)


class _Isolated(NamedTuple):
    """An egress policy of a namespace: the label sets it selects, and whether a rule of it lets DNS out."""

    policy: NetworkPolicy
    selected: frozenset[Labels]
    lets_dns_out: bool


@rule(
    "KNL602",
    Severity.HIGH,
    title="Egress isolation without DNS",
    advice="Add an egress rule for UDP and TCP port 53 (OpenShift: 5353) to the cluster's DNS pods: without it the isolated "
    "pods cannot look up any name.",
    documentation="https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-deny-all-egress-traffic",
)
def egress_without_dns(cluster: Cluster) -> Iterator[Hit]:
    """Find egress policies with pods that no policy lets out to the cluster's DNS pods.

    Of medium severity where nothing is let out at all, as in a default that denies everything.
    """
    policies: dict[str, list[NetworkPolicy]] = defaultdict(list)
    for policy in cluster.network_policies:
        if "Egress" in policy.policy_types:
            policies[policy.metadata.namespace].append(policy)
    if policies:
        targets, pods = dns_targets(cluster), _pods_by_labels(cluster, policies)
        others = first_few([kind for kind in _OTHER_KINDS if cluster.provenance.skipped.get(kind)])
        index = LabelIndex((name, {**_EVERY, **dict(one)}, one) for name in pods for one in pods[name])
        for namespace, isolating in policies.items():
            found = [_isolated(policy, index, targets) for policy in isolating]
            yield from _hits(found, pods[namespace], others)


def _isolated(policy: NetworkPolicy, index: LabelIndex[Labels], targets: tuple[DnsTarget, ...]) -> _Isolated:
    namespace, rules = policy.metadata.namespace, policy.spec.egress
    lets_dns_out = any(target.is_allowed_by(rule, namespace) for rule in rules for target in targets)
    return _Isolated(policy, frozenset(_selected(policy, index)), lets_dns_out)


def _selected(policy: NetworkPolicy, index: LabelIndex[Labels]) -> list[Labels]:
    """Which of the label sets a policy selects; none where its selector has an operator that the API does not know."""
    selector = policy.spec.pod_selector
    namespace, wanted = policy.metadata.namespace, {**_EVERY, **selector.match_labels}
    try:
        return [one for one in index.selected(namespace, wanted) if labels_match(selector, dict(one))]
    except ValueError:
        return []


def _hits(found: list[_Isolated], pods: PodsByLabels, others: str) -> Iterator[Hit]:
    with_dns = {labels for one in found if one.lets_dns_out for labels in one.selected}
    with_rules = {labels for one in found if one.policy.spec.egress for labels in one.selected}
    for one in found:
        lacking = one.selected - with_dns
        if lacking or not (one.selected or one.lets_dns_out):
            is_closed = not (lacking & with_rules if one.selected else one.policy.spec.egress)
            who = _who(sum(pods[labels] for labels in lacking), sum(pods[labels] for labels in one.selected))
            message = f"{who} cannot ask the cluster's DNS: {_reason(is_closed, others)}."
            together = [o.policy for o in found if o is one or not lacking.isdisjoint(o.selected)]
            names = first_few([policy.metadata.full_name for policy in together])
            n_rules = sum(len(policy.spec.egress) for policy in together)
            evidence = (f"egress policies of these pods: {names}", f"egress rules: {n_rules}")
            severity = Severity.INFO if others else Severity.MEDIUM if is_closed else None
            yield Hit(object_name(one.policy), message, evidence, severity)


def _who(n_lacking: int, n_selected: int) -> str:
    if not n_selected:
        return "Pods that it would select"
    if n_selected == 1:
        return "The only pod that it selects"
    pods = f"{n_selected:,} pods that it selects"
    return f"The {pods}" if n_lacking == n_selected else f"{n_lacking:,} of the {pods}"


def _reason(is_closed: bool, others: str) -> str:
    reason = "no policy lets anything out" if is_closed else "no egress rule lets UDP port 53 out to it"
    return f"{reason}, unless one of the kinds that were not read does ({others})" if others else reason


def _pods_by_labels(
    cluster: Cluster, policies: Mapping[str, list[NetworkPolicy]]
) -> Mapping[str, PodsByLabels]:
    """How many pods have each different set of labels, of the labels that policies ask for, by namespace.

    Policies do not apply to pods on the host's network.
    """
    keys = {namespace: _selector_keys(isolating) for namespace, isolating in policies.items()}
    found: dict[str, Counter[Labels]] = {namespace: Counter() for namespace in policies}
    for pod in cluster.pods:
        namespace, labels = pod.metadata.namespace, pod.metadata.labels
        if namespace in found and not pod.has_finished and not pod.spec.host_network:
            found[namespace][tuple((key, labels[key]) for key in keys[namespace] if key in labels)] += 1
    return found


def _selector_keys(policies: list[NetworkPolicy]) -> list[str]:
    selectors = [policy.spec.pod_selector for policy in policies]
    keys = {key for selector in selectors for key in selector.match_labels}
    return sorted(keys | {part.key for selector in selectors for part in selector.match_expressions})
