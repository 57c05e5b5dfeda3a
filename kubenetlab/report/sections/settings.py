"""The assumption ledger: every setting that the numbers rest on, and where its value comes from."""

from __future__ import annotations

from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Section, table

_COLUMNS = {
    "setting": Column("Setting"),
    "value": Column("Value"),
    "origin": Column("Origin"),
    "evidence": Column("Evidence"),
}


def settings(evidence: Evidence) -> Section:
    """Return the assumption ledger."""
    return Section(
        anchor="settings",
        title="Assumptions",
        sentences=(
            "Every number in this report rests on these settings. Read: it stands in the dump. Inferred: the dump's objects "
            "imply it. Default: the component's documented default. Unknown: a dump cannot hold it, and nothing was guessed.",
        ),
        tables=(table("Settings of the cluster", evidence.cluster.settings.frame, _COLUMNS),),
    )
