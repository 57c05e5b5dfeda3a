"""How many nodes, pods and Services a set-up has room for, and which limit binds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import pandas as pd

from kubenetlab.errors import AddressError
from kubenetlab.ipam import (
    aks_node_subnet,
    aks_overlay,
    aks_pod_subnet,
    aks_pod_subnet_static,
    aws_vpc_cni,
    calico_blocks,
    cilium_cluster_pool,
    cilium_eni,
    cilium_host_scope,
    cilium_multi_pool,
    flannel,
    gke,
    host_local,
    kubenet,
    node_ports,
    ovn_kubernetes,
    service_ips,
)
from kubenetlab.ipam.cidr_arguments import network_of
from kubenetlab.ipam.node_subnets import node_subnet_limits
from kubenetlab.ipam.ranges import range_of
from kubenetlab.ipam.scale_limits import TESTED_PODS_PER_NODE, TESTED_SCALE, scale_limits
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.ipam.set_up_overlaps import overlap_words
from kubenetlab.result import Basis, Result

Limits = Callable[[SetUp], Iterator[Limit]]

#: Who says what a set-up's addresses allow, by the value of ``ipam``; where it is unknown only the nodes' subnets count.
IPAM_LIMITS: dict[str, Limits] = {
    "host-local": host_local.limits,
    "kubenet": host_local.limits,
    "azure-kubenet": kubenet.aks_limits,
    "flannel-etcd": flannel.limits,
    "calico": calico_blocks.limits,
    "cilium-kubernetes": cilium_host_scope.limits,
    "cilium-cluster-pool": cilium_cluster_pool.limits,
    "cilium-multi-pool": cilium_multi_pool.limits,
    "cilium-eni": cilium_eni.limits,
    "aws-vpc-cni": aws_vpc_cni.limits,
    "ovn-kubernetes": ovn_kubernetes.limits,
    "gke": gke.limits,
    "azure-overlay": aks_overlay.limits,
    "azure-node-subnet": aks_node_subnet.limits,
    "azure-pod-subnet": aks_pod_subnet.limits,
    "azure-pod-subnet-static": aks_pod_subnet_static.limits,
    "unknown": node_subnet_limits,
}
_COLUMNS = ["quantity", "n", "binds", "sentence"]
#: The name of the limit that the kubelet sets.
KUBELET = "maxPods"
_SURE = (Basis.RAN, Basis.SOURCE, Basis.DOCS, Basis.UNCHECKED)


def all_limits(set_up: SetUp) -> list[Limit]:
    """Return every bound on a set-up, by quantity and then from the tightest.

    Parameters
    ----------
    set_up
        Ranges and settings; where a range is missing nothing says how many it holds.

    Raises
    ------
    ValueError
        If ``ipam`` is unknown, ``max_pods`` is below 1, ``max_surge`` is negative, ranges for pods or for nodes overlap,
        or as the models of the IPAM do: a range that is no CIDR, has host bits or that the component refuses, a mask
        that is no prefix length of its family.
    """
    if set_up.ipam not in IPAM_LIMITS:
        raise ValueError(f"ipam {set_up.ipam!r} is unknown: known are {', '.join(IPAM_LIMITS)}")
    for name, least, words in (("max_pods", 1, "below 1"), ("max_surge", 0, "negative")):
        if getattr(set_up, name) < least:
            raise ValueError(f"{name} {getattr(set_up, name)} is {words}")
    for name in ("pod_cidrs", "node_cidrs", "service_cidrs"):
        _check_cidrs(name, getattr(set_up, name))
    found = [
        *IPAM_LIMITS[set_up.ipam](set_up),
        *service_ips.limits(set_up),
        *node_ports.limits(set_up),
        *scale_limits(),
        _kubelet(set_up),
    ]
    order = list(Quantity)
    return sorted(found, key=lambda limit: (order.index(limit.quantity), limit.n))


def _check_cidrs(name: str, cidrs: Sequence[str]) -> None:
    """Refuse what is no range, and ranges for pods or nodes that share addresses: these would count twice."""
    for cidr in cidrs:
        try:
            network_of(cidr)
        except AddressError as error:
            raise AddressError(f"{name}: {error}") from None
    if name != "service_cidrs":
        _check_disjoint(name, cidrs)


def _check_disjoint(name: str, cidrs: Sequence[str]) -> None:
    ranges = sorted(map(range_of, cidrs)) if len(cidrs) > 1 else []
    for one, other in pairwise(ranges):
        if one.overlaps(other):
            raise ValueError(f"{name} {one.text} and {other.text} overlap")


def _kubelet(set_up: SetUp) -> Limit:
    words = f"The kubelet takes at most {set_up.max_pods:,} pods (maxPods)."
    return Limit(Quantity.PODS_PER_NODE, set_up.max_pods, KUBELET, words, Basis.SOURCE, "kubernetes, kubelet")


def weakest(bases: Iterable[Basis]) -> Basis:
    """Return the basis of what rests on several.

    >>> str(weakest([Basis.RAN, Basis.DOCS]))
    'docs'
    """
    return max(bases, key=_SURE.index)


class Bound(NamedTuple):
    """What a quantity comes to: the number, the name of what binds, one sentence."""

    n: int
    binds: str
    sentence: str
    basis: Basis


def capacity(set_up: SetUp) -> Result:
    """Return how many nodes, pods per node, pods, Services and node ports a set-up has room for.

    Pods of the cluster are the smallest of: nodes times pods of a node, the addresses of the pools, and the 150,000
    that Kubernetes is tested for. Of two IP families the tighter one counts. What Kubernetes is tested for is a
    threshold, and the sentence says so.

    Returns
    -------
    A Result; its frame has one row a quantity: quantity (``nodes``, ``pods per node``, ``pods``, ``Services``,
    ``node ports``), n (a Python integer; missing where nothing is known to bound it), binds (the name of the limit),
    sentence (why). The first of ``because`` says which limit binds the pods of the cluster.

    Raises
    ------
    ValueError
        As `all_limits` does.

    Examples
    --------
    >>> result = capacity(SetUp(ipam="host-local", pod_cidrs=("10.244.0.0/16",), service_cidrs=("10.96.0.0/12",)))
    >>> result.frame["n"].tolist()
    [256, 110, 28160, 1048573, 2768]
    >>> print(result.because[0])
    At most 28,160 pods: 256 nodes (cluster CIDR) of 110 pods (maxPods). 10.244.0.0/16 holds 256 node CIDRs of /24.
    """
    limits = all_limits(set_up)
    bounds = bounds_of(limits)
    rows = [_row(quantity, bound) for quantity, bound in bounds.items()]
    frame = pd.DataFrame(rows, columns=_COLUMNS, dtype="object")
    frame = frame.astype({"quantity": "str", "binds": "str", "sentence": "str"})
    pods = bounds[Quantity.PODS]
    first = f"At most {pods.n:,} pods: {pods.sentence}" if pods else _unbounded(Quantity.PODS)
    known = [bound for bound in bounds.values() if bound]
    return Result(
        title=f"Capacity with {set_up.ipam}",
        _frame=frame,
        because=(
            first,
            *overlap_words(set_up),
            *_thresholds(set_up, limits, bounds),
            *(limit.words for limit in limits),
        ),
        basis=weakest(bound.basis for bound in known),
    )


def bounds_of(limits: Sequence[Limit]) -> dict[Quantity, Bound | None]:
    """Return what every quantity comes to under limits that come from the tightest; None where none bounds it."""
    bounds = {quantity: _tightest(limits, quantity) for quantity in Quantity}
    return bounds | {Quantity.PODS: _pods(limits, bounds)}


def _tightest(limits: Sequence[Limit], quantity: Quantity) -> Bound | None:
    found = [limit for limit in limits if limit.quantity is quantity]
    return Bound(found[0].n, found[0].name, found[0].words, found[0].basis) if found else None


def _pods(limits: Sequence[Limit], bounds: dict[Quantity, Bound | None]) -> Bound | None:
    nodes, per_node, pods = (bounds[q] for q in (Quantity.NODES, Quantity.PODS_PER_NODE, Quantity.PODS))
    if not (nodes and per_node) or (pods and pods.n < nodes.n * per_node.n):
        return pods
    words = f"{nodes.n:,} nodes ({nodes.binds}) of {per_node.n:,} pods ({per_node.binds})."
    reasons = [nodes.sentence] + ([] if per_node.binds == KUBELET else [per_node.sentence])
    basis = weakest((nodes.basis, per_node.basis))
    return Bound(nodes.n * per_node.n, f"{nodes.binds}, {per_node.binds}", " ".join([words, *reasons]), basis)


def _row(quantity: Quantity, bound: Bound | None) -> tuple[object, ...]:
    if bound is None:
        return str(quantity), pd.NA, "", _unbounded(quantity)
    return str(quantity), bound.n, bound.binds, bound.sentence


def _unbounded(quantity: Quantity) -> str:
    return f"Nothing that is known bounds {quantity}."


def _thresholds(
    set_up: SetUp, limits: Sequence[Limit], bounds: dict[Quantity, Bound | None]
) -> Iterator[str]:
    """Yield what the addresses alone would allow where the tested scale binds, and that maxPods is above what is tested."""
    for quantity in (Quantity.NODES, Quantity.PODS):
        bound = bounds[quantity]
        others = [limit for limit in limits if limit.quantity is quantity and limit.name != TESTED_SCALE]
        if bound and bound.binds == TESTED_SCALE and others:
            yield f"Without that threshold: {others[0].words}"
    if set_up.max_pods > TESTED_PODS_PER_NODE:
        yield f"maxPods {set_up.max_pods} is above the {TESTED_PODS_PER_NODE} pods of a node that Kubernetes is tested with."
