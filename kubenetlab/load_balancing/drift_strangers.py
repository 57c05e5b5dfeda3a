"""Who an endpoint is that the rules have and the dump's selection has not."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.node_ranges import stated_node_ranges
from kubenetlab.cluster.spans import Span, span_of
from kubenetlab.kube_proxy.service_port import NodeEndpoint
from kubenetlab.load_balancing.drift_promises import Promise

_SHOWN = 3


class Strangers:
    """What a cluster knows of addresses, to tell a stale endpoint from a foreign one."""

    def __init__(self, cluster: Cluster, promises: list[Promise]) -> None:
        self._cluster = cluster
        self._users: defaultdict[str, set[str]] = defaultdict(set)  # names of Services by endpoint's address
        for promise in promises:
            for endpoint in promise.proxied.selection.everything:
                self._users[endpoint.address].add(promise.service)

    def describe(self, promise: Promise, where: str) -> tuple[bool, str]:
        """Return whether an endpoint is foreign to a service port, and who it is in words."""
        everything, address = promise.proxied.selection.everything, where.rpartition(":")[0].strip("[]")
        known = next((endpoint for endpoint in everything if endpoint.where == where), None)
        if known is not None:
            return False, _why_unused(known)
        if promise.service in self._users[address]:
            return False, "the dump has this address with another port"
        pods = [use.object for use in self._cluster.address_index.get(address, ()) if use.role == "pod"]
        own = self._cluster.pods_of(self._cluster.find("services", promise.service))
        others = [] if any(address in pod.ips for pod in own) else pods
        owners = [f"Service {name}" for name in sorted(self._users[address])] or others
        is_outside = not self._is_pod(address) and all(self._is_pod(e.address) for e in everything)
        if owners or is_outside:
            belongs = f"the address belongs to {', '.join(owners[:_SHOWN])}"
            return True, belongs if owners else "the address is outside of the pod ranges"
        return (
            False,
            f"the dump has {pods[0]}, but not as an endpoint" if pods else "the dump does not know it",
        )

    def _is_pod(self, address: str) -> bool:
        span = span_of(address)
        return span is None or not self._ranges or any(held.holds(span) for held in self._ranges)

    @cached_property
    def _ranges(self) -> list[Span]:
        """The pod ranges that the dump names; the nodes' where pods have addresses of their network."""
        settings = (self._cluster.settings.get(name) for name in ("cluster_cidr", "node_cidr"))
        named = next((setting.value for setting in settings if setting is not None and setting.value), ())
        spans = map(span_of, (*named, *(held.range for held in stated_node_ranges(self._cluster))))
        return [span for span in spans if span is not None]


def _why_unused(endpoint: NodeEndpoint) -> str:
    if endpoint.is_ready:
        return "the dump has it, but this node does not use it: a traffic policy or topology hints"
    return f"the dump knows it as {'terminating' if endpoint.is_terminating else 'not ready'}"
