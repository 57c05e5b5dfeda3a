"""KNL6xx by brute force."""

from tests.findings.brute_force_dns import Dns
from tests.findings.brute_force_dump import (
    each,
    get,
    has_host_bits,
    labels,
    matches,
    namespace,
    object_name,
    replicas,
    template,
)
from tests.findings.brute_force_plugins import (
    azure_without_engine,
    enforces_policies,
    has_flannel,
    vpc_policies_off,
)


def unenforced_policies(dump):
    """KNL601: a NetworkPolicy, a plugin that leaves it alone, and nothing beside it that enforces policies."""
    is_off = has_flannel(dump) or vpc_policies_off(dump) or azure_without_engine(dump)
    useless = dump.by_kind["NetworkPolicy"] and is_off and not enforces_policies(dump)
    return {"Cluster"} if useless else set()


def isolates_egress(policy):
    """policyTypes holds Egress; without policyTypes: there are egress rules."""
    types = each(policy, "spec", "policyTypes")
    return "Egress" in types if types else bool(each(policy, "spec", "egress"))


def egress_without_dns(dump):
    """KNL602: an egress policy with a pod of which no egress policy lets DNS out; without pods: it itself does not."""
    dns = Dns(dump)
    policies = [p for p in dump.by_kind["NetworkPolicy"] if isolates_egress(p)]
    found = set()
    for policy in policies:
        siblings = [p for p in policies if namespace(p) == namespace(policy)]
        of_pods = [
            [p for p in siblings if matches(get(p, "spec", "podSelector"), pod)]
            for pod in selected_labels(dump, policy)
        ]
        if not all(any(dns.lets_out(p) for p in together) for together in of_pods or [[policy]]):
            found.add(object_name(policy))
    return found


def selected_labels(dump, policy):
    """Labels of the pods a policy selects: unfinished, not on the host's network; and of planned pods."""
    its_namespace = namespace(policy)
    own = [p for p in dump.pods[its_namespace] if not get(p, "spec", "hostNetwork")]
    real = [labels(p) for p in own]
    templates = [template(w) for w in dump.workloads if namespace(w) == its_namespace and replicas(w) > 0]
    planned = [
        labels(t)
        for t in templates
        if not get(t, "spec", "hostNetwork") and not any(labels(t).items() <= there.items() for there in real)
    ]
    return [pod for pod in real + planned if matches(get(policy, "spec", "podSelector"), pod)]


def blocks_with_host_bits(dump):
    """KNL603: an ipBlock cidr or except entry with bits set beyond its prefix."""
    return {
        object_name(p)
        for p in dump.by_kind["NetworkPolicy"]
        for rules, peers in (("ingress", "from"), ("egress", "to"))
        for rule in each(p, "spec", rules)
        for peer in each(rule, peers)
        if any(map(has_host_bits, [get(peer, "ipBlock", "cidr"), *each(peer, "ipBlock", "except")]))
    }


RULES = {
    "KNL601": unenforced_policies,
    "KNL602": egress_without_dns,
    "KNL603": blocks_with_host_bits,
}
