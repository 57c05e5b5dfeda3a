"""``kubenetlab check``: what is wrong or at risk; the gate for CI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kubenetlab import __version__
from kubenetlab.cli.exit_codes import GATE_FAILED
from kubenetlab.cli.sources import read, strict_option
from kubenetlab.cli.tables import json_text, records, text_table
from kubenetlab.visible_text import visible

if TYPE_CHECKING:
    from kubenetlab.cluster import Cluster
    from kubenetlab.findings import Finding, Findings

SCHEMA = "kubenetlab/check/v1"
CODES_SCHEMA = "kubenetlab/codes/v1"
SEVERITIES = ("high", "medium", "low", "info")

_HELP = """List what is wrong or at risk in the cluster in SOURCE, worst first.

Exit 1 if there is a finding of the severity --fail-on or worse, otherwise 0: a gate for CI.

\b
Examples:
  kubenetlab check sample:shop
  kubenetlab check dump.json --fail-on medium
  kustomize build overlays/production | kubenetlab check - --format json
  kubenetlab check --list                        every code and what it means

\b
The JSON has schema kubenetlab/check/v1; fields may be added to it, none changes its meaning:
  schema, kubenetlab (version), input (sha256 and the files: name, format, n_bytes, sha256), fail_on,
  failed (true: exit 1), n_findings by severity, findings (code, severity, object, message, evidence,
  advice, documentation), refused (file, object, field, found, expected), notes
--list --format json has schema kubenetlab/codes/v1: schema, kubenetlab, codes.
"""


def _print_codes(output: str) -> None:
    from kubenetlab.findings import rules

    frame = rules().frame
    if output == "json":
        document = {"schema": CODES_SCHEMA, "kubenetlab": __version__, "codes": records(frame)}
        click.echo(json_text(document), nl=False)
    else:
        click.echo(text_table(frame[["code", "severity", "title"]]), nl=False)


@click.command("check", help=_HELP)
@click.argument("source", required=False, metavar="SOURCE")
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="high",
    show_default=True,
    help="Mildest severity that fails.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(("table", "json")),
    default="table",
    show_default=True,
    help="How to print.",
)
@click.option(
    "--list",
    "is_list",
    is_flag=True,
    help="Print every code, and exit; no SOURCE is read.",
)
@strict_option
def command(source: str | None, fail_on: str, output: str, *, is_list: bool, strict: bool) -> None:
    """Print the findings and end with the gate's verdict."""
    ctx = click.get_current_context()
    if is_list:
        _print_codes(output)
        return
    if source is None:
        raise click.MissingParameter(ctx=ctx, param=ctx.command.params[0])
    cluster = read([source], strict)
    from kubenetlab.findings import check

    findings = check(cluster)
    if output == "json":
        click.echo(json_text(document(cluster, findings, fail_on)), nl=False)
    else:
        click.echo(_text(findings, fail_on))
    if findings.at_least(fail_on):
        ctx.exit(GATE_FAILED)


def document(cluster: Cluster, findings: Findings, fail_on: str) -> dict[str, Any]:
    """Return the JSON document of ``check``."""
    provenance = cluster.provenance
    return {
        "schema": SCHEMA,
        "kubenetlab": __version__,
        "input": {"sha256": provenance.digest, "files": [file._asdict() for file in provenance.files]},
        "fail_on": fail_on,
        "failed": bool(findings.at_least(fail_on)),
        "n_findings": findings.by_severity,
        "findings": [finding._asdict() for finding in findings],
        "refused": [refusal._asdict() for refusal in provenance.refused],
        "notes": provenance.notes,
    }


def _text(findings: Findings, fail_on: str) -> str:
    if not len(findings):
        return "No findings."
    lines = [line for finding in findings for line in _lines(finding)]
    n_failing = len(findings.at_least(fail_on)) or "none"
    return "\n".join([*lines, f"{findings.title}; {n_failing} of severity {fail_on} or worse."])


def _lines(finding: Finding) -> list[str]:
    """Return a finding as lines: what, the evidence, what to do, and an empty one."""
    evidence = [f"{'':15}{line}" for line in finding.evidence]
    head = f"{finding.severity.upper():7} {finding.code}  {finding.object}: {finding.message}"
    return [*map(visible, (head, *evidence, f"{'':15}→ {finding.advice}")), ""]
