"""The ranges and settings of a cluster that exists, in the form that capacity is computed from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pandas as pd

from kubenetlab.cluster import Cluster
from kubenetlab.cluster.addresses import setting_ranges
from kubenetlab.ipam.capacity import IPAM_LIMITS, all_limits, capacity
from kubenetlab.ipam.cloud_subnets import LACKS, subnet_use
from kubenetlab.ipam.instance_types import INSTANCE_TYPES, InstanceType
from kubenetlab.ipam.mtu_statements import environment
from kubenetlab.ipam.node_pod_ranges import FLAT_IPAMS, ipam_of
from kubenetlab.ipam.node_ports import DEFAULT_RANGE
from kubenetlab.ipam.ranges import range_of
from kubenetlab.ipam.scale_limits import TESTED_PODS_PER_NODE, TESTED_SCALE
from kubenetlab.ipam.service_ranges import api_server_service_ranges, controller_service_ranges
from kubenetlab.ipam.set_up import Limit, Quantity, SetUp
from kubenetlab.result import Origin, Result, Setting

_SETTINGS = (
    "ipam", "cluster_cidr", "service_cidr", "node_cidr_mask_size", "node_cidr_mask_size_ipv6", "max_pods", "node_port_range",
    "vpc_subnets",
)  # fmt: skip
_WARM_TARGETS = ("warm_eni_target", "warm_prefix_target", "warm_ip_target", "minimum_ip_target")
_INSTANCE_LABELS = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")


def set_up_of(cluster: Cluster) -> SetUp:
    """Return what a cluster's addresses are made of, as far as its dump says.

    A range that is only inferred is left out: it is the smallest that holds what the dump shows, and says nothing of
    how much more it holds. The subnets of a cloud's network come from the cloud's own listings; a dump cannot hold them.

    Notes
    -----
    Where nodes differ, the most common instance type and the setting ``max_pods`` count; of Calico's pools the block
    size of the first of each family.
    """
    ipam = ipam_of(cluster)
    variables, _ = environment(cluster, "aws-node")
    is_custom = variables.get("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG") == "true"
    pod_cidrs, node_cidrs = _pod_and_node_cidrs(cluster, ipam, is_custom=is_custom)
    return SetUp(
        ipam=ipam if ipam in IPAM_LIMITS else "unknown",
        pod_cidrs=pod_cidrs,
        service_cidrs=controller_service_ranges(cluster),
        node_cidrs=node_cidrs,
        node_cidr_mask_size=_number(cluster, "node_cidr_mask_size"),
        node_cidr_mask_size_ipv6=_number(cluster, "node_cidr_mask_size_ipv6"),
        block_size=_block_size(cluster, 4),
        block_size_ipv6=_block_size(cluster, 6),
        max_pods=_number(cluster, "max_pods") or TESTED_PODS_PER_NODE,
        node_port_range=_text(cluster, "node_port_range") or DEFAULT_RANGE,
        instance=next(_instance_types(cluster), None),
        prefix_delegation=variables.get("ENABLE_PREFIX_DELEGATION") == "true",
        custom_networking=is_custom,
        **_tunnel_addresses(cluster),
        **_warm_targets(variables),
    )


def _warm_targets(variables: Mapping[str, str]) -> dict[str, int]:
    """Return the warm targets that aws-node is given; 0 addresses stand for no such target."""
    texts = {name: variables.get(name.upper(), "") for name in _WARM_TARGETS}
    found = {name: int(text) for name, text in texts.items() if re.fullmatch(r"[0-9]{1,9}", text)}
    return {name: n for name, n in found.items() if n or name.endswith(("eni_target", "prefix_target"))}


def _tunnel_addresses(cluster: Cluster) -> dict[str, int]:
    """Return how many addresses of each family Calico's pools make a node take for tunnels; FelixConfiguration is not read."""
    specs = [pool.spec for pool in cluster.ip_pools if not pool.spec.disabled]
    families = {"tunnel_addresses": 4, "tunnel_addresses_ipv6": 6}
    found = {
        name: [s for s in specs if (":" in s.cidr) == (version == 6)] for name, version in families.items()
    }
    modes = {name: [(s.ipip_mode, s.vxlan_mode) for s in own] for name, own in found.items() if own}
    return {
        name: sum(any(mode not in ("", "Never") for mode in kind) for kind in zip(*own, strict=True))
        for name, own in modes.items()
    }


def cluster_capacity(cluster: Cluster) -> Result:
    """Return how many nodes, pods and Services a cluster that exists has room for, and which limit binds.

    Returns
    -------
    A Result as `kubenetlab.ipam.capacity.capacity` gives, with the settings that it rests on as assumptions. Nodes and
    pods are missing where the dump does not say how many addresses there are. Where its ranges make no sense for the IPAM,
    only the limits count that do not depend on them, and ``because`` says so.
    """
    set_up, refusal = _sensible(set_up_of(cluster))
    result = capacity(set_up)
    settings = tuple(cluster.settings[name] for name in _SETTINGS if name in cluster.settings)
    unknown = (*([refusal] if refusal else []), *_left_out(cluster))
    first, *others = result.because
    frame = _with_all_services(result.frame, cluster, set_up)
    if not any(_is_of_addresses(limit) for limit in all_limits(set_up)):
        first, *others = (*(unknown or ("The dump does not say how many addresses there are.",)), *others)
        unknown, frame = (), _without_nodes_and_pods(frame, first)
    elif words := " ".join(_of_subnets(cluster)):
        first, frame = f"{first} {words}", _with_words(frame, words)
    because = (first, *unknown, *others)
    return Result(title=result.title, _frame=frame, assumptions=settings, because=because, basis=result.basis)


def _with_all_services(frame: pd.DataFrame, cluster: Cluster, set_up: SetUp) -> pd.DataFrame:
    """Return a frame whose Services have the ranges of all ServiceCIDR objects; nodes keep clear of the flag's only."""
    ranges = api_server_service_ranges(cluster)
    if not set_up.service_cidrs or set(ranges) <= set(set_up.service_cidrs):
        return frame
    try:
        found = capacity(SetUp(ipam="unknown", service_cidrs=ranges)).frame
    except ValueError:
        return frame
    return frame.where(frame["quantity"] != Quantity.SERVICES, found)


def _with_words(frame: pd.DataFrame, words: str) -> pd.DataFrame:
    is_meant = frame["quantity"].isin([Quantity.NODES, Quantity.PODS])
    return frame.assign(sentence=frame["sentence"].mask(is_meant, frame["sentence"] + " " + words))


def _without_nodes_and_pods(frame: pd.DataFrame, why: str) -> pd.DataFrame:
    is_open = frame["quantity"].isin([Quantity.NODES, Quantity.PODS])
    columns = {"n": pd.NA, "binds": "", "sentence": why}
    return frame.assign(**{name: frame[name].mask(is_open, value) for name, value in columns.items()})


def _is_of_addresses(limit: Limit) -> bool:
    return limit.quantity in (Quantity.NODES, Quantity.PODS) and limit.name != TESTED_SCALE


def _sensible(set_up: SetUp) -> tuple[SetUp, str]:
    """Return a set-up that the models accept, and what they say against the dump's own."""
    try:
        all_limits(set_up)
    except ValueError as error:
        bare = SetUp(ipam="unknown", max_pods=max(1, set_up.max_pods))
        return bare, f"The dump's ranges and settings are left out: {error}."
    return set_up, ""


def _left_out(cluster: Cluster) -> Iterator[str]:
    for name, words in (("cluster_cidr", "pods"), ("service_cidr", "Services")):
        setting = cluster.settings.get(name)
        if words == "pods" and ipam_of(cluster) in FLAT_IPAMS and _stated(cluster, "vpc_subnets"):
            continue
        if setting is None or not setting.value or setting.origin is Origin.INFERRED:
            evidence = f": {setting.evidence}" if setting and setting.evidence else ""
            yield f"How large the range of {words} is, the dump does not say{evidence}."
    ranges = _stated(cluster, "cluster_cidr")
    if ranges and ipam_of(cluster) not in IPAM_LIMITS.keys() - {"unknown"}:
        yield f"Who gives pods addresses of {', '.join(ranges)} (the IPAM) the dump does not say, or it is not modelled."
    if _setting(cluster, "max_pods") is None:
        yield f"maxPods is the kubelet's default, {TESTED_PODS_PER_NODE}: the dump does not say another."


def _of_subnets(cluster: Cluster) -> Iterator[str]:
    """Yield what the numbers leave out: nodes in subnets that were not listed, and what is in use of those that were.

    Capacity is counted from empty subnets, whoever has addresses of them.
    """
    listed = _stated(cluster, "vpc_subnets")
    if not listed or ipam_of(cluster) not in FLAT_IPAMS:
        return
    use = subnet_use(cluster)
    yield from (f"{words[:1].upper()}{words[1:]}." for words in use.because if LACKS in words)
    frame = use.frame[use.frame["range"].isin(listed) & (use.frame["role"] == "subnet")].dropna(
        subset=["n_used"]
    )
    frame = frame[(frame["n_nodes"] > 0) | (frame["n_pods"] > 0) | (not cluster.nodes)]
    n_used, n_usable = sum(frame["n_used"]), sum(frame["n_usable"])
    if n_used:
        yield (
            f"In use already, by this cluster and by others: {n_used:,} of the {n_usable:,} addresses of the listed "
            "subnets; the numbers are for empty ones."
        )


def _setting(cluster: Cluster, name: str) -> Setting | None:
    setting = cluster.settings.get(name)
    return setting if setting and setting.value else None


def _stated(cluster: Cluster, name: str) -> tuple[str, ...]:
    setting = _setting(cluster, name)
    return () if setting is None or setting.origin is Origin.INFERRED else setting_ranges(setting)


def _number(cluster: Cluster, name: str) -> int | None:
    setting = _setting(cluster, name)
    return int(setting.value) if setting else None


def _text(cluster: Cluster, name: str) -> str:
    setting = _setting(cluster, name)
    return str(setting.value) if setting else ""


def _pod_and_node_cidrs(
    cluster: Cluster, ipam: str, *, is_custom: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ranges of pods and of nodes. In a flat network both have the cloud's subnets.

    Under Azure's pod subnets the nodes' configurations name those of pods; with custom networking those of AWS that hold no
    node are for pods.
    """
    subnets = _stated(cluster, "vpc_subnets")
    if ipam not in FLAT_IPAMS or not subnets:
        return _pod_subnets(cluster) or _stated(cluster, "cluster_cidr"), subnets
    pods = _pod_subnets(cluster)
    if is_custom:
        nodes = [range_of(ip) for node in cluster.nodes for ip in node.internal_ips]
        pods = tuple(text for text in subnets if not any(range_of(text).holds(ip) for ip in nodes))
    return pods, tuple(text for text in subnets if text not in pods)


def _pod_subnets(cluster: Cluster) -> tuple[str, ...]:
    """Return Azure's pod subnets."""
    if ipam_of(cluster) != "azure-pod-subnet":
        return ()
    containers = (c for config in cluster.node_network_configs for c in config.status.network_containers)
    return tuple(dict.fromkeys(c.subnet_address_space for c in containers if c.subnet_address_space))


def _block_size(cluster: Cluster, version: int) -> int | None:
    pools = (
        pool for pool in cluster.ip_pools if pool.serves_pods and (":" in pool.spec.cidr) == (version == 6)
    )
    return next((pool.spec.block_size for pool in pools), None)


def _instance_types(cluster: Cluster) -> Iterator[InstanceType]:
    """Yield the instance types of the nodes, as far as they are known, the most common first; a listing wins."""
    known = INSTANCE_TYPES | dict(cluster.listings.instance_types)
    labels = (node.metadata.labels for node in cluster.nodes)
    names = Counter(next((own[key] for key in _INSTANCE_LABELS if key in own), "") for own in labels)
    yield from (known[name] for name, _ in names.most_common() if name in known)
