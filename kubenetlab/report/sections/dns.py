"""What answers names and what that costs: the DNS Service, resolv.conf, CoreDNS' size, the Corefile as it stands."""

from __future__ import annotations

from itertools import chain

from kubenetlab.dns.cluster_dns import corefiles
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Section, TextBlock, table
from kubenetlab.report.sections.dns_details import capacity, long_answers, name_costs, resolv_confs

_COLUMNS = {"fact": Column("Fact"), "value": Column("Value"), "evidence": Column("Evidence")}
_MAX_LENGTH = 50_000


def dns(evidence: Evidence) -> Section:
    """Return the section on DNS."""
    cluster = evidence.cluster
    texts = tuple(
        TextBlock(f"Corefile of ConfigMap {name}", _bounded(text)) for name, text in corefiles(cluster)
    )
    unknown = "No ConfigMap of this dump holds a Corefile, so how CoreDNS is set up is unknown."
    details = (name_costs(cluster), resolv_confs(cluster), capacity(cluster))
    facts = table("Facts about the cluster's DNS", evidence.dns.frame, _COLUMNS)
    sentences = chain.from_iterable(detail.sentences for detail in details)
    return Section(
        anchor="dns",
        title="DNS",
        sentences=(*sentences, *long_answers(evidence), *(() if texts else (unknown,))),
        pictures=tuple(chain.from_iterable(detail.pictures for detail in details)),
        tables=(facts, *chain.from_iterable(detail.tables for detail in details)),
        texts=texts,
        notes=tuple(chain.from_iterable(detail.notes for detail in details)),
    )


def _bounded(text: str) -> str:
    if len(text) <= _MAX_LENGTH:
        return text
    return f"{text[:_MAX_LENGTH]}\n# {len(text) - _MAX_LENGTH:,} more characters are not shown here"
