"""Calico's blocks, whose outcome depends on every pod and node before. Twin: tests/ipam/forecast/reference.py.

Blocks and nodes are numbers. Loops over pods hold what would be calls: handing on this many arrays takes longer than a pod.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

Ints = NDArray[np.int64]

# Columns of the events of a replicate, one row a day.
PODS, ARRIVALS, DEPARTURES, UPDATES, WORKLOAD, SURGE, NODES, REPLACED, UPGRADED, N_COLUMNS = range(10)

EMPTY, UNCLAIMED, NOBODY = -3, -2, -1  # hosts of blocks; EMPTY is what a walk may look for
NO_BLOCK, HOST_LIMIT = -1, -2  # instead of a block
MOST_REFUSED = 8  # pods without an address, until the rest waits for the next event


class Blocks(NamedTuple):
    """Calico's blocks, the nodes and the pods; ``rules`` and ``counts`` hold the numbers named below."""

    host: Ints  # slot of a block's host, or UNCLAIMED or NOBODY
    used: Ints  # addresses in use of a block
    rank: Ints  # place of a block in the order of names
    pool_start: Ints  # first block of each pool, and the number of blocks
    first: Ints  # [slot, pool]: block that a node tries first
    own: Ints  # [slot, i]: blocks of a node by rank
    n_own: Ints
    tunnel: Ints  # block of each node's tunnel address
    node_pods: Ints
    live: Ints  # slots: of the nodes, then of none
    pod_node: Ints
    pod_block: Ints
    pod_place: Ints  # of each pod in its node's list
    pods_of: Ints  # [slot, place]: pods of a node
    rules: Ints
    counts: Ints


# Places in Blocks.rules and Blocks.counts.
BLOCK_SIZE, IS_STRICT, MAX_PODS, MAX_NODES, MAX_SURGE = range(5)
N_NODES, N_PODS, N_PENDING, N_USED, N_CLAIMED, N_EMPTY = range(6)
PEAK_USED, PEAK_CLAIMED, REFUSAL, FREE_THEN, N_COUNTS = range(6, 11)


@kernel
def take_address(blocks: Blocks, slot: int) -> Any:
    """Block of the next address of a node, or NO_BLOCK or HOST_LIMIT."""
    counts, used, own, size = blocks.counts, blocks.used, blocks.own, blocks.rules[BLOCK_SIZE]
    found = NO_BLOCK
    for place in range(blocks.n_own[slot]):
        if used[own[slot, place]] < size:
            found = own[slot, place]
            break
    if found < 0 and blocks.n_own[slot] >= own.shape[1]:
        return refused(blocks, HOST_LIMIT)
    if found < 0:
        starts, first = blocks.pool_start, blocks.first[slot]
        if counts[N_CLAIMED] < used.size:
            found = walk(blocks.host, used, starts, first, UNCLAIMED)
        elif counts[N_EMPTY] > 0:
            found = walk(blocks.host, used, starts, first, EMPTY)
        if found >= 0:
            claim(blocks, slot, found)
        elif blocks.rules[IS_STRICT] or counts[N_USED] == used.size * size:
            return refused(blocks, NO_BLOCK)
        else:
            found = walk(blocks.host, used, starts, first, size)
    counts[N_EMPTY] -= used[found] == 0 and blocks.host[found] >= 0
    used[found] += 1
    counts[N_USED] += 1
    counts[PEAK_USED] = max(counts[PEAK_USED], counts[N_USED])
    counts[PEAK_CLAIMED] = max(counts[PEAK_CLAIMED], counts[N_CLAIMED])
    return found


@kernel
def refused(blocks: Blocks, code: int) -> int:
    """Keep the first refusal: its code, and the addresses that were free then."""
    if blocks.counts[REFUSAL] == 0:
        blocks.counts[REFUSAL] = code
        blocks.counts[FREE_THEN] = blocks.used.size * blocks.rules[BLOCK_SIZE] - blocks.counts[N_USED]
    return code


@kernel
def walk(host: Ints, used: Ints, starts: Ints, first: Ints, wanted: int) -> Any:
    """First block of a node's walk that is UNCLAIMED, or somebody's but EMPTY, or has fewer addresses in use."""
    for pool in range(starts.size - 1):
        block = starts[pool] + first[pool]
        for _ in range(starts[pool + 1] - starts[pool]):
            is_empty = host[block] >= 0 and used[block] == 0
            if used[block] < wanted or host[block] == wanted or (wanted == EMPTY and is_empty):
                return block
            block = block + 1 if block + 1 < starts[pool + 1] else starts[pool]
    return NO_BLOCK


@kernel
def claim(blocks: Blocks, slot: int, block: int) -> None:
    """Make a block that is unclaimed, or another node's and empty, a node's own."""
    own, n_own, rank, former = blocks.own, blocks.n_own, blocks.rank, blocks.host[block]
    if former >= 0:
        n_kept = 0
        for place in range(n_own[former]):
            own[former, n_kept] = own[former, place]
            n_kept += own[former, place] != block
        n_own[former] = n_kept
    else:
        blocks.counts[N_CLAIMED] += 1
        blocks.counts[N_EMPTY] += 1
    place = n_own[slot]
    while place > 0 and rank[own[slot, place - 1]] > rank[block]:
        own[slot, place] = own[slot, place - 1]
        place -= 1
    own[slot, place] = block
    n_own[slot] += 1
    blocks.host[block] = slot


@kernel
def note_empty(blocks: Blocks, block: int) -> None:
    """Delete a block that is empty if nobody has it; else others may have it."""
    if blocks.host[block] == NOBODY:
        blocks.host[block] = UNCLAIMED
        blocks.counts[N_CLAIMED] -= 1
    else:
        blocks.counts[N_EMPTY] += 1


@kernel
def give_back(blocks: Blocks, block: int) -> None:
    """Release one address of a block."""
    blocks.used[block] -= 1
    blocks.counts[N_USED] -= 1
    if blocks.used[block] == 0:
        note_empty(blocks, block)


@kernel
def join(rng: np.random.Generator, blocks: Blocks) -> None:
    """Add a node; its walks start anywhere in each pool; it takes an address for its tunnel."""
    slot = blocks.live[blocks.counts[N_NODES]]
    blocks.counts[N_NODES] += 1
    blocks.n_own[slot], blocks.node_pods[slot] = 0, 0
    for pool in range(blocks.pool_start.size - 1):
        blocks.first[slot, pool] = int(rng.random() * (blocks.pool_start[pool + 1] - blocks.pool_start[pool]))
    blocks.tunnel[slot] = take_address(blocks, slot)


@kernel
def leave(rng: np.random.Generator, blocks: Blocks, slot: int) -> None:
    """Take a node away; its pods wait for another one."""
    counts, live, n_pods = blocks.counts, blocks.live, blocks.node_pods[slot]
    end_pods(rng, blocks, n_pods, slot)
    counts[N_PENDING] += n_pods
    if blocks.tunnel[slot] >= 0:
        give_back(blocks, blocks.tunnel[slot])
    for own in range(blocks.n_own[slot]):
        block = blocks.own[slot, own]
        blocks.host[block] = NOBODY
        if blocks.used[block] == 0:
            counts[N_EMPTY] -= 1
            note_empty(blocks, block)
    counts[N_NODES] -= 1
    place = 0
    while live[place] != slot:
        place += 1
    live[place] = live[counts[N_NODES]]
    live[counts[N_NODES]] = slot


@kernel
def end_pods(rng: np.random.Generator, blocks: Blocks, n_pods: int, node: int) -> None:
    """End the latest pods of a node, or any pods (NOBODY), those that wait included; the last one moves to their place."""
    counts, used, node_pods, pods_of = blocks.counts, blocks.used, blocks.node_pods, blocks.pods_of
    pod_node, pod_block, pod_place = blocks.pod_node, blocks.pod_block, blocks.pod_place
    for _ in range(n_pods):
        if node >= 0:
            pod = pods_of[node, node_pods[node] - 1]
        else:
            pod = int(rng.random() * (counts[N_PODS] + counts[N_PENDING]))
        if pod >= counts[N_PODS]:
            counts[N_PENDING] -= 1
            continue
        slot, block, place = pod_node[pod], pod_block[pod], pod_place[pod]
        used[block] -= 1
        counts[N_USED] -= 1
        if used[block] == 0:
            note_empty(blocks, block)
        node_pods[slot] -= 1
        other = pods_of[slot, node_pods[slot]]
        pods_of[slot, place] = other
        pod_place[other] = place
        counts[N_PODS] -= 1
        last = counts[N_PODS]
        if pod != last:
            pod_node[pod], pod_block[pod], pod_place[pod] = pod_node[last], pod_block[last], pod_place[last]
            pods_of[pod_node[pod], pod_place[pod]] = pod


@kernel
def start_pods(rng: np.random.Generator, blocks: Blocks) -> None:
    """Start the pods that wait, each on the emptier of two nodes; stop after several without an address."""
    counts, node_pods, live, own, used = blocks.counts, blocks.node_pods, blocks.live, blocks.own, blocks.used
    pod_node, pod_block, pod_place, pods_of = blocks.pod_node, blocks.pod_block, blocks.pod_place, blocks.pods_of  # fmt: skip
    size, max_pods, n_nodes, n_refused = blocks.rules[BLOCK_SIZE], blocks.rules[MAX_PODS], counts[N_NODES], 0
    while n_nodes and n_refused < MOST_REFUSED and counts[N_PENDING] > 0 and counts[N_PODS] < pod_node.size:
        slot, other = live[int(rng.random() * n_nodes)], live[int(rng.random() * n_nodes)]
        slot = other if node_pods[other] < node_pods[slot] else slot
        counts[N_PENDING] -= 1
        block = NO_BLOCK
        if node_pods[slot] < max_pods:
            first = own[slot, 0]
            if blocks.n_own[slot] > 0 and 0 < used[first] < size:  # the common case of take_address
                block = first
                used[block] += 1
                counts[N_USED] += 1
                counts[PEAK_USED] = max(counts[PEAK_USED], counts[N_USED])
            else:
                block = take_address(blocks, slot)
        if block < 0:
            n_refused += 1
            continue
        pod, place = counts[N_PODS], node_pods[slot]
        pod_node[pod], pod_block[pod], pod_place[pod] = slot, block, place
        pods_of[slot, place] = pod
        node_pods[slot] += 1
        counts[N_PODS] += 1
    counts[N_PENDING] += n_refused


@kernel
def update(rng: np.random.Generator, blocks: Blocks, workload: int, surge: int) -> None:
    """Replace pods: ``surge`` new ones start, then as many old ones end for as many new ones, at last the surge ends."""
    blocks.counts[N_PENDING] += surge
    start_pods(rng, blocks)
    left = workload - surge
    while left > 0:
        at_once = min(max(surge, 1), left)
        end_pods(rng, blocks, at_once, NOBODY)
        blocks.counts[N_PENDING] += at_once
        start_pods(rng, blocks)
        left -= at_once
    end_pods(rng, blocks, surge, NOBODY)


@kernel
def replace(rng: np.random.Generator, blocks: Blocks, old: Ints) -> None:
    """Let as many nodes join as ``old`` names, then let those leave."""
    for _ in range(old.size):
        join(rng, blocks)
    for slot in old:
        leave(rng, blocks, slot)
    start_pods(rng, blocks)


@kernel
def change_nodes(rng: np.random.Generator, blocks: Blocks, event: Ints) -> None:
    """Let superfluous nodes leave, then replace single ones, then all: each only where one more node may be there."""
    counts, max_nodes = blocks.counts, blocks.rules[MAX_NODES]
    while counts[N_NODES] > min(event[NODES], max_nodes):
        slot = blocks.live[0]
        for other in blocks.live[1 : counts[N_NODES]]:
            slot = other if blocks.node_pods[other] < blocks.node_pods[slot] else slot
        leave(rng, blocks, slot)
        start_pods(rng, blocks)
    for _ in range(event[REPLACED]):
        if counts[N_NODES] < max_nodes:
            place = int(rng.random() * counts[N_NODES])
            replace(rng, blocks, blocks.live[place : place + 1].copy())
    at_once = min(blocks.rules[MAX_SURGE], max_nodes - counts[N_NODES])
    if event[UPGRADED] and at_once > 0:
        old = blocks.live[: counts[N_NODES]].copy()
        for start in range(0, old.size, at_once):
            replace(rng, blocks, old[start : start + at_once])


@kernel
def play_blocks(rng: np.random.Generator, blocks: Blocks, events: Ints, use: Ints) -> int:
    """Play every day; ``use[day]``: blocks claimed and addresses in use at most. First day of a refusal, or -1."""
    counts, first_day = blocks.counts, -1
    for day in range(events.shape[0]):
        counts[PEAK_USED], counts[PEAK_CLAIMED] = counts[N_USED], counts[N_CLAIMED]
        while counts[N_NODES] < min(events[day, NODES], blocks.rules[MAX_NODES]):
            join(rng, blocks)
        end_pods(rng, blocks, events[day, DEPARTURES], NOBODY)
        counts[N_PENDING] += events[day, ARRIVALS]
        start_pods(rng, blocks)
        for _ in range(events[day, UPDATES]):
            update(rng, blocks, events[day, WORKLOAD], events[day, SURGE])
        change_nodes(rng, blocks, events[day])
        use[day, 0], use[day, 1] = counts[PEAK_CLAIMED], counts[PEAK_USED]
        if first_day < 0 and counts[REFUSAL] != 0:
            first_day = day
    return first_day
