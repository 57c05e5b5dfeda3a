"""Plain-Python twins of kubenetlab.dns.caches._kernels: obvious, not fast."""

from collections import Counter, defaultdict

import numpy as np

from kubenetlab.dns.caches._kernels import (
    APPLICATION,
    ASKED,
    COREDNS,
    EVICTED,
    HITS,
    NODE_LOCAL,
    NXDOMAIN,
    SECOND,
)


class Shelf:
    """One cache: when it kept a question's answer and for how long, and the questions of each shard in a list."""

    def __init__(self, place, bounds, sizes, rng):
        self.place, self.bounds, self.sizes, self.rng = place, bounds, sizes, rng
        self.kept, self.shards = {}, defaultdict(list)

    def left_s(self, key, now):
        stored, ttl_s = self.kept.get(key, (now, 0))
        return max(0, ttl_s - (now - stored) // SECOND)

    def keep(self, key, now, ttl_s):
        """The TTL that goes back to who asked, and whether another answer had to go."""
        low_s, high_s, shard = self.bounds[key]
        ttl_s = sorted((low_s, ttl_s, high_s))[1] if low_s < high_s else high_s
        if shard < 0 or not ttl_s:
            return ttl_s, False
        held = self.shards[shard]
        is_full = key not in self.kept and len(held) >= self.sizes[shard // 256]
        if is_full:
            slot = int(self.rng.random() * len(held))
            del self.kept[held[slot]]
            held[slot] = key
        elif key not in self.kept:
            held.append(key)
        self.kept[key] = now, ttl_s
        return ttl_s, is_full


class Places:
    """All caches, and what was counted at each place."""

    def __init__(self, keys, caches):
        self.rng, sizes, self.tally = caches.rng, caches.shard_size.tolist(), Counter()
        bounds = np.stack((keys.low_s, keys.high_s, keys.shard), axis=-1).tolist()
        self.nodes = [Shelf(NODE_LOCAL, bounds[0], sizes[0], self.rng) for _ in range(caches.n_nodes)]
        self.replicas = [Shelf(COREDNS, bounds[1], sizes[1], self.rng) for _ in range(caches.n_replicas)]
        self.ways = [
            [way for way, is_on_it in zip((self.at_node, self.any_replica), pair, strict=True) if is_on_it]
            for pair in keys.is_asked.T.tolist()
        ]
        self.source, self.ttls, self.is_nxdomain = (
            column.tolist() for column in (keys.source, keys.ttl_s, keys.is_nxdomain)
        )

    def at_node(self, node):
        return self.nodes[node]

    def any_replica(self, _):
        return self.replicas[int(self.rng.random() * len(self.replicas))]

    def fetch(self, ways, key, node, when):
        """TTL and place of an answer, from the first cache on the way or what is behind it; ``when`` is time and part."""
        now, part = when
        shelf = ways[0](node) if ways else None
        place = shelf.place if ways else self.source[key]
        self.tally[part, place, ASKED] += 1
        self.tally[part, place, NXDOMAIN] += self.is_nxdomain[key]
        left_s = shelf.left_s(key, now) if ways else self.ttls[key]
        if left_s or not ways:
            self.tally[part, place, HITS] += shelf is not None
            return left_s, place
        ttl_s, source = self.fetch(ways[1:], key, node, when)
        ttl_s, is_evicted = shelf.keep(key, now, ttl_s)
        self.tally[part, place, EVICTED] += is_evicted
        return ttl_s, source


def run_lookups(*inputs):
    """Ask the caches on the way of each question by recursion."""
    lookups, plans, keys, caches, counts, bin_ns = inputs
    places, ends, found = Places(keys, caches), {}, ([], [])
    first, all_keys, kept_s = plans.first.tolist(), plans.keys.tolist(), plans.kept_s.tolist()
    for now, name, node, result in zip(*(column.tolist() for column in lookups), strict=True):
        is_known = ends.get(result, 0) > now
        places.tally[now // bin_ns, APPLICATION, ASKED] += 1
        places.tally[now // bin_ns, APPLICATION, HITS] += is_known
        sent = [] if is_known else all_keys[first[name] : first[name + 1]]
        reached = [places.fetch(places.ways[key], key, node, (now, now // bin_ns))[1] for key in sent]
        if not is_known:
            ends[result] = now + kept_s[name] * SECOND
        found[0].append(len(sent))
        found[1].append(max(reached, default=APPLICATION))
    for where, n in places.tally.items():
        counts[where] += n
    return found
