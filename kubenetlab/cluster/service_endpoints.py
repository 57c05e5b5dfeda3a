"""Which endpoints a Service has in a dump, from its EndpointSlices or, where there are none, its Endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kubenetlab.objects import Endpoint, Endpoints, EndpointSlice
from kubenetlab.objects.service import EndpointPort

_ALL_PORTS = (EndpointPort(),)  # a headless Service may have no ports; its endpoints are there all the same


class ServiceEndpoint(NamedTuple):
    """One address and port that a Service can send to.

    ``port`` is None for "all ports". ``is_ready``, ``is_serving`` and ``is_terminating`` follow KEP-1672 and
    KEP-1669: an unknown ready counts as ready, an unknown serving as ready, an unknown terminating as not.
    """

    address: str
    port: int | None
    port_name: str
    protocol: str
    is_ready: bool
    is_serving: bool
    is_terminating: bool
    node_name: str
    zone: str
    pod: str


def slice_endpoints(slices: Iterable[EndpointSlice]) -> Iterator[ServiceEndpoint]:
    """Yield one entry for each endpoint and port; an endpoint's first address stands for it (kube-proxy does so)."""
    for endpoint_slice in slices:
        namespace = endpoint_slice.metadata.namespace
        for endpoint in endpoint_slice.endpoints:
            if endpoint.addresses:
                for port in endpoint_slice.ports or _ALL_PORTS:
                    state = _state(endpoint)
                    place = (
                        endpoint.node_name or endpoint.deprecated_topology.get("kubernetes.io/hostname", ""),
                        endpoint.zone,
                    )
                    pod = _pod_name(
                        endpoint.target_ref.kind,
                        endpoint.target_ref.namespace or namespace,
                        endpoint.target_ref.name,
                    )
                    yield ServiceEndpoint(
                        endpoint.addresses[0], port.port, port.name, port.protocol, *state, *place, pod
                    )


def object_endpoints(endpoints: Iterable[Endpoints]) -> Iterator[ServiceEndpoint]:
    """Yield one entry for each address and port of Endpoints objects (old dumps)."""
    for value in endpoints:
        for subset in value.subsets:
            addresses = [(a, True) for a in subset.addresses] + [
                (a, False) for a in subset.not_ready_addresses
            ]
            for address, is_ready in addresses:
                for port in subset.ports or _ALL_PORTS:
                    ref = address.target_ref
                    pod = _pod_name(ref.kind, ref.namespace or value.metadata.namespace, ref.name)
                    yield ServiceEndpoint(
                        address.ip,
                        port.port,
                        port.name,
                        port.protocol,
                        is_ready,
                        is_ready,
                        False,
                        address.node_name,
                        "",
                        pod,
                    )


def _state(endpoint: Endpoint) -> tuple[bool, bool, bool]:
    conditions = endpoint.conditions
    is_ready = conditions.ready is not False
    is_serving = is_ready if conditions.serving is None else conditions.serving
    return is_ready, is_serving, conditions.terminating is True


def _pod_name(kind: str, namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if kind == "Pod" else ""
