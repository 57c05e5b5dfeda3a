"""A Cluster as a dump that can be shared: only the fields that kubenetlab reads, with every name and address replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from kubenetlab.anonymize.addresses import Addresses
from kubenetlab.anonymize.fields import shared_object
from kubenetlab.anonymize.names import Names
from kubenetlab.cluster import Cluster
from kubenetlab.objects import KINDS, Kind
from kubenetlab.readers import read_bytes
from kubenetlab.result import Settings

#: Settings of a Cluster that hold ranges.
RANGES = ("cluster_cidr", "service_cidr", "node_cidr", "vpc_subnets")


def plain_objects(cluster: Cluster) -> Iterator[tuple[Kind, dict[str, Any]]]:
    """Yield every object that a dump holds as plain values, in the order of ``KINDS``; planned pods are left out."""
    for kind in KINDS:
        for value in getattr(cluster, kind.plural):
            if not getattr(value, "is_planned", False):
                yield kind, msgspec.to_builtins(value)


def shared_dump(cluster: Cluster, names: Names, addresses: Addresses) -> bytes:
    """Return a cluster as one List in JSON, an object a line.

    A pod or Service range that only a platform's default told is lost with the addresses it was recognised by, so
    an object that states it is added.
    """
    items = [shared_object(kind, plain, names) for kind, plain in plain_objects(cluster)]
    found = read_bytes("", _list(items)).settings
    for name, stating in _STATING.items():
        wanted = tuple(addresses.cidr(cidr) for cidr in _ranges(cluster.settings, name))
        if wanted and found[name].value != wanted:
            items.append(stating(wanted))
    return _list(items)


def _list(items: list[dict[str, Any]]) -> bytes:
    lines = b",\n".join(map(msgspec.json.encode, items))
    return b'{"apiVersion":"v1","kind":"List","items":[\n' + lines + b"\n]}\n"


def _ranges(settings: Settings, name: str) -> tuple[str, ...]:
    value = settings[name].value if name in settings else None
    return value if isinstance(value, tuple) else ()


def _service_cidr(cidrs: tuple[str, ...]) -> dict[str, Any]:
    metadata = {"name": "kubernetes"}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "ServiceCIDR",
        "metadata": metadata,
        "spec": {"cidrs": cidrs},
    }


def _kube_proxy_config(cidrs: tuple[str, ...]) -> dict[str, Any]:
    metadata = {"name": "kube-proxy-config", "namespace": "kube-system"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"config": f"clusterCIDR: {','.join(cidrs)}\n"},
    }


_STATING: dict[str, Callable[[tuple[str, ...]], dict[str, Any]]] = {
    "service_cidr": _service_cidr,
    "cluster_cidr": _kube_proxy_config,
}


def known_ranges(cluster: Cluster) -> list[str]:
    """Return the ranges among a cluster's settings, read or inferred."""
    return [cidr for name in RANGES for cidr in _ranges(cluster.settings, name)]
