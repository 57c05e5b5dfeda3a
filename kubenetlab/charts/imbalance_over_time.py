"""How unevenly connections that stay lie on the endpoints while time goes on and endpoints come and go."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from kubenetlab.charts.drawing import LINE, describe, house_style, new_axes
from kubenetlab.charts.line_labels import LOOKS, label_ends, mark_x
from kubenetlab.charts.wording import plural

if TYPE_CHECKING:
    from kubenetlab.load_balancing.long_lived.load import ConnectionLoad
    from kubenetlab.load_balancing.long_lived.simulated import SimulatedConnections

_SIZE_IN = (9.0, 3.8)
_UNITS = (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0))
_LOWEST_TOP = 1.25
_FEW_UNITS = 4  # the largest unit of which the time has at least so many


def imbalance_over_time(*simulated: SimulatedConnections, ax: Axes | None = None) -> Axes:
    """Draw the connections of the busiest endpoint over the mean, over time.

    Parameters
    ----------
    simulated
        What ``simulate_connections`` returned: for one chooser, or for several that met the same load.
    ax
        Axes to draw on; None makes a figure of its own.

    Returns
    -------
    The Axes: a line at the mean of the runs for each chooser, and a band that holds 90 % of them; 1 is a perfect balance.
    Upright lines say when endpoints begin to come or go.

    Raises
    ------
    ValueError
        If there is none, more than six, or they did not simulate the same time.
    """
    for one in simulated:
        if not hasattr(one, "over_time"):
            raise ValueError(
                f"simulated has a {type(one).__name__}, expected results of simulate_connections"
            )
    loads = {(one.load.duration_s, one.load.events) for one in simulated}
    if not 1 <= len(simulated) <= len(LOOKS) or len(loads) != 1:
        found = f"{len(simulated)} simulations of {plural(len(loads), 'time')}"
        raise ValueError(f"simulated: found {found}, expected 1 to {len(LOOKS)} of the same time and events")
    load = simulated[0].load
    unit, size_s = next((u for u in _UNITS if load.duration_s >= _FEW_UNITS * u[1]), _UNITS[-1])
    title = _title(load, len(simulated[0].runs))
    with house_style():
        ax = ax or new_axes(*_SIZE_IN)
        top = max(float(one.over_time.frame["max_over_mean_p95"].fillna(1).max()) for one in simulated)
        ax.set(
            xlim=(0, load.duration_s / size_s), ylim=(1, max(_LOWEST_TOP, 1 + (top - 1) * 1.2)), title=title
        )
        ax.set(xlabel=f"time, {unit}", ylabel="busiest endpoint, times the average")
        label_ends(
            ax, [_draw(ax, one, size_s, look, load) for one, look in zip(simulated, LOOKS, strict=False)]
        )
        for event in load.events:
            mark_x(ax, event.at_s / size_s, f"{event.kind} of {plural(event.n_endpoints, 'endpoint')}")
        ax.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 3, 5, 6, 10]))
        ax.grid(axis="y", color=LINE, linewidth=0.5)
        ax.set_axisbelow(True)
        describe(ax, f"{title}. {' '.join(map(_words, simulated))}")
    return ax


def _draw(
    ax: Axes, one: SimulatedConnections, size_s: float, look: tuple[str, str], first: ConnectionLoad
) -> tuple[float, str, str]:
    frame, (color, style) = one.over_time.frame, look
    times, mean = frame["time_s"] / size_s, frame["max_over_mean"]
    low, high = frame["max_over_mean_p05"], frame["max_over_mean_p95"]
    ax.fill_between(times, low, high, color=color, alpha=0.18, linewidth=0)
    ax.plot(times, mean, color=color, linestyle=style, linewidth=1.8)
    return float(mean.ffill().fillna(1).iloc[-1]), _name(one, first), color


def _title(load: ConnectionLoad, n_runs: int) -> str:
    runs = f"; mean and 90 % of {n_runs:,} runs" if n_runs > 1 else ""
    return f"Balance of connections that stay: {plural(load.n_endpoints, 'endpoint')}{runs}"


def _name(one: SimulatedConnections, first: ConnectionLoad) -> str:
    """Return the chooser, and what of the load is another than that of the first line."""
    names = [field.name for field in fields(first)]
    others = [n for n in names if getattr(one.load, n) != getattr(first, n)]
    return "\n".join([one.chooser, *(f"{n} {getattr(one.load, n)}" for n in others)])


def _words(one: SimulatedConnections) -> str:
    fullest = one.over_time.frame["max_over_mean"]
    median, most, end = fullest.median(), fullest.max(), fullest.iloc[-1]
    return f"{one.chooser}: {median:.2f} times the average as a median, {most:.2f} at most, {end:.2f} at the end."
