"""Many small nodes or few large ones: what each size of a node's share of the addresses makes of a set-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from kubenetlab.ipam import aks_node_subnet, gke
from kubenetlab.ipam.capacity import KUBELET, all_limits, bounds_of, weakest
from kubenetlab.ipam.cidr_arguments import ADDRESS_BITS, networks_by_version
from kubenetlab.ipam.node_cidrs import IPV6_MASK_MAX_DIFFERENCE
from kubenetlab.ipam.scale_limits import TESTED_SCALE
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Basis, Origin, Result, Setting

_COLUMNS = [
    "choice", "setting", "value", "n_nodes", "n_pods_per_node", "n_pods", "binds", "is_best", "is_current",
]  # fmt: skip
_MASK, _MASK_IPV6, _MAX_PODS = "node_cidr_mask_size", "node_cidr_mask_size_ipv6", "max_pods"
#: Longest node mask that leaves a pod an address under every IPAM.
_LONGEST_MASK = {4: 30, 6: 126}
_BLOCKS = range(1, 21)
_SHOWN = (Quantity.NODES, Quantity.PODS_PER_NODE, Quantity.PODS)


class _Choice(NamedTuple):
    """A value of the setting that sizes a node's share, what people call it, and the set-up with it."""

    name: str
    setting: str
    value: int
    set_up: SetUp


def pareto_front(set_up: SetUp) -> Result:
    """Return nodes against pods of a node for every size of a node's share of the addresses.

    The share is a node's pod CIDR (its mask size), Calico's blocks (their number), or, where addresses follow from the
    most pods that a node may have (GKE, AKS, AWS), that number.

    Parameters
    ----------
    set_up
        What capacity is computed from; the setting that is tried out may have any value.

    Returns
    -------
    A Result; its frame has one row a choice that leaves room for a node with a pod: choice (``/24``, ``2 blocks``,
    ``32 pods``), setting and value (what to set), n_nodes and n_pods_per_node (what the addresses allow, whatever
    ``maxPods`` and the tested scale), n_pods (of the cluster, with both), binds (what binds those), is_best (no other choice has
    more of one and as much of the other), is_current. Rows go from many small nodes to few large ones.

    Raises
    ------
    ValueError
        As `kubenetlab.ipam.capacity.all_limits` does where no choice is accepted, and where the IPAM has no such choice.

    Examples
    --------
    >>> frame = pareto_front(SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/16",))).frame
    >>> frame.loc[frame["value"].between(24, 26), ["choice", "n_nodes", "n_pods_per_node", "n_pods"]].to_numpy().tolist()
    [['/26', 1024, 61, 62464], ['/25', 512, 125, 56320], ['/24', 256, 253, 28160]]
    """
    choices = _CHOICES.get(set_up.ipam)
    if choices is None or not (set_up.pod_cidrs or set_up.node_cidrs):
        all_limits(set_up)
        raise ValueError(f"ipam {set_up.ipam} offers no choice, or the set-up has no range to choose for")
    found = [row for choice in choices(set_up) if (row := _row(choice))]
    basis = weakest(own for _, own in found) if found else _checked(set_up)
    frame = pd.DataFrame([row for row, _ in found], columns=_COLUMNS[:-2])
    frame = frame.astype(
        {"n_nodes": "int64", "n_pods_per_node": "object", "n_pods": "int64", "value": "int64"}
    )
    frame = frame.sort_values(["n_nodes", "n_pods_per_node", "value"], ascending=[False, True, True])
    frame = frame.drop_duplicates(["n_nodes", "n_pods_per_node"], ignore_index=True)
    frame["is_best"] = pd.Series(_is_best(frame), dtype="bool")
    frame["is_current"] = pd.Series(_is_current(frame, set_up), dtype="bool")
    return Result(
        title=f"Nodes against pods per node with {set_up.ipam}",
        _frame=frame,
        assumptions=(Setting(_MAX_PODS, set_up.max_pods, Origin.READ, "the set-up"),),
        because=tuple(_words(frame, set_up)),
        basis=basis,
    )


def _checked(set_up: SetUp) -> Basis:
    """Return the basis of a set-up without a choice; its own refusal is the reason where there is one."""
    return weakest(limit.basis for limit in all_limits(set_up))


def _is_own(limit: Limit) -> bool:
    """Whether a limit comes from the addresses or the cloud."""
    return limit.name not in (TESTED_SCALE, KUBELET)


def _row(choice: _Choice) -> tuple[tuple[object, ...], Basis] | None:
    """Return the row of a choice and its basis; None where the component refuses it or nothing fits."""
    try:
        limits = all_limits(choice.set_up)
    except ValueError:
        return None
    own = list(filter(_is_own, limits))
    nodes = [limit.n for limit in own if limit.quantity is Quantity.NODES]
    pods = [limit.n for limit in own if limit.quantity is Quantity.PODS_PER_NODE]
    pods += [choice.value] if choice.setting == _MAX_PODS else []
    total = bounds_of(limits)[Quantity.PODS]
    if not nodes or not pods or min(*nodes, *pods) < 1 or total is None:
        return None
    row = (choice.name, choice.setting, choice.value, min(nodes), min(pods), total.n, total.binds)
    return row, weakest(limit.basis for limit in own if limit.quantity in _SHOWN)


def _is_best(frame: pd.DataFrame) -> list[bool]:
    points = list(zip(frame["n_nodes"], frame["n_pods_per_node"], strict=True))
    return [
        not any(nodes >= point[0] and pods >= point[1] and (nodes, pods) != point for nodes, pods in points)
        for point in points
    ]


def _is_current(frame: pd.DataFrame, set_up: SetUp) -> list[bool]:
    """Mark the row of the set-up's own value, or of the smallest that is enough for its ``max_pods``."""
    setting = frame["setting"].iloc[0] if len(frame) else ""
    values = frame["value"].tolist()
    if setting == _MAX_PODS:
        enough = [value for value in values if value >= set_up.max_pods] or values[-1:]
        return [value == min(enough) for value in values]
    given = set_up.node_cidr_mask_size if setting == _MASK else set_up.node_cidr_mask_size_ipv6
    own = _row(_Choice("", setting, 0, set_up)) if given is None else None
    if own is None:
        return [value == given for value in values]
    points = zip(frame["n_nodes"], frame["n_pods_per_node"], strict=True)
    return [point == own[0][3:5] for point in points]


def _words(frame: pd.DataFrame, set_up: SetUp) -> Iterator[str]:
    for row in frame[frame["is_current"]].head(1).itertuples():
        yield f"With {row.choice} there is room for {row.n_nodes:,} nodes of {row.n_pods_per_node:,} pods."
    if frame.empty:
        yield "No choice leaves room for a node with a pod."
    enough = frame[frame["is_best"] & (frame["n_pods_per_node"] >= set_up.max_pods)]
    for row in enough.sort_values("n_nodes", ascending=False, kind="stable").head(1).itertuples():
        words = f"{row.n_nodes:,} nodes of {row.n_pods_per_node:,} pods"
        yield f"The most nodes with room for maxPods {set_up.max_pods:,} has {row.choice}: {words}."


def _masks(set_up: SetUp) -> Iterator[_Choice]:
    """Yield the masks of a node's pod CIDR: of the IPv4 ranges, or of the IPv6 ranges where there are no others."""
    version, networks = next(iter(networks_by_version(set_up.pod_cidrs).items()), (4, []))
    setting = _MASK if version == 4 else _MASK_IPV6
    shortest = min((network.prefixlen for network in networks), default=ADDRESS_BITS[version])
    longest = (
        _LONGEST_MASK[version] if version == 4 else min(_LONGEST_MASK[6], shortest + IPV6_MASK_MAX_DIFFERENCE)
    )
    for length in range(shortest, longest + 1):
        variant = (
            replace(set_up, node_cidr_mask_size=length)
            if version == 4
            else replace(set_up, node_cidr_mask_size_ipv6=length)
        )
        yield _Choice(f"/{length}", setting, length, variant)


def _calico(set_up: SetUp) -> Iterator[_Choice]:
    """Yield numbers of blocks of a node; each leaves the addresses of its tunnels."""
    version = next(iter(networks_by_version(set_up.pod_cidrs)), 4)
    size = (set_up.block_size or 26) if version == 4 else (set_up.block_size_ipv6 or 122)
    n_tunnel = set_up.tunnel_addresses if version == 4 else set_up.tunnel_addresses_ipv6
    for n_blocks in _BLOCKS:
        n_pods = n_blocks * (1 << (ADDRESS_BITS[version] - size)) - n_tunnel
        if n_pods > 0:
            name = f"{n_blocks} block{'s' if n_blocks > 1 else ''}"
            yield _Choice(name, _MAX_PODS, n_pods, replace(set_up, max_pods=n_pods))


def _pods(values: Iterable[int]) -> Callable[[SetUp], Iterator[_Choice]]:
    def choices(set_up: SetUp) -> Iterator[_Choice]:
        for value in sorted({*values, set_up.max_pods}):
            # The mask follows from the pods, so a given one must not stand in the way.
            variant = replace(set_up, max_pods=value, node_cidr_mask_size=None)
            yield _Choice(f"{value} pods", _MAX_PODS, value, variant)

    return choices


_AKS_PODS = (aks_node_subnet.MAX_PODS[0], 20, 30, 50, 110, 150, 200, aks_node_subnet.MAX_PODS[-1])
#: Cilium's multi-pool is not here: a node takes more CIDRs on demand, so no mask says how many pods it has.
_CHOICES: dict[str, Callable[[SetUp], Iterator[_Choice]]] = {
    "host-local": _masks,
    "kubenet": _masks,
    "azure-kubenet": _masks,
    "flannel-etcd": _masks,
    "cilium-kubernetes": _masks,
    "cilium-cluster-pool": _masks,
    "ovn-kubernetes": _masks,
    "calico": _calico,
    "gke": _pods((gke.MAX_PODS[0], 16, 32, 64, 110, 128, gke.MAX_PODS[-1])),
    "azure-node-subnet": _pods(_AKS_PODS),
    "azure-pod-subnet": _pods(_AKS_PODS),
    "azure-pod-subnet-static": _pods((15, 31, 47, 63, 95, 111, 127, 191, 239)),
    "aws-vpc-cni": _pods((8, 16, 29, 58, 110, 250)),
    "cilium-eni": _pods((8, 16, 29, 58, 110, 250)),
}
