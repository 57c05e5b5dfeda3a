"""The two stages of a connection: the node it comes to, and the endpoints that this node's kube-proxy picks from."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kubenetlab.kube_proxy.endpoint_selection import select
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.releases import LATEST
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ServicePort
from kubenetlab.visible_text import visible

SendsTo: TypeAlias = str | Mapping[str, float] | None
#: Numbers of the endpoints that a node uses, and whose hints it obeys.
Pick: TypeAlias = tuple[NDArray[np.int64], str]
#: What a balancer sends to: the weights of nodes from their ready endpoints, whether they are targets (with policy Local
#: those with endpoints), and how many targets are in their zone.
SENDS_TO: Final[Mapping[str, Callable[[Any, Any, Any], Any]]] = {
    "all nodes": lambda n_ready, _targets, _in_zone: n_ready >= 0,
    "nodes with endpoints": lambda n_ready, _targets, _in_zone: n_ready > 0,
    "by endpoint weight": lambda n_ready, _targets, _in_zone: n_ready,
    "zone by zone": lambda _n_ready, targets, in_zone: targets / np.maximum(in_zone, 1),
}


class Stages(NamedTuple):
    """Who may take connections to a service port, and by which nodes they come.

    ``nodes`` as their kube-proxies know them; ``zone_by_node`` where they really are, empty for unknown.
    """

    port: ServicePort
    endpoints: tuple[NodeEndpoint, ...]
    nodes: tuple[ProxySettings, ...]
    zone_by_node: Mapping[str, str]
    is_outside: bool
    release: str = LATEST

    @property
    def is_local(self) -> bool:
        """Whether the policy for these connections is Local."""
        return self.port.external_policy_local if self.is_outside else self.port.internal_policy_local

    @property
    def names(self) -> list[str]:
        """Name of every node."""
        return [node.node_name for node in self.nodes]

    def zones_of(self, names: list[str]) -> NDArray[np.str_]:
        """Return the zones of nodes, empty for unknown."""
        return np.array([self.zone_by_node.get(name, "") for name in names], str)


def weights_of_nodes(stages: Stages, sends_to: str | Mapping[str, float]) -> NDArray[np.float64]:
    """Return which share of connections comes by every node; all 0 where a balancer has no node to send to.

    Raises
    ------
    ValueError
        If ``sends_to`` is none of ``SENDS_TO``, names what is no node, or has weights that are none or all 0.
    """
    names = stages.names
    if isinstance(sends_to, Mapping):
        known = set(names)
        wrong = [f"{w!r:.40} for {n:.253}" for n, w in sends_to.items() if n not in known or not 0 <= w < inf]
        if wrong or not any(sends_to.values()):
            found = wrong[0] if wrong else "none above 0"
            raise ValueError(visible(f"weights: found {found}, expected some from 0 on for nodes, not all 0"))
        weights = np.array([sends_to.get(name, 0.0) for name in names], float)
    elif sends_to not in SENDS_TO:
        raise ValueError(
            visible(f"balancer_sends_to: found {sends_to!r:.80}, expected {', '.join(SENDS_TO)}")
        )
    else:
        ready = {(endpoint.node_name, endpoint.address) for endpoint in stages.endpoints if endpoint.is_ready}
        counts = Counter(name for name, _ in ready)
        n_ready = np.array([counts[name] for name in names], int)
        targets, zone = n_ready >= stages.is_local, np.unique(stages.zones_of(names), return_inverse=True)[1]
        weights = 1.0 * SENDS_TO[sends_to](n_ready, targets, np.bincount(zone, targets)[zone])
    return weights / (weights.sum() or 1.0)


def picks_of_nodes(stages: Stages) -> Iterator[Pick]:
    """Yield what every node uses; nodes that differ in nothing that kube-proxy asks for use the same."""
    away = [endpoint._replace(is_local=False) for endpoint in stages.endpoints]
    at_home: defaultdict[str, list[int]] = defaultdict(list)
    for number, endpoint in enumerate(away):
        at_home[endpoint.node_name].append(number)
    by_name = stages.is_local or any(endpoint.node_hints for endpoint in away)
    found: dict[tuple[str, str], Pick] = {}
    for node in stages.nodes:
        key = (node.zone, node.node_name if by_name and node.node_name in at_home else "")
        if key not in found:
            seen = away.copy()
            for number in at_home.get(node.node_name, ()):
                seen[number] = away[number]._replace(is_local=True)
            selection = select(stages.port, tuple(seen), node, stages.release)
            chosen = {e.where for e in (selection.local if stages.is_local else selection.cluster)}
            numbers = np.array([n for n, e in enumerate(seen) if e.where in chosen], np.int64)
            found[key] = numbers, "" if stages.is_local else selection.topology_mode
        yield found[key]
