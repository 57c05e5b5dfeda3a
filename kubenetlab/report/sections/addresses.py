"""Who has which addresses: a map of the ranges, how full they are, and how full the nodes are."""

from __future__ import annotations

from typing import Any

from kubenetlab import charts
from kubenetlab.charts.addresses import MAX_RANGES
from kubenetlab.charts.pareto import pareto
from kubenetlab.charts.wording import count_text, plural
from kubenetlab.ipam.node_pod_ranges import ipam_of
from kubenetlab.ipam.pod_cidr_capacity import POD_CIDR_RULES
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Section, Table, number, share, table
from kubenetlab.report.sections.address_details import detail_sentences, detail_tables
from kubenetlab.report.svg import Picture, picture

_N_RANGES_SHOWN = 2  # of a node that has many


def _first_few(texts: str) -> str:
    ranges = texts.split(", ")
    n_more = len(ranges) - _N_RANGES_SHOWN
    return ", ".join(ranges[:_N_RANGES_SHOWN]) + (f" and {n_more:,} more" if n_more > 0 else "")


_RANGE_COLUMNS = {
    "range": Column("Range", kind="code"),
    "role": Column("Role"),
    "object": Column("Said by"),
    "n_usable": number("Usable"),
    "n_used": number("Used"),
    "n_free": number("Free"),
    "used_share": share("Share used"),
    "n_held": number("Held"),
}
_BLOCK_COLUMNS = {
    "range": Column("Range", kind="code"),
    "role": Column("Role"),
    "largest_free": Column("Largest free block", kind="code"),
    "part": Column("Given to a node", kind="code"),
    "n_parts": number("Of these it has"),
    "n_parts_free": number("Free"),
}
_NODE_COLUMNS = {
    "node": Column("Node"),
    "zone": Column("Zone"),
    "pod_cidr": Column("Pod CIDR", _first_few, kind="code"),
    "is_schedulable": Column("Takes any pod", lambda value: "yes" if value else "no", "word"),
    "n_pods": number("Pods"),
    "n_host_network": number("On host network"),
    "max_pods": number("Node capacity"),
    "n_addresses": number("Pod CIDR holds"),
    "n_free": number("Room for"),
    "used_share": share("Share used"),
}


def addresses(evidence: Evidence) -> Section:
    """Return the section on addresses."""
    return Section(
        anchor="addresses",
        title="Addresses",
        sentences=tuple(_sentences(evidence)),
        pictures=tuple(_pictures(evidence)),
        tables=tuple(_tables(evidence)),
        notes=tuple(_notes(evidence)),
    )


def _sentences(evidence: Evidence) -> list[str]:
    ranges = evidence.ranges.frame
    if ranges.empty:
        return ["The dump names no pod, Service or node range.", *detail_sentences(evidence)]
    sentences = [f"The dump names or implies {plural(len(ranges), 'range')}."]
    if len(ranges) > MAX_RANGES:
        sentences.append(f"The map shows the first {MAX_RANGES} of them, the table all.")
    return [*sentences, evidence.capacity.because[0], *detail_sentences(evidence)]


def _pictures(evidence: Evidence) -> list[Picture]:
    pictures = []
    if not evidence.occupancy.frame.empty:
        pictures.append(picture(charts.address_map, evidence.occupancy, "Map of the address space"))
    if evidence.nodes.frame["n_pods"].notna().any():
        pictures.append(picture(charts.pods_per_node, evidence.nodes, "Pods per node"))
    if evidence.node_sizes is not None and len(evidence.node_sizes.frame) > 1:
        pictures.append(picture(pareto, evidence.node_sizes, "Many small nodes or few large ones"))
    return pictures


def _tables(evidence: Evidence) -> list[Table]:
    ranges = evidence.ranges.frame.sort_values("used_share", ascending=False, kind="stable")
    ranges["role"] += ranges["unit"].map({"given to nodes": ", given to nodes in parts"}).fillna("")
    nodes = evidence.nodes.frame.sort_values("used_share", ascending=False, kind="stable")
    tables = []
    if not ranges.empty:
        tables.append(table("Ranges, the fullest first", ranges, _RANGE_COLUMNS, "kubenetlab show SOURCE"))
    if not nodes.empty:
        columns = _node_columns(evidence)
        tables.append(table("Nodes, the fullest first", nodes, columns, "kubenetlab show SOURCE nodes"))
    blocks = ranges.dropna(subset=["largest_free"])
    if not blocks.empty:
        listed_by = "kubenetlab show SOURCE addresses"
        tables.append(
            table("What is free of the ranges, as aligned blocks", blocks, _BLOCK_COLUMNS, listed_by)
        )
    return [*tables, *detail_tables(evidence)]


def _node_columns(evidence: Evidence) -> dict[str, Column]:
    """Return the columns of nodes; Calico's nodes have blocks, and no limit but their capacity."""
    if ipam_of(evidence.cluster) != "calico":
        return _NODE_COLUMNS
    columns = {name: column for name, column in _NODE_COLUMNS.items() if name != "n_addresses"}
    return columns | {"pod_cidr": columns["pod_cidr"]._replace(heading="Calico blocks")}


def _notes(evidence: Evidence) -> list[str]:
    notes = []
    if evidence.ranges.frame["object"].str.endswith("(inferred)").any():
        notes.append(
            "An inferred range is the smallest one that holds what the dump shows; how large it really is, and so how "
            "many of its addresses can be used, the dump does not say."
        )
    notes += _calico_notes(evidence)
    ipam = ipam_of(evidence.cluster)
    if evidence.cluster.nodes and ipam not in ("unknown", *POD_CIDR_RULES):
        notes.append(
            f"With this IPAM ({ipam}) a node's pod CIDR does not limit its pods, so only its capacity does."
        )
    return notes


def _calico_notes(evidence: Evidence) -> list[str]:
    frame = evidence.ranges.frame.dropna(subset=["n_held", "n_owned"])
    rows: list[list[Any]] = frame[["range", "n_held", "n_owned"]].to_numpy().tolist()
    return [
        f"In {text}, Calico's blocks say that {plural(n_held, 'address')} {'is' if n_held == 1 else 'are'} held; "
        f"{count_text(n_owned)} of them {'belongs' if n_owned == 1 else 'belong'} to running pods of this dump. "
        "The others are addresses of nodes (tunnels), or of pods that are gone."
        for text, n_held, n_owned in rows
        if n_held != n_owned
    ]
