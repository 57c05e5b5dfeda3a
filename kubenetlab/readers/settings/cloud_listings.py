"""What the clouds' own listings say of the cluster: its ranges, and the subnets that hold its nodes and pods."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.spans import span_of
from kubenetlab.objects.listings import CloudSubnet
from kubenetlab.readers.settings.clues import Clue, Clues
from kubenetlab.readers.settings.listed_clusters import by_cluster, confirms, contradiction, own

_MANY = 3
_MAX_NAME = 100


def clues(cluster: Cluster) -> Clues:
    """Yield the settings that listings state, and the subnets among those listed that the cluster uses."""
    yield from _stated(cluster)
    used = subnets_in_use(cluster)
    if used:
        names = ", ".join(dict.fromkeys(subnet.name[:_MAX_NAME] for subnet in used[:_MANY]))
        more = f" and {len(used) - _MANY} more" if len(used) > _MANY else ""
        which = " that hold nodes or pods" if cluster.nodes or cluster.pods else ""
        evidence = f"subnets of the {used[0].cloud} listing{which}: {names}{more}"
        yield Clue("vpc_subnets", [subnet.cidr for subnet in used], evidence)


def _stated(cluster: Cluster) -> Clues:
    """Yield the settings of the listed cluster that the dump is of.

    Those that the dump contradicts are none of it; of several others it is the one whose pod range holds the nodes' own.
    """
    listed = by_cluster(cluster.listings.settings)
    if not listed:
        return
    dump = own(cluster)
    faults = [(settings[0].evidence, contradiction(dump, settings)) for settings in listed]
    fitting = [settings for settings, (_, fault) in zip(listed, faults, strict=True) if not fault]
    if len(fitting) > 1:
        fitting = [settings for settings in fitting if confirms(dump, settings)]
    if len(listed) > 1 and len(fitting) != 1:
        yield f"cloud listing: {len(listed)} clusters, and the dump does not tell which of them it is; list one"
        return
    found = [f"{evidence[:_MAX_NAME]} is not this cluster's: {fault}" for evidence, fault in faults if fault]
    yield from found[:_MANY]
    yield from (Clue(s.name, s.value, s.evidence) for settings in fitting for s in settings)


def subnets_in_use(cluster: Cluster) -> list[CloudSubnet]:
    """Return the listed subnets that hold an address of a node or pod; all where the dump has neither.

    Networks of one account may have the same ranges: the one whose listed interfaces have the cluster's addresses counts,
    else the one that holds the most of them.
    """
    subnets = [subnet for subnet in cluster.listings.subnets if subnet.cidr and subnet.role == "subnet"]
    addresses = {*_addresses(cluster)} if subnets else set()
    numbers: list[tuple[int, int]] = sorted((ip.version, int(ip)) for ip in map(ip_address, addresses))
    if not numbers:
        return subnets
    held = {subnet: _n_inside(subnet.cidr, numbers) for subnet in subnets}
    by_network: Counter[str] = Counter()
    for subnet, n in held.items():
        by_network[subnet.network] += n
    by_network = _by_interfaces(cluster, subnets, addresses) or by_network
    most = max(by_network.values(), default=0)
    return [subnet for subnet, n in held.items() if n and by_network[subnet.network] == most]


def _by_interfaces(cluster: Cluster, subnets: list[CloudSubnet], addresses: set[str]) -> Counter[str]:
    """Return how many of the addresses the listed interfaces of each network have."""
    network_of = {subnet.name: subnet.network for subnet in subnets}
    found: Counter[str] = Counter()
    for interface in cluster.listings.interfaces:
        n = sum(address in addresses for address in interface.addresses)
        if n and interface.subnet in network_of:
            found[network_of[interface.subnet]] += n
    return found


def _n_inside(cidr: str, numbers: list[tuple[int, int]]) -> int:
    span = span_of(cidr)
    if span is None:
        return 0
    first, last = (span.version, span.first), (span.version, span.last)
    return bisect_right(numbers, last) - bisect_left(numbers, first)


def _addresses(cluster: Cluster) -> Iterable[str]:
    yield from (ip for node in cluster.nodes for ip in node.internal_ips)
    yield from (ip for pod in cluster.pods if not pod.has_finished for ip in pod.ips if ip)
