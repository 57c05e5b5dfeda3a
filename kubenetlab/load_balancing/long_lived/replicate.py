"""One run of the simulator: the kernel plays from one moment to the next, and between them endpoints come and go."""

from __future__ import annotations

from itertools import groupby, pairwise
from math import inf
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kubenetlab.load_balancing.long_lived import _kernels as kernels
from kubenetlab.load_balancing.long_lived.choosers import Chooser
from kubenetlab.load_balancing.long_lived.load import LIFETIMES, Change, ConnectionLoad
from kubenetlab.load_balancing.paths.maglev import maglev_table

_Slots: TypeAlias = NDArray[np.int32]
_Room: TypeAlias = tuple[NDArray[Any], _Slots, _Slots, _Slots]
_SAMPLE, _MEASURE, _CHANGE = range(3)
#: What flows and totals count.
FLOWS: Final = ("opened", "ended", "refused", "reconnects", "cut")
#: Most places of all lists and trees together.
MOST_PLACES: Final = 10_000_000


class Played(NamedTuple):
    """What one run saw.

    ``samples``, shape (n_samples, endpoints): open connections. ``mean`` and ``opened`` by endpoint, and ``flows``
    (`FLOWS`) count from the end of the warm-up on, ``totals`` from the beginning.
    """

    samples: NDArray[np.int64]
    mean: NDArray[np.float64]
    opened: NDArray[np.int64]
    flows: NDArray[np.int64]
    totals: NDArray[np.int64]


def sample_times(load: ConnectionLoad) -> NDArray[np.float64]:
    """Moments at which the imbalance is taken."""
    return np.linspace(0.0, load.duration_s, load.n_samples + 1)[1:]


def play(load: ConnectionLoad, chooser: Chooser, seed: int, index: int) -> Played:
    """Play run number ``index``; sessions and choices have generators of their own: all choosers meet the same sessions."""
    run = _Run(load, chooser, np.random.SeedSequence(seed, spawn_key=(index,)))
    if not (load.is_closed or load.changes or load.max_age_s < inf or chooser.looks_at_load):
        return run.played_unordered()
    moments: list[tuple[float, int, Change | None]] = [
        (time, _SAMPLE, None) for time in sample_times(load).tolist()
    ]
    moments += [(float(load.warm_up_s), _MEASURE, None), *((c.time_s, _CHANGE, c) for c in load.changes)]
    for (time_s, what), group in groupby(sorted(moments, key=lambda m: m[:2]), key=lambda m: m[:2]):
        run.play_until(time_s)
        if what == _SAMPLE:
            run.samples.append(run.state.counts.copy())
        elif what == _MEASURE:
            run.begin_to_measure()
        else:
            run.change([change for *_, change in group if change])
    return run.played()


class _Run:
    """The state of a run, and what happens to it between the events of connections."""

    def __init__(self, load: ConnectionLoad, chooser: Chooser, seed: np.random.SeedSequence) -> None:
        self.load, self.chooser = load, chooser
        self.sessions, self.choices = map(np.random.default_rng, seed.spawn(2))
        self.samples: list[NDArray[np.int64]] = []
        self.n_cut, self.now = 0, 0.0
        self.is_live = np.arange(load.n_known) < load.n_endpoints
        self.law = _law(load, chooser)
        self.order = self._order()
        self.places = np.argsort(self.order, axis=1)
        self.hashes = self.choices.integers(256, size=load.n_clients) if chooser.table_size == 256 else None
        self.state = self._state()
        self.put_endpoints()
        self.before = self.totals

    @property
    def totals(self) -> NDArray[np.int64]:
        """Opened, ended, refused, reconnects and cut since the beginning."""
        ended, refused, reconnects = self.state.numbers[kernels.ENDED : kernels.RECONNECTS + 1]
        return np.array([ended + self.state.counts.sum(), ended, refused, reconnects, self.n_cut])

    def play_until(self, time_s: float) -> None:
        while not kernels.run(self.state, self.law, time_s, self.sessions, self.choices):
            n = self.state.connections.size
            connections, heads, due, free = map(np.append, self.state[:4], _room(n))
            free = np.append(free[n:] + np.int32(n), free[:n])
            self.state = kernels.State(connections, heads, due, free, *self.state[4:])
            self.state.numbers[kernels.N_FREE] = n
            kernels.queue_anew(self.state, self.law, self.now)
        self.now = time_s

    def begin_to_measure(self) -> None:
        self.state.opened[:] = 0
        self.state.seconds[:] = self.state.counts * (self.load.duration_s - self.now)
        self.before = self.totals

    def change(self, changes: list[Change]) -> None:
        """Let endpoints come and go; connections of those that are cut end now, and their clients come back."""
        moved = [change for change in changes if change.deed != "cut"]
        self.is_live[[change.endpoint for change in moved]] = [change.deed == "in" for change in moved]
        if moved:
            self.put_endpoints()
        connections = self.state.connections
        gone = [change.endpoint for change in changes if change.deed == "cut"]
        is_cut = np.isin(connections["endpoint"], gone)
        connections["end"][is_cut] = self.now
        self.n_cut += int(is_cut.sum())
        kernels.queue_anew(self.state, self.law, self.now)
        self.play_until(self.now)

    def put_endpoints(self) -> None:
        """Tell lists, tables and trees which endpoints are chosen."""
        state, live, table = self.state, np.flatnonzero(self.is_live), np.empty(0, np.int64)
        state.order[:] = np.where(self.is_live[self.order], self.order, -1)
        if live.size:
            table = self._table(live)
            if self.chooser.keeper == kernels.CLIENT:  # grpc-go begins each new list at a random place
                state.last[:] = live[self.choices.integers(live.size, size=state.last.size)]
        self.state = state._replace(table=table)
        if n_leaves := state.trees.shape[1] // 2:
            leaves = state.trees[:, n_leaves : n_leaves + self.is_live.size]
            leaves[:] = leaves % kernels.OUT // kernels.KEY * kernels.KEY + self.places
            leaves += kernels.OUT * ~self.is_live
        while n_leaves > 1:
            pairs = state.trees[:, n_leaves : 2 * n_leaves].reshape(len(state.trees), -1, 2)
            n_leaves //= 2
            state.trees[:, n_leaves : 2 * n_leaves] = pairs.min(axis=2)

    def _table(self, live: NDArray[np.int64]) -> NDArray[np.int64]:
        """What the kernel draws from: endpoints, a table of them by hash, or the endpoint of each client."""
        if self.hashes is not None:
            return live[self.hashes % live.size]
        if self.chooser.rule == kernels.BY_CLIENT:
            return np.repeat(live[:1], self.load.n_clients)
        if not self.chooser.table_size:
            return live
        names = [f"[10.{e >> 16}.{e >> 8 & 255}.{e & 255}:80/TCP,State:active]" for e in live.tolist()]
        return live[maglev_table(dict.fromkeys(names, 1), self.chooser.table_size)]

    def _order(self) -> NDArray[np.int32]:
        """The list of each keeper, or one for all; what comes together comes in an order of its own to each.

        Those of ipvs have the newest first: Linux, ip_vs_ctl.c, __ip_vs_update_dest: list_add_rcu(&dest->n_list, ...).
        """
        load, is_own = self.load, self.chooser.keeper == kernels.NODE
        n_lists, n_endpoints = load.n_nodes if is_own else 1, load.n_known
        if n_lists * n_endpoints > MOST_PLACES:
            places = f"expected at most {MOST_PLACES:,} places"
            raise ValueError(f"{n_lists:,} nodes with {n_endpoints:,} endpoints: {places}")
        order = np.tile(np.arange(n_endpoints, dtype=np.int32), (n_lists, 1))
        comings = [-1.0] * load.n_endpoints + [c.time_s for c in load.changes if c.deed == "in"]
        batches = np.cumsum([0, *(len(list(together)) for _, together in groupby(comings))]).tolist()
        ends = pairwise(batches if is_own else ())
        parts = [self.choices.permuted(order[:, first:end], axis=1) for first, end in ends]
        return np.hstack(parts[::-1]) if is_own else order

    def _state(self) -> kernels.State:
        """The state before the first connection, with room for as many as Little's law wants."""
        load, n_endpoints = self.load, self.load.n_known
        expected = load.open_connections + load.ends_per_s * min(self.law.inactive_s, load.duration_s)
        n_keepers = (1, load.n_nodes, load.n_clients)[self.chooser.keeper]
        n_leaves = 1 << (n_endpoints - 1).bit_length() if self.chooser.looks_at_load else 0
        first_s = 0.0 if load.is_closed else self.law.gap_s * self.sessions.standard_exponential()
        room = _room(int(1.1 * expected + 6 * expected**0.5) + 64)
        numbers, counts = np.zeros(kernels.N_NUMBERS, np.int64), np.zeros(n_endpoints, np.int64)
        numbers[kernels.N_FREE] = room[-1].size
        last = np.full(n_keepers, -1, np.int32)
        trees = np.full((n_keepers if n_leaves else 1, 2 * n_leaves), kernels.OUT)
        lists = np.empty(0, np.int64), self.order.copy(), last, trees
        by_endpoint = counts, counts.copy(), np.zeros(n_endpoints)
        return kernels.State(*room, numbers, np.array([first_s]), *lists, *by_endpoint)

    def played(self) -> Played:
        mean = self.state.seconds / (self.load.duration_s - self.load.warm_up_s)
        return Played(np.array(self.samples), mean, self.state.opened, self.totals - self.before, self.totals)

    def played_unordered(self) -> Played:
        """The same as step by step, sooner: the order of ends does not matter."""
        times, warm_up_s, state = sample_times(self.load), float(self.load.warm_up_s), self.state
        steps = np.zeros((times.size, state.counts.size), np.int64)
        n_warm = kernels.run_unordered(state, self.law, times, warm_up_s, steps, self.sessions, self.choices)
        self.samples = [*steps.cumsum(axis=0)]
        state.counts[:] = self.samples[-1]
        self.before[:2] = self.totals[0] - state.opened.sum(), n_warm
        return self.played()


def _law(load: ConnectionLoad, chooser: Chooser) -> kernels.Law:
    kind, _, _, factor, _ = LIFETIMES[load.lifetime]
    inactive_s = float(load.inactive_s) if chooser.counts_inactive else 0.0
    ages = float(load.max_age_s), float(load.max_age_jitter), float(load.duration_s)
    buckets_per_s = load.ends_per_s * (1.0 if inactive_s else 0.5)  # measured: two to a bucket is best
    scale_s = load.mean_lifetime_s * factor(load.shape)
    gap_s = inf if load.arrival_rate_per_s is None else 1.0 / load.arrival_rate_per_s
    sizes = int(load.n_clients), int(load.n_nodes), chooser.rule, chooser.keeper
    return kernels.Law(gap_s, kind, scale_s, load.shape, *ages, inactive_s, buckets_per_s, *sizes)


def _room(n_slots: int) -> _Room:
    """Arrays for so many connections, all unused; the number of buckets is a power of 2."""
    connections = np.zeros(n_slots, kernels.CONNECTION)
    heads = np.full(1 << (n_slots - 1).bit_length(), -1, np.int32)
    connections["endpoint"] = kernels.UNUSED
    slots = np.arange(n_slots, dtype=np.int32)
    return connections, heads, np.zeros_like(slots), slots[::-1].copy()
