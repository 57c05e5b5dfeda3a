"""Lookups through resolver, NodeLocal DNSCache and CoreDNS caches, beside a twin in plain Python.

    python benchmarks/bench_dns_caches.py [--lookups 1000000] [--runs 5]

Input of both: the same numbered questions and lookups (each outside name is asked in three search domains, A and AAAA,
before it is found: 8 queries a lookup, Zipf over the names, 20 nodes). Output of both: queries and farthest place of each
lookup, counts by place and time, asserted equal. The twin (tests/dns/caches/reference.py: recursion over dicts and lists)
runs once. Times are the processor's. `whole call` is simulate_dns_caches, which also numbers the questions. The first call of
all, which compiles the kernel or reads it from its cache, is timed apart.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from kubenetlab.dns.caches import _kernels
from kubenetlab.dns.caches import simulated_caches as caches
from kubenetlab.dns.caches.lookup_traces import poisson_trace
from kubenetlab.dns.resolvers import Asked
from kubenetlab.objects.dns_message import Answer, Rcode, Record, Reply, Sent

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.dns.caches import reference

N_NODES, N_NAMES, N_TIMES = 20, 1000, 60
SEARCH = ("shop.svc.cluster.local.", "svc.cluster.local.", "cluster.local.")
NO_NAME = Answer(Rcode.NXDOMAIN, authority=(Record("cluster.local.", "SOA", 30, ""),))
FOUND = Answer(answer=(Record("example.com.", "A", 300, "192.0.2.1"),))


def plan(number):
    """What a resolver sends for an outside name with ndots:5."""
    candidates = [f"n{number}.example.com.{domain}" for domain in (*SEARCH, "")]
    return [
        Asked(Sent(name, type), Reply(FOUND if name == candidates[-1] else NO_NAME), number)
        for number, name in enumerate(candidates)
        for type in ("A", "AAAA")
    ]


def run(function, trace, plans):
    """Processor seconds from numbered questions to counts, and the answer."""
    levels = caches.WITH_NODE_LOCAL
    keys, numbered = caches._numbered(plans, levels)
    lookups = caches._lookups(trace, len(plans), levels)
    state = caches._empty_caches(N_NODES, keys, levels, np.random.default_rng(1))
    counts = np.zeros((N_TIMES, len(caches.PLACES), 4), np.int64)
    start = time.process_time()
    found = function(lookups, numbered, keys, state, counts, int(lookups.times_ns.max()) // N_TIMES + 1)
    return time.process_time() - start, (np.asarray(found), counts)


def timed(function, *arguments):
    """Processor seconds that a call takes."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def main():
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lookups", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    plans = [plan(number) for number in range(N_NAMES)]
    weights = 1 / np.arange(1, N_NAMES + 1)
    trace = poisson_trace(weights / weights.sum() * 2000, options.lookups / 2000, n_nodes=N_NODES)
    first_s = timed(caches.simulate_dns_caches, trace, plans)
    ours = [run(_kernels.run_lookups, trace, plans) for _ in range(options.runs)]
    whole_s = median(timed(caches.simulate_dns_caches, trace, plans) for _ in range(options.runs))
    twin_s, expected = run(reference.run_lookups, trace, plans)
    for _, found in ours:
        assert all(np.array_equal(*pair) for pair in zip(found, expected, strict=True))
    kernel_s = median(seconds for seconds, _ in ours)
    print(
        f"{os.cpu_count()} cores, one used; {trace.names.size:,} lookups, {expected[0][0].sum():,} queries\n"
        f"kernel {kernel_s:.2f} s, plain Python {twin_s:.1f} s: {twin_s / kernel_s:.0f}x, outputs equal\n"
        f"whole call {whole_s:.2f} s (plain Python takes {twin_s / whole_s:.0f} times that); "
        f"first call with compiling or loading {first_s:.1f} s"
    )


if __name__ == "__main__":
    main()
