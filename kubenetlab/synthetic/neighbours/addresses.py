"""Harmless ranges, nodes and namespaces that look like KNL201 to KNL209, KNL301 and KNL501."""

import dataclasses

import netaddr

from kubenetlab.synthetic.draft import Draft
from kubenetlab.synthetic.faults.addresses import (
    fill_service_range,
    foreign_pod_cidr,
    full_calico_pool,
    set_proxy_mode,
)
from kubenetlab.synthetic.targets import claim_node

#: Share of the Service range that is much, but not too much.
_BUSY = 0.75


def services_beside_pods(draft: Draft) -> None:
    """KNL201: the Service range starts where the pod range ends."""
    pods = netaddr.IPNetwork(draft.ranges["pods"][0])
    draft.ranges["services"][0] = f"{netaddr.IPAddress(pods.last + 1)}/16"


def services_beside_link_local(draft: Draft) -> None:
    """KNL202: the Service range ends where link-local addresses start."""
    draft.ranges["services"][0] = "169.253.240.0/20"


def pods_beside_docker0(draft: Draft) -> None:
    """KNL203: Docker on the nodes, and pods in the network after docker0's."""
    draft.ranges["pods"][0] = "172.18.0.0/15"
    draft.platform = dataclasses.replace(draft.platform, runtime="docker://28.5.2")


def pods_on_docker0_without_docker(draft: Draft) -> None:
    """KNL203: a pod range that holds docker0's, and no Docker."""
    draft.ranges["pods"][0] = "172.16.0.0/12"


def unused_pod_cidr(draft: Draft) -> None:
    """KNL204: a node without a pod CIDR where the IPAM does not look at it."""
    _, item = claim_node(draft)
    del item["spec"]["podCIDR"], item["spec"]["podCIDRs"]


def next_pod_cidr(draft: Draft) -> None:
    """KNL205: two nodes whose pod CIDRs touch; the second node has no pods yet."""
    node, item = claim_node(draft, is_taken=lambda node: node.index == len(draft.nodes) - 1)
    last = draft.get("Node", draft.nodes[-1].name)
    touching = netaddr.IPNetwork(last["spec"]["podCIDR"]).next()
    item["spec"] |= {"podCIDR": str(touching), "podCIDRs": [str(touching), *node.pod_cidrs[1:]]}


def as_many_pods_as_fit(draft: Draft) -> None:
    """KNL206: a node with exactly the capacity of its pod CIDR."""
    _, item = claim_node(draft)
    pods = "128" if draft.platform.name == "gke" else "253"
    item["status"]["capacity"]["pods"] = item["status"]["allocatable"]["pods"] = pods


def busy_service_range(draft: Draft) -> None:
    """KNL207: a Service range that is three quarters full."""
    fill_service_range(draft, _BUSY)


def foreign_pod_cidr_of_others(draft: Draft) -> None:
    """KNL208: a foreign pod CIDR where kube-controller-manager does not give nodes theirs."""
    foreign_pod_cidr(draft)
    for workload in draft.workloads:
        workload.command = tuple(word.replace("cidrs=true", "cidrs=false") for word in workload.command)


def one_free_block(draft: Draft) -> None:
    """KNL209: a small pool, of which one block is free."""
    full_calico_pool(draft, n_free=1)


def nftables_mode(draft: Draft) -> None:
    """KNL301: kube-proxy in nftables mode."""
    set_proxy_mode(draft, "nftables")


def private_namespace(draft: Draft) -> None:
    """KNL501: a namespace whose name only begins like a public domain."""
    draft.namespaces |= {"dev-team", "devel"}
