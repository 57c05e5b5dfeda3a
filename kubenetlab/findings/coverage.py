"""What a dump can tell about: a dump of one namespace, or of a few kinds, shows nothing by what it lacks."""

from __future__ import annotations

from kubenetlab.cluster import Cluster
from kubenetlab.objects import Service


class Coverage:
    """The namespaces of which a dump covers one of some kinds.

    It covers a kind for a namespace if it holds an object of that kind there, or in at least two namespaces, as
    ``kubectl get -A`` gives them; planned pods show nothing.

    Examples
    --------
    >>> "shop" in Coverage(Cluster(), "pods")
    False
    """

    def __init__(self, cluster: Cluster, *plurals: str) -> None:
        values = (value for plural in plurals for value in cluster.values(plural))
        seen = (v for v in values if not getattr(v, "is_planned", False))
        #: The namespaces of which it holds some.
        self.namespaces = frozenset(v.metadata.namespace for v in seen)  # type: ignore[attr-defined]

    def __contains__(self, namespace: str) -> bool:
        return namespace in self.namespaces or len(self.namespaces) >= 2

    def __bool__(self) -> bool:
        return bool(self.namespaces)


def is_manifest(service: Service) -> bool:
    """Return whether a Service was written but never deployed: no ClusterIP and no time of creation."""
    return not (service.cluster_ips or service.metadata.creation_timestamp)
