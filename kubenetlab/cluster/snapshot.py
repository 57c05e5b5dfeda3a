"""One cluster at one moment: its objects, its settings, and how to find things in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from kubenetlab.cluster import what_if
from kubenetlab.cluster.address_holders import AddressUse, addresses_in_use
from kubenetlab.cluster.addresses import ranges_with_spans
from kubenetlab.cluster.kind_words import plural_called
from kubenetlab.cluster.label_index import LabelIndex
from kubenetlab.cluster.owners import pods_by_owner
from kubenetlab.cluster.provenance import Provenance
from kubenetlab.cluster.selectors import labels_match
from kubenetlab.cluster.service_endpoints import ServiceEndpoint, object_endpoints, slice_endpoints
from kubenetlab.cluster.spans import Span
from kubenetlab.errors import NotFoundError
from kubenetlab.objects import (
    KINDS,
    ApiObject,
    LabelSelector,
    Pod,
    Service,
    policy,
    routing,
    service,
    workload,
)
from kubenetlab.objects import address_pools as pools
from kubenetlab.objects import node as nodes_
from kubenetlab.objects.listings import Listings
from kubenetlab.result import Result, Settings, frame_html

if TYPE_CHECKING:
    import pandas as pd

_PLURALS = frozenset(kind.plural for kind in KINDS)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Cluster:
    """A snapshot of a cluster; it never changes, a what-if is another Cluster.

    Every attribute but the last three is a tuple of objects in the dump's order. ``listings`` is what was read beside
    Kubernetes objects: the clouds' subnets, host-local's files. ``settings`` is the assumption ledger; ``provenance``
    says what was read, skipped and refused.
    """

    nodes: tuple[nodes_.Node, ...] = ()
    namespaces: tuple[nodes_.Namespace, ...] = ()
    pods: tuple[Pod, ...] = ()
    services: tuple[Service, ...] = ()
    endpoint_slices: tuple[service.EndpointSlice, ...] = ()
    endpoints: tuple[service.Endpoints, ...] = ()
    network_policies: tuple[policy.NetworkPolicy, ...] = ()
    ingresses: tuple[routing.Ingress, ...] = ()
    ingress_classes: tuple[routing.IngressClass, ...] = ()
    service_cidrs: tuple[pools.ServiceCIDR, ...] = ()
    ip_addresses: tuple[pools.IPAddress, ...] = ()
    ip_pools: tuple[pools.IPPool, ...] = ()
    ipam_blocks: tuple[pools.IPAMBlock, ...] = ()
    cilium_nodes: tuple[pools.CiliumNode, ...] = ()
    cilium_pod_ip_pools: tuple[pools.CiliumPodIPPool, ...] = ()
    eni_configs: tuple[pools.ENIConfig, ...] = ()
    cni_nodes: tuple[pools.CNINode, ...] = ()
    node_network_configs: tuple[pools.NodeNetworkConfig, ...] = ()
    ip_address_pools: tuple[pools.IPAddressPool, ...] = ()
    config_maps: tuple[workload.ConfigMap, ...] = ()
    deployments: tuple[workload.Deployment, ...] = ()
    stateful_sets: tuple[workload.StatefulSet, ...] = ()
    daemon_sets: tuple[workload.DaemonSet, ...] = ()
    replica_sets: tuple[workload.ReplicaSet, ...] = ()
    jobs: tuple[workload.Job, ...] = ()
    cron_jobs: tuple[workload.CronJob, ...] = ()
    listings: Listings = field(default_factory=Listings)
    settings: Settings = field(default_factory=Settings)
    provenance: Provenance = field(default_factory=Provenance)

    def values(self, plural: str) -> tuple[ApiObject, ...]:
        """Return the objects of a kind: ``pods``, ``endpoint_slices``, or as kubectl says it, ``po`` or ``Pod``.

        Raises
        ------
        NotFoundError
            If it is no kind.
        """
        values: tuple[ApiObject, ...] = getattr(self, plural_called(plural))
        return values

    def frame(self, plural: str) -> pd.DataFrame:
        """Return a table of the objects of a kind; ``kubenetlab.cluster.frames.COLUMNS`` documents its columns."""
        from kubenetlab.cluster import frames

        return frames.table(self, plural_called(plural))

    def find(self, plural: str, name: str) -> Any:
        """Return one object by ``namespace/name``, or by name alone where that is unambiguous.

        Raises
        ------
        NotFoundError
            If there is no such object or kind, or several namespaces have one.
        """
        by_name = self._by_name[plural_called(plural)]
        names = [name] if name in by_name else [full for full in by_name if full.endswith(f"/{name}")]
        if len(names) != 1:
            reason = f"is in several namespaces ({', '.join(names)})" if names else "is not in the dump"
            raise NotFoundError(f"{plural}: {name} {reason}")
        return by_name[names[0]][0]

    def select(
        self, plural: str, selector: LabelSelector | Mapping[str, str], namespace: str | None = None
    ) -> tuple[Any, ...]:
        """Return the objects of a kind whose labels a selector matches, in one namespace or in all (None)."""
        values: Iterable[Any] = self.values(plural)
        if namespace is not None:
            values = self._by_namespace[plural_called(plural)].get(namespace, ())
        return tuple(v for v in values if labels_match(selector, v.metadata.labels))

    def owned_by(self, kind: str, name: str) -> tuple[Pod, ...]:
        """Return the pods that an object (``"Deployment"``, ``"shop/cart"``) owns, directly or through a ReplicaSet or Job."""
        return tuple(self._pods_by_owner.get((kind, name), ()))

    def endpoints_of(self, service: Service) -> tuple[ServiceEndpoint, ...]:
        """Return a Service's endpoints, without duplicates, in the order of the dump.

        They come from EndpointSlices, or from an Endpoints object where the Service has no slice.
        """
        name = service.metadata.full_name
        slices = self._slices_by_service.get(name)
        if slices:
            return tuple(dict.fromkeys(slice_endpoints(slices)))
        return tuple(dict.fromkeys(object_endpoints(self._by_name["endpoints"].get(name, ()))))

    def pods_of(self, service: Service) -> tuple[Pod, ...]:
        """Return the pods that a Service's selector matches, without finished ones; planned pods count.

        An ExternalName and a Service without selector have none.
        """
        selector = service.spec.selector if service.has_selector else {}
        return self.pods_with(service.metadata.namespace, selector)

    def pods_with(self, namespace: str, labels: Mapping[str, str]) -> tuple[Pod, ...]:
        """Return the pods of a namespace that have every one of some labels, without finished ones; quick, by an index."""
        return self._pod_index.selected(namespace, labels)

    def what_is(self, address: object) -> Result:
        """Tell what an address or a range is: the pods, nodes, Services and ranges that hold it.

        ``address`` may be text, a netaddr or an ipaddress value. The frame has the columns range, role, object;
        of a range also relation (``is it``, ``holds it``, ``overlaps it``, ``inside it``).

        Raises
        ------
        AddressError
            If it is neither an address nor a range; it is a ValueError.
        """
        from kubenetlab.cluster import what_is

        return what_is.answer(self, str(address))

    def with_(self, *, settings: Mapping[str, Any] | None = None, **changes: Any) -> Cluster:
        """Return a Cluster with some kinds replaced (``nodes=…``) and some settings set (``settings={"cni": "calico"}``).

        Raises
        ------
        SettingError
            If there is no such setting, or it cannot have that value; it is a ValueError.
        TypeError
            If a Cluster has no such attribute, or it cannot hold that.
        """
        merged = what_if.with_settings(self.settings, {} if settings is None else settings)
        return replace(self, settings=merged, **what_if.checked_objects(changes))

    @property
    def has_endpoint_data(self) -> bool:
        """Whether the dump holds EndpointSlices or Endpoints at all."""
        return bool(self.endpoint_slices or self.endpoints)

    @cached_property
    def address_index(self) -> Mapping[str, list[AddressUse]]:
        """Who owns an address, by its canonical text."""
        return addresses_in_use(self)

    @cached_property
    def range_index(self) -> list[tuple[Span, AddressUse]]:
        """Every range that the objects and settings name, and what it is."""
        return ranges_with_spans(self)

    @cached_property
    def pods_by_node(self) -> Mapping[str, list[Pod]]:
        """Pods that have not finished, by the node they run on."""
        by_node: dict[str, list[Pod]] = {node.metadata.name: [] for node in self.nodes}
        for pod in self.pods:
            if pod.spec.node_name and not pod.has_finished:
                by_node.setdefault(pod.spec.node_name, []).append(pod)
        return by_node

    @cached_property
    def _pod_index(self) -> LabelIndex[Pod]:
        running = (pod for pod in self.pods if not pod.has_finished)
        return LabelIndex((pod.metadata.namespace, pod.metadata.labels, pod) for pod in running)

    @cached_property
    def _by_name(self) -> Mapping[str, dict[str, list[Any]]]:
        index: dict[str, dict[str, list[Any]]] = {plural: defaultdict(list) for plural in _PLURALS}
        for plural in _PLURALS:
            for value in getattr(self, plural):
                index[plural][value.metadata.full_name].append(value)
        return index

    @cached_property
    def _by_namespace(self) -> Mapping[str, dict[str, list[Any]]]:
        index: dict[str, dict[str, list[Any]]] = {plural: defaultdict(list) for plural in _PLURALS}
        for plural in _PLURALS:
            for value in getattr(self, plural):
                index[plural][value.metadata.namespace].append(value)
        return index

    @cached_property
    def _slices_by_service(self) -> Mapping[str, list[service.EndpointSlice]]:
        index: dict[str, list[service.EndpointSlice]] = defaultdict(list)
        for endpoint_slice in self.endpoint_slices:
            index[endpoint_slice.service_name].append(endpoint_slice)
        return index

    @cached_property
    def _pods_by_owner(self) -> Mapping[tuple[str, str], list[Pod]]:
        return pods_by_owner(self.pods, self.replica_sets, self.jobs)

    def __repr__(self) -> str:
        """Return the counts of the kinds that people ask for first."""
        return f"Cluster({len(self.nodes)} nodes, {len(self.pods)} pods, {len(self.services)} services)"

    def _repr_html_(self) -> str:
        from kubenetlab.cluster import frames

        files = ", ".join(escape(file.name) for file in self.provenance.files)
        return f"<p><strong>Cluster</strong> {files}</p>{frame_html(frames.summary(self))}{self.settings._repr_html_()}"
