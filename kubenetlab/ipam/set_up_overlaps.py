"""Ranges of a set-up that take addresses from each other or that its cloud forbids: words, no numbers.

Source: azure-aks-docs fb060ab (ranges that Services, pods and virtual networks must not touch); for the rest that one
address can be one thing only. Where kube-controller-manager and GKE leave Services out of the pod ranges, the count of
nodes says so itself. Basis: *docs*.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import netaddr

from kubenetlab.ipam.cidr_arguments import named, network_of
from kubenetlab.ipam.set_up import SetUp
from kubenetlab.readers.settings.defaults import SUBNET_IPAM

#: IPAMs whose nodes get no CIDR that a Service range touches.
_LEAVE_SERVICES_OUT = frozenset({"host-local", "kubenet", "azure-kubenet", "cilium-kubernetes", "gke"})
_FORBIDDEN_ON_AKS = tuple(
    map(netaddr.IPNetwork, ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"))
)

_PAIRS = (
    (
        "pods",
        "nodes",
        "a pod can get the address of a node, and packets to those nodes take the pods' routes",
    ),
    ("pods", "Services", "a pod can get the address of a Service, and nothing reaches it there"),
    ("Services", "nodes", "a node with the address of a Service is not reached from pods"),
)


def overlap_words(set_up: SetUp) -> Iterator[str]:
    """Yield a sentence for every pair of ranges for different things that share addresses, and for forbidden ones.

    Raises
    ------
    AddressError
        If a range is no CIDR or has host bits.

    Examples
    --------
    >>> pods, services = ("10.0.0.0/8",), ("10.96.0.0/12",)
    >>> print(*overlap_words(SetUp(ipam="cilium-cluster-pool", pod_cidrs=pods, service_cidrs=services)))
    10.0.0.0/8 of pods and 10.96.0.0/12 of Services overlap: a pod can get the address of a Service, and nothing reaches it there.
    """
    ranges = {
        "pods": [network_of(cidr) for cidr in set_up.pod_cidrs],
        "Services": [network_of(cidr) for cidr in set_up.service_cidrs],
        "nodes": [network_of(cidr) for cidr in set_up.node_cidrs],
    }
    for one, other, why in _PAIRS:
        if not _is_by_design(set_up.ipam, one, other):
            for a, b in product(ranges[one], ranges[other]):
                if a in b or b in a:
                    yield f"{a} of {one} and {b} of {other} overlap: {why}."
    for what, networks in ranges.items() if set_up.ipam.startswith("azure-") else ():
        for network in networks:
            found = [n for n in _FORBIDDEN_ON_AKS if n in network or network in n]
            if found:
                yield f"{network} of {what} overlaps {named(found)}, which AKS forbids."


def _is_by_design(ipam: str, one: str, other: str) -> bool:
    if other == "nodes":
        return one == "pods" and ipam in SUBNET_IPAM
    return ipam in _LEAVE_SERVICES_OUT
