"""What was read, what was skipped, what was refused and why."""

from __future__ import annotations

from itertools import takewhile
from pathlib import PurePath

import pandas as pd

from kubenetlab.charts.wording import count_text, plural
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Section, Table, number, table

_FILE_COLUMNS = {
    "name": Column("File"),
    "format": Column("Format"),
    "n_bytes": number("Bytes"),
    "sha256": Column("SHA-256"),
}
_KIND_COLUMNS = {
    "kind": Column("Kind"),
    "n_read": number("Read"),
    "n_skipped": number("Skipped"),
    "n_refused": number("Refused"),
}
_REFUSAL_COLUMNS = {
    "file": Column("File"),
    "object": Column("Object"),
    "field": Column("Field"),
    "found": Column("Found"),
    "expected": Column("Expected"),
}
_ALL_REFUSALS = "kubenetlab.read_cluster(SOURCE).provenance.refusals in Python"


def provenance(evidence: Evidence) -> Section:
    """Return what the report was made from."""
    found = evidence.cluster.provenance
    files = pd.DataFrame(found.files, columns=list(_FILE_COLUMNS))
    short_names = _short_names([file.name for file in found.files])
    files["name"] = files["name"].replace(short_names)
    refusals = found.refusals
    refusals["file"] = refusals["file"].replace(short_names)
    frames = (
        ("Items by kind", found.frame, _KIND_COLUMNS, ""),
        ("Items refused, and left out of all numbers", refusals, _REFUSAL_COLUMNS, _ALL_REFUSALS),
        ("Files, in the order they were read", files, _FILE_COLUMNS, "sha256sum"),
    )
    return Section(
        anchor="provenance",
        title="What was read",
        sentences=(_sentence(evidence),),
        tables=tuple(_shown(*entry) for entry in frames if not entry[1].empty),
        notes=found.notes,
    )


def _short_names(names: list[str]) -> dict[str, str]:
    """Return names without the folders that all files share: where they lie is nobody's business but their owner's."""
    parts = [PurePath(name).parts for name in names]
    levels = zip(*(part[:-1] for part in parts), strict=False)
    n_shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
    return {name: str(PurePath(*part[n_shared:])) for name, part in zip(names, parts, strict=True)}


def _shown(caption: str, frame: pd.DataFrame, columns: dict[str, Column], listed_by: str) -> Table:
    return table(caption, frame, columns, listed_by)


def _sentence(evidence: Evidence) -> str:
    found = evidence.cluster.provenance
    n_skipped = sum(found.skipped.values())
    secrets = (
        f" Secrets among them were not decoded ({count_text(found.n_secrets)})." if found.n_secrets else ""
    )
    return (
        f"Read {plural(sum(found.read.values()), 'item')} from {plural(len(found.files), 'file')}; "
        f"skipped {count_text(n_skipped)} of kinds that no model uses; refused {count_text(len(found.refused))}.{secrets}"
    )
