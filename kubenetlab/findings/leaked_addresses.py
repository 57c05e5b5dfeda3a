"""Addresses that a node keeps for containers that are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.node_ranges import stated_node_ranges
from kubenetlab.findings.coverage import Coverage
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted, first_few
from kubenetlab.ipam.address_leaks import host_local_use, leaked_addresses
from kubenetlab.ipam.node_pod_ranges import ipam_of
from kubenetlab.ipam.ranges import Range, range_of

_Row = dict[Any, Any]
#: Below this share of the pod CIDR it is low: a pod that went between dump and listing looks the same.
_FEW_SHARE = 0.05
_HOST_LOCAL_IPAMS = ("host-local", "gke")


@rule(
    "KNL212",
    Severity.MEDIUM,
    title="Addresses held for containers that are gone",
    advice="List the directory once more, and drain the node and stop its kubelet; then delete the files whose container "
    "the runtime does not know (crictl pods), and start the kubelet again. Upgrade the CNI plugins and the runtime: "
    "older ones leave files behind after a reboot, a full disk or an ADD that failed.",
    documentation="https://github.com/containernetworking/plugins/issues/252",
)
def leaks(cluster: Cluster) -> Iterator[Hit]:
    """Find nodes on which host-local's files name addresses of the pod CIDR that no pod there has or waits for.

    Only in networks (directories) of which some pod has an address, or the only one of a node whose pods have none;
    only where the dump holds pods of all namespaces; and as many as there are more than pods that are still starting.
    """
    is_ours = ipam_of(cluster) in (*_HOST_LOCAL_IPAMS, "unknown")
    if cluster.listings.host_local and is_ours and len(Coverage(cluster, "pods").namespaces) > 1:
        by_node, networks = _leaked_by_node(cluster), _networks(cluster)
        for row in host_local_use(cluster).frame.to_dict("records"):
            leaked = by_node.get(row["node"], [])
            live = _live(cluster, row, leaked, networks)
            yield from _hit(row, [address for network, address in leaked if network in live])


def _leaked_by_node(cluster: Cluster) -> dict[str, list[tuple[str, str]]]:
    """Networks and addresses of leaks that lie in the node's pod CIDRs: others are of networks that pods do not show."""
    ranges: dict[str, list[Range]] = {}
    for node, text, _ in stated_node_ranges(cluster, ["Node.spec.podCIDRs"]):
        ranges.setdefault(node, []).append(range_of(text))
    frame = leaked_addresses(cluster).frame
    rows = frame.loc[frame["state"] == "leaked", ["node", "network", "address"]]
    found: dict[str, list[tuple[str, str]]] = {}
    for node, network, address in rows.itertuples(index=False, name=None):
        if any(r.holds(range_of(address)) for r in ranges.get(node, [])):
            found.setdefault(node, []).append((network, address))
    return found


def _networks(cluster: Cluster) -> dict[str, set[str]]:
    """The networks whose directories have a file of an address."""
    found: dict[str, set[str]] = {}
    for directory in cluster.listings.host_local:
        for file in directory.files:
            found.setdefault(file.address, set()).add(directory.network)
    return found


def _live(
    cluster: Cluster, row: _Row, leaked: list[tuple[str, str]], networks: dict[str, set[str]]
) -> set[str]:
    """Networks that pods of the node use: the directory of a plugin before this one takes nothing from it."""
    pods = cluster.pods_by_node.get(row["node"], [])
    held = {ip for pod in pods if not pod.spec.host_network and not pod.is_planned for ip in pod.ips}
    live = set().union(*(networks.get(ip, ()) for ip in held))
    is_idle = row["n_in_use"] == row["n_without_file"] == 0
    of_leaks = {network for network, _ in leaked}
    is_only = is_idle and len(of_leaks) == 1 and ipam_of(cluster) in _HOST_LOCAL_IPAMS
    return live | of_leaks if is_only else live


def _hit(row: _Row, leaked: list[str]) -> Iterator[Hit]:
    """Say what of a node is leaked for certain: pods that are still starting may have a file each, in each family."""
    n_lost = max(Counter(":" in address for address in leaked).values(), default=0)
    n_certain, capacity = n_lost - row["n_starting"], row["n_capacity"]
    if leaked and n_certain > 0:
        share = min(1.0, n_certain / max(1, capacity))
        is_all = not row["n_starting"]
        held = counted(len(leaked), "address") if is_all else f"at least {counted(n_certain, 'address')}"
        which = f"{':' if is_all else ', among'} {first_few(leaked)}"
        message = (
            f"host-local keeps {held} for containers that are gone, {100 * share:.3g} % of the {capacity:,} that its pod "
            f"CIDR holds{which}."
        )
        severity = Severity.LOW if share < _FEW_SHARE else None
        yield Hit(f"Node {row['node']}", message, _evidence(row), severity)


def _evidence(row: _Row) -> tuple[str, ...]:
    return (
        f"files: {row['n_files']:,}",
        f"files of running pods: {row['n_in_use']:,}",
        f"pods without an address yet: {row['n_starting']:,}",
        f"networks: {row['networks'] or 'not told'}",
    )
