"""Connections that open, end and come back, event by event. Arrays in, arrays out.

Ends lie in a calendar queue: bucket b holds the connections that end in [b, b + 1) / ``buckets_per_s``, linked through
``next``; the bucket of the present moment lies in a binary heap. With about as many buckets as connections an event costs
a few steps whatever their number, and in the worst case (all end in one bucket) it is that heap. What ends after the last
second is in no bucket. Memory is that of the open connections.

Sessions are drawn from one generator and choices from another, so all choosers meet the same sessions.
"""

from math import exp, inf
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

#: When it ends, when its session ends, where it is. ``endpoint`` is -1 in an unused slot, and -2 - endpoint where the
#: connection has ended but ipvs still counts it as inactive.
CONNECTION = np.dtype(
    {"names": ["end", "until", "next", "endpoint", "client"], "formats": ["f8", "f8", "i4", "i4", "i4"]},
    align=True,
)
UNUSED = -1
EXPONENTIAL, LOGNORMAL, PARETO, FIXED = range(4)
#: Rules of choice: a random place of the table, the client's place in it, the next in the list, the least load, the lesser
#: load of two random places.
DRAWN, BY_CLIENT, ROUND_ROBIN, LEAST, TWO_CHOICES = range(5)
#: What keeps the state of a rule.
EVERYTHING, NODE, CLIENT = range(3)
#: Places in ``numbers``.
BUCKET, N_DUE, N_FREE, ARRIVED, ENDED, REFUSED, RECONNECTS, N_NUMBERS = range(8)

#: A key of a winner tree: load * KEY + place in the list; and what an endpoint that is not chosen has on top.
KEY, OUT = 1 << 20, 1 << 61
#: How ipvs weighs an active connection; an inactive one is 1 (Linux, ip_vs.h: ip_vs_dest_conn_overhead).
ACTIVE = 256

_Integers: TypeAlias = NDArray[np.int64]
_Slots: TypeAlias = NDArray[np.int32]
_Times: TypeAlias = NDArray[np.float64]
_Rng: TypeAlias = np.random.Generator


class Law(NamedTuple):
    """What stays the same: rates, laws and rules."""

    gap_s: float
    lifetime: int
    scale_s: float
    shape: float
    max_age_s: float
    jitter: float
    duration_s: float
    inactive_s: float
    buckets_per_s: float
    n_clients: int
    n_nodes: int
    rule: int
    keeper: int


class State(NamedTuple):
    """What changes, and in place.

    ``table``: what a rule draws from, empty where there is no endpoint. ``order``, shape (1 or keepers, endpoints): the
    list in which a keeper walks, -1 for those that are not chosen; ``last``: where it is. ``trees``, shape (keepers,
    2 * leaves): the least key below each inner place; leaves are endpoints. The rest by endpoint.
    """

    connections: NDArray[Any]
    heads: _Slots
    due: _Slots
    free: _Slots
    numbers: _Integers
    next_arrival: NDArray[np.float64]
    table: _Integers
    order: _Slots
    last: _Slots
    trees: _Integers
    counts: _Integers
    opened: _Integers
    seconds: NDArray[np.float64]


@kernel
def _lifetime(kind: int, scale_s: float, shape: float, sessions: _Rng) -> float:
    if kind == EXPONENTIAL:
        return scale_s * sessions.standard_exponential()
    if kind == LOGNORMAL:
        return scale_s * exp(shape * sessions.standard_normal())
    if kind == PARETO:
        return scale_s * exp(sessions.standard_exponential() / shape)
    return scale_s


@kernel
def _keeper(kind: int, client: int, n_nodes: int) -> int:
    if kind == NODE:
        return client % n_nodes
    return client if kind == CLIENT else 0


@kernel
def _choose(
    rule: int, table: _Integers, order: _Slots, last: _Slots, keeper: int, client: int, choices: _Rng
) -> Any:
    """Endpoint of a new connection by a rule that looks at no load."""
    if rule == DRAWN:
        return table[int(choices.random() * table.size)]
    if rule == BY_CLIENT:
        return table[client]
    row, place, endpoint = keeper if order.shape[0] > 1 else 0, last[keeper], np.int64(UNUSED)
    while endpoint == UNUSED:
        place = place + 1 if place + 1 < order.shape[1] else 0
        endpoint = np.int64(order[row, place])
    last[keeper] = place
    return endpoint


@kernel
def _choose_by_load(rule: int, table: _Integers, order: _Slots, tree: _Integers, choices: _Rng) -> Any:
    """Endpoint of a new connection by a rule that looks at what is open."""
    if rule == LEAST:
        return np.int64(order[tree[1] % KEY])
    first, second = table[int(choices.random() * table.size)], table[int(choices.random() * table.size)]
    leaves = tree[tree.size >> 1 :]
    return second if leaves[second] // KEY < leaves[first] // KEY else first


@kernel
def _add_load(tree: _Integers, endpoint: int, load: int) -> None:
    """Tell a winner tree that a load grew or fell."""
    place = (tree.size >> 1) + endpoint
    tree[place] += load * KEY
    place >>= 1
    while place and min(tree[2 * place], tree[2 * place + 1]) != tree[place]:
        tree[place] = min(tree[2 * place], tree[2 * place + 1])
        place >>= 1


@kernel
def _is_before(connections: NDArray[Any], one: int, other: int) -> Any:
    end, other_end = connections[one]["end"], connections[other]["end"]
    return end < other_end or (end == other_end and one < other)


@kernel
def _push_due(connections: NDArray[Any], due: _Slots, at: int, slot: int) -> None:
    while at and _is_before(connections, slot, due[(at - 1) >> 1]):
        due[at] = due[(at - 1) >> 1]
        at = (at - 1) >> 1
    due[at] = slot


@kernel
def _pop_due(connections: NDArray[Any], due: _Slots, n_due: int) -> Any:
    """Slot of the first to end; ``n_due`` are left."""
    first, slot, at = due[0], due[n_due], 0
    while 2 * at + 1 < n_due:
        child = 2 * at + 1
        if child + 1 < n_due and _is_before(connections, due[child + 1], due[child]):
            child += 1
        if not _is_before(connections, due[child], slot):
            break
        due[at] = due[child]
        at = child
    due[at] = slot
    return first


@kernel
def _queue(
    connections: NDArray[Any], heads: _Slots, due: _Slots, n_due: int, slot: int, bucket: int, now: int
) -> int:
    """Put a connection into its bucket, or into the heap if that is now; returns how many are in the heap."""
    if bucket <= now:
        _push_due(connections, due, n_due, slot)
        return n_due + 1
    connections[slot]["next"] = heads[bucket & (heads.size - 1)]
    heads[bucket & (heads.size - 1)] = slot
    return n_due


@kernel
def _open_bucket(
    connections: NDArray[Any], heads: _Slots, due: _Slots, now: int, buckets_per_s: float
) -> int:
    """Move the connections of a bucket into the empty heap, and count them; those of later rounds stay."""
    slot, n_due = heads[now & (heads.size - 1)], 0
    heads[now & (heads.size - 1)] = -1
    while slot >= 0:
        following = connections[slot]["next"]
        bucket = int(connections[slot]["end"] * buckets_per_s)
        n_due = _queue(connections, heads, due, n_due, slot, bucket, now)
        slot = following
    return n_due


@kernel
def queue_anew(state: State, law: Law, now: float) -> None:
    """Queue all ends again, after some of them or the arrays changed."""
    connections, n_due, now_bucket = state.connections, 0, int(now * law.buckets_per_s)
    state.heads[:] = -1
    for slot in range(connections.size):
        if connections[slot]["endpoint"] != UNUSED and connections[slot]["end"] <= law.duration_s:
            bucket = int(connections[slot]["end"] * law.buckets_per_s)
            n_due = _queue(connections, state.heads, state.due, n_due, slot, bucket, now_bucket)
    state.numbers[N_DUE], state.numbers[BUCKET] = n_due, now_bucket


@kernel
def run(state: State, law: Law, stop_s: float, sessions: _Rng, choices: _Rng) -> bool:
    """Play until a moment; False where there is no room for one more connection.

    One long function: a call with many arrays costs more than an event.
    """
    connections, heads, due, free, numbers, next_arrival = state[:6]
    table, order, last, trees, counts, opened, seconds = state[6:]
    gap_s, lifetime, scale_s, shape, max_age_s, jitter, duration_s, inactive_s, buckets_per_s = law[:9]
    n_clients, n_nodes, rule, keeper_kind = law[9:]
    looks_at_load, n_inactive = rule >= LEAST, 1 if inactive_s > 0.0 else 0
    n_due, now_bucket, n_free, arrival = numbers[N_DUE], numbers[BUCKET], numbers[N_FREE], next_arrival[0]
    while n_free:
        limit = min(arrival, stop_s)
        bucket = int(limit * buckets_per_s)
        while n_due == 0 and now_bucket < bucket:
            now_bucket += 1
            if heads[now_bucket & (heads.size - 1)] >= 0:
                n_due = _open_bucket(connections, heads, due, now_bucket, buckets_per_s)
        if n_due and connections[due[0]]["end"] <= limit:
            n_due -= 1
            slot = _pop_due(connections, due, n_due)
            now, endpoint = connections[slot]["end"], connections[slot]["endpoint"]
            client = connections[slot]["client"]
            keeper = _keeper(keeper_kind, client, n_nodes)
            is_wanted = endpoint >= 0 and (connections[slot]["until"] > now or gap_s == inf)
            if endpoint < 0:
                _add_load(trees[keeper], -2 - endpoint, -1)
            else:
                counts[endpoint] -= 1
                seconds[endpoint] -= duration_s - now
                numbers[ENDED] += 1
                if connections[slot]["until"] > now:
                    numbers[RECONNECTS] += 1
                elif is_wanted:
                    connections[slot]["until"] = now + _lifetime(lifetime, scale_s, shape, sessions)
                if looks_at_load:
                    _add_load(trees[keeper], endpoint, n_inactive - ACTIVE)
                if n_inactive:
                    n_free -= 1
                    rest, end = free[n_free], now + inactive_s
                    connections[rest]["end"], connections[rest]["client"] = end, client
                    connections[rest]["endpoint"] = -2 - endpoint
                    bucket = int(end * buckets_per_s)
                    if end <= duration_s:
                        n_due = _queue(connections, heads, due, n_due, rest, bucket, now_bucket)
        elif arrival <= stop_s:
            now, client, is_wanted = arrival, numbers[ARRIVED], True
            numbers[ARRIVED] += 1
            if gap_s == inf:
                arrival = now if numbers[ARRIVED] < n_clients else inf
            else:
                client = int(sessions.random() * n_clients)
                arrival = now + gap_s * sessions.standard_exponential()
            n_free -= 1
            slot = free[n_free]
            connections[slot]["client"] = client
            connections[slot]["until"] = now + _lifetime(lifetime, scale_s, shape, sessions)
        else:
            break
        if not is_wanted or not table.size:
            numbers[REFUSED] += is_wanted
            connections[slot]["endpoint"] = UNUSED
            free[n_free] = slot
            n_free += 1
            continue
        keeper = _keeper(keeper_kind, client, n_nodes)
        if looks_at_load:
            row = order[keeper if order.shape[0] > 1 else 0]
            endpoint = _choose_by_load(rule, table, row, trees[keeper], choices)
            _add_load(trees[keeper], endpoint, ACTIVE)
        else:
            endpoint = _choose(rule, table, order, last, keeper, client, choices)
        end = connections[slot]["until"]
        if max_age_s < inf:
            end = min(end, now + max_age_s * (1.0 + jitter * (2.0 * sessions.random() - 1.0)))
        connections[slot]["end"], connections[slot]["endpoint"] = end, endpoint
        opened[endpoint] += 1
        counts[endpoint] += 1
        seconds[endpoint] += duration_s - now
        if end <= duration_s:
            n_due = _queue(connections, heads, due, n_due, slot, int(end * buckets_per_s), now_bucket)
    numbers[N_DUE], numbers[BUCKET], numbers[N_FREE], next_arrival[0] = n_due, now_bucket, n_free, arrival
    return bool(n_free > 0)


@kernel
def run_unordered(
    state: State, law: Law, times: _Times, warm_up_s: float, steps: _Integers, sessions: _Rng, choices: _Rng
) -> int:
    """Play sessions whose clients do not come back and whose choices look at no load: only arrivals have an order.

    ``steps``, shape (samples, endpoints), gets by how much the counts change from one sample to the next. Returns how many
    connections end in the warm-up.
    """
    numbers, next_arrival, table, order, last, _, _, opened, seconds = state[4:]
    arrival, first, n_warm, samples_per_s = next_arrival[0], 0, 0, times.size / law.duration_s
    while arrival <= law.duration_s:
        now, client = arrival, int(sessions.random() * law.n_clients)
        arrival = now + law.gap_s * sessions.standard_exponential()
        end = now + _lifetime(law.lifetime, law.scale_s, law.shape, sessions)
        keeper = _keeper(law.keeper, client, law.n_nodes)
        endpoint = _choose(law.rule, table, order, last, keeper, client, choices)
        while times[first] < now:
            first += 1
        steps[first, endpoint] += 1
        opened[endpoint] += now > warm_up_s
        seconds[endpoint] += max(0.0, min(end, law.duration_s) - max(now, warm_up_s))
        if end <= law.duration_s:
            numbers[ENDED] += 1
            n_warm += end <= warm_up_s
            steps[min(int(end * samples_per_s), times.size - 1), endpoint] -= 1
    return n_warm
