"""A first request from clusters that exist: their ranges fixed, their counts as they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import netaddr
import yaml

from kubenetlab.cluster import Cluster
from kubenetlab.errors import ManifestError
from kubenetlab.ipam.instance_types import INSTANCE_TYPES
from kubenetlab.ipam.planner.blocks import are_apart
from kubenetlab.ipam.planner.cluster_needs import cluster_needs, has_use
from kubenetlab.ipam.planner.demands import wanted_ranges
from kubenetlab.ipam.planner.given_ranges import Fixed
from kubenetlab.ipam.planner.platforms import IPAMS, IPAMS_OF_CNI, NODES, PLATFORMS, PODS, SERVICES
from kubenetlab.ipam.planner.request import checked_request, range_domains
from kubenetlab.ipam.planner.running_clusters import in_use_name
from kubenetlab.ipam.set_up_of_cluster import set_up_of
from kubenetlab.readers.plan_request import ClusterRequest, Parents, PlanRequest, RequestFile, Shared
from kubenetlab.result import Origin
from kubenetlab.visible_text import visible

_HEAD = """\
# A request for a plan of addresses, drafted from clusters that exist; kubenetlab plan REQUEST.yaml makes the plan.
# Say here how the clusters grow, which parent ranges are yours, what else is in use, and which clusters are to come.
"""
_PARENTS = {
    "pods": "100.64.0.0/10",
    "services": "172.16.0.0/12",
    "nodes": "10.0.0.0/8",
    "routable": "10.0.0.0/8",
}
_PARENTS_IPV6 = "fd00::/16"
_INSTANCE_LABEL = "node.kubernetes.io/instance-type"
_ZONE_LABEL = "topology.kubernetes.io/zone"
_MAX_PODS = 1_024
_OPTIONS = (
    "max_pods", "node_cidr_mask_size", "node_cidr_mask_size_ipv6", "block_size", "prefix_delegation", "custom_networking",
)  # fmt: skip
_RANGES = {
    PODS: ("pod_cidr", "cluster_cidr"),
    SERVICES: ("service_cidr", "service_cidr"),
    NODES: ("node_cidr", "node_cidr"),
}


class Draft(NamedTuple):
    """One cluster of the draft: its fields, what its reader should know, and ranges that its dump only implies, with why.

    ``others`` are ranges that it has although no field of it can say so, each with the field that would.
    """

    fields: dict[str, Any]
    comments: list[str]
    implied: dict[str, tuple[list[netaddr.IPNetwork], str]]
    others: list[tuple[str, netaddr.IPNetwork]]


def draft_request(clusters: Sequence[tuple[str, Cluster]]) -> str:
    """Return the YAML text of a request for clusters that exist.

    Parameters
    ----------
    clusters
        Names, such as those of the files, and the clusters.

    Notes
    -----
    A range that a dump only implies is the smallest one that it can be; a comment says so. Ranges that overlap those of
    another cluster although both are routable stand in comments: no plan holds with both. What nobody else has of them
    is in use.
    """
    names = _names([name for name, _ in clusters])
    drafts = [_draft(name, cluster) for name, (_, cluster) in zip(names, clusters, strict=True)]
    fixed: list[Fixed] = []
    for draft in drafts:
        _free_overlaps(draft, tuple(draft.fields), fixed)
    for draft in drafts:
        _take_implied(draft, fixed)
    in_use = list(_in_use(drafts, fixed))
    is_ipv6 = any("families" in draft.fields for draft in drafts)
    parents = {kind: [text, _PARENTS_IPV6] if is_ipv6 else [text] for kind, text in _PARENTS.items()}
    shared: dict[str, Any] = {"defaults": {"growth": ["20%", "40%"], "horizon_years": 3}, "parents": parents}
    shared |= {"in_use": in_use} if in_use else {}
    return _HEAD + _yaml(shared) + "clusters:\n" + "".join(map(_entry, drafts))


def _names(names: Sequence[str]) -> list[str]:
    """Return names that requests allow, each once."""
    plain = [re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")[:50] or "cluster" for name in names]
    seen: Counter[str] = Counter()
    unique = []
    for name in plain:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return unique


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, default_flow_style=None, width=110)


def _entry(draft: Draft) -> str:
    comments = "".join(f"  # {visible(text)}\n" for text in draft.comments)
    lines = [f"{name}: {_in_line(value)}\n" for name, value in draft.fields.items()]
    return comments + "  - " + "    ".join(lines)


def _in_line(value: Any) -> str:
    return yaml.safe_dump([value], default_flow_style=True, width=1_000).strip()[1:-1]


def _draft(name: str, cluster: Cluster) -> Draft:
    fields: dict[str, Any] = {"name": name, **_software(cluster), **_counts(cluster)}
    ipam = _ipam(fields)
    fields |= {option: value for option, value in _options(cluster).items() if has_use(option, ipam)}
    fields |= _zones(cluster) if fields["platform"] == "eks" else {}
    comments: list[str] = []
    implied = {}
    pods_in_nodes = IPAMS[ipam].pods_in_nodes and not fields.get("custom_networking")
    for field, networks, why in _found_ranges(cluster, pods_in_nodes):
        if why:
            implied[field] = networks, why
        elif networks:
            fields[field] = [str(network) for network in networks]
    fields |= _families(fields)
    return Draft(_allowed(fields, comments), comments, implied, [])


def _found_ranges(
    cluster: Cluster, pods_in_nodes: bool
) -> Iterator[tuple[str, list[netaddr.IPNetwork], str]]:
    """Yield field, ranges and why they are only implied; where nodes' subnets hold the pods, pods' ranges are the nodes'."""
    found = {field: _networks(cluster, setting) for field, setting in _RANGES.values()}
    if pods_in_nodes:
        pods, nodes = found.pop("pod_cidr"), found["node_cidr"]
        is_better = bool(pods[0]) and (not nodes[0] or (bool(nodes[1]) and not pods[1]))
        found["node_cidr"] = pods if is_better else nodes
    yield from ((field, networks, why) for field, (networks, why) in found.items())


def _ipam(software: dict[str, Any]) -> str:
    """Return the IPAM of a cluster's software: what the planner takes where the dump does not say it."""
    cni = software.get("cni", PLATFORMS[software["platform"]].cnis[0])
    return str(software.get("ipam", IPAMS_OF_CNI[cni][0]))


def _zones(cluster: Cluster) -> dict[str, int]:
    zones = {node.metadata.labels.get(_ZONE_LABEL, "") for node in cluster.nodes} - {""}
    return {"zones": len(zones)} if zones else {}


def _software(cluster: Cluster) -> dict[str, str]:
    """Return platform, CNI plugin and IPAM, as far as the planner knows them."""
    found = {
        name: str(cluster.settings[name].value)
        for name in ("platform", "cni", "ipam")
        if name in cluster.settings
    }
    platform = found.get("platform") if found.get("platform") in PLATFORMS else "kubeadm"
    cni = found.get("cni", "")
    software = {"platform": str(platform)}
    if cni in PLATFORMS[str(platform)].cnis:
        software["cni"] = cni
        if found.get("ipam") in IPAMS_OF_CNI[cni]:
            software["ipam"] = found["ipam"]
    return software


def _counts(cluster: Cluster) -> dict[str, int]:
    """Return nodes, pods of a node with an address of their own (rounded up), and Services with a ClusterIP."""
    running = [p for p in cluster.pods if p.spec.node_name and not p.has_finished and not p.spec.host_network]
    n_nodes = max(1, len(cluster.nodes))
    services = [s for s in cluster.services if s.spec.cluster_ip not in ("", "None")]
    return {
        "nodes": n_nodes,
        "pods_per_node": min(_MAX_PODS, max(1, -(-len(running) // n_nodes))),
        "services": len(services),
    }


def _options(cluster: Cluster) -> dict[str, Any]:
    set_up = set_up_of(cluster)
    values = {name: getattr(set_up, name) for name in _OPTIONS}
    found = {name: value for name, value in values.items() if value}
    types = Counter(node.metadata.labels.get(_INSTANCE_LABEL, "") for node in cluster.nodes)
    known = [name for name, _ in types.most_common() if name in INSTANCE_TYPES]
    return found | ({"instance_type": known[0]} if known else {})


def _networks(cluster: Cluster, setting: str) -> tuple[list[netaddr.IPNetwork], str]:
    """Return the ranges of a setting, and why they are only implied, if they are."""
    found = cluster.settings.get(setting)
    if found is None or not found.value:
        return [], ""
    networks = [netaddr.IPNetwork(str(text)).cidr for text in found.value]
    return networks, found.evidence if found.origin is Origin.INFERRED else ""


def _families(fields: dict[str, Any]) -> dict[str, Any]:
    texts = [text for field, _ in _RANGES.values() for text in fields.get(field, ())]
    families = ["ipv4"] * any(":" not in text for text in texts) + ["ipv6"] * any(
        ":" in text for text in texts
    )
    return {"families": families} if families not in ([], ["ipv4"]) else {}


def _allowed(fields: dict[str, Any], comments: list[str]) -> dict[str, Any]:
    """Return fields that a request may have: what contradicts the others becomes a comment."""
    fields = dict(fields)
    for _ in range(len(fields)):
        try:
            cluster_needs(_request(fields), Shared(), "draft")
        except ManifestError as error:
            refusal = error.refusal
            comments.append(f"{refusal.field}: found {refusal.found}, expected {refusal.expected}"[:200])
            fields = _repaired(fields, refusal.field)
        else:
            break
    return fields


def _repaired(fields: dict[str, Any], field: str) -> dict[str, Any]:
    if field == "instance_type":
        return {**fields, field: "m5.large"}
    if field == "pods_per_node":  # more pods than the default allows: the nodes show that they take them
        return {**fields, "max_pods": fields["pods_per_node"]}
    return {name: value for name, value in fields.items() if name != field}


def _request(fields: dict[str, Any]) -> ClusterRequest:
    return msgspec.convert(fields, ClusterRequest)


def _take_implied(draft: Draft, fixed: list[Fixed]) -> None:
    """Fix the ranges that a dump implies where the planner takes them; the others are in use all the same."""
    for field, (networks, why) in draft.implied.items():
        texts = [str(network) for network in networks]
        draft.comments.append(f"{field}: {', '.join(texts)} is only implied by the dump ({why})")
        more = {**draft.fields, field: texts}
        more |= _families(more)
        if _is_planned(more):
            draft.fields.update(more)
            _free_overlaps(draft, (field,), fixed)
        else:
            draft.others.extend((field, network) for network in networks)


def _in_use(drafts: Iterable[Draft], fixed: Iterable[Fixed]) -> Iterator[dict[str, str]]:
    """Yield what clusters have besides their fields, without what others have fixed, or whole where nothing is left."""
    taken = netaddr.IPSet([entry.network for entry in fixed])
    for draft in drafts:
        for field, network in draft.others:
            rest = netaddr.IPSet([network]) - taken
            name = in_use_name(draft.fields["name"], field)
            yield from ({"range": str(part), "name": name} for part in rest.iter_cidrs() or [network])


def _is_planned(fields: dict[str, Any]) -> bool:
    """Whether the planner takes the ranges of a cluster as they are."""
    parents = Parents(**{kind: (text, _PARENTS_IPV6) for kind, text in _PARENTS.items()})
    file = RequestFile(PlanRequest(clusters=(_request(fields),), parents=parents), "draft", Path(), "")
    try:
        return bool(list(wanted_ranges(checked_request(file), {})))
    except ManifestError:
        return False


def _free_overlaps(draft: Draft, fields: Sequence[str], fixed: list[Fixed]) -> None:
    """Turn ranges of these fields that may not overlap those of an earlier cluster, and do, into comments."""
    needs = cluster_needs(_request(draft.fields), Shared(), "draft")
    found = ((role, network) for role, networks in needs.fixed.items() for network in networks)
    for role, network in found:
        field, domains = _RANGES[role][0], range_domains(needs, role)
        if field in fields:
            other = _met(network, domains, fixed)
            if other is None:
                fixed.append(Fixed(needs.name, field, network, domains))
                continue
            draft.comments.append(f"{field}: {network} overlaps {other.network} of cluster {other.cluster}")
            draft.others.append((field, network))
            draft.fields[field] = [text for text in draft.fields[field] if text != str(network)]
    for field in [field for field, _ in _RANGES.values() if draft.fields.get(field) == []]:
        del draft.fields[field]


def _met(network: netaddr.IPNetwork, domains: frozenset[str], fixed: Iterable[Fixed]) -> Fixed | None:
    return next((f for f in fixed if are_apart(f.domains, domains) and _overlap(f.network, network)), None)


def _overlap(one: netaddr.IPNetwork, other: netaddr.IPNetwork) -> bool:
    return one.version == other.version and one.first <= other.last and other.first <= one.last
