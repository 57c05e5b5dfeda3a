"""Spread of connections by chance, exact, beside 20,000 multinomial draws; bounded counts beside plain enumeration.

    python benchmarks/bench_chance.py [--draws 20000]

The draws are numpy's and say the same within their noise (four standard errors). Enumeration is every outcome in turn.
"""

import argparse
import sys
import time
from itertools import combinations_with_replacement
from math import factorial, prod
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from kubenetlab.load_balancing.chance.bounded_counts import probability_within
from kubenetlab.load_balancing.chance.connection_spread import connection_spread, draw_counts

CASES = ((3, 30), (10, 1000), (100, 10_000), (500, 100_000))


def timed(function, repetitions=3):
    """What a function returns, and the median of its seconds."""
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        found = function()
        seconds.append(time.perf_counter() - start)
    return found, median(seconds)


def spread_beside_draws(n_endpoints, n_connections, n_draws):
    """One line: expected max/mean of both ways and their times."""
    shares = np.full(n_endpoints, 1 / n_endpoints)
    exact, exact_s = timed(lambda: connection_spread(n_connections, n_endpoints).frame.iloc[0])
    draws, draws_s = timed(lambda: draw_counts(n_connections, shares, n_draws, seed=1).max(axis=1))
    overload = draws * n_endpoints / n_connections
    error = overload.std() / n_draws**0.5
    mean = exact["max_over_mean_mean"]
    assert abs(mean - overload.mean()) < 4 * error + exact["error_bound"]
    print(
        f"{n_endpoints:4} endpoints {n_connections:7,} connections: max/mean {mean:.6f} (off by at most "
        f"{exact['error_bound']:.0e}) in {exact_s * 1e3:6.1f} ms; {n_draws:,} draws {overload.mean():.6f} "
        f"(standard error {error:.0e}) in {draws_s * 1e3:7.1f} ms"
    )


def enumerated(n_connections, n_endpoints, high):
    """The probability that no endpoint gets more than ``high``, outcome by outcome (sorted counts, each once)."""
    total = 0
    for counts in combinations_with_replacement(range(high + 1), n_endpoints):
        if sum(counts) == n_connections:
            arrangements = factorial(n_endpoints) // prod(map(factorial, map(counts.count, set(counts))))
            total += arrangements * factorial(n_connections) // prod(map(factorial, counts))
    return total / n_endpoints**n_connections


def bounded(n_connections, n_endpoints, high):
    """The same in closed form, and its seconds."""
    shares = np.full(n_endpoints, 1 / n_endpoints)
    return timed(lambda: probability_within(n_connections, shares, 0, high))


def bounded_beside_enumeration(n_connections, n_endpoints, high):
    """One line: the same probability both ways and their times."""
    plain, plain_s = timed(lambda: enumerated(n_connections, n_endpoints, high), 1)
    found, found_s = bounded(n_connections, n_endpoints, high)
    assert abs(found / plain - 1) < 1e-12
    print(
        f"{n_connections} connections, at most {high} on each of {n_endpoints}: {found:.12f}, {found_s * 1e3:.2f} ms; "
        f"enumeration {plain_s * 1e3:.0f} ms"
    )


def main():
    """Print both comparisons."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=20_000)
    n_draws = parser.parse_args().draws
    for n_endpoints, n_connections in CASES:
        spread_beside_draws(n_endpoints, n_connections, n_draws)
    for size in ((40, 8, 12), (60, 10, 12)):
        bounded_beside_enumeration(*size)
    for n_connections in (100_000, 10**8):
        high = int(n_connections / 500 + 4 * (n_connections / 500) ** 0.5)
        found, found_s = bounded(n_connections, 500, high)
        print(
            f"{n_connections:,} connections, at most {high:,} on each of 500: {found:.10f}, {found_s * 1e3:.1f} ms"
        )


if __name__ == "__main__":
    main()
