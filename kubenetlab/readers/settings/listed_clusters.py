"""Whether a cluster that a cloud lists is the one of the dump: its cloud, and what its ranges hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import NamedTuple

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.spans import Span, span_of
from kubenetlab.objects.listings import StatedSetting
from kubenetlab.readers.settings import network_plugins, platforms
from kubenetlab.readers.settings.clues import Clue
from kubenetlab.result import Origin

_MANY = 3

Listed = tuple[StatedSetting, ...]  # what one cluster's listing states


def by_cluster(settings: Iterable[StatedSetting]) -> list[Listed]:
    """Return the settings of each listed cluster; clusters of one name in two clouds are two."""
    found: dict[tuple[str, str], Listed] = {}
    for stated in settings:
        key = (stated.cloud, stated.cluster)
        found[key] = (*found.get(key, ()), stated)
    return list(found.values())


class Own(NamedTuple):
    """What the dump says of itself: its cloud (empty where nothing names one), and what its ranges must hold.

    ``in_pod_ranges`` has the pod CIDRs of nodes and the addresses of pods as they are called.
    """

    cloud: str
    node_ranges: tuple[Span, ...]
    in_pod_ranges: Mapping[str, Span]
    cluster_ips: tuple[Span, ...]


def own(cluster: Cluster) -> Own:
    """Return what the dump says of itself."""
    node_ranges = _spans(text for node in cluster.nodes for text in node.spec.ranges)
    pods = (pod for pod in cluster.pods if not (pod.has_finished or pod.spec.host_network))
    named = {f"node pod CIDR {text}": span for text, span in node_ranges.items()}
    addresses = _spans(ip for pod in pods for ip in pod.ips if ip != pod.status.host_ip)
    named |= {f"pod address {ip}": span for ip, span in addresses.items()}
    services = _spans(ip for service in cluster.services for ip in service.cluster_ips)
    return Own(_cloud(cluster), tuple(node_ranges.values()), named, tuple(services.values()))


def contradiction(dump: Own, listed: Listed) -> str:
    """Return why the listed cluster is not the dump's, or an empty text where nothing in the dump contradicts it.

    Of Services one ClusterIP in the listed range is enough: ServiceCIDR objects may add ranges that the cloud does
    not list.
    """
    if dump.cloud and listed[0].cloud not in ("", dump.cloud):
        return f"it is a cluster of {listed[0].cloud}, the dump is of {dump.cloud}"
    pods, services = _ranges(listed, "cluster_cidr"), _ranges(listed, "service_cidr")
    for name, span in dump.in_pod_ranges.items():
        if _is_outside(span, pods.values()):
            return f"{name} of the dump is not in its {_shown(pods)}"
    if dump.cluster_ips and all(_is_outside(span, services.values()) for span in dump.cluster_ips):
        return f"no ClusterIP of the dump is in its {_shown(services)}"
    return ""


def confirms(dump: Own, listed: Listed) -> bool:
    """Whether a listed pod range holds a pod CIDR of a node."""
    ranges = _ranges(listed, "cluster_cidr").values()
    return any(one.holds(span) for span in dump.node_ranges for one in ranges)


def _cloud(cluster: Cluster) -> str:
    """Return the dump's cloud, empty where nothing names one."""
    clues = chain(network_plugins.clues(cluster), platforms.clues(cluster))
    clouds = [clue for clue in clues if isinstance(clue, Clue) and clue.setting == "cloud"]
    clouds.sort(key=lambda clue: clue.origin is not Origin.READ)
    return next((clue.value for clue in clouds if clue.value != "none"), "")


def _is_outside(span: Span, ranges: Iterable[Span]) -> bool:
    """Whether ranges of its address family exist and none holds it: clouds do not list every family."""
    family = [one for one in ranges if one.version == span.version]
    return bool(family) and not any(one.holds(span) for one in family)


def _shown(ranges: Mapping[str, Span]) -> str:
    more = f" and {len(ranges) - _MANY} more" if len(ranges) > _MANY else ""
    return ", ".join([*ranges][:_MANY]) + more


def _ranges(listed: Listed, name: str) -> dict[str, Span]:
    values = (stated.value for stated in listed if stated.name == name)
    return _spans(text for value in values for text in (value if isinstance(value, tuple) else (value,)))


def _spans(texts: Iterable[str]) -> dict[str, Span]:
    return {text: span for text in texts if text and (span := span_of(text))}
