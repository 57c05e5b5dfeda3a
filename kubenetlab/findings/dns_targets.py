"""Where the cluster's DNS can be reached, as NetworkPolicies see it: after kube-proxy chose a DNS pod and its port."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kubenetlab.cluster import Cluster, labels_match
from kubenetlab.dns.cluster_dns import NODE_LOCAL, dns_service
from kubenetlab.findings.cluster_agents import agents
from kubenetlab.findings.known_settings import known
from kubenetlab.findings.templates import workload_templates
from kubenetlab.ipam.ranges import Range, ranges_of
from kubenetlab.objects import LabelSelector, Pod, Service
from kubenetlab.objects.address_text import is_address
from kubenetlab.objects.policy import EgressPolicyRule, IpBlock, NetworkPolicyPeer, NetworkPolicyPort

_DNS = 53
_OPENSHIFT_DNS = 5353  # what the pods of openshift-dns listen on
_PODS = {  # where DNS pods are, where the dump lacks the Service
    "kube-system": {"k8s-app": "kube-dns"},
    "openshift-dns": {"dns.operator.openshift.io/daemonset-dns": "default"},
}
_CACHE = "169.254.20.10"  # NodeLocal DNSCache, unless it says another one
_NAMESPACE_NAME = "kubernetes.io/metadata.name"

Labels = Mapping[str, str]


class DnsTarget(NamedTuple):
    """Something that answers DNS over UDP: its addresses, ports and their names.

    ``namespace`` and ``labels`` are those of pods: empty and None for what no selector can choose, and None for pods
    that the dump does not show. ``is_anywhere`` says that no address of DNS is known.
    """

    addresses: tuple[Range, ...]
    ports: frozenset[int]
    names: frozenset[str]
    namespaces: tuple[str, ...] = ()
    labels: Labels | None = None
    namespace_labels: Labels | None = None
    is_anywhere: bool = False

    def is_allowed_by(self, rule: EgressPolicyRule, namespace: str) -> bool:
        """Whether a rule of a policy in a namespace lets DNS out to this."""
        has_port = not rule.ports or any(self._has_port(port) for port in rule.ports)
        return has_port and (not rule.to or any(self._is_peer(peer, namespace) for peer in rule.to))

    def _has_port(self, port: NetworkPolicyPort) -> bool:
        if port.protocol != "UDP":
            return False
        if isinstance(port.port, str):
            return port.port in self.names
        first = port.port or 0
        return not first or any(first <= number <= (port.end_port or first) for number in self.ports)

    def _is_peer(self, peer: NetworkPolicyPeer, namespace: str) -> bool:
        if peer.ip_block:
            return self._is_in(peer.ip_block)
        return self._is_in_namespace(peer, namespace) and self._has_labels(peer.pod_selector)

    def _is_in(self, block: IpBlock) -> bool:
        if self.is_anywhere:
            return block.cidr.endswith("/0")
        wholes, holes = ranges_of([block.cidr], "cidr"), ranges_of(block.except_, "except")
        inside = (ip for whole in wholes for ip in self.addresses if whole.holds(ip))
        return any(not any(hole.holds(ip) for hole in holes) for ip in inside)

    def _is_in_namespace(self, peer: NetworkPolicyPeer, namespace: str) -> bool:
        selector = peer.namespace_selector
        if selector is None:
            return peer.pod_selector is not None and namespace in self.namespaces
        return any(self._is_namespace_chosen(selector, name) for name in self.namespaces)

    def _is_namespace_chosen(self, selector: LabelSelector, name: str) -> bool:
        """Whether a selector chooses a namespace; of labels that the dump does not show, only the name is compared."""
        own_name = {_NAMESPACE_NAME: name}
        if self.namespace_labels is not None:
            return _matches(selector, {**self.namespace_labels, **own_name})
        wanted = {k: v for k, v in selector.match_labels.items() if k == _NAMESPACE_NAME}
        expressions = tuple(e for e in selector.match_expressions if e.key == _NAMESPACE_NAME)
        return _matches(LabelSelector(wanted, expressions), own_name)

    def _has_labels(self, selector: LabelSelector | None) -> bool:
        return selector is None or self.labels is None or _matches(selector, self.labels)


def _matches(selector: LabelSelector, labels: Labels) -> bool:
    """Whether labels match; never where an operator is none that the API knows."""
    try:
        return labels_match(selector, labels)
    except ValueError:
        return False


def dns_targets(cluster: Cluster) -> tuple[DnsTarget, ...]:
    """Return what answers DNS: the DNS pods, the addresses of their Service, and NodeLocal DNSCache."""
    service = dns_service(cluster)
    pods = list(_pod_targets(cluster, service))
    stated = known(cluster, "cluster_dns")
    texts = [*(service.cluster_ips if service else ()), *(stated.text.split(", ") if stated else ())]
    texts = [text for text in dict.fromkeys(texts) if is_address(text)]
    caches = [*_caches(cluster), *(text for text in texts if text.startswith("169.254."))]
    pods = pods or [_unseen_pods(cluster, service, is_anywhere=not (texts or caches))]
    ports = frozenset(port for target in pods for port in target.ports)
    names = frozenset(name for target in pods for name in target.names)
    addresses = DnsTarget(tuple(ranges_of(texts, "DNS")), ports, names)
    cache = DnsTarget(tuple(ranges_of(dict.fromkeys(caches), "DNS")), frozenset({_DNS}), frozenset({"dns"}))
    return (*pods, addresses, cache) if caches else (*pods, addresses)


def _pod_targets(cluster: Cluster, service: Service | None) -> Iterator[DnsTarget]:
    """Yield the DNS pods, those with the same labels and ports as one."""
    selected = cluster.pods_of(service) if service else ()
    usual = (pod for namespace, labels in _PODS.items() for pod in cluster.pods_with(namespace, labels))
    namespaces = {n.metadata.name: n.metadata.labels for n in cluster.namespaces}
    alike: dict[tuple[object, ...], list[Pod]] = {}
    for pod in selected or usual:
        ports, names = _listens(pod, service)
        labels = tuple(sorted(pod.metadata.labels.items()))
        alike.setdefault((pod.metadata.namespace, labels, ports, names), []).append(pod)
    for pods in alike.values():
        ports, names = _listens(pods[0], service)
        about = pods[0].metadata
        ips = tuple(ranges_of((ip for pod in pods for ip in pod.ips), "DNS"))
        yield DnsTarget(ips, ports, names, (about.namespace,), about.labels, namespaces.get(about.namespace))


def _listens(pod: Pod, service: Service | None) -> tuple[frozenset[int], frozenset[str]]:
    """Numbers and names of the UDP ports on which a pod answers DNS."""
    containers = pod.spec.serving_containers
    there = [port for container in containers for port in container.ports if port.protocol == "UDP"]
    wanted = _target_ports(service)
    numbers = {port.container_port for port in there if port.name in wanted}
    numbers |= {number for number in wanted if isinstance(number, int)}
    numbers = numbers or {port.container_port for port in there} or {_DNS}
    return frozenset(numbers), frozenset(p.name for p in there if p.container_port in numbers and p.name)


def _target_ports(service: Service | None) -> set[int | str]:
    ports = service.spec.ports if service else ()
    return {port.target_port or port.port for port in ports if (port.port, port.protocol) == (_DNS, "UDP")}


def _unseen_pods(cluster: Cluster, service: Service | None, *, is_anywhere: bool) -> DnsTarget:
    """DNS pods that the dump does not hold: any labels are theirs, and the usual ports."""
    wanted = _target_ports(service)
    numbers = {number for number in wanted if isinstance(number, int)} | {_DNS}
    platform = known(cluster, "platform")
    if platform and platform.value == "openshift":
        numbers.add(_OPENSHIFT_DNS)
    names = {name for name in wanted if isinstance(name, str)} | {"dns"}
    namespaces = (service.metadata.namespace,) if service else tuple(_PODS)
    return DnsTarget((), frozenset(numbers), frozenset(names), namespaces, is_anywhere=is_anywhere)


def _caches(cluster: Cluster) -> Iterator[str]:
    """Yield the link-local addresses of NodeLocal DNSCache, where its ConfigMap or its DaemonSet is there."""
    maps = [m for m in cluster.config_maps if m.metadata.name in NODE_LOCAL]
    texts = [text for config_map in maps for text in config_map.data.values()]
    for workload in workload_templates(cluster):
        if workload.name.endswith(NODE_LOCAL):
            texts += [word for c in workload.template.spec.containers for word in c.command_line]
    if maps or any(name in agent for agent in agents(cluster) for name in NODE_LOCAL):
        yield _CACHE
    yield from (
        found for text in texts for found in re.findall(r"169\.254\.\d+\.\d+", text) if is_address(found)
    )
