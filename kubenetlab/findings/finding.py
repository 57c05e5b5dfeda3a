"""A finding: what is wrong or at risk, about which object, why, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import pandas as pd

from kubenetlab.result import Basis, Result, Setting


class Severity(StrEnum):
    """How bad it is; ``Severity.HIGH > Severity.MEDIUM > Severity.LOW > Severity.INFO``."""

    HIGH = "high"  # traffic is lost, or will be
    MEDIUM = "medium"  # it works, but not as meant or not for long
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """3 for high, down to 0 for info."""
        return 3 - list(Severity).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < Severity(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Severity(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Severity(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Severity(other).rank


class Finding(NamedTuple):
    """One finding.

    ``code`` never changes its meaning; ``object`` is ``Kind namespace/name``, ``Kind name`` or ``Cluster``;
    ``message`` is one sentence; ``evidence`` names fields, objects and values; ``documentation`` is an address.
    """

    code: str
    severity: Severity
    object: str
    message: str
    evidence: tuple[str, ...]
    advice: str
    documentation: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Findings(Result):
    """All findings of a cluster, by severity (high first), code and object.

    The frame has one row a finding: code, severity, object, message, evidence, advice, documentation (all text).
    """

    findings: tuple[Finding, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, findings: Iterable[Finding], assumptions: tuple[Setting, ...] = ()) -> Findings:
        """Return findings in their order, with a title that counts them."""
        ordered = tuple(sorted(findings, key=lambda f: (-f.severity.rank, f.code, f.object, f.message)))
        rows = [
            (f.code, str(f.severity), f.object, f.message, "; ".join(f.evidence), *f[5:]) for f in ordered
        ]
        frame = pd.DataFrame(rows, columns=list(Finding._fields), dtype="str")
        title = _title(Counter(finding.severity for finding in ordered))
        return cls(title=title, _frame=frame, findings=ordered, assumptions=assumptions, basis=Basis.DOCS)

    @property
    def by_severity(self) -> Mapping[Severity, int]:
        """How many there are of each severity, high first; zeros too."""
        counts = Counter(finding.severity for finding in self.findings)
        return {severity: counts[severity] for severity in Severity}

    @property
    def by_code(self) -> Mapping[str, int]:
        """How many there are of each code that was found, in the order of the codes."""
        return dict(sorted(Counter(finding.code for finding in self.findings).items()))

    def at_least(self, severity: Severity | str) -> tuple[Finding, ...]:
        """Return the findings of a severity or worse."""
        return tuple(finding for finding in self.findings if finding.severity >= Severity(severity))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)


def _title(counts: Mapping[Severity, int]) -> str:
    parts = [f"{counts[severity]} {severity}" for severity in Severity if counts.get(severity)]
    return f"Findings: {', '.join(parts)}" if parts else "No findings"
