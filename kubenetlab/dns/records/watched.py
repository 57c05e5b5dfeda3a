"""What CoreDNS' kubernetes plugin watches of a cluster, and what it finds there for a name.

Source: CoreDNS 1.13.1, plugin/kubernetes: kubernetes.go (``findServices``, ``findPods``, ``endpointHostname``), parse.go,
object/endpoint.go, object/service.go, controller.go. It watches EndpointSlices: an Endpoints object has no records.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.selectors import labels_match
from kubenetlab.dns.records.name_parts import ANY, Keys, NameParts
from kubenetlab.dns.records.options import KubernetesOptions, label_selector
from kubenetlab.dns.records.zones import host_type
from kubenetlab.objects import EndpointSlice, Pod, Service, ServiceType
from kubenetlab.objects.service import SERVICE_NAME_LABEL

_NO_PORT = (-1, "", "")  # what stands for a list without ports


class Entry(NamedTuple):
    """A record's type and data, a port or -1, the name below the zone, the object behind it, and what keys must match."""

    type: str
    data: str
    port: int = 0
    owner: str = ""
    source: str = ""
    endpoint: str = ""
    protocol: str = ""
    port_name: str = ""


class Found(NamedTuple):
    """What there is of a name; ``entries`` is None where the name does not exist, empty where it has no data."""

    entries: Sequence[Entry] | None
    because: str


def endpoint_name(hostname: str, pod: str, address: str) -> str:
    """Return the label of an endpoint: its hostname, its pod's name, or its address with dashes."""
    if hostname or 0 < len(pod) < 64:
        return hostname or pod
    dashed = address.replace("." if "." in address else ":", "-")
    return f"{dashed}0" if dashed.endswith("-") else dashed


def addresses_of(service: Service) -> tuple[str, ...]:
    """Return ``clusterIPs``, or ``clusterIP`` where they are missing; "None" stands there for headless."""
    return service.spec.cluster_ips or (service.spec.cluster_ip,)


def is_headless(service: Service) -> bool:
    """Whether the first of its addresses is "None"; an ExternalName never is."""
    return addresses_of(service)[0] == "None" and service.spec.type != ServiceType.EXTERNAL_NAME


def namespaces_of(cluster: Cluster, selector: str = "") -> frozenset[str]:
    """Return the namespaces with some labels; of a dump without Namespaces, those of its Services and Pods count as there."""
    wanted = label_selector(selector)
    if not cluster.namespaces:
        owned = [*(s.metadata for s in cluster.services), *(p.metadata for p in cluster.pods)]
        return frozenset(metadata.namespace for metadata in owned)
    seen = (n.metadata for n in cluster.namespaces if not selector or labels_match(wanted, n.metadata.labels))
    return frozenset(metadata.name for metadata in seen)


class Watched:
    """The objects of a cluster that the options let CoreDNS see; each index is made on first use."""

    def __init__(self, cluster: Cluster, options: KubernetesOptions) -> None:
        self._cluster, self._options = cluster, options
        self._endpoints: dict[tuple[str, str], list[Entry]] = {}

    def _seen(self, values: Iterable[Any], selector: str) -> Iterable[Any]:
        wanted = label_selector(selector)
        return (v for v in values if not selector or labels_match(wanted, v.metadata.labels))

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces that the options expose."""
        names = namespaces_of(self._cluster, self._options.namespace_labels)
        return names & frozenset(self._options.namespaces or names)

    @cached_property
    def services(self) -> Mapping[tuple[str, str], Service]:
        """By namespace and name."""
        seen = self._seen(self._cluster.services, self._options.labels)
        return {(s.metadata.namespace, s.metadata.name): s for s in seen}

    @cached_property
    def _slices(self) -> Mapping[tuple[str, str], list[EndpointSlice]]:
        by_service = defaultdict(list)
        slices = () if self._options.noendpoints else self._cluster.endpoint_slices
        for value in self._seen(slices, self._options.labels):
            if name := value.metadata.labels.get(SERVICE_NAME_LABEL):
                by_service[value.metadata.namespace, name].append(value)
        return by_service

    @cached_property
    def pods(self) -> Mapping[tuple[str, str], Pod]:
        """Pods by namespace and first address, without finished, unknown and ending ones."""
        return {
            (pod.metadata.namespace, pod.status.pod_ip): pod
            for pod in self._seen(self._cluster.pods, self._options.labels)
            if pod.status.phase not in ("Succeeded", "Failed", "Unknown") and not pod.is_terminating
        }

    @cached_property
    def all_endpoints(self) -> list[Entry]:
        """The ready endpoints of all Services."""
        return [entry for key in self._slices for entry in self.endpoints(*key)]

    @cached_property
    def owners_by_address(self) -> Mapping[str, Mapping[str, str]]:
        """By address: the names below the zone and their objects, of the first Service, else of all endpoints."""
        by_address: dict[str, dict[str, str]] = defaultdict(dict)
        for entry in filter(self._has_pointer, self.all_endpoints):
            by_address[entry.data][entry.owner] = entry.source
        for service in (*self.services.values(),)[::-1]:
            for entry in filter(self._has_pointer, self.own_entries(service)):
                by_address[entry.data] = {entry.owner: entry.source}
        return by_address

    def _has_pointer(self, entry: Entry) -> bool:
        is_exposed = not self._options.namespaces or entry.owner.split(".")[-2] in self.namespaces
        return is_exposed and entry.type in ("A", "AAAA")

    def endpoints(self, namespace: str, service: str) -> list[Entry]:
        """The ready endpoints of a Service, once for each port of their slice."""
        key = namespace, service
        if key not in self._endpoints:
            slices = self._slices.get(key, ())
            self._endpoints[key] = [entry for value in slices for entry in self._of_slice(value, service)]
        return self._endpoints[key]

    def _of_slice(self, value: EndpointSlice, service: str) -> Iterator[Entry]:
        below_name = f"{service}.{value.metadata.namespace}.svc"
        source = f"EndpointSlice {value.metadata.full_name}"
        ports = [(-1 if p.port is None else p.port, p.protocol.lower(), p.name.lower()) for p in value.ports]
        for endpoint in value.endpoints:
            pod = endpoint.target_ref.name if self._options.endpoint_pod_names else ""
            for address in endpoint.addresses if endpoint.conditions.ready is not False else ():
                is_plain = (
                    ":" not in address and value.address_type != "FQDN"
                )  # an address: checked when it was read
                type, data = ("A", address) if is_plain else host_type(address)
                name = endpoint_name(endpoint.hostname, pod, address)
                owner, label = f"{name}.{below_name}", name.lower()
                for port, protocol, named in ports or [_NO_PORT]:
                    yield Entry(type, data, port, owner, source, label, protocol, named)

    def own_entries(self, service: Service) -> Iterator[Entry]:
        """The ClusterIPs of a Service, once for each of its ports, or the target of an ExternalName."""
        name = service.metadata.full_name
        owner = f"{service.metadata.name}.{service.metadata.namespace}.svc"
        if service.spec.type == ServiceType.EXTERNAL_NAME:
            type, data = host_type(service.spec.external_name)
            if type == "CNAME":
                yield Entry(type, data, 0, owner, f"Service {name}")
            return
        ports = [(p.port, p.protocol.lower(), p.name.lower()) for p in service.spec.ports]
        for port, protocol, named in ports or [_NO_PORT]:
            for ip in addresses_of(service) if not is_headless(service) else ():
                yield Entry(*host_type(ip), port, owner, f"Service {name}", "", protocol, named)

    def find(self, wanted: NameParts) -> Found:
        """What there is below ``svc`` or ``pod``."""
        namespace, name = wanted.namespace, f"Service {wanted.namespace}/{wanted.service}"
        if namespace not in self.namespaces:
            return Found(None, f"no Namespace {namespace} that the options expose")
        if wanted.kind == "pod":
            return self._find_pod(wanted)
        service = self.services.get((namespace, wanted.service))
        if not service:
            return Found(None, f"no {name}") if wanted.service else Found((), f"Namespace {namespace}")
        entries = [e for e in self._entries(service, wanted) if _match(wanted.keys, e)]
        sources = ", ".join(dict.fromkeys(e.source for e in entries if e.source != name))
        is_old = self._cluster.endpoints and not self._cluster.endpoint_slices
        nothing = (
            "Endpoints only, and CoreDNS reads EndpointSlices"
            if is_old
            else "nothing ready of this name or port"
        )
        reason = sources if entries else nothing
        return Found(entries or None, f"{name}: {reason}" if reason else name)

    def _entries(self, service: Service, wanted: NameParts) -> Iterable[Entry]:
        is_external = service.spec.type == ServiceType.EXTERNAL_NAME
        endpoints = self.endpoints(wanted.namespace, wanted.service)
        if is_headless(service) or (wanted.keys[0] and not is_external):
            return endpoints
        is_ignored = self._options.ignore_empty_service and not is_external and not endpoints
        return () if is_ignored else self.own_entries(service)

    def _find_pod(self, wanted: NameParts) -> Found:
        mode, name = self._options.pods, wanted.service
        text = name.replace("-", "." if name.count("-") == 3 and "--" not in name else ":")
        pod = self.pods.get((wanted.namespace, text)) if mode == "verified" else None
        because = f"Pod {pod.metadata.full_name}" if pod else f"pods {mode}"
        if mode == "disabled" or not name:
            return Found(None if mode == "disabled" else (), because)
        is_there = pod or (mode == "insecure" and host_type(text)[0] in ("A", "AAAA"))
        entry = Entry(*host_type(text), 0, f"{name}.{wanted.namespace}.pod", because)
        return Found((entry,), because) if is_there else Found(None, f"{because}: no pod has {text}")


def _match(wanted: Keys, entry: Entry) -> bool:
    return wanted == ANY or all(want in ("", key) for want, key in zip(wanted, entry[-3:], strict=True))
