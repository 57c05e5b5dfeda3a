"""The endpoints behind every service port as one node sees them, from EndpointSlices or old Endpoints objects.

Source: Kubernetes v1.36.2, pkg/proxy/endpointslicecache.go (addEndpoints, endpointsMapFromEndpointInfo).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from kubenetlab.cluster import Cluster
from kubenetlab.kube_proxy.proxy_settings import ProxySettings
from kubenetlab.kube_proxy.service_port import NodeEndpoint
from kubenetlab.kube_proxy.service_ports import family_and_text, is_watched
from kubenetlab.objects import Endpoint, EndpointSlice, Metadata
from kubenetlab.objects.service import SERVICE_NAME_LABEL, EndpointConditions, Endpoints, EndpointSubset

#: Namespace, name, port name and protocol: kube-proxy's key of a service port.
PortKey: TypeAlias = tuple[str, str, str, str]
#: Address and what follows the port in a NodeEndpoint: an endpoint without its port.
_Seen: TypeAlias = tuple[str, tuple[bool, bool, bool, bool, str, tuple[str, ...], tuple[str, ...]]]
_FAMILY_TYPES = {4: "IPv4", 6: "IPv6"}


def endpoints_by_port(
    slices: Iterable[EndpointSlice], settings: ProxySettings, version: int = 4
) -> dict[PortKey, tuple[NodeEndpoint, ...]]:
    """Return the endpoints of every service port, each ``IP:port`` once, sorted by that text.

    Of duplicates the first stays, unless a later one is not terminating. Only an endpoint's first address counts,
    and only slices of the family, with the label of a Service, and ports with a number.

    Parameters
    ----------
    slices
        EndpointSlices of any Services.
    settings
        Of the node; its name decides which endpoints are local.
    version
        4 or 6.
    """
    found: defaultdict[PortKey, dict[str, NodeEndpoint]] = defaultdict(dict)
    for value in slices:
        about = value.metadata
        name = about.labels.get(SERVICE_NAME_LABEL, "")
        if name and value.address_type == _FAMILY_TYPES[version] and is_watched(about.labels):
            seen = [_seen(e, settings.node_name) for e in value.endpoints if e.addresses]
            seen = [e for e in seen if (":" in e[0]) == (version == 6)]
            for port in value.ports:
                if port.port:
                    by_where = found[about.namespace, name, port.name, port.protocol]
                    _add(by_where, seen, port.port)
    return {key: tuple(by_where[where] for where in sorted(by_where)) for key, by_where in found.items()}


def cluster_slices(cluster: Cluster) -> Iterator[EndpointSlice]:
    """Yield a cluster's EndpointSlices, and slices made of the Endpoints objects of Services that have none."""
    yield from cluster.endpoint_slices
    sliced = {value.service_name for value in cluster.endpoint_slices}
    for endpoints in cluster.endpoints:
        if endpoints.metadata.full_name not in sliced:
            yield from endpoints_as_slices(endpoints)


def endpoints_as_slices(endpoints: Endpoints) -> Iterator[EndpointSlice]:
    """Yield the slices that say the same as an Endpoints object, one for each subset and family."""
    about = endpoints.metadata
    metadata = Metadata(about.name, about.namespace, {**about.labels, SERVICE_NAME_LABEL: about.name})
    for subset in endpoints.subsets:
        for version, address_type in _FAMILY_TYPES.items():
            made = tuple(_endpoints_of(subset, version))
            if made:
                yield EndpointSlice(metadata, address_type, made, subset.ports)


def _endpoints_of(subset: EndpointSubset, version: int) -> Iterator[Endpoint]:
    for is_ready, addresses in ((True, subset.addresses), (False, subset.not_ready_addresses)):
        conditions = EndpointConditions(is_ready, is_ready)
        for address in addresses:
            if family_and_text(address.ip)[0] == version:
                yield Endpoint((address.ip,), conditions, address.hostname, address.node_name)


def _seen(endpoint: Endpoint, node_name: str) -> _Seen:
    conditions, hints = endpoint.conditions, endpoint.hints
    _, address = family_and_text(endpoint.addresses[0])
    return address, (
        conditions.ready is not False,
        conditions.serving is not False,
        conditions.terminating is True,
        bool(endpoint.node_name) and endpoint.node_name == node_name,
        endpoint.node_name,
        tuple([hint.name for hint in hints.for_zones]),
        tuple([hint.name for hint in hints.for_nodes]),
    )


def _add(by_where: dict[str, NodeEndpoint], seen: list[_Seen], port: int) -> None:
    for address, state in seen:
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        if where not in by_where or not state[2]:
            by_where[where] = NodeEndpoint(where, address, port, *state)
