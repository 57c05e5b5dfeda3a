"""What is wrong or at risk: the findings by code, the most severe first, with evidence and advice."""

from __future__ import annotations

import pandas as pd

from kubenetlab.charts.wording import plural
from kubenetlab.findings import Finding
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, FindingGroup, Section, table


def findings(evidence: Evidence) -> Section:
    """Return the findings, grouped by code."""
    groups = tuple(
        _group(code, evidence.title_by_code[code], found) for code, found in evidence.findings_by_code.items()
    )
    n_findings = len(evidence.findings)
    order = "; the most severe come first" if len(groups) > 1 else ""
    sentence = f"{plural(n_findings, 'finding')}{order}." if groups else "None of the checks found anything."
    return Section(anchor="findings", title="Findings", sentences=(sentence,), groups=groups)


def _group(code: str, title: str, found: list[Finding]) -> FindingGroup:
    first = found[0]
    frame = pd.DataFrame(
        [(f.object, f.message, f.evidence) for f in found], columns=["object", "message", "evidence"]
    )
    columns = {
        "object": Column("Object"),
        "message": Column("Finding"),
        "evidence": Column("Evidence", "; ".join),
    }
    return FindingGroup(
        code=code,
        title=title,
        severity=str(first.severity),
        advice=first.advice,
        documentation=first.documentation if first.documentation.startswith("https://") else "",
        objects=table(
            f"{code}, {plural(len(found), 'finding')}", frame, columns, listed_by="kubenetlab check SOURCE"
        ),
    )
