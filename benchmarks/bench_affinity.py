"""Session affinity connection by connection, beside a twin in plain Python.

    python benchmarks/bench_affinity.py [--connections 5000000] [--twin 200000] [--runs 5]

Input of ours: a `ClientConnections` (its checks are not timed); of the twin: the same as lists. Output: each connection's
endpoint and bond. The twin (an OrderedDict for each endpoint, none asked in vain) is given the first of the same
connections, its answers are asserted equal, and its time is counted by connection. Each run takes both in turn; the median
counts. Clients are drawn with a Zipf weight, as addresses of many users are.
"""

import argparse
import os
import time
from collections import OrderedDict
from statistics import median

import numpy as np

from kubenetlab.load_balancing.affinity.client_connections import ClientConnections, client_sequence
from kubenetlab.load_balancing.affinity.simulated_affinity import affinity_choices


def plain_python(clients, times_s, n_endpoints, timeout_s, rng):
    """Endpoints and bonds in iptables mode; `where` knows the lists that hold a client, so that none is asked in vain."""
    lists, where, endpoints, bonds = [OrderedDict() for _ in range(n_endpoints)], {}, [], []
    for client, now in zip(clients, times_s, strict=True):
        bond = -1
        for endpoint in sorted(where.get(client, ())):
            entries = lists[endpoint]
            is_match = now - entries[client] <= timeout_s
            oldest = next(iter(entries))
            if now - entries[oldest] > timeout_s:
                del entries[oldest]
                where[oldest].discard(endpoint)
            if is_match:
                bond = endpoint
                break
        endpoint = bond if bond >= 0 else int(rng.random() * n_endpoints)
        entries = lists[endpoint]
        if client not in entries:
            if len(entries) >= 100:
                where[entries.popitem(last=False)[0]].discard(endpoint)
            where.setdefault(client, set()).add(endpoint)
        entries[client] = now
        entries.move_to_end(client)
        endpoints.append(endpoint)
        bonds.append(bond)
    return endpoints, bonds


def timed(function, *arguments):
    """Seconds, and what the function returned."""
    start = time.perf_counter()
    answer = function(*arguments)
    return time.perf_counter() - start, answer


def run(clients, times_s, n_endpoints, n_twin):
    """Nanoseconds per connection of ours and of the twin; their first answers are equal."""
    story = ClientConnections(clients, times_s, n_endpoints)
    ours_s, (endpoints, bonds, _) = timed(affinity_choices, story)
    first = clients[:n_twin].tolist(), times_s[:n_twin].tolist()
    twin_s, theirs = timed(plain_python, *first, n_endpoints, story.timeout_s, np.random.default_rng(1))
    assert (endpoints[:n_twin].tolist(), bonds[:n_twin].tolist()) == theirs
    return ours_s / clients.size * 1e9, twin_s / n_twin * 1e9


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--connections", type=int, default=5_000_000)
    parser.add_argument("--twin", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores; {options.connections:,} connections, the twin {options.twin:,}")
    for n_clients, n_endpoints in ((500, 10), (5_000, 10), (100_000, 100)):
        clients = client_sequence(n_clients, options.connections, order="zipf", skew=0.9)
        times_s = np.arange(options.connections) / 100
        runs = [run(clients, times_s, n_endpoints, options.twin) for _ in range(options.runs + 1)][1:]
        ours, twin = (median(times) for times in zip(*runs, strict=True))
        print(
            f"{n_clients:,} clients, {n_endpoints} endpoints: {1e3 / ours:.1f} million connections a second, "
            f"{twin / ours:.0f}x plain Python ({twin:,.0f} ns)",
            flush=True,
        )


if __name__ == "__main__":
    main()
