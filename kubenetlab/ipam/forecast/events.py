"""What happens to a cluster, day by day, in one replicate: drawn beforehand, whatever the allocator then says.

Pods arrive in a Poisson stream and live for exponential times, so their number follows the growth as an M/G/infinity
queue does; what comes and goes between two days is summed, which is exact in distribution. Nodes follow the pods as a
cluster autoscaler makes them: as many as keep today's pods per node, at once when more are needed, later when fewer.

References
----------
.. [1] L. Takacs, "Introduction to the Theory of Queues", 1962: M/G/infinity has a Poisson number in the system.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam.forecast import _kernels_blocks as kernels
from kubenetlab.ipam.forecast._kernels_pods import draw_pods
from kubenetlab.ipam.forecast.churn import Churn
from kubenetlab.ipam.forecast.growth import GrowthPaths
from kubenetlab.ipam.forecast.load import MAX_COUNT, Load

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that a replicate is drawn from.

    ``most_pods`` is where demand stops to grow: far above what any range can hold.
    """

    load: Load
    growth: GrowthPaths
    churn: Churn
    n_days: int
    most_pods: int = MAX_COUNT


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """One replicate: ``days`` has a row a day and the columns of ``_kernels``, ``services`` a count a day."""

    days: Ints
    services: Ints
    max_surge: int

    @property
    def peak_pods(self) -> Ints:
        """Pods at most on each day, those that rolling updates add included."""
        is_updated = self.days[:, kernels.UPDATES] > 0
        peak: Ints = self.days[:, kernels.PODS] + is_updated * self.days[:, kernels.SURGE]
        return peak

    @property
    def peak_nodes(self) -> Ints:
        """Nodes at most on each day, those that join before old ones go included."""
        extra = np.minimum(self.days[:, kernels.REPLACED], 1)
        nodes = self.days[:, kernels.NODES]
        extra = np.maximum(extra, self.days[:, kernels.UPGRADED] * np.minimum(self.max_surge, nodes))
        peak: Ints = nodes + extra
        return peak


def draw_events(story: Story, rng: np.random.Generator) -> Events:
    """Return the events of one replicate; day 0 is today."""
    load, churn = story.load, story.churn
    factors = np.exp(np.clip(story.growth.log_factors(story.n_days, rng), -50, 50))
    days = np.zeros((story.n_days + 1, kernels.N_COLUMNS), dtype=np.int64)
    days[0, [kernels.PODS, kernels.ARRIVALS]] = load.pods
    targets = np.minimum(load.pods * factors, float(story.most_pods))
    draw_pods(rng, targets, churn.pod_survival, churn.updates_per_day, days)
    days[:, kernels.WORKLOAD] = np.ceil(churn.update_share * days[:, kernels.PODS])
    days[:, kernels.SURGE] = np.ceil(churn.update_max_surge * days[:, kernels.WORKLOAD])
    services = np.ceil(np.minimum(load.services * factors, MAX_COUNT)).astype(np.int64)
    services[0] = load.services
    events = Events(days, services, load.set_up.max_surge)
    _fill_nodes(events, story, rng)
    return events


def _fill_nodes(events: Events, story: Story, rng: np.random.Generator) -> None:
    load, churn, days = story.load, story.churn, events.days
    needed = np.maximum(-(-events.peak_pods * load.nodes // load.pods), 1)
    window = churn.scale_down_after_days + 1
    padded = np.concatenate([np.zeros(window - 1, dtype=np.int64), needed])
    nodes = np.lib.stride_tricks.sliding_window_view(padded, window).max(axis=1)
    days[:, kernels.NODES] = nodes
    days[1:, kernels.REPLACED] = rng.binomial(nodes[1:], churn.node_loss)
    if churn.upgrade_every_days:
        first = int(rng.integers(1, churn.upgrade_every_days + 1))
        days[first :: churn.upgrade_every_days, kernels.UPGRADED] = 1
