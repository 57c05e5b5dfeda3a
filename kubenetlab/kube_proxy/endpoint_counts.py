"""How many endpoints each Service has, ready and not, and on how many nodes."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.objects import Service, ServiceType
from kubenetlab.result import Basis, Result

_COLUMNS = [
    "service", "type", "cluster_ip", "external_traffic_policy", "n_ready", "n_not_ready", "n_nodes",
    "min_per_node", "max_per_node",
]  # fmt: skip
_UNKNOWN = (None,) * 5
_TEXTS = ("service", "type", "cluster_ip", "external_traffic_policy")


class EndpointCounts(NamedTuple):
    """Endpoints of one Service, each once however many ports it has.

    ``n_nodes`` have a ready one, from ``min_per_node`` to ``max_per_node`` each (None where no node is known).
    """

    n_ready: int
    n_not_ready: int
    n_nodes: int
    min_per_node: int | None
    max_per_node: int | None


def count_endpoints(cluster: Cluster, service: Service) -> EndpointCounts | None:
    """Count the endpoints of a Service; None where the dump holds no endpoints at all, or an ExternalName has none.

    An endpoint whose readiness is unknown counts as ready (KEP-1672).
    """
    if not cluster.has_endpoint_data or service.spec.type == ServiceType.EXTERNAL_NAME:
        return None
    endpoints = cluster.endpoints_of(service)
    node_by_ready = {endpoint.address: endpoint.node_name for endpoint in endpoints if endpoint.is_ready}
    n_not_ready = len({endpoint.address for endpoint in endpoints} - node_by_ready.keys())
    per_node = Counter(name for name in node_by_ready.values() if name)
    spread = (min(per_node.values()), max(per_node.values())) if per_node else (None, None)
    return EndpointCounts(len(node_by_ready), n_not_ready, len(per_node), *spread)


def service_endpoints(cluster: Cluster) -> Result:
    """Return the endpoints of every Service, counted.

    Returns
    -------
    A Result; its frame has one row a Service, in the order of the dump: service (``namespace/name``), type,
    cluster_ip, external_traffic_policy, n_ready and n_not_ready (endpoints, each once however many ports it
    has), n_nodes (with a ready endpoint), min_per_node and max_per_node (ready endpoints, of those nodes).
    Counts are missing for ExternalName Services, and for all where the dump holds no EndpointSlices or
    Endpoints.
    """
    rows = [
        (*_identity(service), *(count_endpoints(cluster, service) or _UNKNOWN))
        for service in cluster.services
    ]
    frame = pd.DataFrame(rows, columns=_COLUMNS, dtype="object")
    frame = frame.astype({name: "str" if name in _TEXTS else "Int64" for name in _COLUMNS})
    because = () if cluster.has_endpoint_data else ("no EndpointSlices or Endpoints in this dump",)
    return Result(title="Endpoints of Services", _frame=frame, because=because, basis=Basis.SOURCE)


def _identity(service: Service) -> tuple[str, str, str, str]:
    address = ", ".join(service.cluster_ips) or ("None" if service.is_headless else "")
    is_outside = service.spec.type in (ServiceType.NODE_PORT, ServiceType.LOAD_BALANCER)
    policy = service.spec.external_traffic_policy if is_outside else ""
    return service.metadata.full_name, service.spec.type, address, policy
