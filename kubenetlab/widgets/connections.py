"""Connections that stay: choose pods, clients, chooser and what happens, and see how long the balance is lost."""

from __future__ import annotations

from typing import Any

import ipywidgets

from kubenetlab.charts.imbalance_over_time import imbalance_over_time
from kubenetlab.load_balancing.long_lived.choosers import CHOOSERS, chooser_named
from kubenetlab.load_balancing.long_lived.load import ConnectionLoad, EndpointEvent
from kubenetlab.load_balancing.long_lived.simulated import simulate_connections
from kubenetlab.widgets.panel import Panel, Picture

_AT_S = 7_200.0  # when it happens, of three times as much
_AGES_S = {"none": float("inf"), "5 minutes": 300.0, "30 minutes": 1800.0, "2 hours": 7200.0}
_LIFETIMES_S = {"5 minutes": 300.0, "30 minutes": 1800.0, "2 hours": 7200.0, "a day": 86_400.0}
_DEEDS = {
    "nothing": 0.0,
    "roll-out": 1.0,
    "scale-up": 0.5,
    "scale-down": 0.3,
    "crash": 0.1,
}  # of how many endpoints


def connection_explorer(pods: int = 10, chooser: str = "random", deed: str = "roll-out") -> Panel:
    """Return controls for connections that stay, and the picture of how even they are for six hours.

    Parameters
    ----------
    pods
        Endpoints at the beginning, 2 to 50.
    chooser
        Who chooses the endpoint of a new connection: a name of ``CHOOSERS``.
    deed
        What happens after two hours: nothing, roll-out, scale-up (half as many again), scale-down or crash.

    Raises
    ------
    ValueError
        If a value is none of its control's.
    """
    if not 2 <= pods <= 50 or deed not in _DEEDS or not chooser_named(chooser):
        raise ValueError(f"pods {pods}, deed {deed!r}: expected 2 to 50, and one of {', '.join(_DEEDS)}")
    controls = {
        "pods": ipywidgets.IntSlider(pods, 2, 50, description="Pods", continuous_update=False),
        "n_clients": ipywidgets.SelectionSlider(options=[50, 200, 1000, 2000], value=1000, description="Connections"),
        "chooser": ipywidgets.Dropdown(options=list(CHOOSERS), value=chooser, description="Chooser"),
        "mean_lifetime_s": ipywidgets.Dropdown(options=_LIFETIMES_S, value=7200.0, description="They last, on average"),
        "max_age_s": ipywidgets.Dropdown(options=_AGES_S, value=_AGES_S["none"], description="Servers' maximum age"),
        "deed": ipywidgets.Dropdown(options=list(_DEEDS), value=deed, description="After 2 hours"),
    }  # fmt: skip
    return Panel(controls, _draw)


def _draw(pods: int, deed: str, chooser: str, **load_fields: Any) -> Picture:
    event = EndpointEvent(deed, _AT_S, max(1, round(pods * _DEEDS[deed])), 30.0) if _DEEDS[deed] else None
    load = ConnectionLoad(
        n_endpoints=pods, duration_s=3 * _AT_S, warm_up_s=_AT_S / 2, n_nodes=5, n_samples=100,
        events=(event,) if event else (), **load_fields,
    )  # fmt: skip
    simulated = simulate_connections(load, chooser=chooser, n_runs=3)
    found = simulated.measures.frame.set_index("measure")
    is_even = found["n_runs"]["rebalance_s"] == len(simulated.runs)
    after = f"; as even as before after {found['mean']['rebalance_s'] / 60:.0f} minutes" * bool(is_even)
    reconnects = f"{found['mean']['reconnects_per_s']:.2g} reconnects a second"
    return Picture(imbalance_over_time(simulated), f"{reconnects}{after}.")
