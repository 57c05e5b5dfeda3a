"""Pods that come and go between two days. Twin: tests/ipam/forecast/reference.py."""

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

Ints = NDArray[np.int64]

# The first columns of the events of a replicate, one row a day; `_kernels_blocks` has them all.
PODS, ARRIVALS, DEPARTURES, UPDATES = range(4)


@kernel
def draw_pods(
    rng: np.random.Generator,
    targets: NDArray[np.float64],
    survival: float,
    updates_per_day: float,
    events: Ints,
) -> None:
    """Fill in pods, arrivals, departures and updates: where pods are Poisson around a target, they stay so.

    ``events[0, PODS]`` is the start. A target that falls faster than pods end takes more of them away.
    """
    n_pods = events[0, PODS]
    for day in range(1, targets.size):
        kept = targets[day - 1] * survival
        share = survival if targets[day] >= kept else targets[day] / targets[day - 1]
        events[day, DEPARTURES] = rng.binomial(n_pods, 1.0 - share)
        events[day, ARRIVALS] = rng.poisson(max(0.0, targets[day] - kept))
        events[day, UPDATES] = rng.poisson(updates_per_day)
        n_pods += events[day, ARRIVALS] - events[day, DEPARTURES]
        events[day, PODS] = n_pods
