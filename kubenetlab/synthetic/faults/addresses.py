"""Faults of ranges, nodes and the whole cluster: KNL201 to KNL209, KNL301 and KNL501."""

import dataclasses
import math
import re

import netaddr

from kubenetlab.synthetic.cni_objects import calico_block, calico_pool
from kubenetlab.synthetic.draft import Draft
from kubenetlab.synthetic.targets import add_service, claim_node, claim_workload, label

#: Share of the Service range that KNL207 fills.
_FULL = 0.9


def service_range_in_pod_range(draft: Draft) -> None:
    """KNL201: the Service range is the last /20 of the pod range."""
    pods = netaddr.IPNetwork(draft.ranges["pods"][0])
    draft.ranges["services"][0] = str(list(pods.subnet(20))[-1])


def link_local_services(draft: Draft) -> None:
    """KNL202: Services where link-local addresses live."""
    draft.ranges["services"][0] = "169.254.32.0/20"


def pods_on_docker0(draft: Draft) -> None:
    """KNL203: Docker on the nodes, and a pod range that holds docker0's."""
    draft.ranges["pods"][0] = "172.16.0.0/12"
    draft.platform = dataclasses.replace(draft.platform, runtime="docker://28.5.2")


def small_service_range(draft: Draft) -> None:
    """KNL207: a Service range that is small for this cluster."""
    n_services = 22 * max(1, min(100, round(draft.shape.pods / 150)))
    prefix = 32 - max(6, math.ceil(math.log2(n_services * 1.3)))
    network = netaddr.IPNetwork(draft.ranges["services"][0])
    draft.ranges["services"][0] = f"{network.network}/{prefix}"


def fill_service_range(draft: Draft, share: float = _FULL) -> tuple[str, ...]:
    """Add Services until that share of the range is in use."""
    usable = netaddr.IPNetwork(draft.ranges["services"][0]).size - 2
    workload = claim_workload(draft)
    number = 0
    while sum(":" not in ip for ip in draft.cluster_ips) < share * usable:
        number += 1
        add_service(draft, workload, f"shard-{number:03}")
    return ("Cluster",)


def cluster(draft: Draft) -> tuple[str, ...]:
    """Return what a finding about ranges is about."""
    del draft
    return ("Cluster",)


def node_without_pod_cidr(draft: Draft) -> tuple[str, ...]:
    """KNL204: the cluster CIDR was used up when this node came."""
    _, item = claim_node(draft)
    del item["spec"]["podCIDR"], item["spec"]["podCIDRs"]
    return (label(item),)


def same_pod_cidr(draft: Draft) -> tuple[str, ...]:
    """KNL205: a node that was restored from another cluster's backup."""
    (_, one), (_, other) = claim_node(draft), claim_node(draft)
    for field in ("podCIDR", "podCIDRs"):
        other["spec"][field] = one["spec"][field]
    return label(one), label(other)


def too_many_pods(draft: Draft) -> tuple[str, ...]:
    """KNL206: a kubelet with --max-pods=300 and a /24."""
    _, item = claim_node(draft)
    item["status"]["capacity"]["pods"] = item["status"]["allocatable"]["pods"] = "300"
    return (label(item),)


#: A range that no platform uses.
_FOREIGN = "10.250.0.0/24"


def foreign_pod_cidr(draft: Draft) -> tuple[str, ...]:
    """KNL208: a node that kept its pod CIDR when the cluster CIDR was changed."""
    _, item = claim_node(draft)
    item["spec"] |= {"podCIDR": _FOREIGN, "podCIDRs": [_FOREIGN, *item["spec"]["podCIDRs"][1:]]}
    return (label(item),)


def full_calico_pool(draft: Draft, n_free: int = 0) -> tuple[str, ...]:
    """KNL209: pods are moved to a new pool that is too small: one address pins each of its four blocks."""
    draft.retired_pools.add("default-ipv4-ippool")
    pool = calico_pool(draft, "small-ipv4-ippool", _FOREIGN)
    cidrs = [str(cidr) for cidr in netaddr.IPNetwork(_FOREIGN).subnet(26)]
    draft.objects += [pool, *(calico_block(draft, cidr, 0, 1) for cidr in cidrs[n_free:])]
    return (label(pool),)


def ipvs_mode(draft: Draft) -> tuple[str, ...]:
    """KNL301: kube-proxy in ipvs mode."""
    set_proxy_mode(draft, "ipvs")
    return ("Cluster",)


def set_proxy_mode(draft: Draft, mode: str) -> None:
    """Write a mode into kube-proxy's ConfigMap."""
    for item in draft.of_kind("ConfigMap"):
        for key, text in item["data"].items():
            if "kind: KubeProxyConfiguration" in text:
                item["data"][key] = re.sub('mode: ".*"', f'mode: "{mode}"', text)


def public_namespace(draft: Draft) -> tuple[str, ...]:
    """KNL501: names of this namespace's Services end like public names."""
    draft.namespaces.add("dev")
    return ("Namespace dev",)
