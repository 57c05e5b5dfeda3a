"""An allocator at work: choose one, move through its steps, and read why each got what it got."""

from __future__ import annotations

import ipywidgets

from kubenetlab.charts.allocators import allocator_step
from kubenetlab.ipam.allocator_trace import trace_allocator
from kubenetlab.ipam.traced_allocators import ALLOCATORS
from kubenetlab.widgets.panel import Panel, Picture

_N_STEPS = 60


def allocator_stepper(allocator: str = "kube-controller-manager", step: int = 12) -> Panel:
    """Return controls that step an allocator through comings and goings.

    Parameters
    ----------
    allocator
        A key of ``kubenetlab.ipam.traced_allocators.ALLOCATORS``.
    step
        The step to begin with, 1 to 60.

    Raises
    ------
    ValueError
        If there is no such allocator or step.
    """
    if allocator not in ALLOCATORS or not 1 <= step <= _N_STEPS:
        raise ValueError(
            f"{allocator!r}, step {step}: one of {', '.join(ALLOCATORS)}, and a step of 1 to {_N_STEPS}"
        )
    controls = {
        "allocator": ipywidgets.Dropdown(options=list(ALLOCATORS), value=allocator, description="Allocator"),
        "step": ipywidgets.IntSlider(value=step, min=1, max=_N_STEPS, description="Step"),
        "seed": ipywidgets.IntSlider(value=1, min=1, max=20, description="Seed"),
    }
    return Panel(controls, _draw)


def _draw(allocator: str, step: int, seed: int) -> Picture:
    trace = trace_allocator(allocator, _N_STEPS, seed)
    return Picture(allocator_step(trace, step), " ".join(trace.because))
