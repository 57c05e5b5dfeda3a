"""Every record that CoreDNS' kubernetes plugin has for a snapshot, as a table, and how two snapshots differ in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from kubenetlab.cluster import Cluster
from kubenetlab.dns.records.kubernetes import KubernetesRecords, plain_records, service_records
from kubenetlab.dns.records.name_parts import NameParts
from kubenetlab.dns.records.options import KubernetesOptions
from kubenetlab.dns.records.watched import Entry
from kubenetlab.dns.records.zones import below, is_reverse, reverse_name
from kubenetlab.objects import Service, ServiceType
from kubenetlab.objects.dns_message import Record
from kubenetlab.result import Basis, Result

COLUMNS = {"name": "str", "type": "str", "ttl": "int64", "data": "str", "object": "str"}
_Part = tuple[Sequence[Record], str]


def zone_records(cluster: Cluster, options: KubernetesOptions | None = None) -> Result:
    """Return the whole zone.

    Parameters
    ----------
    cluster
        The snapshot.
    options
        The plugin's; CoreDNS' defaults.

    Returns
    -------
    A Result; its frame has a row a record, the columns name, type, ttl [s], data, object, in the order of the dump.
    Every set of records with one name and type is exactly what the plugin answers to that question. It answers more
    questions: addresses of ``_port._proto`` names, those below a pod's name, addresses through an ExternalName, and with
    ``pods insecure`` an address for every name that spells one; here are then the dump's pods only.
    """
    import pandas as pd

    options = options or KubernetesOptions()
    columns: list[list[Any]] = [[] for _ in COLUMNS]
    names, types, ttls, data, objects = columns
    for records, source in _parts(KubernetesRecords(cluster, options)):
        for record in records:
            names.append(record[0])
            types.append(record[1])
            ttls.append(record[2])
            data.append(record[3])
        objects += [source] * len(records)
    title = f"DNS records of {', '.join(zone for zone in options.zones if not is_reverse(f'.{zone}'))}"
    because = ("CoreDNS 1.13.1, plugin kubernetes", *_missing(cluster, options))
    typed = zip(COLUMNS.items(), columns, strict=True)
    frame = pd.DataFrame({name: pd.Series(values, dtype=type) for (name, type), values in typed})
    return Result(title=title, _frame=frame, because=because, basis=Basis.RAN)


def _missing(cluster: Cluster, options: KubernetesOptions) -> Iterator[str]:
    if options.multicluster:
        yield f"not modelled, and left out: {', '.join(options.multicluster)} (ServiceImports)"
    if cluster.services and not cluster.namespaces:
        yield "the dump holds no Namespaces: those of its Services and Pods are taken as there"
    if cluster.endpoints and not cluster.endpoint_slices:
        yield "the dump holds Endpoints and no EndpointSlices: CoreDNS reads EndpointSlices only"


def _parts(records: KubernetesRecords) -> Iterator[_Part]:
    for zone in records.options.zones:
        if is_reverse(f".{zone}") or zone in records.options.multicluster:
            continue
        apex = [(zone, "SOA"), (zone, "NS"), (below(zone, "dns-version"), "TXT")]
        for question in (*apex, *((below(zone, "ns.dns"), type) for type in ("A", "AAAA"))):
            answer = records.answer(*question)
            yield answer.answer if answer else (), "CoreDNS"
        for service in records.watched.services.values():
            yield from _of_service(records, service, zone)
        yield from _of_pods(records, zone)
    yield from _pointers(records)


def _of_pods(records: KubernetesRecords, zone: str) -> Iterator[_Part]:
    for namespace, address in records.watched.pods:
        label = address.replace("." if "." in address else ":", "-")
        if _is_askable(label) and _is_askable(namespace):
            found = records.watched.find(NameParts("pod", namespace, label))
            name = below(zone, f"{label}.{namespace}.pod")
            yield _of_entries(name, zone, records.options.ttl, found.entries or ()), found.because


def _pointers(records: KubernetesRecords) -> Iterator[_Part]:
    options, zone = records.options, records.options.primary_zone
    served = options.zones if "." not in options.zones else (".",)
    for address, owners in records.watched.owners_by_address.items():
        name = reverse_name(address)
        if name.endswith(served):
            for owner, source in owners.items():
                yield (Record(name, "PTR", options.ttl, below(zone, owner)),), source


def _is_askable(label: str) -> bool:
    """Whether a question, which is looked up in lower case and cut at its dots, can have this label."""
    return label != "" and label == label.lower() and "." not in label


def _of_service(records: KubernetesRecords, service: Service, zone: str) -> Iterator[_Part]:
    name, namespace, ttl = service.metadata.name, service.metadata.namespace, records.options.ttl
    if not (_is_askable(name) and _is_askable(namespace)) or namespace not in records.watched.namespaces:
        return
    own = records.watched.find(NameParts("svc", namespace, name)).entries or ()
    owner, source = below(zone, f"{name}.{namespace}.svc"), f"Service {namespace}/{name}"
    yield _of_entries(owner, zone, ttl, own), source
    by_port, by_name = defaultdict(list), defaultdict(list)
    for entry in own:
        by_port[entry.port_name, entry.protocol].append(entry)
    for port, entries in by_port.items():
        if all(map(_is_askable, port)):
            yield service_records(f"_{port[0]}._{port[1]}.{owner}", zone, ttl, entries), source
    is_external = service.spec.type == ServiceType.EXTERNAL_NAME
    for entry in () if is_external else records.watched.endpoints(namespace, name):
        by_name[entry.endpoint].append(entry)
    for label, entries in by_name.items():
        if _is_askable(label):
            yield _of_entries(f"{label}.{owner}", zone, ttl, entries), entries[0].source


def _of_entries(name: str, zone: str, ttl: int, entries: Sequence[Entry]) -> list[Record]:
    return plain_records(name, ("A", "AAAA", "CNAME"), ttl, entries) + service_records(
        name, zone, ttl, entries
    )


def zone_changes(before: Cluster, after: Cluster, options: KubernetesOptions | None = None) -> Result:
    """Return the records that one snapshot has and the other has not.

    Returns
    -------
    A Result; its frame has the columns change (``removed`` or ``added``), name, type, ttl [s], data, object. A record that
    changed is there twice.
    """
    import pandas as pd

    old, new = zone_records(before, options), zone_records(after, options)
    parts = []
    for change, here, there in (("removed", old.frame, new.frame), ("added", new.frame, old.frame)):
        key = [*COLUMNS][:4]
        is_known = pd.MultiIndex.from_frame(here[key]).isin(pd.MultiIndex.from_frame(there[key]))
        parts.append(here[~is_known].assign(change=change))
    frame = pd.concat(parts, ignore_index=True)[["change", *COLUMNS]].astype({"change": "str"})
    because = tuple(dict.fromkeys((*old.because, *new.because)))
    return Result(title="Changed DNS records", _frame=frame, because=because, basis=Basis.RAN)
