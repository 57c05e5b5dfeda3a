"""What matters most, in words: the worst findings, where addresses run out first, and what the dump does not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd

from kubenetlab.charts.wording import count_text, plural, share_text
from kubenetlab.ipam.pod_cidr_capacity import POD_CIDR_RULES
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.facts import facts
from kubenetlab.report.importance import by_importance
from kubenetlab.report.section import Section

_N_KEY_SENTENCES = 3
_NEARLY_FULL = 0.7  # a range's share in use from which it comes before findings of medium severity

# What cannot be said where a dump holds none of a kind.
_GAPS = {
    "nodes": ("nodes", "how full the nodes are"),
    "pods": ("pods", "which pod addresses are in use"),
    "services": ("Services", "which ClusterIPs are in use"),
    "endpoint_slices": ("EndpointSlices", "which endpoints are ready"),
}


class _Statement(NamedTuple):
    rank: int  # 0 comes first
    text: str
    is_finding: bool = False


def summary(evidence: Evidence) -> Section:
    """Return the summary: the three most important sentences, then the others, then the facts."""
    statements = [
        *_finding_statements(evidence),
        *_gap_statements(evidence),
        *_range_statements(evidence),
        *_subnet_statements(evidence),
        *_node_statements(evidence),
        *_service_statements(evidence),
    ]
    ranked = sorted(statements, key=lambda statement: statement.rank)
    rest = ranked[_N_KEY_SENTENCES:]
    n_findings = sum(statement.is_finding for statement in rest)
    more = (
        (f"{plural(n_findings, 'more kind')} of findings of high or medium severity follow below.",)
        if n_findings
        else ()
    )
    return Section(
        anchor="summary",
        title="Summary",
        key_sentences=tuple(statement.text for statement in ranked[:_N_KEY_SENTENCES]),
        sentences=(*more, *(statement.text for statement in rest if not statement.is_finding)),
        facts=facts(evidence),
    )


def _finding_statements(evidence: Evidence) -> Iterator[_Statement]:
    ranks = {"high": 0, "medium": 2}
    groups = by_importance(evidence.findings_by_code.values())
    grave = [group for group in groups if group[0].severity in ranks]
    if not grave:
        yield _Statement(0, "No check found anything of high or medium severity.")
    for group in grave:
        n_more = len(group) - 1
        more = f"; {plural(n_more, 'more finding')} of this kind" if n_more else ""
        first = group[0]
        subject = "" if first.object == "Cluster" else f"{first.object}: "
        text = f"{subject}{first.message.rstrip('.')} ({first.severity}, {first.code}{more})."
        yield _Statement(ranks[str(first.severity)], text, is_finding=True)


def _gap_statements(evidence: Evidence) -> Iterator[_Statement]:
    cluster = evidence.cluster
    missing = [kind for kind in _GAPS if not cluster.values(kind)]
    if cluster.endpoints:
        missing = [kind for kind in missing if kind != "endpoint_slices"]
    if missing:
        names, consequences = zip(*(_GAPS[kind] for kind in missing), strict=True)
        yield _Statement(
            1,
            f"There are no {_listed(names)} in this dump, so nothing is said about {_listed(consequences)}.",
        )
    is_pod_range = evidence.ranges.frame["role"].isin(("pod range", "Calico pool"))
    if cluster.pods and not is_pod_range.any() and evidence.subnets_in_use.empty:
        ipam = cluster.settings["ipam"].text if "ipam" in cluster.settings else "unknown"
        text = f"No range of this dump holds the pods' addresses (IPAM {ipam}), so how full their subnets are is unknown."
        yield _Statement(1, text)
    n_refused = len(cluster.provenance.refused)
    if n_refused:
        yield _Statement(
            1,
            f"{plural(n_refused, 'item')} of the dump {_was(n_refused)} refused as invalid and left out of all numbers.",
        )


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _was(n: int) -> str:
    return "was" if n == 1 else "were"


def _range_statements(evidence: Evidence) -> Iterator[_Statement]:
    frame = evidence.ranges.frame.dropna(subset=["used_share"])
    if frame.empty:
        if not evidence.subnets_in_use.empty:
            return  # the listed subnets are what people ask for
        yield _Statement(
            1,
            "The dump does not say how large the pod and Service ranges are, so how full they are is unknown.",
        )
        return
    row = frame.sort_values("used_share", ascending=False, kind="stable").iloc[0]
    is_told = "KNL207" in evidence.findings_by_code
    rank = 1 if row["used_share"] >= _NEARLY_FULL and not is_told else 3
    used = "is given to nodes" if row["unit"] == "given to nodes" else "is in use"
    yield _Statement(
        rank,
        f"The fullest range is the {row['role']} {row['range']}: {share_text(row['used_share'])} {used}, {_room(evidence, row)}.",
    )


def _subnet_statements(evidence: Evidence) -> Iterator[_Statement]:
    """Name the fullest subnet of the cloud that holds nodes or pods, where a listing says how full it is."""
    for row in evidence.subnets_in_use.head(1).to_dict("records"):
        free = f"{plural(row['n_free'], 'address')} {'is' if row['n_free'] == 1 else 'are'} free"
        text = f"{share_text(row['used_share'])} of the subnet {row['subnet']} ({row['range']}) is in use, {free}"
        is_urgent = row["used_share"] >= _NEARLY_FULL and "KNL211" not in evidence.findings_by_code
        yield _Statement(1 if is_urgent else 3, f"{text}.")


def _room(evidence: Evidence, row: Any) -> str:
    if row["unit"] != "given to nodes":
        return f"{plural(row['n_free'], 'address')} {'is' if row['n_free'] == 1 else 'are'} free"
    name, n_bits = ("node_cidr_mask_size_ipv6", 128) if ":" in row["range"] else ("node_cidr_mask_size", 32)
    setting = evidence.cluster.settings.get(name)
    ipam = evidence.cluster.settings.get("ipam")
    gives_cidrs = ipam is not None and ipam.value in POD_CIDR_RULES
    if not gives_cidrs or setting is None or not isinstance(setting.value, int):
        return f"{count_text(row['n_free'])} addresses are left"
    n_nodes = row["n_free"] // 2 ** (n_bits - setting.value)
    return f"which leaves room for {plural(n_nodes, 'more node')} with a /{setting.value} each"


def _node_statements(evidence: Evidence) -> Iterator[_Statement]:
    frame = evidence.nodes.frame.dropna(subset=["used_share"])
    if frame.empty:
        return
    row = frame.sort_values("used_share", ascending=False, kind="stable").iloc[0]
    size = row["max_pods"] if row["limit"] == "max_pods" else row["n_addresses"]
    n_used = size - row["n_free"]
    limit = "node capacity" if row["limit"] == "max_pods" else "pod CIDR"
    yield _Statement(
        4,
        f"The fullest node, {row['node']}, has {plural(int(n_used), 'pod')} where {count_text(int(size))} fit ({limit}); "
        f"{_room_for_pods(frame)}.",
    )


def _room_for_pods(frame: pd.DataFrame) -> str:
    """Return how many pods still fit on the nodes that take any pod; pods that tolerate taints find more."""
    takers = frame[frame["is_schedulable"]]
    n_free = plural(int(takers["n_free"].clip(lower=0).sum()), "more pod")
    n_others = len(frame) - len(takers)
    if not n_others:
        return f"all nodes together have room for {n_free}"
    if takers.empty:
        return "every node is cordoned or keeps pods away with a taint"
    others = f"{plural(n_others, 'node')} that {'is' if n_others == 1 else 'are'} cordoned or tainted"
    nodes = "node has" if len(takers) == 1 else "nodes together have"
    return f"the {count_text(len(takers))} schedulable {nodes} room for {n_free}, {others} not counted"


def _service_statements(evidence: Evidence) -> Iterator[_Statement]:
    frame = evidence.services.frame.dropna(subset=["n_ready"])
    if frame.empty:
        return
    n_ready = int((frame["n_ready"] > 0).sum())
    which = "All" if n_ready == len(frame) else f"{count_text(n_ready)} of"
    yield _Statement(3, f"{which} {plural(len(frame), 'Service')} that can have endpoints have a ready one.")
