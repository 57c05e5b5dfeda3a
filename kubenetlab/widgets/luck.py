"""Draw connections again and again: how uneven chance alone makes them, and how many show that one pod gets too much."""

from __future__ import annotations

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from kubenetlab.charts.luck_band import luck_band
from kubenetlab.charts.wording import plural, share_text
from kubenetlab.load_balancing.chance.connection_spread import draw_counts
from kubenetlab.load_balancing.luck.endpoint_luck import endpoint_luck
from kubenetlab.load_balancing.luck.power import connections_needed, luck_power, overloaded
from kubenetlab.load_balancing.luck.verdict import luck
from kubenetlab.objects.connection_counts import EndpointCounts
from kubenetlab.widgets.panel import Panel, Picture

_CONNECTIONS = [n * 10**power for power in range(1, 5) for n in (1, 2, 5)]
_MOST_PODS = 50


def luck_explorer(pods: int = 5, connections: int = 200, overload: float = 1.0) -> Panel:
    """Return controls that draw connections over pods, and the counts over the band of luck.

    Parameters
    ----------
    pods
        Pods with equal shares, 2 to 50.
    connections
        Independent connections: 10, 20, 50, 100 … 50,000.
    overload
        So many times its share the first pod really gets; 1 is fair, 4 is the most.

    Raises
    ------
    ValueError
        If a value is none of its control's.
    """
    if not (2 <= pods <= _MOST_PODS and connections in _CONNECTIONS and 1 <= overload <= 4):
        found = f"pods {pods}, connections {connections}, overload {overload}"
        raise ValueError(f"{found}: expected 2 to {_MOST_PODS}, one of {_CONNECTIONS}, and 1 to 4")
    controls = {
        "pods": _slider("Pods", pods, 2, _MOST_PODS),
        "connections": ipywidgets.SelectionSlider(
            options=_CONNECTIONS, value=connections, description="Connections"
        ),
        "overload": ipywidgets.FloatSlider(
            value=overload, min=1, max=4, step=0.25, description="First pod gets, times"
        ),
        "draw": _slider("Draw number", 1, 1, 100),
    }
    return Panel(controls, _draw)


def _slider(words: str, value: int, least: int, most: int) -> ipywidgets.IntSlider:
    return ipywidgets.IntSlider(value=value, min=least, max=most, description=words)


def _draw(pods: int, connections: int, overload: float, draw: int) -> Picture:
    fair = np.full(pods, 1 / pods)
    counts = draw_counts(connections, overloaded(fair, overload), 1, seed=draw)[0]
    names = tuple(f"pod-{number}" for number in range(1, pods + 1))
    drawn = EndpointCounts(f"{plural(pods, 'pod')}, draw {draw}", names, tuple(map(int, counts)))
    verdict = str(luck(drawn).frame.loc[0, "verdict"])
    return Picture(
        luck_band(endpoint_luck(drawn)), f"The verdict is: {verdict}. {_chance(connections, fair, overload)}"
    )


def _chance(connections: int, fair: NDArray[np.float64], overload: float) -> str:
    if overload == 1:
        return (
            "Nothing is wrong here: whatever is uneven is luck, and at most 5 of 100 draws look like a fault."
        )
    seen = share_text(luck_power(connections, fair, overload))
    needed = plural(connections_needed(fair, overload), "connection")
    return f"So many connections show this overload with a probability of {seen}; for 80 % it takes {needed}."
