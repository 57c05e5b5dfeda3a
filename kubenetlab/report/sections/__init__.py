"""The parts of the report, in reading order. A new subject adds a module with one function and a line here.

A function returns None where its subject does not concern the cluster.
"""

from collections.abc import Callable

from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Section
from kubenetlab.report.sections.addresses import addresses
from kubenetlab.report.sections.dns import dns
from kubenetlab.report.sections.findings import findings
from kubenetlab.report.sections.provenance import provenance
from kubenetlab.report.sections.rules import rules
from kubenetlab.report.sections.services import services
from kubenetlab.report.sections.settings import settings
from kubenetlab.report.sections.summary import summary

SECTIONS: tuple[Callable[[Evidence], Section | None], ...] = (
    summary,
    findings,
    addresses,
    services,
    rules,
    dns,
    settings,
    provenance,
)

__all__ = ["SECTIONS"]
