"""Addresses that host-local holds for containers that are gone: the files of its data directory against running pods.

A file outlives its container when a DEL was lost (a crash, a reboot, a node whose disk filled up): its address stays
taken until somebody removes the file ("no IP addresses available in range set" on a node with few pods).

Source: containernetworking/plugins 1.1.1, plugins/ipam/host-local/backend/disk/backend.go. Basis: *source*. A file names
the sandbox of a pod, which no Kubernetes object tells, so files and pods are compared by address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.node_ranges import stated_node_ranges
from kubenetlab.ipam.pod_cidr_capacity import pods_per_node
from kubenetlab.ipam.ranges import Range, range_of
from kubenetlab.objects import Pod
from kubenetlab.objects.listings import HostLocalFile, HostLocalFiles
from kubenetlab.result import Basis, Result

_LEAK_COLUMNS = ["node", "network", "address", "state", "container_id", "interface", "pod"]
_NODE_COLUMNS = [
    "node", "networks", "n_files", "n_in_use", "n_leaked", "n_without_file", "n_starting", "n_capacity", "n_left",
    "leaked_share",
]  # fmt: skip
_UNKNOWN_NODE = ""


@dataclass(slots=True)
class _NodeFiles:
    """What the listings say of one node: the network and file by address, and the pods that run there.

    ``has_pods`` is whether the dump holds pods at all; if not, nothing can be said of leaks.
    """

    node: str
    ranges: list[Range]
    has_pods: bool
    files: dict[str, tuple[str, HostLocalFile]] = field(default_factory=dict)
    pods: list[Pod] = field(default_factory=list)

    @property
    def pod_by_address(self) -> dict[str, Pod]:
        return {ip: pod for pod in self.pods for ip in pod.ips if ip}

    @property
    def leaked(self) -> list[str]:
        in_use = self.pod_by_address
        return [address for address in self.files if address not in in_use] if self.has_pods else []

    def inside(self, addresses: Iterable[str]) -> list[str]:
        """Return the addresses that lie in the node's ranges; all where these are not known."""
        known = [(address, range_of(address)) for address in addresses]
        return [a for a, at in known if not self.ranges or any(r.holds(at) for r in self.ranges)]

    @property
    def n_starting(self) -> int:
        """Pods without an address yet: a file may be theirs."""
        return sum(not any(pod.ips) for pod in self.pods)


def leaked_addresses(cluster: Cluster) -> Result:
    """Return the addresses on which host-local's files and the running pods of a dump disagree.

    Returns
    -------
    A Result; its frame has one row an address: node, network (the data directory's name), address, state (``leaked``: a
    file, but no running pod of the node has the address; ``no file``: a pod has it, no file says so), container_id and
    interface (as the file names them), pod. ``because`` says for each node how many there are. Empty where no data
    directory was among the sources; a directory whose addresses lie in no node's range has an empty node, and all of
    its addresses count as leaked only if no pod of the dump has them.

    Notes
    -----
    Dump and listing are of two moments: a pod that started or ended between them looks like a leak. List twice, and
    look at what stays.
    """
    nodes = _node_files(cluster)
    rows = [row for entry in nodes for row in _rows(entry)]
    frame = pd.DataFrame(rows, columns=_LEAK_COLUMNS, dtype="str")
    return Result(
        title="Addresses that are leaked, or in use without a file",
        _frame=frame,
        because=tuple(_sentence(entry) for entry in nodes),
        basis=Basis.SOURCE,
    )


def host_local_use(cluster: Cluster) -> Result:
    """Return what host-local's data directories hold, node by node.

    Returns
    -------
    A Result; its frame has one row a node: node, networks (of the directories), n_files, n_in_use (files whose address
    a running pod of the node has), n_leaked, n_without_file (addresses of pods that no file names), n_starting (pods
    without an address yet, whose file would look leaked), n_capacity (pods that the node's pod CIDR holds), n_left
    (of it, after files), leaked_share (of the capacity, 0 to 1); files outside the pod CIDR take none of its room. The scarcer IP family counts.
    """
    rows = [_node_row(entry) for entry in _node_files(cluster)]
    frame = pd.DataFrame(rows, columns=_NODE_COLUMNS, dtype="object").astype(
        dict.fromkeys(_NODE_COLUMNS[:2], "str")
        | dict.fromkeys(_NODE_COLUMNS[2:-1], "Int64")
        | {"leaked_share": "Float64"}
    )
    return Result(title="host-local's files", _frame=frame, basis=Basis.SOURCE)


def _rows(entry: _NodeFiles) -> Iterator[tuple[str, ...]]:
    for address in _ordered(entry.leaked):
        network, file = entry.files[address]
        yield (entry.node, network, address, "leaked", file.container_id, file.interface, "")
    missing = _without_file(entry)
    for address in _ordered(missing):
        yield (entry.node, "", address, "no file", "", "", missing[address].metadata.full_name)


def _ordered(addresses: Iterable[str]) -> list[str]:
    return sorted(addresses, key=lambda address: range_of(address)[:2])


def _without_file(entry: _NodeFiles) -> dict[str, Pod]:
    """Return the pods of a node whose address lies in its ranges and has no file."""
    inside = ((ip, pod) for ip, pod in entry.pod_by_address.items() if ip not in entry.files)
    return {ip: pod for ip, pod in inside if any(r.holds(range_of(ip)) for r in entry.ranges)}


def _node_row(entry: _NodeFiles) -> tuple[Any, ...]:
    leaked, capacity = entry.leaked, pods_per_node(entry.ranges, "host-local")
    n_lost, n_taken = (_most(entry.inside(addresses)) for addresses in (leaked, entry.files))
    networks = ", ".join(sorted({network for network, _ in entry.files.values() if network}))
    counts = (len(entry.files) - len(leaked), len(leaked), len(_without_file(entry)), entry.n_starting)
    known = counts if entry.has_pods else (None,) * len(counts)
    left = None if capacity is None else max(0, capacity - n_taken)
    share = min(1.0, n_lost / capacity) if capacity and entry.has_pods else None
    return (entry.node, networks, len(entry.files), *known, capacity, left, share)


def _most(addresses: Iterable[str]) -> int:
    """Return how many addresses the family with most of them has: a pod of a dual-stack node takes one of each."""
    return max(Counter(":" in address for address in addresses).values(), default=0)


def _sentence(entry: _NodeFiles) -> str:
    row = dict(zip(_NODE_COLUMNS, _node_row(entry), strict=True))
    where = f"Node {entry.node}" if entry.node else "A node that the dump does not tell"
    if not entry.has_pods:
        return f"{where}: files {row['n_files']:,}; the dump has no pods to compare them with"
    capacity = row["n_capacity"]
    of = f" of {capacity:,} that its pod CIDR holds" if capacity is not None else ""
    starting = f", pods that are still starting {row['n_starting']:,}" if row["n_starting"] else ""
    return (
        f"{where}: files {row['n_files']:,}, leaked addresses {row['n_leaked']:,}{of}, "
        f"addresses in use without a file {row['n_without_file']:,}{starting}"
    )


def _node_files(cluster: Cluster) -> list[_NodeFiles]:
    """Return the files by node, in the order in which the dump has the nodes."""
    ranges: dict[str, list[Range]] = {}
    for node, text, _ in stated_node_ranges(cluster, ["Node.spec.podCIDRs", "CiliumNode.spec.ipam.podCIDRs"]):
        ranges.setdefault(node, []).append(range_of(text))
    found: dict[str, _NodeFiles] = {}
    for directory in cluster.listings.host_local:
        node = _node_of(cluster, directory, ranges)
        pods = _running(cluster, node)
        entry = found.setdefault(node, _NodeFiles(node, ranges.get(node, []), bool(cluster.pods), pods=pods))
        for file in directory.files:
            entry.files.setdefault(file.address, (directory.network, file))
    order = [node.metadata.name for node in cluster.nodes]
    return [found[node] for node in (*order, *(n for n in found if n not in order)) if node in found]


def _running(cluster: Cluster, node: str) -> list[Pod]:
    pods = cluster.pods_by_node.get(node, []) if node != _UNKNOWN_NODE else cluster.pods
    return [pod for pod in pods if not pod.spec.host_network and not pod.has_finished and not pod.is_planned]


def _node_of(cluster: Cluster, directory: HostLocalFiles, ranges: Mapping[str, list[Range]]) -> str:
    """Return the node in whose ranges most of the addresses lie, else on which most pods with them run."""
    texts = [*(file.address for file in directory.files), *directory.last_reserved]
    addresses = [range_of(text) for text in texts]
    votes = {node: sum(any(r.holds(a) for r in rs) for a in addresses) for node, rs in ranges.items()}
    if not any(votes.values()):
        held = {file.address for file in directory.files}
        votes = {
            node: sum(ip in held for p in pods for ip in p.ips) for node, pods in cluster.pods_by_node.items()
        }
    best = max(votes, key=lambda node: votes[node], default=_UNKNOWN_NODE)
    return best if votes.get(best) else _UNKNOWN_NODE
