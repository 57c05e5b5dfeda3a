"""Replicates of a forecast: events drawn, played on the allocators, counted. Same seed, same numbers, whoever plays them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kubenetlab.ipam.calico_blocks import DEFAULT_MAX_BLOCKS_PER_HOST
from kubenetlab.ipam.forecast import _kernels_blocks as kernels
from kubenetlab.ipam.forecast import _kernels_prefixes as prefix_kernels
from kubenetlab.ipam.forecast.events import Events, Story, draw_events
from kubenetlab.ipam.forecast.pools import BlockPool, Bounds, CountPool, PrefixPool

Ints = NDArray[np.int64]

NEVER = -1


class Refusal(NamedTuple):
    """The first refusal of one kind.

    The day, what refused, the addresses that were free then (-1 where the limit counts none), and whether it was for
    want of a free block although addresses were free.
    """

    day: int
    limit: str
    n_free: int = -1
    is_fragmented: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """What all replicates share."""

    story: Story
    bounds: Bounds
    seed: int

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names of what is counted, in the order of the counts."""
        services = ("Services",) if self.story.load.services else ()
        return ("pods", "nodes", *services, *(self.bounds.pool.units if self.bounds.pool else ()))

    @property
    def capacities(self) -> tuple[int | None, ...]:
        """The most of each quantity that there can be; None where nothing is known."""
        bounds = self.bounds
        limits = (bounds.pods, bounds.nodes) + ((bounds.services,) if self.story.load.services else ())
        own = bounds.pool.capacities if bounds.pool else ()
        return (*(limit.n if limit else None for limit in limits), *own)


class Replicates(NamedTuple):
    """Some replicates: ``counts[quantity, replicate, day]``, and the first refusal of each, if any."""

    counts: Ints
    refusals: tuple[Refusal | None, ...]


def play(scenario: Scenario, first: int, end: int) -> Replicates:
    """Play the replicates from ``first`` up to ``end``, each with a generator of its own number."""
    n_days = scenario.story.n_days + 1
    counts = np.empty((len(scenario.quantities), end - first, n_days), dtype=np.int64)
    refusals = []
    for index in range(first, end):
        rng = np.random.default_rng(np.random.SeedSequence(scenario.seed, spawn_key=(index,)))
        events = draw_events(scenario.story, rng)
        refusals.append(_play_one(scenario, events, rng, counts[:, index - first]))
    return Replicates(counts, tuple(refusals))


def _play_one(scenario: Scenario, events: Events, rng: np.random.Generator, counts: Ints) -> Refusal | None:
    bounds = scenario.bounds
    most_nodes = bounds.nodes.n if bounds.nodes else np.iinfo(np.int64).max
    peaks = (events.peak_pods, events.peak_nodes, events.services)
    n_simple = 3 if scenario.story.load.services else 2
    counts[:n_simple] = peaks[:n_simple]
    counts[1] = np.minimum(counts[1], most_nodes)
    found = [*_of_counts(bounds, events, peaks)]
    if isinstance(bounds.pool, CountPool):
        found += _play_counts(bounds.pool, counts[1], peaks[0], counts[n_simple:])
    elif isinstance(bounds.pool, BlockPool):
        found += _play_blocks(bounds.pool, scenario, events, rng, counts[n_simple:])
    elif isinstance(bounds.pool, PrefixPool):
        found += _play_prefixes(bounds.pool, events, most_nodes, rng, counts[n_simple:])
    return min(found, key=lambda refusal: refusal.day, default=None)


def _of_counts(bounds: Bounds, events: Events, peaks: tuple[Ints, ...]) -> list[Refusal]:
    """Compare numbers: an upgrade that finds no node CIDR for its surge is a refusal too."""
    found = []
    for limit, peak in zip((bounds.pods, bounds.nodes, bounds.services), peaks, strict=True):
        day = _first(peak > limit.n) if limit else NEVER
        if limit and day != NEVER:
            is_surge = limit is bounds.nodes and events.days[day, kernels.NODES] <= limit.n
            found.append(Refusal(day, f"{limit.name}, while nodes are replaced" if is_surge else limit.name))
    return found


def _first(is_refused: NDArray[np.bool_]) -> int:
    return int(is_refused.argmax()) if is_refused.any() else NEVER


def _play_counts(pool: CountPool, nodes: Ints, pods: Ints, counts: Ints) -> list[Refusal]:
    """Sum what the nodes take: pods lie evenly on them, so a node has one of two numbers of pods.

    Nodes keep what they hold for later pods, so the newest one gets what is left.
    """
    most = pool.wanted.size - 1
    nodes = np.maximum(nodes, 1)
    fewer, n_more = np.divmod(np.minimum(pods, nodes * most), nodes)
    wanted = (nodes - n_more) * pool.wanted[fewer] + n_more * pool.wanted[np.minimum(fewer + 1, most)]
    counts[0] = np.minimum(wanted, pool.capacity)
    day = _first(wanted - pool.wanted[fewer] + pool.least[fewer] > pool.capacity)
    return [] if day == NEVER else [Refusal(day, pool.name)]


def _play_blocks(
    pool: BlockPool, scenario: Scenario, events: Events, rng: np.random.Generator, counts: Ints
) -> list[Refusal]:
    bounds = scenario.bounds
    most_nodes = min(bounds.nodes.n if bounds.nodes else 1 << 40, int(events.peak_nodes.max()) + 1)
    blocks = new_blocks(pool, events, most_nodes, scenario.story.load.set_up.max_pods)
    use = np.empty((len(events.days), 2), dtype=np.int64)
    day = kernels.play_blocks(rng, blocks, events.days, use)
    counts[:] = use.T
    if day == NEVER:
        return []
    code, n_free = blocks.counts[kernels.REFUSAL], int(blocks.counts[kernels.FREE_THEN])
    if code == kernels.HOST_LIMIT:
        return [Refusal(day, "blocks per host", n_free)]
    return [Refusal(day, f"{pool.name}, no free block" if n_free else pool.name, n_free, n_free > 0)]


def new_blocks(pool: BlockPool, events: Events, most_nodes: int, max_pods: int) -> kernels.Blocks:
    """Return a pool without nodes and pods, and room for those of the events."""
    n_slots = most_nodes + 1
    n_pods = min(int(events.peak_pods.max()) + 1, pool.n_blocks * pool.block_size)
    return kernels.Blocks(
        host=np.full(pool.n_blocks, kernels.UNCLAIMED, dtype=np.int64),
        used=_zeros(pool.n_blocks),
        rank=pool.rank,
        pool_start=pool.pool_start,
        first=_zeros(n_slots, pool.pool_start.size - 1),
        own=_zeros(n_slots, DEFAULT_MAX_BLOCKS_PER_HOST),
        n_own=_zeros(n_slots),
        tunnel=_zeros(n_slots),
        node_pods=_zeros(n_slots),
        live=np.arange(n_slots),
        pod_node=_zeros(n_pods),
        pod_block=_zeros(n_pods),
        pod_place=_zeros(n_pods),
        pods_of=_zeros(n_slots, max_pods),
        rules=np.array([pool.block_size, pool.is_strict, max_pods, most_nodes, events.max_surge]),
        counts=_zeros(kernels.N_COUNTS),
    )


def _zeros(*shape: int) -> Ints:
    return np.zeros(shape, dtype=np.int64)


def _play_prefixes(
    pool: PrefixPool, events: Events, most_nodes: int, rng: np.random.Generator, counts: Ints
) -> list[Refusal]:
    days = events.days
    load = np.stack(
        [
            np.minimum(days[:, kernels.NODES], most_nodes),
            events.peak_pods,
            np.where(days[:, kernels.UPGRADED] > 0, days[:, kernels.NODES], days[:, kernels.REPLACED]),
        ],
        axis=1,
    )
    surge = np.minimum(np.where(days[:, kernels.UPGRADED] > 0, events.max_surge, 1), most_nodes - load[:, 0])
    subnet = new_subnet(pool, int(load[:, 0].max()) + int(surge.max()))
    use = np.empty(len(days), dtype=np.int64)
    day = prefix_kernels.play_prefixes(rng, subnet, load, surge, use)
    counts[0] = use - pool.kept.sum()
    if day == NEVER:
        return []
    n_free = int(subnet.counts[prefix_kernels.FREE_THEN])
    is_fragmented = (
        subnet.counts[prefix_kernels.REFUSAL] == prefix_kernels.NO_PREFIX and n_free >= prefix_kernels.PREFIX
    )
    name = f"{pool.name}, no free /28" if is_fragmented else pool.name
    return [Refusal(day, name, n_free, bool(is_fragmented))]


def new_subnet(pool: PrefixPool, most_nodes: int) -> prefix_kernels.Subnet:
    """Return subnets without nodes."""
    n_slots = min(most_nodes, pool.kept.size * prefix_kernels.PREFIX) + 1
    counts = _zeros(prefix_kernels.N_COUNTS)
    counts[prefix_kernels.N_FREE] = pool.kept.size * prefix_kernels.PREFIX - pool.kept.sum()
    counts[prefix_kernels.N_WHOLE] = np.count_nonzero(pool.kept == 0)
    return prefix_kernels.Subnet(
        used=pool.kept.copy(),
        prefixes=_zeros(n_slots, int(pool.wanted.max())),
        n_prefixes=_zeros(n_slots),
        interfaces=_zeros(n_slots, pool.max_interfaces),
        n_interfaces=_zeros(n_slots),
        live=np.arange(n_slots),
        wanted=pool.wanted,
        slots=np.array([pool.slots_per_interface]),
        counts=counts,
    )
