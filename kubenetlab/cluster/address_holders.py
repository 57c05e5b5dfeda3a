"""Who has an address: the objects that hold it now; where none does, those that only name it; then finished pods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from kubenetlab.objects import Pod, Service, object_name
from kubenetlab.objects.address_text import is_address

if TYPE_CHECKING:
    from kubenetlab.cluster.snapshot import Cluster


class AddressUse(NamedTuple):
    """An address or range, what it is (``pod``, ``pod range of a node`` …), and the object that says so."""

    range: str
    role: str
    object: str


def addresses_in_use(cluster: Cluster) -> Mapping[str, list[AddressUse]]:
    """Return who has each address of a dump, by the address's canonical text."""
    index: dict[str, list[AddressUse]] = defaultdict(list)
    for address, use in _valid(_held(cluster)):
        index[address].append(use)
    held = frozenset(index)
    for address, use in dict.fromkeys(_valid(_named(cluster))):
        if address not in held:
            index[address].append(use)
    for address, use in _valid(_finished(cluster.pods)):
        index[address].append(use)
    return dict(index)


def _valid(uses: Iterable[AddressUse]) -> Iterator[tuple[str, AddressUse]]:
    for use in uses:
        if is_address(use.range):  # host names of nodes, endpoints of type FQDN and empty texts are none
            yield (use.range if ":" not in use.range else str(ip_address(use.range))), use


def _held(cluster: Cluster) -> Iterator[AddressUse]:
    for pod in cluster.pods:
        if not pod.has_finished:
            role = "pod on the host network" if pod.spec.host_network else "pod"
            yield from (AddressUse(ip, role, object_name(pod)) for ip in pod.ips)
    for node in cluster.nodes:
        for address in node.status.addresses:
            yield AddressUse(address.address, f"node {address.type}", object_name(node))
    yield from chain.from_iterable(map(_of_service, cluster.services))
    for ingress in cluster.ingresses:
        for place in ingress.status.load_balancer.ingress:
            yield AddressUse(place.ip, "load balancer IP", object_name(ingress))


def _of_service(service: Service) -> Iterator[AddressUse]:
    name = object_name(service)
    given = [place.ip for place in service.status.load_balancer.ingress]
    yield from (AddressUse(ip, "ClusterIP", name) for ip in service.cluster_ips)
    yield from (AddressUse(ip, "external IP", name) for ip in service.spec.external_ips)
    yield from (AddressUse(ip, "load balancer IP", name) for ip in given)
    if service.spec.load_balancer_ip not in given:
        yield AddressUse(service.spec.load_balancer_ip, "load balancer IP asked for", name)


def _named(cluster: Cluster) -> Iterator[AddressUse]:
    """Addresses that an object names for another one, which the dump may lack."""
    yield from _endpoints(cluster)
    for value in cluster.ip_addresses:
        parent = value.spec.parent_ref
        owner = f" for {parent.namespace}/{parent.name}" if parent.name else ""
        yield AddressUse(value.metadata.name, f"reserved ClusterIP{owner}", object_name(value))
    for config in cluster.node_network_configs:
        for container in config.status.network_containers:
            yield AddressUse(container.primary_ip, "primary IP of a node's block", object_name(config))
            yield AddressUse(container.node_ip, "node IP", object_name(config))


def _endpoints(cluster: Cluster) -> Iterator[AddressUse]:
    for endpoint_slice in cluster.endpoint_slices:
        for endpoint in endpoint_slice.endpoints:
            yield from (AddressUse(ip, "endpoint", object_name(endpoint_slice)) for ip in endpoint.addresses)
    for endpoints in cluster.endpoints:
        for subset in endpoints.subsets:
            for address in (*subset.addresses, *subset.not_ready_addresses):
                yield AddressUse(address.ip, "endpoint", object_name(endpoints))


def _finished(pods: Iterable[Pod]) -> Iterator[AddressUse]:
    for pod in pods:
        if pod.has_finished:
            yield from (AddressUse(ip, "pod that has finished", object_name(pod)) for ip in pod.ips)
