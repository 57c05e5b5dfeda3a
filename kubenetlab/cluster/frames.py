"""The tables of a cluster: one row an object, columns named and documented here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from kubenetlab.cluster.service_endpoints import ServiceEndpoint
from kubenetlab.objects import KINDS, ApiObject, Node

if TYPE_CHECKING:
    from kubenetlab.cluster.snapshot import Cluster

Column = Callable[[Any], Any]


def _joined(texts: tuple[Any, ...]) -> str:
    return ", ".join(map(str, texts))


def _port(port: Any) -> str:
    target = "" if port.target_port in (None, port.port) else f"→{port.target_port}"
    node_port = f":{port.node_port}" if port.node_port else ""
    return f"{port.port}{node_port}{target}/{port.protocol}"


def _owner(pod: Any) -> str:
    owner = pod.metadata.controller
    return f"{owner.kind} {owner.name}" if owner else ""


def is_schedulable(node: Node) -> bool:
    """Whether a node takes pods that tolerate nothing: it is not cordoned, and no taint keeps them away.

    Source: k8s.io/api, core/v1, TaintEffect: PreferNoSchedule is a wish only.
    """
    return not node.spec.unschedulable and not any(t.effect in _KEEPING_OFF for t in node.spec.taints)


_KEEPING_OFF = ("NoSchedule", "NoExecute")

_NAMED: dict[str, Column] = {"namespace": lambda o: o.metadata.namespace, "name": lambda o: o.metadata.name}
_NAME_ONLY: dict[str, Column] = {"name": lambda o: o.metadata.name}

COLUMNS: dict[str, dict[str, Column]] = {
    "nodes": {
        **_NAME_ONLY,
        "internal_ip": lambda n: _joined(n.internal_ips),
        "pod_cidr": lambda n: _joined(n.spec.ranges),
        "zone": lambda n: n.zone,
        "max_pods": lambda n: n.status.capacity.n_pods,
        "is_ready": lambda n: n.is_ready,
        "is_schedulable": is_schedulable,
        "kubelet_version": lambda n: n.status.node_info.kubelet_version,
        "container_runtime": lambda n: n.status.node_info.container_runtime_version,
    },
    "pods": {
        **_NAMED,
        "node": lambda p: p.spec.node_name,
        "pod_ip": lambda p: _joined(p.ips),
        "is_host_network": lambda p: p.spec.host_network,
        "phase": lambda p: p.status.phase,
        "is_ready": lambda p: p.is_ready,
        "is_planned": lambda p: p.is_planned,
        "owner": _owner,
    },
    "services": {
        **_NAMED,
        "type": lambda s: s.spec.type,
        "cluster_ip": lambda s: _joined(s.cluster_ips) or s.spec.cluster_ip,
        "ports": lambda s: _joined(tuple(map(_port, s.spec.ports))),
        "external_traffic_policy": lambda s: s.spec.external_traffic_policy,
        "session_affinity": lambda s: s.spec.session_affinity,
        "selector": lambda s: _joined(tuple(f"{k}={v}" for k, v in s.spec.selector.items())),
    },
    "endpoint_slices": {
        **_NAMED,
        "service": lambda s: s.service_name,
        "address_type": lambda s: s.address_type,
        "n_endpoints": lambda s: len(s.endpoints),
    },
    "network_policies": {**_NAMED, "policy_types": lambda p: _joined(p.policy_types)},
    "ingresses": {
        **_NAMED,
        "ingress_class": lambda i: i.class_name,
        "backends": lambda i: _joined(tuple(f"{place}→{backend.name}" for place, backend in i.backends)),
    },
    "ingress_classes": {
        **_NAME_ONLY,
        "controller": lambda c: c.spec.controller,
        "is_default": lambda c: c.is_default,
    },
    "ip_pools": {**_NAME_ONLY, "cidr": lambda p: p.spec.cidr, "block_size": lambda p: p.spec.block_size},
    "ipam_blocks": {
        **_NAME_ONLY,
        "cidr": lambda b: b.spec.cidr,
        "node": lambda b: b.node_name,
        "n_allocated": lambda b: b.n_allocated,
    },
    "service_cidrs": {**_NAME_ONLY, "cidrs": lambda s: _joined(s.spec.cidrs)},
}

_CLUSTER_SCOPED = {
    "namespaces", "ip_addresses", "cilium_nodes", "cilium_pod_ip_pools", "eni_configs", "cni_nodes",
}  # fmt: skip


def table(cluster: Cluster, plural: str) -> pd.DataFrame:
    """Return the objects of a kind as a frame, in the dump's order.

    Raises
    ------
    NotFoundError
        If ``plural`` names no kind.
    """
    columns = COLUMNS.get(plural) or (_NAME_ONLY if plural in _CLUSTER_SCOPED else _NAMED)
    values: tuple[ApiObject, ...] = cluster.values(plural)
    return pd.DataFrame(
        {name: pd.Series([get(v) for v in values], dtype=_dtype(name)) for name, get in columns.items()}
    )


def _dtype(column: str) -> str:
    if column.startswith("is_"):
        return "bool"
    return "Int64" if column.startswith(("n_", "max_")) or column == "block_size" else "str"


def endpoint_table(endpoints: tuple[ServiceEndpoint, ...]) -> pd.DataFrame:
    """Return endpoints as a frame with the fields of ServiceEndpoint as columns."""
    frame = pd.DataFrame(list(endpoints), columns=list(ServiceEndpoint._fields))
    return frame.astype({"port": "Int64", "is_ready": "bool", "is_serving": "bool", "is_terminating": "bool"})


def summary(cluster: Cluster) -> pd.DataFrame:
    """Return how many objects of each kind there are: kind, n_objects."""
    rows = [(kind.kind, len(cluster.values(kind.plural))) for kind in KINDS if cluster.values(kind.plural)]
    return pd.DataFrame(rows, columns=["kind", "n_objects"])
