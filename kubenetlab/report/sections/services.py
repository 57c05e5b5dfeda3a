"""What Services can send to: ready and unready endpoints, how they lie on the nodes, and how evenly they share."""

from __future__ import annotations

import pandas as pd

from kubenetlab.charts.wording import count_text, plural
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Section, number, table
from kubenetlab.report.sections.service_spread import spread

_COLUMNS = {
    "service": Column("Service"),
    "type": Column("Type"),
    "cluster_ip": Column("ClusterIP", kind="code"),
    "external_traffic_policy": Column("External traffic"),
    "n_ready": number("Ready"),
    "n_not_ready": number("Not ready"),
    "n_nodes": number("Nodes"),
    "min_per_node": number("Fewest per node"),
    "max_per_node": number("Most per node"),
}

_NOTES = ("Nodes, fewest and most per node count ready endpoints, on the nodes that have one.",)


def services(evidence: Evidence) -> Section:
    """Return the section on Services."""
    frame = _worst_first(evidence.services.frame)
    shown = "those without a ready endpoint first, then by endpoints that are not ready"
    tables = (
        (table(f"Services, {shown}", frame, _COLUMNS, "kubenetlab show SOURCE services"),)
        if len(frame)
        else ()
    )
    spread_tables, spread_notes = spread(evidence)
    return Section(
        anchor="services",
        title="Services",
        sentences=(_sentence(evidence, frame),),
        tables=(*spread_tables, *tables),  # short above long
        notes=(*spread_notes, *(_NOTES if tables else ())),
    )


def _worst_first(frame: pd.DataFrame) -> pd.DataFrame:
    keys = frame.assign(
        has_none=frame["n_ready"].eq(0).fillna(False),
        unready=frame["n_not_ready"].fillna(-1),
        spread=(frame["max_per_node"] - frame["min_per_node"]).fillna(0),
    )
    return keys.sort_values(
        ["has_none", "unready", "spread", "service"], ascending=[False, False, False, True], kind="stable"
    )


def _sentence(evidence: Evidence, frame: pd.DataFrame) -> str:
    if frame.empty:
        return "There are no Services in this dump."
    if not evidence.cluster.has_endpoint_data:
        return "There are no EndpointSlices in this dump, so nothing is said about which Services have endpoints."
    n_none = int(frame["has_none"].sum())
    if not n_none:
        return f"{plural(len(frame), 'Service')}; each that has endpoints at all has a ready one."
    return f"{plural(len(frame), 'Service')}, {count_text(n_none)} of them without a ready endpoint."
