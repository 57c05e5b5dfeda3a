"""A plan as documents for programs: JSON with everything in it, and prefixes as NetBox imports them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubenetlab.ipam.planner.certificate import sealed
from kubenetlab.ipam.planner.plan import Plan
from kubenetlab.ipam.planner.planned_cluster import PlannedCluster, SettingsText
from kubenetlab.ipam.planner.running_clusters import is_there
from kubenetlab.ipam.planner.settings_to_type import settings_to_type
from kubenetlab.readers.plan_file import SCHEMA

if TYPE_CHECKING:
    import pandas as pd

#: Columns of NetBox's import of prefixes (netbox/ipam/forms/bulk_import.py, PrefixImportForm) that a plan can fill.
NETBOX_COLUMNS = ("prefix", "status", "role", "description")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # OWASP, CSV Injection

_OF_RUNNING = "# The nodes of this cluster are there already: if it runs, compare these settings with its own, do not run them.\n"


def plan_settings(plan: Plan) -> Iterator[SettingsText]:
    """Yield what to type for every cluster of a plan."""
    ranges = plan.ranges_by_cluster
    for cluster in plan.request.clusters:
        yield from settings_to_type(PlannedCluster(cluster, ranges[cluster.name]))


def settings_text(plan: Plan, cluster: str) -> str:
    """Return what to type for one cluster, each text under a line with its tool and file name.

    Raises
    ------
    ValueError
        If the plan has no such cluster.
    """
    texts = [text for text in plan_settings(plan) if text.cluster == cluster]
    if not texts:
        names = ", ".join(needs.name for needs in plan.request.clusters)
        raise ValueError(f"there is no cluster {cluster}, there are {names}"[:500])
    has_nodes = any(c.name == cluster and is_there(plan.request, c) for c in plan.request.clusters)
    return _OF_RUNNING * has_nodes + "\n".join(f"# {text.tool}: {text.file}\n{text.text}" for text in texts)


def plan_document(plan: Plan, version: str) -> dict[str, Any]:
    """Return a plan as values that JSON can hold; fields may be added to it, none changes its meaning.

    ``version`` is that of kubenetlab. ``sha256`` is the digest of all the rest (``checker.check_plan``).
    """
    facts = {
        "schema": SCHEMA,
        "kubenetlab": version,
        "request": {"file": Path(plan.request.name).name, "sha256": plan.request.sha256},
        "title": plan.title,
        "ranges": _records(plan.frame),
        "clusters": _records(plan.clusters),
        "settings": [text._asdict() for text in plan_settings(plan)],
        "assumptions": [setting._asdict() for setting in plan.assumptions],
        "in_the_way": list(plan.because),
        "notes": list(plan.notes),
        "certificate": plan.certificate,
    }
    return sealed(facts)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    return [{name: None if value != value else value for name, value in row.items()} for row in rows]  # noqa: PLR0124 - NaN


def netbox_csv(plan: Plan) -> str:
    """Return a plan's ranges as CSV that NetBox imports as prefixes.

    New ranges are ``reserved``, those that the request fixes ``active``; roles must exist in NetBox.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(NETBOX_COLUMNS)
    for planned in plan.ranges:
        status = "active" if planned.origin == "fixed" else "reserved"
        row = (
            str(planned.network),
            status,
            f"kubernetes-{planned.role}",
            f"{planned.name} ({planned.cluster.platform})",
        )
        writer.writerow(map(_harmless, row))
    return text.getvalue()


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
