"""Ranges of many sizes out of a pool, and node CIDRs released and allocated, beside the usual ways to do it in Python.

    python benchmarks/bench_pools.py [--operations 100000] [--pairs 100000] [--runs 5]

Input of ours: one array of integers (`AddressPool.run`, `NodeCidrSet.run`: checks and copies are in the time); of the peers:
the same as a list of integers. Output: where each range begins. All outputs of a run are asserted equal. netaddr is given
fewer operations, the first of the same ones, and its time is counted per operation. Making the empty pool is not timed.
In each of the interleaved runs a contestant goes three times in a row, and the middle time counts; netaddr goes once.

- netaddr: an IPSet of what is free; the best fit is the smallest of its CIDRs that is large enough, then remove() and add().
- plain Python buddy: per size a set of what is free, and a heap for the lowest.
- Python integer: one integer as the bitmap of 65,536 node CIDRs.
- heap: of the node CIDRs that are free, in the order in which the cursor comes round.
"""

import argparse
import heapq
import os
import time
from statistics import median

import netaddr
import numpy as np

from kubenetlab.ipam.buddy import AddressPool
from kubenetlab.ipam.node_cidrs import NodeCidrSet

N_NODE_CIDRS = 65_536
BYTES_PER_OPERATION = 16  # of an operation and of its answer


def timed(function, *arguments):
    """Seconds, and what the function returned."""
    start = time.perf_counter()
    answer = function(*arguments)
    return time.perf_counter() - start, answer


def middle(contestant, *arguments):
    """Return the middle one of three (seconds, answer)."""
    return sorted((contestant(*arguments) for _ in range(3)), key=lambda outcome: outcome[0])[1]


def ours(operations, parent, finest):
    """Seconds, and where each range begins, in units of the finest size."""
    return timed(AddressPool(parent, finest).run, operations)


def python_buddy(operations, max_order, finest):
    """Seconds, and where each range begins, in units of the finest size."""
    return timed(PythonBuddy(max_order).run, operations, finest)


def netaddr_set(operations, parent, finest):
    """Seconds, and where each range begins, in units of the finest size."""
    seconds, networks = timed(_of_a_set, netaddr.IPSet([parent]), operations)
    base = netaddr.IPNetwork(parent).first
    return seconds, [(network.first - base) >> (32 - finest) for network in networks]


def _of_a_set(free, operations):
    taken = []
    for operation in operations:
        if operation < 0:
            taken.append(taken[-1 - operation])
            free.add(taken[-1])
        else:
            fitting = (cidr for cidr in free.iter_cidrs() if cidr.prefixlen <= operation)
            block = min(fitting, key=lambda cidr: (-cidr.prefixlen, cidr.first))
            taken.append(netaddr.IPNetwork((block.first, operation)))
            free.remove(taken[-1])
    return taken


class PythonBuddy:
    """Free blocks by order: sets, and heaps for the lowest, in which those that were merged since are skipped."""

    def __init__(self, max_order):
        self.max_order = max_order
        self.free = [set() for _ in range(max_order + 1)]
        self.heaps = [[] for _ in range(max_order + 1)]
        self.free[max_order].add(0)
        self.heaps[max_order].append(0)

    def allocate(self, order):
        """Return where the block begins."""
        found = order
        while not self.free[found]:
            found += 1
        free, heap = self.free[found], self.heaps[found]
        start = heapq.heappop(heap)
        while start not in free:
            start = heapq.heappop(heap)
        free.remove(start)
        while found > order:
            found -= 1
            half = start + (1 << found)
            self.free[found].add(half)
            heapq.heappush(self.heaps[found], half)
        return start

    def release(self, order, start):
        """Free a block, merged as far as possible."""
        free = self.free
        while order < self.max_order and start ^ (1 << order) in free[order]:
            free[order].remove(start ^ (1 << order))
            start &= ~(1 << order)
            order += 1
        free[order].add(start)
        heapq.heappush(self.heaps[order], start)

    def run(self, operations, finest):
        """Return where each range begins, in units of the finest size."""
        starts = []
        for operation in operations:
            if operation < 0:
                starts.append(starts[-1 - operation])
                self.release(finest - operations[-1 - operation], starts[-1])
            else:
                starts.append(self.allocate(finest - operation))
        return starts


def only_coming(n_operations, lengths, seed=1):
    """Allocations alone."""
    return np.random.default_rng(seed).choice(lengths, n_operations)


def coming_and_going(n_operations, lengths, shortest, fill_share=0.85, seed=1):
    """Allocations, and releases of any range in use once so much of the pool is."""
    rng = np.random.default_rng(seed)
    operations, live, n_units = [], [], 0
    for number, (length, draw) in enumerate(
        zip(rng.choice(lengths, n_operations).tolist(), rng.random(n_operations), strict=True)
    ):
        size = 2.0 ** (shortest - length)
        if n_units + size <= fill_share:
            live.append(number)
            operations.append(length)
            n_units += size
        else:
            position = int(draw * len(live))
            live[position], live[-1] = live[-1], live[position]
            operations.append(-1 - live.pop())
            n_units -= 2.0 ** (shortest - operations[-1 - operations[-1]])
    return np.array(operations)


def integer_bitmap(used, released):
    """Indices that are handed out, each after one release; the cursor starts at 0."""
    bits, everything = sum(1 << index for index in used), (1 << N_NODE_CIDRS) - 1
    cursor, indices = 0, []
    start = time.perf_counter()
    for gone in released:
        bits &= ~(1 << gone)
        free = (bits ^ everything) >> cursor
        if not free:
            cursor, free = 0, bits ^ everything
        index = cursor + (free & -free).bit_length() - 1
        bits |= 1 << index
        indices.append(index)
        cursor = (index + 1) % N_NODE_CIDRS
    return time.perf_counter() - start, indices


def free_heap(used, released):
    """Indices that are handed out: the key of a free one is how far the cursor, which never turns back, has to go."""
    heap = sorted(set(range(N_NODE_CIDRS)) - set(used))
    cursor, indices = 0, []
    start = time.perf_counter()
    for index in released:
        heapq.heappush(heap, cursor + (index - cursor) % N_NODE_CIDRS)
        key = heapq.heappop(heap)
        indices.append(key % N_NODE_CIDRS)
        cursor = key + 1
    return time.perf_counter() - start, indices


def node_cidr_set(used, operations):
    """Answers to the operations."""
    node_cidrs = NodeCidrSet("10.0.0.0/8", 24)
    node_cidrs.run(np.full(N_NODE_CIDRS, -1))
    node_cidrs.run(np.array(sorted(set(range(N_NODE_CIDRS)) - set(used))))
    start = time.perf_counter()
    answers = node_cidrs.run(operations)
    return time.perf_counter() - start, answers[1::2].tolist()


def replaced_nodes(n_pairs, seed=1):
    """The indices in use at first, 90 % of all, and those that are released; each is in use when it goes."""
    rng = np.random.default_rng(seed)
    used = rng.permutation(N_NODE_CIDRS)[: N_NODE_CIDRS * 9 // 10].tolist()
    bits = bytearray(N_NODE_CIDRS)
    for index in used:
        bits[index] = 1
    live, released, cursor = list(used), [], 0
    for draw in rng.random(n_pairs):
        position = int(draw * len(live))
        released.append(live[position])
        bits[released[-1]] = 0
        index = bits.find(0, cursor)
        index = index if index >= 0 else bits.find(0)
        bits[index], live[position], cursor = 1, index, (index + 1) % N_NODE_CIDRS
    return used, released


def copy_ns():
    """Nanoseconds that a byte takes once through memory, read and written."""
    source = np.ones(2**23)
    target = np.empty_like(source)
    seconds = median(timed(np.copyto, target, source)[0] for _ in range(5))
    return seconds * 1e9 / (2 * source.nbytes)


def pool_run(operations, parent, finest, n_netaddr):
    """Nanoseconds per operation of each contestant, in one go; the answers are equal."""
    max_order, listed = finest - int(parent.split("/")[1]), operations.tolist()
    ours_s, starts = middle(ours, operations, parent, finest)
    python_s, plain = middle(python_buddy, listed, max_order, finest)
    netaddr_s, theirs = netaddr_set(listed[:n_netaddr], parent, finest)
    assert starts.tolist() == plain
    assert plain[:n_netaddr] == theirs
    n = len(listed) / 1e9
    return {"ours": ours_s / n, "netaddr": netaddr_s / n_netaddr * 1e9, "plain Python buddy": python_s / n}


def ipv6_run(operations, finest):
    """The same sizes out of 10.0.0.0/8 and out of a range of IPv6 as many levels deep."""
    ipv4_s, ipv4 = middle(ours, operations, "10.0.0.0/8", finest)
    ipv6_s, ipv6 = middle(ours, operations + 32, "fd00::/40", finest + 32)
    assert ipv4.tolist() == ipv6.tolist()
    n = len(operations) / 1e9
    return {"ours": ipv6_s / n, "IPv4": ipv4_s / n}


def node_run(used, released, operations):
    """Nanoseconds per release and allocation of each contestant; the answers are equal."""
    ours_s, answers = middle(node_cidr_set, used, operations)
    integer_s, integer = middle(integer_bitmap, used, released)
    heap_s, heap = middle(free_heap, used, released)
    assert answers == integer == heap
    n = len(released) / 1e9
    return {"ours": ours_s / n, "Python integer": integer_s / n, "heap": heap_s / n}


def print_rows(name, runs, goals, limit, n_bytes):
    """One line a peer: goal, and measured ratio; before them what limits ours."""
    times = {who: median(run[who] for run in runs) for who in runs[0]}
    ns = times["ours"]
    through_memory_ns = n_bytes * copy_ns()
    print(
        f"{name}: ours {ns:.1f} ns, {ns / through_memory_ns:.0f} times as long as its bytes once through memory"
    )
    print(f"    limit: {limit}")
    for peer, goal in goals.items():
        ratio = times[peer] / ns
        verdict = "met" if ratio >= goal else "missed"
        print(f"    {ratio:9,.1f}x {peer} ({times[peer]:,.0f} ns); goal {goal:,.2f}x: {verdict}", flush=True)


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--netaddr", type=int, default=3_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    n, lengths = options.operations, np.arange(24, 31)
    coming, going = only_coming(n, lengths), coming_and_going(n, np.arange(22, 29), 12)
    used, released = replaced_nodes(options.pairs)
    replacing = np.full(2 * options.pairs, -1)
    replacing[::2] = released
    contests = {
        f"{n:,} allocations of /24 to /30 out of 10.0.0.0/8": (
            lambda: pool_run(coming, "10.0.0.0/8", 30, options.netaddr),
            {"netaddr": 1_000, "plain Python buddy": 20},
            "how often a block is halved is random: one or two mispredicted branches",
        ),
        f"{n:,} allocations and releases of /22 to /28, 10.0.0.0/12 at 85 %": (
            lambda: pool_run(going, "10.0.0.0/12", 28, options.netaddr),
            {"netaddr": 1_000, "plain Python buddy": 20},
            "also which operation comes and how often blocks merge is random: about four mispredicted branches",
        ),
        f"{n:,} allocations of /56 to /62 out of fd00::/40": (
            lambda: ipv6_run(coming, 30),
            {"IPv4": 1 / 3},
            "as for IPv4: the kernel sees neither",
        ),
        f"{options.pairs:,} times release and allocate at 90 % of 65,536 node CIDRs": (
            lambda: node_run(used, released, replacing),
            {"Python integer": 300, "heap": 30},
            "each cursor waits for the one before, and fresh memory for the answers",
        ),
    }
    print(f"{os.cpu_count()} cores; 1 GB once through memory takes {copy_ns():.2f} s")
    runs = {name: [] for name in contests}
    for number in range(options.runs + 1):  # the first one compiles
        for name, (contest, _, _) in contests.items():
            result = contest()
            runs[name] += [result] if number else []
    for name, (_, goals, limit) in contests.items():
        n_bytes = BYTES_PER_OPERATION * (2 if "times" in name else 1)
        print_rows(name, runs[name], goals, limit, n_bytes)


if __name__ == "__main__":
    main()
