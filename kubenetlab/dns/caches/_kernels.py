"""Lookups through an application's cache, NodeLocal DNSCache and CoreDNS' caches, query by query. Arrays in, arrays out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kubenetlab._jit import kernel

Ints = NDArray[np.int64]
APPLICATION, NODE_LOCAL, COREDNS = 0, 1, 2  # places; the sources of answers come after them
ASKED, HITS, NXDOMAIN, EVICTED = 0, 1, 2, 3
SECOND = 1_000_000_000


class Lookups(NamedTuple):
    """One entry a lookup, in order of time [ns]; ``kept`` numbers client and name, by which an application keeps results."""

    times_ns: Ints
    names: Ints
    nodes: Ints
    kept: Ints


class Plans(NamedTuple):
    """Name n sends ``keys[first[n]:first[n + 1]]``, and an application keeps its result for ``kept_s[n]`` seconds."""

    first: Ints
    keys: Ints
    kept_s: Ints


class Keys(NamedTuple):
    """One entry a question: the place of its source, and the TTL there [s].

    By cache (0 NodeLocal, 1 CoreDNS): whether it is asked, bounds of a TTL [s], and the shard, -1 where it is not kept. Shards
    count through the success store, the denial store, and both of another server block.
    """

    source: Ints
    is_nxdomain: NDArray[np.bool_]
    ttl_s: Ints
    is_asked: NDArray[np.bool_]
    low_s: Ints
    high_s: Ints
    shard: Ints


class Caches(NamedTuple):
    """Nodes, then replicas: when what they hold of a question ends [ns, 0 for nothing]; each shard's questions; its size."""

    ends_ns: Ints
    held: Ints
    n_held: Ints
    shard_size: Ints
    n_nodes: int
    n_replicas: int
    rng: np.random.Generator


@kernel
def run_lookups(
    lookups: Lookups, plans: Plans, keys: Keys, caches: Caches, counts: Ints, bin_ns: int
) -> Ints:
    """Queries of each lookup, and the farthest place that any of them reached: shape (2, lookups).

    ``counts``: shape (bins, places, 4), added to.
    """
    found = np.zeros((2, lookups.names.size), np.int64)
    result_ends = np.zeros(lookups.kept.max() + 1 if lookups.kept.size else 0, np.int64)
    plan_keys, ends, is_asked, is_nxdomain = plans.keys, caches.ends_ns, keys.is_asked, keys.is_nxdomain
    for i in range(lookups.names.size):
        now, name, part = lookups.times_ns[i], lookups.names[i], lookups.times_ns[i] // bin_ns
        counts[part, APPLICATION, ASKED] += 1
        if result_ends[lookups.kept[i]] > now:
            counts[part, APPLICATION, HITS] += 1
            continue
        for q in range(plans.first[name], plans.first[name + 1]):
            key, place, left_s = plan_keys[q], -1, 0
            cache = lookups.nodes[i], caches.n_nodes
            for level in range(2):
                if place >= 0 or not is_asked[level, key]:
                    continue
                if level == 1:
                    cache = cache[0], caches.n_nodes + int(caches.rng.random() * caches.n_replicas)
                left = ends[cache[level], key] - now
                counts[part, NODE_LOCAL + level, ASKED] += 1
                counts[part, NODE_LOCAL + level, NXDOMAIN] += is_nxdomain[key]
                if left > 0:
                    place, left_s = NODE_LOCAL + level, (left + SECOND - 1) // SECOND
                    counts[part, place, HITS] += 1
            if place < 0:
                place, left_s = keys.source[key], keys.ttl_s[key]
                counts[part, place, ASKED] += 1
                counts[part, place, NXDOMAIN] += is_nxdomain[key]
            for level in range(1, -1, -1):
                if place > NODE_LOCAL + level and is_asked[level, key]:
                    left_s = min(max(left_s, keys.low_s[level, key]), keys.high_s[level, key])
                    if left_s > 0 and keys.shard[level, key] >= 0:
                        if ends[cache[level], key] == 0:
                            counts[part, NODE_LOCAL + level, EVICTED] += _make_room(
                                keys, caches, level, cache[level], key
                            )
                        ends[cache[level], key] = now + left_s * SECOND
            found[1, i] = max(found[1, i], place)
        found[0, i] = plans.first[name + 1] - plans.first[name]
        result_ends[lookups.kept[i]] = now + plans.kept_s[name] * SECOND
    return found


@kernel
def _make_room(keys: Keys, caches: Caches, level: int, cache: int, key: int) -> bool:
    """Hold a question; a full shard throws out a random one. Returns whether it did."""
    shard = keys.shard[level, key]
    slot = caches.n_held[cache, shard]
    is_full: bool = slot == caches.shard_size[level, shard // 256]
    if is_full:
        slot = int(caches.rng.random() * slot)
        caches.ends_ns[cache, caches.held[cache, shard, slot]] = 0
    else:
        caches.n_held[cache, shard] += 1
    caches.held[cache, shard, slot] = key
    return is_full
