"""Shares of endpoints from how many pods each node has: through a balancer, or from pods inside the cluster."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Final, TypeAlias

from kubenetlab.kube_proxy.endpoint_selection import SAME_NODE, SAME_ZONE
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import NodeEndpoint, ServicePort
from kubenetlab.load_balancing.paths.path_shares import path_shares
from kubenetlab.load_balancing.paths.stages import SendsTo, Stages
from kubenetlab.result import Result
from kubenetlab.visible_text import visible

PodsPerNode: TypeAlias = Mapping[str, int] | Sequence[int]
Zones: TypeAlias = Mapping[str, str] | Sequence[str]
#: trafficDistribution, and whether the controller then writes hints for an endpoint's zone and for its node
#: (Kubernetes, endpointslice/trafficdist/trafficdist.go, preferCloseHeuristic).
DISTRIBUTIONS: Final = {None: (0, 0), "PreferClose": (1, 0), SAME_ZONE: (1, 0), SAME_NODE: (1, 1)}
COUNTS: Final = range(150_001)  # pods of the largest cluster that Kubernetes supports
_PORT: Final = ServicePort("", "", "", "TCP", "", 80, node_port=30000)


def traffic_paths(
    pods_per_node: PodsPerNode,
    *,
    policy: str = "Cluster",
    balancer_sends_to: SendsTo = None,
    zones: Zones = (),
    traffic_distribution: str | None = None,
) -> Result:
    """Return which share of connections from outside every endpoint gets: from the balancer to a node, then to a pod.

    Parameters
    ----------
    pods_per_node
        Ready pods of the Service on each node that the balancer knows, 0 for none; as a list, the nodes are node-1,
        node-2 …
    policy
        externalTrafficPolicy, Cluster or Local.
    balancer_sends_to
        ``all nodes``, evenly (before health checks have failed); ``nodes with endpoints``, evenly (with policy Local, once
        health checks have failed; MetalLB's BGP); ``by endpoint weight`` (for a balancer that reads the header
        X-Load-Balancing-Endpoint-Weight); ``zone by zone`` (every zone gets the same, as AWS' NLB without cross-zone
        balancing); or a weight for each node (MetalLB's L2: one node). By default the second with policy Local, else
        the first.
    zones
        Zone of each node; nodes left out have no zone label.
    traffic_distribution
        PreferSameZone (or PreferClose, its old name), PreferSameNode or None.

    Returns
    -------
    A Result; its frame has one row an endpoint, and a last one without endpoint where connections are lost: node, zone,
    endpoint, share (of all connections; adds to 1), fair_share (one by the number of endpoints), overload_factor
    (share by fair_share), cross_node_share and cross_zone_share (of all connections: those that come to it by a node
    elsewhere; NaN where some zone is unknown), source_address_kept (whether kube-proxy keeps the client's address).

    Raises
    ------
    ValueError
        If an argument is none of these, a name in it is no node, or there are no pods or more than 150,000.

    Notes
    -----
    Shares are exact, for new connections; how far counts stray from them is chance (``connection_spread``). Which endpoints a node uses is ``kube_proxy.endpoint_selection``: hints count only where all
    ready endpoints have some, and policy Local has no hints. Not modelled: the way from the balancer to the node
    (its zones too), session affinity, and balancers that send to pods directly.

    References
    ----------
    .. [1] kubernetes issues 97147 and 68474; MetalLB, usage: policy Local with 2 + 1 pods gives 25, 25 and 50 %.
    .. [2] kubernetes v1.36.2, pkg/proxy/topology.go; pkg/proxy/healthcheck/service_health.go.

    Examples
    --------
    >>> traffic_paths([2, 1], policy="Local").frame["share"].tolist()
    [0.25, 0.25, 0.5]
    """
    stages = _stages(pods_per_node, policy, zones, traffic_distribution, is_outside=True)
    return path_shares(stages, balancer_sends_to, "Ways of connections from outside")


def pod_traffic_paths(
    pods_per_node: PodsPerNode,
    *,
    policy: str = "Cluster",
    clients_per_node: str | Mapping[str, float] = "by endpoint weight",
    zones: Zones = (),
    traffic_distribution: str | None = None,
) -> Result:
    """Return which share of connections every endpoint gets from pods that connect to the ClusterIP.

    Parameters
    ----------
    pods_per_node, zones, traffic_distribution
        As ``traffic_paths`` takes them.
    policy
        internalTrafficPolicy, Cluster or Local.
    clients_per_node
        How much of the traffic begins on each node, in any unit; or ``all nodes``, evenly, or ``by endpoint weight``, like
        the endpoints.

    Returns
    -------
    A Result as that of ``traffic_paths``.

    Raises
    ------
    ValueError
        As ``traffic_paths`` raises it.

    Examples
    --------
    >>> zones = {"a": "z1", "b": "z2"}
    >>> same_zone = pod_traffic_paths({"a": 1, "b": 3}, zones=zones, traffic_distribution="PreferSameZone")
    >>> float(same_zone.frame["cross_zone_share"].sum())
    0.0
    """
    stages = _stages(pods_per_node, policy, zones, traffic_distribution, is_outside=False)
    return path_shares(stages, clients_per_node, "Ways of connections from pods")


def _stages(
    pods: PodsPerNode, policy: str, zones: Zones, distribution: str | None, is_outside: bool
) -> Stages:
    counts = dict(pods) if isinstance(pods, Mapping) else {f"node-{i}": n for i, n in enumerate(pods, 1)}
    zone_by_node = dict(zones) if isinstance(zones, Mapping) else dict(zip(counts, zones, strict=False))
    wrong = [n for n in counts.values() if type(n) is bool or not isinstance(n, Integral) or n not in COUNTS]
    is_sum_right = bool(wrong) or sum(counts.values()) in COUNTS[1:]
    named, n_zones = zone_by_node.keys() <= counts.keys(), len(zones) <= len(counts)
    for name, is_right, found, expected in (
        ("pods_per_node", not wrong, wrong[:1], "whole numbers from 0 on"),
        ("pods_per_node", is_sum_right, counts, f"from 1 to {COUNTS[-1]} in all"),
        ("policy", policy in ("Cluster", "Local"), policy, "Cluster or Local"),
        ("zones", named and n_zones, zones, f"zones of {len(counts)} nodes"),
        ("traffic_distribution", distribution in DISTRIBUTIONS, distribution, list(DISTRIBUTIONS)),
    ):
        if not is_right:
            raise ValueError(visible(f"{name}: found {found!r:.200}, expected {expected}"))
    port = _PORT._replace(external_policy_local=policy == "Local", internal_policy_local=policy == "Local")
    has_zone, has_node = DISTRIBUTIONS[distribution]
    nodes, endpoints = [], []
    for name, count in counts.items():
        zone = zone_by_node.get(name, "")
        nodes.append(ProxySettings(node_name=name, node_labels={"topology.kubernetes.io/zone": zone}))
        state = (80, True, True, False, False, name, (zone,) * (has_zone and zone != ""), (name,) * has_node)
        places = [f"{name}/{number}" for number in range(1, count + 1)]
        endpoints += [NodeEndpoint(place, place, *state) for place in places]
    return Stages(port, tuple(endpoints), tuple(nodes), zone_by_node, is_outside)
