"""Where DNS is, for KNL602 by brute force."""

import re

from tests.findings.brute_force_configuration import config_maps
from tests.findings.brute_force_dump import (
    each,
    get,
    holds,
    labels,
    matches,
    name,
    namespace,
    network,
    networks,
)
from tests.findings.brute_force_plugins import is_openshift
from tests.findings.brute_force_settings import dns_services

NAME = "kubernetes.io/metadata.name"
HOMES = {
    "kube-system": ("k8s-app", "kube-dns"),
    "openshift-dns": ("dns.operator.openshift.io/daemonset-dns", "default"),
}


class Dns:
    """DNS pods, their Services, node caches; whether a policy lets UDP out to them."""

    def __init__(self, dump):
        self.dump = dump
        self.services = dns_services(dump)
        pods = [pod for service in self.services for pod in dump.selected_pods(service)]
        self.pods = pods or [
            pod
            for home, (key, value) in HOMES.items()
            for pod in dump.pods[home]
            if labels(pod).get(key) == value
        ]
        self.targets = [
            t
            for s in self.services
            for t in each(s, "spec", "ports")
            if t.get("port") == 53 and t.get("protocol") == "UDP"
        ]
        self.targets = [t.get("targetPort") or 53 for t in self.targets]

    def lets_out(self, policy):
        """Whether one rule of a policy lets UDP out to the pods, the Services or the cache."""
        return any(
            self.to_pods(rule, namespace(policy)) or self.to_services(rule) or self.to_caches(rule)
            for rule in each(policy, "spec", "egress")
        )

    def to_pods(self, rule, home):
        if not self.pods:
            return has_port(rule, *self.usual_ports()) and self.may_be_unseen(rule, home)
        return any(
            has_port(rule, *self.listens(pod)) and (not rule.get("to") or self.is_peer(rule, home, pod))
            for pod in self.pods
        )

    def usual_ports(self):
        numbers = {t for t in self.targets if isinstance(t, int)} | {53}
        names = {t for t in self.targets if isinstance(t, str)} | {"dns"}
        return numbers | ({5353} if is_openshift(self.dump) else set()), names

    def listens(self, pod):
        """Numbers of the pod's ports that DNS Services lead to (else of all its UDP ports, else 53), and their names."""
        there = [p for c in each(pod, "spec", "containers") for p in each(c, "ports")]
        there = [p for p in there if p.get("protocol") == "UDP"]
        numbers = {p["containerPort"] for p in there if p.get("name") in self.targets}
        numbers |= {t for t in self.targets if isinstance(t, int)}
        numbers = numbers or {p["containerPort"] for p in there} or {53}
        return numbers, {p.get("name") for p in there if p["containerPort"] in numbers}

    def is_peer(self, rule, home, pod):
        ips = networks([get(pod, "status", "podIP"), *[e.get("ip") for e in each(pod, "status", "podIPs")]])
        return any(
            in_block(peer["ipBlock"], ips)
            if peer.get("ipBlock")
            else self.in_namespace(peer, home, namespace(pod))
            and ("podSelector" not in peer or matches(peer["podSelector"], labels(pod)))
            for peer in rule["to"]
        )

    def may_be_unseen(self, rule, home):
        """Where no DNS pod is shown: anything but the policy's own namespace or another one by name counts."""
        homes = {namespace(s) for s in self.services} or set(HOMES)
        known = self.service_ips() or self.caches()
        return not rule.get("to") or any(
            not known and str(peer["ipBlock"].get("cidr")).endswith("/0")
            if peer.get("ipBlock")
            else any(self.in_namespace(peer, home, dns_home, shown=False) for dns_home in homes)
            for peer in rule["to"]
        )

    def in_namespace(self, peer, home, dns_home, shown=True):
        """Own namespace without a namespaceSelector; else by labels, of which only the name counts where not shown."""
        if "namespaceSelector" not in peer:
            return "podSelector" in peer and home == dns_home
        selector = peer["namespaceSelector"] or {}
        there = [n for n in self.dump.by_kind["Namespace"] if shown and name(n) == dns_home]
        if there:
            return matches(selector, {**labels(there[0]), NAME: dns_home})
        wanted = {k: v for k, v in (selector.get("matchLabels") or {}).items() if k == NAME}
        expressions = [e for e in each(selector, "matchExpressions") if e["key"] == NAME]
        return matches({"matchLabels": wanted, "matchExpressions": expressions}, {NAME: dns_home})

    def to_services(self, rule):
        ports = [self.listens(pod) for pod in self.pods] or [self.usual_ports()]
        blocks = [peer["ipBlock"] for peer in rule.get("to") or [] if peer.get("ipBlock")]
        reached = any(in_block(block, self.service_ips()) for block in blocks)
        return reached and any(has_port(rule, *pair) for pair in ports)

    def service_ips(self):
        texts = [
            t for s in self.services for t in [*each(s, "spec", "clusterIPs"), get(s, "spec", "clusterIP")]
        ]
        return networks(t for t in texts if t and t != "None")

    def to_caches(self, rule):
        ips = self.caches()
        peers = rule.get("to") or []
        reached = not peers or any(in_block(p["ipBlock"], ips) for p in peers if p.get("ipBlock"))
        return bool(ips) and reached and has_port(rule, {53}, {"dns"})

    def caches(self):
        """169.254.20.10 where NodeLocal DNSCache is there, and what its ConfigMap says."""
        maps = config_maps(self.dump, "node-local-dns", "nodelocaldns")
        found = re.findall(r"169\.254\.\d+\.\d+", str(maps))
        is_there = maps or any("node-local-dns" in agent for agent in self.dump.agents)
        return networks([*found, "169.254.20.10"]) if is_there else []


def has_port(rule, numbers, names):
    """No ports; or UDP with no number, one of the numbers, a range that holds one, or one of the names."""
    for port in rule.get("ports") or []:
        number = port.get("port")
        last = port.get("endPort") or number
        is_udp = port.get("protocol") == "UDP"
        if is_udp and (number is None or number in names):
            return True
        if is_udp and not isinstance(number, str) and any(number <= n <= last for n in numbers):
            return True
    return not rule.get("ports")


def in_block(block, ips):
    """Whether cidr less except holds one of the addresses."""
    cidr, holes = network(block.get("cidr")), networks(each(block, "except"))
    return cidr is not None and any(
        holds(cidr, ip) and not any(holds(hole, ip) for hole in holes) for ip in ips
    )
