"""What nodes say: versions, runtimes, capacity, and the smallest ranges that hold their addresses and pod CIDRs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kubenetlab.cluster import Cluster
from kubenetlab.readers.settings.clues import Clue, Clues, checked, smallest_ranges
from kubenetlab.result import Origin


def clues(cluster: Cluster) -> Clues:
    """Yield versions, capacity and ranges that the nodes of the dump imply."""
    nodes = cluster.nodes
    yield from _version(Counter(node.status.node_info.kubelet_version for node in nodes))
    yield from _runtime(Counter(node.status.node_info.container_runtime_version for node in nodes))
    yield from _max_pods(
        Counter(node.status.capacity.n_pods for node in nodes if node.status.capacity.n_pods)
    )
    yield from _node_range([ip for node in nodes for ip in node.internal_ips], "InternalIPs of nodes")
    host_ips = sorted({pod.status.host_ip for pod in cluster.pods if pod.status.host_ip})
    yield from _node_range(host_ips, "host addresses of pods")
    yield from pod_ranges([cidr for node in nodes for cidr in node.spec.ranges], "node pod CIDRs")


def pod_ranges(ranges: list[str], name: str) -> Clues:
    """Yield the pod range and node mask sizes that the ranges given to nodes imply."""
    if not ranges:
        return
    evidence = (
        f"the smallest range that holds the {len(ranges)} {name} of the dump; the real one is at least this"
    )
    yield Clue("cluster_cidr", smallest_ranges(ranges), evidence, Origin.INFERRED)
    for setting, is_ipv6 in (("node_cidr_mask_size", False), ("node_cidr_mask_size_ipv6", True)):
        lengths = Counter(cidr.rpartition("/")[2] for cidr in ranges if (":" in cidr) is is_ipv6)
        if lengths:
            length, n_nodes = lengths.most_common(1)[0]
            yield Clue(
                setting, length, f"{n_nodes} of {lengths.total()} {name} are /{length}", Origin.INFERRED
            )


def _node_range(addresses: list[str], name: str) -> Clues:
    if addresses:
        evidence = f"the smallest range that holds the {len(addresses)} {name}; the real one is at least this"
        yield Clue("node_cidr", smallest_ranges(addresses), evidence, Origin.INFERRED)


def _version(versions: Counter[str]) -> Clues:
    known = [
        version for version in versions if isinstance(checked(Clue("kubernetes_version", version, "")), Clue)
    ]
    if known:
        newest = max(known, key=_version_order)
        evidence = f"the newest kubelet of the dump ({newest}); the API server is at least as new ({_counted(versions.items())})"
        yield Clue("kubernetes_version", newest, evidence, Origin.INFERRED)


def _version_order(version: str) -> tuple[int, ...]:
    clue = checked(Clue("kubernetes_version", version, ""))
    return tuple(map(int, clue.value.split("."))) if isinstance(clue, Clue) else ()


def _runtime(runtimes: Counter[str]) -> Clues:
    names = sorted({runtime.partition("://")[0] for runtime in runtimes if runtime})
    if names:
        yield Clue(
            "container_runtime",
            ", ".join(names),
            f"containerRuntimeVersion of the nodes ({_counted(runtimes.items())})",
        )


def _max_pods(capacities: Counter[int | None]) -> Clues:
    if capacities:
        capacity, n_nodes = min(capacities.most_common(), key=lambda pair: (-pair[1], pair[0] or 0))
        origin = Origin.READ if len(capacities) == 1 else Origin.INFERRED
        yield Clue(
            "max_pods", capacity, f"status.capacity.pods of {n_nodes} of {capacities.total()} nodes", origin
        )


def _counted(items: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{text}: {n} nodes" for text, n in sorted(items) if text)
