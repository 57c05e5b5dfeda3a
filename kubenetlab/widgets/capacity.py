"""How large must the ranges be: sliders for masks, pods, nodes and growth; what binds, and when it is reached."""

from __future__ import annotations

from math import ceil, log
from typing import Any

import ipywidgets
import pandas as pd

from kubenetlab.charts.pareto import pareto
from kubenetlab.charts.wording import plural
from kubenetlab.ipam.capacity import capacity
from kubenetlab.ipam.forecast.growth import DAYS_PER_YEAR
from kubenetlab.ipam.pareto import pareto_front
from kubenetlab.ipam.set_up import Quantity, SetUp
from kubenetlab.widgets.panel import Panel, Picture

#: IPAMs in which a mask decides what a node gets; the other sliders serve Calico too.
_IPAMS = ("host-local", "cilium-cluster-pool", "ovn-kubernetes", "flannel-etcd", "calico")
_BASE = "10.0.0.0"
_SERVICE_CIDR = "172.20.0.0/16"  # apart from the pods, so that it takes no node CIDR away


def capacity_planner(
    cluster_mask: int = 16, node_mask: int = 24, max_pods: int = 110, nodes: int = 60
) -> Panel:
    """Return sliders for the sizes of one cluster, and what they come to.

    Parameters
    ----------
    cluster_mask, node_mask
        Prefix lengths of the cluster CIDR and of a node's pod CIDR to begin with.
    max_pods, nodes
        The kubelet's ``maxPods``, and the nodes of today.

    Raises
    ------
    ValueError
        If a value lies outside its slider.
    """
    controls = {
        "ipam": ipywidgets.Dropdown(options=_IPAMS, value=_IPAMS[0], description="IPAM"),
        "cluster_mask": _slider(cluster_mask, 8, 24, "Cluster CIDR mask"),
        "node_mask": _slider(node_mask, 20, 28, "Node CIDR mask"),
        "max_pods": _slider(max_pods, 8, 500, "maxPods"),
        "nodes": _slider(nodes, 1, 5000, "Nodes today"),
        "growth": _slider(30, 0, 200, "Growth, % a year"),
    }
    return Panel(controls, _draw)


def _slider(value: int, least: int, most: int, description: str) -> ipywidgets.IntSlider:
    if not least <= value <= most:
        raise ValueError(f"{description} {value}: a number of {least} to {most:,} expected")
    return ipywidgets.IntSlider(
        value=value, min=least, max=most, description=description, continuous_update=False
    )


def _draw(nodes: int, growth: int, **sizes: Any) -> Picture:
    set_up = SetUp(
        ipam=sizes["ipam"],
        pod_cidrs=(f"{_BASE}/{sizes['cluster_mask']}",),
        service_cidrs=(_SERVICE_CIDR,),
        node_cidr_mask_size=sizes["node_mask"],
        max_pods=sizes["max_pods"],
    )
    room = capacity(set_up)
    sentence = f"{room.because[0]} {_reached(room.frame, nodes, growth / 100)}"
    return Picture(pareto(pareto_front(set_up)), sentence)


def _reached(room: pd.DataFrame, nodes: int, rate: float) -> str:
    """Say when a count of nodes that grows meets the room there is for nodes."""
    row = room.set_index("quantity").loc[str(Quantity.NODES)]
    today = plural(nodes, "node")
    if pd.isna(row["n"]):
        return f"Nothing that is known bounds the {today}."
    if nodes > row["n"]:
        return f"The {today} of today are more than the {row['n']:,} there is room for ({row['binds']})."
    if not rate:
        return f"Without growth the {today} of today always fit into the {row['n']:,} there is room for."
    days = ceil(log((row["n"] + 1) / nodes) / log(1 + rate) * DAYS_PER_YEAR)
    words = f"{today} today, {rate:.0%} more a year".replace("%", " %")
    return f"{words}: node number {row['n'] + 1:,} comes after {days / DAYS_PER_YEAR:.1f} years ({row['binds']})."
