"""The facts of the summary: what the cluster is and how large, each with its origin unless it stands in the dump."""

from __future__ import annotations

from kubenetlab.charts.wording import count_text
from kubenetlab.cluster import Cluster
from kubenetlab.objects import KINDS
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Fact
from kubenetlab.result import Origin, Setting

_COUNTS = ("nodes", "pods", "services")
_SETTINGS = {
    "Kubernetes": "kubernetes_version", "Platform": "platform", "CNI": "cni", "IPAM": "ipam",
    "kube-proxy": "proxy_mode", "Pod range": "cluster_cidr", "Service range": "service_cidr",
    "Node range": "node_cidr",
}  # fmt: skip
_NOTES = {Origin.INFERRED: "inferred", Origin.DEFAULT: "default, assumed"}
_AT_LEAST = "inferred, at least"  # the smallest range that holds what the dump shows
_KIND_BY_PLURAL = {kind.plural: kind.kind for kind in KINDS}


def facts(evidence: Evidence) -> dict[str, Fact]:
    """Return the facts by name: findings by severity, objects, and the settings that matter most."""
    counts = evidence.findings.by_severity
    found = ", ".join(f"{n:,}\N{NO-BREAK SPACE}{severity}" for severity, n in counts.items() if n)
    cluster = evidence.cluster
    return (
        {"Findings": Fact(found or "none")}
        | {plural.capitalize(): _count(cluster, plural) for plural in _COUNTS}
        | {name: _value(cluster.settings[key]) for name, key in _SETTINGS.items() if key in cluster.settings}
    )


def _count(cluster: Cluster, plural: str) -> Fact:
    values = cluster.values(plural)
    if not values and not cluster.provenance.read.get(_KIND_BY_PLURAL[plural]):
        return Fact("not in the dump")
    is_planned = bool(values) and plural == "pods" and all(pod.is_planned for pod in cluster.pods)
    return Fact(count_text(len(values)), "planned, from workloads" if is_planned else "")


def _value(setting: Setting) -> Fact:
    is_range = setting.name.endswith("_cidr")
    is_hull = is_range and setting.origin is Origin.INFERRED
    return Fact(setting.text, _AT_LEAST if is_hull else _NOTES.get(setting.origin, ""))
