"""What is this address? Every pod, node, Service and range of a cluster that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from kubenetlab.cluster.address_holders import AddressUse
from kubenetlab.cluster.node_ranges import stated_node_ranges
from kubenetlab.cluster.spans import Question, Span, span_of
from kubenetlab.objects import object_name
from kubenetlab.objects.address_text import is_address
from kubenetlab.result import Setting

if TYPE_CHECKING:
    from kubenetlab.cluster.snapshot import Cluster


def setting_ranges(setting: Setting | None) -> tuple[str, ...]:
    """Return the texts of a setting's ranges; a what-if may give them in one text, or as netaddr or ipaddress values."""
    values = setting.value if setting and setting.value else ()
    values = values.split(",") if isinstance(values, str) else values
    return tuple(text for value in values if (text := str(value).strip()))


def ranges(cluster: Cluster) -> Iterator[AddressUse]:
    """Yield every range that the cluster's objects and settings name, the widest kinds first."""
    return (use for use in _ranges(cluster) if use.range)  # the API writes empty texts for "none"


def _ranges(cluster: Cluster) -> Iterator[AddressUse]:
    for setting, role in _RANGE_SETTINGS.items():
        if value := cluster.settings.get(setting):
            name = f"setting {setting} ({value.origin})"
            yield from (AddressUse(cidr, role, name) for cidr in setting_ranges(value))
    for pool in cluster.ip_pools:
        role = "disabled Calico pool" if pool.spec.disabled else "Calico pool"
        yield AddressUse(pool.spec.cidr, role, object_name(pool))
    for block in cluster.ipam_blocks:
        yield AddressUse(block.spec.cidr, "Calico block", object_name(block))
    for _, cidr, name in stated_node_ranges(cluster):
        yield AddressUse(cidr, "pod range of a node", name)
    for service_cidr in cluster.service_cidrs:
        yield from (
            AddressUse(cidr, "Service range", object_name(service_cidr)) for cidr in service_cidr.spec.cidrs
        )
    yield from _pools(cluster)


def _pools(cluster: Cluster) -> Iterator[AddressUse]:
    for pool in cluster.cilium_pod_ip_pools:
        cidrs = (*pool.spec.ipv4.cidrs, *pool.spec.ipv6.cidrs)
        yield from (AddressUse(cidr, "Cilium pool", object_name(pool)) for cidr in cidrs)
    for config in cluster.node_network_configs:
        for container in config.status.network_containers:
            yield AddressUse(container.subnet_address_space, "pod subnet of a node", object_name(config))
    for subnet in cluster.listings.subnets:
        yield AddressUse(subnet.cidr, f"cloud {subnet.role}", f"{subnet.cloud} {subnet.name}")
    for balancer_pool in cluster.ip_address_pools:
        texts = (text for text in balancer_pool.spec.addresses if not is_address(text) and span_of(text))
        yield from (AddressUse(text, "load balancer pool", object_name(balancer_pool)) for text in texts)


_RANGE_SETTINGS = {"cluster_cidr": "pod range", "service_cidr": "Service range", "node_cidr": "node range"}


class RangeUse(NamedTuple):
    """As AddressUse, with its relation to a range that somebody asks for."""

    range: str
    role: str
    object: str
    relation: str


def uses_of(cluster: Cluster, address: Question) -> list[AddressUse]:
    """Return what holds an address: the objects that own it first, then ranges from the narrowest to the widest."""
    holding = [(span.size, use) for span, use in cluster.range_index if span.holds(address.span)]
    return [
        *cluster.address_index.get(address.text, ()),
        *(use for _, use in sorted(holding, key=lambda pair: pair[0])),
    ]


def uses_around(cluster: Cluster, asked: Span) -> tuple[list[RangeUse], list[RangeUse]]:
    """Return the ranges that are, hold or overlap a range, the narrowest first; and what is inside: ranges, then addresses."""
    around: list[tuple[int, RangeUse]] = []
    inside: list[tuple[bool, Span, RangeUse]] = []
    for span, use in _all_uses(cluster):
        if not span.overlaps(asked):
            continue
        if span != asked and asked.holds(span):
            inside.append((span.is_address, span, RangeUse(*use, "inside it")))
        else:
            relation = "is it" if span == asked else "holds it" if span.holds(asked) else "overlaps it"
            around.append((span.size, RangeUse(*use, relation)))
    around.sort(key=lambda pair: pair[0])
    inside.sort(key=lambda entry: entry[:2])
    return [use for _, use in around], [use for _, _, use in inside]


def _all_uses(cluster: Cluster) -> Iterator[tuple[Span, AddressUse]]:
    yield from cluster.range_index
    for address, uses in cluster.address_index.items():
        number = ip_address(address)
        span = Span(number.version, int(number), int(number))
        yield from ((span, use) for use in uses)


def ranges_with_spans(cluster: Cluster) -> list[tuple[Span, AddressUse]]:
    """Return the ranges of a cluster, each use once, with their first and last addresses."""
    spans = ((span_of(use.range), use) for use in dict.fromkeys(ranges(cluster)))
    return [(span, use) for span, use in spans if span]
