"""Which endpoints of a service port one node uses, and why.

Source: Kubernetes v1.36.2, pkg/proxy/topology.go (CategorizeEndpoints, topologyModeFromHints).
"""

from __future__ import annotations

from collections.abc import Iterable

from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.releases import LATEST, basis_of, has_behaviour
from kubenetlab.kube_proxy.service_port import NodeEndpoint, Selection, ServicePort
from kubenetlab.result import Result

SAME_NODE, SAME_ZONE = "PreferSameNode", "PreferSameZone"

Endpoints = tuple[NodeEndpoint, ...]


def select(
    service_port: ServicePort, endpoints: Endpoints, settings: ProxySettings, release: str = LATEST
) -> Selection:
    """Return the endpoints that a node uses for a service port.

    Parameters
    ----------
    service_port
        The service port.
    endpoints
        All of its endpoints, sorted by ``where``, as ``endpoints_by_port`` returns them.
    settings
        Of the node: its name and zone.
    release
        The release of Kubernetes whose kube-proxy is meant.

    Raises
    ------
    ValueError
        If ``release`` is none.
    """
    internal_local = service_port.internal_policy_local and has_behaviour(release, "internal traffic policy")
    is_outside = service_port.is_externally_accessible
    uses_cluster = not internal_local or is_outside
    uses_local = internal_local or (service_port.external_policy_local and is_outside)
    ready = tuple([e for e in endpoints if e.is_ready])
    leaving = (
        _leaving(endpoints)
        if len(ready) < len(endpoints) and has_behaviour(release, "terminating fall-back")
        else ()
    )
    is_hinted = uses_cluster and (
        has_behaviour(release, "hints without annotation") or service_port.has_topology_annotation
    )
    mode = _topology_mode(ready, settings, release) if is_hinted else ""
    cluster = (_matching(ready, mode, settings) or leaving) if uses_cluster else ()
    local = (_local(ready) or _local(leaving)) if uses_local else ()
    has_any = bool(ready or leaving) if uses_local else bool(cluster)
    reachable = _union(cluster, local) if local else cluster
    return Selection(endpoints, cluster, local, reachable, has_any, uses_cluster, uses_local, mode)


def reasons(
    service_port: ServicePort, endpoints: Endpoints, settings: ProxySettings, release: str = LATEST
) -> Result:
    """Return why a node uses each endpoint of a service port, or does not; the parameters are those of ``select``.

    Returns
    -------
    A Result; its frame has one row an endpoint, sorted by it as text: endpoint (``IP:port``), node_name, is_ready,
    is_serving, is_terminating, is_local, cluster and local (whether it is used under each policy), cluster_reason
    and local_reason (text).

    Raises
    ------
    ValueError
        If ``release`` is none.
    """
    import pandas as pd

    selection = select(service_port, endpoints, settings, release)
    falls_back = has_behaviour(release, "terminating fall-back")
    rows = [(e.where, e.node_name, *e[3:7], *_policies(e, selection, falls_back)) for e in endpoints]
    columns = ["endpoint", "node_name", "is_ready", "is_serving", "is_terminating", "is_local"]
    columns += ["cluster", "local", "cluster_reason", "local_reason"]
    frame = pd.DataFrame(rows, columns=columns)
    mode = selection.topology_mode
    because = (
        f"{service_port.full_name} on {settings.node_name}",
        f"hints: {mode}" if mode else "no hints: not all ready endpoints have some, or none is for here",
        "some endpoint is usable: no rule rejects" if selection.has_any else "no endpoint is usable: REJECT",
    )
    return Result(title="Selected endpoints", _frame=frame, because=because, basis=basis_of(release))


def _policies(endpoint: NodeEndpoint, selection: Selection, falls_back: bool) -> tuple[bool, bool, str, str]:
    in_cluster, in_local = endpoint in selection.cluster, endpoint in selection.local
    cluster = local = "policy not in use"
    if selection.uses_cluster:
        hints = selection.topology_mode
        cluster = _reason(endpoint, in_cluster, "", falls_back) + f" ({hints})" * (
            endpoint.is_ready and not in_cluster
        )
    if selection.uses_local:
        here = " on this node"
        local = _reason(endpoint, in_local, here, falls_back) if endpoint.is_local else "runs on another node"
    return in_cluster, in_local, cluster, local


def _reason(endpoint: NodeEndpoint, is_in: bool, where: str, falls_back: bool) -> str:
    """Return why an endpoint is in or out of those ``where`` a policy looks: empty for everywhere."""
    if endpoint.is_ready:
        return "ready" if is_in else "ready, but its hints are for others"
    if not _leaving((endpoint,)):
        return "not ready"
    if not falls_back:
        return "terminates: this release uses none that is not ready"
    return f"terminates, still serves, {f'and none is ready{where}' if is_in else f'but others are ready{where}'}"


def _leaving(endpoints: Iterable[NodeEndpoint]) -> Endpoints:
    """Return those that still serve while they terminate."""
    return tuple([e for e in endpoints if not e.is_ready and e.is_serving and e.is_terminating])


def _local(endpoints: Endpoints) -> Endpoints:
    return tuple([e for e in endpoints if e.is_local])


def _topology_mode(ready: Endpoints, settings: ProxySettings, release: str) -> str:
    """Return whose hints are obeyed: all ready endpoints must have some, and one must be for this node or zone."""
    if has_behaviour(release, "node hints") and _is_covered(
        [e.node_hints for e in ready], settings.node_name
    ):
        return SAME_NODE
    if has_behaviour(release, "zone hints") and _is_covered([e.zone_hints for e in ready], settings.zone):
        return SAME_ZONE
    return ""


def _is_covered(hints: list[tuple[str, ...]], name: str) -> bool:
    return all(hints) and any(name in names for names in hints)


def _matching(ready: Endpoints, mode: str, settings: ProxySettings) -> Endpoints:
    if mode == SAME_NODE:
        return tuple([e for e in ready if settings.node_name in e.node_hints])
    return tuple([e for e in ready if settings.zone in e.zone_hints]) if mode else ready


def _union(cluster: Endpoints, local: Endpoints) -> Endpoints:
    if not cluster:
        return local
    by_where = {e.where: e for e in (*cluster, *local)}
    return tuple(by_where[where] for where in sorted(by_where))
