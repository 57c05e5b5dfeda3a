"""Sticky sessions: choose clients, endpoints and nodes, and see how many clients find their endpoint again."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pandas as pd

from kubenetlab.charts.affinity_retention import affinity_retention as retention_chart
from kubenetlab.charts.wording import count_text, share_text
from kubenetlab.load_balancing.affinity.modes import EVERY
from kubenetlab.load_balancing.affinity.retention import ClientReturns, affinity_retention
from kubenetlab.widgets.panel import Panel, Picture

_CLIENTS = [n * 10**power for power in range(1, 5) for n in (1, 2, 5)]
_TIMEOUTS_S = {"3 hours (default)": 10_800.0, "10 minutes": 600.0, "1 minute": 60.0}


def affinity_explorer(clients: int = 1000, endpoints: int = 3, mode: str = "iptables") -> Panel:
    """Return controls for clients with sessionAffinity ClientIP, and the picture of how many keep their endpoint.

    Parameters
    ----------
    clients
        Addresses: 10, 20, 50, 100 … 50,000.
    endpoints
        Of the Service, 1 to 50.
    mode
        iptables, nftables, ipvs or none.

    Raises
    ------
    ValueError
        If a value is none of its control's.
    """
    if clients not in _CLIENTS or not 1 <= endpoints <= 50 or mode not in EVERY:
        found = f"clients {clients}, endpoints {endpoints}, mode {mode!r}"
        raise ValueError(f"{found}: expected one of {_CLIENTS}, 1 to 50, and one of {', '.join(EVERY)}")
    controls = {
        "clients": ipywidgets.SelectionSlider(options=_CLIENTS, value=clients, description="Clients"),
        "endpoints": ipywidgets.IntSlider(endpoints, 1, 50, description="Endpoints", continuous_update=False),
        "n_nodes": ipywidgets.IntSlider(1, 1, 50, description="Nodes they come by", continuous_update=False),
        "mode": ipywidgets.Dropdown(options=EVERY, value=mode, description="Mode"),
        "timeout_s": ipywidgets.Dropdown(options=_TIMEOUTS_S, description="Timeout"),
        "connections_per_s": ipywidgets.SelectionSlider(options=[0.1, 1, 10, 100], value=10, description="Connections per s"),
        "skew": ipywidgets.FloatSlider(0.0, min=0.0, max=1.4, step=0.2, description="Skew (NAT)"),
    }  # fmt: skip
    return Panel(controls, _draw)


def _draw(clients: int, endpoints: int, mode: str, **returns: Any) -> Picture:
    knee = min(100 * endpoints * returns["n_nodes"], _CLIENTS[-1])
    found = affinity_retention(sorted({*_CLIENTS, knee}), endpoints, returns=ClientReturns(**returns))
    row = found.frame.query("n_clients == @clients and mode == @mode").iloc[0]
    room = "any number of" if row["capacity"] is pd.NA else count_text(row["capacity"])
    kept = f"of {count_text(clients)}, {share_text(row['kept_share'])} find their endpoint again"
    return Picture(retention_chart(found), f"Mode {mode} has room for {room} clients; {kept}.")
