"""Subnets of the cloud that run out of addresses, or of whole prefixes, by the cloud's own listings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.findings.finding import Severity
from kubenetlab.findings.range_use import FULL_SHARE, full_ranges
from kubenetlab.findings.registry import Hit, rule
from kubenetlab.findings.wording import counted
from kubenetlab.ipam.cloud_subnets import subnet_use
from kubenetlab.ipam.mtu_statements import environment
from kubenetlab.ipam.node_pod_ranges import FLAT_IPAMS, ipam_of
from kubenetlab.ipam.ranges import range_of

_Row = dict[Any, Any]
_VPC_CNI = "aws-vpc-cni"
_NETWORK = ["cloud", "network"]
_PREFIX_ADVICE = (
    "Give nodes a new subnet, or reserve a part of this one for prefixes (aws ec2 create-subnet-cidr-reservation "
    "--reservation-type prefix) and replace what has single addresses in it: a prefix needs 16 free addresses from a "
    "multiple of 16 on, however many are free elsewhere."
)


@rule(
    "KNL211",
    Severity.MEDIUM,
    title="Cloud subnet more than 80 % used, or without a free prefix",
    advice="Add a subnet for nodes and pods before this one is full (on AWS of a secondary CIDR of the VPC), or let nodes "
    "hold fewer spare addresses (WARM_IP_TARGET, max pods): a new node or pod gets no address in a full subnet.",
    documentation="https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html",
)
def short_subnets(cluster: Cluster) -> Iterator[Hit]:
    """Find listed subnets, with nodes or pods in them, over 80 % used, or where no /28 is free and prefixes are wanted.

    Prefixes are wanted where aws-node has ENABLE_PREFIX_DELEGATION and its pods have IPv4 addresses. Subnets of one
    virtual network count, the one with most of the nodes and pods: a range may be used again in others.
    """
    if cluster.listings.subnets:
        told = {range_of(text)[:3] for _, text, _, _ in full_ranges(cluster)}
        for row in _subnets_in_use(cluster).to_dict("records"):
            if _lacks_prefixes(cluster, row):
                yield _without_prefix(row)
            elif row["used_share"] > FULL_SHARE and range_of(row["range"])[:3] not in told:
                yield _nearly_full(row)


def _subnets_in_use(cluster: Cluster) -> pd.DataFrame:
    """Rows of the subnets that hold nodes or pods and whose use is known; pods count only where they are in subnets."""
    frame = subnet_use(cluster).frame.assign(network=[s.network for s in cluster.listings.subnets])
    n_pods = frame["n_pods"] if ipam_of(cluster) in FLAT_IPAMS else 0
    frame["n_hosted"] = frame["n_nodes"].fillna(0) + n_pods
    frame = frame[frame["n_hosted"] > 0].drop_duplicates([*_NETWORK, "subnet", "range"])
    totals = frame.groupby(_NETWORK)["n_hosted"].sum()
    best = totals[totals == totals.max()]
    if len(best) != 1:
        return frame.head(0)
    is_ours = pd.MultiIndex.from_frame(frame[_NETWORK]).isin(best.index)
    return frame[is_ours & frame["used_share"].notna()]


def _lacks_prefixes(cluster: Cluster, row: _Row) -> bool:
    variables, _ = environment(cluster, "aws-node")
    is_on = variables.get("ENABLE_PREFIX_DELEGATION") == "true" and variables.get("ENABLE_IPv6") != "true"
    is_for_pods = row["n_pods"] > 0 or variables.get("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") != "true"
    has_none = bool(row["n_free"] > 0) and _count(row["n_prefixes_free"]) == 0
    return ipam_of(cluster) == _VPC_CNI and is_on and is_for_pods and has_none


def _without_prefix(row: _Row) -> Hit:
    free = counted(row["n_free"], "free address")
    message = (
        f"{row['range']} has {free} and no free /28: prefix delegation, which is on, gets nothing there."
    )
    evidence = ("aws-node ENABLE_PREFIX_DELEGATION: true", f"largest free block: {row['largest_free']}")
    return Hit(_name(row), message, (*_evidence(row), *evidence), None, _PREFIX_ADVICE)


def _nearly_full(row: _Row) -> Hit:
    used = f"{row['n_used']:,} of {row['n_usable']:,} addresses"
    n_prefixes = _count(row["n_prefixes_free"])
    prefixes = "" if n_prefixes is None else f", and {n_prefixes:,} free /28"
    message = f"{row['range']} is {100 * row['used_share']:.3g} % used: {used}{prefixes}."
    return Hit(_name(row), message, _evidence(row))


def _count(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _name(row: _Row) -> str:
    return f"Subnet {row['subnet']}"


def _evidence(row: _Row) -> tuple[str, ...]:
    hosted = f"of this cluster: {counted(row['n_nodes'], 'node')}, {counted(row['n_pods'], 'pod')}"
    return (f"used ({row['used_by']}): {row['n_used']:,}", f"usable: {row['n_usable']:,}", hosted)
