"""An object by its name, and what belongs to it: a table by kind says what that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from kubenetlab.cli.tables import Table
from kubenetlab.cluster import labels_match
from kubenetlab.cluster.kind_words import kind_called
from kubenetlab.errors import NotFoundError
from kubenetlab.objects import KINDS, Kind, object_name

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster

_MAX_NAMES_COMPARED = 5000

Belongings: TypeAlias = "Callable[[Cluster, Any], Iterable[Table]]"


def tables_of_name(cluster: Cluster, what: str) -> list[Table]:
    """Return the objects called ``name``, ``namespace/name`` or ``Kind/…``, each with what belongs to it.

    Raises
    ------
    NotFoundError
        If the dump holds no such object.
    """
    found = list(_found(cluster, what))
    if not found:
        close = _suggestion(cluster, what)
        raise NotFoundError(f"{what!r} is no kind, no address and no name in the dump{close}")
    return [table for kind, value in found for table in _about(cluster, kind, value)]


def _found(cluster: Cluster, what: str) -> Iterator[tuple[Kind, Any]]:
    """Yield matches; ``a/b`` may be namespace and name or kind and name, so both are looked for."""
    first, _, rest = what.partition("/")
    named_kind = kind_called(first) if rest else None
    for kind in KINDS:
        wanted = {what, rest} if kind == named_kind else {what}
        for value in cluster.values(kind.plural):
            metadata = value.metadata  # type: ignore[attr-defined]
            if metadata.name in wanted or metadata.full_name in wanted:
                yield kind, value


def _suggestion(cluster: Cluster, what: str) -> str:
    plurals = ("services", "deployments", "nodes", "namespaces", "stateful_sets", "daemon_sets", "pods")
    names = (value.metadata.name for plural in plurals for value in cluster.values(plural))  # type: ignore[attr-defined]
    close = get_close_matches(what.rpartition("/")[2], set(islice(names, _MAX_NAMES_COMPARED)))
    return f"; did you mean {' or '.join(sorted(close))}?" if close else ""


def _about(cluster: Cluster, kind: Kind, value: Any) -> Iterator[Table]:
    yield _table(cluster, kind.plural, [value], object_name(value))
    if kind.kind in _BELONGINGS:
        yield from _BELONGINGS[kind.kind](cluster, value)


def _table(cluster: Cluster, plural: str, values: Iterable[Any], title: str) -> Table:
    some: dict[str, Any] = {plural: tuple(values)}
    return Table(title, cluster.with_(**some).frame(plural))


def _in(namespace: str, values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value.metadata.namespace == namespace]


def _backend_names(ingress: Any) -> set[str]:
    return {backend.name for _, backend in ingress.backends}


def _of_service(cluster: Cluster, service: Any) -> Iterator[Table]:
    from kubenetlab.cluster.frames import endpoint_table

    name, namespace = object_name(service), service.metadata.namespace
    yield Table(f"Endpoints of {name}", endpoint_table(cluster.endpoints_of(service)))
    if service.has_selector:
        pods = cluster.select("pods", service.spec.selector, namespace)
        yield _table(cluster, "pods", pods, f"Pods that {name} selects")
    ingresses = [i for i in _in(namespace, cluster.ingresses) if service.metadata.name in _backend_names(i)]
    if ingresses:
        yield _table(cluster, "ingresses", ingresses, f"Ingresses that send to {name}")


def _of_pod(cluster: Cluster, pod: Any) -> Iterator[Table]:
    name, namespace, labels = object_name(pod), pod.metadata.namespace, pod.metadata.labels
    nodes = [node for node in cluster.nodes if node.metadata.name == pod.spec.node_name]
    services = [s for s in _in(namespace, cluster.services) if s.has_selector]
    selecting = [s for s in services if labels_match(s.spec.selector, labels)]
    policies = [
        p for p in _in(namespace, cluster.network_policies) if labels_match(p.spec.pod_selector, labels)
    ]
    yield _table(cluster, "nodes", nodes, f"Node of {name}")
    yield _table(cluster, "services", selecting, f"Services that select {name}")
    if policies:
        yield _table(cluster, "network_policies", policies, f"NetworkPolicies that apply to {name}")


def _of_node(cluster: Cluster, node: Any) -> Iterator[Table]:
    yield _table(cluster, "pods", cluster.pods_by_node[node.metadata.name], f"Pods on {object_name(node)}")


def _of_workload(cluster: Cluster, workload: Any) -> Iterator[Table]:
    name = object_name(workload)
    kind = name.partition(" ")[0]
    yield _table(cluster, "pods", cluster.owned_by(kind, workload.metadata.full_name), f"Pods of {name}")


def _of_namespace(cluster: Cluster, namespace: Any) -> Iterator[Table]:
    for plural, title in (("services", "Services"), ("pods", "Pods")):
        values = cluster.select(plural, {}, namespace.metadata.name)
        yield _table(cluster, plural, values, f"{title} in {object_name(namespace)}")


def _of_policy(cluster: Cluster, policy: Any) -> Iterator[Table]:
    pods = cluster.select("pods", policy.spec.pod_selector, policy.metadata.namespace)
    yield _table(cluster, "pods", pods, f"Pods that {object_name(policy)} applies to")


def _of_ingress(cluster: Cluster, ingress: Any) -> Iterator[Table]:
    names = _backend_names(ingress)
    services = [s for s in _in(ingress.metadata.namespace, cluster.services) if s.metadata.name in names]
    yield _table(cluster, "services", services, f"Services behind {object_name(ingress)}")


_BELONGINGS: Mapping[str, Belongings] = {
    "Service": _of_service,
    "Pod": _of_pod,
    "Node": _of_node,
    "Namespace": _of_namespace,
    "NetworkPolicy": _of_policy,
    "Ingress": _of_ingress,
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"), _of_workload),
}
