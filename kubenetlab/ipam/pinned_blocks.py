"""Calico blocks that keep more than they use: pinned by one address, held for pods that are gone, or of nodes that are gone.

A block goes back to its pool only when it is empty, so one pod keeps all of its addresses from other nodes' blocks.

Source: calico, libcalico-go/lib/ipam (handles of tunnels, Windows and load balancers) and
kube-controllers/pkg/controllers/node/ipam.go (an allocation whose pod is gone is leaked). Basis: *source*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.ipam.largest_free import address_text
from kubenetlab.ipam.ranges import range_of
from kubenetlab.objects import IPAMBlock
from kubenetlab.objects.address_pools import AllocationAttribute
from kubenetlab.result import Basis, Result

_COLUMNS = [
    "block", "node", "is_node_gone", "n_addresses", "n_held", "n_pods", "n_tunnels", "n_leaked", "n_other", "is_pinned",
    "pinned_by",
]  # fmt: skip
_TUNNELS = (
    "ipip-tunnel-addr-",
    "vxlan-tunnel-addr-",
    "wireguard-tunnel-addr-",
    "windows-reserved-ipam-handle",
)
_POD, _TUNNEL, _LEAKED, _OTHER = "pod", "tunnel", "leaked", "other"


def pinned_blocks(cluster: Cluster) -> Result:
    """Return what holds each Calico block.

    Returns
    -------
    A Result; its frame has one row a block: block (its CIDR), node (affinity), is_node_gone (the dump has nodes, but not
    this one), n_addresses, n_held, and of these n_pods (running pods of the dump have them), n_tunnels (of the node
    itself), n_leaked (the block names a pod that does not run), n_other (the block does not say
    for what), is_pinned (one address in use, although the node has another block, or is gone), pinned_by (what holds the
    only address in use; empty where none or several are). Counts of pods are missing where the dump has no pods.
    """
    addresses = {
        ip: pod.metadata.full_name for pod in cluster.pods if _is_running(pod) for ip in pod.ips if ip
    }
    nodes = {node.metadata.name for node in cluster.nodes}
    rows = [
        _row(block, addresses, nodes, bool(cluster.pods)) for block in cluster.ipam_blocks if block.spec.cidr
    ]
    frame = pd.DataFrame(rows, columns=[name for name in _COLUMNS if name != "is_pinned"], dtype="object")
    frame["is_pinned"] = (frame["n_held"] == 1) & (
        frame["is_node_gone"] | frame.duplicated("node", keep=False)
    )
    frame = frame[_COLUMNS].astype(
        dict.fromkeys(("block", "node", "pinned_by"), "str")
        | dict.fromkeys((name for name in _COLUMNS if name.startswith("n_")), "Int64")
        | {"is_node_gone": "bool", "is_pinned": "bool"}
    )
    return Result(title="Calico blocks", _frame=frame, because=tuple(_reasons(frame)), basis=Basis.SOURCE)


def _is_running(pod: Any) -> bool:
    return not (pod.spec.host_network or pod.has_finished or pod.is_planned)


def _row(block: IPAMBlock, pods: dict[str, str], nodes: set[str], has_pods: bool) -> tuple[Any, ...]:
    holders = list(_holders(block, pods))
    counts = Counter(state for state, _ in holders)
    by_pods = (counts[_POD], counts[_TUNNEL], counts[_LEAKED], counts[_OTHER])
    size = range_of(block.spec.cidr).size
    return (
        block.spec.cidr,
        block.node_name,
        bool(nodes) and bool(block.node_name) and block.node_name not in nodes,
        min(size, 2**63 - 1),
        len(holders),
        *(by_pods if has_pods else (None, counts[_TUNNEL], None, None)),
        holders[0][1] if len(holders) == 1 else "",
    )


def _holders(block: IPAMBlock, pods: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield for each address in use what it is for, and who has it."""
    inside, attributes = range_of(block.spec.cidr), block.spec.attributes
    for place, entry in enumerate(block.spec.allocations):
        if entry is None:
            continue
        attribute = attributes[entry] if 0 <= entry < len(attributes) else AllocationAttribute()
        address = address_text(inside.first + place, inside.version)
        yield _holder(attribute, pods.get(address, ""))


def _holder(attribute: AllocationAttribute, pod: str) -> tuple[str, str]:
    handle, named = attribute.handle_id or "", attribute.secondary
    if pod:
        return _POD, f"Pod {pod}"
    if handle.startswith(_TUNNELS) or named.get("type", "").endswith("TunnelAddress"):
        return _TUNNEL, f"tunnel of Node {named.get('node', '')}".rstrip()
    if named.get("pod"):
        return _LEAKED, f"Pod {named.get('namespace', '')}/{named['pod']} (gone)"
    return _OTHER, handle


def _reasons(frame: pd.DataFrame) -> Iterator[str]:
    gone = frame[frame["is_node_gone"]]
    if len(gone):
        yield f"blocks of nodes that are gone: {len(gone):,}"
    pinned = frame[frame["is_pinned"]]
    if len(pinned):
        n_free = int((pinned["n_addresses"] - 1).sum())
        yield f"blocks pinned by one address: {len(pinned):,}, which keep {n_free:,} free addresses from other nodes' blocks"
    leaked = frame["n_leaked"].fillna(0).sum()
    if leaked:
        yield f"addresses held for pods that do not run: {int(leaked):,}"
