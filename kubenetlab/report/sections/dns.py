"""What answers names: the cluster domain, the DNS Service and its replicas, and the Corefile as it stands."""

from __future__ import annotations

from kubenetlab.dns.cluster_dns import corefiles
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Section, TextBlock, table

_COLUMNS = {"fact": Column("Fact"), "value": Column("Value"), "evidence": Column("Evidence")}
_MAX_LENGTH = 50_000


def dns(evidence: Evidence) -> Section:
    """Return the section on DNS."""
    texts = tuple(
        TextBlock(f"Corefile of ConfigMap {name}", _bounded(text))
        for name, text in corefiles(evidence.cluster)
    )
    return Section(
        anchor="dns",
        title="DNS",
        sentences=()
        if texts
        else ("No ConfigMap of this dump holds a Corefile, so how CoreDNS is set up is unknown.",),
        tables=(table("Facts about the cluster's DNS", evidence.dns.frame, _COLUMNS),),
        texts=texts,
    )


def _bounded(text: str) -> str:
    if len(text) <= _MAX_LENGTH:
        return text
    return f"{text[:_MAX_LENGTH]}\n# {len(text) - _MAX_LENGTH:,} more characters are not shown here"
