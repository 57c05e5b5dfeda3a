"""Tables of the address section that only some clusters have: subnets of the cloud, leaked addresses, Calico blocks, MTU."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kubenetlab.charts.wording import count_text, plural
from kubenetlab.ipam.address_leaks import host_local_use, leaked_addresses
from kubenetlab.ipam.cloud_subnets import node_pools
from kubenetlab.report.evidence import Evidence
from kubenetlab.report.section import Column, Table, number, share, table

_N_ID_SHOWN = 12  # characters, as crictl shows them
_LISTED_BY = "kubenetlab show SOURCE addresses"
_SUBNET_COLUMNS = {
    "subnet": Column("Subnet"),
    "range": Column("Range", kind="code"),
    "zone": Column("Zone"),
    "n_usable": number("Usable"),
    "n_used": number("Used"),
    "n_free": number("Free"),
    "used_share": share("Share used"),
    "n_prefixes_free": number("Free /28"),
}
_POOL_COLUMNS = {
    "node_pool": Column("Node pool"),
    "n_nodes": number("Nodes"),
    "max_nodes": number("Nodes at most"),
    "max_pods": number("Pods of a node"),
    "subnet": Column("Subnet"),
    "pod_subnet": Column("Pod range"),
}
_FILE_COLUMNS = {
    "node": Column("Node"),
    "networks": Column("Network"),
    "n_files": number("Files"),
    "n_in_use": number("In use"),
    "n_leaked": number("Leaked"),
    "n_without_file": number("Without file"),
    "n_capacity": number("Pod CIDR holds"),
    "n_left": number("Left"),
    "leaked_share": share("Share leaked"),
}
_LEAK_COLUMNS = {
    "node": Column("Node"),
    "address": Column("Address", kind="code"),
    "state": Column("State"),
    "container_id": Column("Container", lambda text: text[:_N_ID_SHOWN], "code"),
    "pod": Column("Pod"),
}
_BLOCK_COLUMNS = {
    "block": Column("Block", kind="code"),
    "node": Column("Node"),
    "is_node_gone": Column("Node is gone", lambda value: "yes" if value else "no", "word"),
    "n_held": number("Held"),
    "n_pods": number("By pods"),
    "n_leaked": number("By pods that are gone"),
    "pinned_by": Column("Pinned by"),
}
_CAPACITY_COLUMNS = {
    "quantity": Column("Room for"),
    "n": number("At most"),
    "binds": Column("What binds"),
    "sentence": Column("Why"),
}
_MTU_COLUMNS = {
    "quantity": Column("Quantity"),
    "n_bytes": number("Bytes"),
    "origin": Column("Origin", kind="word"),
    "evidence": Column("Evidence"),
}


def detail_tables(evidence: Evidence) -> Iterator[Table]:
    """Yield capacity and MTU, and of the others the tables that have a row."""
    cluster = evidence.cluster
    blocks = evidence.blocks.frame
    telling = blocks[blocks["is_node_gone"] | blocks["is_pinned"] | (blocks["n_leaked"].fillna(0) > 0)]
    frames = (
        (evidence.capacity.title, evidence.capacity.frame, _CAPACITY_COLUMNS),
        ("Subnets of the cloud, the fullest first", _fullest(evidence), _SUBNET_COLUMNS),
        ("Node pools, as the cloud lists them", node_pools(cluster).frame, _POOL_COLUMNS),
        ("host-local's files against running pods", host_local_use(cluster).frame, _FILE_COLUMNS),
        (
            "Addresses that are leaked, or in use without a file",
            leaked_addresses(cluster).frame,
            _LEAK_COLUMNS,
        ),
        ("Calico blocks that keep more than they use", telling, _BLOCK_COLUMNS),
        (evidence.mtu.title, evidence.mtu.frame, _MTU_COLUMNS),
    )
    yield from (
        table(caption, frame, columns, _LISTED_BY) for caption, frame, columns in frames if len(frame)
    )


def _fullest(evidence: Evidence) -> pd.DataFrame:
    return evidence.subnets.frame.sort_values("used_share", ascending=False, kind="stable")


def detail_sentences(evidence: Evidence) -> Iterator[str]:
    """Yield what the listings say, in a sentence or two."""
    files = host_local_use(evidence.cluster).frame
    n_leaked = int(files["n_leaked"].fillna(0).sum())
    if n_leaked:
        yield (
            f"host-local holds {plural(n_leaked, 'address')} for containers that are gone, on "
            f"{plural(int((files['n_leaked'].fillna(0) > 0).sum()), 'node')} of {count_text(len(files))} that were listed; "
            "they come back only when somebody removes the files."
        )
    for reason in (*evidence.subnets.because, *evidence.blocks.because):
        yield f"{reason[:1].upper()}{reason[1:]}."
